// The databases the measurements run on: one of the size we promise for, and one a hundredth of it.
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpuOf } from './system.mjs';

const socket = process.env.BENCH_SOCKET;
const bin = process.env.BENCH_PG_BIN;
export const POSTMASTER = process.env.BENCH_PG_PID;

export const SIZES = {
	large: { users: 100_000, posts: 1_000_000, beacons: 1_000_000 },
	small: { users: 1_000, posts: 10_000, beacons: 10_000 },
};
const FRESH_HOURS = 20; // the ranked feed is made of a week's posts; older data would thin it out

export const url = (database) => `postgresql://postgres@/${database}?host=${socket}`;
export const postgresCpu = () => cpuOf(POSTMASTER);
export const program = (name) => `${bin}/${name}`;

export function sql(database, text) {
	const out = execFileSync(program('psql'), [url(database), '-XqAt', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-f', '-'],
		{ input: text, maxBuffer: 1 << 30, stdio: ['pipe', 'pipe', 'inherit'] });
	return out.toString().split('\n').slice(0, -1).map((line) => line.split('\t'));
}

function sojorn(database, ...args) {
	const run = spawnSync('build/sojorn', args, { env: { ...process.env, DATABASE_URL: url(database) }, stdio: ['ignore', 'pipe', 'inherit'] });
	if (run.status !== 0)
		throw new Error(`sojorn ${args[0]} failed`);
}

// Whatever was made before gets the schema of today.
export function migrateDatabases() {
	for (const name in SIZES)
		if (exists(name))
			sojorn(name, 'migrate', 'up');
}

// Reads everything into memory, so that the first to be measured need not.
export function warmDatabases() {
	for (const name of Object.keys(SIZES).filter(exists))
		sql(name, `CREATE EXTENSION IF NOT EXISTS pg_prewarm SCHEMA extensions;
			SELECT sum(extensions.pg_prewarm(c.oid)) FROM pg_class c
			 WHERE c.relnamespace IN ('sojorn'::regnamespace, 'pg_toast'::regnamespace) AND c.relkind IN ('r', 'i', 't')`);
}

function exists(name) {
	return sql('postgres', `SELECT 1 FROM pg_database WHERE datname = '${name}'`).length > 0;
}

// Whether it is of this size, and of today.
function isFresh(name, { users, posts }) {
	if (!exists(name) || sql(name, "SELECT to_regclass('bench.made')")[0][0] === '')
		return false;
	return sql(name, `SELECT users = ${users} AND posts = ${posts} AND at > now() - interval '${FRESH_HOURS} hours'
		FROM bench.made`)[0]?.[0] === 't';
}

// Beacons live for four hours at most: the same ones begin anew.
function renewBeacons(name) {
	sql(name, `UPDATE sojorn.beacons SET status = 'active', created_at = now() - interval '5 minutes',
		expires_at = now() + interval '3 hours 50 minutes';
		VACUUM ANALYZE sojorn.beacons`);
}

// Some accounts that follow so many that a thousand pages of their feed are full.
function addReaders(name) {
	sql(name, `INSERT INTO sojorn.follows (follower_id, following_id, status, created_at)
		SELECT r.id, a.id, 'accepted', now()
		  FROM (SELECT id FROM sojorn.profiles WHERE is_live AND NOT is_private ORDER BY id DESC LIMIT 4) r
		 CROSS JOIN (SELECT p.id FROM sojorn.profiles p JOIN sojorn.trust_state t ON t.user_id = p.id WHERE p.is_live AND NOT p.is_private AND t.posts_count > 0
			ORDER BY t.posts_count DESC LIMIT 1500) a
		 WHERE a.id <> r.id
		    ON CONFLICT DO NOTHING;
		ANALYZE sojorn.follows`);
}

function make(name, size) {
	const begun = performance.now();
	if (exists(name))
		sql('postgres', `DROP DATABASE ${name} WITH (FORCE)`);
	sql('postgres', `CREATE DATABASE ${name}`);
	sojorn(name, 'migrate', 'up');
	sojorn(name, 'seed', ...Object.entries(size).flatMap(([what, n]) => [`--${what}`, String(n)]), '--json');
	const seconds = Math.round((performance.now() - begun) / 1000);
	sql(name, `CREATE SCHEMA bench;
		CREATE TABLE bench.made AS SELECT ${size.users} AS users, ${size.posts} AS posts, ${seconds} AS seconds, now() AS at`);
	addReaders(name);
}

function count(name) {
	const [row] = sql(name, `SELECT (SELECT count(*) FROM sojorn.users), (SELECT count(*) FROM sojorn.posts),
		(SELECT count(*) FROM sojorn.follows), (SELECT count(*) FROM sojorn.beacons),
		(SELECT count(*) FROM sojorn.lexicon), pg_database_size(current_database()), (SELECT seconds FROM bench.made)`);
	const [users, posts, follows, beacons, words, bytes, seconds] = row.map(Number);
	return { users, posts, follows, beacons, words, bytes, seconds };
}

// Makes what is missing; says what there is.
export function prepareDatabases(names = Object.keys(SIZES)) {
	const out = {};
	for (const name of names) {
		const size = SIZES[name];
		if (!isFresh(name, size)) {
			console.error(`seeding ${name}: ${Object.values(size).join(', ')}`);
			make(name, size);
		}
		renewBeacons(name);
		out[name] = count(name);
	}
	return out;
}

export function version() {
	return sql('postgres', 'SHOW server_version')[0][0];
}

// ---- pgbench ----

const BATCH = 8; // statements a transaction, so that fetching their parameters costs little

// Parameters lie in a table, a row for each transaction: pgbench has no texts of its own.
function storeTargets(database, targets) {
	const names = Object.keys(targets[0]);
	const columns = Array.from({ length: BATCH }, (_, i) => names.map((n) => `${n}${i}`)).flat();
	const rows = [];
	for (let i = 0; i + BATCH <= targets.length; i += BATCH)
		rows.push([rows.length + 1, ...targets.slice(i, i + BATCH).flatMap((t) => names.map((n) => t[n]))].join('\t'));
	sql(database, `DROP TABLE IF EXISTS bench.targets;
		CREATE TABLE bench.targets (n int PRIMARY KEY, ${columns.map((c) => `${c} text`).join(', ')});
		COPY bench.targets FROM STDIN;\n${rows.join('\n')}\n\\.\nVACUUM ANALYZE bench.targets`);
	return { columns, rows: rows.length };
}

// `text` names parameters $1, $2, … in the order of the targets' members.
function writeScript(file, text, names, stored, pipelined) {
	const statement = (i) => text.replace(/(?<!:):(?=[a-z])/g, ': ')
		.replace(/\$(\d+)/g, (_, n) => (names[n - 1].startsWith('=') ? names[n - 1].slice(1) : `:${names[n - 1]}${i}`)).replace(/\s+/g, ' ');
	const statements = Array.from({ length: BATCH }, (_, i) => `${statement(i)};`);
	writeFileSync(file, [
		`\\set n random(1, ${stored.rows})`,
		`SELECT ${stored.columns.join(', ')} FROM bench.targets WHERE n = :n \\gset`,
		...(pipelined ? ['\\startpipeline', ...statements, '\\endpipeline'] : statements), ''].join('\n'));
}

function pgbench(database, file, clients, seconds) {
	const before = postgresCpu();
	const run = spawnSync(program('pgbench'), ['-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds), '-f', file, url(database)],
		{ env: { ...process.env, PGOPTIONS: '-c plan_cache_mode=force_generic_plan -c jit=off' }, maxBuffer: 1 << 26 });
	if (run.status !== 0)
		throw new Error(run.stderr.toString());
	const out = run.stdout.toString();
	const done = Number(out.match(/actually processed: (\d+)/)[1]) * BATCH;
	return {
		clients,
		rate: Number(out.match(/tps = ([\d.]+)/)[1]) * BATCH,
		postgres: (postgresCpu() - before) / done,
	};
}

// The statement alone, at the number of clients that suits it best: one by one, and in a pipeline.
export function measureStatement(database, text, names, targets, { seconds, runs, file }) {
	const stored = storeTargets(database, targets);
	const out = {};
	for (const way of ['plain', 'pipelined']) {
		writeScript(file, text, names, stored, way === 'pipelined');
		const tried = [2, 4, 8, 16].map((clients) => pgbench(database, file, clients, Math.min(seconds, 4)));
		const best = tried.reduce((a, b) => (b.rate > a.rate ? b : a));
		out[way] = Array.from({ length: runs }, () => pgbench(database, file, best.clients, seconds));
	}
	return out;
}
