// A server of the program under test, over the database at TEST_PG_URL, migrated and seeded.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_SECONDS = 30;

export function freePort() {
	return new Promise((resolve) => {
		const probe = createServer();
		probe.listen(0, '127.0.0.1', () => {
			const { port } = probe.address();
			probe.close(() => resolve(port));
		});
	});
}

function run(environment, ...args) {
	const done = spawnSync(process.env.SOJORN_BIN, args, { env: environment, encoding: 'utf8' });
	if (done.status !== 0) throw new Error(`sojorn ${args.join(' ')}: ${done.stderr}`);
	return done.stdout;
}

async function untilReady(url, child) {
	for (let tries = 0; tries < READY_SECONDS * 20; tries++) {
		if (child.exitCode !== null) throw new Error('the server ended at once');
		const reply = await fetch(`${url}/health/ready`).catch(() => null);
		if (reply?.status === 200) return;
		await sleep(50);
	}
	throw new Error('the server is not ready');
}

// With further settings; `seed` false: over what is in the database already, without logins or a document.
// Returns { url, pid, secret, login, logins, token, document, get(path), signIn(), stop() }.
export async function serve(work, settings = {}, seed = true) {
	const environment = {
		...process.env,
		DATABASE_URL: process.env.TEST_PG_URL,
		PORT: String(await freePort()),
		BIND: '127.0.0.1',
		ADMIN_ADDR: `unix:${join(work, 'admin.sock')}`,
		JWT_SECRET: 'a secret for the time of one test run',
		MAIL_DIR: join(work, 'mail'),
		UPLOAD_DIR: join(work, 'uploads'),
		RATE_LIMITS: 'off',
		LOG_LEVEL: 'warn',
		...settings,
	};
	run(environment, 'migrate', 'up');
	const logins = seed ? JSON.parse(run(environment, 'seed', '--json')).login : [];
	const [login] = logins;

	const command = ['--pdeathsig', 'TERM', process.env.SOJORN_BIN, 'serve']; // ends with us, however we end
	const child = spawn('setpriv', command, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
	let log = '';
	for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (log += data));
	const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal)));

	const server = {
		url: `http://127.0.0.1:${environment.PORT}`,
		secret: environment.JWT_SECRET,
		login,
		logins,
		pid: child.pid, // setpriv becomes the program
		async get(path) {
			const headers = { Authorization: `Bearer ${server.token}` };
			return (await fetch(server.url + path, { headers })).json();
		},
		async signIn() {
			const { email, password } = server.login;
			const reply = await fetch(`${server.url}/api/v1/auth/login`, {
				method: 'POST',
				body: JSON.stringify({ email, password }),
			});
			server.token = (await reply.json()).access_token;
			if (!server.token) throw new Error(`no token: ${reply.status}`);
		},
		async stop() {
			child.kill('SIGTERM');
			const how = await ended;
			return how === 0 && !/Sanitizer|runtime error/.test(log) ? [] : [`ended with ${how}`, ...log.split('\n')];
		},
	};
	try {
		await untilReady(server.url, child);
		if (seed) server.document = await server.get('/api/v1/openapi.json');
		return server;
	} catch (error) {
		error.message += `\n${(await server.stop()).join('\n')}`;
		throw error;
	}
}
