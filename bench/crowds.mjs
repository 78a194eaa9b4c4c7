// Single things that are large: a thread of 5,000 answers, an account with 50,000 posts, one with 100,000
// followers, five hundred who sign in at once. Made in the large database (BENCH_DATA: another one) when a stage
// asks for them.
import { spawn, spawnSync } from 'node:child_process';
import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { program, sql, url } from './database.mjs';
import { RUNS, SECONDS, costed, load, measure } from './measure.mjs';
import { get, getJson } from './servers.mjs';
import { median, memoryOf, sleep } from './system.mjs';
import { issue, write } from './targets.mjs';

const ANSWERS = 5000;
const POSTS = 50_000;
const CLIENTS = 500;
const CREATE_CLIENTS = 32;
const PASSWORD = 'sojorn-demo'; // of everybody who was seeded

// ---- what is large ----

// Once a database: the ids of what was made.
export function makeCrowds(data) {
	if (sql(data, "SELECT to_regclass('bench.crowds')")[0][0] !== '')
		return Object.fromEntries(sql(data, 'SELECT name, id FROM bench.crowds'));
	sql(data, `CREATE TABLE bench.crowds (name text PRIMARY KEY, id uuid NOT NULL);
		INSERT INTO bench.crowds SELECT 'root', id FROM sojorn.posts WHERE root_id IS NULL AND visibility = 'public'
			AND status = 'active' AND deleted_at IS NULL AND category_id IS NULL ORDER BY md5(id::text) LIMIT 1;
		INSERT INTO bench.crowds SELECT n.name, p.id FROM unnest(ARRAY['writer', 'star']) WITH ORDINALITY AS n (name, k)
			JOIN (SELECT id, row_number() OVER (ORDER BY md5(id::text)) AS k FROM sojorn.profiles
			       WHERE is_live AND NOT is_private AND posts_visibility = 'public') p USING (k);
		WITH answer AS (
			INSERT INTO sojorn.posts (author_id, body, chain_parent_id, root_id, depth)
			SELECT a.id, 'answer ' || n, r.id, r.id, 1
			  FROM generate_series(1, ${ANSWERS}) n JOIN bench.crowds r ON r.name = 'root'
			  JOIN LATERAL (SELECT id FROM sojorn.profiles WHERE is_live AND NOT is_private OFFSET n % 500 LIMIT 1) a ON true
			RETURNING id)
		INSERT INTO sojorn.post_metrics (post_id) SELECT id FROM answer;
		WITH post AS (
			INSERT INTO sojorn.posts (author_id, body, created_at)
			SELECT w.id, 'entry ' || n || ' of a long diary, with some words in it', now() - n * interval '1 minute'
			  FROM generate_series(1, ${POSTS}) n JOIN bench.crowds w ON w.name = 'writer'
			RETURNING id)
		INSERT INTO sojorn.post_metrics (post_id) SELECT id FROM post;
		INSERT INTO sojorn.follows (follower_id, following_id, status)
		SELECT p.id, s.id, 'accepted' FROM sojorn.profiles p JOIN bench.crowds s ON s.name = 'star'
		 WHERE p.id <> s.id ON CONFLICT DO NOTHING;
		UPDATE sojorn.profiles p SET followers_count = (SELECT count(*) FROM sojorn.follows WHERE following_id = p.id AND status = 'accepted')
		  FROM bench.crowds s WHERE s.name = 'star' AND p.id = s.id;
		ANALYZE sojorn.posts; ANALYZE sojorn.follows`);
	return makeCrowds(data);
}

const tokenOf = (data, id) => issue(id, sql(data, `SELECT email FROM sojorn.users WHERE id = '${id}'`)[0][0]);

// ---- reads ----

export function inbox(server, t) {
	return measure(server, write(t, 'inbox', t.viewers.map((v) => ['/api/v1/notifications', v.token])));
}

export function thread(server, t, crowds) {
	return measure(server, write(t, 'thread', t.viewers.map((v) => [`/api/v1/posts/${crowds.root}/thread`, v.token])));
}

export function profilePosts(server, t) {
	return measure(server, write(t, 'profile-posts', t.people.slice(0, 5000).map((id, i) => [`/api/v1/users/${id}/posts`, t.viewers[i % t.viewers.length].token])));
}

// ---- the export ----

// Reads it all; the most memory the server had meanwhile, in MB above what it had before.
async function readExport(server, token) {
	const before = memoryOf(server.pid).rss;
	const begun = performance.now();
	let most = before;
	const watch = setInterval(() => (most = Math.max(most, memoryOf(server.pid).rss)), 10);
	const reply = await get(server.port, '/api/v1/users/me/export', token);

	clearInterval(watch);
	return { ms: performance.now() - begun, bytes: reply.body.length, growth: most - before, posts: JSON.parse(reply.body).posts.length };
}

export async function exported(server, t, crowds) {
	const few = await readExport(server, t.viewers.find((v) => v.id !== crowds.writer).token); // what any request needs is in memory now
	const runs = [];
	for (let i = 0; i < RUNS; i++)
		runs.push(await readExport(server, tokenOf(t.database, crowds.writer)));
	if (runs[0].posts < POSTS)
		throw new Error(`an export has ${runs[0].posts} posts`);
	return { few, ms: median(runs.map((r) => r.ms)), bytes: runs[0].bytes, growth: median(runs.map((r) => r.growth)) };
}

// ---- writes ----

function post(agent, server, path, token, body, headers = {}) {
	return new Promise((resolve, reject) => {
		const auth = token ? { authorization: `Bearer ${token}` } : {};
		const r = request({ host: '127.0.0.1', port: server.port, path, method: 'POST', agent, headers: { 'content-type': 'application/json', ...auth, ...headers } }, (answer) => {
			answer.resume();
			answer.on('end', () => resolve(answer.statusCode));
		});
		r.on('error', reject);
		r.end(JSON.stringify(body));
	});
}

// Everybody's next post, one after the other: nobody posts twice at a time.
function writePosts(t) {
	return write(t, 'create', t.viewers.map((v, i) => ['/api/v1/posts', v.token, JSON.stringify({ body: `a post of the bench by number ${i}, with some words in it` })]));
}

function pgbenchRate(clients) {
	if (sql('postgres', "SELECT 1 FROM pg_database WHERE datname = 'tpcb'").length === 0) {
		sql('postgres', 'CREATE DATABASE tpcb');
		spawnSync(program('pgbench'), ['-i', '-q', '-s', '20', url('tpcb')], { stdio: 'ignore' });
	}
	const run = spawnSync(program('pgbench'), ['-N', '-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(SECONDS), url('tpcb')]);
	return Number(run.stdout.toString().match(/tps = ([\d.]+)/)[1]);
}

// Both with the same number of clients that each wait for their answer, and of connections to PostgreSQL; in turns,
// so that both meet the same machine. Nobody may meet his daily limit.
export async function create(server, t) {
	const file = writePosts(t);
	const out = { clients: CREATE_CLIENTS, posts: [], server: [], postgres: [], pgbench: [] };
	for (let i = 0; i < RUNS; i++) {
		sql(t.database, "UPDATE sojorn.trust_state SET tier = 'established', posts_today = 0");
		const run = costed(server, file, { connections: CREATE_CLIENTS, inOrder: true });
		if (run.errors)
			throw new Error(`${run.errors} posts were refused`);
		out.posts.push(run.rate);
		out.server.push(run.server);
		out.postgres.push(run.postgres);
		out.pgbench.push(pgbenchRate(CREATE_CLIENTS));
	}
	return { ...out, part: median(out.posts) / median(out.pgbench) };
}

// ---- what others notice ----

// The load generator beside what we do ourselves.
function loadAside(server, file, rate) {
	const child = spawn('build/load', ['-p', server.port, '-f', file, '-c', 64, '-d', SECONDS, '-r', rate, '-s', 1].map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
	return new Promise((resolve) => {
		let text = '';
		child.stdout.on('data', (part) => (text += part));
		child.on('exit', () => resolve(JSON.parse(text)));
	});
}

const feedFile = (t) => write(t, 'crowd-feed', t.viewers.map((v) => ['/api/v1/feed/personal', v.token]));

// How long until a follower's feed has the post.
async function untilShown(server, id, token) {
	for (const begun = performance.now(); performance.now() - begun < 10_000; await sleep(5))
		if ((await getJson(server, '/api/v1/feed/personal', token)).posts.some((p) => p.id === id))
			return performance.now() - begun;
	throw new Error('a follower does not see the post');
}

async function publish(server, token) {
	const reply = await fetch(`http://127.0.0.1:${server.port}/api/v1/posts`, {
		method: 'POST', headers: { authorization: `Bearer ${token}` }, body: JSON.stringify({ body: 'to all of you' }),
	});
	return (await reply.json()).post.id;
}

// Feeds at half of their peak, alone and while somebody with all those followers posts every half second.
export async function star(server, t, crowds) {
	const file = feedFile(t);
	const rate = load(server, file).rate / 2;
	const calm = load(server, file, { rate });
	const token = tokenOf(t.database, crowds.star);
	const shown = [];
	const busy = loadAside(server, file, rate);
	for (let i = 0; i < SECONDS * 2 - 2; i++) {
		const id = await publish(server, token);
		shown.push(Math.max(...(await Promise.all(t.viewers.slice(i * 4, i * 4 + 4).map((v) => untilShown(server, id, v.token))))));
		await sleep(500);
	}
	const p99 = (await busy).p99;
	const followers = Number(sql(t.database, `SELECT followers_count FROM sojorn.profiles WHERE id = '${crowds.star}'`)[0][0]);
	return { followers, rate, calm: calm.p99, p99, times: p99 / calm.p99, shown: Math.max(...shown) };
}

// Feeds at half of their peak, alone and while five hundred sign in from as many addresses. Rate limits are on.
export async function storm(server, t) {
	const file = feedFile(t);
	const rate = Math.min(load(server, file).rate / 2, 2000);
	const calm = load(server, file, { rate });
	const people = sql(t.database, `SELECT email FROM sojorn.users WHERE status = 'active' AND NOT mfa_enabled ORDER BY md5(email) LIMIT ${CLIENTS}`).flat();
	const agent = new Agent({ maxSockets: CLIENTS });
	const busy = loadAside(server, file, rate);
	const answers = await Promise.all(people.map((email, i) =>
		post(agent, server, '/api/v1/auth/login', null, { email, password: PASSWORD }, { 'x-forwarded-for': `10.0.${i >> 8}.${i & 255}` })));
	const counts = {};
	for (const status of answers)
		counts[status] = (counts[status] ?? 0) + 1;
	const p99 = (await busy).p99;
	return { rate, calm: calm.p99, p99, times: p99 / calm.p99, answers: counts };
}
