// Calls the operations of the document and holds each reply against it: the status is one of those
// listed, a JSON body fits its schema, and no member of it is missing in the schema.
import { generateKeyPairSync, sign } from 'node:crypto';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

// Every operation as { method, path, ...operation }.
export function operations(document) {
	return Object.entries(document.paths).flatMap(([path, item]) =>
		Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
	);
}

export function resolve(document, value) {
	if (!value?.$ref) return value;
	return value.$ref.slice(2).split('/').reduce((at, key) => at[key.replaceAll('~1', '/').replaceAll('~0', '~')], document);
}

// The schemas, closed: clients may ignore members they do not know, the document may not. An error's
// envelope stays open, since some errors say more.
export function compiler(document) {
	const closed = structuredClone(document);
	for (const [name, schema] of Object.entries(closed.components.schemas))
		if (name !== 'Error') schema.additionalProperties = false;
	const ajv = new Ajv2020({ strict: false, allErrors: true });
	addFormats(ajv);
	for (const format of ['int32', 'int64', 'double']) ajv.addFormat(format, true);
	ajv.addSchema(closed, 'document');
	return (pointer) => ajv.getSchema(`document${pointer}`) ?? ajv.compile({ $ref: `document${pointer}` });
}

export async function judge(server, validators, operation, reply) {
	const what = `${operation.method} ${operation.path} -> ${reply.status}`;
	const response = resolve(server.document, operation.responses[reply.status]);
	const text = await reply.text();

	if (!response) return [`${what}: not in the document: ${text.slice(0, 200)}`];
	const schema = response.content?.['application/json']?.schema;
	if (!schema) return [];
	if (!reply.headers.get('content-type')?.startsWith('application/json'))
		return [`${what}: no JSON: ${text.slice(0, 200)}`];
	const validate = validators(schema.$ref);
	if (validate(JSON.parse(text))) return [];
	return validate.errors.map((e) => `${what}: ${e.instancePath || '/'} ${e.message} ${JSON.stringify(e.params)}`);
}

async function post(server, path, body) {
	const reply = await fetch(`${server.url}/api/v1${path}`, {
		method: 'POST',
		body: JSON.stringify(body),
		headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${server.token}` },
	});
	return reply.json();
}

// Keys, a vault and a backup of the seeded user, so that there is something to read; the backup's id.
async function storePrivate(server) {
	const raw = (key) => Buffer.from(key.export({ format: 'jwk' }).x, 'base64url');
	const signing = generateKeyPairSync('ed25519');
	const agreeing = raw(generateKeyPairSync('x25519').publicKey);

	await post(server, '/keys', {
		identity_key_public: [raw(signing.publicKey), agreeing].map((key) => key.toString('base64')).join(':'),
		registration_id: 1,
		signed_prekey_id: 1,
		signed_prekey_public: agreeing.toString('base64'),
		signed_prekey_signature: sign(null, agreeing, signing.privateKey).toString('base64'),
		one_time_prekeys: [{ key_id: 0, public_key: agreeing.toString('base64') }],
	});
	await post(server, '/capsule/escrow/backup', { salt: 'AAAA', iv: 'AAAA', payload: 'AAAA', pub: 'AAAA' });
	const locked = { encrypted_blob: 'AAAA', salt: 'AAAA', nonce: 'AAAA', mac: 'AAAA' };
	return (await post(server, '/backup/upload', locked)).backup_id;
}

// Values for parameters, taken from what the seeded server itself shows.
export async function examples(server) {
	const { posts } = await server.get('/api/v1/feed/sojorn');
	const post = posts.find((p) => p.author_id !== server.login.id) ?? posts[0];
	const near = '/api/v1/beacons/nearby?lat=52.52&long=13.40&radius=20000000';
	const { beacons } = await server.get(near);
	const own = await server.get(`/api/v1/users/${server.login.id}/posts`);
	const { hashtags } = await server.get('/api/v1/hashtags/trending');
	const { profiles: [friend] } = await server.get('/api/v1/mutual-follows');
	const { conversation_id: conversations } = await server.get(`/api/v1/conversation?other_user_id=${friend.id}`);

	const backupId = await storePrivate(server);

	return {
		own: { posts: own.posts[0].id, users: server.login.id, profiles: server.login.id, keys: server.login.id },
		ids: { posts: post.id, users: post.author_id, profiles: post.author_id, beacons: beacons?.[0]?.id,
			conversations, keys: server.login.id },
		query: { q: 'the', token: 'of-nobody', lat: '52.52', latitude: '52.52', long: '13.40', lng: '13.40', lon: '13.40',
			longitude: '13.40', radius: '5000', limit: '5', handle: server.login.handle, other_user_id: friend.id,
			path: 'uploads/of-nobody.jpg',
			url: 'https://example.org/' },
		path: { handle: server.login.handle, name: hashtags[0].name, backupId },
	};
}

export function address(server, operation, values) {
	const tag = operation.tags[0];
	const path = operation.path.replace(/\{(\w+)\}/g, (_, name) =>
		encodeURIComponent(values.path[name] ?? values.ids[tag] ?? 'something'),
	);
	const query = new URLSearchParams();
	for (const given of operation.parameters) {
		const parameter = resolve(server.document, given);
		if (parameter.in === 'query' && values.query[parameter.name] !== undefined)
			query.set(parameter.name, values.query[parameter.name]);
	}
	return `${server.url}${path}?${query}`;
}

function call(server, operation, values, { token = server.token, body } = {}) {
	return fetch(address(server, operation, values), {
		method: operation.method,
		redirect: 'manual',
		body,
		headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) },
	});
}

// Every GET, as the seeded user: of what others have, or of one's own where only that is allowed.
export async function reads(server) {
	const values = await examples(server);
	const validators = compiler(server.document);
	const problems = [];

	for (const operation of operations(server.document).filter((o) => o.method === 'GET')) {
		let reply = await call(server, operation, values);
		if (reply.status === 403) reply = await call(server, operation, { ...values, ids: values.own });
		const outside = operation.path.endsWith('/image-proxy'); // of other hosts, which nobody asks in a test
		if (operation.path.startsWith('/api/') && !outside && reply.status >= 400)
			problems.push(`${operation.method} ${operation.path} -> ${reply.status}; perhaps examples() lacks a value`);
		problems.push(...(await judge(server, validators, operation, reply)));
	}
	return problems;
}

// Every operation that the document calls protected, without a token.
export async function withoutToken(server) {
	const values = await examples(server);
	const validators = compiler(server.document);
	const problems = [];

	for (const operation of operations(server.document)) {
		if (operation.security.length === 0 || operation.security.some((s) => Object.keys(s).length === 0)) continue;
		const reply = await call(server, operation, values, { token: null });
		if (reply.status !== 401) problems.push(`${operation.method} ${operation.path} -> ${reply.status}`);
		problems.push(...(await judge(server, validators, operation, reply)));
	}
	return problems;
}

// Every operation with a JSON body, with bodies that none can mean: each is answered as the document
// says, with 400 where the body is no JSON, and never with a 5xx.
export async function badBodies(server) {
	const bodies = ['{', '[]', '"text"', '7', 'null', '{"id":[[[[]]]],"body":7,"text":{},"email":[],"settings":"x"}'];
	const values = await examples(server);
	const validators = compiler(server.document);
	const problems = [];

	for (const operation of operations(server.document).filter((o) => o.requestBody?.content['application/json'])) {
		await server.signIn(); // the operation before may have ended the session
		for (const body of bodies) {
			const reply = await call(server, operation, values, { body });
			if (body === '{' && reply.status !== 400)
				problems.push(`${operation.method} ${operation.path} with ${body} -> ${reply.status}`);
			problems.push(...(await judge(server, validators, operation, reply)));
		}
	}
	return problems;
}
