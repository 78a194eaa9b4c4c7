// People with the old app (Supabase's own library, in a version of today and one of two years ago) and with the new one
// (requests of /api/v1), who read, write, ask who they are and stay signed in. What they were told is kept, to be held
// against what there is.
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient as createNew } from 'supabase-new';
import { createClient as createOld } from 'supabase-old';
import WebSocket from 'ws';

console.error = () => {}; // the library writes down each failure, which we do, too

const PASSWORD = 'old-password';

// What was asked, when (ms since 1970), how long it took, and what went wrong.
class Log {
	constructor() {
		this.calls = [];
		this.failures = [];
		this.written = new Map(); // the text: the id that was told
		this.unsure = new Set(); // texts whose answer did not come
		this.open = new Set(); // what is being asked
	}

	async time(what, run) {
		const began = Date.now();
		const call = { what, began };
		this.open.add(call);
		try {
			const result = await run();
			this.calls.push({ what, began, ms: Date.now() - began });
			return result;
		} catch (error) {
			this.failures.push({ what, began, ms: Date.now() - began, message: error.message });
			return null;
		} finally {
			this.open.delete(call);
		}
	}
}

function memory() {
	const kept = new Map();
	return { getItem: (k) => kept.get(k) ?? null, setItem: (k, v) => kept.set(k, v), removeItem: (k) => kept.delete(k) };
}

function good({ data, error }) {
	if (!error) return data;
	throw new Error(`${error.name} ${error.status ?? error.context?.status ?? ''} ${error.code ?? ''}: ${error.message}`);
}

// Tells apart what the library says when it could not ask from what makes it forget its session.
const isSignedOut = async (client) => !(await client.auth.getSession()).data.session;

class OldApp {
	constructor(log, url, key, person) {
		this.log = log;
		this.name = `old${person}`;
		this.email = `person${person}@example.org`;
		const createClient = person % 2 ? createNew : createOld;
		this.client = createClient(url, key, {
			auth: { storage: memory(), autoRefreshToken: false, detectSessionInUrl: false }, realtime: { transport: WebSocket },
		});
	}

	signIn = () => this.log.time('sign in', async () => good(await this.client.auth.signInWithPassword({ email: this.email, password: PASSWORD })));

	write(text) {
		return this.log.time('write', async () => {
			this.log.unsure.add(text);
			const { post } = good(await this.client.functions.invoke('publish-post', { body: { body: text } }));
			this.log.unsure.delete(text);
			this.log.written.set(text, post.id);
		});
	}

	read = () => this.log.time('read', async () => good(await this.client.functions.invoke('feed-sojorn', { body: { limit: 5 } })));
	refresh = () => this.log.time('refresh', async () => good(await this.client.auth.refreshSession()));
	ask = () => this.log.time('who am I', async () => good(await this.client.auth.getUser()));

	step(n) {
		if (n % 11 === 0) return this.refresh();
		if (n % 7 === 0) return this.ask();
		return n % 2 ? this.write(`${this.name} says ${n}`) : this.read();
	}

	token = async () => (await this.client.auth.getSession()).data.session?.access_token;
	isAlive = async () => !(await isSignedOut(this.client)) && (await this.refresh()) !== null && (await this.ask()) !== null;
}

// The new app on the same account: the token is that of the old app's session.
class NewApp {
	constructor(log, url, old, person) {
		this.log = log;
		this.url = url;
		this.old = old;
		this.name = `new${person}`;
	}

	async call(method, path, body) {
		const headers = { Authorization: `Bearer ${await this.old.token()}`, 'Content-Type': 'application/json' };
		const reply = await fetch(`${this.url}/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) });
		const json = await reply.json();
		return { status: reply.status, json };
	}

	read = () => this.log.time('read anew', async () => {
		const { status, json } = await this.call('GET', '/feed/personal?limit=5');
		if (status !== 200) throw new Error(`${status} ${json.code}`);
		return json;
	});

	// While the project is the writer this side says so, by design; nothing has been asked for then.
	write(text) {
		return this.log.time('write anew', async () => {
			this.log.unsure.add(text);
			const { status, json } = await this.call('POST', '/posts', { body: text, visibility: 'public' });
			if (status === 503 && json.code === 'not_here_yet') return this.log.unsure.delete(text);
			if (status !== 200 && status !== 201) throw new Error(`${status} ${json.code}`);
			this.log.unsure.delete(text);
			return this.log.written.set(text, json.post?.id ?? json.id);
		});
	}

	step = (n) => (n % 3 ? this.read() : this.write(`${this.name} says ${n}`));
}

// Persons from `first` on. { log, signIn(), start(pause in ms): the old apps, join(pause): the new ones, which need their
// sessions on this side; stop(), alive(), progress(), story() }
export function people(url, key, { first = 41, old = 4, anew = 2 } = {}) {
	const log = new Log();
	const olds = Array.from({ length: old }, (_, i) => new OldApp(log, url, key, first + i));
	const news = olds.slice(0, anew).map((app, i) => new NewApp(log, url, app, first + i));
	const going = [];
	let over = false;
	let n = 0;

	async function go(app, pause) {
		while (!over) {
			await app.step(++n);
			await sleep(pause * (0.5 + Math.random()));
		}
	}
	return {
		log,
		async signIn() {
			for (const app of olds) while (!(await app.token())) await app.signIn();
		},
		start: (pause) => going.push(...olds.map((app) => go(app, pause))),
		join: (pause) => going.push(...news.map((app) => go(app, pause))),
		async stop() {
			over = true;
			await Promise.all(going);
		},
		// Of all sessions: those that go on.
		async alive() {
			let count = 0;
			for (const app of olds) if (await app.isAlive()) count++;
			return { count, of: olds.length };
		},
		progress: () => log.written.size,
		story: () => JSON.stringify({ now: Date.now(), open: [...log.open], last: log.calls.at(-1), failures: log.failures.slice(-4) }, null, 1),
	};
}
