// The pool, and statements by their names.
import { readFileSync } from 'node:fs';
import pg from 'pg';

// Numbers that fit, as numbers; ids and times as PostgreSQL writes them, but for the zone.
pg.types.setTypeParser(pg.types.builtins.TIMESTAMPTZ, (text) => text.replace(' ', 'T').replace(/\+00$/, 'Z'));

export function openDatabase() {
	const texts = JSON.parse(readFileSync(process.env.STATEMENTS));
	const pool = new pg.Pool({
		connectionString: process.env.DATABASE_URL,
		max: Number(process.env.POOL ?? 10),
		options: '-c plan_cache_mode=force_generic_plan -c jit=off',
	});
	return {
		async list(name, ...values) {
			const { rows } = await pool.query({ name, text: texts[name], values });
			return rows;
		},
		async one(name, ...values) {
			return (await this.list(name, ...values))[0];
		},
	};
}
