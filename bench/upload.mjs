// Large films beside nginx's own way to take a file (PUT of its dav module), on the same disk and in memory alone.
// nginx neither looks at what it takes, nor digests it, nor sees to it that it lasts; with `sync` the file is synced
// after its reply, which is what an answer of ours says has happened.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import { RUNS } from './measure.mjs';
import { cpuOf, median, memoryOf, noise, sleep } from './system.mjs';

const MIB = 400;
const NGINX_PORT = 21000 + (process.pid % 12000);
const MADE = resolve('build/bench/films');
export const PLACES = { 'on the disk': resolve('build/bench/taken'), 'in memory': '/dev/shm/sojorn-bench-taken' };

// ---- films ----

// Where the content of the mdat box begins, as [offset of the box, its size].
function findMdat(film) {
	for (let at = 0; at < film.length; at += film.readUInt32BE(at))
		if (film.toString('latin1', at + 4, at + 8) === 'mdat')
			return [at, film.readUInt32BE(at)];
	throw new Error('no mdat');
}

// A short film whose picture data is followed by as many bytes that no track uses: players see no difference.
function makeFilm(name, ...flags) {
	const short = join(MADE, `short-${name}`), long = join(MADE, name);
	execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc=size=160x120:rate=10:duration=2',
		'-pix_fmt', 'yuv420p', '-c:v', 'mpeg4', ...flags, short]);
	const film = readFileSync(short);
	const [at, size] = findMdat(film);
	film.writeUInt32BE(size + (MIB << 20), at);
	writeFileSync(long, Buffer.concat([film.subarray(0, at + size), randomBytes(MIB << 20), film.subarray(at + size)]));
	return long;
}

// ---- nginx ----

async function startNginx(place) {
	const dir = resolve('build/bench/nginx');
	mkdirSync(dir, { recursive: true });
	for (const part of ['incoming', 'files'])
		mkdirSync(join(place, part), { recursive: true });
	writeFileSync(join(dir, 'conf'), `daemon off; worker_processes 2; pid ${dir}/pid; error_log ${dir}/log;
		${process.getuid() === 0 ? 'user root;' : ''} events { worker_connections 512; }
		http { access_log off; client_body_temp_path ${place}/incoming; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f;
		uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s; client_max_body_size 0; client_body_buffer_size 256k;
		server { listen 127.0.0.1:${NGINX_PORT}; location / { root ${place}/files; dav_methods PUT; } } }`);
	const child = spawn('nginx', ['-p', dir, '-c', join(dir, 'conf')], { stdio: 'inherit' });
	await sleep(1000);
	return { pid: child.pid, port: NGINX_PORT, stop: () => child.kill() };
}

// ---- one upload ----

function sync(path) {
	const begun = performance.now(), fd = openSync(path, 'r');
	fsyncSync(fd);
	closeSync(fd);
	return (performance.now() - begun) / 1000;
}

// While it is sent the server's memory is looked at.
async function send(server, ...args) {
	const cpu = cpuOf(server.pid), { rss } = memoryOf(server.pid);
	let most = rss, text = '';
	const watch = setInterval(() => (most = Math.max(most, memoryOf(server.pid).rss)), 20);
	const child = spawn('python3', ['bench/send.py', String(server.port), ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
	child.stdout.on('data', (part) => (text += part));
	const status = await new Promise((done) => child.on('close', done));
	clearInterval(watch);
	if (status !== 0)
		throw new Error(`${args[1]} was not taken`);
	return { seconds: Number(text), cpu: (cpuOf(server.pid) - cpu) / 1e6, growth: most - rss };
}

async function put(nginx, place, film, synced) {
	const path = `/${synced}.mp4`;
	const run = await send(nginx, 'PUT', path, film);
	if (synced)
		run.seconds += sync(join(place, 'files', path));
	rmSync(join(place, 'files', path));
	return run;
}

const post = (server, film, token) => send(server, 'POST', '/api/v1/upload', film, token);

function summary(runs) {
	const rates = runs.map((r) => MIB * 1.048576 / r.seconds);
	return { rate: median(rates), noise: noise(rates), cpu: median(runs.map((r) => r.cpu)), growth: median(runs.map((r) => r.growth)) };
}

// ---- the stage ----

// In turns, so that what else happens on the machine meets all alike.
export async function upload(server, place, token) {
	mkdirSync(MADE, { recursive: true });
	const behind = makeFilm('behind.mp4'), front = makeFilm('front.mp4', '-movflags', 'faststart');
	const nginx = await startNginx(place);
	const ways = {
		'nginx': () => put(nginx, place, behind, false),
		'nginx, then sync': () => put(nginx, place, behind, true),
		'sojorn, index behind': () => post(server, behind, token),
		'sojorn, index in front': () => post(server, front, token),
	};
	const runs = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
	try {
		for (const way of Object.values(ways)) // what is loaded once
			await way();
		for (let i = 0; i < RUNS; i++)
			for (const [name, way] of Object.entries(ways))
				runs[name].push(await way());
	} finally {
		nginx.stop();
		rmSync(place, { recursive: true, force: true });
		rmSync(MADE, { recursive: true, force: true });
	}
	const out = Object.fromEntries(Object.entries(runs).map(([name, list]) => [name, summary(list)]));
	for (const [name, r] of Object.entries(out))
		console.error(`${name}: ${r.rate.toFixed(0)} MB/s, ${r.cpu.toFixed(2)} s of CPU, ${r.growth.toFixed(1)} MB of memory`);
	return out;
}
