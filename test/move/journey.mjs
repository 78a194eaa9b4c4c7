// The whole way there, back, there again and to the end, while people with the old app's own library and with the new app
// go on reading and writing through the gateway.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BIN } from './cluster.mjs';
import { everyWriteOnce, everybodyIsSignedIn, inCharge, sameRows } from './judge.mjs';
import { people } from './people.mjs';
import { soon } from './world.mjs';

const PAUSE_MS = 60;
const TRIES = 3;
const MOMENT_MS = 1500; // of life on each side

// The median of all calls, and the longest of those that were under way in this time.
function waits(log, from, to) {
	const all = log.calls.map(({ ms }) => ms).sort((a, b) => a - b);
	const during = log.calls.filter(({ began, ms }) => began + ms >= from && began <= to);
	const longest = Math.max(0, ...during.map(({ ms }) => ms));
	return { calls: during.length, median: all[all.length >> 1], longest, added: longest - all[all.length >> 1] };
}

// What the old servers write that no gateway sees: until the database refuses.
async function churn(world, seconds) {
	const child = spawn('sh', ['../supabase/churn/run', world.source.url(world.name), '40', String(seconds)],
		{ env: { ...process.env, PG_BIN: BIN }, stdio: 'ignore' });
	const ended = once(child, 'exit');
	return async () => {
		child.kill('SIGTERM');
		await ended;
	};
}

// The command, and once or twice more where a busy machine did not let it end in time: nobody is refused by that.
async function again(world, args) {
	for (let tries = 1;; tries++) {
		try {
			return await world.must(...args);
		} catch (error) {
			if (tries === TRIES) throw error;
			console.log(`      again: ${error.message.split('\n')[0].slice(0, 300)}`);
			await sleep(1000);
		}
	}
}

// A command while people go on; { held_ms } as it says itself, and what people felt.
async function switched(world, crowd, ...args) {
	const from = Date.now();
	const { held_ms, steps } = JSON.parse((await again(world, [...args, '--json'])).trim().split('\n').at(-1));
	await sleep(500); // for the answers to those who waited
	const felt = waits(crowd.log, from, Date.now());
	console.log(`      ${args.join(' ')}: requests held ${held_ms} ms, ${felt.calls} calls, median ${felt.median} ms, longest wait added ${felt.added} ms`);
	return { held_ms, steps, ...felt };
}

export async function journey(checked, world) {
	let broken = false;
	const check = async (name, run) => (broken ||= !(await checked(name, broken ? () => assert.fail('what comes before it has failed') : run)));
	await world.begin('journey');
	await world.server.start();
	const crowd = people(world.server.url, world.projects.anonKey);
	const live = async (side) => {
		const before = crowd.progress();
		await sleep(MOMENT_MS);
		await soon(() => crowd.progress() > before + 5, 'people go on writing');
		await inCharge(world, side);
	};

	await check('people use the old app through the gateway while everything is copied', async () => {
		await crowd.signIn();
		crowd.start(PAUSE_MS);
		const end = await churn(world, 600);
		await world.must('import', '--source', world.sourceUrl);
		world.follower.start();
		await world.arrived();
		crowd.join(PAUSE_MS);
		await live('there');
		await world.must('verify', '--source', world.sourceUrl);
		await switched(world, crowd, 'cutover', '--dry-run');
		await live('there');
		await end();
	});
	await check('this side takes over', async () => {
		await switched(world, crowd, 'cutover');
		await live('here');
	});
	await check('the project takes back what was written meanwhile', async () => {
		await switched(world, crowd, 'rollback');
		await live('there');
		await everyWriteOnce(world, crowd.log, ['there']);
		await everybodyIsSignedIn(crowd);
	});
	await check('this side takes over again, and both have the same rows', async () => {
		await switched(world, crowd, 'cutover');
		await live('here');
		await crowd.stop();
		await everybodyIsSignedIn(crowd);
		await world.follower.stop();
		await world.must('follow', '--once');
		console.log(`      ${await sameRows(world)} tables are the same`);
	});
	await check('nobody was refused, nothing was lost, everybody is still signed in', async () => {
		assert.deepEqual(crowd.log.failures, []);
		assert.equal(crowd.log.unsure.size, 0);
		console.log(`      ${crowd.log.calls.length} calls, ${await everyWriteOnce(world, crowd.log)} writes, 0 failed`);
	});
	await check('the project is archived, and stays closed', async () => {
		await world.must('archive', '--to', join(world.work, 'archive'));
		assert.ok(JSON.parse(readFileSync(join(world.work, 'archive/manifest.json'))));
		const [{ left }] = await world.here("SELECT to_regclass('auth.users') IS NOT NULL OR in_use AS left FROM supabase_move.gate");
		assert.equal(left, false);
		await everybodyIsSignedIn(crowd);
		assert.deepEqual(crowd.log.failures, []);
		await assert.rejects(world.there("UPDATE public.profiles SET bio = 'late'"), { code: '25006' });
		assert.deepEqual(await world.there("SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"), []);
	});
	await check('the server has ended well', async () => assert.deepEqual(await world.end(), []));
}
