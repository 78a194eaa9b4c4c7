// Reads what gcov counted and says how much of each folder was run.
//
//   node coverage.mjs OBJECTS OUT       OBJECTS: where the compiler put *.gcno; OUT/missing lists what was not run
//
// Tests and what is generated do not count. A line or function that several objects have (of a header) was run if one
// of them ran it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [objects, out] = process.argv.slice(2);
const OURS = /^(lib|app|cmd)\/|^main\.c$/;
const NOT_COUNTED = /_test\.c$|^lib\/base\/test\.[ch]$/;
const AT_ONCE = 40;

const notes = readdirSync(objects, { recursive: true }).map((path) => join(objects, path))
	.filter((path) => path.endsWith('.gcno') && OURS.test(path.slice(objects.length + 1)) && !NOT_COUNTED.test(path.replace(/\.gcno$/, '')));

// path -> { lines: number -> times, functions: name -> { line, times } }
const files = new Map();
const most = (map, key, times) => map.set(key, Math.max(map.get(key) ?? 0, times));

function add({ file, lines, functions }) {
	const path = file.replace(`${process.cwd()}/`, '');
	if (!OURS.test(path) || NOT_COUNTED.test(path)) return;
	const known = files.get(path) ?? { lines: new Map(), functions: new Map() };
	files.set(path, known);
	for (const { line_number: line, count } of lines) most(known.lines, line, count);
	for (const { name, start_line: line, execution_count: times } of functions) most(known.functions, `${line} ${name}`, times);
}

for (let i = 0; i < notes.length; i += AT_ONCE) {
	const told = execFileSync('gcov', ['--json-format', '--stdout', ...notes.slice(i, i + AT_ONCE)],
		{ encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] });
	for (const line of told.split('\n').filter(Boolean)) JSON.parse(line).files.forEach(add);
}

// "12-14" for lines that follow each other, whatever stands between that is no code.
function ranges(lines) {
	const all = [...lines.keys()].sort((a, b) => a - b);
	const found = [];
	for (const line of all) {
		if (lines.get(line)) found.push(null);
		else if (found.at(-1)) found.at(-1)[1] = line;
		else found.push([line, line]);
	}
	return found.filter(Boolean).map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
}

const count = (map) => [[...map.values()].filter((times) => times > 0).length, map.size];
const folders = new Map();
const missing = [];
for (const [path, { lines, functions }] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
	for (const folder of [dirname(path), 'all']) {
		const sum = folders.get(folder) ?? [0, 0, 0, 0];
		[...count(functions), ...count(lines)].forEach((n, i) => (sum[i] += n));
		folders.set(folder, sum);
	}
	for (const [key, times] of functions) if (!times) missing.push(`${path}:${key.replace(' ', ': ')}()`);
	missing.push(...ranges(lines).map((range) => `${path}:${range}`));
}

const percent = (part, whole) => (whole ? `${(100 * part / whole).toFixed(1)} %` : '-');
console.log('| folder | functions | | lines | |\n| --- | ---: | ---: | ---: | ---: |');
for (const [folder, [f, allF, l, allL]] of [...folders].sort(([a], [b]) => (a === 'all') - (b === 'all') || (a < b ? -1 : 1)))
	console.log(`| ${folder} | ${f} of ${allF} | ${percent(f, allF)} | ${l} of ${allL} | ${percent(l, allL)} |`);
mkdirSync(out, { recursive: true });
writeFileSync(join(out, 'missing'), missing.map((line) => `${line}\n`).join(''));
console.log(`\nnot run: ${missing.length} places, ${join(out, 'missing')}`);
