// What the gateway costs beside nginx's proxy_pass, before the same upstream (an nginx that answers by itself):
//
//   scripts/with-postgres node bench/gateway.mjs        SOJORN_BIN: the program (build/sojorn); build/load must be there
//
// Small replies from 16 connections kept open, large ones from one. CPU is that of the proxy's processes alone, so it
// means something on a busy machine, too.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SECONDS = 5;
const LARGE_MB = 400;
const BASE = 18300;
const bin = process.env.SOJORN_BIN ?? 'build/sojorn';
const load = 'build/load';
const work = mkdtempSync(join(tmpdir(), 'sojorn-bench-gateway-'));

function nginx(name, port, body) {
	const dir = join(work, name);
	mkdirSync(dir);
	writeFileSync(join(dir, 'conf'), `daemon off; worker_processes 2; pid ${dir}/pid; error_log ${dir}/log;
		user root; events { worker_connections 4096; }
		http { access_log off; client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f;
		uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s; keepalive_requests 1000000;
		upstream up { server 127.0.0.1:${BASE}; keepalive 64; }
		server { listen 127.0.0.1:${port}; ${body} } }`);
	return spawn('nginx', ['-p', dir, '-c', join(dir, 'conf')], { stdio: 'inherit' });
}

// Microseconds of CPU of a process and its children.
function cpu(pid) {
	const ticks = (id) => readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((a, b) => a + Number(b), 0);
	const children = readdirSync('/proc').filter((id) => /^\d+$/.test(id)).filter((id) => {
		try {
			return Number(readFileSync(`/proc/${id}/stat`, 'utf8').split(') ')[1].split(' ')[1]) === pid;
		} catch {
			return false;
		}
	});
	return [pid, ...children].reduce((sum, id) => sum + ticks(id), 0) * 10000;
}

async function small(name, port, pid) {
	const paths = join(work, 'paths');
	writeFileSync(paths, '/rest/v1/posts\n');
	const before = pid ? cpu(pid) : 0;
	const out = spawnSync(load, ['-p', String(port), '-f', paths, '-c', '16', '-d', String(SECONDS)], { encoding: 'utf8' });
	const used = pid ? cpu(pid) - before : 0;
	console.log(`${name}: ${out.stdout.trim()}`);
	const requests = Number(/"requests":\s*(\d+)/.exec(out.stdout)?.[1] ?? NaN);
	if (pid) console.log(`${name}: ${(used / requests).toFixed(1)} us of CPU a request`);
}

async function large(name, port, pid) {
	const before = pid ? cpu(pid) : 0;
	const began = Date.now();
	let bytes = 0;
	for await (const piece of (await fetch(`http://127.0.0.1:${port}/storage/v1/object/large`)).body) bytes += piece.length;
	const ms = Date.now() - began;
	console.log(`${name}: ${(bytes / ms / 1e3).toFixed(0)} MB/s${pid ? `, ${((cpu(pid) - before) / (bytes / 1e6)).toFixed(0)} us of CPU a MB` : ''}`);
}

const started = [];
try {
	mkdirSync(join(work, 'files'));
	writeFileSync(join(work, 'files', 'large'), Buffer.alloc(LARGE_MB << 20, 'x'));
	const body = `{"posts":["${'x'.repeat(1000)}"]}`;
	started.push(nginx('upstream', BASE, `location = /storage/v1/object/large { alias ${work}/files/large; }
		location / { default_type application/json; return 200 '${body}'; }`));
	const peer = nginx('peer', BASE + 1, 'location / { proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection ""; }');
	started.push(peer);
	const environment = {
		...process.env, DATABASE_URL: process.env.TEST_PG_URL, PORT: String(BASE + 2), ADMIN_ADDR: `127.0.0.1:${BASE + 3}`,
		RATE_LIMITS: 'off', LOOPS: '2', SUPABASE_UPSTREAM: `http://127.0.0.1:${BASE}`, LOG_LEVEL: 'error',
	};
	spawnSync(bin, ['migrate', 'up'], { env: environment });
	const gateway = spawn(bin, ['serve'], { env: environment, stdio: 'inherit' });
	started.push(gateway);
	await sleep(2000);
	const all = [['upstream alone', BASE, 0], ['nginx', BASE + 1, peer.pid], ['gateway', BASE + 2, gateway.pid]];
	for (const [name, port, pid] of all) await small(name, port, pid);
	for (const [name, port, pid] of all) await large(name, port, pid);
} finally {
	for (const child of started) child.kill('SIGTERM');
	await sleep(500);
	rmSync(work, { recursive: true, force: true });
}
