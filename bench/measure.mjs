// One measurement: the peak in a closed loop, then latencies at a part of it in an open one.
import { execFileSync } from 'node:child_process';
import { POSTMASTER, postgresCpu } from './database.mjs';
import { cpuOf, median, memoryOf, noise, prefer } from './system.mjs';

export const SECONDS = Number(process.env.BENCH_SECONDS ?? 6);
export const RUNS = Number(process.env.BENCH_RUNS ?? 3);
const PART = 0.7; // of the peak
const WARM_SECONDS = 3;

export function load(server, file, { connections = 64, seconds = SECONDS, rate = 0, seed = 1, inOrder = false } = {}) {
	const args = ['-p', server.port, '-f', file, '-c', connections, '-d', seconds, '-r', rate, '-s', seed, ...(inOrder ? ['-o'] : [])];
	return JSON.parse(execFileSync('build/load', args.map(String), { stdio: ['ignore', 'pipe', 'inherit'] }));
}

// A run with what it cost the server and PostgreSQL, in microseconds of CPU a request.
export function costed(server, file, options) {
	const before = [cpuOf(server.pid), postgresCpu()];
	const run = load(server, file, options);
	const done = run.requests || 1;
	return { ...run, server: (cpuOf(server.pid) - before[0]) / done, postgres: (postgresCpu() - before[1]) / done };
}

const repeat = (n, make) => Array.from({ length: n }, (_, i) => make(i + 1));

export function summary(runs) {
	const names = Object.keys(runs[0]);
	const out = Object.fromEntries(names.map((name) => [name, median(runs.map((r) => r[name]))]));
	return { ...out, noise: noise(runs.map((r) => r.rate)) };
}

export function saturate(server, file, options = {}) {
	load(server, file, { ...options, seconds: WARM_SECONDS }); // after which every connection is there
	for (const pid of [server.pid, POSTMASTER, process.pid])
		prefer(pid);
	return summary(repeat(RUNS, (seed) => costed(server, file, { ...options, seed })));
}

export function measure(server, file, before = () => {}) {
	before();
	const peak = saturate(server, file);
	before();
	const steady = summary(repeat(RUNS, (seed) => load(server, file, { rate: peak.rate * PART, seed })));
	return { peak, steady, memory: memoryOf(server.pid) };
}
