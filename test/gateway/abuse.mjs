// What goes wrong between the two, in the shapes that clients know.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { serve } from '../openapi/server.mjs';
import { ask, soon } from './client.mjs';

const SILENCE_S = 8; // long enough for a steady project on a busy machine not to be taken for a silent one

const shapes = {
	'/auth/v1/': ['code', 'error_code', 'msg', 'message'],
	'/rest/v1/': ['code', 'details', 'hint', 'message'],
	'/storage/v1/': ['statusCode', 'error', 'message', 'code'],
	'/functions/v1/': ['code', 'error_code', 'msg', 'message'],
};

// Nothing comes: 504 in every shape, and the project is let go of.
async function silence(url, there) {
	const { left } = there;
	for (const [reply, members] of await Promise.all(Object.entries(shapes).map(async ([path, members]) => [await ask(url, `${path}silent`), members]))) {
		assert.equal(reply.status, 504);
		assert.equal(reply.headers['retry-after'], '1');
		assert.deepEqual(Object.keys(JSON.parse(reply.body)), members);
	}
	await soon(() => there.left >= left + 4, 20);
}

// What has begun cannot become a 504 any more: the connection breaks, so that nobody takes it for whole.
const stuck = (url) => assert.rejects(ask(url, '/functions/v1/stuck', { method: 'POST' }), { code: 'ECONNRESET' });

// Takes longer than the project may be silent, but never is.
async function steady(url) {
	const reply = await ask(url, `/functions/v1/steady?n=5&ms=${SILENCE_S * 250}`);
	assert.equal(reply.body.toString(), '.....');
}

export async function abuse(check, server, there, work) {
	await check('a project that is silent for too long is a 504; one that is slow is waited for', async () => {
		const other = await serve(work, { SUPABASE_UPSTREAM: there.url, SUPABASE_TIMEOUT: `${SILENCE_S}s`, ADMIN_ADDR: `unix:${join(work, 'other.sock')}` }, false);
		try {
			await Promise.all([silence(other.url, there), stuck(other.url), steady(other.url)]);
		} finally {
			assert.deepEqual(await other.stop(), []);
		}
	});
	await check('a project that breaks off is a 502 in the shape of its service', async () => {
		const reply = await ask(server.url, '/functions/v1/none', { method: 'POST', headers: { Origin: 'https://a.example' } });
		assert.equal(reply.status, 502);
		assert.equal(reply.headers['retry-after'], '1');
		assert.equal(reply.headers['access-control-allow-origin'], '*');
		assert.equal(JSON.parse(reply.body).code, 502);
	});
	await check('a project that is away is a 502, and back when it is', async () => {
		const { port } = there;
		await there.stop();
		for (const [path, members] of Object.entries(shapes)) {
			const reply = await ask(server.url, `${path}x`);
			assert.equal(reply.status, 502);
			assert.deepEqual(Object.keys(JSON.parse(reply.body)), members);
		}
		const named = await ask(server.url, '/auth/v1/user', { headers: { 'X-Supabase-Api-Version': '2024-01-01' } });
		assert.deepEqual(JSON.parse(named.body), { code: 'bad_gateway', message: 'The project cannot be reached' });
		await there.start(port);
		assert.equal((await ask(server.url, '/rest/v1/posts')).status, 200);
	});
}
