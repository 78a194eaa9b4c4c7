// What sockets cost the server: memory of an idle one, deliveries, the way of an event from its commit to the
// device, coming back after 1,000 events, opening and closing, and what a flood does to others. One loop.
//
//	bench/sockets/run        SOCKETS, CYCLES
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { serve } from '../../test/openapi/server.mjs';

const SOCKETS = Number(process.env.SOCKETS ?? 10000);
const CYCLES = Number(process.env.CYCLES ?? 20000);
const AT_ONCE = 100;

const work = mkdtempSync(join(tmpdir(), 'sojorn-sockets-'));
const server = await serve(work, { LOOPS: '1', CONNECTIONS: '100000', SHUTDOWN_GRACE: '5s' });
const { port } = new URL(server.url);

// ---- the database: one psql that answers line by line ----

const psql = spawn('psql', ['-XAtq', '-d', process.env.TEST_PG_URL]);
const lines = createInterface({ input: psql.stdout });
const waiting = [];
lines.on('line', (line) => waiting.shift()?.(line));
const sql = (text) => new Promise((resolve) => {
	waiting.push(resolve);
	psql.stdin.write(`${text};\n`);
});
psql.stdin.write('SET search_path = sojorn, public, extensions; SET synchronous_commit = on;\n');

// ---- sockets ----

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function token(user) {
	const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ sub: user, role: 'authenticated', exp: Math.floor(Date.now() / 1000) + 3600 })}`;
	return `${text}.${createHmac('sha256', server.secret).update(text).digest('base64url')}`;
}

// Bytes only: a client that parses would be measured instead of the server. onData gets what follows the handshake.
function open(user, query = 'v=2', onData = () => {}) {
	return new Promise((resolve, reject) => {
		const socket = connect(port, '127.0.0.1');
		let head = '';
		const shake = (data) => {
			head += data.toString('latin1');
			const end = head.indexOf('\r\n\r\n');
			if (end < 0) return;
			if (!head.startsWith('HTTP/1.1 101')) return reject(new Error(head));
			socket.off('data', shake);
			socket.on('data', onData);
			if (head.length > end + 4) onData(Buffer.from(head.slice(end + 4), 'latin1'));
			resolve(socket);
		};
		socket.setNoDelay(true);
		socket.on('data', shake);
		socket.on('error', reject);
		socket.write(`GET /ws?token=${user.token}&${query} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n`
			+ 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
	});
}

async function many(n, each) {
	let next = 0;
	await Promise.all(Array.from({ length: AT_ONCE }, async () => {
		while (next < n) await each(next++);
	}));
}

// ---- what is measured ----

const memory = () => Number(readFileSync(`/proc/${server.pid}/status`, 'utf8').match(/VmRSS:\s*(\d+)/)[1]);
const slab = () => Number(readFileSync('/proc/meminfo', 'utf8').match(/Slab:\s*(\d+)/)[1]);
function cpu() {
	const [, , , , , , , , , , , , , user, system] = readFileSync(`/proc/${server.pid}/stat`, 'latin1').split(' ');
	return (Number(user) + Number(system)) / 100;
}
const rank = (values, share) => values.sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
const say = (name, value) => console.log(`${name.padEnd(58)} ${value}`);

const ids = (await sql("SELECT string_agg(id::text, ',') FROM users WHERE status = 'active'")).split(',');
const people = ids.map((id) => ({ id, token: token(id) }));
const [ann] = people;
let received = 0;

// -- idle
const before = [memory(), slab()];
const open_ = [];
let started = process.hrtime.bigint();
await many(SOCKETS, async (i) => open_.push(await open(people[i % people.length], 'v=2', (data) => (received += data.length))));
const opening = Number(process.hrtime.bigint() - started) / 1e9;
await sleep(2000);
say(`idle sockets: ${SOCKETS}, KB of the process each`, ((memory() - before[0]) / SOCKETS).toFixed(2));
say('  KB of the kernel each, both ends and whatever else', ((slab() - before[1]) / SOCKETS).toFixed(2));
say('  opened a second, token and account checked', (SOCKETS / opening).toFixed(0));

// -- one event to all who are there
const ping = async (name, payload) => {
	const size = payload.length;
	const wanted = SOCKETS * size;
	received = 0;
	const spent = cpu();
	started = process.hrtime.bigint();
	await sql(`SELECT emit_all(ARRAY[${ids.map((id) => `'${id}'::uuid`)}], 'bench', '{"text": "${payload}"}')`);
	await fetch(`${server.url}/api/v1/notifications/read-all`, { method: 'PUT', headers: { Authorization: `Bearer ${ann.token}` } });
	while (received < wanted) await sleep(1);
	const seconds = Number(process.hrtime.bigint() - started) / 1e9;
	say(name, `${(SOCKETS / seconds).toFixed(0)}; ${(SOCKETS / (cpu() - spent)).toFixed(0)} a second of the server's CPU`);
};
for (let i = 0; i < 3; i++) await ping(`one event to ${SOCKETS} sockets, deliveries a second`, 'x'.repeat(100));

// -- from the commit to the device, beside all of these
const probe = async (n, pause) => {
	const took = [];
	let arrived;
	const socket = await open(ann, 'v=2', () => arrived?.());
	await sleep(500);
	for (let i = 0; i < n; i++) {
		const there = new Promise((resolve) => (arrived = resolve));
		await sql(`SELECT emit('${ann.id}', 'probe', '{}')`);
		const at = process.hrtime.bigint();
		// any write of a client rings; a message sent by REST does so itself
		fetch(`${server.url}/api/v1/notifications/read-all`, { method: 'PUT', headers: { Authorization: `Bearer ${people[1].token}` } });
		await there;
		took.push(Number(process.hrtime.bigint() - at) / 1e6);
		arrived = undefined;
		await sleep(pause);
	}
	socket.destroy();
	return took;
};
const calm = await probe(200, 5);
say('commit → device, ms (p50, p99)', `${rank(calm, 0.5).toFixed(2)}, ${rank(calm, 0.99).toFixed(2)}`);

// -- a flood by one socket
const noisy = await open(people[2], 'v=1');
const message = Buffer.from('{"type":"ping"}');
const frame = Buffer.concat([Buffer.from([0x81, 0x80 | message.length, 0, 0, 0, 0]), message]);
const lump = Buffer.concat(Array.from({ length: 2000 }, () => frame));
const flooding = setInterval(() => noisy.writableLength < 1 << 20 && noisy.write(lump), 1);
await sleep(200);
const flooded = await probe(200, 5);
clearInterval(flooding);
noisy.destroy();
say('  the same while one socket floods', `${rank(flooded, 0.5).toFixed(2)}, ${rank(flooded, 0.99).toFixed(2)}`);

// -- coming back after 1,000 events
const head = Number(await sql(`SELECT last_seq FROM user_event_heads WHERE user_id = '${ann.id}'`));
await sql(`SELECT max(emit('${ann.id}', 'missed', '{"n": 1, "text": "${'y'.repeat(80)}"}')) FROM generate_series(1, 1000)`);
await sleep(2000);
const resumes = [];
for (let i = 0; i < 20; i++) {
	let last;
	let text = '';
	const done = new Promise((resolve) => (last = resolve));
	started = process.hrtime.bigint();
	const socket = await open(ann, `v=2&last=${head}`, (data) => {
		text += data.toString('latin1');
		if (text.includes(`"seq":${head + 1000}`)) last();
	});
	await done;
	resumes.push(Number(process.hrtime.bigint() - started) / 1e6);
	socket.destroy();
}
say('resume of 1,000 events, ms from the dial (p50, max)', `${rank(resumes, 0.5).toFixed(1)}, ${rank(resumes, 1).toFixed(1)}`);

// -- opening and closing
for (const socket of open_) socket.destroy();
await sleep(3000);
const rest = [];
for (let round = 0; round < 5; round++) {
	await many(CYCLES / 5, async (i) => (await open(people[i % people.length], 'v=1')).destroy());
	await sleep(1000);
	rest.push(memory());
}
say(`${CYCLES} opened and closed: MB of the process after each fifth`, rest.map((kb) => (kb / 1024).toFixed(1)).join(', '));

psql.stdin.end();
console.log((await server.stop()).join('\n'));
rmSync(work, { recursive: true, force: true });
process.exit();
