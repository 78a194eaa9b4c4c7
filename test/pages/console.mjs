// The operator's console as an operator meets it: signing in and walking through it by keyboard, acting, every section at
// the width of a small phone, of a tablet and of a desk, light and dark, judged by axe-core; and that the browser was never asked
// for anything from elsewhere nor complained of what the policy forbids.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const WAIT = 30000;
const SIZES = [[320, 640, 'light'], [320, 640, 'dark'], [768, 1024, 'dark'], [1440, 900, 'light'], [1440, 900, 'dark']];
const SECTIONS = ['overview', 'errors', 'queue', 'people', 'map', 'move', 'ranking', 'settings', 'api', 'record'];

function sql(text) {
	const done = spawnSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', process.env.TEST_PG_URL, '-c', text], { encoding: 'utf8' });
	if (done.status !== 0) throw new Error(done.stderr);
	return done.stdout.trim();
}

function grant({ handle }, role) {
	const env = { ...process.env, DATABASE_URL: process.env.TEST_PG_URL };
	const done = spawnSync(process.env.SOJORN_BIN, ['admin', 'grant', handle, '--role', role], { env, encoding: 'utf8' });
	assert.equal(done.status, 0, done.stderr);
}

// What there is to decide and to draw.
function arrange(reporter, author) {
	sql(`INSERT INTO sojorn.reports (reporter_id, target_user_id, post_id, violation_type, description)
		SELECT '${reporter.id}', author_id, id, 'harassment', 'This is not kind.' FROM sojorn.posts
		 WHERE author_id NOT IN ('${reporter.id}', '${author.id}') AND deleted_at IS NULL ORDER BY created_at, id LIMIT 3;
		INSERT INTO sojorn.moderation_flags (user_id, post_id, flag_reason, scores)
		SELECT author_id, id, 'poison', '{"hate": 0.81}' FROM sojorn.posts WHERE deleted_at IS NULL ORDER BY id LIMIT 2;
		WITH r AS (INSERT INTO supabase_move.runs (phase) VALUES ('transformed') RETURNING id),
		f AS (INSERT INTO supabase_move.files (run_id, n, name, size, fingerprint, done_to) SELECT id, 0, 'data.sql', 1000, 'x', 1000 FROM r)
		INSERT INTO supabase_move.verdicts (run_id, ok, report)
		SELECT id, true, '{"tables": [{"name": "public.posts", "source_rows": 3, "target_rows": 3, "kept_back_rows": 0, "differences": 0}], "differences": []}' FROM r`);
}

// Complaints of the browser and requests to anywhere else.
function listen(page, base) {
	const heard = { problems: [], bytes: 0 };
	page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) heard.problems.push(message.text()); });
	page.on('pageerror', (error) => heard.problems.push(error.message));
	page.on('request', (request) => { if (!request.url().startsWith(base)) heard.problems.push(`asked for ${request.url()}`); });
	return heard;
}

async function looksWell(page, width, name) {
	const wide = await page.evaluate(() => document.documentElement.scrollWidth);
	assert.ok(wide <= width, `${name} scrolls sideways at ${width}: ${wide}`);
	const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
	assert.deepEqual(violations.map(({ id, nodes }) => `${name} ${width}: ${id}: ${nodes.slice(0, 3).map(({ html }) => html).join(' ')}`), []);
}

async function shoot(page, folder, name) {
	for (const [width, height, colorScheme] of SIZES) {
		await page.setViewportSize({ width, height });
		await page.emulateMedia({ colorScheme });
		await page.waitForFunction(() => [...document.querySelectorAll('.plot')].every((plot) => plot.querySelector('svg')), null, { timeout: WAIT });
		await page.screenshot({ path: join(folder, `console-${name}-${width}-${colorScheme}.png`) });
		await looksWell(page, width, name);
	}
}

// Axe is brought by the tool, past the policy that keeps the page from running anything but its own.
async function open(browser, base) {
	const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
	await context.addInitScript(AXE);
	const page = await context.newPage();
	page.setDefaultTimeout(WAIT);
	const heard = listen(page, base);
	await page.goto(base);
	return { context, page, heard };
}

// With the keyboard alone: the first field has the focus.
async function signIn(page, { email, password }) {
	await page.getByLabel('E-mail address').waitFor();
	await page.keyboard.type(email);
	await page.keyboard.press('Tab');
	await page.keyboard.type(password);
	await page.keyboard.press('Enter');
	await page.getByRole('heading', { name: 'Overview' }).waitFor();
}

async function go(page, base, id) {
	await page.goto(`${base}#/${id}`);
	await page.locator(`[data-section=${id.split('/')[0]}] h1`).waitFor();
}

async function actions(check, page, base, admin) {
	await check('console: a report is answered, and that is on record', async () => {
		await go(page, base, 'queue');
		const cases = page.locator('.case');
		await cases.first().waitFor();
		const before = await cases.count();
		await cases.first().getByRole('button', { name: 'Dismiss' }).press('Enter');
		await page.getByRole('dialog').getByLabel('Note for the record').fill('nothing wrong with it');
		await page.getByRole('dialog').getByRole('button', { name: 'Dismiss the report' }).press('Enter');
		await page.waitForFunction((n) => document.querySelectorAll('.case').length === n, before - 1);
		assert.equal(sql(`SELECT count(*) FROM sojorn.audit_log WHERE action = 'report.resolve' AND actor_id = '${admin.id}'`), '1');
	});
	await check('console: a dialog is left by Escape, and nothing has happened', async () => {
		await page.locator('.case').first().getByRole('button', { name: 'Remove' }).press('Enter');
		await page.getByRole('dialog').waitFor();
		await looksWell(page, 1440, 'dialog');
		await page.keyboard.press('Escape');
		await page.getByRole('dialog').waitFor({ state: 'detached' });
		assert.equal(sql(`SELECT count(*) FROM sojorn.audit_log WHERE action = 'post.remove' AND actor_id = '${admin.id}'`), '0');
	});
	await check('console: somebody is found, suspended and let back', async () => {
		const who = sql(`SELECT handle FROM sojorn.profiles p JOIN sojorn.users u ON u.id = p.id WHERE p.role = 'user' AND u.status = 'active' ORDER BY handle LIMIT 1`);
		await go(page, base, 'people');
		await page.getByLabel('Find somebody').fill(who);
		await page.keyboard.press('Enter');
		await page.getByRole('link', { name: `@${who}`, exact: true }).press('Enter');
		await page.getByRole('button', { name: 'Suspend' }).press('Enter');
		await page.getByLabel('Reason').fill('a test of the console');
		await page.getByRole('dialog').getByRole('button', { name: 'Suspend' }).press('Enter');
		await page.getByRole('button', { name: 'Lift' }).press('Enter');
		await page.getByLabel('Reason').fill('the test is over');
		await page.getByRole('dialog').getByRole('button', { name: 'Lift' }).press('Enter');
		await page.getByRole('cell', { name: 'suspended → active' }).waitFor();
		assert.equal(sql(`SELECT status FROM sojorn.users u JOIN sojorn.profiles p ON p.id = u.id WHERE p.handle = '${who}'`), 'active');
	});
}

export async function operate(check, browser, server, base, folder) {
	const [, admin, moderator] = server.logins;
	grant(admin, 'admin');
	grant(moderator, 'moderator');
	arrange(moderator, admin);
	const { context, page, heard } = await open(browser, base);

	await check('console: the door looks well, and opens by keyboard', async () => {
		await page.getByLabel('E-mail address').waitFor();
		await shoot(page, folder, 'door');
		await page.setViewportSize({ width: 1440, height: 900 });
		await signIn(page, admin);
	});
	await check('console: a wrong password is said', async () => {
		const { context: other, page: door } = await open(browser, base);
		await door.getByLabel('E-mail address').fill(admin.email);
		await door.getByLabel('Password').fill('not this one');
		await door.keyboard.press('Enter');
		await door.getByRole('alert').filter({ hasText: 'Invalid credentials' }).waitFor();
		await other.close();
	});
	await check('console: the charts draw what was', async () => {
		await page.locator('.plot path').first().waitFor();
		await page.waitForFunction(() => Number(document.querySelector('.plot').getAttribute('aria-valuemax')) >= 2);
	});
	for (const id of SECTIONS)
		await check(`console: ${id} looks well at every width`, async () => {
			await go(page, base, id);
			await shoot(page, folder, id);
			await page.setViewportSize({ width: 1440, height: 900 });
		});
	await check('console: the keyboard goes everywhere', async () => {
		await page.goto('about:blank');
		await go(page, base, 'overview');
		await page.keyboard.press('Tab');
		assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
		await page.keyboard.press('Enter');
		assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
		const chart = page.getByRole('slider').first();
		await chart.focus();
		await page.keyboard.press('End');
		const end = await chart.getAttribute('aria-valuetext');
		await page.keyboard.press('ArrowLeft');
		assert.notEqual(await chart.getAttribute('aria-valuetext'), end);
		assert.match(end, /^\d\d:\d\d:\d\d: answered /);
		await page.getByRole('navigation').getByRole('link', { name: 'Errors' }).press('Enter');
		await page.getByRole('heading', { name: 'Errors by route' }).waitFor();
	});
	await check('console: the API is looked up', async () => {
		await go(page, base, 'api');
		await page.getByLabel('Filter').fill('post like');
		await page.locator('summary:visible').filter({ hasText: '/api/v1/posts/{id}/like' }).first().press('Enter');
		await page.getByRole('heading', { name: /^200/ }).first().waitFor();
		await looksWell(page, 1440, 'an operation');
	});
	await actions(check, page, base, admin);
	await check('console: signing out closes it', async () => {
		await page.getByRole('button', { name: 'Sign out' }).press('Enter');
		await page.getByLabel('E-mail address').waitFor();
		await page.goto(`${base}#/people`);
		await page.getByLabel('E-mail address').waitFor();
	});
	await check('console: a moderator sees what is theirs', async () => {
		await page.goto('about:blank');
		await page.goto(base);
		await signIn(page, moderator);
		assert.deepEqual(await page.getByRole('navigation').getByRole('link').evaluateAll((links) => links.map(({ hash }) => hash)),
			['overview', 'errors', 'queue', 'people', 'map', 'move', 'api'].map((id) => `#/${id}`));
	});
	await check('console: the browser had nothing to complain of', async () => assert.deepEqual(heard.problems, []));
	await context.close();
}
