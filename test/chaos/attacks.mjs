// What strangers do to a server. Run as a process of its own, so that others lose only what the server gives it:
//
//   node attacks.mjs NAME '{"port", "upstream", "seconds", "tokens", "emails"}'
//
// Prints what it was told, {"status or how it ended": times}. Strangers have the addresses 127.0.3.1 to 127.0.3.16.
import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import https from 'node:https';
import { connect } from 'node:net';
import { connect as connectSafely } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { deflateSync } from 'node:zlib';

const ADDRESSES = 16;
const ABREAST = 32;

let serial = 0;
const address = () => `127.0.3.${1 + (serial++ % ADDRESSES)}`;
const pick = (list) => list[serial++ % list.length];

// ---- connections ----

// Sends pieces to the proxy or to the server itself, until it answers or hangs up; resolves to a status or an end.
function speak({ port, upstream }, where, pieces) {
	return new Promise((resolve) => {
		const at = { host: '127.0.0.1', localAddress: address() };
		const socket = where === 'front' ? connectSafely({ ...at, port, rejectUnauthorized: false }) : connect({ ...at, port: upstream });
		const done = (how) => resolve(how) || socket.destroy();
		socket.on('data', (data) => done(/^HTTP\/1.1 (\d+)/.exec(data.toString('latin1'))?.[1] ?? 'no HTTP'));
		socket.on('error', () => done('cut off'));
		socket.on('close', () => done('cut off'));
		socket.setTimeout(20_000, () => done('silence'));
		const rest = pieces[Symbol.iterator]();
		const next = () => {
			for (let piece = rest.next(); !piece.done; piece = rest.next()) if (!socket.write(piece.value)) return socket.once('drain', next);
			return null;
		};
		socket.on(where === 'front' ? 'secureConnect' : 'connect', next);
	});
}

function reset({ port, upstream }, where) {
	return new Promise((resolve) => {
		const socket = connect({ host: '127.0.0.1', localAddress: address(), port: where === 'front' ? port : upstream }, () => {
			socket.write(where === 'front' ? Buffer.from([22, 3, 1, 2, 0, 1, 0]) : 'GET /api/v1/feed HTTP/1.1\r\nHost: x\r\n');
			socket.resetAndDestroy();
		});
		socket.on('error', () => resolve('refused'));
		socket.on('close', () => resolve('reset'));
	});
}

// ---- requests ----

const agents = new Map();
function agent(localAddress) {
	if (!agents.has(localAddress)) agents.set(localAddress, new https.Agent({ keepAlive: true, localAddress, rejectUnauthorized: false }));
	return agents.get(localAddress);
}

function post({ port }, path, body, { token, type = 'application/json' } = {}) {
	return new Promise((resolve) => {
		const request = https.request({
			host: '127.0.0.1', port, method: 'POST', path: `/api/v1${path}`, agent: agent(address()),
			headers: { host: 'localhost', 'content-type': type, ...(token && { authorization: `Bearer ${token}` }) },
		}, (reply) => {
			reply.resume();
			reply.on('end', () => resolve(String(reply.statusCode)));
			reply.on('error', () => resolve('cut off'));
		});
		request.on('error', () => resolve('cut off'));
		request.end(body);
	});
}

const json = (at, path, value) => post(at, path, JSON.stringify(value));

// ---- what is sent ----

function* headers(n) {
	yield 'GET /api/v1/feed HTTP/1.1\r\nHost: localhost\r\n';
	for (let i = 0; i < n; i++) yield `X-${i}: ${'y'.repeat(200)}\r\n`;
	yield '\r\n';
}

const JSON_BOMBS = [
	'['.repeat(500_000),
	'{"a":'.repeat(100_000),
	`{"body":"${'x'.repeat(900_000)}"}`,
	`{"body":"${'\\u0000'.repeat(150_000)}"}`,
	`{"categories":[${'1,'.repeat(400_000)}1]}`,
	`{${Array.from({ length: 60_000 }, (_, i) => `"k${i}":1`).join(',')}}`,
	`{"body":${'9'.repeat(500_000)}}`,
	`{"body":1e${'9'.repeat(100_000)}}`,
];

// A PNG that says so many pixels of one bit, all of them there.
function hugePicture(side) {
	const chunk = (name, data) => {
		const head = Buffer.alloc(8);
		head.writeUInt32BE(data.length);
		head.write(name, 4, 'latin1');
		return Buffer.concat([head, data, Buffer.alloc(4)]);
	};
	const size = Buffer.alloc(13);
	size.writeUInt32BE(side, 0);
	size.writeUInt32BE(side, 4);
	size.writeUInt8(1, 8);
	return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', size),
		chunk('IDAT', deflateSync(Buffer.alloc((side / 8 + 1) * side))), chunk('IEND', Buffer.alloc(0))]);
}

const part = (name, body) => `--edge\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${body}\r\n`;

function multipartBombs() {
	const picture = hugePicture(16_000);
	return [
		Array.from({ length: 20_000 }, (_, i) => part(`p${i}`, '')).join('') + '--edge--\r\n',
		`--edge\r\nContent-Disposition: form-data; name="image"; filename="${'f'.repeat(900_000)}"\r\n\r\nx\r\n--edge--\r\n`,
		`--edge\r\n${'X-Header: y\r\n'.repeat(60_000)}\r\nx\r\n--edge--\r\n`,
		'preamble without an end '.repeat(40_000),
		`--edge\r\nContent-Disposition: form-data; name="image"; filename="p.png"\r\n\r\n${'--edg'.repeat(100_000)}`,
		Buffer.concat([Buffer.from('--edge\r\nContent-Disposition: form-data; name="image"; filename="p.png"\r\n\r\n'), picture,
			Buffer.from('\r\n--edge--\r\n')]),
	];
}

// ---- attacks: what one of them does once ----

const guess = () => randomBytes(24).toString('base64url');

export const ATTACKS = {
	'header flood, proxy': (at) => speak(at, 'front', headers(30)),
	'header flood, server': (at) => speak(at, 'server', headers(30)),
	'headers without end, proxy': (at) => speak(at, 'front', headers(100_000)),
	'headers without end, server': (at) => speak(at, 'server', headers(100_000)),
	'resets, proxy': (at) => reset(at, 'front'),
	'resets, server': (at) => reset(at, 'server'),
	'JSON bombs': (at) => post(at, '/posts', pick(JSON_BOMBS), { token: pick(at.tokens) }),
	'multipart bombs': (at) => post(at, '/upload', pick(at.bombs ??= multipartBombs()),
		{ token: pick(at.tokens), type: 'multipart/form-data; boundary=edge' }),
	'guessing passwords': (at) => json(at, '/auth/login', { email: pick(at.emails), password: guess() }),
	'guessing second factors': (at) => json(at, '/auth/mfa/verify', { temp_token: guess(), code: '123456' }),
	'guessing resets': (at) => json(at, '/auth/reset-password', { token: guess(), new_password: guess() }),
	'guessing refresh tokens': (at) => json(at, '/auth/refresh', { refresh_token: guess() }),
};

// Again and again, for so many seconds or so often.
export async function attack(name, at, { seconds = Infinity, times = Infinity }) {
	const told = {};
	const end = performance.now() + 1000 * seconds;
	let left = times;
	async function one() {
		while (left-- > 0 && performance.now() < end) {
			const how = await ATTACKS[name](at);
			told[how] = (told[how] ?? 0) + 1;
		}
	}
	await Promise.all(Array.from({ length: ABREAST }, one));
	return told;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
	const at = JSON.parse(process.argv[3]);
	console.log(JSON.stringify(await attack(process.argv[2], at, at)));
	process.exit();
}
