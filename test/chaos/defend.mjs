// Attacks, and what others notice of them: how long they wait, what they are refused, what memory the server takes.
//
//   node defend.mjs [--attack TEXT] [--seconds N]
//
// Each attack comes from addresses of its own and at the lowest priority, since a stranger has a machine of his own;
// before it the same is measured in calm. Prints a table for docs/hardening.md; environment as for chaos.mjs.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { suite } from '../harness/check.mjs';
import { ATTACKS } from './attacks.mjs';
import { PASSWORD } from './load.mjs';
import { onMachine } from './machine.mjs';
import { others } from './others.mjs';

const run = promisify(execFile);
const SCRIPT = new URL('attacks.mjs', import.meta.url).pathname;
const PEOPLE = 10;
const STRANGERS = 8;
const RESETS = 100_000;
const AS_DEBIAN_HAS_IT = { workers: 2, connections: 768 };
const LOWEST = ['-n', '39']; // 19, from wherever we are
const P99_TIMES = 2;
const MEMORY_MB = 10;

const { values: options } = parseArgs({ options: { attack: { type: 'string', default: '' }, seconds: { type: 'string', default: '15' } } });
const SECONDS = Number(options.seconds);
const { check, end } = suite('defend');

// The four modes of slowhttptest: slow headers, slow bodies, overlapping ranges, slow reading. -l: seconds.
const SLOW = { 'slow headers': ['-H'], 'slow bodies': ['-B', '-t', 'POST'], 'ranges': ['-R'], 'slow reading': ['-X', '-w', '10', '-y', '20', '-z', '5', '-k', '3'] };

function slow(arguments_, where) {
	return async (at) => {
		const url = where === 'front' ? `https://127.0.0.1:${at.port}/api/v1/feed` : `http://127.0.0.1:${at.upstream}/api/v1/feed`;
		const { stdout } = await run('nice', [...LOWEST, 'slowhttptest', ...arguments_, '-c', '1000', '-r', '200', '-i', '5', '-l', String(SECONDS), '-u', url],
			{ maxBuffer: 1 << 26, env: { ...process.env, TERM: 'dumb' } }).catch((error) => error);
		const plain = String(stdout).replace(/\x1b\[[\d;]*[A-Za-z]/g, '');
		const numbers = (name) => [...plain.matchAll(new RegExp(`${name}: *(\\d+)`, 'g'))].map(([, n]) => Number(n));
		return { 'connections at most': Math.max(0, ...numbers('connected')), closed: numbers('closed').at(-1) ?? 0 };
	};
}

function byScript(name) {
	return async (at) => {
		const limit = name.startsWith('resets') ? { times: RESETS } : { seconds: SECONDS };
		const { stdout } = await run('nice', [...LOWEST, process.execPath, SCRIPT, name, JSON.stringify({ ...at, ...limit })]);
		return JSON.parse(stdout);
	};
}

const attacks = Object.fromEntries([
	...Object.entries(SLOW).flatMap(([name, list]) => ['front', 'server'].map((where) =>
		[`${name}, ${where === 'front' ? 'proxy' : 'server'}`, slow(list, where)])),
	...Object.keys(ATTACKS).map((name) => [name, byScript(name)]),
].filter(([name]) => name.includes(options.attack)));

const residentMb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;

// The most memory until `during` ends.
async function watchMemory(pid, during) {
	let most = residentMb(pid);
	let over = false;
	during.finally(() => (over = true)).catch(() => {});
	while (!over) {
		most = Math.max(most, residentMb(pid));
		await sleep(50);
	}
	return most;
}

async function tokens(m, emails) {
	const found = [];
	for (const email of emails) {
		const reply = await fetch(`http://127.0.0.1:${m.upstream}/api/v1/auth/login`, {
			method: 'POST', headers: { 'content-type': 'application/json', 'x-forwarded-for': `127.0.4.${found.length + 1}` },
			body: JSON.stringify({ email, password: PASSWORD }),
		});
		found.push((await reply.json()).access_token);
	}
	return found;
}

async function one(m, people, at, name) {
	const calm = await people.observe(SECONDS);
	const before = residentMb(m.server.pid);
	const attack = attacks[name](at);
	const during = people.observe(SECONDS); // resets may last longer
	const most = await watchMemory(m.server.pid, Promise.all([attack, during]));
	return { name, told: await attack, calm, during: await during, memory: most - before };
}

const figure = (ms) => ms.toFixed(1);
const list = (counts) => Object.entries(counts).map(([what, n]) => `${n} ${what}`).join(', ') || 'none';

function judge({ calm, during, memory }) {
	const problems = [];
	if (during.p99 > P99_TIMES * calm.p99) problems.push(`others' p99 is ${(during.p99 / calm.p99).toFixed(1)} times that of before`);
	if (memory > MEMORY_MB) problems.push(`the server took ${memory.toFixed(1)} MB more`);
	if (Object.keys(during.failures).length) problems.push(`others were told ${list(during.failures)}`);
	return problems.join('\n');
}

async function session(m) {
	const emails = await m.database.sql(`SELECT u.email FROM sojorn.users u JOIN sojorn.profiles a ON a.id = u.id
		WHERE a.is_live AND u.status = 'active' ORDER BY u.created_at, u.id LIMIT ${PEOPLE + STRANGERS}`);
	const people = await others({ port: m.port, ca: m.front.ca }, emails.slice(0, PEOPLE));
	const at = { port: m.port, upstream: m.upstream, emails, tokens: await tokens(m, emails.slice(PEOPLE)) };
	const rows = [];
	await people.observe(SECONDS); // warms up
	for (const name of Object.keys(attacks))
		await check(name, async () => {
			const found = await one(m, people, at, name);
			const { calm, during, memory, told } = found;
			rows.push(`| ${name} | ${list(told)} | ${figure(calm.p50)}, ${figure(calm.p99)} | ${figure(during.p50)}, ${figure(during.p99)} | ` +
				`${(during.p99 / calm.p99).toFixed(2)} | ${list(during.failures)} | ${memory.toFixed(1)} |`);
			console.log(rows.at(-1));
			const problem = judge(found);
			if (problem) throw new Error(problem);
		});
	people.close();
	console.log(`\n| attack | what it was told | calm: p50, p99 ms | meanwhile | times | failures of others | MB more |
| --- | --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`);
}

await onMachine('defend', check, session, { settings: { RATE_LIMITS: 'on', TRUSTED_PROXIES: '127.0.0.1' }, nginx: AS_DEBIAN_HAS_IT });
end();
