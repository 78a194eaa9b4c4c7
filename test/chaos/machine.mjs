// A machine of its own: PostgreSQL with everything flushed, `sojorn serve`, nginx with the product's site. What ends
// is started again, as a service manager would do it.
import { execFile, spawn } from 'node:child_process';
import { on } from 'node:events';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { proxy } from '../e2e/proxy.mjs';
import { faultsFile } from './faults.mjs';

const run = promisify(execFile);
const RESTART_MS = 100;
const READY_MS = 60_000;

export async function until(what, holds, ms = READY_MS) {
	for (const end = Date.now() + ms; ;) {
		const got = await holds();
		if (got) return got;
		if (Date.now() > end) throw new Error(`never: ${what}`);
		await sleep(20);
	}
}

// Below the range of outgoing connections, so that nobody takes it between two starts.
async function freePort() {
	for (;;) {
		const port = 10000 + Math.floor(Math.random() * 10000);
		const free = await new Promise((resolve) => {
			const probe = createServer();
			probe.once('error', () => resolve(false));
			probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
		});
		if (free) return port;
	}
}

// A program that is kept running. `deaths` lists the ends that nobody asked for.
function keep(command, { env, log, mayEnd = () => false }) {
	const part = { pid: 0, starts: 0, deaths: [] };
	const out = openSync(log, 'a');
	let wanted = true;
	let asked = false;
	let child;
	function start() {
		asked = false;
		child = spawn(command[0], command.slice(1), { env, stdio: ['ignore', out, out] });
		part.pid = child.pid;
		part.starts++;
		part.ended = new Promise((resolve) => child.on('exit', (code, signal) => {
			if (!asked && !mayEnd()) part.deaths.push(code ?? signal);
			if (wanted) setTimeout(() => wanted && start(), RESTART_MS);
			resolve(code ?? signal);
		}));
	}
	part.end = (signal) => {
		asked = true;
		child.kill(signal);
		return part.ended;
	};
	part.signal = (signal) => child.kill(signal);
	part.stop = async (signal) => {
		wanted = false;
		return part.end(signal);
	};
	start();
	return part;
}

async function postgres(work, bin, account, tolerated) {
	const dir = join(work, 'pg');
	mkdirSync(dir);
	const faults = faultsFile(dir);
	chmodSync(faults.path, 0o666);
	if (account) chownSync(dir, account.uid, account.gid);
	const as = account ? [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups'] : [];
	await run('setpriv', [...as, join(bin, 'initdb'), '-D', join(dir, 'data'), '-U', 'postgres', '-A', 'trust', '-E', 'UTF8',
		'--locale=C.UTF-8', '--no-sync', '--no-instructions']);
	const part = keep(['setpriv', ...as, '--pdeathsig', 'INT', join(bin, 'postgres'), '-D', join(dir, 'data'), '-k', dir,
		'-c', 'listen_addresses=', '-c', 'shared_buffers=64MB', '-c', 'max_connections=60', '-c', 'timezone=UTC',
		'-c', 'log_min_messages=warning'],
	{ env: { ...process.env, ...faults.environment }, log: join(dir, 'log'), mayEnd: tolerated });
	const url = `postgresql://postgres@/postgres?host=${dir}`;

	// Statements as the superuser; the lines of what comes back.
	async function sql(text) {
		const { stdout } = await run(join(bin, 'psql'), [url, '-XqAt', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-c', text],
			{ maxBuffer: 1 << 28, env: { ...process.env, PGCONNECT_TIMEOUT: '5' } });
		return stdout.split('\n').slice(0, -1);
	}
	// The same on a connection that stays, for many of them; one at a time. Nothing may break it.
	let asking;
	async function ask(text) {
		asking ??= spawn(join(bin, 'psql'), [url, '-XqAt', '-F', '\t'], { stdio: ['pipe', 'pipe', 'inherit'] });
		asking.stdin.write(`${text.replaceAll('\n', ' ')};\n\\echo that was all\n`);
		let heard = '';
		for await (const [piece] of on(asking.stdout, 'data')) {
			heard += piece;
			if (heard.endsWith('that was all\n')) break;
		}
		return heard.split('\n').slice(0, -2);
	}
	// All of its processes, the first one the oldest.
	async function pids() {
		const children = await run('pgrep', ['-P', String(part.pid)]).catch(() => ({ stdout: '' }));
		return [part.pid, ...children.stdout.split('\n').filter(Boolean).map(Number)];
	}
	const deadlocks = () => readFileSync(join(dir, 'log'), 'utf8').split('deadlock detected').length - 1;
	const accepts = () => sql('SELECT 1').then(() => true, () => false);
	await until('PostgreSQL accepts', accepts);
	return { part, dir, url, faults, sql, ask, pids, deadlocks, untilAccepts: () => until('PostgreSQL accepts', accepts) };
}

function sojornEnvironment(work, database, { port, publicPort, settings }) {
	return {
		...process.env,
		DATABASE_URL: database.url,
		PORT: String(port),
		BIND: '127.0.0.1',
		ADMIN_ADDR: `unix:${join(work, 'admin.sock')}`,
		JWT_SECRET: 'a secret for the time of one test run',
		API_BASE_URL: `https://localhost:${publicPort}`,
		MAIL_DIR: join(work, 'mail'),
		UPLOAD_DIR: join(work, 'uploads'),
		RATE_LIMITS: 'off',
		LOG_LEVEL: 'warn',
		...settings,
	};
}

async function machine(work, { settings, nginx, tolerated = () => false }) {
	const [uid, gid] = (process.env.PG_ACCOUNT ?? '').split(':').map(Number);
	chmodSync(work, 0o755);
	const database = await postgres(work, process.env.PG_BIN, uid ? { uid, gid } : null, tolerated);
	const [port, plainPort, upstream] = [await freePort(), await freePort(), await freePort()];
	const env = sojornEnvironment(work, database, { port: upstream, publicPort: port, settings });
	await run(process.env.SOJORN_BIN, ['migrate', 'up'], { env });
	await run(process.env.SOJORN_BIN, ['seed', '--json'], { env });
	const faults = faultsFile(work);
	const log = join(work, 'sojorn.log');
	const server = keep(['setpriv', '--pdeathsig', 'TERM', process.env.SOJORN_BIN, 'serve'],
		{ env: { ...env, ...faults.environment }, log });
	const front = await proxy(work, { port, plainPort, upstream }, nginx);
	const answers = () => fetch(`http://127.0.0.1:${upstream}/health/live`).then((reply) => reply.ok, () => false);
	await until('the server is ready', answers);
	return {
		work, port, upstream, database, server, faults, front,
		untilAnswers: () => until('the server answers', answers),
		// Of a file by its address; -1: it is not there.
		fileSize: (path) => statSync(join(work, 'uploads', path), { throwIfNoEntry: false })?.size ?? -1,
		// Ends all of it; resolves to a list of complaints.
		async stop() {
			const how = await server.stop('SIGTERM');
			const complaints = await front.stop();
			await database.part.stop('SIGQUIT'); // ends its clients' sessions, too
			if (how !== 0) complaints.push(`sojorn ended with ${how}`);
			for (const death of server.deaths) complaints.push(`sojorn died by itself: ${death}`);
			const found = /Sanitizer|runtime error|Assertion/.exec(readFileSync(log, 'utf8'));
			if (found) complaints.push(readFileSync(log, 'utf8').slice(found.index - 200, found.index + 4000));
			return complaints;
		},
	};
}

// A machine for the time of session(m). settings: of the server; nginx: its size, see proxy(); tolerated(): may
// PostgreSQL end by itself at the moment? Environment: PG_BIN: PostgreSQL's programs; PG_ACCOUNT: "uid:gid" to run it
// as, for root; TEST_KEEP: its directory stays.
export async function onMachine(name, check, session, options = {}) {
	const work = mkdtempSync(join(tmpdir(), `sojorn-${name}-`));
	try {
		const m = await machine(work, options);
		try {
			await session(m);
		} finally {
			await check('all of it ends well', async () => {
				const found = await m.stop();
				if (found.length) throw new Error(found.join('\n'));
			});
		}
	} finally {
		if (!process.env.TEST_KEEP) rmSync(work, { recursive: true, force: true });
	}
}
