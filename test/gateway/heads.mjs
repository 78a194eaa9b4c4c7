// Request lines, statuses and headers on their way through.
import assert from 'node:assert/strict';
import { ask } from './client.mjs';

const pairs = (raw) => raw.reduce((list, text, i) => (i % 2 ? list.at(-1).push(text) : list.push([text]), list), []);
const values = (raw, name) => pairs(raw).filter(([n]) => n === name).map(([, value]) => value);

export async function heads(check, server, there) {
	await check('method, path, query and headers arrive as they were sent', async () => {
		const path = '/functions/v1/echo?b=2&a=%20x+y&a=1&select=*,posts(id)&id=in.(1,2)';
		for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'PROPFIND']) {
			const reply = await ask(server.url, path, {
				method,
				headers: { apikey: 'k', 'X-Client-Info': 'a/1 b/2', 'Accept-Encoding': 'gzip', 'X-Many': ['1', '2'], 'User-Agent': 'u' },
			});
			const echo = JSON.parse(reply.body);
			assert.equal(echo.method, method);
			assert.equal(echo.url, path);
			assert.deepEqual(values(echo.headers, 'Host'), [`127.0.0.1:${there.port}`]);
			assert.deepEqual(values(echo.headers, 'X-Client-Info'), ['a/1 b/2']);
			assert.deepEqual(values(echo.headers, 'X-Many'), ['1', '2']);
			assert.deepEqual(values(echo.headers, 'User-Agent'), ['u']);
			assert.deepEqual(values(echo.headers, 'Accept-Encoding'), ['gzip']);
			assert.deepEqual(values(echo.headers, 'Accept'), []);
			assert.deepEqual(values(echo.headers, 'X-Forwarded-For'), ['127.0.0.1']);
		}
	});
	await check('names that need escapes arrive with them', async () => {
		const echo = JSON.parse((await ask(server.url, '/functions/v1/echo/../a%2Fb%20c/%C3%A4?')).body);
		assert.equal(echo.code, 'no_route');
	});
	await check('headers of a connection stay on it', async () => {
		const echo = JSON.parse((await ask(server.url, '/functions/v1/echo', {
			headers: { Connection: 'close, X-Hop', 'X-Hop': 'no', TE: 'trailers', 'X-Forwarded-For': '192.0.2.1' },
		})).body);
		assert.deepEqual(values(echo.headers, 'X-Hop'), []);
		assert.deepEqual(values(echo.headers, 'TE'), []);
		assert.deepEqual(values(echo.headers, 'X-Forwarded-For'), ['192.0.2.1']); // from a proxy that we trust
	});
	await check('statuses and headers come back as they are', async () => {
		for (const code of [200, 201, 206, 400, 401, 404, 409, 422, 429, 500, 503, 522]) {
			const reply = await ask(server.url, `/functions/v1/status?code=${code}&body=text`);
			assert.equal(reply.status, code);
			assert.equal(reply.body.toString(), 'text');
			assert.deepEqual(values(reply.raw, 'Set-Cookie'), ['a=1; Path=/', 'b=2']);
			assert.deepEqual(values(reply.raw, 'X-MixedCase'), ['Value, with; signs="é"'.normalize()].map((v) => Buffer.from(v, 'latin1').toString('latin1')));
			assert.deepEqual(values(reply.raw, 'Retry-After'), ['7']);
			assert.deepEqual(values(reply.raw, 'X-Request-Id'), ['the-projects-own']);
			assert.deepEqual(values(reply.raw, 'X-Hop'), []);
			assert.deepEqual(values(reply.raw, 'Keep-Alive'), []);
			assert.deepEqual(values(reply.raw, 'Access-Control-Allow-Origin'), ['*']);
			assert.equal(values(reply.raw, 'Date').length, 1);
		}
	});
	await check('replies without a body have none', async () => {
		for (const code of [204, 304]) {
			const reply = await ask(server.url, `/functions/v1/status?code=${code}`);
			assert.equal(reply.status, code);
			assert.equal(reply.body.length, 0);
		}
		const head = await ask(server.url, '/storage/v1/object/sized?blocks=3', { method: 'HEAD' });
		assert.equal(head.status, 200);
		assert.equal(head.headers['content-length'], String(3 * 65536));
		assert.equal(head.body.length, 0);
	});
	await check('a preflight is the project\'s to answer', async () => {
		const reply = await ask(server.url, '/rest/v1/posts', { method: 'OPTIONS', headers: { Origin: 'https://a.example' } });
		assert.equal(reply.status, 200);
		assert.equal(reply.headers['access-control-allow-headers'], 'apikey, x-own');
	});
	await check('long queries pass', async () => {
		const ids = Array.from({ length: 400 }, (_, i) => `8f0c5f5e-0000-4000-8000-${String(i).padStart(12, '0')}`).join(',');
		const echo = JSON.parse((await ask(server.url, `/functions/v1/echo?id=in.(${ids})`)).body);
		assert.ok(echo.url.length > 14000);
	});
	await check('what is not the project\'s is answered here', async () => {
		assert.equal((await ask(server.url, '/health')).status, 200);
		assert.equal(JSON.parse((await ask(server.url, '/authentic')).body).code, 'route_not_found');
		assert.equal(JSON.parse((await ask(server.url, '/rest/v10/posts')).body).code, 'route_not_found');
	});
	await check('one connection serves many requests', async () => {
		const { Agent, request } = await import('node:http');
		const agent = new Agent({ keepAlive: true, maxSockets: 1 });
		const sockets = new Set();
		for (let i = 0; i < 5; i++)
			await new Promise((resolve, reject) => request(`${server.url}/rest/v1/posts`, { agent, method: i % 2 ? 'POST' : 'GET' }, (reply) => {
				reply.resume().on('end', resolve);
			}).on('socket', (s) => sockets.add(s)).on('error', reject).end(i % 2 ? '{}' : undefined));
		agent.destroy();
		assert.equal(sockets.size, 1);
	});
}
