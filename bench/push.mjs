// Pushes to the service of the tests (test/harness/fcm.mjs), which speaks HTTP/2 with TLS and checks every token
// and message: how many a second, and where the time goes.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresCpu, sql } from './database.mjs';
import { cpuOf, sleep } from './system.mjs';

const MESSAGES = 20_000;

const openssl = (...args) => execFileSync('openssl', args, { stdio: 'ignore' });

// The service in a process of its own: its settings for a server, and its end.
export async function startService() {
	const dir = mkdtempSync(join(tmpdir(), 'sojorn-push-'));
	const file = (name) => join(dir, name);
	openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', file('key.pem'), '-out', file('cert.pem'), '-days', '2',
		'-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1');
	openssl('genrsa', '-out', file('account.pem'), '2048');
	openssl('rsa', '-in', file('account.pem'), '-pubout', '-out', file('account.pub.pem'));
	const child = spawn(process.execPath, ['test/harness/fcm.mjs', dir], { stdio: ['ignore', 'pipe', 'inherit'] });
	const port = await new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data).match(/ready (\d+)/)[1])));
	const base = `https://127.0.0.1:${port}`;
	writeFileSync(file('account.json'), JSON.stringify({
		type: 'service_account', project_id: 'test-project', private_key_id: 'key-1', private_key: readFileSync(file('account.pem'), 'utf8'),
		client_email: 'push@test.iam.gserviceaccount.com', token_uri: `${base}/token`,
	}));
	return {
		pid: child.pid,
		settings: { FIREBASE_CREDENTIALS_FILE: file('account.json'), FCM_BASE_URL: base, SSL_CERT_FILE: file('cert.pem') },
		taken: () => readFileSync(file('messages'), 'utf8').split('\n').length - 1,
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
	const before = [server.pid, service.pid].map(cpuOf).concat(postgresCpu());
	sql(t.database, `DELETE FROM sojorn.outbox;
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
			ON CONFLICT DO NOTHING RETURNING id, user_id)
		INSERT INTO sojorn.outbox (kind, payload, user_id)
		SELECT 'push', jsonb_build_object('notification_id', id), user_id FROM told`);
	const begun = performance.now();
	while (Number(sql(t.database, "SELECT count(*) FROM (SELECT FROM sojorn.outbox WHERE kind LIKE 'push%' LIMIT 1) x")[0][0]) > 0)
		await sleep(100);
	const seconds = (performance.now() - begun) / 1000;
	const after = [server.pid, service.pid].map(cpuOf).concat(postgresCpu());
	const n = service.taken();
	const [ours, theirs, postgres] = after.map((cpu, i) => (cpu - before[i]) / n);
	console.error(`${n} messages in ${seconds.toFixed(1)} s: ${(n / seconds).toFixed(0)}/s; ${ours.toFixed(0)} us of ours, ${postgres.toFixed(0)} of PostgreSQL, ${theirs.toFixed(0)} of the service a message`);
	return { messages: n, seconds, rate: n / seconds, server: ours, service: theirs, postgres };
}
