// The client kit (clients/js) in Chromium, against a server of its own: kit.mjs.
//
//   node check.mjs        SOJORN_BIN, TEST_PG_URL as for the other tests; CHROMIUM: the browser
//
// Last line: "N passed, M failed".
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { suite } from '../harness/check.mjs';
import { serve } from '../openapi/server.mjs';
import { kit } from './kit.mjs';

const { check, end } = suite('browser');
const work = mkdtempSync(join(tmpdir(), 'sojorn-browser-'));
const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM,
	chromiumSandbox: process.getuid() !== 0, // which it refuses to root
	timeout: 120_000,
});
try {
	const server = await serve(work);
	try {
		await kit(check, browser, server);
	} finally {
		await check('the server ends well', async () => assert.deepEqual(await server.stop(), []));
	}
} finally {
	await browser.close();
	rmSync(work, { recursive: true, force: true });
}
end();
