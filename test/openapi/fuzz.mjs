// Every operation with random requests made from its own description: no answer is a 5xx, and each has a status
// and a body that the document names. Then text that breaks things, through every member that keeps text: what
// comes back is what was sent, byte for byte.
//
// FUZZ_SEED repeats a run, FUZZ_ROUNDS (8) is the number of requests an operation gets.
import { randomInt } from 'node:crypto';
import { compiler, examples, judge, operations, resolve } from './calls.mjs';
import { naughty, Random, value } from './random.mjs';

const rounds = Number(process.env.FUZZ_ROUNDS ?? 8);
const seed = process.env.FUZZ_SEED ?? randomInt(1e9);

function make(server, random, operation, known) {
	const look = (schema) => resolve(server.document, schema) ?? {};
	const query = new URLSearchParams();
	const path = operation.path.replace(/\{(\w+)\}/g, () =>
		encodeURIComponent(random.chance(80) ? random.of(known) : random.of(naughty)),
	);

	for (const given of operation.parameters ?? []) {
		const parameter = resolve(server.document, given);
		if (parameter.in !== 'query' || random.chance(30)) continue;
		const sent = value(random, parameter.schema, known, look);
		query.set(parameter.name, typeof sent === 'object' ? JSON.stringify(sent) : String(sent));
	}
	const schema = operation.requestBody?.content['application/json']?.schema;
	const body = schema && JSON.stringify(value(random, schema, known, look));
	return { url: `${server.url}${path}?${query}`, method: operation.method, body };
}

async function send(server, { url, method, body }) {
	return fetch(url, {
		method,
		redirect: 'manual',
		body,
		headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${server.token}` },
	});
}

async function ids(server) {
	const values = await examples(server);
	return [...Object.values(values.ids), ...Object.values(values.own), values.path.handle, values.path.name].filter(Boolean);
}

export async function fuzz(server) {
	const random = new Random(seed);
	const validators = compiler(server.document);
	const problems = [];
	const known = await ids(server);

	for (const operation of operations(server.document)) {
		if (operation.requestBody && !operation.requestBody.content['application/json']) continue;
		for (let i = 0; i < rounds; i++) {
			const request = make(server, random, operation, known);
			const reply = await send(server, request);
			const found = await judge(server, validators, operation, reply.clone());

			if (reply.status >= 500) found.push(`${operation.method} ${operation.path} -> ${reply.status}`);
			if (found.length) problems.push(`FUZZ_SEED=${seed}: ${request.method} ${request.url} ${request.body}`, ...found);
			if (reply.status === 401 || reply.status === 403) await server.signIn(); // it had signed out, or left
		}
	}
	return problems;
}

// Where text is kept: how it is sent, and where it comes back.
function places(server, own) {
	const profile = (name) => [name, 'PATCH', '/profile', (text) => ({ [name]: text }), (reply) => reply.profile[name]];
	const listed = (name, wrap, unwrap) => [name, 'PATCH', '/profile', (text) => ({ [name]: wrap(text) }), (reply) => unwrap(reply.profile[name])];

	return [
		profile('bio'), profile('location'),
		listed('interests', (text) => [text], (kept) => kept[0]),
		listed('metadata_fields', (text) => [{ key: 'k', value: text }], (kept) => kept[0].value),
		['body', 'PATCH', `/posts/${own}`, (text) => ({ body: text }), async () => (await server.get(`/api/v1/posts/${own}`)).post.body],
		['comment', 'POST', `/posts/${own}/comments`, (text) => ({ body: text }), (reply) => reply.comment.body],
		['emoji', 'POST', `/posts/${own}/reactions/toggle`, (text) => ({ emoji: text }), (reply) => reply.my_reactions[0]],
		['theme', 'PATCH', '/settings/user', (text) => ({ theme: text }), (reply) => reply.theme],
	];
}

export async function texts(server) {
	await server.signIn();
	const own = (await server.get(`/api/v1/users/${server.login.id}/posts`)).posts[0].id;
	const problems = [];

	for (const [name, method, path, wrap, unwrap] of places(server, own)) {
		let kept = 0;
		for (const text of naughty) {
			const reply = await send(server, { url: `${server.url}/api/v1${path}`, method, body: JSON.stringify(wrap(text)) });
			const answer = await reply.json();

			if (reply.status === 400 || reply.status === 422) continue; // too long here, or not to be said
			if (reply.status >= 300) problems.push(`${name} ${JSON.stringify(text)} -> ${reply.status} ${JSON.stringify(answer)}`);
			else if ((await unwrap(answer)) !== text) problems.push(`${name} ${JSON.stringify(text)} came back as ${JSON.stringify(await unwrap(answer))}`);
			else kept++;
		}
		if (kept < naughty.length / 2) problems.push(`${name} kept ${kept} of ${naughty.length} texts only`);
	}
	return problems;
}
