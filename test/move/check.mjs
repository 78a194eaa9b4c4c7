// See run. One result a check; the last line is "N passed, M failed".
import { webcrypto } from 'node:crypto';
import { suite } from '../harness/check.mjs';
import { chaos } from './chaos.mjs';
import { journey } from './journey.mjs';
import { line } from './line.mjs';
import { world } from './world.mjs';

globalThis.crypto ??= webcrypto; // node 18 does not have it by itself

const { result, end } = suite('move');

// True when it has gone well.
async function check(name, run) {
	const began = Date.now();
	let problem = '';
	await run().catch((error) => (problem = error.stack ?? String(error)));
	result(`${name} (${((Date.now() - began) / 1000).toFixed(1)} s)`, problem);
	return !problem;
}

// There and back with something for each part that counts; `./dev chaos-move` is the long form.
const SHORT = [{ import: ['command'], follow: ['target'], cutover: ['source'], reverse: ['follow'], rollback: ['command'] }];

function option(name, otherwise) {
	const at = process.argv.indexOf(`--${name}`);
	return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

// The line, if this machine can have one.
function reach() {
	try {
		const it = line();
		console.log(`the line to the project can be cut, and slow (${it.how})`);
		return it;
	} catch (error) {
		console.log(`the line to the project stays whole: ${error.message}`);
		return null;
	}
}

const what = process.argv[2];
const seed = option('seed', what === 'chaos' ? Date.now() % 1000000 : 7);
for (const signal of ['SIGINT', 'SIGTERM'])
	process.once(signal, () => {
		cable?.remove();
		process.exit(1); // what has been started ends with us
	});
const cable = what === 'chaos' ? reach() : null;
const place = await world({ settings: { SUPABASE_HOLD: '20s' }, line: cable });
try {
	if (!what || what === 'journey') await journey(check, place);
	await place.end();
	if (!what) await chaos(check, place, { moments: 1, seed, only: SHORT });
	if (what === 'chaos') await chaos(check, place, { moments: option('moments', 100), seed });
} finally {
	await place.end().catch(() => {});
	await place.remove();
	cable?.remove();
}
end();
