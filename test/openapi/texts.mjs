// Text that breaks things, through every member that keeps text: what comes back is what was sent, byte for byte.
// A text member of the document that is named nowhere here is a problem of its own.
import { spawnSync } from 'node:child_process';
import { examples, operations, resolve } from './calls.mjs';
import { naughty } from './random.mjs';

const API = '/api/v1';

// Members that keep no free text, and what they are instead.
const others = {
	'a secret, a code or a token': /(password|token|code)$/,
	'an address of mail, or a handle: letters of its own': /\.(email|handle|handles\[\])$/,
	'read and not kept': /^POST \/(analysis\/tone|moderate) /,
	'keys and what is locked with them: base64': /^POST \/(keys|capsule\/escrow\/backup|backup\/upload) \.(?!device_name)/,
	'an id': /_id$/,
	'one of a few words, or a time': /\.(violation_type|quiet_hours_(start|end)|default_post_ttl)$/,
	'hidden until a mail is answered, then as PATCH /profile has it': /^POST \/auth\/(register|signup) \.display_name$/,
};

// Every text member of a body as "METHOD /path .member".
function textMembers(document) {
	const found = [];
	const walk = (given, at) => {
		const schema = resolve(document, given);
		if (!schema) return;
		if ([schema.type].flat().includes('string') && !schema.enum && !['uuid', 'date-time'].includes(schema.format)) found.push(at);
		for (const [name, member] of Object.entries(schema.properties ?? {})) walk(member, `${at}.${name}`);
		if (schema.items) walk(schema.items, `${at}[]`);
	};
	for (const { method, path, requestBody } of operations(document)) {
		const schema = requestBody?.content['application/json']?.schema;
		if (schema && path.startsWith(API)) walk(schema, `${method} ${path.slice(API.length)} `);
	}
	return found;
}

function sql(text) {
	const done = spawnSync('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', process.env.TEST_PG_URL, '-c', text], { encoding: 'utf8' });
	if (done.status !== 0) throw new Error(done.stderr);
	return done.stdout.trim();
}

const begin = (text, n) => [...text].slice(0, n).join('').trim();
const same = (text) => text;

// One member of a request: `wrap` makes its value of a text, `read` finds that value in the reply.
function member(at, name, read, { wrap = same, kept = wrap, more = {}, ...rest } = {}) {
	const [method, path] = at.split(' ');
	return {
		at, name, method, path, kept, read,
		body: (text) => ({ ...(typeof more === 'function' ? more() : more), [name.replace(/\[.*/, '')]: wrap(text) }),
		...rest,
	};
}

function ofProfiles({ url, login }) {
	const address = { wrap: (text) => `${url}/uploads/${text}` };
	const shown = (name) => (reply) => reply.profile[name];
	const patch = (name, options, read = shown(name)) => member('PATCH /profile', name, read, options);
	const post = (name) => member('POST /profile', name, shown(name), { more: { handle: login.handle, display_name: 'n' } });

	return [
		...['display_name', 'bio', 'location', 'status_text'].map((name) => patch(name)),
		...['avatar_url', 'cover_url'].map((name) => patch(name, address)),
		patch('website', { wrap: (text) => `https://example.org/${text}` }),
		patch('interests[]', { wrap: (text) => [text], kept: same }, (reply) => reply.profile.interests[0]),
		patch('metadata_fields[].key', { wrap: (key) => [{ key, value: 'v' }], kept: same }, (reply) => reply.profile.metadata_fields[0].key),
		patch('metadata_fields[].value', { wrap: (value) => [{ key: 'k', value }], kept: same }, (reply) => reply.profile.metadata_fields[0].value),
		post('display_name'), post('bio'),
		...['theme', 'language', 'content_filter_level'].map((name) => member('PATCH /settings/user', name, (reply) => reply[name])),
		member('PUT /notifications/preferences', 'email_digest_frequency', (reply) => reply.email_digest_frequency),
	];
}

function ofPosts(server, { own, reported }) {
	let sent = 0;
	const today = { // a day has room for fifty posts
		before: () => sent++ % 20 === 0 && sql("UPDATE sojorn.trust_state SET posts_today = 0, tier = 'established'"),
		more: { body: 'a post' },
	};
	const post = (name, options) => member('POST /posts', name, (reply) => reply.post[name], { ...today, ...options });
	const beacon = (name, options) => member('POST /beacons', name, (reply) => reply.beacon[name],
		{ more: { body: 'a tree lies there', beacon_type: 'hazard', lat: 1, long: 1 }, ...options });
	const address = { wrap: (text) => `${server.url}/uploads/${text}` };

	return [
		...['body', 'nsfw_reason', 'overlay_json', 'background_id'].map((name) => post(name)),
		...['image_url', 'thumbnail_url', 'video_url', 'audio_overlay_url'].map((name) => post(name, address)),
		member('PATCH /posts/{id}', 'body', async () => (await server.get(`${API}/posts/${own}`)).post.body, { id: own }),
		member('POST /posts/{id}/comments', 'body', (reply) => reply.comment.body, { id: own }),
		member('POST /posts/{id}/reactions/toggle', 'emoji', (reply) => reply.my_reactions[0], { id: own }),
		beacon('body', { kept: (text) => text.replace(/[ \t\n\v\f\r]+/g, ' ') }),
		beacon('image_url', { wrap: (text) => `https://i.imgur.com/${text}` }),
		member('POST /users/report', 'description', async () => (await server.get(`${API}/reports/mine?limit=1`)).reports[0].description,
			{ more: () => ({ post_id: reported.pop(), violation_type: 'scam' }) }),
	];
}

function ofPrivateThings(server, { conversation, message }) {
	const spaced = { wrap: (text) => ` ${text} ` };
	const send = (name, options) => member('POST /messages', name, (reply) => reply[name],
		{ more: { conversation_id: conversation, ciphertext: 'x' }, ...options });
	const locked = { encrypted_blob: 'AAAA', salt: 'AAAA', nonce: 'AAAA', mac: 'AAAA' };

	return [
		...['ciphertext', 'iv', 'message_header'].map((name) => send(name, spaced)),
		send('key_version', { wrap: (text) => begin(text, 32) }),
		member('POST /messages/{id}/reactions', 'emoji', (reply) => reply.emoji, { id: message, wrap: (text) => begin(text, 10) }),
		member('POST /devices', 'device_name', (reply) => reply.device_name, { more: { device_fingerprint: 'f' } }),
		member('POST /devices', 'device_fingerprint', (reply) => reply.device_fingerprint, { more: { device_name: 'n' } }),
		member('POST /backup/upload', 'device_name', async () => (await server.get(`${API}/backup/list`)).backups[0].device_name,
			{ more: locked }),
	];
}

async function request(server, { method, path, id, body }, text) {
	const reply = await fetch(server.url + API + path.replace('{id}', id), {
		method,
		body: JSON.stringify(body(text)),
		headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${server.token}` },
	});
	return { status: reply.status, answer: await reply.json() };
}

// Texts that are too long, or not to be said, may be refused; more than half may not.
async function tryAll(server, place) {
	const what = `${place.at} ${place.name}`;
	const problems = [];
	let kept = 0;

	for (const text of naughty) {
		place.before?.();
		const { status, answer } = await request(server, place, text);
		if (status === 400 || status === 422) continue;
		const back = status < 300 ? await place.read(answer) : answer;
		if (status >= 300 || back !== place.kept(text)) problems.push(`${what} ${JSON.stringify(text)} -> ${status} ${JSON.stringify(back)}`);
		else kept++;
	}
	if (kept < naughty.length / 2) problems.push(`${what} kept ${kept} of ${naughty.length} texts only`);
	return problems;
}

async function things(server) {
	const { ids, own } = await examples(server);
	const send = { method: 'POST', path: '/messages', body: () => ({ conversation_id: ids.conversations, ciphertext: 'x' }) };
	return {
		own: own.posts,
		conversation: ids.conversations,
		message: (await request(server, send)).answer.id,
		reported: sql(`SELECT p.id FROM sojorn.posts p JOIN sojorn.profiles a ON a.id = p.author_id
			WHERE p.visibility = 'public' AND p.kind = 'post' AND p.deleted_at IS NULL AND NOT p.is_nsfw AND NOT a.is_private
			AND a.is_live AND a.posts_visibility = 'public' AND a.id <> '${server.login.id}' LIMIT 100`).split('\n'),
	};
}

export async function texts(server) {
	await server.signIn();
	const all = await things(server);
	const places = [...ofProfiles(server), ...ofPosts(server, all), ...ofPrivateThings(server, all)];
	const known = new Set(places.map(({ at, name }) => `${at} .${name}`));
	const unknown = textMembers(server.document).filter((text) => !known.has(text) && !Object.values(others).some((is) => is.test(text)));
	const problems = unknown.map((text) => `${text}: is it text that is kept?`);

	for (const place of places) problems.push(...(await tryAll(server, place)));
	return problems;
}
