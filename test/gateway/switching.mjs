// The gate under load: held requests wait, none is refused, and each is answered by one side.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import WebSocket from 'ws';
import { ask, soon } from './client.mjs';

function sql(text, url = process.env.TEST_PG_URL) {
	const done = spawnSync(join(process.env.TEST_PG_BIN, 'psql'), ['-XAtqv', 'ON_ERROR_STOP=1', '-d', url, '-c', text], { encoding: 'utf8' });
	assert.equal(done.status, 0, done.stderr);
	return done.stdout.trim();
}

const step = (name) => sql(`SELECT supabase_move.${name}`);
const waitsFor = () => Number(sql('SELECT count(*) FROM supabase_move.gate_waits_for()'));

// Writes and reads without a pause from n clients until stop(): { counts by status, longest wait in ms }.
function load(server, n) {
	const seen = { counts: {}, longest: 0 };
	let running = true;
	const one = async (i) => {
		while (running) {
			const began = Date.now();
			const reply = await ask(server.url, '/rest/v1/posts', i % 2 ? { method: 'POST', body: '{"n":1}' } : {});
			seen.counts[reply.status] = (seen.counts[reply.status] ?? 0) + 1;
			seen.longest = Math.max(seen.longest, Date.now() - began);
		}
	};
	const all = Promise.all(Array.from({ length: n }, (_, i) => one(i)));
	return { stop: async () => ((running = false), await all, seen) };
}

export async function switching(check, server, there) {
	await check('held requests wait; none is refused when the project stays the writer', async () => {
		const traffic = load(server, 16);
		await sleep(300);
		step('gate_hold()');
		await soon(() => waitsFor() === 0);
		const writes = there.writes.length;
		step('gate_seal()');
		await sleep(300);
		assert.equal(there.writes.length, writes); // nothing passes a sealed gate
		step("gate_open('upstream')");
		await sleep(300);
		const { counts, longest } = await traffic.stop();
		assert.deepEqual(Object.keys(counts).sort(), ['200', '201']);
		assert.ok(there.writes.length > writes);
		console.log(`      longest wait ${longest} ms`);
	});
	await check('a switch waits for what is under way', async () => {
		const slow = ask(server.url, '/functions/v1/slow?ms=1000', { method: 'POST', body: '{}' });
		await sleep(300);
		step('gate_hold()');
		await soon(() => sql('SELECT sum(in_flight) FROM supabase_move.gate_servers') === '1');
		assert.equal(waitsFor(), 1);
		assert.equal((await slow).status, 200);
		await soon(() => waitsFor() === 0);
		step("gate_open('upstream')");
	});
	await check('downloads and sockets hold nothing up', async () => {
		const reply = await ask(server.url, '/storage/v1/object/sized?blocks=1600', { onReply: (r) => r.pause() });
		step('gate_hold()');
		await soon(() => waitsFor() === 0);
		step("gate_open('upstream')");
		reply.destroy();
	});
	await check('who is held for too long gets a 503 with Retry-After', async () => {
		step('gate_hold()');
		await soon(() => waitsFor() === 0);
		const reply = await ask(server.url, '/auth/v1/token?grant_type=refresh_token', { method: 'POST', body: '{}' });
		assert.equal(reply.status, 503);
		assert.equal(reply.headers['retry-after'], '1');
		assert.equal(JSON.parse(reply.body).error_code, 'held');
		step("gate_open('upstream')");
	});
	await check('without the database requests are held, not passed on blindly', async () => {
		const name = sql('SELECT current_database()');
		const other = process.env.TEST_PG_URL.replace(`@/${name}`, '@/template1');
		assert.equal((await ask(server.url, '/rest/v1/posts')).status, 200);
		sql(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS false`, other);
		sql(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`, other);
		assert.equal((await ask(server.url, '/rest/v1/posts')).status, 200); // the lease lasts for a while
		await sleep(11000);
		assert.equal((await ask(server.url, '/rest/v1/posts')).status, 503);
		sql(`ALTER DATABASE "${name}" ALLOW_CONNECTIONS true`, other);
		await soon(async () => (await ask(server.url, '/rest/v1/posts')).status === 200);
	});
	await check('after the switch the project hears nothing more, and its sockets end', async () => {
		const socket = new WebSocket(`${server.url.replace('http', 'ws')}/realtime/v1/websocket?vsn=1.0.0`);
		const ended = new Promise((resolve) => socket.on('close', resolve));
		await new Promise((resolve) => socket.on('open', resolve));
		const traffic = load(server, 16);
		await sleep(200);
		step('gate_hold()');
		await soon(() => waitsFor() === 0);
		step('gate_seal()');
		const writes = there.writes.length;
		const { email, password } = server.login;
		const held = ask(server.url, '/auth/v1/token?grant_type=password', {
			method: 'POST', headers: { 'Content-Type': 'application/json', apikey: 'anon-key' }, body: JSON.stringify({ email, password }),
		});
		await soon(() => Number(sql('SELECT sum(waiting) FROM supabase_move.gate_servers')) > 0);
		step("gate_open('here')");
		const signedIn = await held; // by this side, with a body that had not been read
		assert.equal(signedIn.status, 200, signedIn.body.toString());
		assert.equal(JSON.parse(signedIn.body).user.email, email);
		await sleep(300);
		const { counts } = await traffic.stop();
		await ended;
		await soon(() => there.sockets.size === 0); // the other end hears of it a moment later
		assert.equal(there.writes.length, writes);
		assert.ok(!counts[502] && !counts[503] && !counts[500], JSON.stringify(counts));
		assert.equal(JSON.parse((await ask(server.url, '/rest/v1/posts')).body).code, 'route_not_found');
		step('gate_hold()');
		await soon(() => waitsFor() === 0);
		step('gate_seal()');
		step("gate_open('upstream')");
		await soon(async () => (await ask(server.url, '/rest/v1/posts')).status === 200);
	});
}
