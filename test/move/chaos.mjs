// The same way, while something is killed at a random moment of each step: the command, `follow`, the server, or all
// processes of either PostgreSQL; or the line to the project is cut or slow for a while. Then the same command again, and in the end everything is as if nothing had happened.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { everyWriteOnce, everybodyIsSignedIn, inCharge, sameRows } from './judge.mjs';
import { people } from './people.mjs';
import { soon } from './world.mjs';

const PAUSE_MS = 150;
const TRIES = 8;
const LIFE_MS = 1200;
const HELD_MS = 500;
const STUCK_MS = 150000; // beyond all that a command waits for
const BROKEN_MS = 9000; // how long a line is cut or slow at most: longer than the keep-alives

// Numbers from a seed, so that a run can be had again as far as its moments go.
function dice(seed) {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let t = Math.imul(state ^ (state >>> 15), state | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	};
}

// Each step: its name, the command or nothing (life goes on), who may be hit beside the line, the side in charge after it.
const STEPS = [
	['import', (w) => ['import', '--source', w.sourceUrl], ['command', 'source', 'target', 'server'], 'there'],
	['follow', null, ['follow', 'source', 'target', 'server'], 'there'],
	['verify', (w) => ['verify', '--source', w.sourceUrl], ['command', 'source', 'target', 'follow'], 'there'],
	['cutover', () => ['cutover'], ['command', 'source', 'target', 'server', 'follow'], 'here'],
	['reverse', null, ['follow', 'source', 'target', 'server'], 'here'],
	['rollback', () => ['rollback'], ['command', 'source', 'target', 'server', 'follow'], 'there'],
	['follow again', null, ['follow', 'source', 'target', 'server'], 'there'],
	['cutover again', () => ['cutover'], ['command', 'source', 'target', 'server', 'follow'], 'here'],
	['archive', (w) => ['archive', '--to', join(w.work, `archive-${w.name}`)], ['command', 'source', 'target'], null],
];

// What a world looked like at the end, beyond what every one must.
class Chaos {
	constructor(world, roll, say) {
		Object.assign(this, { world, roll, say, usual: new Map(), moments: 0, again: 0 });
	}

	// Kills it; what has died is started again, after a while like a machine's.
	async hit(victim, command) {
		const { world } = this;
		this.moments++;
		if (victim === 'command') return command?.kill('SIGKILL');
		if (victim === 'follow') return world.follower.crash();
		if (victim === 'line') return this.roll() < 0.5 ? world.line.cut(this.roll() * BROKEN_MS) : world.line.slow(this.roll() * BROKEN_MS);
		await world[victim].crash();
		await sleep(this.roll() * 500);
		return world[victim].start();
	}

	// At a moment of what usually takes so long. Resolves when whatever was killed is there again.
	async hitWithin(victim, usual, command) {
		const after = this.roll() * usual;
		await sleep(after);
		this.note = `${victim} after ${Math.round(after)} of about ${Math.round(usual)} ms`;
		await this.hit(victim, command);
	}

	// At a moment while requests are held: the shortest part of a switch, and the one that counts.
	async hitWhileHeld(victim, command) {
		const after = this.roll() * HELD_MS;
		const isHeld = async () => (await this.world.here('SELECT state FROM supabase_move.gate').catch(() => [{}]))[0].state === 'held';
		while (!command.ended && !(await isHeld())) await sleep(5);
		await sleep(after);
		this.note = `${victim} ${Math.round(after)} ms after the hold`;
		await this.hit(victim, command);
	}

	hurt(name, victim, command) {
		const switches = /cutover|rollback/.test(name);
		return switches && this.roll() < 0.6 ? this.hitWhileHeld(victim, command)
			: this.hitWithin(victim, this.usual.get(name) ?? 2500, command);
	}

	// The command until it has done it. What dies the first time: `victims`, one; sometimes another one the next time.
	async command(name, args, victims) {
		const tries = [];
		for (let i = 0; i < TRIES; i++) {
			const began = Date.now();
			const command = this.world.run(...args);
			const hurt = victims[i] ? this.hurt(name, victims[i], command) : null;
			const { status, out } = await this.ended(name, command);
			await hurt;
			if (/Sanitizer|runtime error/.test(out)) throw new Error(out);
			if (status === 0 && !hurt) this.usual.set(name, Date.now() - began);
			if (status === 0) return;
			this.again++;
			tries.push(`${this.note}: ${status}: ${out.trim()}`);
		}
		throw new Error(`${name} does not come to an end:\n${tries.join('\n')}\nfollow: ${this.world.follower.last ?? ''}`);
	}

	// A command that does not come to an end is a failure, with all there is to find out why.
	async ended(name, command) {
		const ways = [];
		const timer = setTimeout(async () => {
			ways.push(await this.world.story());
			command.kill();
		}, STUCK_MS);
		const result = await command.done;
		clearTimeout(timer);
		if (ways.length) throw new Error(`${name} hangs (${this.note}): ${ways}\n${result.out}`);
		return result;
	}

	async life(crowd, victims) {
		for (const victim of victims) await this.hitWithin(victim, LIFE_MS);
		await this.goesOn(crowd);
	}

	async goesOn(crowd) {
		const before = crowd.progress();
		await soon(() => crowd.progress() > before + 2, 'people go on writing').catch(async (error) => {
			throw new Error(`${error.message} (${this.note}): ${crowd.story()}\n${await this.world.story()}`);
		});
	}

	// One way; victims: of each step by its name, in their order. Steps without a list are left out.
	async way(name, victims) {
		const { world } = this;
		await world.begin(name);
		await world.server.start();
		const crowd = people(world.server.url, world.projects.anonKey, { first: 41, old: 3, anew: 1 });
		await crowd.signIn();
		crowd.start(PAUSE_MS);
		for (const [step, args, , side] of STEPS.filter(([name]) => victims[name])) {
			if (step === 'archive') await this.settled(crowd);
			if (args) await this.command(step, args(world), victims[step]);
			else await this.life(crowd, victims[step]);
			if (step === 'import') {
				world.follower.start();
				await world.arrived();
				crowd.join(PAUSE_MS);
			}
			if (side && step !== 'import') await inCharge(world, side);
			if (side) await this.goesOn(crowd);
		}
		await (victims.archive ? this.archived(crowd) : this.settled(crowd));
		const problems = await world.end();
		if (problems.length) throw new Error(problems.join('\n'));
	}

	// Nobody writes any more: both sides are the same.
	async settled(crowd) {
		await crowd.stop();
		await this.world.follower.stop();
		await this.world.must('follow', '--once');
		await sameRows(this.world);
		const writes = await everyWriteOnce(this.world, crowd.log);
		this.say(`${writes} writes, ${crowd.log.unsure.size} without an answer, ${crowd.log.failures.length} calls failed`);
	}

	async archived(crowd) {
		const { world } = this;
		assert.ok(JSON.parse(readFileSync(join(world.work, `archive-${world.name}/manifest.json`))));
		const [{ left }] = await world.here("SELECT to_regclass('auth.users') IS NOT NULL OR in_use AS left FROM supabase_move.gate");
		assert.equal(left, false);
		await assert.rejects(world.there("UPDATE public.profiles SET bio = 'late'"), { code: '25006' });
		assert.deepEqual(await world.there('SELECT slot_name FROM pg_replication_slots WHERE database = current_database()'), []);
		await everyWriteOnce(world, crowd.log, ['here']);
		await everybodyIsSignedIn(crowd);
	}
}

// Ways until so many moments have been; each is a check of its own. `only`: the victims of each way, by step.
export async function chaos(check, world, { moments, seed, only = null }) {
	const roll = dice(seed);
	const it = new Chaos(world, roll, (text) => console.log(`      ${text}`));
	const pick = (list) => list[Math.floor(roll() * list.length)];
	let failures = 0;

	console.log(`chaos: seed ${seed}`);
	for (let i = 0; it.moments < moments && failures < 3; i++) {
		const some = (who) => (roll() < 0.4 ? [pick(who), pick(who)] : [pick(who)]);
		const all = (who) => (world.line ? [...who, 'line'] : who);
		const victims = only ? only[i] : Object.fromEntries(STEPS.map(([step, , who]) => [step, some(all(who))]));
		const text = Object.entries(victims).map(([step, who]) => `${step}: ${who.join(' and ')}`).join(', ');
		const good = await check(`killed while it moves (${text})`, () => it.way(`chaos_${seed}_${i}`, victims));
		it.say(`${it.moments} moments so far, ${it.again} commands run again`);
		if (!good) failures++;
		if (!good) await world.end();
	}
}
