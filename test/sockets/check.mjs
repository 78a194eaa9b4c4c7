// /ws judged by peers that are not ours, the client kit (clients/js), and outages.
//
//   node check.mjs        SOJORN_BIN: the program; TEST_PG_URL: an empty database of a superuser
//
// One result a check; last line: "N passed, M failed".
import './webcrypto.mjs';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { suite } from '../harness/check.mjs';
import { serve } from '../openapi/server.mjs';
import { churn } from './churn.mjs';
import { copies } from './copies.mjs';
import { frames } from './frames.mjs';
import { kit } from './kit.mjs';
import { outages } from './outages.mjs';

const { check, result, end } = suite('sockets');

// Debian's own python has Debian's packages, whatever else is in the PATH.
function peers(url) {
	const python = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
	const done = spawnSync(python, ['peers.py', url], { encoding: 'utf8', timeout: 300000 });
	const lines = done.stdout.split('\n').filter(Boolean);
	for (const line of lines) {
		const [, word, name, , why] = line.match(/^(ok|FAIL) ([^:]+: [^:]+)(: (.*))?$/) ?? [, 'FAIL', line];
		result(name, word === 'ok' ? '' : why ?? line);
	}
	if (done.status !== 0 || lines.length === 0) result('python peers', `${done.error ?? ''}${done.stderr}`);
}

// SQL as a superuser; the last line of what comes back.
function sql(text) {
	const done = spawnSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', process.env.TEST_PG_URL, '-c', text], { encoding: 'utf8' });
	if (done.status !== 0) throw new Error(done.stderr);
	return done.stdout.trim().split('\n').at(-1);
}

const work = mkdtempSync(join(tmpdir(), 'sojorn-sockets-'));
try {
	const tsc = join('node_modules', '.bin', 'tsc');
	const types = spawnSync(tsc, ['-p', '.'], { encoding: 'utf8' });
	result('the client kit is well typed', types.status === 0 ? '' : types.stdout + types.stderr);

	const server = await serve(work, { LOOPS: '2' });
	try {
		await server.signIn();
		const url = `${server.url.replace('http', 'ws')}/ws?token=${server.token}`;
		await frames(check, url);
		peers(url);
		await kit(check, server, { WebSocket, sql });
		await outages(check, server, { WebSocket, sql, sleep });
	} finally {
		await check('the server ends well', async () => assert.deepEqual(await server.stop(), []));
	}
	await churn(check, work, server.login, { WebSocket });
	await copies(check, work, server.logins, { WebSocket, sql });
} finally {
	rmSync(work, { recursive: true, force: true });
}
end();
