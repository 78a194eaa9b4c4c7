// The n-th call fails: an allocation, a system call, a statement; n = 1, 2, … for a request of each feature. The answer
// is a clean error or the usual one, nothing is done by halves, and the next request works.
//
//   node nth.mjs [--class memory|system|query] [--request TEXT] [--failures N]
//
// --failures: of each class and request at most so many, spread evenly; all of them unless given. Environment as for
// chaos.mjs. The program is best one with AddressSanitizer, which sees what is lost on the way.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { suite } from '../harness/check.mjs';
import { CLASSES } from './faults.mjs';
import { PASSWORD, PIXEL, form } from './load.mjs';
import { onMachine, until } from './machine.mjs';

const { values: options } = parseArgs({ options: {
	class: { type: 'string' }, request: { type: 'string' }, failures: { type: 'string' },
} });
const { check, end } = suite('nth');
const MOST = options.failures ? Number(options.failures) : Infinity;
const AGAIN_MS = 30_000;

// Tables that the server changes by itself, too; and words, which may be new or not.
const OTHERS = ['periodic_jobs', 'outbox', 'post_feed_scores', 'live_events', 'user_event_heads', 'altcha_used', 'schema_migrations',
	'lexicon', 'name_lexicon'];

let serial = 0;
const unique = () => `n${Date.now().toString(36)}${++serial}`;
// Each in its turn, so that none is met twice by one kind of request.
const next = (list) => list[++serial % list.length];
const HERE = { lat: 45.523, long: -122.676 };

// A request of each feature: [name, method, path, body]. What is a function is asked anew for each call.
function requests(w) {
	return [
		['health', 'GET', '/health/ready'],
		['sign up', 'POST', '/api/v1/auth/register', () => ({
			email: `${unique()}@example.org`, password: PASSWORD, handle: unique(), display_name: 'N', birth_month: 1,
			birth_year: 1990, accept_terms: true, accept_privacy: true })],
		['sign in', 'POST', '/api/v1/auth/login', () => ({ email: w.email, password: PASSWORD })],
		['change the profile', 'PATCH', '/api/v1/profile', () => ({ bio: unique() })],
		['settings', 'PATCH', '/api/v1/settings/user', { theme: 'dark' }],
		['post', 'POST', '/api/v1/posts', () => ({ body: `${unique()} #chaos for @${w.other.handle}`, visibility: 'public' })],
		['change a post', 'PATCH', () => `/api/v1/posts/${w.post}`, () => ({ body: `changed ${unique()} #tag` })],
		['comment', 'POST', () => `/api/v1/posts/${w.post}/comments`, () => ({ body: unique() })],
		['like', 'POST', () => `/api/v1/posts/${next(w.posts)}/like`],
		['follow', 'POST', () => `/api/v1/users/${next(w.strangers)}/follow`],
		['block', 'POST', () => `/api/v1/users/${next(w.strangers)}/block`],
		['personal feed', 'GET', '/api/v1/feed/personal?limit=20'],
		['ranked feed', 'GET', '/api/v1/feed/sojorn?limit=20'],
		['search', 'GET', '/api/v1/search?q=the'],
		['tags', 'GET', '/api/v1/hashtags/trending'],
		['beacon', 'POST', '/api/v1/beacons', () => ({ ...HERE, beacon_type: 'hazard', body: unique(), title: 'a tree' })],
		['beacons nearby', 'GET', '/api/v1/beacons/nearby?lat=45.523&long=-122.676&radius=5000'],
		['notifications', 'GET', '/api/v1/notifications'],
		['device', 'POST', '/api/v1/notifications/device', () => ({ fcm_token: unique(), platform: 'android' })],
		['message', 'POST', '/api/v1/messages', () => ({ conversation_id: w.conversation, ciphertext: btoa(unique()) })],
		['messages', 'GET', () => `/api/v1/conversations/${w.conversation}/messages`],
		['report', 'POST', '/api/v1/users/report', () => ({ target_user_id: w.other.id, post_id: next(w.posts),
			violation_type: 'spam', description: 'x' })],
		['tone', 'POST', '/api/v1/analysis/tone', { text: 'a kind word' }],
		['upload', 'POST', UPLOAD, () => form(PIXEL), { 'content-type': 'multipart/form-data; boundary=edge' }],
		['vault', 'POST', '/api/v1/capsule/escrow/backup', { salt: 'AAAA', iv: 'AAAA', payload: 'AAAA', pub: 'AAAA' }],
		['export', 'GET', STREAMED],
		[NOWHERE, 'GET', '/api/v1/nowhere'],
	].filter(([name]) => !options.request || name.includes(options.request));
}

// What is sent while it is made, and so can only be cut off.
const STREAMED = '/api/v1/users/me/export';
const UPLOAD = '/api/v1/upload';
const NOWHERE = 'nothing there';

const value = (x) => (typeof x === 'function' ? x() : x);

async function ask(m, w, [, method, path, body, headers = { 'content-type': 'application/json' }]) {
	const sent = value(body);
	const abort = AbortSignal.timeout(30_000);
	try {
		const reply = await fetch(`http://127.0.0.1:${m.upstream}${value(path)}`, {
			method, signal: abort, body: sent === undefined || Buffer.isBuffer(sent) ? sent : JSON.stringify(sent),
			headers: { ...headers, authorization: `Bearer ${w.token}` },
		});
		return { status: reply.status, text: await reply.text() };
	} catch (error) {
		return { status: 0, text: error.cause?.code ?? String(error.cause ?? error), hangs: abort.aborted };
	}
}

// How many rows each table has.
async function rows(m, tables) {
	const [line] = await m.database.ask(`SELECT json_object_agg(t, n) FROM (${tables.map((t) =>
		`SELECT '${t}' AS t, count(*) AS n FROM sojorn.${t}`).join(' UNION ALL ')}) x`);
	return JSON.parse(line);
}

function difference(before, after) {
	return Object.fromEntries(Object.keys(after).filter((t) => after[t] !== before[t]).map((t) => [t, after[t] - before[t]]));
}

// An error in its one shape; nothing at all only where the connection itself may have failed. And libvips does not
// say why a picture could not be read.
function judgeReply(reply, usual, class_, path) {
	if (reply.hangs) return 'it hangs';
	if (reply.status === usual) return '';
	if (reply.status === 0) return class_ === 'query' && path !== STREAMED ? `no reply: ${reply.text}` : '';
	if (reply.status === 422 && path === UPLOAD && class_ !== 'query') return '';
	if (reply.status < 500 && reply.status !== 408) return `${reply.status} ${reply.text}`;
	try {
		const { code, request_id: id, error } = JSON.parse(reply.text);
		return code && id && error ? '' : `${reply.status} without an envelope: ${reply.text}`;
	} catch {
		return path.startsWith('/api/') ? `${reply.status} is no JSON: ${reply.text}` : '';
	}
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

async function again(m, w, request, usual) {
	let reply;
	for (const last = Date.now() + AGAIN_MS; Date.now() < last; await sleep(20)) {
		reply = await ask(m, w, request);
		if (reply.status === usual) return '';
	}
	return `the next request: ${reply.status} ${reply.text}`;
}

// Fails the n-th call of one request and looks at what became of it.
async function failNth(m, w, request, { class_, n, usual, clean, tables }) {
	const starts = m.server.starts;
	const before = await rows(m, tables);
	m.faults.set('failed', 0);
	m.faults.set('left', n);
	m.faults.set('class', CLASSES[class_]);
	const reply = await ask(m, w, request);
	m.faults.set('class', CLASSES.none);
	const failed = m.faults.get('failed');
	const made = difference(before, await rows(m, tables));
	const problems = [judgeReply(reply, usual, class_, value(request[2]))];
	if (!same(made, {}) && !same(made, clean)) problems.push(`half done (${reply.status}): ${JSON.stringify(made)} for ${JSON.stringify(clean)}`);
	if (reply.status === usual && !same(made, clean)) problems.push(`said ${usual}, but did ${JSON.stringify(made)}`);
	problems.push(await again(m, w, request, usual));
	if (m.server.starts !== starts || m.server.deaths.length) problems.push(`the server died: ${m.server.deaths.splice(0)}`);
	return { failed, status: reply.status, problems: problems.filter(Boolean).map((text) => `${n}: ${text}`) };
}

async function everyNth(m, w, request, class_, tables) {
	const usual = (await ask(m, w, request)).status;
	const before = await rows(m, tables);
	m.faults.set('left', 0);
	m.faults.set('counted', 0);
	m.faults.set('class', CLASSES[class_]);
	const reply = await ask(m, w, request);
	m.faults.set('class', CLASSES.none);
	const counted = m.faults.get('counted');
	const clean = difference(before, await rows(m, tables));
	assert.equal(reply.status, usual, reply.text);
	assert.ok(usual < 300 || (usual === 404 && request[0] === NOWHERE), `${usual} ${reply.text}`);
	const step = Math.max(1, counted / MOST);
	const statuses = {};
	const problems = [];
	for (let at = (step + 1) / 2; at <= counted; at += step) {
		const one = await failNth(m, w, request, { class_, n: Math.floor(at), usual, clean, tables });
		if (one.failed) statuses[one.status] = (statuses[one.status] ?? 0) + 1;
		problems.push(...one.problems);
	}
	const told = Object.entries(statuses).map(([status, n]) => `${n} × ${status === '0' ? 'cut off' : status}`).join(', ');
	console.log(`      ${class_}, ${request[0]}: ${counted} calls, answered ${usual} usually; failures: ${told || 'none'}`);
	assert.deepEqual(problems, []);
}

// A person with something to do.
async function makeWorld(m) {
	const { sql } = m.database;
	const [email, ...others] = await sql(`SELECT u.email || ' ' || u.id || ' ' || a.handle FROM sojorn.users u
		JOIN sojorn.profiles a ON a.id = u.id WHERE a.is_live AND NOT a.is_private ORDER BY u.created_at, u.id`);
	const ids = others.map((line) => line.split(' '));
	const w = { email: email.split(' ')[0], id: email.split(' ')[1], other: { id: ids[0][1], handle: ids[0][2] } };
	await sql(`UPDATE sojorn.trust_state SET tier = 'elder', harmony_score = 100 WHERE user_id = '${w.id}'`);
	await sql(`INSERT INTO sojorn.follows (follower_id, following_id, status) VALUES ('${w.id}', '${w.other.id}', 'accepted'),
		('${w.other.id}', '${w.id}', 'accepted') ON CONFLICT (follower_id, following_id) DO UPDATE SET status = 'accepted'`);
	const reply = await ask(m, w, ['', 'POST', '/api/v1/auth/login', { email: w.email, password: PASSWORD }]);
	w.token = JSON.parse(reply.text).access_token;
	const json = async (...request) => JSON.parse((await ask(m, w, ['', ...request])).text);
	w.conversation = (await json('GET', `/api/v1/conversation?other_user_id=${w.other.id}`)).conversation_id;
	w.post = (await json('POST', '/api/v1/posts', { body: 'to be changed', visibility: 'public' })).post.id;
	w.strangers = ids.slice(1).map(([, id]) => id);
	return w;
}

// As if the person had done nothing yet: what is done twice does nothing. The posts are those that can be seen then.
async function forget(m, w) {
	for (const text of [
		`UPDATE sojorn.trust_state SET posts_today = 0`,
		`DELETE FROM sojorn.post_likes WHERE user_id = '${w.id}'`,
		`DELETE FROM sojorn.blocks WHERE blocker_id = '${w.id}'`,
		`DELETE FROM sojorn.follows WHERE '${w.id}' IN (follower_id, following_id) AND '${w.other.id}' NOT IN (follower_id, following_id)`,
		`DELETE FROM sojorn.notifications WHERE '${w.id}' IN (user_id, actor_id)`,
		`DELETE FROM sojorn.user_fcm_tokens WHERE user_id = '${w.id}'`,
	]) await m.database.ask(text);
	w.posts = await m.database.ask(`SELECT v.id FROM sojorn.visible_posts('${w.id}') v WHERE v.author_id <> '${w.id}' LIMIT 200`);
}

async function session(m) {
	const w = await makeWorld(m);
	const tables = (await m.database.sql(`SELECT tablename FROM pg_tables WHERE schemaname = 'sojorn' ORDER BY 1`))
		.filter((name) => !OTHERS.includes(name));
	const classes = options.class ? [options.class] : ['query', 'system', 'memory'];
	for (const class_ of classes)
		for (const request of requests(w)) {
			await forget(m, w);
			await check(`${class_}: ${request[0]}`, () => everyNth(m, w, request, class_, tables));
			await m.untilAnswers();
		}
}

await onMachine('nth', check, async (m) => {
	await until('jobs have done what there was to do', async () => (await m.database.sql(`SELECT
		(SELECT count(*) FROM sojorn.outbox) + (SELECT count(*) FROM sojorn.periodic_jobs WHERE next_run_at <= now())`))[0] === '0');
	await session(m);
}, { settings: { LOOPS: '1' } });
end();
