// The old project's servers, as far as its apps use them: accounts and sessions in the tables of schema auth and by the
// rules of the platform's auth server, with refresh tokens of both formats, and functions that read and write posts.
// Nothing is kept here: it is all in the project's database.
import { createHash, createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';

const HOUR = 3600;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

// An answer that ends the request wherever it is thrown.
class Refusal extends Error {
	constructor(status, code) {
		super(code);
		this.status = status;
	}
}

// ---- tokens ----

const base64url = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const hs256 = (text, secret) => createHmac('sha256', secret).update(text).digest();

export function jwt(claims, secret) {
	const text = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(claims)}`;
	return `${text}.${hs256(text, secret).toString('base64url')}`;
}

function claimsOf(token, secret) {
	const [head, body, mac] = (token ?? '').split('.');
	const good = mac && hs256(`${head}.${body}`, secret);
	const given = Buffer.from(mac ?? '', 'base64url');
	if (!good || good.length !== given.length || !timingSafeEqual(good, given)) throw new Refusal(401, 'bad_jwt');
	const claims = JSON.parse(Buffer.from(body, 'base64url'));
	if (claims.exp * 1000 < Date.now()) throw new Refusal(401, 'bad_jwt');
	return claims;
}

const rowToken = () => Array.from({ length: 12 }, () => LETTERS[Math.floor(Math.random() * LETTERS.length)]).join('');

function leb128(n) {
	const bytes = [];
	for (; n >= 128; n = Math.floor(n / 128)) bytes.push(n % 128 + 128);
	return Buffer.from([...bytes, n]);
}

// The second format: a zero, the session's id, a counter, half of a MAC, the beginning of a sum.
function countedToken(session, counter, key) {
	const content = Buffer.concat([Buffer.from([0]), Buffer.from(session.replaceAll('-', ''), 'hex'), leb128(counter)]);
	const signed = Buffer.concat([content, hs256(content, Buffer.from(key, 'base64url')).subarray(0, 16)]);
	return Buffer.concat([signed, createHash('sha256').update(signed).digest().subarray(0, 4)]).toString('base64url');
}

function readCounted(token) {
	const bytes = Buffer.from(token, 'base64url');
	let counter = 0;
	for (let i = bytes.length - 21, more = 0; i > 16; i--, more++) counter = counter * 128 + (bytes[i] & 127);
	const id = bytes.subarray(1, 17).toString('hex');
	return { session: id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'), counter };
}

// ---- the auth server ----

async function userOf(db, id) {
	const [user] = await db.rows('SELECT id, aud, role, email, email_confirmed_at, raw_app_meta_data AS app_metadata,'
		+ ' raw_user_meta_data AS user_metadata, created_at, updated_at, last_sign_in_at FROM auth.users WHERE id = $1', [id]);
	return { ...user, app_metadata: user.app_metadata ?? {}, user_metadata: user.user_metadata ?? {}, identities: [] };
}

async function signedIn(it, db, session, user, refresh) {
	const now = Math.floor(Date.now() / 1000);
	const { app_metadata, user_metadata, email } = user;
	return {
		access_token: jwt({
			iss: `${it.url}/auth/v1`, sub: user.id, aud: 'authenticated', role: 'authenticated', email, session_id: session, iat: now,
			exp: now + HOUR, aal: 'aal1', amr: [{ method: 'password', timestamp: now }], phone: '', app_metadata, user_metadata,
			is_anonymous: false,
		}, it.secret),
		token_type: 'bearer', expires_in: HOUR, expires_at: now + HOUR, refresh_token: refresh, user,
	};
}

const putToken = (db, token, user, parent, session) => db.rows('INSERT INTO auth.refresh_tokens'
	+ ' (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)'
	+ " VALUES ('00000000-0000-0000-0000-000000000000', $1, $2, false, now(), now(), $3, $4)", [token, user, parent, session]);

async function byPassword(it, db, { email, password }) {
	const [found] = await db.rows('SELECT id FROM auth.users WHERE lower(email) = lower($1) AND NOT is_sso_user AND deleted_at IS NULL'
		+ ' AND encrypted_password = extensions.crypt($2, encrypted_password)', [email, password]);
	if (!found) throw new Refusal(400, 'invalid_credentials');
	const session = randomUUID();
	const token = rowToken();
	await db.rows('SET LOCAL ROLE supabase_auth_admin');
	await db.rows("INSERT INTO auth.sessions (id, user_id, created_at, updated_at, aal, user_agent) VALUES ($1, $2, now(), now(), 'aal1', 'old app')",
		[session, found.id]);
	await putToken(db, token, found.id, '', session);
	await db.rows("INSERT INTO auth.mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)"
		+ " VALUES ($1, now(), now(), 'password', gen_random_uuid())", [session]);
	await db.rows('UPDATE auth.users SET last_sign_in_at = now(), updated_at = now() WHERE id = $1', [found.id]);
	return signedIn(it, db, session, await userOf(db, found.id), token);
}

// What has been used gives the current one again, to a client that has not heard the answer; older ones end the session.
async function refreshRow(it, db, token) {
	const [row] = await db.rows('SELECT t.user_id, t.revoked, t.session_id FROM auth.refresh_tokens t JOIN auth.sessions s'
		+ ' ON s.id = t.session_id WHERE t.token = $1 FOR UPDATE OF s', [token]);
	if (!row) throw new Refusal(400, 'refresh_token_not_found');
	const [current] = await db.rows('SELECT token, parent FROM auth.refresh_tokens WHERE session_id = $1 AND NOT revoked ORDER BY id DESC LIMIT 1',
		[row.session_id]);
	const user = await userOf(db, row.user_id);
	if (current?.token !== token) {
		if (current?.parent !== token) throw new Refusal(400, 'refresh_token_already_used');
		return signedIn(it, db, row.session_id, user, current.token);
	}
	const next = rowToken();
	await db.rows('SET LOCAL ROLE supabase_auth_admin');
	await db.rows('UPDATE auth.refresh_tokens SET revoked = true, updated_at = now() WHERE token = $1', [token]);
	await putToken(db, next, row.user_id, token, row.session_id);
	await db.rows("UPDATE auth.sessions SET refreshed_at = now() AT TIME ZONE 'UTC', updated_at = now() WHERE id = $1", [row.session_id]);
	return signedIn(it, db, row.session_id, user, next);
}

async function refreshCounted(it, db, token) {
	const { session, counter } = readCounted(token);
	const [row] = await db.rows('SELECT user_id, refresh_token_hmac_key AS key, refresh_token_counter::integer AS counter FROM auth.sessions'
		+ ' WHERE id = $1 FOR UPDATE', [session]);
	if (!row?.key || countedToken(session, counter, row.key) !== token) throw new Refusal(400, 'refresh_token_not_found');
	if (counter !== row.counter && counter !== row.counter - 1) throw new Refusal(400, 'refresh_token_already_used');
	await db.rows('SET LOCAL ROLE supabase_auth_admin');
	await db.rows("UPDATE auth.sessions SET refreshed_at = now() AT TIME ZONE 'UTC', updated_at = now(), refresh_token_counter = $2 WHERE id = $1",
		[session, Math.max(counter + 1, row.counter)]);
	return signedIn(it, db, session, await userOf(db, row.user_id), countedToken(session, Math.max(counter + 1, row.counter), row.key));
}

// ---- what a request may use ----

async function whose(it, db, request) {
	const claims = claimsOf(request.headers.authorization?.replace(/^Bearer /, ''), it.secret);
	const [session] = await db.rows('SELECT user_id FROM auth.sessions WHERE id = $1', [claims.session_id]);
	if (!session) throw new Refusal(403, 'session_not_found');
	return session.user_id;
}

// The record as clients read it; the post and its numbers appear together.
async function publish(it, db, request, body) {
	const author = await whose(it, db, request);
	await db.rows('SET LOCAL ROLE service_role');
	const [post] = await db.rows('INSERT INTO public.posts (author_id, body) VALUES ($1, $2) RETURNING id, author_id, body, created_at', [author, body.body]);
	await db.rows('INSERT INTO public.post_metrics (post_id) VALUES ($1)', [post.id]);
	return { post };
}

async function feed(it, db, request, body) {
	await whose(it, db, request);
	return { posts: await db.rows('SELECT id, author_id, body, created_at FROM public.posts ORDER BY created_at DESC LIMIT $1', [body.limit ?? 20]) };
}

const routes = {
	'POST /auth/v1/token': (it, db, request, body, query) => query.get('grant_type') === 'password' ? byPassword(it, db, body)
		: body.refresh_token?.length > 20 ? refreshCounted(it, db, body.refresh_token) : refreshRow(it, db, body.refresh_token),
	'GET /auth/v1/user': async (it, db, request) => userOf(db, await whose(it, db, request)),
	'POST /functions/v1/publish-post': publish,
	'POST /functions/v1/feed-sojorn': feed,
};

// One request is one transaction; what the database cannot tell is 503, never 4xx, as there.
async function answer(it, request, body) {
	const url = new URL(request.url, 'http://project');
	const route = routes[`${request.method} ${url.pathname}`];
	if (!route) throw new Refusal(404, 'not_found');
	const client = await it.pool.connect();
	client.on('error', () => {}); // said by the statement under way
	try {
		const db = { rows: (text, values) => client.query(text, values).then((reply) => reply.rows) };
		await client.query('BEGIN');
		const reply = await route(it, db, request, body, url.searchParams);
		await client.query('COMMIT');
		client.release();
		return reply;
	} catch (error) {
		client.release(true);
		throw error;
	}
}

async function serve(it, request, reply) {
	let text = '';
	for await (const piece of request) text += piece;
	let status = 200;
	let result;
	try {
		result = await answer(it, request, text ? JSON.parse(text) : {});
	} catch (error) {
		status = error.status ?? 503;
		result = { code: status, error_code: error.message, msg: error.message };
		if (!error.status) it.problems.push(error.message);
	}
	reply.writeHead(status, { 'Content-Type': 'application/json' });
	reply.end(JSON.stringify(result));
}

// On a pool of connections to the project's database. { url, anonKey, problems, stop() }
export async function project(pool, secret) {
	const it = { pool, secret, problems: [] };
	const server = createServer({ keepAliveTimeout: 60000 }, (request, reply) => serve(it, request, reply).catch(() => reply.destroy()));
	await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
	it.url = `http://127.0.0.1:${server.address().port}`;
	it.anonKey = jwt({ role: 'anon', iss: 'supabase', ref: 'abcdefghij', iat: 1700000000, exp: 2015360000 }, secret);
	it.stop = () => new Promise((resolve) => {
		server.close(resolve);
		server.closeAllConnections();
	});
	return it;
}
