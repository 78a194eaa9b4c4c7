// A person's first day: the nine functions that the app calls, in the order in which a person meets them.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PASSWORD = 'correct horse, by nginx';
const HERE = { lat: 45.523, long: -122.676 };

// The link in the next mail to this address, which is written behind the reply.
export async function mailedLink(work, address, path) {
	for (let tries = 0; tries < 300; tries++) {
		for (const name of readdirSync(join(work, 'mail'))) {
			const mail = readFileSync(join(work, 'mail', name), 'utf8').replaceAll('=\r\n', '').replaceAll('=3D', '=');
			const link = mail.match(/https?:\/\/[^\s"<>]+/g)?.find((found) => found.includes(path));
			if (mail.includes(address) && link) return new URL(link);
		}
		await sleep(50);
	}
	throw new Error(`no mail to ${address}`);
}

const person = (handle, name) => ({
	email: `${handle}@example.org`, password: PASSWORD, handle, display_name: name, birth_month: 12, birth_year: 1990,
	accept_terms: true, accept_privacy: true, altcha_token: 'not asked for in development',
});

// Signs up, opens the mailed link and logs in; resolves to the session.
async function arrive(phone, work, handle, name, signup) {
	const asked = await phone.api(201, 'POST', signup, person(handle, name));
	assert.deepEqual([asked.state, asked.email], ['verification_pending', `${handle}@example.org`]);
	const early = await phone.api(401, 'POST', '/auth/login', person(handle, name));
	assert.equal(early.code, 'verify_email');
	const link = await mailedLink(work, `${handle}@example.org`, '/auth/verify');
	const opened = await phone.send('GET', link.pathname + link.search);
	assert.equal(opened.status, 302, opened.text);
	const page = new URL(opened.headers.location);
	assert.equal(page.href, `${link.origin}/verified?status=success`);
	assert.match((await phone.send('GET', page.pathname + page.search)).text, /<h1>Your address is confirmed<\/h1>/);
	const again = await phone.send('GET', link.pathname + link.search);
	assert.match(again.headers.location, /verify-error\?reason=invalid_token$/);
	return phone.api(200, 'POST', '/auth/login', { email: `${handle}@example.org`, password: PASSWORD });
}

export async function journey(check, phone, work) {
	let ann, ben, post, beacon;

	await check('signup: two people sign up, confirm their mails and log in', async () => {
		ann = await arrive(phone, work, 'ann.endtoend', 'Ann', '/auth/signup');
		ben = await arrive(phone, work, 'ben_endtoend', 'Ben', '/auth/register');
		assert.equal(ann.profile.handle, 'ann.endtoend');
		assert.equal(ann.user.email, 'ann.endtoend@example.org');
	});
	await check('profile: onboarding ends, a profile is filled and read by another', async () => {
		await phone.api(200, 'POST', '/complete-onboarding', 'null', ben.access_token);
		await phone.api(200, 'PATCH', '/profile', { bio: 'Böats & 🌊' }, ben.access_token);
		const { profile, is_following: following } =
			await phone.api(200, 'GET', `/profiles/${ben.user.id}`, undefined, ann.access_token);
		assert.equal(profile.bio, 'Böats & 🌊');
		assert.equal(following, false);
	});
	await check('publish-post: a post comes back whole', async () => {
		({ post } = await phone.api(201, 'POST', '/posts',
			{ body: 'Kayaks at the lighthouse tonight #paddling 🛶' }, ben.access_token));
		assert.equal(post.author.handle, 'ben_endtoend');
		assert.deepEqual(post.tags, ['paddling']);
		assert.equal((await phone.api(200, 'GET', `/posts/${post.id}`, undefined, ann.access_token)).post.body, post.body);
	});
	await check('follow: the followed one knows', async () => {
		const before = await phone.api(200, 'GET', '/feed/personal?limit=50', undefined, ann.access_token);
		assert.deepEqual(before.posts, []);
		const { status } = await phone.api(200, 'POST', `/users/${ben.user.id}/follow`, 'null', ann.access_token);
		assert.equal(status, 'accepted');
		const { stats } = await phone.api(200, 'GET', `/profiles/${ben.user.id}`, undefined, ann.access_token);
		assert.equal(stats.follower_count, 1);
		const { notifications } = await phone.api(200, 'GET', '/notifications', undefined, ben.access_token);
		assert.deepEqual([notifications[0].type, notifications[0].actor_handle], ['follow', 'ann.endtoend']);
	});
	await check('feed-sojorn: the three feeds, each page as long as asked', async () => {
		const own = await phone.api(200, 'GET', '/feed/personal?limit=50', undefined, ann.access_token);
		assert.deepEqual(own.posts.map(({ id }) => id), [post.id]);
		for (const path of ['/feed', '/feed/sojorn']) {
			const { posts } = await phone.api(200, 'GET', `${path}?limit=20`, undefined, ann.access_token);
			assert.equal(posts.length, 20);
			assert.equal(new Set(posts.map(({ id }) => id)).size, 20);
		}
		const { posts } = await phone.api(200, 'GET', '/feed?has_video=true&limit=8', undefined, ann.access_token);
		assert.ok(posts.length > 0 && posts.every(({ video_url: url }) => url));
		await phone.api(200, 'POST', `/posts/${post.id}/like`, 'null', ann.access_token);
		assert.equal((await phone.api(200, 'GET', '/feed/personal', undefined, ann.access_token)).posts[0].is_liked, true);
	});
	await check('create-beacon: dropped by one, found on the map by another, of nobody', async () => {
		({ beacon } = await phone.api(201, 'POST', '/beacons',
			{ body: 'A tree lies across the cycle path', beacon_type: 'hazard', ...HERE }, ann.access_token));
		for (const path of ['nearby', 'unified']) {
			const { beacons } = await phone.api(200, 'GET',
				`/beacons/${path}?lat=${HERE.lat}&long=${HERE.long}&radius=3000`, undefined, ben.access_token);
			const found = beacons.find(({ id }) => id === beacon.id);
			assert.deepEqual([found.beacon_lat, found.beacon_long], [45.52, -122.68]);
			assert.ok(!JSON.stringify(found).includes(ann.user.id) && !JSON.stringify(found).includes('ann.endtoend'));
		}
		const { code } = await phone.api(403, 'POST', `/beacons/${beacon.id}/vouch`, 'null', ben.access_token);
		assert.equal(code, 'tier_too_low'); // a newcomer
	});
	await check('search: people, tags and posts, also with a typing error', async () => {
		const found = await phone.api(200, 'GET', '/search?q=lighthouse', undefined, ann.access_token);
		assert.ok(found.posts.some(({ id }) => id === post.id));
		const mistyped = await phone.api(200, 'GET', '/search?q=lighthuose', undefined, ann.access_token);
		assert.ok(mistyped.posts.some(({ id }) => id === post.id));
		const people = await phone.api(200, 'GET', '/search?q=ben_endtoend&type=users', undefined, ann.access_token);
		assert.equal(people.users[0].id, ben.user.id);
	});
	await check('tone-check: a kind text passes, a threat does not', async () => {
		const kind = await phone.api(200, 'POST', '/analysis/tone', { text: 'What a lovely day' }, ann.access_token);
		assert.equal(kind.flagged, false);
		const threat = await phone.api(200, 'POST', '/analysis/tone', { text: 'I will kill you' }, ann.access_token);
		assert.deepEqual([threat.flagged, threat.category], [true, 'violence']);
	});
	await check('notifications: a phone is registered and forgotten', async () => {
		const phoneToken = { fcm_token: 'a-token-of-firebase-0001', platform: 'android' };
		await phone.api(200, 'POST', '/notifications/device', phoneToken, ann.access_token);
		await phone.api(200, 'DELETE', '/notifications/device', { token: phoneToken.fcm_token }, ann.access_token);
	});
	await check('a session is renewed and ended', async () => {
		const next = await phone.api(200, 'POST', '/auth/refresh', { refresh_token: ann.refresh_token });
		assert.notEqual(next.refresh_token, ann.refresh_token);
		await phone.api(200, 'POST', '/auth/logout', {}, next.access_token);
	});
}
