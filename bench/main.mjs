// The stages of a bench; bench/run has started PostgreSQL. Each stage keeps what it found in
// build/bench/results/, so that one can be measured again without the others.
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import * as bundles from './bundles.mjs';
import { compare, replies } from './compare.mjs';
import * as crowds from './crowds.mjs';
import * as database from './database.mjs';
import { RUNS, SECONDS, measure, saturate } from './measure.mjs';
import { SERVICES, push, startService } from './push.mjs';
import { writeReport } from './report.mjs';
import { SERVERS, start, stop } from './servers.mjs';
import { readStatements } from './statements.mjs';
import { describeMachine, idleCpu, median, memoryOf, noise, sleep } from './system.mjs';
import * as targets from './targets.mjs';
import { PLACES, upload } from './upload.mjs';

const RESULTS = 'build/bench/results';
const LARGE = 'large';
const OURS = 'sojorn, 1 loop';
const CROWDED = process.env.BENCH_DATA ?? LARGE;
const DEEP = 1000;

// ---- parts ----

const known = {};
const targetsOf = (name) => (known[name] ??= targets.readTargets(name));

function keep(stage, result) {
	writeFileSync(`${RESULTS}/${stage}.json`, JSON.stringify(result, null, '\t'));
}

// What else keeps the machine busy, as a part of its cores, before a stage begins.
async function otherWork() {
	const before = idleCpu();
	await sleep(2000);
	return 1 - (idleCpu() - before) / (2e6 * cpus().length);
}

function recall() {
	return Object.fromEntries(readdirSync(RESULTS).map((file) => [file.replace('.json', ''), JSON.parse(readFileSync(`${RESULTS}/${file}`))]));
}

// Runs a server for the time of `use`.
async function withServer(name, data, use, settings) {
	const server = await start(name, data, targetsOf(data).probe, settings);
	try {
		return await use(server);
	} finally {
		await stop(server);
	}
}

function tell(what, result) {
	const { peak, steady } = result;
	console.error(`${what}: ${peak.rate.toFixed(0)}/s, ${peak.server.toFixed(1)} + ${peak.postgres.toFixed(1)} us; ` +
		`at 70 %: p50 ${(steady.p50 / 1000).toFixed(2)}, p99 ${(steady.p99 / 1000).toFixed(2)} ms; errors ${peak.errors + steady.errors}`);
}

// The ranked feed is empty until the server's job has scored the posts, which it does when it is due.
async function scoresAreThere(data) {
	for (let i = 0; i < 120; i++) {
		if (database.sql(data, 'SELECT 1 FROM sojorn.post_feed_scores LIMIT 1').length)
			return;
		if (i === 0)
			database.sql(data, "UPDATE sojorn.periodic_jobs SET next_run_at = now() WHERE name = 'feed_score_all'");
		await sleep(1000);
	}
	throw new Error('no post has a score after two minutes');
}

// One route on every server, and its statement by pgbench.
async function compareServers(route, names = Object.keys(SERVERS), before = () => {}) {
	const t = targetsOf(LARGE);
	const file = targets.writeRequests(t, route);
	const out = { servers: {} };
	for (const name of names) {
		out.servers[name] = await withServer(name, LARGE, (server) => measure(server, file, before));
		tell(`${route}, ${name}`, out.servers[name]);
	}
	const statement = targets.STATEMENTS[route];
	if (statement) {
		const text = readStatements('app')[statement.name];
		out.pgbench = database.measureStatement(LARGE, text, statement.params, targets.statementTargets(t, route),
			{ seconds: SECONDS, runs: RUNS, file: 'build/bench/pgbench.sql' });
	}
	return out;
}

// ---- stages ----

function seed() {
	return database.prepareDatabases();
}

// Some replies of each route, on all servers.
async function check() {
	const t = targetsOf(LARGE);
	const requests = ['profile', 'personal', 'nearby', 'search'].flatMap((route) => targets.REQUESTS[route](t).slice(0, 25));
	targets.forgetOrders(LARGE);
	let ours = await withServer(OURS, LARGE, async (server) => {
		await scoresAreThere(LARGE);
		const ranked = readFileSync(await targets.writeRankedPages(t, server, 5), 'utf8').trim().split('\n');
		requests.push(...ranked.map((line) => line.split('\t')));
		return replies(server, requests);
	});
	const ask = (name) => withServer(name, LARGE, (server) => replies(server, requests));
	for (const name of Object.keys(SERVERS).filter((n) => n !== OURS)) {
		const theirs = await ask(name);
		const after = await ask(OURS);
		compare(name, theirs, ours, after);
		ours = after;
	}
	return { replies: requests.length };
}

async function startup() {
	const out = {};
	for (const name of Object.keys(SERVERS)) {
		const times = [];
		let idle;
		for (let i = 0; i < 5; i++)
			await withServer(name, LARGE, async (server) => {
				times.push(server.started);
				idle = memoryOf(server.pid);
			});
		out[name] = { ms: median(times), noise: noise(times), idle };
		console.error(`${name}: ${out[name].ms.toFixed(0)} ms to the first 200, ${idle.rss.toFixed(1)} MB`);
	}
	return { servers: out };
}

async function ranked() {
	const t = targetsOf(LARGE);
	const out = { servers: {} };
	let file;
	targets.forgetOrders(LARGE);
	await withServer(OURS, LARGE, async (server) => {
		await scoresAreThere(LARGE);
		file = await targets.writeRankedPages(t, server);
	});
	for (const name of Object.keys(SERVERS)) {
		out.servers[name] = await withServer(name, LARGE, (server) => measure(server, file, () => targets.renewOrders(LARGE)));
		tell(`ranked, ${name}`, out.servers[name]);
	}
	return out;
}

// Making an order: sojorn only, as the peers read orders and make none. What people were shown before is
// forgotten, or they would have seen the best of the week within the run.
function first() {
	const ours = Object.keys(SERVERS).filter((name) => name.startsWith('sojorn'));
	return compareServers('first', ours, () => targets.forgetOrders(LARGE));
}

// A request's cost with few connections, so that waiting is no part of it.
async function costs(data) {
	const t = targetsOf(data);
	targets.forgetOrders(data);
	return withServer(OURS, data, async (server) => {
		await scoresAreThere(data);
		const out = {};
		const rankedFile = await targets.writeRankedPages(t, server);
		out.ranked = saturate(server, rankedFile, { connections: 4 });
		for (const route of ['personal', 'nearby', 'search', 'first']) {
			targets.forgetOrders(data);
			out[route] = saturate(server, targets.writeRequests(t, route), { connections: 4 });
		}
		return out;
	});
}

async function growth() {
	const out = {};
	for (const data of ['small', LARGE]) {
		out[data] = await costs(data);
		for (const [route, c] of Object.entries(out[data]))
			console.error(`${route}, ${data}: ${(c.server + c.postgres).toFixed(0)} us of CPU, ${c.bytes} bytes`);
	}
	return out;
}

async function pages() {
	return withServer(OURS, LARGE, async (server) => {
		const files = await targets.writeDeepPages(targetsOf(LARGE), server, DEEP);
		const out = { page: DEEP, first: saturate(server, files.first, { connections: 4 }), deep: saturate(server, files.deep, { connections: 4 }) };
		console.error(`page 1: ${(out.first.server + out.first.postgres).toFixed(0)} us, page ${DEEP}: ${(out.deep.server + out.deep.postgres).toFixed(0)} us`);
		return out;
	});
}

// A stage about a crowd: the server with two loops, as it would be run.
function withCrowd(use, settings) {
	const made = crowds.makeCrowds(CROWDED);
	return withServer('sojorn, 2 loops', CROWDED, (server) => use(server, targetsOf(CROWDED), made), settings);
}

// Each of these requests writes. The race asks until a fifth of the fetches find no key left.
async function keys() {
	const small = 'small';
	const fetches = Number(process.env.BENCH_FETCHES ?? 100_000);
	database.prepareDatabases([small]);
	const { viewers } = targetsOf(small);
	const file = 'build/bench/small-bundles.txt';
	const out = { servers: {} };
	for (const name of Object.keys(SERVERS).filter((n) => n.startsWith('sojorn'))) {
		const owners = bundles.makeKeys(small, 500);
		bundles.writeBundleRequests(file, owners, viewers);
		out.servers[name] = await withServer(name, small, (server) => measure(server, file));
		tell(`bundles, ${name}`, out.servers[name]);
	}
	const owners = bundles.makeKeys(small, Math.ceil(fetches / 1000 * 0.8));
	out.race = await withServer('sojorn, 2 loops', small, (server) => bundles.race(server.port, owners, viewers, fetches));
	out.race.used = bundles.usedKeys(small);
	console.error(`race: ${JSON.stringify(out.race)}`);
	if (out.race.twice || out.race.failed || out.race.used !== out.race.served)
		throw new Error('a key was handed out twice, or used up for nobody');
	return out;
}

async function pushes() {
	const out = {};
	for (const name of Object.keys(SERVICES)) {
		const service = await startService(name);
		try {
			out[name] = await withServer('sojorn, 2 loops', CROWDED, (server) => push(server, targetsOf(CROWDED), service), service.settings);
		} finally {
			await service.stop();
		}
	}
	return { services: out };
}

// Files beside nginx, each as it would be used.
async function uploads() {
	const out = {};
	for (const [name, place] of Object.entries(PLACES)) {
		console.error(`-- ${name}`);
		out[name] = await withServer('sojorn, 2 loops', CROWDED, (server) => upload(server, place, targetsOf(CROWDED).viewers[0].token), { UPLOAD_DIR: place });
	}
	return { places: out };
}

function report() {
	writeReport('bench/results.md', recall(), describeMachine(database.version()));
	console.log(readFileSync('bench/results.md', 'utf8'));
}

const STAGES = {
	seed, check, startup,
	profile: () => compareServers('profile'),
	personal: () => compareServers('personal'),
	ranked, first,
	nearby: () => compareServers('nearby'),
	search: () => compareServers('search'),
	keys, growth, pages,
	inbox: () => withCrowd(crowds.inbox),
	thread: () => withCrowd(crowds.thread),
	profileposts: () => withCrowd(crowds.profilePosts),
	export: () => withCrowd(crowds.exported),
	create: () => withCrowd(crowds.create),
	star: () => withCrowd(crowds.star),
	storm: () => withCrowd(crowds.storm, { RATE_LIMITS: 'on', TRUSTED_PROXIES: '127.0.0.1/8' }),
	push: pushes, upload: uploads, report,
};

// ---- the command ----

const names = process.argv.slice(2);
const unknown = names.find((name) => !(name in STAGES));
if (unknown) {
	console.error(`no stage is called '${unknown}'; there are: ${Object.keys(STAGES).join(' ')}`);
	process.exit(2);
}
mkdirSync(RESULTS, { recursive: true });
writeFileSync('build/bench/statements.json', JSON.stringify(readStatements('app')));
database.migrateDatabases();
let warm = false;
for (const name of names.length ? names : Object.keys(STAGES)) {
	console.error(`== ${name}`);
	if (!warm && !['seed', 'report'].includes(name)) {
		database.warmDatabases();
		warm = true;
	}
	const busy = await otherWork();
	const result = await STAGES[name]();
	if (result)
		keep(name, { ...result, busy });
}
