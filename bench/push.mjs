// Pushes, how many a second, and where the time goes: to nghttpd, which answers each request with the same file and
// costs next to nothing, and to the service of the tests (test/harness/fcm.mjs), which checks every message. Both
// speak HTTP/2 with TLS.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresCpu, sql } from './database.mjs';
import { cpuOf, sleep } from './system.mjs';

const MESSAGES = 20_000;

const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore' });

const NGHTTPD_PORT = 33000 + (process.pid % 12000);

function makeAccount(file, base) {
	writeFileSync(file('account.json'), JSON.stringify({
		type: 'service_account', project_id: 'test-project', private_key_id: 'key-1', private_key: readFileSync(file('account.pem'), 'utf8'),
		client_email: 'push@test.iam.gserviceaccount.com', token_uri: `${base}/token`,
	}));
}

async function spawnNode(dir) {
	const child = spawn(process.execPath, ['test/harness/fcm.mjs', dir], { stdio: ['ignore', 'pipe', 'inherit'] });
	const port = await new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data).match(/ready (\d+)/)[1])));
	return { child, port };
}

async function spawnNghttpd(dir) {
	mkdirSync(join(dir, 'pages/v1/projects/test-project'), { recursive: true });
	writeFileSync(join(dir, 'pages/token'), '{"access_token": "one for all", "expires_in": 3599, "token_type": "Bearer"}');
	writeFileSync(join(dir, 'pages/v1/projects/test-project/messages:send'), '{"name": "projects/test-project/messages/1"}');
	const child = spawn('nghttpd', ['-a', '127.0.0.1', '-m', '100', '-d', join(dir, 'pages'), String(NGHTTPD_PORT), join(dir, 'key.pem'), join(dir, 'cert.pem')],
		{ stdio: ['ignore', 'ignore', 'inherit'] });
	await sleep(500);
	return { child, port: NGHTTPD_PORT };
}

export const SERVICES = { nghttpd: spawnNghttpd, 'the service of the tests': spawnNode };

// A service in a process of its own: its settings for a server, and its end.
export async function startService(name) {
	const dir = mkdtempSync(join(tmpdir(), 'sojorn-push-'));
	const file = (part) => join(dir, part);
	openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', file('key.pem'), '-out', file('cert.pem'), '-days', '2',
		'-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1');
	openssl('genrsa', '-out', file('account.pem'), '2048');
	openssl('rsa', '-in', file('account.pem'), '-pubout', '-out', file('account.pub.pem'));
	const { child, port } = await SERVICES[name](dir);
	const base = `https://127.0.0.1:${port}`;
	makeAccount(file, base);
	return {
		name, pid: child.pid,
		settings: { FIREBASE_CREDENTIALS_FILE: file('account.json'), FCM_BASE_URL: base, SSL_CERT_FILE: file('cert.pem') },
		async stop() {
			const ended = new Promise((resolve) => child.once('exit', resolve));
			child.kill();
			await ended;
			rmSync(dir, { recursive: true });
		},
	};
}

// Twenty thousand people follow somebody with a phone at once.
export async function push(server, t, service) {
	const receivers = t.viewers.map((v) => `'${v.id}'`).join(', ');
	const [[count]] = sql(t.database, `DELETE FROM sojorn.outbox;
		DELETE FROM sojorn.notification_preferences WHERE user_id IN (${receivers});
		INSERT INTO sojorn.user_fcm_tokens (token, user_id, device_type)
		SELECT 'bench-' || id, id, 'android' FROM sojorn.users WHERE id IN (${receivers}) ON CONFLICT DO NOTHING;
		DELETE FROM sojorn.notifications WHERE metadata @> '{"bench": true}';
		WITH told AS (
			INSERT INTO sojorn.notifications (user_id, type, actor_id, metadata)
			SELECT r.id, 'follow', a.id, '{"bench": true, "post_type": "standard"}'
			  FROM (SELECT id FROM sojorn.profiles WHERE id IN (${receivers})) r
			 CROSS JOIN LATERAL (SELECT a.id FROM sojorn.profiles a
				WHERE a.is_live AND a.id <> r.id AND NOT EXISTS (SELECT FROM sojorn.has_block_between(r.id, a.id))
				ORDER BY a.id OFFSET get_byte(uuid_send(r.id), 0) LIMIT ${Math.ceil(MESSAGES / t.viewers.length)}) a
			ON CONFLICT DO NOTHING RETURNING id, user_id),
		queued AS (
			INSERT INTO sojorn.outbox (kind, payload, user_id)
			SELECT 'push', jsonb_build_object('notification_id', id), user_id FROM told RETURNING id)
		SELECT count(*) FROM queued`);
	const n = Number(count);
	const before = [server.pid, service.pid].map(cpuOf).concat(postgresCpu());
	const begun = performance.now();
	while (Number(sql(t.database, "SELECT count(*) FROM (SELECT FROM sojorn.outbox WHERE kind LIKE 'push%' LIMIT 1) x")[0][0]) > 0)
		await sleep(100);
	const seconds = (performance.now() - begun) / 1000;
	const after = [server.pid, service.pid].map(cpuOf).concat(postgresCpu());
	const [ours, theirs, postgres] = after.map((cpu, i) => (cpu - before[i]) / n);
	console.error(`${service.name}: ${n} messages in ${seconds.toFixed(1)} s: ${(n / seconds).toFixed(0)}/s; ${ours.toFixed(0)} us of ours, ${postgres.toFixed(0)} of PostgreSQL, ${theirs.toFixed(0)} of the service a message`);
	return { messages: n, seconds, rate: n / seconds, server: ours, service: theirs, postgres };
}
