// A server that speaks the protocol of a Supabase project: enough of its services for supabase-js, and odd ones for
// a proxy to stumble over. It remembers what was written.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocketServer } from 'ws';

const USER = {
	id: '8f0c5f5e-0000-4000-8000-000000000001', aud: 'authenticated', role: 'authenticated', email: 'ana@example.org',
	app_metadata: {}, user_metadata: {}, created_at: '2025-01-01T00:00:00Z', updated_at: '2025-01-01T00:00:00Z',
};
const BLOCK = Buffer.alloc(64 * 1024, 'sojorn ');

const json = (reply, status, body, headers = {}) => {
	reply.writeHead(status, { 'Content-Type': 'application/json', ...headers });
	reply.end(JSON.stringify(body));
};

async function read(request) {
	const hash = createHash('sha256');
	let size = 0;
	let text = '';
	for await (const piece of request) {
		hash.update(piece);
		size += piece.length;
		if (size < 1e5) text += piece.toString('latin1');
	}
	return { size, sha256: hash.digest('hex'), text };
}

const session = (count) => ({
	access_token: `e30.${Buffer.from(JSON.stringify({ sub: USER.id, exp: 4e9 })).toString('base64url')}.x`,
	token_type: 'bearer', expires_in: 3600, expires_at: 4e9, refresh_token: `refresh${count}`, user: USER,
});

// Sends n blocks as fast as they are taken; counts what has gone.
async function pour(project, reply, n) {
	const gone = once(reply, 'close');
	for (let i = 0; i < n && !reply.destroyed; i++) {
		project.poured += BLOCK.length;
		if (!reply.write(BLOCK)) await Promise.race([once(reply, 'drain'), gone]);
	}
	reply.end();
}

async function events(project, request, reply) {
	reply.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
	reply.on('close', () => (project.left += 1));
	for (let i = 1; i <= 100 && !reply.destroyed; i++) {
		reply.write(`data: ${i}\n\n`);
		await sleep(100);
	}
	reply.end();
}

const silent = (project, request) => request.socket.on('close', () => (project.left += 1));

const routes = {
	'/auth/v1/token': (project, request, reply) => json(reply, 200, session(project.writes.length)),
	'/auth/v1/user': (project, request, reply) => json(reply, 200, USER),
	'/rest/v1/posts': (project, request, reply) => request.method === 'POST'
		? json(reply, 201, [JSON.parse(request.body.text)], { Location: '/posts?id=eq.1' })
		: json(reply, 200, [{ id: 1, body: 'hello' }], { 'Content-Range': '0-0/1', 'Content-Profile': 'public' }),
	'/functions/v1/echo': (project, request, reply) => json(reply, 200, {
		method: request.method, url: request.url, headers: request.rawHeaders, ...request.body,
	}),
	'/functions/v1/status': (project, request, reply, url) => {
		reply.writeHead(Number(url.searchParams.get('code')), url.searchParams.get('reason') ?? undefined, [
			'Set-Cookie', 'a=1; Path=/', 'Set-Cookie', 'b=2', 'X-MixedCase', 'Value, with; signs="é"', 'Retry-After', '7',
			'X-Request-Id', 'the-projects-own', 'Keep-Alive', 'timeout=5', 'Connection', 'X-Hop, keep-alive', 'X-Hop', 'no',
			'Access-Control-Allow-Origin', '*',
		]);
		reply.end(url.searchParams.get('body') ?? '');
	},
	'/functions/v1/slow': async (project, request, reply, url) => {
		await sleep(Number(url.searchParams.get('ms')));
		json(reply, 200, { slow: true });
	},
	'/functions/v1/events': events,
	'/functions/v1/silent': silent, '/auth/v1/silent': silent, '/rest/v1/silent': silent, '/storage/v1/silent': silent,
	'/functions/v1/broken': (project, request, reply) => {
		reply.writeHead(200, { 'Content-Length': '1000' });
		reply.write('only this', () => request.socket.destroy());
	},
	'/functions/v1/steady': async (project, request, reply, url) => {
		reply.writeHead(200, { 'Content-Type': 'text/plain' });
		for (let i = 0; i < Number(url.searchParams.get('n')); i++) {
			reply.write('.');
			await sleep(Number(url.searchParams.get('ms')));
		}
		reply.end();
	},
	'/functions/v1/stuck': (project, request, reply) => { // after the first word
		reply.writeHead(200, { 'Content-Type': 'text/plain' });
		reply.write('a word');
		request.socket.on('close', () => (project.left += 1));
	},
	'/functions/v1/none': (project, request) => request.socket.destroy(),
	'/storage/v1/object/chunked': (project, request, reply, url) => pour(project, reply, Number(url.searchParams.get('blocks'))),
	'/storage/v1/object/sized': (project, request, reply, url) => {
		const blocks = Number(url.searchParams.get('blocks'));
		reply.writeHead(200, { 'Content-Length': String(blocks * BLOCK.length), 'Content-Type': 'image/png' });
		return request.method === 'HEAD' ? reply.end() : pour(project, reply, blocks);
	},
	'/storage/v1/object/media/cat.png': (project, request, reply) => request.method === 'POST'
		? json(reply, 200, { Id: '1', Key: 'media/cat.png', sha256: request.body.sha256, size: request.body.size })
		: pour(project, reply, 1),
};

async function answer(project, request, reply) {
	const url = new URL(request.url, 'http://project');
	if (request.method === 'OPTIONS') {
		reply.writeHead(200, { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': 'apikey, x-own' });
		reply.end();
		return;
	}
	if (url.pathname === '/functions/v1/early') {
		json(reply, 413, { early: true });
		return;
	}
	request.body = await read(request);
	const route = routes[url.pathname];
	if (!route) {
		json(reply, 404, { code: 'no_route' });
		return;
	}
	await route(project, request, reply, url);
	if (request.method === 'POST') project.writes.push(request.body.text);
}

// Realtime: joins, heartbeats, and broadcasts that come back to everybody.
function socket(project, ws) {
	project.sockets.add(ws);
	ws.on('close', () => project.sockets.delete(ws));
	ws.on('message', (data, binary) => {
		if (binary) return ws.send(data, { binary });
		const { topic, event, payload, ref, join_ref } = JSON.parse(data);
		const say = (what, more) => ws.send(JSON.stringify({ topic, event: what, ref, join_ref, payload: more }));
		if (event === 'broadcast') return say('broadcast', payload);
		return say('phx_reply', { status: 'ok', response: { postgres_changes: [] } });
	});
}

// { url, writes, sockets, poured, left, start(port), stop() }
export async function project() {
	const it = { writes: [], sockets: new Set(), poured: 0, left: 0 };
	const server = createServer({ keepAliveTimeout: 60000 }, (request, reply) => answer(it, request, reply).catch(() => reply.destroy()));
	const web = new WebSocketServer({ noServer: true });
	server.on('upgrade', (request, raw, head) => request.url.startsWith('/realtime/v1/websocket')
		? web.handleUpgrade(request, raw, head, (ws) => socket(it, ws))
		: raw.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'));
	it.start = (number) => new Promise((resolve) => server.listen(number, '127.0.0.1', resolve));
	await it.start(0);
	it.port = server.address().port;
	it.url = `http://127.0.0.1:${it.port}`;
	it.stop = () => new Promise((resolve) => {
		for (const ws of it.sockets) ws.terminate();
		server.close(resolve);
		server.closeAllConnections();
	});
	return it;
}
