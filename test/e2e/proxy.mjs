// nginx with the product's own site, deploy/nginx/sojorn-api.conf: addresses and paths are exchanged, nothing else.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SITE = new URL('../../deploy/nginx/sojorn-api.conf', import.meta.url);
const BROTLI = new URL('../../deploy/nginx/sojorn-brotli.conf', import.meta.url).pathname;
const BROTLI_MODULE = '/usr/lib/nginx/modules/ngx_http_brotli_filter_module.so'; // optional
export const hasBrotli = existsSync(BROTLI_MODULE);
const NGINX = existsSync('/usr/sbin/nginx') ? '/usr/sbin/nginx' : 'nginx';

function certificate(work) {
	const made = spawnSync('openssl', [
		'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
		'-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost',
		'-keyout', join(work, 'key.pem'), '-out', join(work, 'cert.pem'),
	], { encoding: 'utf8' });
	if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
	return readFileSync(join(work, 'cert.pem'));
}

// Every pair must be there to be exchanged, so that the site cannot drift away from what is tested. `signed`: as the
// site's own words say it has to be where MEDIA_SIGNING_SECRET is set.
function site(work, { port, plainPort, upstream, signed }) {
	let text = readFileSync(SITE, 'utf8');
	if (signed) text = text.replace(/\tlocation \/uploads\/ \{.*?\n\t\}\n/s, '');
	else if (!text.includes('Remove this location where MEDIA_SIGNING_SECRET')) throw new Error('how are media signed?');
	for (const [from, to] of [
		['\tlisten [::]:80;\n', ''],
		['\tlisten [::]:443 ssl http2;\n', ''],
		['listen 80;', `listen 127.0.0.1:${plainPort};`],
		['listen 443 ssl http2;', `listen 127.0.0.1:${port} ssl http2;`],
		['server 127.0.0.1:8080;', `server 127.0.0.1:${upstream};`],
		['server_name api.example.org;', 'server_name localhost;'],
		['/etc/letsencrypt/live/api.example.org/fullchain.pem', join(work, 'cert.pem')],
		['/etc/letsencrypt/live/api.example.org/privkey.pem', join(work, 'key.pem')],
		...(signed ? [] : [['/opt/sojorn/uploads;', `${join(work, 'uploads')};`]]),
	]) {
		if (!text.includes(from)) throw new Error(`the site has no "${from.trim()}"`);
		text = text.replaceAll(from, to);
	}
	return text;
}

const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
const main = (work, { workers = 1, connections = 512 }) => `${hasBrotli ? `load_module ${BROTLI_MODULE};` : ''}
daemon off;
pid ${work}/nginx.pid;
error_log ${work}/nginx.log warn;
worker_processes ${workers};
events { worker_connections ${connections}; }
http {
	include /etc/nginx/mime.types;
	access_log off;
	${TEMPORARY.map((kind) => `${kind}_temp_path ${work}/tmp_${kind};`).join('\n\t')}
	${hasBrotli ? `include ${BROTLI};` : ''}
	include ${work}/sojorn-api.conf;
}
`;

function answers(port) {
	return new Promise((resolve) => {
		const socket = connect(port, '127.0.0.1', () => resolve(true) || socket.destroy());
		socket.on('error', () => resolve(false));
	});
}

// ports: { port, plainPort, upstream, signed }; size: { workers, connections (of each) }. Returns { ca, end(signal),
// start(), workers(), renew(), stop() }: ca grows by each certificate; workers() are their pids; renew() replaces the
// certificate, has nginx read it and returns the new one; stop() resolves to a list of complaints.
export async function proxy(work, ports, size = {}) {
	chmodSync(work, 0o755); // the workers are not root
	mkdirSync(join(work, 'uploads', 'uploads'), { recursive: true });
	const ca = [certificate(work)];
	writeFileSync(join(work, 'sojorn-api.conf'), site(work, ports));
	writeFileSync(join(work, 'nginx.conf'), main(work, size));
	const log = join(work, 'nginx.log');
	const command = [NGINX, '-c', join(work, 'nginx.conf'), '-p', work]; // which ends with us, however we end
	let child, ended;
	let printed = '';

	async function start() {
		child = spawn('setpriv', ['--pdeathsig', 'TERM', ...command], { stdio: ['ignore', 'ignore', 'pipe'] });
		child.stderr.on('data', (data) => (printed += data));
		const mine = child;
		ended = new Promise((resolve) => mine.on('exit', (code, signal) => resolve(code ?? signal)));
		for (let tries = 0; !(await answers(ports.port)); tries++) {
			if (child.exitCode !== null || tries > 400) throw new Error(`nginx did not start: ${printed}`);
			await sleep(50);
		}
	}
	function end(signal) {
		child.kill(signal);
		return ended;
	}
	await start();
	return {
		ca, start, end,
		workers: () => readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' '),
		// Another certificate, as certbot's hook brings it in.
		renew() {
			ca.push(certificate(work));
			child.kill('SIGHUP');
			return ca.at(-1);
		},
		async stop() {
			const how = await end('SIGQUIT');
			const lines = readFileSync(log, 'utf8').split('\n').filter((line) => /\[(alert|emerg|crit)\]/.test(line));
			return how === 0 ? lines : [`nginx ended with ${how}`, printed, ...lines];
		},
	};
}
