// The pages that mails link to, in a browser: a person sets a new password with them. Scripts are off, as they must
// not be needed. Screenshots of each page, at the width of a small phone, of a phone and of a desk, light and dark,
// land in the folder given. And, with scripts, the operator's console (console.mjs).
//
//   node pages.mjs FOLDER        SOJORN_BIN, TEST_PG_URL as for the other tests; CHROMIUM: another browser
//
// Last line: "N passed, M failed".
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { mailedLink } from '../e2e/journey.mjs';
import { suite } from '../harness/check.mjs';
import { freePort, serve } from '../openapi/server.mjs';
import { operate } from './console.mjs';

const folder = process.argv[2];
const PASSWORD = 'a new one, from the page';
const SIZES = [[320, 480, 'light'], [320, 480, 'dark'], [390, 844, 'dark'], [1280, 800, 'light']];
const { check, end } = suite('pages');

// Relative luminance and contrast of two "rgb(r, g, b)" (WCAG 2).
const luminance = (rgb) =>
	rgb.match(/[\d.]+/g).slice(0, 3).map((byte) => byte / 255)
		.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
		.reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
const contrast = (a, b) => {
	const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
	return (light + 0.05) / (dark + 0.05);
};

// What is on a page, seen by somebody who looks. The evaluated functions run for the tool, not for the page.
async function looksWell(page, width) {
	const seen = await page.evaluate(() => {
		const ground = (e) => {
			const own = getComputedStyle(e).backgroundColor;
			return /, 0\)$/.test(own) && e.parentElement ? ground(e.parentElement) : own;
		};
		return {
			wide: document.documentElement.scrollWidth,
			headings: document.querySelectorAll('h1').length,
			language: document.documentElement.lang,
			title: document.title,
			small: [...document.querySelectorAll('input:not([type=hidden]), button')]
				.filter((e) => e.getBoundingClientRect().height < 44).map((e) => e.id || e.textContent),
			unnamed: [...document.querySelectorAll('input:not([type=hidden])')]
				.filter((e) => !e.labels.length).map((e) => e.id),
			texts: [...document.querySelectorAll('h1, p, label, button, footer')].map((e) => {
				const style = getComputedStyle(e);
				return { tag: e.localName, color: style.color, opacity: style.opacity, under: ground(e) };
			}),
		};
	});
	assert.ok(seen.wide <= width, `scrolls sideways: ${seen.wide} > ${width}`);
	assert.deepEqual([seen.headings, seen.language, seen.small, seen.unnamed], [1, 'en', [], []]);
	assert.match(seen.title, / – Sojorn$/);
	for (const { tag, color, opacity, under } of seen.texts) {
		assert.equal(opacity, '1', `${tag} is faded, which hides its contrast`);
		assert.ok(contrast(color, under) >= 4.5, `${tag}: ${color} on ${under}`);
	}
}

async function shoot(page, name) {
	for (const [width, height, colorScheme] of SIZES) {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme });
		await page.screenshot({ path: join(folder, `${name}-${width}-${colorScheme}.png`) });
		await looksWell(page, width).catch((error) => {
			error.message = `${name}, ${width} px, ${colorScheme}: ${error.message}`;
			throw error;
		});
	}
}

async function walk(page, server, work) {
	const complaints = [];
	page.on('console', (message) => complaints.push(message.text()));

	for (const [name, path] of [
		['verified', '/verified?status=success'], ['verify-invalid', '/verify-error?reason=invalid_token'],
		['verify-expired', '/verify-error?reason=expired'], ['verify-trouble', '/verify-error?reason=server_error'],
		['reset-incomplete', '/reset-password'],
	])
		await check(`${name} looks well`, async () => {
			await page.goto(server.url + path);
			await shoot(page, name);
		});
	complaints.length = 0; // a 400 is noted by the browser

	await check('the form of a mailed link: a mistake, and the form again', async () => {
		await fetch(`${server.url}/api/v1/auth/forgot-password`,
			{ method: 'POST', body: JSON.stringify({ email: server.login.email }) });
		const link = await mailedLink(work, server.login.email, '/reset-password');
		await page.goto(link.href);
		await shoot(page, 'reset');
		await page.getByLabel('New password').fill(PASSWORD);
		await page.getByLabel('The same again').fill('another one');
		await page.getByRole('button').click();
		assert.equal(await page.getByRole('alert').textContent(), 'The two passwords are not the same');
		await shoot(page, 'reset-mistake');
	});
	await check('the password is set, and is the one that counts', async () => {
		complaints.length = 0;
		await page.getByLabel('New password').fill(PASSWORD);
		await page.getByLabel('The same again').fill(PASSWORD);
		await page.keyboard.press('Enter');
		await page.getByRole('heading', { name: 'Your password is changed' }).waitFor();
		await shoot(page, 'reset-done');
		const login = (password) => fetch(`${server.url}/api/v1/auth/login`,
			{ method: 'POST', body: JSON.stringify({ email: server.login.email, password }) });
		assert.equal((await login(PASSWORD)).status, 200);
		assert.equal((await login(server.login.password)).status, 401);
		assert.deepEqual(complaints, []); // of the policy, above all
	});
	await check('the link works once', async () => {
		const link = await mailedLink(work, server.login.email, '/reset-password');
		await page.goto(link.href);
		await page.getByLabel('New password').fill('yet another');
		await page.getByLabel('The same again').fill('yet another');
		await page.getByRole('button').click();
		await page.getByRole('heading', { name: 'This did not work' }).waitFor();
		await shoot(page, 'reset-used');
	});
}

const work = mkdtempSync(join(tmpdir(), 'sojorn-pages-'));
mkdirSync(folder, { recursive: true });
mkdirSync(join(work, 'mail'));
const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	chromiumSandbox: process.getuid() !== 0, // which it refuses to root
});
try {
	const admin = `127.0.0.1:${await freePort()}`;
	const server = await serve(work, { ADMIN_ADDR: admin });
	try {
		const context = await browser.newContext({ javaScriptEnabled: false });
		await walk(await context.newPage(), server, work);
		await operate(check, browser, server, `http://${admin}/`, folder);
	} finally {
		await check('the server ends well', async () => assert.deepEqual(await server.stop(), []));
	}
} finally {
	await browser.close();
	rmSync(work, { recursive: true, force: true });
}
end();
