// The gateway before a project (project.mjs): what passes through it is the same on both sides, in little memory; held
// requests wait and are lost nowhere; supabase-js notices nothing.
//
//   node check.mjs        SOJORN_BIN: the program; TEST_PG_URL: an empty database of a superuser
//
// One result a check; last line: "N passed, M failed".
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from '../harness/check.mjs';
import { serve } from '../openapi/server.mjs';
import { abuse } from './abuse.mjs';
import { bodies } from './bodies.mjs';
import { heads } from './heads.mjs';
import { library } from './library.mjs';
import { project } from './project.mjs';
import { switching } from './switching.mjs';

const { check, end } = suite('gateway');

const work = mkdtempSync(join(tmpdir(), 'sojorn-gateway-'));
const there = await project();
try {
	const server = await serve(work, { SUPABASE_UPSTREAM: `${there.url}/`, SUPABASE_HOLD: '3s', SUPABASE_COMPAT: 'on', SUPABASE_ANON_KEY: 'anon-key', LOOPS: '2' });
	try {
		await heads(check, server, there);
		await bodies(check, server, there);
		await library(check, server, there);
		await abuse(check, server, there, work);
		await switching(check, server, there);
	} finally {
		await check('the server ends well', async () => {
			const problems = await server.stop();
			if (problems.length) console.log(problems.join('\n'));
			assert.equal(problems.length, 0);
		});
	}
} finally {
	await there.stop();
	rmSync(work, { recursive: true, force: true });
}
end();
