// The client kit used as an app uses it: sessions, REST, events that resume, keys and an encrypted message.
import assert from 'node:assert/strict';
import { Sojorn, SojornError, claims, memoryStore } from '../../clients/js/sojorn.js';
import { Keys, open, seal } from '../../clients/js/keys.js';

const within = (ms, promise, what) => Promise.race([
	promise,
	new Promise((_, fail) => setTimeout(() => fail(new Error(`no ${what}`)), ms)),
]);

// What a live connection is handed, for looking at it.
export function listen(live, type) {
	const seen = [];
	live.on(type, (payload, seq) => void seen.push({ ...payload, seq }));
	return seen;
}

export async function until(what, holds) {
	for (let i = 0; i < 1500; i++) {
		if (holds()) return;
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	throw new Error(`never: ${what}`);
}

// A signed-in person on a device of their own, with a store that shows what it keeps.
export async function device(server, login, options) {
	const store = memoryStore();
	const sojorn = new Sojorn(server.url, { store, ...options });
	await sojorn.signIn(login.email, login.password);
	return sojorn;
}

export async function kit(check, server, { WebSocket, sql }) {
	const [ann, bob] = await Promise.all(server.logins.slice(0, 2).map((login) => device(server, login, { WebSocket })));

	sql(`SET search_path = sojorn, public, extensions;
		INSERT INTO follows (follower_id, following_id, status) VALUES ('${ann.userId}', '${bob.userId}', 'accepted'),
		('${bob.userId}', '${ann.userId}', 'accepted') ON CONFLICT (follower_id, following_id) DO UPDATE SET status = 'accepted'`);

	await check('kit: errors carry their code', async () => {
		await assert.rejects(ann.get('/posts/no-id'), (e) => e instanceof SojornError && e.status === 400 && e.code === 'invalid');
		await assert.rejects(new Sojorn('http://127.0.0.1:1').signIn('a', 'b'), (e) => e.status === 0 && e.code === 'unreachable');
		await assert.rejects(new Sojorn(server.url).get('/profile'), (e) => e.code === 'signed_out');
	});

	await check('kit: a list, page after page', async () => {
		const seen = new Set();
		for await (const post of ann.pages('/feed/personal', 'posts', { limit: 5 })) {
			assert.ok(!seen.has(post.id));
			seen.add(post.id);
			if (seen.size === 17) break;
		}
		assert.ok(seen.size > 5);
	});

	await check('kit: a session is kept, and renewed once for all who ask', async () => {
		let refreshes = 0;
		const store = memoryStore();
		const counting = (url, options) => {
			if (String(url).endsWith('/auth/refresh')) refreshes++;
			return fetch(url, options);
		};
		const one = new Sojorn(server.url, { store, fetch: counting });
		await one.signIn(server.logins[0].email, server.logins[0].password);
		const session = await store.get('session');
		const dead = session.access_token.replace(/\.[^.]*$/, '.c2lnbmF0dXJl');
		await store.set('session', { ...session, access_token: dead });
		const again = new Sojorn(server.url, { store, fetch: counting });
		await again.resume();
		await Promise.all([1, 2, 3, 4].map(() => again.get('/profile')));
		assert.equal(refreshes, 1);
		await again.signOut();
		assert.equal(await store.get('session'), undefined);
	});

	await check('kit: events arrive in order, and those missed once', async () => {
		const live = ann.live();
		const seen = listen(live, 'test');
		await within(20000, live.next('online'), 'connection');
		for (let n = 1; n <= 3; n++) sql(`SELECT sojorn.emit('${ann.userId}', 'test', '{"n": ${n}}')`);
		await until('three events', () => seen.length === 3);
		live.close();
		sql(`SELECT sojorn.emit('${ann.userId}', 'test', jsonb_build_object('n', n)) FROM generate_series(4, 503) n`);
		const back = ann.live();
		const missed = listen(back, 'test');
		await until('the missed ones', () => missed.length === 500);
		assert.deepEqual([...seen, ...missed].map((event) => event.n), Array.from({ length: 503 }, (_, i) => i + 1));
		for (let i = 1; i < missed.length; i++) assert.equal(missed[i].seq, missed[i - 1].seq + 1);
		back.close();
	});

	await check('kit: what is gone is to be fetched', async () => {
		sql(`DELETE FROM sojorn.user_events WHERE user_id = '${ann.userId}'`);
		await ann.store.set(`live:${ann.userId}`, 1);
		const live = ann.live();
		const told = live.next('refetch');
		await within(20000, told, 'refetch');
		live.close();
	});

	await check('kit: topics, presence and typing', async () => {
		const [a, b] = [ann.live(), bob.live()];
		await Promise.all([within(20000, a.next('online'), 'connection'), within(20000, b.next('online'), 'connection')]);
		const badge = a.next('badge');
		a.follow({ topic: 'badge' });
		assert.equal(typeof (await within(20000, badge, 'badge')).total_count, 'number');
		const here = listen(a, 'presence');
		a.watch([bob.userId]);
		await until('bob is away', () => here.at(-1)?.online === false);
		b.show(true);
		await until('bob is here', () => here.at(-1)?.online === true);
		const typing = a.next('typing');
		b.typing(ann.userId);
		assert.equal((await within(20000, typing, 'typing')).user_id, bob.userId);
		b.close();
		await until('bob has left', () => here.at(-1)?.online === false);
		a.close();
	});

	await check('kit: keys are published, and a sealed message is read', async () => {
		const [ka, kb] = [new Keys(ann, memoryStore()), new Keys(bob, memoryStore())];
		assert.equal(await ka.start(), true);
		assert.equal(await kb.start(), true);
		assert.equal(await kb.start(), false);
		const bundle = await ka.bundle(bob.userId);
		assert.equal(bundle.identity_key.public_key, await kb.identity());
		assert.equal(bundle.changed, false);
		const { secret, header } = await ka.begin(bundle);
		const sealed = await seal(secret, 'meet me at the old oak');
		const live = bob.live();
		await within(20000, live.next('online'), 'connection');
		const message = live.next('new_message');
		const { conversation_id } = await ann.get('/conversation', { other_user_id: bob.userId });
		await ann.post('/messages', { conversation_id, ...sealed, message_header: JSON.stringify(header) });
		const got = await within(20000, message, 'message');
		const mine = await kb.answer(JSON.parse(got.message_header));
		assert.equal(await open(mine, got), 'meet me at the old oak');
		await assert.rejects(kb.answer(JSON.parse(got.message_header)), /gone/); // a one-time key is for once
		await kb.refill();
		const anew = new Keys(bob, memoryStore()); // a new device: another identity
		await anew.start();
		assert.equal((await ka.bundle(bob.userId)).changed, true);
		live.close();
	});

	await check('kit: a signed prekey is renewed once a week, and the one before it answers late messages', async () => {
		const store = memoryStore();
		const [ka, kb] = [new Keys(ann, memoryStore()), new Keys(bob, store)];
		await ka.start();
		await kb.start();
		const late = await ka.begin(await ka.bundle(bob.userId));
		const own = await store.get(`keys:${bob.userId}`);
		own.signed.since -= 8 * 86_400_000;
		await store.set(`keys:${bob.userId}`, own);
		const again = new Keys(bob, store);
		assert.equal(await again.start(), false);
		const bundle = await ka.bundle(bob.userId);
		assert.equal(bundle.signed_prekey.key_id, late.header.signed_prekey_id + 1);
		assert.equal(bundle.changed, false);
		const fresh = await ka.begin(bundle);
		for (const { header, secret } of [fresh, late]) assert.deepEqual(await again.answer(header), secret);
	});

	await check('kit: the token is renewed on the socket before its end', async () => {
		const live = bob.live();
		const renewed = live.next('auth');
		await within(20000, live.next('online'), 'connection');
		assert.ok(claims(await bob.token()).exp * 1000 > Date.now());
		const socket = live.socket;
		socket.send(JSON.stringify({ type: 'auth', payload: { token: await bob.token() } }));
		await within(20000, renewed, 'answer');
		live.close();
	});
}
