// A PostgreSQL of its own that can be killed as a power cut would, and started again. Nothing is flushed to disk: what
// the kernel has is there after a kill, only not after a crash of the machine.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const ROOT = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
const FUNCTIONS = join(ROOT, 'scripts/functions.sh');
const READY_SECONDS = 60;

// A function of scripts/functions.sh with these arguments.
const shell = (name, args) => ['-c', `. "$0"; ${name} "$@"`, FUNCTIONS, ...args];

export const BIN = spawnSync('sh', shell('postgres_bin', []), { encoding: 'utf8' }).stdout.trim();

function must(done) {
	if (done.status !== 0) throw new Error(`${done.stdout}${done.stderr}`);
	return done.stdout;
}

// Whoever has this parent and has not ended yet.
function childrenOf(pid) {
	return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((child) => {
		try {
			const [state, parent] = readFileSync(`/proc/${child}/stat`, 'latin1').replace(/^.*\) /s, '').split(' ');
			return Number(parent) === pid && state !== 'Z';
		} catch {
			return false; // it has ended meanwhile
		}
	});
}

function isAlive(pid) {
	try {
		return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
	} catch {
		return false;
	}
}

const SETTINGS = {
	fsync: 'off', full_page_writes: 'off', wal_level: 'logical', wal_retrieve_retry_interval: '500ms', max_wal_senders: 20,
	max_replication_slots: 20, shared_buffers: '64MB', max_connections: 120, timezone: "'UTC'", wal_sender_timeout: '5s',
	wal_receiver_timeout: '5s', log_min_messages: 'warning',
};

// around: words before the server's own command; listen: an address to answer at, beside the socket. In a folder that
// has one already, that one. { url(database, user), start(), crash(), stop(), query(text, values, database) }
export async function cluster(dir, { listen = '', port = 5432, around = [], settings = {} } = {}) {
	const data = join(dir, 'data');
	const log = join(dir, 'log');
	let child = null;
	let pools = new Map();

	mkdirSync(dir, { recursive: true });
	must(spawnSync('sh', shell('own_by_postgres', [dir]), { encoding: 'utf8' }));
	if (!existsSync(join(data, 'PG_VERSION')))
		must(spawnSync('sh', shell('exec_as_postgres', [
			join(BIN, 'initdb'), '-D', data, '-U', 'postgres', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync', '--auth=trust', '--no-instructions',
		]), { encoding: 'utf8' }));
	const all = { unix_socket_directories: `'${dir}'`, listen_addresses: `'${listen}'`, port, ...SETTINGS, ...settings };
	writeFileSync(join(data, 'postgresql.conf'), Object.entries(all).map(([name, value]) => `${name} = ${value}\n`).join(''));
	if (listen) writeFileSync(join(data, 'pg_hba.conf'), 'local all all trust\nhost all all samenet trust\nhost replication all samenet trust\n');

	const it = {
		dir,
		get pid() {
			return child.pid;
		},
		log: () => readFileSync(log, 'utf8'),
		url: (database = 'postgres', user = 'postgres') => `postgresql://${user}@/${database}?host=${dir}&port=${port}`,
		async start() {
			const [command, ...args] = [...around, 'sh', ...shell('exec_as_postgres', [join(BIN, 'postgres'), '-D', data])];
			child = spawn('sh', ['-c', 'log=$0; exec "$@" >>"$log" 2>&1', log, command, ...args], { stdio: 'ignore' });
			child.ended = new Promise((resolve) => child.on('exit', resolve));
			for (let tries = 0; tries < READY_SECONDS * 20; tries++) {
				if (await it.query('SELECT 1').then(() => true, () => false)) return;
				if (child.exitCode !== null) throw new Error(`PostgreSQL has ended: ${it.log().slice(-2000)}`);
				await sleep(50);
			}
			throw new Error(`PostgreSQL is not ready: ${it.log().slice(-2000)}`);
		},
		// Every process of it at the same moment, so that nothing is tidied up.
		async crash() {
			const { pid } = child;
			process.kill(pid, 'SIGSTOP');
			const all = [...childrenOf(pid), pid];
			for (const one of all) {
				try {
					process.kill(one, 'SIGKILL');
				} catch {
					continue; // has ended by itself
				}
			}
			await child.ended;
			while (all.some(isAlive)) await sleep(5);
		},
		async stop() {
			for (const pool of pools.values()) await pool.end().catch(() => {});
			pools = new Map();
			if (!child || child.exitCode !== null || child.signalCode !== null) return;
			child.kill('SIGINT');
			await child.ended;
		},
		pool(database = 'postgres') {
			if (!pools.has(database)) {
				const pool = new pg.Pool({ host: dir, port, user: 'postgres', database, max: 12, connectionTimeoutMillis: 5000 });
				pool.on('error', () => {}); // of connections that nobody uses at the moment
				pools.set(database, pool);
			}
			return pools.get(database);
		},
		query: (text, values = [], database = 'postgres') => it.pool(database).query(text, values).then((reply) => reply.rows),
		// A file of SQL, or the database's own programs, at once.
		psql: (database, ...args) => must(spawnSync(join(BIN, 'psql'), ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', it.url(database), ...args],
			{ encoding: 'utf8', cwd: ROOT })),
	};
	await it.start();
	return it;
}
