// The product's named statements as texts that any client can prepare: each parameter bears its type, as
// the "-- name:" line declares it (scripts/embed-sql gives the server the same types by number).
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const TYPES = {
	uuid: 'uuid', text: 'text', int: 'int', bigint: 'bigint', bool: 'bool', float: 'float8', time: 'timestamptz',
	date: 'date', json: 'jsonb', bytes: 'bytea', uuids: 'uuid[]', texts: 'text[]', ints: 'int[]', bigints: 'bigint[]',
};

function sqlFiles(folder) {
	return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
		const path = join(folder, entry.name);
		return entry.isDirectory() ? sqlFiles(path) : path.endsWith('.sql') ? [path] : [];
	});
}

// The parts of a file: each a name, its parameters' types, its text.
function parse(text) {
	const found = text.matchAll(/^-- name: *(\w+)(.*(?:\n--\s+\$\d.*)*)\n((?:(?!^-- name:).*\n?)*)/gm);
	return [...found].map(([, name, head, body]) => ({
		name,
		types: [...head.matchAll(/\$\d+ +\w+ +(\w+)/g)].map(([, type]) => TYPES[type]),
		text: body.replace(/--.*$/gm, '').trim().replace(/;$/, ''),
	}));
}

export function readStatements(folder) {
	const all = sqlFiles(folder).flatMap((file) => parse(readFileSync(file, 'utf8')));
	return Object.fromEntries(all.map((s) => [s.name, s.text.replace(/\$(\d+)/g, (whole, n) => `${whole}::${s.types[n - 1]}`)]));
}
