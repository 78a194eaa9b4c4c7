// Other people's libraries, and the app's own decoders, against the running server.
//
//   node check.mjs        SOJORN_BIN: the program; TEST_PG_URL: an empty database of a superuser, who may make
//                         others; TEST_PG_BIN: the folder of psql
//
// One result a check; last line: "N passed, M failed".
import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from '../harness/check.mjs';
import { serve } from '../openapi/server.mjs';
import { accounts } from './accounts.mjs';
import { mailbox } from './mailbox.mjs';
import { screens } from './screens.mjs';
import { signal } from './signal.mjs';
import { supabase } from './supabase.mjs';

globalThis.crypto ??= webcrypto; // the libraries count on it; node 18 does not have it by itself

const { check, end } = suite('clients');

const altchaKey = 'a key for the time of one test run';
const work = mkdtempSync(join(tmpdir(), 'sojorn-clients-'));
const mail = await mailbox();
try {
	const server = await serve(work, {
		...mail.settings,
		ALTCHA_REQUIRED: 'true',
		ALTCHA_HMAC_KEY: altchaKey,
	});
	try {
		const { session, signIn } = await accounts(check, { ...server, altchaKey }, mail);
		await screens(check, server, session, await signIn(server.login.email, server.login.password));
		const people = await Promise.all(server.logins.slice(0, 3).map((login) => signIn(login.email, login.password)));
		await signal(check, server, people);
	} finally {
		await check('the server ends well', async () => assert.deepEqual(await server.stop(), []));
	}
	await supabase(check, join(work, 'supabase'), mail);
} finally {
	await mail.close();
	rmSync(work, { recursive: true, force: true });
}
end();
