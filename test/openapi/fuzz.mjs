// Every operation with random requests made from its own description: no answer is a 5xx, and each has a status
// and a body that the document names.
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
