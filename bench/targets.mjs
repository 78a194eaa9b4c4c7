// What is asked for: viewers with tokens, and for each route a file of requests for the load generator.
import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { sql } from './database.mjs';
import { SECRET, getJson } from './servers.mjs';

const VIEWERS = 2000; // people who are active at the same time
const LINES = 40_000;
const DAY = 86_400;

// The same choices in every run (xorshift32).
let state = 2463534242;
function random(below) {
	state ^= state << 13;
	state ^= state >>> 17;
	state ^= state << 5;
	return (state >>> 0) % below;
}
const pick = (list) => list[random(list.length)];
const repeat = (n, make) => Array.from({ length: n }, make);

const base64url = (text) => Buffer.from(text).toString('base64url');

// The claims that the server itself issues (lib/web/token.c).
export function issue(id, email) {
	const now = Math.floor(Date.now() / 1000);
	const payload = {
		iss: 'bench', sub: id, aud: 'authenticated', exp: now + DAY, iat: now, email, phone: '',
		app_metadata: { provider: 'email', providers: ['email'] }, user_metadata: {}, role: 'authenticated',
		aal: 'aal1', amr: [{ method: 'password', timestamp: now }], session_id: id, is_anonymous: false,
	};
	const text = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(JSON.stringify(payload))}`;
	return `${text}.${createHmac('sha256', SECRET).update(text).digest('base64url')}`;
}

function viewer([id, email]) {
	return { id, token: issue(id, email) };
}

function readViewers(database) {
	return sql(database, `SELECT u.id, u.email FROM sojorn.users u JOIN sojorn.profiles p ON p.id = u.id
		WHERE p.is_live AND p.following_count BETWEEN 10 AND 400 ORDER BY md5(u.id::text) LIMIT ${VIEWERS}`).map(viewer);
}

// One letter wrong, as fingers do it: left out, swapped with its neighbour, or another one.
function mistype(word) {
	const i = 1 + random(word.length - 2);
	const swapped = word.slice(0, i) + word[i + 1] + word[i] + word.slice(i + 2);
	const other = word.slice(0, i) + pick('abcdefghijklmnopqrstuvwxyz') + word.slice(i + 1);
	return pick([word.slice(0, i) + word.slice(i + 1), swapped, other]);
}

// Half of them words everybody uses, half words of a few; none of the results is a word itself.
function readTypos(database) {
	const words = sql(database, "SELECT word FROM sojorn.lexicon WHERE word ~ '^[a-z]{5,14}$' ORDER BY posts DESC, word").flat();
	const known = new Set(words);
	const typos = [...repeat(3000, () => mistype(pick(words.slice(0, 1000)))), ...repeat(3000, () => mistype(pick(words)))];
	return typos.filter((t) => !known.has(t));
}

export function readTargets(database) {
	const people = sql(database, 'SELECT id FROM sojorn.profiles WHERE is_live AND NOT is_private ORDER BY md5(id::text) LIMIT 20000').flat();
	const places = sql(database, `SELECT lat::float8, long::float8 FROM sojorn.beacons WHERE on_map ORDER BY md5(id::text) LIMIT 5000`);
	const viewers = readViewers(database);
	const near = ([lat, long]) => [(Number(lat) + (random(400) - 200) / 1e4).toFixed(4), (Number(long) + (random(400) - 200) / 1e4).toFixed(4)];
	return { database, viewers, people, places: places.map(near), typos: readTypos(database), probe: probeOf(viewers, people) };
}

function probeOf(viewers, people) {
	return { path: `/api/v1/profiles/${people[0]}`, token: viewers[0].token };
}

// ---- files ----

export function write(t, name, lines) {
	const file = `build/bench/${t.database}-${name}.txt`;
	writeFileSync(file, lines.map((line) => `${line.join('\t')}\n`).join(''));
	return file;
}

const draw = (t, path) => repeat(LINES, () => [path(t), pick(t.viewers).token]);
const nearPath = ([lat, long]) => `/api/v1/beacons/nearby?lat=${lat}&long=${long}&radius=5000&limit=50`;

export const REQUESTS = {
	profile: (t) => draw(t, () => `/api/v1/profiles/${pick(t.people)}`),
	personal: (t) => draw(t, () => '/api/v1/feed/personal'),
	first: (t) => draw(t, () => '/api/v1/feed/sojorn'),
	nearby: (t) => draw(t, () => nearPath(pick(t.places))),
	search: (t) => draw(t, () => `/api/v1/search?q=${pick(t.typos)}`),
};

export function writeRequests(t, name) {
	return write(t, name, REQUESTS[name](t));
}

// Pages 2 to 4 of ranked orders, which the server has made before.
export async function writeRankedPages(t, server, people = 500) {
	const lines = [];
	for (const { token } of t.viewers.slice(0, people)) {
		let { next_cursor: cursor } = await getJson(server, '/api/v1/feed/sojorn', token);
		for (let page = 2; cursor && page <= 4; page++) {
			const path = `/api/v1/feed/sojorn?cursor=${cursor}`;
			lines.push([path, token]);
			({ next_cursor: cursor } = await getJson(server, path, token));
		}
	}
	return write(t, 'ranked', lines);
}

// Orders count for ten minutes; measuring takes longer.
export function renewOrders(database) {
	sql(database, 'UPDATE sojorn.feed_sessions SET created_at = now()');
}

export function forgetOrders(database) {
	sql(database, 'TRUNCATE sojorn.feed_sessions');
}

// Page 1 and page n of the feeds of those who follow very many.
export async function writeDeepPages(t, server, n) {
	const readers = sql(t.database, 'SELECT u.id, u.email FROM sojorn.users u JOIN (SELECT follower_id FROM sojorn.follows GROUP BY 1 ORDER BY count(*) DESC LIMIT 4) f ON f.follower_id = u.id').map(viewer);
	const deep = [];
	for (const { token } of readers) {
		let path = '/api/v1/feed/personal';
		for (let page = 1; page < n; page++) {
			const { next_cursor: cursor } = await getJson(server, path, token);
			if (!cursor)
				throw new Error(`a reader's feed has ${page} pages only`);
			path = `/api/v1/feed/personal?cursor=${cursor}`;
		}
		deep.push([path, token]);
	}
	return { first: write(t, 'page-1', readers.map((r) => ['/api/v1/feed/personal', r.token])), deep: write(t, `page-${n}`, deep) };
}

// ---- the same for pgbench, by the statements' parameters ----

export const STATEMENTS = {
	profile: { name: 'profile_get', params: ['id', 'viewer'], target: (t) => ({ id: pick(t.people), viewer: pick(t.viewers).id }) },
	personal: {
		name: 'feed_personal',
		params: ['viewer', '=20', '=0', "='infinity'", "='ffffffff-ffff-ffff-ffff-ffffffffffff'", '=NULL', '=false'],
		target: (t) => ({ viewer: pick(t.viewers).id }),
	},
	nearby: {
		name: 'beacons_nearby',
		params: ['viewer', 'lat', 'long', '=5000', '=50', '=false'],
		target: (t) => {
			const [lat, long] = pick(t.places);
			return { viewer: pick(t.viewers).id, lat, long };
		},
	},
};

export const statementTargets = (t, name) => repeat(20_000, () => STATEMENTS[name].target(t));
