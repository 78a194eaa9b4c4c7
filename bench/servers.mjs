// The servers that are compared, each with the settings of a careful operator of two cores.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { request } from 'node:http';
import { url } from './database.mjs';
import { sleep } from './system.mjs';

export const SECRET = 'a secret of the benches, known to all and used nowhere else';
const PORT = 20000 + (process.pid % 12000);
const START_MS = 20_000;

const common = { RATE_LIMITS: 'off', MAIL_DIR: 'build/bench/mail', UPLOAD_DIR: 'build/bench/uploads', ADMIN_ADDR: `127.0.0.1:${PORT + 1}` };
const peer = { STATEMENTS: 'build/bench/statements.json', POOL: '8', TZ: 'UTC' };

export const SERVERS = {
	'sojorn, 1 loop': { argv: ['build/sojorn', 'serve'], env: { ...common, LOOPS: '1' } },
	'sojorn, 2 loops': { argv: ['build/sojorn', 'serve'], env: { ...common, LOOPS: '2' } },
	gin: { argv: ['build/bench/gin'], env: { ...peer, GOMAXPROCS: '2' } },
	fastify: { argv: [process.execPath, 'bench/peers/fastify/server.js'], env: { ...peer, NODE_ENV: 'production' } },
};

export function get(port, path, token) {
	return new Promise((resolve, reject) => {
		const headers = token ? { authorization: `Bearer ${token}` } : {};
		const r = request({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
			const parts = [];
			answer.on('data', (part) => parts.push(part));
			answer.on('end', () => resolve({ status: answer.statusCode, body: Buffer.concat(parts).toString() }));
			answer.on('error', reject);
		});
		r.on('error', reject);
		r.end();
	});
}

export async function getJson(server, path, token) {
	const { status, body } = await get(server.port, path, token);
	if (status !== 200)
		throw new Error(`${server.name}: ${path}: ${status} ${body.slice(0, 200)}`);
	return JSON.parse(body);
}

// Asks until the answer is 200.
async function firstAnswer(port, path, token, child) {
	for (const end = performance.now() + START_MS; performance.now() < end; await sleep(1)) {
		if (child.exitCode !== null)
			break;
		const answer = await get(port, path, token).catch(() => undefined);
		if (answer?.status === 200)
			return;
	}
	throw new Error('the server does not answer; see build/bench/servers.log');
}

// Starts one, with further settings; `started` is how many ms it took to the first 200 of a request that needs the database.
export async function start(name, database, probe, more = {}) {
	const { argv, env } = SERVERS[name];
	const log = openSync('build/bench/servers.log', 'a');
	const begun = performance.now();
	const child = spawn(argv[0], argv.slice(1), {
		env: { PATH: process.env.PATH, DATABASE_URL: url(database), PORT: String(PORT), JWT_SECRET: SECRET, ...env, ...more },
		stdio: ['ignore', log, log],
	});
	const server = { name, port: PORT, pid: child.pid, child };
	try {
		await firstAnswer(PORT, probe.path, probe.token, child);
	} catch (e) {
		await stop(server);
		throw e;
	}
	server.started = performance.now() - begun;
	return server;
}

export async function stop({ child }) {
	if (child.exitCode !== null || child.signalCode !== null)
		return;
	const ended = new Promise((resolve) => child.once('exit', resolve));
	child.kill('SIGTERM');
	const late = setTimeout(() => child.kill('SIGKILL'), 5000);
	await ended;
	clearTimeout(late);
}
