// Three copies of the server over one database, behind nginx and beside a Redis: what one does, all know. Then
// Redis goes and comes, and a copy is killed.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Sojorn, memoryStore } from '../../clients/js/sojorn.js';
import { freePort, serve } from '../openapi/server.mjs';
import { device, listen, until } from './kit.mjs';

const COPIES = 3;
const NGINX = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';

// ---- what stands around the copies ----

// A Redis on a port that stays its own over restarts.
function redisOn(port, work) {
	const redis = {
		url: `redis://127.0.0.1:${port}/1`,
		async start() {
			const words = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', work];
			redis.child = spawn('setpriv', ['--pdeathsig', 'KILL', 'redis-server', ...words.map(String)], { stdio: 'ignore' });
			await until('redis answers', () => redis.cli('PING') === 'PONG');
		},
		cli: (...words) => spawnSync('redis-cli', ['-p', String(port), ...words], { encoding: 'utf8' }).stdout.trim(),
		async stop() {
			const ended = new Promise((resolve) => redis.child.on('exit', resolve));
			redis.child.kill('SIGKILL');
			await ended;
		},
	};
	return redis;
}

// nginx as a load balancer: round robin, the next copy when one does not answer.
async function balance(copies, work) {
	const port = await freePort();
	const dir = join(work, 'nginx');
	mkdirSync(dir, { recursive: true });
	writeFileSync(join(dir, 'nginx.conf'), `daemon off; pid ${dir}/pid; error_log ${dir}/error.log;
		events { worker_connections 1024; }
		http {
			access_log off; client_body_temp_path ${dir}/a; proxy_temp_path ${dir}/b;
			fastcgi_temp_path ${dir}/c; uwsgi_temp_path ${dir}/d; scgi_temp_path ${dir}/e;
			map $http_upgrade $wanted { default upgrade; '' ''; }
			upstream copies { ${copies.map((copy) => `server ${new URL(copy.url).host} max_fails=0;`).join(' ')} }
			server {
				listen 127.0.0.1:${port};
				location / {
					proxy_pass http://copies; proxy_http_version 1.1; proxy_next_upstream error timeout http_503;
					proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $wanted;
				}
			}
		}`);
	const child = spawn('setpriv', ['--pdeathsig', 'TERM', NGINX, '-p', dir, '-c', join(dir, 'nginx.conf')], { stdio: 'ignore' });
	const url = `http://127.0.0.1:${port}`;
	await until('nginx answers', () => spawnSync('curl', ['-sf', '-o', '/dev/null', `${url}/health/live`]).status === 0);
	return { url, stop: () => child.kill('SIGTERM') };
}

// ---- parts of checks ----

// The same person at each copy, by one session.
async function everywhere(copies, login, options) {
	const first = await device(copies[0], login, options);
	return Promise.all(copies.map(async ({ url }) => {
		const same = new Sojorn(url, { ...options, store: memoryStore() });
		await same.store.set('session', first.session);
		await same.resume();
		return same;
	}));
}

// A request that is allowed ten times an hour, in turn to all copies: how many of n were let through.
async function letThrough(devices, n) {
	let done = 0;
	for (let i = 0; i < n; i++) {
		const { url, session } = devices[i % devices.length];
		const { status } = await fetch(`${url}/api/v1/capsule/escrow/backup`, { headers: { Authorization: `Bearer ${session.access_token}` } });
		assert.ok(status === 404 || status === 429, `status ${status}`);
		if (status === 404) done++;
	}
	return done;
}

// ---- the checks ----

// Over a database with these logins.
export async function copies(check, work, logins, { WebSocket, sql }) {
	const redis = redisOn(await freePort(), work);
	await redis.start();
	const settings = { LOOPS: '1', RATE_LIMITS: 'on', REDIS_URL: redis.url };
	const all = [];
	for (let i = 0; i < COPIES; i++)
		all.push(await serve(work, { ...settings, ADMIN_ADDR: `unix:${join(work, `admin${i}.sock`)}` }, false));
	const front = await balance(all, work);
	const [anns, bobs] = await Promise.all(logins.slice(0, 2).map((login) => everywhere(all, login, { WebSocket })));
	const [ann, bob] = [anns[0], bobs[0]];
	sql(`SET search_path = sojorn, public, extensions;
		INSERT INTO follows (follower_id, following_id, status) VALUES ('${ann.userId}', '${bob.userId}', 'accepted'),
		('${bob.userId}', '${ann.userId}', 'accepted') ON CONFLICT (follower_id, following_id) DO UPDATE SET status = 'accepted'`);
	const online = (lives) => Promise.all(lives.map((live) => live.next('online')));

	await check('copies: what is sent at one arrives at all', async () => {
		const lives = anns.map((one) => one.live());
		const seen = lives.map((live) => listen(live, 'new_message'));
		await online(lives);
		const { conversation_id } = await bob.get('/conversation', { other_user_id: ann.userId });
		for (const [i, from] of bobs.entries())
			await from.post('/messages', { conversation_id, ciphertext: Buffer.from(`message ${i}`).toString('base64'), iv: 'aXY=' });
		await until('three messages at three copies', () => seen.every((events) => events.length === COPIES));
		for (const events of seen) assert.deepEqual(events.map((e) => e.seq), [0, 1, 2].map((n) => events[0].seq + n));
		for (const live of lives) live.close();
	});

	await check('copies: presence and typing', async () => {
		const [a, b, c] = [anns[0].live(), bobs[1].live(), bobs[2].live()];
		await online([a, b, c]);
		const here = listen(a, 'presence');
		const typing = listen(a, 'typing');
		a.watch([bob.userId]);
		await until('bob is away', () => here.at(-1)?.online === false);
		b.show(true);
		await until('bob is here', () => here.at(-1)?.online === true);
		c.show(true);
		c.typing(ann.userId); // behind his coming, so that is known then, too
		await until('bob types', () => typing.length === 1 && typing[0].user_id === bob.userId);
		b.close(); // one device of two
		c.close();
		await until('bob has left', () => here.at(-1)?.online === false);
		assert.deepEqual(here.map(({ online: is }) => is), [false, true, false]);
		a.close();
	});

	await check('copies: a limit is one for all', async () => {
		assert.equal(await letThrough(anns, 15), 10);
	});

	await check('copies: who signs out at one is signed out at all', async () => {
		const goners = await everywhere(all, logins[2], { WebSocket });
		const { access_token: token, refresh_token } = goners[0].session;
		const statuses = () => Promise.all(all.map(async ({ url }) =>
			(await fetch(`${url}/api/v1/profile`, { headers: { Authorization: `Bearer ${token}` } })).status));
		assert.deepEqual(await statuses(), [200, 200, 200]);
		await goners[1].post('/auth/logout', { refresh_token });
		let now;
		for (let i = 0; i < 500 && !now?.every((status) => status === 401); i++) {
			await sleep(20);
			now = await statuses();
		}
		assert.deepEqual(now, [401, 401, 401]);
	});

	await check('copies: without Redis events arrive, limits hold, and all is well again after it', async () => {
		const lives = [anns[0].live(), bobs[1].live()];
		await online(lives);
		const [seen, here] = [listen(lives[0], 'quiet'), listen(lives[0], 'presence')];
		lives[0].watch([bob.userId]);
		lives[1].show(true);
		await until('bob is here', () => here.at(-1)?.online === true);
		await redis.stop();
		await until('bob cannot be seen', () => here.at(-1)?.online === false);
		for (let n = 0; n < 5; n++) {
			sql(`SELECT sojorn.emit('${ann.userId}', 'quiet', '{"n": ${n}}')`);
			await bobs[n % COPIES].put('/notifications/read-all');
		}
		await until('five events', () => seen.length === 5);
		assert.deepEqual(seen.map((e) => e.n), [0, 1, 2, 3, 4]);
		assert.equal(await letThrough(anns, 6), 0);
		await redis.start();
		await until('bob is here again', () => here.at(-1)?.online === true);
		assert.equal(await letThrough(anns, 6), 0); // what Redis has forgotten the copies have not
		for (const live of lives) live.close();
	});

	await check('copies: a Redis that hangs holds nobody up for long', async () => {
		redis.child.kill('SIGSTOP');
		try {
			await bobs[0].get('/search', { q: 'oak' });
			await bobs[1].get('/search', { q: 'oak' });
		} finally {
			redis.child.kill('SIGCONT');
		}
	});

	await check('copies: a killed one takes no event with it', async () => {
		const devices = await everywhere(Array(6).fill(front), logins[0], { WebSocket });
		const [through] = devices;
		const open = devices.map((one) => one.live());
		const seen = open.map((live) => listen(live, 'killed'));
		await online(open);
		const emit = (n) => sql(`SET synchronous_commit = on; SELECT sojorn.emit('${through.userId}', 'killed', '{"n": ${n}}')`);
		for (let n = 0; n < 10; n++) emit(n);
		process.kill(all[2].pid, 'SIGKILL');
		for (let n = 10; n < 30; n++) emit(n);
		await through.put('/notifications/read-all');
		for (const [i, live] of open.entries()) {
			await until(`all of device ${i}`, () => seen[i].length >= 30);
			assert.deepEqual(seen[i].map((e) => e.n), Array.from({ length: 30 }, (_, n) => n));
			live.close();
		}
	});

	await check('copies: they end well', async () => {
		front.stop();
		for (const copy of all.slice(0, 2)) assert.deepEqual(await copy.stop(), []);
		await redis.stop();
	});
}
