// What goes wrong between the two, in the shapes that clients know.
import assert from 'node:assert/strict';
import { ask } from './client.mjs';

export async function abuse(check, server, there) {
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
		const shapes = {
			'/auth/v1/user': ['code', 'error_code', 'msg', 'message'],
			'/rest/v1/posts': ['code', 'details', 'hint', 'message'],
			'/storage/v1/object/x': ['statusCode', 'error', 'message', 'code'],
		};
		for (const [path, members] of Object.entries(shapes)) {
			const reply = await ask(server.url, path);
			assert.equal(reply.status, 502);
			assert.deepEqual(Object.keys(JSON.parse(reply.body)), members);
		}
		const named = await ask(server.url, '/auth/v1/user', { headers: { 'X-Supabase-Api-Version': '2024-01-01' } });
		assert.deepEqual(JSON.parse(named.body), { code: 'bad_gateway', message: 'The project cannot be reached' });
		await there.start(port);
		assert.equal((await ask(server.url, '/rest/v1/posts')).status, 200);
	});
}
