// Bodies of any size, both ways, in little memory; and their ends.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { ask, soon } from './client.mjs';

const BLOCK = Buffer.alloc(64 * 1024, 'sojorn ');
const MANY = 1600; // 100 MB

const resident = (server) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`))[1]) * 1024;
const sha256 = (blocks) => {
	const hash = createHash('sha256');
	for (let i = 0; i < blocks; i++) hash.update(BLOCK);
	return hash.digest('hex');
};
function* upload(blocks) {
	for (let i = 0; i < blocks; i++) yield BLOCK;
}

async function frugally(server, run) {
	const before = resident(server);
	let most = before;
	const watch = setInterval(() => (most = Math.max(most, resident(server))), 20);
	await run().finally(() => clearInterval(watch));
	assert.ok(most - before < 24e6, `${((most - before) / 1e6).toFixed(1)} MB`);
}

export async function bodies(check, server, there) {
	const path = '/storage/v1/object/media/cat.png';
	await check('bodies of all sizes arrive whole', async () => {
		for (const size of [0, 1, 16383, 65535, 65536, 65537, 200000]) {
			for (const headers of [{ 'Content-Length': size }, {}]) {
				const body = Buffer.alloc(size, 'x');
				const reply = JSON.parse((await ask(server.url, path, { method: 'POST', headers, body: [body].values() })).body);
				assert.equal(reply.size, size);
				assert.equal(reply.sha256, createHash('sha256').update(body).digest('hex'));
			}
		}
	});
	await check('a large upload of known length', () => frugally(server, async () => {
		const reply = JSON.parse((await ask(server.url, path, {
			method: 'POST', headers: { 'Content-Length': MANY * BLOCK.length }, body: upload(MANY),
		})).body);
		assert.deepEqual([reply.size, reply.sha256], [MANY * BLOCK.length, sha256(MANY)]);
	}));
	await check('a large upload of unknown length', () => frugally(server, async () => {
		const reply = JSON.parse((await ask(server.url, path, { method: 'POST', body: upload(MANY) })).body);
		assert.deepEqual([reply.size, reply.sha256], [MANY * BLOCK.length, sha256(MANY)]);
	}));
	for (const kind of ['sized', 'chunked'])
		await check(`a large download, ${kind}`, () => frugally(server, async () => {
			const { body, headers } = await ask(server.url, `/storage/v1/object/${kind}?blocks=${MANY}`);
			assert.equal(createHash('sha256').update(body).digest('hex'), sha256(MANY));
			assert.equal(headers['content-length'], kind === 'sized' ? String(MANY * BLOCK.length) : undefined);
		}));
	await check('a slow client slows the project down', () => frugally(server, async () => {
		there.poured = 0;
		const reply = await ask(server.url, `/storage/v1/object/sized?blocks=${MANY}`, { onReply: (r) => r.pause() });
		await sleep(1500);
		const poured = there.poured;
		assert.ok(poured < 20e6, `${poured} bytes`);
		reply.destroy();
	}));
	await check('events arrive one by one, and the project hears when the client leaves', async () => {
		const left = there.left;
		const seen = [];
		const reply = await ask(server.url, '/functions/v1/events', { onReply: (r) => r });
		assert.equal(reply.headers['content-type'], 'text/event-stream');
		reply.on('data', (data) => seen.push([Date.now(), data.toString()]));
		reply.on('error', () => {});
		await soon(() => seen.length >= 5);
		assert.deepEqual(seen[0][1], 'data: 1\n\n');
		assert.ok(seen[4][0] - seen[0][0] > 250);
		reply.destroy();
		await soon(() => there.left > left, 2);
	});
	await check('the project hears when the client leaves before there is a reply', async () => {
		const left = there.left;
		const sent = request(`${server.url}/functions/v1/silent`, { method: 'POST', agent: false }).on('error', () => {});
		sent.end('{}');
		await sleep(300);
		sent.destroy();
		await soon(() => there.left > left, 2);
	});
	await check('an answer before the body is heard', async () => {
		const reply = await ask(server.url, '/functions/v1/early', {
			method: 'POST', headers: { 'Content-Length': 200 * BLOCK.length }, body: upload(200),
		});
		assert.equal(reply.status, 413);
		assert.deepEqual(JSON.parse(reply.body), { early: true });
	});
	await check('a reply that breaks off is seen to', async () => {
		await assert.rejects(ask(server.url, '/functions/v1/broken'), /aborted|socket hang up|ECONNRESET/);
		assert.equal((await ask(server.url, '/rest/v1/posts')).status, 200);
	});
	await check('many at once are not mixed up', async () => {
		await Promise.all(Array.from({ length: 200 }, async (_, i) => {
			const reply = await ask(server.url, '/functions/v1/echo', { method: 'POST', body: `body ${i}`.repeat(i * 20) });
			assert.equal(JSON.parse(reply.body).text, `body ${i}`.repeat(i * 20));
		}));
	});
	await check('large messages pass a socket both ways', async () => {
		const socket = new WebSocket(`${server.url.replace('http', 'ws')}/realtime/v1/websocket?vsn=1.0.0`);
		await new Promise((resolve) => socket.on('open', resolve));
		for (const size of [0, 1, 16384, 3000000]) {
			const sent = randomBytes(size);
			const back = new Promise((resolve) => socket.once('message', resolve));
			socket.send(sent);
			assert.ok(sent.equals(await back));
		}
		socket.close();
		await soon(() => there.sockets.size === 0);
	});
	await check('a socket that the project refuses is refused', async () => {
		const socket = new WebSocket(`${server.url.replace('http', 'ws')}/realtime/v1/other`);
		const refusal = await new Promise((resolve) => socket.on('unexpected-response', (_, reply) => resolve(reply)));
		assert.equal(refusal.statusCode, 403);
		socket.on('error', () => {}).terminate();
	});
}
