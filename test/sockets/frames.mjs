// The npm package "ws", which refuses whatever RFC 6455 does not allow a server, and raw frames through its socket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { WebSocket } from 'ws';

async function open(url, options) {
	const socket = new WebSocket(url, options);
	await once(socket, 'open');
	return socket;
}

async function next(socket) {
	const [data, binary] = await once(socket, 'message', { signal: AbortSignal.timeout(20000) });
	assert.equal(binary, false);
	return JSON.parse(data.toString());
}

async function closed(socket) {
	const [code] = await once(socket, 'close', { signal: AbortSignal.timeout(20000) });
	return code;
}

const PING = '{"type":"ping"}';
const LIMIT = 512 * 1024;

export async function frames(check, url) {
	await check('ws: a message in fragments', async () => {
		const socket = await open(url);
		socket.send('{"type":', { fin: false });
		socket.ping('between');
		socket.send('"pi', { fin: false });
		socket.send('ng"}', { fin: true });
		const pong = once(socket, 'pong', { signal: AbortSignal.timeout(20000) });
		assert.deepEqual(await next(socket), { type: 'pong' });
		assert.equal((await pong)[0].toString(), 'between');
		socket.close(1000);
		assert.equal(await closed(socket), 1000);
	});

	await check('ws: text split inside of a character', async () => {
		const socket = await open(url);
		const euro = Buffer.from('€');
		const text = { binary: false };
		socket.send(Buffer.concat([Buffer.from('{"type":"ping","payload":{"x":"'), euro.subarray(0, 1)]), { ...text, fin: false });
		socket.send(euro.subarray(1, 2), { ...text, fin: false });
		socket.send(Buffer.concat([euro.subarray(2), Buffer.from('"}}')]), { ...text, fin: true });
		assert.deepEqual(await next(socket), { type: 'pong' });
		socket.send(Buffer.from([0xc3, 0x28]), text);
		assert.equal(await closed(socket), 1007);
	});

	await check('ws: as long as allowed, and longer', async () => {
		const message = (size) => `{"type":"ping","payload":"${'x'.repeat(size - 28)}"}`;
		const socket = await open(url);
		socket.send(message(LIMIT));
		assert.deepEqual(await next(socket), { type: 'pong' });
		socket.send(message(LIMIT + 1));
		assert.equal(await closed(socket), 1009);
	});

	await check('ws: close handshakes', async () => {
		for (const [code, reason] of [[1000, ''], [1001, 'away'], [3000, 'x'], [4999, 'y'.repeat(123)]]) {
			const socket = await open(url);
			socket.close(code, reason);
			assert.equal(await closed(socket), code);
		}
		const silent = await open(url);
		silent.close();
		assert.equal(await closed(silent), 1005);
	});

	await check('ws: reserved bits and opcodes are refused', async () => {
		for (const first of [0xa1, 0x91, 0x83, 0x8b]) {
			const socket = await open(url);
			socket._socket.write(Buffer.from([first, 0x80, 0, 0, 0, 0]));
			assert.equal(await closed(socket), 1002);
		}
	});

	await check('ws: a hundred messages in one piece', async () => {
		const socket = await open(url);
		let pongs = 0;
		const all = new Promise((resolve) => socket.on('message', () => ++pongs === 100 && resolve()));
		socket._socket.cork();
		for (let i = 0; i < 100; i++) socket.send(PING);
		socket._socket.uncork();
		await all;
		socket.close(4321, 'enough');
		assert.equal(await closed(socket), 4321);
	});

	await check('ws: frames without a mask are refused', async () => {
		const socket = await open(url);
		socket.send(PING, { mask: false });
		assert.equal(await closed(socket), 1002);
	});

	await check('ws: a compressed frame that nobody agreed on is refused', async () => {
		const socket = await open(url, { perMessageDeflate: true });
		assert.equal(socket.extensions, '');
		socket._socket.write(Buffer.from([0xc1, 0x80, 0, 0, 0, 0]));
		assert.equal(await closed(socket), 1002);
	});

	await check('ws: a wrong subprotocol is not chosen', async () => {
		const socket = new WebSocket(url, ['graphql-ws']);
		const [error] = await once(socket, 'error');
		assert.match(error.message, /subprotocol/);
	});

	await check('ws: a socket that is cut off leaves no trace', async () => {
		for (let i = 0; i < 50; i++) (await open(url)).terminate();
		const socket = await open(url);
		socket.send(PING);
		assert.deepEqual(await next(socket), { type: 'pong' });
		socket.close();
		await closed(socket);
	});
}
