// What stands between a client and its answer: protocols, origins, addresses, errors, media, a server that is gone.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate, createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasBrotli } from './proxy.mjs';

export const ORIGIN = 'https://app.example.org';
const LOGIN_BURST = 10; // of one address

const preflight = (origin, method = 'POST') => ({
	origin,
	'access-control-request-method': method,
	'access-control-request-headers': 'authorization, content-type, x-timestamp, x-signature, x-algorithm',
});

// A request over HTTP/1.1, without TLS; resolves to { status, headers, text }.
function plain(options, body) {
	return new Promise((resolve, reject) => {
		const request = http.request({ host: '127.0.0.1', ...options }, (reply) => {
			let text = '';
			reply.setEncoding('utf8').on('data', (chunk) => (text += chunk));
			reply.on('end', () => resolve({ status: reply.statusCode, headers: reply.headers, text }));
		});
		request.on('error', reject).end(body);
	});
}

function curl(work, ...args) {
	return execFileSync('curl', ['-sS', '--cacert', join(work, 'cert.pem'), ...args], { encoding: 'utf8' });
}

export async function protocols(check, phone, { work, ports }) {
	await check('HTTP/2 over TLS, for curl as well', async () => {
		assert.equal((await phone.send('GET', '/health')).status, 200);
		assert.equal(phone.protocol(), 'h2');
		const said = curl(work, '--http2', '-w', ' %{http_version} %{http_code}',
			`https://localhost:${ports.port}/health`);
		assert.equal(said, '{"status":"ok"} 2 200');
	});
	await check('without TLS there is only the way to it', async () => {
		const { status, headers } = await plain(
			{ port: ports.plainPort, path: '/api/v1/feed?limit=3', headers: { Host: 'localhost' } });
		assert.deepEqual([status, headers.location], [308, 'https://localhost/api/v1/feed?limit=3']);
	});
	await check('health: alive, ready', async () => {
		assert.deepEqual((await phone.send('GET', '/health')).json, { status: 'ok' });
		assert.equal((await phone.send('GET', '/health/live')).text, 'alive');
		assert.equal((await phone.send('GET', '/health/ready')).status, 200);
		assert.equal((await phone.send('HEAD', '/health')).status, 200);
	});
	for (const encoding of hasBrotli ? ['gzip', 'br'] : ['gzip'])
		await check(`long replies are compressed, short ones are not: ${encoding}`, async () => {
			const ask = { headers: { 'accept-encoding': encoding } };
			const { headers, json } = await phone.send('GET', '/api/v1/openapi.json', ask);
			assert.equal(headers['content-encoding'], encoding);
			assert.match(headers.vary, /\bAccept-Encoding\b/);
			assert.equal(json.openapi, '3.1.0');
			assert.equal((await phone.send('GET', '/health', ask)).headers['content-encoding'], undefined);
		});
	await check('every answer says that TLS stays, and that a browser may do nothing with it', async () => {
		for (const path of ['/health', '/api/v1/nowhere', '/uploads/nowhere.png', '/api/v1/openapi.json']) {
			const { headers } = await phone.send('GET', path);
			tame(headers, path);
			assert.equal(headers.server, 'nginx', path); // without its version
		}
	});
}

function tame(headers, what) {
	assert.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains', what);
	assert.equal(headers['x-content-type-options'], 'nosniff', what);
	assert.match(headers['content-security-policy'], /^default-src 'none'; (sandbox|.*frame-ancestors 'none')/, what);
	assert.equal(headers['referrer-policy'], 'no-referrer', what);
}

export async function origins(check, phone) {
	await check('a preflight of an allowed origin is answered for every kind of route', async () => {
		for (const [method, path] of [
			['GET', '/feed'], ['POST', '/posts'], ['PATCH', '/profile'], ['DELETE', '/notifications/device'], ['PUT', '/nowhere'],
		]) {
			const { status, headers } =
				await phone.send('OPTIONS', `/api/v1${path}`, { headers: preflight(ORIGIN, method) });
			assert.equal(status, 204, path);
			assert.equal(headers['access-control-allow-origin'], ORIGIN);
			assert.equal(headers['access-control-allow-credentials'], 'true');
			assert.ok(headers['access-control-allow-methods'].split(', ').includes(method));
			for (const name of preflight('')['access-control-request-headers'].split(', '))
				assert.ok(headers['access-control-allow-headers'].toLowerCase().split(', ').includes(name), name);
		}
	});
	await check('errors show themselves to the allowed origin, once', async () => {
		for (const [path, status] of [['/feed', 401], ['/nowhere', 404]]) {
			const reply = await phone.send('GET', `/api/v1${path}`, { headers: { origin: ORIGIN } });
			assert.equal(reply.status, status);
			assert.equal(reply.headers['access-control-allow-origin'], ORIGIN); // twice would read "a, a"
			assert.match(reply.headers.vary, /\bOrigin\b/);
		}
	});
	await check('a foreign origin gets no permission', async () => {
		for (const foreign of ['https://evil.example', `${ORIGIN}.evil.example`, 'http://app.example.org', 'null']) {
			const asked = await phone.send('OPTIONS', '/api/v1/posts', { headers: preflight(foreign) });
			const read = await phone.send('GET', '/health', { headers: { origin: foreign } });
			for (const { headers } of [asked, read]) assert.equal(headers['access-control-allow-origin'], undefined, foreign);
		}
	});
}

export async function errors(check, phone, token) {
	await check('a request id goes through, or is given', async () => {
		const mine = await phone.send('GET', '/api/v1/nowhere', { headers: { 'x-request-id': 'mine-17.e2e' } });
		assert.equal(mine.headers['x-request-id'], 'mine-17.e2e');
		assert.deepEqual(mine.json, {
			error: 'route not found', code: 'route_not_found', path: '/api/v1/nowhere', method: 'GET',
			request_id: 'mine-17.e2e',
		});
		const forged = await phone.send('GET', '/health', { headers: { 'x-request-id': 'a"b' } });
		assert.match(forged.headers['x-request-id'], /^[0-9a-f]{16}$/);
	});
	await check('errors have one shape and a stable code', async () => {
		for (const [status, code, method, path, options] of [
			[401, 'token_missing', 'GET', '/feed', {}],
			[401, 'token_invalid', 'GET', '/feed', { token: 'a.b.c' }],
			[400, 'invalid', 'POST', '/posts', { token, body: '{"body":' }],
			[400, 'invalid', 'POST', '/posts', { token, body: { body: 7 } }],
			[400, 'invalid', 'GET', '/posts/not-a-uuid', { token }],
			[404, 'not_found', 'GET', '/posts/00000000-0000-4000-8000-000000000000', { token }],
			[405, 'method_not_allowed', 'PUT', '/feed', { token }],
			[413, 'too_large', 'POST', '/posts', { token, body: { body: 'x'.repeat(1 << 20) } }],
		]) {
			const reply = await phone.send(method, `/api/v1${path}`, options);
			assert.deepEqual([reply.status, reply.json?.code], [status, code], `${method} ${path}: ${reply.text}`);
			assert.ok(reply.json.error);
			assert.equal(reply.json.request_id, reply.headers['x-request-id']);
			assert.match(reply.headers['content-type'], /^application\/json; charset=utf-8$/);
		}
	});
}

// `from(address)` makes a client. One address is used up; its neighbour must not notice, and no header helps.
export async function addresses(check, from, { ports }) {
	const tryLogin = (phone, headers) => phone.send('POST', '/api/v1/auth/login', { body: {}, headers });
	const busy = from('127.0.0.11');
	const calm = from('127.0.0.12');

	await check('limits count by the real address behind the proxy', async () => {
		for (let n = 0; n < LOGIN_BURST; n++) assert.equal((await tryLogin(busy)).status, 400);
		const { status, headers, json } = await tryLogin(busy, { origin: ORIGIN });
		assert.deepEqual([status, json.code], [429, 'rate_limited']);
		assert.ok(Number(headers['retry-after']) >= 1);
		assert.equal(headers['access-control-allow-origin'], ORIGIN);
		assert.equal((await tryLogin(calm)).status, 400);
	});
	await check('a forged header is not believed, neither through the proxy nor beside it', async () => {
		for (const forged of ['203.0.113.9', '127.0.0.1', '203.0.113.9, 127.0.0.1'])
			assert.equal((await tryLogin(busy, { 'x-forwarded-for': forged, 'x-real-ip': forged })).status, 429, forged);
		const direct = (localAddress) => plain({
			port: ports.upstream, path: '/api/v1/auth/login', method: 'POST', localAddress,
			headers: { 'X-Forwarded-For': '203.0.113.9', 'Content-Type': 'application/json' },
		}, '{}');
		assert.equal((await direct('127.0.0.11')).status, 429);
		assert.equal((await direct('127.0.0.1')).status, 400); // the proxy itself is believed
	});
	await busy.close();
	await calm.close();
}

const FLOOD = { together: 500, patience: 60_000 };

export async function floods(check, from) {
	await check('a flood ends at nginx, in the usual shape, and only for whom it comes from', async () => {
		const [flood, calm] = [from('127.0.0.21'), from('127.0.0.22')];
		const until = Date.now() + FLOOD.patience;
		let refused; // by nginx: the server's own refusals count what is left
		while (!refused && Date.now() < until) {
			const replies = await Promise.all(Array.from({ length: FLOOD.together }, () => flood.send('GET', '/health')));
			refused = replies.find(({ status, headers }) => status === 429 && !('x-ratelimit-limit' in headers));
		}
		assert.ok(refused, 'nothing was refused');
		assert.equal(refused.headers['retry-after'], '1');
		tame(refused.headers);
		assert.deepEqual([refused.json.code, refused.json.request_id], ['rate_limited', refused.headers['x-request-id']]);
		assert.equal((await calm.send('GET', '/health')).status, 200);
		await flood.close();
		await calm.close();
	});
}

const RENEWALS = 5;

// One request on a connection of its own; resolves to the fingerprint of the certificate it met.
function ask(port, localAddress) {
	return new Promise((resolve, reject) => {
		const request = https.get({
			host: '127.0.0.1', port, path: '/health', localAddress, agent: false,
			rejectUnauthorized: false, // each is signed by itself; which one it was is compared instead
		}, (reply) => {
			const { fingerprint256 } = reply.socket.getPeerX509Certificate();
			reply.resume().on('end', () => {
				if (reply.statusCode === 200) resolve(fingerprint256);
				else reject(new Error(`${reply.statusCode}`));
			});
		});
		request.on('error', reject);
	});
}

export async function renewals(check, front, { port }) {
	await check('the certificate is replaced under load, and no request fails', async () => {
		let over = false;
		const failed = [];
		let answered = 0;
		const load = Array.from({ length: 4 }, async (_, n) => {
			for (; !over; answered++) {
				await ask(port, `127.0.0.${31 + n}`).catch((error) => failed.push(error.message));
				await sleep(15); // below the limits of an address
			}
		});
		try {
			for (let n = 0; n < RENEWALS; n++) {
				const { fingerprint256 } = new X509Certificate(front.renew());
				const until = Date.now() + 30_000;
				while (await ask(port, '127.0.0.30') !== fingerprint256) {
					assert.ok(Date.now() < until, 'the new certificate is not served');
					await sleep(20);
				}
			}
		} finally {
			over = true;
			await Promise.all(load);
		}
		assert.deepEqual(failed, []);
		assert.ok(answered > RENEWALS);
	});
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

// A form as the app sends it.
function form(bytes) {
	return Buffer.concat([
		Buffer.from('--edge\r\nContent-Disposition: form-data; name="image"; filename="p.png"\r\n\r\n'),
		bytes,
		Buffer.from('\r\n--edge--\r\n'),
	]);
}

async function upload(phone, token) {
	const { status, text, json } = await phone.send('POST', '/api/v1/upload', {
		body: form(Buffer.from(PIXEL, 'base64')), token,
		headers: { 'content-type': 'multipart/form-data; boundary=edge' },
	});
	assert.equal(status, 200, text);
	return json;
}

export async function media(check, phone, work, token) {
	await check('media: what is uploaded to the server, nginx serves', async () => {
		const json = await upload(phone, token);
		const { pathname, origin } = new URL(json.url);
		assert.equal(pathname.startsWith('/uploads/'), true);
		const stored = await phone.send('GET', pathname);
		assert.deepEqual([stored.status, stored.headers['content-type'], stored.headers['content-length']],
			[200, 'image/png', String(json.fileSize)]);
		assert.match(origin, /^https:/);
		assert.equal((await phone.send('GET', '/uploads/.incoming/')).status, 404);
	});
	writeFileSync(join(work, 'uploads', 'secret.txt'), 'not for the public', { mode: 0o644 });
	writeFileSync(join(work, 'uploads', 'uploads', 'wave.svg'), '<svg xmlns="http://www.w3.org/2000/svg"/>', { mode: 0o644 });
	await check('media: whole and in parts, for every origin, without powers', async () => {
		const { status, headers, text } = await phone.send('GET', '/uploads/wave.svg', { headers: { origin: ORIGIN } });
		assert.deepEqual([status, text], [200, '<svg xmlns="http://www.w3.org/2000/svg"/>']);
		assert.equal(headers['access-control-allow-origin'], '*');
		assert.match(headers['cache-control'], /immutable/);
		assert.match(headers['content-security-policy'], /sandbox/);
		assert.equal(headers['x-content-type-options'], 'nosniff');
		const part = await phone.send('GET', '/uploads/wave.svg', { headers: { range: 'bytes=1-3' } });
		assert.deepEqual([part.status, part.text], [206, 'svg']);
	});
	await check('media: nothing else of the disk, nothing written', async () => {
		for (const path of ['/uploads/../key.pem', '/uploads../key.pem', '/uploads/%2e%2e/key.pem', '/uploads/none.png',
			'/uploads/secret.txt', '/uploads/%2e%2e/secret.txt'])
			assert.notEqual((await phone.send('GET', path)).status, 200, path);
		assert.equal((await phone.send('GET', '/uploads/')).status, 403);
		assert.equal((await phone.send('PUT', '/uploads/new.png', { body: 'x' })).status, 403);
	});
}

// Behind the site as it is where addresses are signed.
export async function signedMedia(check, phone, token) {
	const { pathname } = new URL((await upload(phone, token)).url);
	const code = async (path) => {
		const { status, json } = await phone.send('GET', path);
		return [status, json?.code];
	};

	await check('signed media: read by a signed address, in parts too', async () => {
		const { json } = await phone.send('GET', `/api/v1/media/sign?path=${pathname.slice(1)}`, { token });
		const { pathname: path, search } = new URL(json.url);
		const whole = await phone.send('GET', path + search, { headers: { origin: ORIGIN } });
		assert.deepEqual([whole.status, whole.headers['content-type']], [200, 'image/png']);
		assert.equal(whole.headers['access-control-allow-origin'], '*');
		assert.match(whole.headers['cache-control'], /private/);
		const part = await phone.send('GET', path + search, { headers: { range: 'bytes=1-3' } });
		assert.deepEqual([part.status, part.text], [206, 'PNG']);
	});
	await check('signed media: not without one, nor with a forged or old one', async () => {
		assert.deepEqual(await code(pathname), [403, 'not_signed']);
		assert.deepEqual(await code(`${pathname}?exp=4102444800&sig=${'0'.repeat(64)}`), [403, 'not_signed']);
		const mac = createHmac('sha256', 'of one test run').update(`${pathname.slice(1)}:3600`).digest('hex');
		assert.deepEqual(await code(`${pathname}?exp=3600&sig=${mac}`), [403, 'signature_expired']);
		assert.deepEqual(await code(`${pathname}?exp=7200&sig=${mac}`), [403, 'not_signed']);
	});
}

// Called when the server behind the proxy has ended.
export async function gone(check, phone) {
	await check('while the server is gone: 503, when to come back, the usual shape', async () => {
		const { status, headers, json } = await phone.send('GET', '/api/v1/feed');
		assert.equal(status, 503);
		assert.equal(headers['retry-after'], '2');
		tame(headers);
		assert.equal(json.code, 'unavailable');
		assert.equal(json.request_id, headers['x-request-id']);
	});
}
