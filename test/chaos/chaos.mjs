// Faults while people write: none of what was acknowledged is lost or there twice, and all is well soon after.
//
//   node chaos.mjs [--faults N] [--seed S]      every quick kind once, or N by the dice
//
// A seed means the same faults again; when they strike is the machine's.
// SOJORN_BIN: the program; more of the environment: onMachine().
// One result a check; last line: "N passed, M failed".
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { suite } from '../harness/check.mjs';
import { judge } from './judge.mjs';
import { KINDS } from './kinds.mjs';
import { PASSWORD, client, load } from './load.mjs';
import { onMachine, until } from './machine.mjs';

const PEOPLE = 6;
const POSTS = 4; // of each
const BACK_MS = 20_000; // generous: what is usual is printed
const OUTBOX_MS = 180_000; // a job is tried again after 1, 2, 4, … s, and one of a jumped clock after 10
const CALM_MS = 500; // so long without a failure it is over
const AFTERWARDS_MS = 300; // from then on each is one too many
const JUDGED_EACH = 25;

const { values: options } = parseArgs({ options: { faults: { type: 'string' }, seed: { type: 'string' } } });
const seed = Number(options.seed ?? (options.faults ? Math.floor(Math.random() * 2 ** 31) : 1));
const { check, end } = suite('chaos');

// mulberry32
let state = seed;
function dice() {
	state = (state + 0x6d2b79f5) | 0;
	let t = Math.imul(state ^ (state >>> 15), 1 | state);
	t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
	return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

// The kinds of this run, in its order.
function plan() {
	const names = Object.keys(KINDS);
	if (options.faults) return Array.from({ length: Number(options.faults) }, () => names[Math.floor(dice() * names.length)]);
	const quick = names.filter((name) => !KINDS[name].slow);
	for (let i = quick.length - 1; i > 0; i--) {
		const other = Math.floor(dice() * (i + 1));
		[quick[i], quick[other]] = [quick[other], quick[i]];
	}
	return quick;
}

let may = {};
let jumped = false;
const said = new Set();
let told = {};
let lastFailure = 0;

function complain(text) {
	if (said.size < 40) said.add(text);
}

function count(code) {
	told[code] = (told[code] ?? 0) + 1;
	lastFailure = performance.now();
}

// Somebody who asks all the time, so that it is known from when on a write succeeds.
async function makeProbe(m, email, post) {
	const { send, close } = client({ port: m.port, ca: m.front.ca });
	const signIn = async () => {
		const { json } = await send('POST', '/auth/login', { body: { email, password: PASSWORD } });
		return json?.access_token;
	};
	let token = await signIn();
	// Milliseconds from now to the end of the first write that was begun after now.
	async function back() {
		const gone = performance.now();
		let first = 0;
		while (!first && performance.now() - gone < 2 * BACK_MS) {
			send('POST', `/posts/${post}/save`, { token }).then(async ({ status }) => {
				if (status === 401) token = await signIn() ?? token;
				if (status === 200 && !first) first = performance.now();
			});
			await sleep(25);
		}
		return first ? first - gone : Infinity;
	}
	return { back, close };
}

// Friends all of them, who have written something to write about.
function makeWorld(m) {
	const world = {
		posts: [],
		async prepare(people) {
			const all = people.flatMap((a) => people.filter((b) => b !== a).map((b) => `('${a.id}', '${b.id}', 'accepted')`));
			await m.database.sql(`INSERT INTO sojorn.follows (follower_id, following_id, status) VALUES ${all.join(', ')}
				ON CONFLICT (follower_id, following_id) DO UPDATE SET status = 'accepted'`);
			for (const [i, me] of people.entries()) {
				const other = people[(i + 1) % people.length];
				const { json } = await me.send('GET', `/conversation?other_user_id=${other.id}`, { token: me.access });
				me.conversation = json.conversation_id;
				for (let n = 0; n < POSTS; n++) {
					const made = await me.send('POST', '/posts', { token: me.access, body: { body: `what there is ${n}`, visibility: 'public' } });
					world.posts.push(made.json.post.id);
				}
			}
		},
	};
	return world;
}

async function settle(m, people) {
	await people.rest();
	await until('the outbox is empty', async () => (await m.database.sql(
		`SELECT count(*) FROM sojorn.outbox WHERE next_try_at < 'infinity'`))[0] === '0', OUTBOX_MS);
}

function mails(m) {
	return readdirSync(join(m.work, 'mail')).map((name) => readFileSync(join(m.work, 'mail', name), 'utf8'));
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

async function one(m, probe, name, figures) {
	const kind = KINDS[name];
	said.clear();
	told = {};
	jumped ||= Boolean(kind.may.clock);
	may = kind.may;
	await kind.run(m, dice);
	const ms = await probe.back();
	const good = performance.now();
	await until('nobody is refused any more', () => performance.now() - Math.max(lastFailure, good) > CALM_MS);
	may = {};
	await sleep(AFTERWARDS_MS);
	(figures[name] ??= { ms: [], told: {} }).ms.push(ms);
	for (const [code, n] of Object.entries(told)) figures[name].told[code] = (figures[name].told[code] ?? 0) + n;
	if (ms > BACK_MS) said.add(`back after ${Math.round(ms)} ms`);
	if (said.size) throw new Error([...said].join('\n'));
}

async function judged(m, people, name) {
	await check(name, async () => {
		await settle(m, people);
		const found = await judge(m, people.ledger, mails(m));
		if (found.length) throw new Error(found.slice(0, 30).join('\n'));
	});
}

async function session(m) {
	const emails = await m.database.sql(`SELECT u.email FROM sojorn.users u JOIN sojorn.profiles a ON a.id = u.id
		WHERE a.is_live AND u.status = 'active' ORDER BY u.created_at, u.id LIMIT ${PEOPLE + 1}`);
	const world = makeWorld(m);
	const people = await load({ port: m.port, ca: m.front.ca }, emails.slice(1), world,
		{ mood: () => may, clockHasJumped: () => jumped, complain, count });
	const probe = await makeProbe(m, emails[0], world.posts[0]);
	const figures = {};
	const names = plan();
	people.go();
	for (const [i, name] of names.entries()) {
		await check(`${i + 1} ${name}`, () => one(m, probe, name, figures));
		if ((i + 1) % JUDGED_EACH && i + 1 < names.length) continue;
		await judged(m, people, `after ${i + 1} faults nothing acknowledged is lost or twice`);
		people.go();
	}
	await people.end();
	probe.close();
	for (const [name, { ms, told: codes }] of Object.entries(figures)) {
		const failures = Object.entries(codes).map(([code, n]) => `, ${n} ${code}`).join('');
		console.log(`      ${name}: ${ms.length} times, back after ${median(ms).toFixed(0)} ms, at most ${Math.max(...ms).toFixed(0)}${failures}`);
	}
	console.log(`      ${people.writes()} writes, ${people.signIns()} sessions began anew, ${m.database.deadlocks()} deadlocks`);
}

console.log(`      --seed ${seed}`);
await onMachine('chaos', check, session, { tolerated: () => Boolean(may.panic) });
end();
