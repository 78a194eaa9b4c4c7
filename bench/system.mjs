// What the kernel knows: processes, their CPU and memory, the machine.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';

const TICK_US = 1e6 / Number(execFileSync('getconf', ['CLK_TCK']));

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function median(numbers) {
	const sorted = [...numbers].sort((a, b) => a - b);
	const half = sorted.length >> 1;
	return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

// Widest distance from the median, as a part of it.
export function noise(numbers) {
	const middle = median(numbers);
	return middle ? Math.max(...numbers.map((n) => Math.abs(n - middle))) / middle : 0;
}

// Fields of /proc/PID/stat from the third on; undefined when the process is gone.
function stat(pid) {
	try {
		return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
	} catch {
		return undefined;
	}
}

// CPU time of all cores that nobody used, in microseconds.
export function idleCpu() {
	const [idle, waiting] = readFileSync('/proc/stat', 'utf8').split(/\s+/).slice(4, 6).map(Number);
	return (idle + waiting) * TICK_US;
}

// Every process with the fields of its stat.
function processes() {
	const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
	return pids.map((pid) => ({ pid, stat: stat(pid) })).filter((p) => p.stat);
}

// A process and those that come from it.
function family(pid, all = processes()) {
	const own = all.filter((p) => p.pid === String(pid));
	return [...own, ...all.filter((p) => p.stat[1] === String(pid)).flatMap((p) => family(p.pid, all))];
}

// CPU of a process, of those it has, and of those it had, in microseconds.
export function cpuOf(pid) {
	const times = family(pid).flatMap((p) => p.stat.slice(11, 15));
	return times.reduce((sum, n) => sum + Number(n), 0) * TICK_US;
}

// Puts a process and its children before other work on the machine, when BENCH_NICE says so. Each session is
// scheduled as a group (sched(7), autogroup), and each backend of PostgreSQL is a session: plain nice would
// only sort them among themselves.
export function prefer(pid) {
	for (const p of process.env.BENCH_NICE ? family(pid) : [])
		writeFileSync(`/proc/${p.pid}/autogroup`, process.env.BENCH_NICE);
}

function statusKb(pid, field) {
	return Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${field}:\\s*(\\d+)`, 'm'))?.[1] ?? 0);
}

// Resident memory of a process and its children in MB: now, and the most there was.
export function memoryOf(pid) {
	const all = family(pid);
	const sum = (field) => all.reduce((total, p) => total + statusKb(p.pid, field), 0) / 1024;
	return { rss: sum('VmRSS'), peak: sum('VmHWM') };
}

function first(command, ...args) {
	try {
		return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString().split('\n')[0];
	} catch {
		return 'unknown';
	}
}

export function describeMachine(postgres) {
	const name = readFileSync('/etc/os-release', 'utf8').match(/PRETTY_NAME="(.*)"/)[1];
	return {
		date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
		commit: first('git', 'describe', '--always', '--dirty'),
		cpu: `${cpus().length} × ${cpus()[0].model}`,
		memory: `${Math.round(totalmem() / 2 ** 30)} GB`,
		system: `${name}, Linux ${first('uname', '-r')}`,
		postgres,
		node: process.version,
		gin: readFileSync('bench/peers/gin/go.mod', 'utf8').match(/gin-gonic\/gin (\S+)/)[1],
		pgx: readFileSync('bench/peers/gin/go.mod', 'utf8').match(/jackc\/pgx\/v5 (\S+)/)[1],
		fastify: JSON.parse(readFileSync('bench/peers/fastify/node_modules/fastify/package.json')).version,
		pg: JSON.parse(readFileSync('bench/peers/fastify/node_modules/pg/package.json')).version,
	};
}
