// Bundles of public keys: each fetch writes, because it uses a key up. How many a second, and whether any key is
// handed out twice when 64 connections ask at once.
import { Agent, request } from 'node:http';
import { writeFileSync } from 'node:fs';
import { sql } from './database.mjs';

const OWNERS = 1000;
const CONNECTIONS = 64;

// The first of the people, each with so many one-time keys, whom everybody may write to. Bytes are any bytes:
// fetching verifies nothing.
export function makeKeys(database, keys) {
	return sql(database, `SET search_path = sojorn;
		CREATE TEMP TABLE owner AS SELECT id FROM profiles WHERE is_live ORDER BY id LIMIT ${OWNERS};
		UPDATE user_settings SET who_can_message = 'everyone' WHERE user_id IN (SELECT id FROM owner);
		DELETE FROM e2ee_identities;
		DELETE FROM blocks;
		INSERT INTO e2ee_identities (user_id, identity_key) SELECT id, decode(repeat('ab', 64), 'hex') FROM owner;
		INSERT INTO signed_prekeys (user_id, key_id, public_key, signature)
		SELECT id, 1, decode(repeat('cd', 32), 'hex'), decode(repeat('ef', 64), 'hex') FROM owner;
		INSERT INTO one_time_prekeys (user_id, key_id, public_key)
		SELECT id, n, sha256(n::text::bytea) FROM owner, generate_series(1, ${keys}) n;
		VACUUM ANALYZE one_time_prekeys;
		SELECT id FROM owner`).flat();
}

export function usedKeys(database) {
	return Number(sql(database, 'SELECT count(*) FROM sojorn.one_time_prekeys WHERE used_at IS NOT NULL')[0][0]);
}

export function writeBundleRequests(file, owners, viewers) {
	const lines = Array.from({ length: 40_000 }, (_, i) => {
		const viewer = viewers[i % viewers.length];
		const owner = owners[(i * 7919) % owners.length];
		return `/api/v1/keys/${owner === viewer.id ? owners[(i * 7919 + 1) % owners.length] : owner}\t${viewer.token}\n`;
	});
	writeFileSync(file, lines.join(''));
}

function fetchBundle(agent, port, owner, token) {
	return new Promise((resolve, reject) => {
		const headers = { authorization: `Bearer ${token}` };
		request({ host: '127.0.0.1', port, agent, path: `/api/v1/keys/${owner}`, headers }, (reply) => {
			const parts = [];
			reply.on('data', (part) => parts.push(part));
			reply.on('end', () => resolve({ status: reply.statusCode, body: Buffer.concat(parts) }));
		}).on('error', reject).end();
	});
}

// So many fetches, at each moment 64 of one owner's keys, until his are used up and the next one's turn comes.
export async function race(port, owners, viewers, fetches) {
	const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
	const seen = new Set();
	const out = { fetches, served: 0, twice: 0, failed: 0 };
	const each = Math.ceil(fetches / owners.length);
	let next = 0;

	async function ask(n) {
		while (next < fetches) {
			const owner = owners[Math.floor(next++ / each)];
			const viewer = viewers[n % viewers.length];
			if (viewer.id === owner) continue;
			const { status, body } = await fetchBundle(agent, port, owner, viewer.token);
			if (status !== 200) out.failed++;
			const key = status === 200 && JSON.parse(body).one_time_prekey;
			if (!key) continue;
			out.served++;
			const name = owner + key.key_id;
			if (seen.has(name)) out.twice++;
			seen.add(name);
		}
	}

	const begun = performance.now();
	await Promise.all(Array.from({ length: CONNECTIONS }, (_, n) => ask(n)));
	out.seconds = (performance.now() - begun) / 1000;
	agent.destroy();
	return out;
}
