// The main job end to end: a client with TLS and HTTP/2, nginx with the product's site, `sojorn serve`, PostgreSQL.
//
//   node check.mjs        SOJORN_BIN: the program; TEST_PG_URL: an empty database of a superuser
//
// One result a check; last line: "N passed, M failed".
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from '../harness/check.mjs';
import { serve } from '../openapi/server.mjs';
import { client } from './client.mjs';
import { ORIGIN, addresses, errors, floods, gone, media, origins, protocols, renewals, signedMedia } from './edge.mjs';
import { journey } from './journey.mjs';
import { proxy } from './proxy.mjs';

const { check, end } = suite('e2e');

// Ports that were free a moment ago, held together until all are known.
async function freePorts(count) {
	const probes = await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
		const probe = createServer();
		probe.listen(0, '127.0.0.1', () => resolve(probe));
	})));
	const ports = probes.map((probe) => probe.address().port);
	await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
	return ports;
}

async function behindProxy(work, ports, front, server) {
	const from = (address) => client({ port: ports.port, ca: front.ca }, address);
	const phone = from('127.0.0.2');
	await protocols(check, phone, { work, ports });
	await origins(check, phone);
	await journey(check, from('127.0.0.3'), work);
	await server.signIn();
	await errors(check, phone, server.token);
	await addresses(check, from, { ports });
	await media(check, phone, work, server.token);
	await floods(check, from);
	await renewals(check, front, ports);
	await check('the server ends well', async () => assert.deepEqual(await server.stop(), []));
	await gone(check, from('127.0.0.4'));
}

// nginx and a server behind it with these settings; `test(ports, front, server)`.
async function together(work, { signed = false, seed = true, ...settings }, test) {
	const [port, plainPort, upstream] = await freePorts(3);
	const ports = { port, plainPort, upstream, signed };
	mkdirSync(join(work, 'mail'), { recursive: true });
	const front = await proxy(work, ports);
	try {
		const server = await serve(work, {
			PORT: String(upstream),
			API_BASE_URL: `https://localhost:${port}`,
			TRUSTED_PROXIES: '127.0.0.1', // clients come from other addresses of this machine
			...settings,
		}, seed);
		await test(ports, front, server).finally(() => server.stop());
	} finally {
		await check('nginx ends well', async () => assert.deepEqual(await front.stop(), []));
	}
}

const work = mkdtempSync(join(tmpdir(), 'sojorn-e2e-'));
try {
	let login;
	await together(work, { CORS_ORIGINS: `https://other.example.org, ${ORIGIN}`, RATE_LIMITS: 'on' },
		async (ports, front, server) => {
			({ login } = server);
			await behindProxy(work, ports, front, server);
		});
	await together(work, { signed: true, seed: false, MEDIA_SIGNING_SECRET: 'of one test run' },
		async ({ port }, { ca }, server) => {
			server.login = login;
			await server.signIn();
			const phone = client({ port, ca }, '127.0.0.4');
			await signedMedia(check, phone, server.token);
			await phone.close();
		});
} finally {
	rmSync(work, { recursive: true, force: true });
}
end();
