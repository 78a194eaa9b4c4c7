// Nothing is lost: PostgreSQL is killed under open sockets, a client is cut off, and everything arrives once, in order.
import assert from 'node:assert/strict';
import { device, listen, until } from './kit.mjs';

const PEOPLE = 2;

export async function outages(check, server, { WebSocket, sql, sleep }) {
	await check('PostgreSQL killed by SIGKILL: no event is lost or comes twice', async () => {
		const people = await Promise.all(
			server.logins.slice(0, PEOPLE).map((login) => device(server, login, { WebSocket })));
		const lives = people.map((person) => person.live());
		const seen = lives.map((live) => listen(live, 'outage'));
		await Promise.all(lives.map((live) => live.next('online')));
		let n = 0;
		const emit = (times) => {
			for (; times > 0; times--, n++)
				for (const person of people)
					// the tests' PostgreSQL does not wait for its log otherwise, and would lose what it has confirmed
					sql(`SET synchronous_commit = on; SELECT sojorn.emit('${person.userId}', 'outage', '{"n": ${n}}')`);
		};
		emit(5);
		// the crash of one backend makes the postmaster throw all out and recover from the log
		process.kill(Number(sql(`SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'sojorn%' LIMIT 1`)), 'SIGKILL');
		for (let tries = 0; tries < 600; tries++) {
			await sleep(100);
			try {
				sql('SELECT 1');
				break;
			} catch {
				// it recovers
			}
		}
		emit(5);
		const wanted = Array.from({ length: n }, (_, i) => i);
		for (const [i, live] of lives.entries()) {
			await until(`all of person ${i}`, () => seen[i].length >= n);
			assert.deepEqual(seen[i].map((event) => event.n), wanted);
			live.close();
		}
	});

	await check('a connection that is cut off again and again loses nothing', async () => {
		const person = await device(server, server.logins[2], { WebSocket });
		const live = person.live();
		const seen = listen(live, 'cut');
		await live.next('online');
		for (let n = 0; n < 30; n++) {
			sql(`SELECT sojorn.emit('${person.userId}', 'cut', '{"n": ${n}}')`);
			if (n % 10 === 5) live.socket?.terminate();
		}
		await until('all of them', () => seen.length >= 30);
		assert.deepEqual(seen.map((event) => event.n), Array.from({ length: 30 }, (_, i) => i));
		live.close();
	});
}
