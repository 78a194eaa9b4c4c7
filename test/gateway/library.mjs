// The old app's own library, unmodified.
import assert from 'node:assert/strict';
import { createClient } from '@supabase/supabase-js';
import WebSocket from 'ws';
import { soon } from './client.mjs';

const fine = ({ data, error }) => {
	assert.equal(error, null);
	return data;
};

export async function library(check, server, there) {
	const client = createClient(server.url, 'anon-key', {
		auth: { persistSession: false, autoRefreshToken: false }, realtime: { transport: WebSocket },
	});
	await check('supabase-js signs in and asks who it is', async () => {
		const { user } = fine(await client.auth.signInWithPassword({ email: 'ana@example.org', password: 'secret' }));
		assert.equal(user.email, 'ana@example.org');
		assert.equal(fine(await client.auth.getUser()).user.id, user.id);
		assert.ok(fine(await client.auth.refreshSession()).session.refresh_token);
	});
	await check('supabase-js reads and writes tables', async () => {
		assert.deepEqual(fine(await client.from('posts').select('id, body').in('id', [1, 2])), [{ id: 1, body: 'hello' }]);
		assert.deepEqual(fine(await client.from('posts').insert({ body: 'new' }).select()), [{ body: 'new' }]);
	});
	await check('supabase-js invokes functions', async () => {
		assert.equal(fine(await client.functions.invoke('echo', { body: { a: 1 } })).text, '{"a":1}');
	});
	await check('supabase-js stores and fetches files', async () => {
		const bucket = client.storage.from('media');
		assert.ok(fine(await bucket.upload('cat.png', Buffer.alloc(300000, 'cat'), { contentType: 'image/png' })));
		assert.equal(fine(await bucket.download('cat.png')).size, 65536);
	});
	await check('supabase-js joins a channel and hears itself', async () => {
		const heard = [];
		const channel = client.channel('room', { config: { broadcast: { self: true } } });
		channel.on('broadcast', { event: 'note' }, ({ payload }) => heard.push(payload));
		await new Promise((resolve, reject) => channel.subscribe((status, error) => (status === 'SUBSCRIBED' ? resolve() : reject(error ?? new Error(status)))));
		await channel.send({ type: 'broadcast', event: 'note', payload: { n: 1 } });
		await soon(() => heard.length === 1);
		await client.removeAllChannels();
		client.realtime.disconnect();
		await soon(() => there.sockets.size === 0);
	});
}
