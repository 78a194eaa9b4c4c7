// Media in buckets: put whole and in parts, read by signed addresses, deleted; a bucket that is not there, one that
// fails in the middle. Between server and bucket stands somebody who checks every signature (strict.py).
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import S3rver from 's3rver';
import { suite } from '../harness/check.mjs';
import { serve } from '../openapi/server.mjs';

const { check, end } = suite('s3');

const work = mkdtempSync(join(tmpdir(), 'sojorn-s3-'));
for (const folder of ['objects', 'files', 'mail']) mkdirSync(join(work, folder));
const s3 = new S3rver({
	port: 0, address: '127.0.0.1', silent: true, directory: join(work, 'objects'),
	configureBuckets: [{ name: 'images' }, { name: 'videos' }, { name: 'pics' }, { name: 'docs' }],
});
const { port } = await s3.run();
const strict = spawn('/usr/bin/python3', ['strict.py', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
const door = `http://127.0.0.1:${await new Promise((resolve) => strict.stdout.once('data', (line) => resolve(Number(line))))}`;
const settings = {
	R2_ENDPOINT: door, R2_REGION: 'us-east-1', R2_ACCESS_KEY: 'S3RVER', R2_SECRET_KEY: 'S3RVER',
	R2_MEDIA_BUCKET: 'images', R2_VIDEO_BUCKET: 'videos',
};

// boto3 must not run in this thread's way: the bucket is served from it.
async function judge() {
	const child = spawn('/usr/bin/python3', ['judge.py', String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
	let text = '';
	child.stdout.on('data', (data) => (text += data));
	const status = await new Promise((resolve) => child.on('close', resolve));
	assert.equal(status, 0, 'boto3 failed');
	return JSON.parse(text);
}

async function upload(server, bytes) {
	const form = new FormData();
	form.append('media', new Blob([bytes]), 'x');
	const reply = await fetch(`${server.url}/api/v1/upload`, {
		method: 'POST', body: form, headers: { Authorization: `Bearer ${server.token}` },
	});
	return { status: reply.status, json: await reply.json() };
}

const disturb = (part, times, how) => fetch(`${door}/-/disturb?part=${part}&times=${times}&how=${how}`, { method: 'POST' });

// A spool is removed by a thread, behind the reply.
async function emptied(folder) {
	for (let tries = 0; readdirSync(folder).length && tries < 400; tries++) await sleep(50);
	assert.deepEqual(readdirSync(folder), []);
}

const keyOf = (url) => new URL(url).pathname.slice(1);
const file = (name) => readFileSync(join(work, 'files', name));

// A film with a hole of zeros in it, so that it goes in parts.
function largeFilm() {
	const padding = Buffer.alloc(40 << 20, 'secret-place');
	padding.writeUInt32BE(padding.length, 0);
	padding.write('free', 4);
	return Buffer.concat([file('clip.mp4'), padding]);
}


async function journey(server) {
	await check('an image goes into its bucket with its small copy, as boto3 sees it', async () => {
		const { status, json } = await upload(server, file('gps.jpg'));
		assert.equal(status, 200, JSON.stringify(json));
		const seen = await judge();
		assert.deepEqual(Object.keys(seen).sort(),
			[`images/${keyOf(json.thumbnail_url)}`, `images/${keyOf(json.url)}`].sort());
		assert.equal(seen[`images/${keyOf(json.url)}`].type, 'image/jpeg');
		assert.equal(Buffer.from(seen[`images/${keyOf(json.url)}`].bytes, 'base64').includes('secret-place'), false);
	});
	await check('whoever asks the server for it is sent to the bucket, and may read it there', async () => {
		const { json } = await upload(server, file('gps.jpg'));
		const path = `${server.url}/${keyOf(json.url)}`;
		const moved = await fetch(path, { redirect: 'manual' });
		assert.equal(moved.status, 302);
		assert.equal(moved.headers.get('access-control-allow-origin'), '*');
		const read = await fetch(path);
		const bytes = Buffer.from(await read.arrayBuffer());
		assert.deepEqual([read.status, bytes.length], [200, json.fileSize]);
		const { url } = await server.get(`/api/v1/media/sign?path=${keyOf(json.url)}`);
		assert.equal((await fetch(url)).status, 200);
		assert.equal((await fetch(url.replace(/.$/, (c) => (c === '0' ? '1' : '0')))).status, 403);
		assert.equal((await fetch(url.replace(/Expires=\d+/, 'Expires=360000'))).status, 403);
	});
	await check('a film above 16 MiB goes in parts and comes out whole', async () => {
		const film = largeFilm();
		const { status, json } = await upload(server, film);
		assert.equal(status, 200, JSON.stringify(json));
		const stored = Buffer.from((await judge())[`videos/${keyOf(json.url)}`].bytes, 'base64');
		assert.equal(stored.length, film.length);
		assert.equal(stored.includes('secret-place'), false);
		assert.equal(stored.subarray(4, 8).toString(), 'ftyp');
	});
	for (const how of ['500', 'cut'])
		await check(`a part that fails twice (${how}) is sent again`, async () => {
			await disturb(2, 2, how);
			const film = largeFilm();
			const { status, json } = await upload(server, film);
			assert.equal(status, 200, JSON.stringify(json));
			assert.equal(Buffer.from((await judge())[`videos/${keyOf(json.url)}`].bytes, 'base64').length, film.length);
		});
	await check('a bucket that fails in the middle of a film answers 503 and keeps no part of it', async () => {
		const before = Object.keys(await judge());
		await disturb(3, 1000, '500');
		const { status, json } = await upload(server, Buffer.concat([largeFilm(), Buffer.from('\0\0\0\x08free')]));
		await disturb(3, 0, '500');
		assert.deepEqual([status, json.code], [503, 'storage_unavailable']);
		assert.deepEqual(await (await fetch(`${door}/-/open`)).json(), []);
		assert.deepEqual(Object.keys(await judge()), before);
	});
	await check('nothing is left on the disk', async () => {
		await emptied(join(work, 'uploads', '.incoming'));
		assert.deepEqual(readdirSync(join(work, 'uploads')), ['.incoming']);
	});
	await check('what goes is gone from the bucket', async () => {
		const sql = `UPDATE media_objects SET unused_since = '-infinity';
			INSERT INTO periodic_jobs (name) VALUES ('media_sweep') ON CONFLICT DO NOTHING;
			UPDATE periodic_jobs SET next_run_at = now() WHERE name = 'media_sweep'`;
		const done = spawnSync('psql', [process.env.TEST_PG_URL, '-v', 'ON_ERROR_STOP=1', '-c', sql], { encoding: 'utf8' });
		assert.equal(done.status, 0, done.stderr);
		let seen;
		for (let tries = 0; tries < 30; tries++) {
			seen = Object.keys(await judge());
			if (!seen.length) break;
			await sleep(200);
		}
		assert.deepEqual(seen, []);
	});
}

// A project's stored files come from S3 and go into the bucket: laid out as folders of one, and as buckets of their own
// behind a path, as Supabase's endpoint has them.
// Not in this thread's way, as for boto3.
function run(command, args, environment = {}) {
	const child = spawn(command, args, { env: { ...process.env, ...environment } });
	const out = { stdout: '', stderr: '' };
	for (const name of ['stdout', 'stderr']) child[name].on('data', (data) => (out[name] += data));
	return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...out })));
}

async function takeOver(folder, name) {
	const url = process.env.TEST_PG_URL.replace(/[^/]*\?/, `${name}?`);
	const sql = join(folder, `${name}.sql`);
	const environment = { DATABASE_URL: url, JWT_SECRET: 'a secret of thirty-two bytes or more', UPLOAD_DIR: join(folder, 'spool'), ...settings };
	const sojorn = (...args) => run(process.env.SOJORN_BIN, args, environment);
	const must = async (done) => assert.equal((await done).status, 0, (await done).stderr);
	await must(run('psql', [process.env.TEST_PG_URL, '-c', `CREATE DATABASE ${name}`]));
	writeFileSync(sql, `CREATE SCHEMA storage; CREATE TABLE storage.buckets (id text PRIMARY KEY, name text, public boolean);
		CREATE TABLE storage.objects (id uuid PRIMARY KEY, bucket_id text, name text, metadata jsonb, version text);
		INSERT INTO storage.buckets VALUES ('pics', 'pics', true), ('docs', 'docs', false);
		INSERT INTO storage.objects VALUES ${['a/odd #+ name.txt', 'plain', 'gone', 'other'].map((n, i) =>
			`('00000000-0000-4000-8000-00000000000${i}', '${i ? 'docs' : 'pics'}', '${n}',
			'{"size": 5, "eTag": "\\"5d41402abc4b2a76b9719d911017c592\\""}', ${i ? 'NULL' : "'v1'"})`).join(', ')};`);
	await must(sojorn('migrate', 'up'));
	await must(sojorn('supabase', 'import', '--dump', sql));
	return async (objects, endpoint) => {
		Object.assign(environment, { SUPABASE_S3_ENDPOINT: endpoint, SUPABASE_S3_ACCESS_KEY: 'S3RVER', SUPABASE_S3_SECRET_KEY: 'S3RVER' });
		const done = await sojorn('supabase', 'objects', '--objects', objects, '--json');
		return { ...done, counts: done.stdout && JSON.parse(done.stdout) };
	};
}

// By a signed request of our own: s3rver asks for none behind the door.
const place = (bucket, key, text) =>
	fetch(`http://127.0.0.1:${port}/${bucket}/${encodeURI(key).replaceAll('#', '%23')}`, { method: 'PUT', body: text });

async function fromBuckets() {
	const hello = 'hello';
	await check('stored files of a project come from a bucket and go into another', async () => {
		await place('videos', 'old/pics/a/odd #+ name.txt/v1', hello);
		await place('videos', 'old/docs/plain', hello);
		await place('videos', 'old/docs/other', 'world');
		await place('videos', 'old/docs/extra', hello);
		const copy = await takeOver(work, 'from_one');
		const { status, counts, stderr } = await copy('s3://videos/old', door);
		assert.equal(status, 1, stderr);
		assert.deepEqual(counts, { ok: false, stored: 2, bytes: 10, missing: 1, different: 1, extra: 1 });
		const seen = await judge();
		const stored = Object.entries(seen).filter(([key]) => key.startsWith('images/storage/'));
		assert.deepEqual(stored.map(([, o]) => Buffer.from(o.bytes, 'base64').toString()), [hello, hello]);
		assert.equal(Buffer.from(seen['images/storage-lists/extra.txt'].bytes, 'base64').toString(), 'docs/extra\n');
		const wrong = await copy('s3://nowhere/x', door);
		assert.equal(wrong.status, 1);
	});
	await check('and from a bucket for each of theirs, behind a path', async () => {
		await place('pics', 'a/odd #+ name.txt', hello);
		await place('docs', 'plain', hello);
		await place('docs', 'gone', hello);
		const copy = await takeOver(work, 'from_each');
		const { counts, stderr } = await copy('s3:', `${door}/storage/v1/s3`);
		assert.deepEqual(counts, { ok: false, stored: 3, bytes: 15, missing: 1, different: 0, extra: 0 }, stderr);
	});
}

async function without(bucket, want) {
	const server = await serve(join(work, 'b'), { ...settings, UPLOAD_DIR: join(work, 'other'), R2_MEDIA_BUCKET: bucket }, false);
	try {
		await want(server);
	} finally {
		await server.stop();
	}
}

try {
	const made = spawnSync('../media/make', [join(work, 'files')], { encoding: 'utf8' });
	assert.equal(made.status, 0, made.stderr);
	const server = await serve(work, settings);
	await server.signIn();
	try {
		await journey(server);
		const { token } = server;
		mkdirSync(join(work, 'b'));
		await check('a bucket that is not there answers 503 and leaves nothing', () =>
			without('none', async (other) => {
				other.token = token;
				const { status, json } = await upload(other, file('gps.jpg'));
				assert.deepEqual([status, json.code], [503, 'storage_unavailable']);
				await emptied(join(work, 'other', '.incoming'));
			}));
	} finally {
		await check('the server ends well', async () => assert.deepEqual(await server.stop(), []));
	}
	await fromBuckets();
} finally {
	strict.kill();
	await s3.close();
	rmSync(work, { recursive: true, force: true });
}
end();
