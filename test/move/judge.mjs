// What must be true of a move, wherever it stands: one writer, every write once, the same rows on both sides.
import assert from 'node:assert/strict';

// Tables that go back, as both sides have them.
const TABLES = [
	'auth.users', 'auth.identities', 'auth.sessions', 'auth.refresh_tokens', 'auth.mfa_amr_claims', 'public.profiles', 'public.posts',
	'public.post_metrics', 'public.post_likes', 'public.follows', 'public.comments', 'public.notifications', 'public.trust_state',
];

async function rowsOf(query, table) {
	const [row] = await query(`SELECT count(*)::integer AS n, md5(string_agg(x::text, '|' ORDER BY x::text)) AS sum FROM ${table} x`);
	return row;
}

// The first rows that one side has and the other has not.
async function difference(world, table) {
	const both = [];
	for (const query of [world.there, world.here]) both.push((await query(`SELECT x::text AS row FROM ${table} x`)).map(({ row }) => row));
	const [there, here] = both.map((rows) => new Set(rows));
	return JSON.stringify({
		there: both[0].filter((row) => !here.has(row)).slice(0, 3), here: both[1].filter((row) => !there.has(row)).slice(0, 3),
	}, null, 1);
}

// How many tables were held against each other.
export async function sameRows(world) {
	for (const table of TABLES) {
		const [there, here] = [await rowsOf(world.there, table), await rowsOf(world.here, table)];
		if (there.n !== here.n || there.sum !== here.sum)
			assert.fail(`${table}: ${there.n} rows there, ${here.n} here; ${await difference(world, table)}`);
	}
	return TABLES.length;
}

async function countOf(query, texts, table) {
	const rows = await query(`SELECT body, count(*)::integer AS n FROM ${table} WHERE body = ANY ($1) GROUP BY body`, [texts]);
	return new Map(rows.map(({ body, n }) => [body, n]));
}

// Everything that was confirmed is there once, everything that was not at most once; on the sides that count.
export async function everyWriteOnce(world, log, sides = ['there', 'here']) {
	const tables = { there: 'public.posts', here: 'sojorn.posts' };
	const texts = { written: [...log.written.keys()], unsure: [...log.unsure] }; // people may go on
	for (const side of sides) {
		const written = await countOf(world[side], texts.written, tables[side]);
		const unsure = await countOf(world[side], texts.unsure, tables[side]);
		const lost = texts.written.filter((text) => !written.has(text));
		const twice = [...written, ...unsure].filter(([, n]) => n > 1);
		assert.deepEqual(lost, [], `lost ${side}`);
		assert.deepEqual(twice, [], `twice ${side}`);
	}
	return texts.written.length;
}

// Every session goes on: refreshed, and asked who it is.
export async function everybodyIsSignedIn(crowd) {
	const { count, of } = await crowd.alive();
	assert.equal(count, of, `${count} of ${of} sessions go on: ${crowd.story()}`);
}

const tries = (query, text) => query(`BEGIN; ${text}; ROLLBACK`).then(() => true, (error) => {
	if (error.code !== '25006') throw error;
	return false;
});

// Whether the old servers' role and this app's could write. A rolled back transaction tells.
export async function writers(world) {
	const there = await tries(world.there, "SET LOCAL ROLE service_role; UPDATE public.profiles SET bio = 'x' WHERE false");
	const here = await tries(world.here, "UPDATE sojorn.profiles SET bio = 'x' WHERE false");
	return { there, here };
}

// The side that is in charge, and nobody else.
export async function inCharge(world, side) {
	const [{ state, writer }] = await world.here('SELECT state, writer FROM supabase_move.gate');
	assert.deepEqual({ state, writer }, side === 'there' ? { state: 'upstream', writer: 'upstream' } : { state: 'here', writer: 'here' });
	assert.deepEqual(await writers(world), { there: side === 'there', here: side === 'here' });
}
