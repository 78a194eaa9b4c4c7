// Supabase's own client library, unmodified, in a version of today and one of two years ago, against a server that
// has taken over a project (test/supabase): accounts, sessions of the old server, mails, second factors, admins,
// functions.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash, createHmac } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SignJWT, decodeJwt } from 'jose';
import { authenticator } from 'otplib';
import WebSocket from 'ws';
import { createClient as createNew } from 'supabase-new';
import { createClient as createOld } from 'supabase-old';
import { serve } from '../openapi/server.mjs';

const PASSWORD = 'in-no-log-supabase';
const SECRET = 'the secret of the project, taken along';
const ROOT = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
const id = (kind, n) => `${kind}0000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`;

// ---- the project, taken over ----

function run(command, args, environment = {}) {
	const done = spawnSync(command, args, { env: { ...process.env, ...environment }, encoding: 'utf8', cwd: ROOT });
	if (done.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${done.stdout}${done.stderr}`);
	return done.stdout;
}

function database(name) {
	run(join(process.env.TEST_PG_BIN, 'psql'), ['-X', '-q', '-d', process.env.TEST_PG_URL, '-c', `CREATE DATABASE ${name}`]);
	return process.env.TEST_PG_URL.replace(/[^/]*\?/, `${name}?`);
}

function takeOver(work) {
	const dumps = join(work, 'dumps');
	const target = database('sojorn_taken_over');
	mkdirSync(dumps);
	run('sh', ['test/supabase/make', database('sojorn_project'), dumps]);
	const environment = { DATABASE_URL: target, JWT_SECRET: SECRET };
	run(process.env.SOJORN_BIN, ['migrate', 'up'], environment);
	run(process.env.SOJORN_BIN, ['supabase', 'import', '--dump', join(dumps, 'plain.sql')], environment);
	return target;
}

// A key as the project's apps have it built in.
const projectKey = (role) =>
	new SignJWT({ role, iss: 'supabase', ref: 'abcdefghij' }).setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
		.setIssuedAt(1700000000).setExpirationTime(2015360000).sign(new TextEncoder().encode(SECRET));

// An access token of the old server, for a session it has opened.
const oldToken = (n, claims = {}) =>
	new SignJWT({
		email: `person${n}@example.org`, phone: '', app_metadata: { provider: 'email', providers: ['email'] },
		user_metadata: { handle: `person${n}` }, role: 'authenticated', aal: 'aal1',
		amr: [{ method: 'password', timestamp: 1735718400 }], session_id: id('5', n), is_anonymous: false, ...claims,
	}).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setIssuer('https://abcdefghij.supabase.co/auth/v1')
		.setSubject(id('a', n)).setAudience('authenticated').setIssuedAt().setExpirationTime('1h')
		.sign(new TextEncoder().encode(SECRET));

const oldRefreshToken = (n) => `new${String(n).padStart(9, 'x')}`;

// The old server's second format, made here anew: version, session, counter, MAC, checksum.
function countedToken(session, counter, key = 'secret-key-of-32-bytes-000000000') {
	const content = Buffer.concat([Buffer.from([0]), Buffer.from(session.replaceAll('-', ''), 'hex'), Buffer.from([counter])]);
	const signed = Buffer.concat([content, createHmac('sha256', key).update(content).digest().subarray(0, 16)]);
	return Buffer.concat([signed, createHash('sha256').update(signed).digest().subarray(0, 4)]).toString('base64url');
}

// ---- the library ----

// A value, or the error as one that says what went wrong.
function good({ data, error }) {
	if (error) throw new Error(`${error.name} ${error.status} ${error.code ?? ''}: ${error.message}`);
	return data;
}

function bad({ error }, status, code) {
	assert.ok(error, 'no error');
	assert.equal(error.status, status, error.message);
	if (code) assert.equal(error.code, code);
}

function memory() {
	const kept = new Map();
	return { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
}

// `first`: of the persons, so that the two versions do not use each other's sessions.
async function checks(check, version, createClient, server, keys, mail, first) {
	const test = (name, body) => check(`supabase-js ${version}: ${name}`, body);
	const client = (auth = {}, key = keys.anon) =>
		createClient(server.url, key, {
			auth: { storage: memory(), autoRefreshToken: false, detectSessionInUrl: false, ...auth },
			realtime: { transport: WebSocket },
		});
	const name = `nora${first}`;
	const email = `${name}@example.com`;
	// In the next mail that has it: others only tell of a change.
	async function inMail(address, what) {
		for (;;) {
			const found = (await mail.take(address)).mail.text.match(what);
			if (found) return found[1];
		}
	}
	const codeOf = (address) => inMail(address, /enter this code: (\d{6})/);
	const linkOf = (address) => inMail(address, /(http\S+verify\S+)/);
	const follow = async (link) => new URL((await fetch(link, { redirect: 'manual' })).headers.get('location'));

	await test('signs up, confirms by code, signs in', async () => {
		const c = client();
		const { user, session } = good(await c.auth.signUp({
			email, password: PASSWORD, options: { data: { handle: name, display_name: 'Nora' } },
		}));
		assert.equal(session, null);
		assert.equal(user.email, email);
		assert.equal(user.identities.length, 1);
		bad(await c.auth.signInWithPassword({ email, password: PASSWORD }), 400, 'email_not_confirmed');
		const confirmed = good(await c.auth.verifyOtp({ email, token: await codeOf(email), type: 'signup' }));
		assert.equal(confirmed.user.user_metadata.handle, name);
		assert.ok(confirmed.session.expires_at > Date.now() / 1000);
		bad(await c.auth.signInWithPassword({ email, password: 'something else' }), 400, 'invalid_credentials');
		good(await c.auth.signInWithPassword({ email, password: PASSWORD }));
		assert.equal(good(await c.auth.getUser()).user.id, user.id);
	});

	await test('a weak password and somebody else\'s address', async () => {
		const { error } = await client().auth.signUp({ email: `w${email}`, password: '123' });
		assert.equal(error.name, 'AuthWeakPasswordError');
		assert.deepEqual(error.reasons, ['length']);
		assert.deepEqual(good(await client().auth.signUp({ email, password: PASSWORD })).user.identities, []);
	});

	await test('stays signed in with the old server\'s tokens', async () => {
		const c = client();
		const old = { access_token: await oldToken(first), refresh_token: oldRefreshToken(first) };
		assert.equal(good(await c.auth.setSession(old)).user.id, id('a', first));
		assert.equal(good(await c.auth.getUser()).user.user_metadata.handle, `person${first}`);
		const { session } = good(await c.auth.refreshSession());
		assert.equal(session.user.email, `person${first}@example.org`);
		assert.equal(decodeJwt(session.access_token).session_id, id('5', first));
		good(await c.auth.refreshSession());
		good(await c.auth.getUser());
	});

	await test('has missed the old server\'s last answer', async () => {
		const c = client();
		const parent = `old${String(first + 1).padStart(9, 'x')}`;
		good(await c.auth.refreshSession({ refresh_token: parent }));
		good(await c.auth.refreshSession());
	});

	await test('stays signed in with tokens of the second format', async () => {
		const n = version.startsWith('2.46') ? 31 : 32;
		const c = client();
		bad(await c.auth.refreshSession({ refresh_token: countedToken(id('5', n), 3, 'x'.repeat(32)) }), 400, 'refresh_token_not_found');
		bad(await c.auth.refreshSession({ refresh_token: countedToken(id('5', n), 4) }), 400, 'validation_failed');
		const { session } = good(await c.auth.refreshSession({ refresh_token: countedToken(id('5', n), 3) }));
		assert.equal(session.user.id, id('a', n));
		assert.equal(session.refresh_token, countedToken(id('5', n), 4)); // the old server could go on
		assert.equal(good(await c.auth.refreshSession({ refresh_token: countedToken(id('5', n), 3) }))
			.session.refresh_token, session.refresh_token);
		const dead = n + 2;
		bad(await client().auth.refreshSession({ refresh_token: countedToken(id('5', dead), 1) }), 400, 'refresh_token_already_used');
		bad(await client().auth.refreshSession({ refresh_token: countedToken(id('5', dead), 3) }), 400);
	});

	await test('signs in with the password of before', async () => {
		good(await client().auth.signInWithPassword({ email: `person${first + 2}@example.org`, password: 'old-password' }));
	});

	await test('several tabs refresh at once and all stay signed in', async () => {
		const start = good(await client().auth.signInWithPassword({ email, password: PASSWORD })).session;
		const tabs = Array.from({ length: 12 }, () => client());
		for (let round = 0, token = start.refresh_token; round < 3; round++) {
			const replies = await Promise.all(tabs.map((c) => c.auth.refreshSession({ refresh_token: token })));
			const tokens = new Set(replies.map((r) => good(r).session.refresh_token));
			assert.equal(tokens.size, 1);
			[token] = tokens;
		}
		for (const c of tabs) good(await c.auth.getUser());
	});

	await test('refreshes by itself when the token is about to end', async () => {
		const c = client({ autoRefreshToken: true });
		const { session } = good(await c.auth.signInWithPassword({ email, password: PASSWORD }));
		const refreshed = new Promise((resolve) => {
			c.auth.onAuthStateChange((event, s) => event === 'TOKEN_REFRESHED' && resolve(s));
		});
		const soon = new SignJWT({ ...decodeJwt(session.access_token), exp: Math.floor(Date.now() / 1000) + 5 });
		const ending = await soon.setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).sign(new TextEncoder().encode(SECRET));
		await c.auth.setSession({ access_token: ending, refresh_token: session.refresh_token });
		await c.auth.startAutoRefresh();
		const next = await refreshed;
		await c.auth.stopAutoRefresh();
		assert.notEqual(next.refresh_token, session.refresh_token);
	});

	await test('signs out here, elsewhere, everywhere', async () => {
		const [a, b] = [client(), client()];
		for (const c of [a, b]) good(await c.auth.signInWithPassword({ email, password: PASSWORD }));
		assert.equal((await a.auth.signOut({ scope: 'others' })).error, null);
		assert.ok((await b.auth.getUser()).error);
		good(await a.auth.getUser());
		assert.equal((await a.auth.signOut({ scope: 'local' })).error, null);
		assert.equal((await a.auth.getSession()).data.session, null);
		good(await a.auth.signInWithPassword({ email, password: PASSWORD }));
		assert.equal((await a.auth.signOut()).error, null);
	});

	await test('changes metadata, password and address', async () => {
		const c = client();
		good(await c.auth.signInWithPassword({ email, password: PASSWORD }));
		const { user } = good(await c.auth.updateUser({ data: { colour: 'green', handle: null } }));
		assert.deepEqual([user.user_metadata.colour, user.user_metadata.handle], ['green', undefined]);
		bad(await c.auth.updateUser({ password: PASSWORD }), 422, 'same_password');
		good(await c.auth.updateUser({ password: `${PASSWORD}2` }));
		good(await c.auth.updateUser({ password: PASSWORD }));
		const to = `moved-${email}`;
		assert.equal(good(await c.auth.updateUser({ email: to })).user.new_email, to);
		good(await c.auth.verifyOtp({ email: to, token: await codeOf(to), type: 'email_change' }));
		assert.equal(good(await c.auth.getUser()).user.email, to);
		good(await c.auth.updateUser({ email }));
		good(await c.auth.verifyOtp({ email, token: await codeOf(email), type: 'email_change' }));
	});

	await test('signs in by a mailed link (implicit flow)', async () => {
		const emailRedirectTo = 'http://127.0.0.1:3000/back';
		good(await client().auth.signInWithOtp({ email, options: { emailRedirectTo } }));
		const to = await follow(await linkOf(email));
		assert.equal(to.origin + to.pathname, emailRedirectTo);
		const fragment = new URLSearchParams(to.hash.slice(1));
		const c = client();
		good(await c.auth.setSession({
			access_token: fragment.get('access_token'), refresh_token: fragment.get('refresh_token'),
		}));
		assert.equal(good(await c.auth.getUser()).user.email, email);
	});

	await test('signs in by a mailed link of its own browser (PKCE)', async () => {
		const c = client({ flowType: 'pkce' });
		good(await c.auth.signInWithOtp({ email, options: { emailRedirectTo: 'sojorn://login' } }));
		const to = await follow(await linkOf(email));
		assert.equal(to.protocol, 'sojorn:');
		const { session } = good(await c.auth.exchangeCodeForSession(to.searchParams.get('code')));
		assert.equal(session.user.email, email);
		const another = client({ flowType: 'pkce' });
		good(await another.auth.resetPasswordForEmail(`person${first + 2}@example.org`));
		assert.ok((await another.auth.exchangeCodeForSession(to.searchParams.get('code'))).error); // used
	});

	await test('sets a forgotten password', async () => {
		const c = client();
		good(await c.auth.resetPasswordForEmail(email));
		const { session } = good(await c.auth.verifyOtp({ email, token: await codeOf(email), type: 'recovery' }));
		assert.equal(session.user.email, email);
		good(await c.auth.updateUser({ password: `${PASSWORD}3` }));
		good(await client().auth.signInWithPassword({ email, password: `${PASSWORD}3` }));
		good(await c.auth.updateUser({ password: PASSWORD }));
	});

	await test('sets up a second factor and signs in with it', async () => {
		const c = client();
		const code = (secret, step) => {
			authenticator.options = { epoch: Date.now() + step * 30000 };
			return authenticator.generate(secret);
		};
		good(await c.auth.signInWithPassword({ email, password: PASSWORD }));
		const factor = good(await c.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' }));
		assert.match(factor.totp.qr_code, /^data:image\/svg\+xml;utf-8,<svg/);
		assert.equal(new URL(factor.totp.uri).searchParams.get('secret'), factor.totp.secret);
		bad(await c.auth.mfa.challengeAndVerify({ factorId: factor.id, code: '000000' }), 422, 'mfa_verification_failed');
		good(await c.auth.mfa.challengeAndVerify({ factorId: factor.id, code: code(factor.totp.secret, -1) }));
		assert.equal(good(await c.auth.mfa.getAuthenticatorAssuranceLevel()).currentLevel, 'aal2');
		const other = client();
		good(await other.auth.signInWithPassword({ email, password: PASSWORD }));
		const level = good(await other.auth.mfa.getAuthenticatorAssuranceLevel());
		assert.deepEqual([level.currentLevel, level.nextLevel], ['aal1', 'aal2']);
		bad(await other.auth.updateUser({ password: 'in-no-log-stolen' }), 401, 'insufficient_aal');
		assert.equal(good(await other.auth.mfa.listFactors()).totp[0].friendly_name, 'phone');
		const challenge = good(await other.auth.mfa.challenge({ factorId: factor.id }));
		good(await other.auth.mfa.verify({
			factorId: factor.id, challengeId: challenge.id, code: code(factor.totp.secret, 0),
		}));
		good(await other.auth.refreshSession());
		assert.equal(good(await other.auth.mfa.getAuthenticatorAssuranceLevel()).currentLevel, 'aal2');
		good(await other.auth.mfa.unenroll({ factorId: factor.id }));
		good(await other.auth.refreshSession());
		assert.equal(good(await other.auth.mfa.getAuthenticatorAssuranceLevel()).nextLevel, 'aal1');
	});

	await test('a second factor of before still counts', async () => {
		const c = client();
		good(await c.auth.signInWithPassword({ email: 'person36@example.org', password: 'old-password' }));
		const [factor] = good(await c.auth.mfa.listFactors()).totp;
		assert.deepEqual([factor.id, factor.friendly_name], [id('9', 1), 'phone app']);
		authenticator.options = { epoch: Date.now() + (version.startsWith('2.46') ? 0 : 30000) };
		good(await c.auth.mfa.challengeAndVerify({
			factorId: factor.id, code: authenticator.generate('JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'),
		}));
	});

	await test('an admin lists, makes, changes and removes accounts', async () => {
		const admin = client({ persistSession: false }, keys.service).auth.admin;
		const page = good(await admin.listUsers({ page: 2, perPage: 10 }));
		assert.equal(page.users.length, 10);
		assert.ok(page.total >= 72 && page.lastPage >= 8 && page.nextPage === 3, JSON.stringify(page).slice(-200));
		const made = `made-${email}`;
		const { user } = good(await admin.createUser({ email: made, password: PASSWORD, email_confirm: true, app_metadata: { plan: 'x' } }));
		bad(await admin.createUser({ email: made }), 422, 'email_exists');
		good(await client().auth.signInWithPassword({ email: made, password: PASSWORD }));
		assert.equal(good(await admin.getUserById(user.id)).user.app_metadata.plan, 'x');
		assert.ok(good(await admin.updateUserById(user.id, { ban_duration: '1h' })).user.banned_until);
		bad(await client().auth.signInWithPassword({ email: made, password: PASSWORD }), 403, 'user_banned');
		good(await admin.deleteUser(user.id));
		bad(await admin.getUserById(user.id), 404, 'user_not_found');
		bad(await client().auth.admin.listUsers(), 403, 'not_admin');
	});

	await test('uploads, reads, signs, lists and removes objects', async () => {
		const c = client();
		good(await c.auth.signInWithPassword({ email, password: PASSWORD }));
		const me = (await c.auth.getUser()).data.user.id;
		const bytes = Buffer.from(Array.from({ length: 300000 }, (_, i) => i % 251));
		const [avatars, media] = [c.storage.from('avatars'), c.storage.from('media')];
		const at = `${me}/a face.png`;
		assert.equal(good(await avatars.upload(at, new Blob([bytes], { type: 'image/png' }))).path, at); // a form
		assert.ok((await avatars.upload(at, bytes)).error); // is there
		assert.ok((await avatars.upload(`${id('a', 3)}/face.png`, bytes)).error); // somebody else's
		const { publicUrl } = avatars.getPublicUrl(at).data;
		const shown = await fetch(publicUrl);
		assert.equal(shown.headers.get('content-type'), 'image/png');
		assert.deepEqual(Buffer.from(await shown.arrayBuffer()), bytes);
		good(await media.upload(at, bytes, { contentType: 'image/jpeg', cacheControl: '60' })); // bare bytes
		good(await media.upload(at, Buffer.from('newer'), { contentType: 'text/plain', upsert: true }));
		good(await media.update(at, Buffer.from('newest'), { contentType: 'text/plain' }));
		assert.equal(await good(await media.download(at)).text(), 'newest');
		assert.ok((await client().storage.from('media').download(at)).error);
		const { signedUrl } = good(await media.createSignedUrl(at, 60));
		assert.equal(await (await fetch(signedUrl)).text(), 'newest');
		const [one, none] = good(await media.createSignedUrls([at, 'nothing'], 60));
		assert.ok(one.signedUrl && none.error);
		const [listed] = good(await media.list(me));
		assert.deepEqual([listed.name, listed.metadata.size, listed.metadata.mimetype], ['a face.png', 6, 'text/plain']);
		assert.equal(good(await media.remove([at])).length, 1);
		assert.deepEqual(good(await media.list(me)), []);
		good(await avatars.remove([at]));
		assert.equal((await fetch(publicUrl)).status, 400);
	});

	await test('an owner makes buckets; objects are moved, copied, searched, sent by a signed address', async () => {
		const owner = client({ persistSession: false }, keys.service).storage;
		const box = `box-${first}`;
		assert.equal(good(await owner.createBucket(box, { public: false, fileSizeLimit: '1MB', allowedMimeTypes: ['text/*'] })).name, box);
		assert.ok((await owner.createBucket(box, { public: false })).error);
		good(await owner.updateBucket(box, { public: true, fileSizeLimit: 1000 }));
		const made = good(await owner.getBucket(box));
		assert.deepEqual([made.id, made.public, made.file_size_limit], [box, true, 1000]);
		assert.ok(good(await owner.listBuckets()).some((b) => b.id === box));
		const c = client();
		good(await c.auth.signInWithPassword({ email, password: PASSWORD }));
		assert.deepEqual(good(await c.storage.listBuckets()), []);
		assert.ok((await c.storage.createBucket('mine', { public: true })).error);
		const me = (await c.auth.getUser()).data.user.id;
		const files = c.storage.from(box);
		const text = (words) => new Blob([words], { type: 'text/plain' });
		for (const name of ['b', 'a', 'sub/c']) good(await files.upload(`${me}/${name}.txt`, text(name), { metadata: { of: name } }));
		assert.ok((await files.upload(`${me}/picture`, new Blob(['x'], { type: 'image/png' }))).error);
		assert.ok((await files.upload(`${me}/large`, text('x'.repeat(1001)))).error);
		good(await files.move(`${me}/b.txt`, `${me}/sub/b.txt`));
		assert.equal(good(await files.copy(`${me}/a.txt`, `${me}/sub/a.txt`)).path, `${box}/${me}/sub/a.txt`);
		assert.ok((await files.move(`${me}/a.txt`, `${me}/sub/a.txt`)).error);
		const listed = good(await files.list(`${me}/sub`, { limit: 2, offset: 1, sortBy: { column: 'name', order: 'desc' } }));
		assert.deepEqual(listed.map((o) => o.name), ['b.txt', 'a.txt']);
		assert.deepEqual(good(await files.list(`${me}/sub`, { search: 'c.' })).map((o) => o.name), ['c.txt']);
		assert.equal(good(await files.info(`${me}/sub/a.txt`)).metadata.of, 'a');
		assert.equal((await files.exists(`${me}/sub/a.txt`)).data, true);
		assert.equal((await files.exists(`${me}/nothing`)).data, false);
		const { path, token, signedUrl } = good(await files.createSignedUploadUrl(`${me}/sent by link.txt`));
		good(await client().storage.from(box).uploadToSignedUrl(path, token, text('by link')));
		assert.ok((await client().storage.from(box).uploadToSignedUrl(path, token, text('again'))).error);
		assert.match(signedUrl, /sent%20by%20link\.txt\?token=/);
		assert.equal(await good(await files.download(path)).text(), 'by link');
		const small = good(await files.createSignedUrl(path, 60, { transform: { width: 20 }, download: true })).signedUrl;
		assert.equal(await (await fetch(small)).text(), 'by link');
		assert.equal(await good(await files.download(path, { transform: { width: 20 } })).text(), 'by link');
		assert.ok((await owner.deleteBucket(box)).error); // not empty
		good(await owner.emptyBucket(box));
		good(await owner.deleteBucket(box));
		assert.ok((await owner.getBucket(box)).error);
	});

	await test('invites, makes links, asks again who it is', async () => {
		const admin = client({ persistSession: false }, keys.service).auth.admin;
		const guest = `guest-${email}`;
		assert.equal(good(await admin.inviteUserByEmail(guest, { data: { colour: 'red' } })).user.email, guest);
		const invited = client();
		good(await invited.auth.verifyOtp({ email: guest, token: await codeOf(guest), type: 'invite' }));
		good(await invited.auth.updateUser({ password: PASSWORD }));
		good(await client().auth.signInWithPassword({ email: guest, password: PASSWORD }));
		bad(await admin.inviteUserByEmail(guest), 422, 'email_exists');
		const { properties, user } = good(await admin.generateLink({ type: 'magiclink', email: guest }));
		assert.equal(user.email, guest);
		const to = await follow(properties.action_link);
		assert.ok(new URLSearchParams(to.hash.slice(1)).get('access_token'));
		const recovery = good(await admin.generateLink({ type: 'recovery', email: guest })).properties;
		good(await invited.auth.verifyOtp({ type: 'recovery', token_hash: recovery.hashed_token }));
		good(await invited.auth.reauthenticate());
		const nonce = await codeOf(guest);
		bad(await invited.auth.updateUser({ password: `${PASSWORD}9`, nonce: '000000' === nonce ? '000001' : '000000' }), 422);
		good(await invited.auth.updateUser({ password: `${PASSWORD}9`, nonce }));
		assert.equal((await invited.auth.resend({ type: 'signup', email: guest })).error, null);
		good(await invited.auth.mfa.enroll({ factorType: 'totp', friendlyName: 'phone' }));
		const { factors } = good(await admin.mfa.listFactors({ userId: user.id }));
		good(await admin.mfa.deleteFactor({ userId: user.id, id: factors[0].id }));
		assert.deepEqual(good(await admin.mfa.listFactors({ userId: user.id })).factors, []);
		if (invited.auth.getClaims) assert.equal(good(await invited.auth.getClaims()).claims.sub, user.id);
		good(await admin.deleteUser(user.id));
	});

	await test('invokes the nine functions', async () => {
		const c = client();
		good(await c.auth.signInWithPassword({ email, password: PASSWORD }));
		const invoke = async (f, body, options = {}) => good(await c.functions.invoke(f, { body, ...options }));
		assert.equal((await invoke('signup', { handle: `${name}_x`, display_name: 'Nora X' })).profile.handle, `${name}_x`);
		assert.equal((await invoke('profile', {})).profile.display_name, 'Nora X');
		assert.equal((await invoke('profile', { user_id: id('a', 3) })).profile.id, id('a', 3));
		const { post } = await invoke('publish-post', { body: `words of ${name}` });
		assert.equal(post.author_id, (await c.auth.getUser()).data.user.id);
		assert.ok((await invoke('feed-sojorn', { limit: 5 })).posts.length > 0);
		assert.equal((await invoke('search', { query: name, type: 'posts' })).posts[0].id, post.id);
		await invoke('follow', { user_id: id('a', 3) });
		await invoke('follow', { user_id: id('a', 3) }, { method: 'DELETE' });
		assert.ok((await invoke('tone-check', { text: 'what a lovely day' })).tone);
		assert.ok(Array.isArray((await invoke('notifications', { limit: 5 })).notifications));
		await invoke('create-beacon', { body: 'ice', beacon_type: 'hazard', lat: 52.5, long: 13.4 });
		const { error } = await c.functions.invoke('follow', { body: {} });
		assert.equal(error.name, 'FunctionsHttpError');
		assert.equal((await error.context.json()).code, 'invalid');
	});
}

export async function supabase(check, work, mail) {
	const keys = { anon: await projectKey('anon'), service: await projectKey('service_role') };
	mkdirSync(work);
	const server = await serve(work, {
		DATABASE_URL: takeOver(work),
		JWT_SECRET: SECRET,
		SUPABASE_COMPAT: 'on',
		SUPABASE_REDIRECT_URLS: 'sojorn://*',
		...mail.settings,
	}, false);
	try {
		await checks(check, '2.46.1', createOld, server, keys, mail, 24);
		await checks(check, '2.119.1', createNew, server, keys, mail, 27);
	} finally {
		await check('the server of the old API ends well', async () => assert.deepEqual(await server.stop(), []));
	}
}
