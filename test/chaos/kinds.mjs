// What can go wrong. Each does it, waits while it lasts, and undoes it; run() resolves when the cause is gone. `may` says
// what people may be told meanwhile: unavailable (503), network (a broken connection), clock (a token that is over),
// mediaFull (no room for a file).
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './machine.mjs';

const HOURS = 3600 * 1e6;
const JUMP_MOST = 11; // hours; both ways are less than the day after which an upload that nothing uses is swept

// Chosen by the dice of the run, so that a seed means the same again.
const between = (dice, from, to) => Math.round(from + dice() * (to - from));
const pick = (dice, list) => list[Math.floor(dice() * list.length)];

const ours = "application_name LIKE 'sojorn%' AND datname = current_database()";

// Whose process changes when PostgreSQL throws away what all of them share.
function checkpointer(m) {
	return m.database.sql(`SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'`).then(([pid]) => pid ?? '', () => '');
}

async function withFault(faults, name, value, ms) {
	faults.set(name, value);
	await sleep(ms);
	faults.set(name, 0);
}

async function clockJump(m, us, ms) {
	for (const faults of [m.faults, m.database.faults]) faults.set('clock', us);
	await sleep(ms);
	for (const faults of [m.faults, m.database.faults]) faults.set('clock', 0);
}

function shownCertificate(port) {
	return new Promise((resolve) => {
		const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => {
			resolve(socket.getPeerX509Certificate().fingerprint256);
			socket.destroy();
		});
		socket.on('error', () => resolve(''));
	});
}

async function stopAll(pids, signal) {
	for (const pid of pids) {
		try {
			process.kill(pid, signal);
		} catch { /* it has ended meanwhile */ }
	}
}

export const KINDS = {
	'server killed': {
		may: { unavailable: true },
		async run(m) {
			const before = m.server.starts;
			await m.server.end('SIGKILL');
			await until('the server is started again', () => m.server.starts > before);
			await m.untilAnswers();
		},
	},
	'server restarted': {
		may: { unavailable: true },
		async run(m) {
			const before = m.server.starts;
			const how = await m.server.end('SIGTERM');
			if (how !== 0) throw new Error(`the server ended with ${how}`);
			await until('the server is started again', () => m.server.starts > before);
			await m.untilAnswers();
		},
	},
	'server stopped for a while': {
		may: { unavailable: true },
		async run(m, dice) {
			m.server.signal('SIGSTOP');
			await sleep(between(dice, 200, 1500));
			m.server.signal('SIGCONT');
		},
	},
	'backend killed': {
		may: { unavailable: true },
		async run(m, dice) {
			const pids = await m.database.sql(`SELECT pid FROM pg_stat_activity WHERE ${ours}`);
			const before = await checkpointer(m);
			process.kill(Number(pick(dice, pids)), 'SIGKILL');
			await until('PostgreSQL has begun anew', async () => ![before, ''].includes(await checkpointer(m)));
		},
	},
	'backends ended': {
		may: { unavailable: true },
		run: (m) => m.database.sql(`SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE ${ours}`),
	},
	'postmaster killed': {
		may: { unavailable: true },
		async run(m) {
			await m.database.part.end('SIGKILL');
			await m.database.untilAccepts();
		},
	},
	'PostgreSQL restarted': {
		may: { unavailable: true },
		async run(m, dice) {
			await m.database.part.end(pick(dice, ['SIGINT', 'SIGQUIT']));
			await m.database.untilAccepts();
		},
	},
	'disk full': {
		may: { unavailable: true, panic: true },
		async run(m, dice) {
			await withFault(m.database.faults, 'diskFull', 1, between(dice, 300, 1200));
			await m.database.untilAccepts();
		},
	},
	'disk of media full': {
		may: { mediaFull: true },
		run: (m, dice) => withFault(m.faults, 'diskFull', 1, between(dice, 300, 1200)),
	},
	'PostgreSQL stopped for a while': {
		may: { unavailable: true },
		async run(m, dice) {
			const pids = await m.database.pids();
			await stopAll(pids, 'SIGSTOP');
			await sleep(between(dice, 300, 1500));
			await stopAll(pids, 'SIGCONT');
		},
	},
	'PostgreSQL stopped beyond patience': {
		may: { unavailable: true },
		slow: true,
		async run(m) {
			const pids = await m.database.pids();
			await stopAll(pids, 'SIGSTOP');
			await sleep(13_000);
			await stopAll(pids, 'SIGCONT');
		},
	},
	'clock jumps forward and back': {
		may: { clock: true, unavailable: true }, // what is being uploaded is taken for a leftover
		run: (m, dice) => clockJump(m, between(dice, 1, JUMP_MOST) * HOURS, between(dice, 300, 1500)),
	},
	'clock jumps back and forward': {
		may: { clock: true, unavailable: true }, // what is being uploaded is taken for a leftover
		run: (m, dice) => clockJump(m, -between(dice, 1, JUMP_MOST) * HOURS, between(dice, 300, 1500)),
	},
	'slow disk': {
		may: {},
		run: (m, dice) => withFault(m.database.faults, 'flushDelay', between(dice, 50_000, 400_000), between(dice, 500, 2000)),
	},
	'nginx restarted': {
		may: { network: true },
		async run(m, dice) {
			await m.front.end(pick(dice, ['SIGTERM', 'SIGQUIT']));
			await m.front.start();
		},
	},
	'certificate exchanged': {
		may: { network: true }, // an old worker ends with its idle connections, which may be a while later
		async run(m) {
			const old = m.front.workers();
			const wanted = new X509Certificate(m.front.renew()).fingerprint256;
			await until('the new certificate is shown', async () => (await shownCertificate(m.port)) === wanted);
			await until('the old workers are gone', () => !m.front.workers().some((pid) => old.includes(pid)));
		},
	},
};
