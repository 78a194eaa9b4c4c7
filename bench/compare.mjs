// Holds the peers to the server's own replies, field by field, before anything is measured.
import { get } from './servers.mjs';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

// A cursor is opaque; what both must agree on is where it leads: key and id.
function cursor(text) {
	return Buffer.from(text, 'base64url').subarray(5, 29).toString('hex');
}

function microseconds(time) {
	const [, whole, fraction = ''] = time.match(/^(.*?)(?:\.(\d+))?Z$/);
	return `${whole}.${fraction.padEnd(6, '0')}`;
}

function same(a, b, name) {
	if (name === 'next_cursor' && a && b)
		return cursor(a) === cursor(b);
	if (typeof a === 'string' && typeof b === 'string' && TIME.test(a) && TIME.test(b))
		return microseconds(a) === microseconds(b);
	return a === b;
}

// The path of the first difference, or nothing.
function difference(a, b, path = '', name = '') {
	if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object')
		return same(a, b, name) ? undefined : `${path}: ${JSON.stringify(a)} is not ${JSON.stringify(b)}`;
	const names = new Set([...Object.keys(a), ...Object.keys(b)]);
	for (const member of names) {
		const found = difference(a[member], b[member], `${path}.${member}`, member);
		if (found)
			return found;
	}
	return undefined;
}

export async function replies(server, requests) {
	const out = [];
	for (const [path, token] of requests) {
		const { status, body } = await get(server.port, path, token);
		out.push({ path, status, body: status === 200 ? JSON.parse(body) : null });
	}
	return out;
}

// Throws at the first reply that is neither what ours was before nor what it was afterwards: meanwhile a post
// may have expired.
export function compare(name, theirs, before, after) {
	theirs.forEach((reply, i) => {
		const found = difference(reply, before[i]) && difference(reply, after[i]);
		if (found)
			throw new Error(`${name}: ${reply.path}: ${found}`);
	});
}
