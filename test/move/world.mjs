// Everything a move needs: two PostgreSQL, the project in one of them and its old servers, our server in front of the
// other, the commands of the move, and somebody who keeps `follow` running as systemd would.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cluster } from './cluster.mjs';
import { project } from './project.mjs';

export const SECRET = 'the secret of the project, taken along';
const SANITIZER = /Sanitizer|runtime error/;
const READY_SECONDS = 60;
const ASKING = "SELECT pid, backend_type, state, wait_event, pg_blocking_pids(pid) AS behind, left(query, 100) AS query FROM pg_stat_activity WHERE datname = current_database() AND (state <> 'idle' OR state IS NULL)";

export async function soon(holds, what, seconds = 60) {
	for (const until = Date.now() + seconds * 1000; Date.now() < until; await sleep(50)) if (await holds()) return;
	throw new Error(`not within ${seconds} s: ${what}`);
}

function freePort() {
	return new Promise((resolve) => {
		const probe = createServer();
		probe.listen(0, '127.0.0.1', () => {
			const { port } = probe.address();
			probe.close(() => resolve(port));
		});
	});
}

// A program of ours: { pid, done: { status, out }, kill() }; ends with us, however we end.
function start(args, environment) {
	const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.env.SOJORN_BIN, ...args], { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
	const it = { pid: child.pid, out: '', ended: false, kill: (signal = 'SIGKILL') => it.ended || child.kill(signal) };
	for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (it.out = (it.out + data).slice(-20000)));
	it.done = new Promise((resolve) => child.on('close', (code, signal) => {
		it.ended = true;
		resolve({ status: code ?? signal, out: it.out });
	}));
	return it;
}

// The server, on a port of its own.
class Server {
	constructor(environment, port) {
		this.environment = { ...environment, PORT: String(port) };
		this.url = `http://127.0.0.1:${port}`;
		this.problems = [];
	}

	async start() {
		this.process = start(['serve'], this.environment);
		await soon(async () => {
			if (this.process.ended) throw new Error(`the server has ended: ${this.process.out}`);
			return (await fetch(`${this.url}/health/live`).catch(() => null))?.status === 200;
		}, 'the server is alive', READY_SECONDS);
	}

	async crash() {
		this.process.kill('SIGKILL');
		await this.process.done;
	}

	async stop() {
		this.process.kill('SIGTERM');
		const { status, out } = await this.process.done;
		return status === 0 && !SANITIZER.test(out) ? [] : [`ended with ${status}`, out];
	}
}

// Runs it again whenever it has ended.
class Follower {
	constructor(run) {
		this.run = run;
	}

	start() {
		this.wanted = true;
		this.over = (async () => {
			while (this.wanted) {
				this.process = this.run('follow');
				const { out } = await this.process.done;
				if (SANITIZER.test(out)) throw new Error(out);
				this.last = out;
				await sleep(100);
			}
		})();
	}

	crash = () => this.process?.kill('SIGKILL');

	async stop() {
		if (!this.wanted) return;
		this.wanted = false;
		this.process.kill('SIGTERM');
		await this.over;
	}
}

// line: of line.mjs, to the project's database; else it is on the same machine.
export async function world({ settings = {}, line = null } = {}) {
	const work = mkdtempSync(join(tmpdir(), 'sojorn-move-'));
	spawnSync('chmod', ['755', work]);
	const far = line ? { listen: line.address, around: line.around } : {};
	const it = { work, line, source: await cluster(join(work, 'source'), far), target: await cluster(join(work, 'target')) };
	const environment = {
		...process.env, JWT_SECRET: SECRET, BIND: '127.0.0.1', MAIL_DIR: join(work, 'mail'), UPLOAD_DIR: join(work, 'uploads'),
		ADMIN_ADDR: `unix:${join(work, 'admin.sock')}`, RATE_LIMITS: 'off', ALTCHA_REQUIRED: 'off', LOG_LEVEL: 'warn',
		SUPABASE_COMPAT: 'on', LOOPS: '2', ...settings,
	};

	// Makes the project and an empty database for it under new names; nothing is running yet.
	it.begin = async (name) => {
		await it.source.query(`CREATE DATABASE "${name}" TEMPLATE project`);
		await it.target.query(`CREATE DATABASE "${name}" TEMPLATE migrated`);
		// what a template does not hand on
		await it.source.query(`ALTER DATABASE "${name}" OWNER TO project_owner`);
		await it.target.query(`ALTER DATABASE "${name}" SET search_path = sojorn, public, extensions`);
		it.name = name;
		it.environment = { ...environment, DATABASE_URL: it.target.url(name) };
		it.sourceUrl = line ? `postgresql://project_owner@${line.address}/${name}` : it.source.url(name, 'project_owner');
		it.projects = await project(it.source.pool(name), SECRET);
		it.environment.SUPABASE_UPSTREAM = it.projects.url;
		it.environment.SUPABASE_ANON_KEY = it.projects.anonKey;
		it.server = new Server(it.environment, it.port ??= await freePort());
		it.follower = new Follower(it.run);
	};
	it.run = (...args) => start(['supabase', ...args], it.environment);
	// The command to its end; its result, when it has done what it should.
	it.must = async (...args) => {
		const { status, out } = await it.run(...args).done;
		if (status !== 0 || SANITIZER.test(out)) throw new Error(`${args.join(' ')}: ${status}: ${out}\nfollow: ${it.follower.last ?? ''}`);
		return out;
	};
	// Everything that is there now has come over.
	it.arrived = async () => {
		const [{ now }] = await it.there('SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now');
		await soon(async () => (await it.here('SELECT FROM supabase_move.runs WHERE beat > $1', [now])).length > 0, 'following has come so far');
	};
	it.there = (text, values) => it.source.query(text, values, it.name);
	it.here = (text, values) => it.target.query(text, values, it.name);
	// How things stand, for whoever has to find out why.
	it.story = async () => {
		const ask = (query, text) => query(text).catch((error) => error.message);
		return JSON.stringify({
			gate: await ask(it.here, 'SELECT state, writer, epoch FROM supabase_move.gate'),
			servers: await ask(it.here, 'SELECT name, epoch, in_flight, waiting, now() - seen_at AS silent FROM supabase_move.gate_servers'),
			run: await ask(it.here, 'SELECT phase, stopped FROM supabase_move.runs'),
			asking: await ask(it.here, ASKING),
			askingThere: await ask(it.there, ASKING),
			tables: await ask(it.here, "SELECT srrelid::regclass, srsubstate FROM pg_subscription_rel WHERE srsubstate <> 'r'"),
			subscription: await ask(it.here, "SELECT s.subenabled, t.pid, t.relid::regclass, t.received_lsn FROM pg_subscription s LEFT JOIN pg_stat_subscription t ON t.subid = s.oid"),
			slots: await ask(it.there, 'SELECT slot_name, active_pid, restart_lsn, confirmed_flush_lsn FROM pg_replication_slots'),
			logs: [it.source.log().slice(-1500), it.target.log().slice(-1500)],
			server: it.server.process?.out.slice(-2000), follow: it.follower.process?.out.slice(-500), projects: it.projects.problems.slice(-3),
		}, null, 1);
	};
	it.end = async () => {
		await it.follower?.stop();
		const problems = it.server?.process && !it.server.process.ended ? await it.server.stop() : [];
		await it.projects?.stop();
		return problems;
	};
	it.remove = async () => {
		await it.source.stop();
		await it.target.stop();
		rmSync(work, { recursive: true, force: true });
	};

	// Templates, so that a world begins anew in a moment.
	for (const name of ['project', 'migrated']) await it[name === 'project' ? 'source' : 'target'].query(`CREATE DATABASE ${name}`);
	for (const part of ['platform', 'app', 'fill', 'triggers', 'live'])
		it.source.psql('project', '-o', '/dev/null', '-f', `test/supabase/${part}.sql`);
	const migrated = start(['migrate', 'up'], { ...environment, DATABASE_URL: it.target.url('migrated') });
	const { status, out } = await migrated.done;
	if (status !== 0) throw new Error(out);
	// A day's posts are many here.
	await it.target.query('CREATE OR REPLACE FUNCTION sojorn.tier_daily_posts(tier text) RETURNS integer LANGUAGE sql IMMUTABLE RETURN 1000000', [], 'migrated');
	await it.target.pool('migrated').end();
	return it;
}
