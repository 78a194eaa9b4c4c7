// The client kit (clients/js) in a browser: two people on two devices, each with a page of their own, keys in IndexedDB
// that cannot be read out, a sealed message over a live connection, and what was missed while a page was closed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const FOLDER = new URL('../../clients/js/', import.meta.url);

// The modules as any web server would give them.
async function site() {
	const server = createServer((request, reply) => {
		const { pathname } = new URL(request.url, 'http://x');
		if (!/^\/\w+\.js$/.test(pathname)) return reply.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html>');
		return reply.writeHead(200, { 'Content-Type': 'text/javascript' }).end(readFileSync(new URL(`.${pathname}`, FOLDER)));
	});
	await once(server.listen(0, '127.0.0.1'), 'listening');
	return server;
}

function sql(text) {
	const done = spawnSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', process.env.TEST_PG_URL, '-c', text], { encoding: 'utf8' });
	if (done.status !== 0) throw new Error(done.stderr);
}

// In the page: signs in or goes on, connects, has keys; what it hears is in window.heard.
async function begin([api, email, password]) {
	const { Sojorn, localStore } = await import('/sojorn.js');
	const { Keys, keyStore } = await import('/keys.js');
	const sojorn = new Sojorn(api, { store: localStore('kit') });
	if (!(await sojorn.resume())) await sojorn.signIn(email, password);
	const heard = [];
	const live = sojorn.live();
	const online = live.next('online');
	for (const type of ['new_message', 'test']) live.on(type, (payload) => void heard.push({ type, ...payload }));
	const keys = new Keys(sojorn, keyStore('kit-keys'));
	const fresh = await keys.start();
	await online;
	Object.assign(window, { sojorn, keys, heard });
	return { id: sojorn.userId, fresh };
}

async function device(browser, origin, server, login) {
	const context = await browser.newContext();
	const page = await context.newPage();
	await page.goto(origin);
	const me = await page.evaluate(begin, [server.url, login.email, login.password]);
	return { context, page, login, ...me };
}

export async function kit(check, browser, server) {
	const pages = await site();
	const origin = `http://127.0.0.1:${pages.address().port}/`;
	let [ann, bob] = [];

	await check('kit: two people sign in, connect and publish keys', async () => {
		[ann, bob] = await Promise.all(server.logins.slice(1, 3).map((login) => device(browser, origin, server, login)));
		assert.ok(ann.fresh && bob.fresh);
		sql(`INSERT INTO sojorn.follows (follower_id, following_id, status) VALUES ('${ann.id}', '${bob.id}', 'accepted'),
			('${bob.id}', '${ann.id}', 'accepted') ON CONFLICT (follower_id, following_id) DO UPDATE SET status = 'accepted'`);
	});

	await check('kit: a message sealed on one device is read on the other', async () => {
		await ann.page.evaluate(async (other) => {
			const { seal } = await import('/keys.js');
			const { secret, header } = await keys.begin(await keys.bundle(other));
			const { conversation_id } = await sojorn.get('/conversation', { other_user_id: other });
			const sealed = await seal(secret, 'meet me at the old oak');
			await sojorn.post('/messages', { conversation_id, ...sealed, message_header: JSON.stringify(header) });
		}, bob.id);
		await bob.page.waitForFunction(() => heard.some((event) => event.type === 'new_message'), null, { timeout: 30000 });
		assert.equal(await bob.page.evaluate(async () => {
			const { open } = await import('/keys.js');
			const message = heard.find((event) => event.type === 'new_message');
			return open(await keys.answer(JSON.parse(message.message_header)), message);
		}), 'meet me at the old oak');
	});

	await check('kit: a page that comes back has its keys, and what it missed', async () => {
		await bob.page.goto('about:blank');
		for (let n = 1; n <= 3; n++) sql(`SELECT sojorn.emit('${bob.id}', 'test', '{"n": ${n}}')`);
		await bob.page.goto(origin);
		const me = await bob.page.evaluate(begin, [server.url, bob.login.email, 'no password is needed']);
		assert.equal(me.fresh, false);
		await bob.page.waitForFunction(() => heard.length >= 3, null, { timeout: 30000 });
		assert.deepEqual(await bob.page.evaluate(() => heard.map(({ type, n }) => `${type} ${n}`)), ['test 1', 'test 2', 'test 3']);
	});

	for (const { context } of [ann, bob]) await context.close();
	pages.close();
}
