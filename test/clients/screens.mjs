// Every route of the app's first screens, read by its decoders: as somebody new, who has nothing yet, and as one of the
// seeded people, who has much.
import assert from 'node:assert/strict';
import { decode, members, parse } from './decoders.mjs';

const NOBODY = '00000000-0000-4000-8000-000000000000';
const PLACE = 'lat=45.52&long=-122.68&radius=20000';

// METHOD /path, status, type of the reply or its members. $name: an id that was found before.
const reads = `
GET /profile                          200 ProfileReply
GET /profile                          200 profile:OwnProfile!
GET /profiles/$other                  200 ProfileReply
GET /profiles/$me                     200 ProfileReply
GET /users/by-handle/$handle          200 Profile
GET /profile/trust-state              200 TrustState
GET /settings/privacy                 200 Privacy
POST /settings/privacy                200 Privacy
GET /settings/user                    200 Settings
GET /categories                       200 categories:[Category]!
GET /categories/settings              200 settings:[Choice]
GET /users/requests                   200 requests:[Requester]
POST /users/requests                  200 requests:[Requester]
GET /users/$me/followers              200 followers:[Follower] count:int
GET /users/$me/following              200 following:[Follower] count:int
GET /users/$other/followers           200 followers:[Follower] count:int
GET /users/$other/following           200 following:[Follower] count:int
GET /users/suggested                  200 suggestions:[Suggestion]
GET /mutual-follows                   200 profiles:[Profile]
GET /users/blocked                    200 users:[Profile]
GET /feed                             200 posts:[Post]
GET /feed?has_video=true&limit=8      200 posts:[Post]
GET /feed/personal?limit=50           200 posts:[Post]
GET /feed/sojorn?limit=20             200 posts:[Post]
GET /users/$other/posts               200 posts:[Post]
GET /users/$other/posts?chained=true  200 posts:[Post]
GET /users/$me/posts                  200 posts:[Post]
GET /users/$me/saved                  200 posts:[Post]
GET /users/me/liked                   200 posts:[Post]
GET /posts/$post                      200 post:Post!
GET /posts/$post/thread               200 posts:[Post]
GET /posts/$post/chain                200 posts:[Post]
GET /posts/$post/focus-context        200 Focus
GET /beacons/nearby?${PLACE}          200 beacons:[Beacon]!
GET /beacons/unified?${PLACE}         200 beacons:[Beacon]!
GET /search?q=a                       200 Search
GET /search?q=tide                    200 Search
GET /search?q=qqqqzzzz                200 Search
GET /notifications                    200 notifications:[Notification]
GET /notifications?include_archived=true 200 notifications:[Notification]
GET /notifications/badge              200 Badge
GET /discover                         200 top_tags:[Hashtag] popular_posts:[Post]
GET /hashtags/trending                200 hashtags:[Hashtag]
GET /hashtags/following               200 hashtags:[Hashtag]
GET /users/circle/members             200 members:[Follower] count:int
GET /users/me/activity                200 activities:[Activity]
GET /reports/mine                     200 reports:[Report] total:int limit:int offset:int
GET /auth/altcha-challenge            200 Challenge
GET /neighborhoods/mine               404 Failure
GET /posts/${NOBODY}                  404 Failure
GET /profiles/${NOBODY}               404 Failure
`;

// The same with a body, in order; later ones undo what earlier ones did. $own: the post just made.
const writes = `
POST /posts                     201 Created          {"body":"Decoded #tag","allow_chain":true}
POST /posts/$own/comments       201 comment:Comment  {"body":"Read, too"}
POST /posts/$post/like          200 message:str      null
POST /posts/$post/like          200 message:str      null
GET /posts/$post                200 post:Post!
DELETE /posts/$post/like        200 message:str      null
POST /posts/$post/save          200 message:str      null
DELETE /posts/$post/save        200 message:str      null
POST /posts/$post/reactions/toggle 200 reactions:{int}!·my_reactions:[str]! {"emoji":"🌊"}
GET /posts/$post                200 post:Post!
POST /posts/$post/reactions/toggle 200 reactions:{int}!·my_reactions:[str]! {"emoji":"🌊"}
POST /users/$other/follow       200 message:str·status:"accepted"|"pending" null
GET /profiles/$other            200 ProfileReply
DELETE /users/$other/follow     200 message:str      null
POST /users/$other/block        200 message:str      null
GET /users/blocked              200 users:[Profile]
GET /profiles/$other            404 Failure
DELETE /users/$other/block      200 message:str      null
POST /beacons                   201 beacon:Beacon!   {"body":"Fog on the bridge, drive slowly","beacon_type":"hazard","lat":45.52,"long":-122.68}
GET /beacons/unified?${PLACE}   200 beacons:[Beacon]!
POST /categories/settings       200 message:str      {"settings":[]}
PATCH /profile                  200 profile:OwnProfile! {"bio":"Read by decoders","avatar_url":null}
PATCH /settings/user            200 Settings         {"theme":"dark"}
PATCH /settings/privacy         200 Privacy          {"show_in_search":true}
POST /analysis/tone             200 Analysis         {"text":"What a lovely day"}
POST /analysis/tone             200 Analysis         {"text":"I will kill you"}
POST /moderate                  200 Decision         {"text":"What a lovely day"}
POST /notifications/device      200 message:str      {"fcm_token":"decoders-token-0001","platform":"android"}
DELETE /notifications/device    200 message:str      {"token":"decoders-token-0001"}
POST /complete-onboarding       200 message:str      null
POST /auth/forgot-password      200 message:str      {"email":"nobody@example.com"}
POST /auth/resend-verification  200 message:str      {"email":"nobody@example.com"}
POST /posts                     400 Failure          {"body":""}
`;

const rows = (table) =>
	table.trim().split('\n').map((line) => {
		const [, method, path, status, rest] = line.match(/^(\w+) (\S+) +(\d+) (.*)$/);
		const body = rest.match(/ ((?:\{|null$).*)$/)?.[1];
		const type = (body ? rest.slice(0, -body.length) : rest).trim();
		return { name: `${method} ${path}`, method, path, status: Number(status), type: type.replaceAll('·', ' '), body };
	});

// Reads the reply of one row; resolves to it.
async function show(server, token, row, known) {
	const path = row.path.replace(/\$(\w+)/g, (all, name) => known[name] ?? assert.fail(`no ${name} yet`));
	const reply = await fetch(`${server.url}/api/v1${path}`, {
		method: row.method,
		headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` },
		body: row.method === 'GET' ? undefined : (row.body ?? 'null'),
	});
	const text = await reply.text();
	assert.equal(reply.status, row.status, `${row.name}: ${text.slice(0, 300)}`);
	const value = parse(text);
	if (/^\w+$/.test(row.type)) decode(row.type, value, row.name);
	else members(row.type, value, row.name);
	return value;
}

// All of a table; the names of the lists that were empty, and of those that were not.
async function showAll(server, token, table, known) {
	const problems = [], empty = new Set(), full = new Set();
	for (const row of rows(table)) {
		try {
			const reply = await show(server, token, row, known);
			if (row.status === 201 && reply.post) known.own = reply.post.id;
			for (const [name, value] of Object.entries(reply))
				if (Array.isArray(value)) (value.length ? full : empty).add(`${row.name} ${name}`);
		} catch (error) {
			problems.push(error.message);
		}
	}
	assert.deepEqual(problems, []);
	return { empty, full };
}

// A post of somebody else which has answers, and its author.
async function find(server, token, me) {
	const row = { name: 'GET /feed', method: 'GET', path: '/feed?limit=50', status: 200, type: 'posts:[Post]' };
	const { posts } = await show(server, token, row, {});
	const post = posts.find((one) => one.comment_count > 0 && one.author_id !== me);
	return { me, post: post.id, other: post.author_id, handle: post.author.handle };
}

// newcomer, resident: sessions as the login has answered, the second one of a seeded account.
export async function screens(check, server, newcomer, resident) {
	await check('the session of a login is read', async () => {
		for (const session of [newcomer, resident]) decode('Session', parse(JSON.stringify(session)));
	});
	await check('decoders refuse what the app refuses', async () => {
		const good = { id: NOBODY, handle: 'a', display_name: 'A', avatar_url: '' };
		decode('Author', good);
		for (const [type, bad] of [
			['Author', { ...good, id: undefined }], ['Author', { ...good, handle: null }], ['[Author]', null],
			['Author', { ...good, id: 'ABCDEF00-0000-4000-8000-000000000000' }], ['ts', '2026-01-25 10:00:00Z'],
			['bool', 1], ['int', parse('1.0')], ['int', parse('[1e2]')[0]], ['{int}', []], ['"true"', false],
		]) assert.throws(() => decode(type, bad), `${type} ${JSON.stringify(bad)}`);
		decode('num', parse('1.5'));
		decode('str', parse('"1.0"'));
	});

	const lists = { newcomer: null, resident: null };
	for (const [name, session] of Object.entries({ newcomer, resident })) {
		const known = await find(server, session.access_token, session.user.id);
		await check(`the app reads every screen of a ${name}`, async () => {
			lists[name] = await showAll(server, session.access_token, reads, known);
		});
		await check(`the app reads the answer to every tap of a ${name}`, async () => {
			await showAll(server, session.access_token, writes, known);
		});
	}
	await check('the app renews its session and begins to set up a second factor', async () => {
		const { access_token: token, refresh_token: old } = resident;
		const call = (line) => show(server, token, rows(line)[0], {});
		await call(`POST /auth/refresh 200 access_token:str!·refresh_token:str! {"refresh_token":"${old}"}`);
		await call('POST /auth/mfa/setup 200 Mfa null');
	});
	await check('lists were read both empty and full', async () => {
		const own = ['$me/followers followers', '$me/following following', '/feed/personal?limit=50 posts', '$me/posts posts',
			'$me/saved posts', '/users/me/liked posts', '/notifications notifications'];
		for (const list of own.map((rest) => (rest.startsWith('$') ? `GET /users/${rest}` : `GET ${rest}`))) {
			assert.ok(lists.newcomer.empty.has(list), `${list} of a newcomer is not empty`);
			assert.ok(lists.resident.full.has(list), `${list} of a resident is empty`);
		}
		for (const list of ['GET /feed posts', 'GET /feed?has_video=true&limit=8 posts', 'GET /posts/$post/thread posts',
			`GET /beacons/unified?${PLACE} beacons`, 'GET /search?q=a users', 'GET /search?q=tide posts', 'GET /categories categories'])
			assert.ok(lists.resident.full.has(list), `${list} is empty`);
		assert.ok(lists.resident.empty.has('GET /search?q=qqqqzzzz posts'));
	});
}
