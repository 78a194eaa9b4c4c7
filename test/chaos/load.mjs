// People who write all the time, and what they were told: each write is acknowledged, refused, or nobody knows.
import { randomBytes } from 'node:crypto';
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

const HANG_MS = 40_000; // nothing may take longer, whatever is wrong
export const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64');
export const PASSWORD = 'sojorn-demo';

let clients = 0;

// at: { port, ca }; ca may grow while it runs. Each client has an address of its own, as nginx counts by them.
export function client(at) {
	const agent = new https.Agent({ keepAlive: true, maxSockets: 4, localAddress: `127.0.2.${++clients}` });
	function send(method, path, { body, token, headers = {} } = {}) {
		return new Promise((resolve) => {
			const request = https.request({
				host: '127.0.0.1', servername: 'localhost', port: at.port, ca: at.ca, agent, method, path: `/api/v1${path}`,
				headers: {
					...(token && { authorization: `Bearer ${token}` }),
					...(body !== undefined && !Buffer.isBuffer(body) && { 'content-type': 'application/json' }),
					...headers,
				},
			}, (reply) => {
				const chunks = [];
				reply.on('data', (chunk) => chunks.push(chunk));
				reply.on('end', () => {
					const text = Buffer.concat(chunks).toString();
					let json;
					try {
						json = JSON.parse(text);
					} catch { /* said by whoever looks at it */ }
					resolve({ status: reply.statusCode, headers: reply.headers, text, json });
				});
				reply.on('error', (error) => resolve({ status: 0, error: error.code ?? error.message }));
			});
			request.setTimeout(HANG_MS, () => request.destroy(new Error('hangs')));
			request.on('error', (error) => resolve({ status: 0, error: error.code ?? error.message }));
			request.end(Buffer.isBuffer(body) || typeof body === 'string' ? body : body && JSON.stringify(body));
		});
	}
	return { send, close: () => agent.destroy() };
}

export function form(bytes) {
	return Buffer.concat([
		Buffer.from('--edge\r\nContent-Disposition: form-data; name="image"; filename="p.png"\r\n\r\n'),
		bytes, Buffer.from('\r\n--edge--\r\n'),
	]);
}

// A person with a session. mood() says which failures are to be expected now; what is not goes to complain().
function person(at, email, { mood, clockHasJumped, complain, count }) {
	const { send, close } = client(at);
	const me = { email, signIns: 0 };

	async function signIn() {
		for (;;) {
			const then = mood();
			const reply = await send('POST', '/auth/login', { body: { email, password: PASSWORD } });
			if (reply.status === 200) {
				Object.assign(me, { access: reply.json.access_token, refresh: reply.json.refresh_token, id: reply.json.user.id });
				me.signIns++;
				return;
			}
			check('POST /auth/login', reply, then);
			await sleep(200);
		}
	}
	// Is the failure one that may be? `then`: what might be when it was asked.
	function check(what, reply, then) {
		const { status, error, json, headers } = reply;
		const may = { ...then, ...mood() };
		count(json?.code ?? error ?? status);
		if (status === 503) {
			if (!(Number(headers['retry-after']) > 0)) complain(`${what}: 503 without Retry-After: ${reply.text}`);
			if (!json?.code || !json?.request_id) complain(`${what}: 503 without an envelope: ${reply.text}`);
			if (!may.unavailable) complain(`${what}: 503 while nothing is wrong: ${reply.text}`);
		} else if (status === 0) {
			if (error === 'hangs' || !may.network) complain(`${what}: ${error}`);
		} else if (status === 507) {
			if (!may.mediaFull) complain(`${what}: ${status} ${reply.text}`);
		} else {
			complain(`${what}: ${status} ${reply.text}`);
		}
	}
	async function renew() {
		const then = mood();
		const reply = await send('POST', '/auth/refresh', { body: { refresh_token: me.refresh } });
		if (reply.status === 200) {
			me.access = reply.json.access_token;
			me.refresh = reply.json.refresh_token;
		} else if (reply.status === 401 && clockHasJumped()) { // away for longer than an old token is borne with
			await signIn();
		} else {
			check('POST /auth/refresh', reply, then);
			await sleep(100);
		}
	}
	// acked, refused or unknown
	async function write(method, path, body, headers) {
		const then = mood();
		const reply = await send(method, path, { body, token: me.access, headers });
		if (reply.status >= 200 && reply.status < 300) return { outcome: 'acked', reply };
		if (reply.status === 401 && clockHasJumped()) { // of a token from another time
			count(reply.json?.code);
			await renew();
			return { outcome: 'refused', reply };
		}
		if (reply.status === 429 && reply.json?.code === 'daily_limit') return { outcome: 'refused', reply };
		check(`${method} ${path}`, reply, then);
		return { outcome: reply.status >= 400 && reply.status < 500 ? 'refused' : 'unknown', reply };
	}
	return Object.assign(me, { signIn, renew, write, send, close });
}

// What one person does, again and again; each notes what it was told in the ledger.
function habits(me, ledger, world) {
	let n = 0;
	const unique = () => `${ledger.run} ${me.email} ${++n}`;
	const posts = [...world.posts];
	return {
		async like() {
			if (!posts.length) return;
			const post = posts[Math.floor(Math.random() * posts.length)];
			const key = `${post} ${me.id}`;
			const liked = !ledger.likes.get(key);
			const { outcome } = await me.write(liked ? 'POST' : 'DELETE', `/posts/${post}/like`);
			if (outcome === 'acked') ledger.likes.set(key, liked);
			if (outcome !== 'unknown') return;
			posts.splice(posts.indexOf(post), 1); // it may still come about: not looked at any more
			ledger.likes.delete(key);
		},
		async comment() {
			const body = unique();
			const post = world.posts[Math.floor(Math.random() * world.posts.length)];
			ledger.comments.set(body, (await me.write('POST', `/posts/${post}/comments`, { body })).outcome);
		},
		async message() {
			const ciphertext = Buffer.from(unique()).toString('base64');
			const { outcome } = await me.write('POST', '/messages', { conversation_id: me.conversation, ciphertext });
			ledger.messages.set(ciphertext, outcome);
		},
		async post() {
			const body = unique();
			const { outcome, reply } = await me.write('POST', '/posts', { body });
			ledger.posts.set(body, outcome);
			if (outcome === 'acked') posts.push(reply.json.post.id);
		},
		async upload() {
			const { outcome, reply } = await me.write('POST', '/upload', form(PIXEL),
				{ 'content-type': 'multipart/form-data; boundary=edge' });
			if (outcome === 'acked') ledger.uploads.push({ path: new URL(reply.json.url).pathname, size: reply.json.fileSize });
		},
		async profile() {
			if (ledger.bios.get(me.id) === null) return;
			const bio = unique();
			const { outcome } = await me.write('PATCH', '/profile', { bio });
			if (outcome !== 'refused') ledger.bios.set(me.id, outcome === 'acked' ? bio : null);
		},
		async signUp() {
			const handle = `c${randomBytes(6).toString('hex')}`;
			const email = `${handle}@example.org`;
			const { outcome } = await me.write('POST', '/auth/register', {
				email, password: PASSWORD, handle, display_name: 'Chaos', birth_month: 1, birth_year: 1990, accept_terms: true,
				accept_privacy: true,
			});
			ledger.people.set(email, outcome);
		},
		renew: me.renew,
	};
}

const OFTEN = [['like', 30], ['comment', 20], ['message', 20], ['profile', 12], ['post', 4], ['upload', 4], ['renew', 2], ['signUp', 1]];

function choose() {
	let at = Math.random() * OFTEN.reduce((sum, [, weight]) => sum + weight, 0);
	return OFTEN.find(([, weight]) => (at -= weight) < 0)[0];
}

// Begins; rest() waits until nobody waits for an answer, go() goes on.
export async function load(at, emails, world, judge) {
	const ledger = {
		run: randomBytes(4).toString('hex'),
		likes: new Map(), comments: new Map(), messages: new Map(), posts: new Map(), bios: new Map(), people: new Map(), uploads: [],
	};
	const people = emails.map((email) => person(at, email, judge));
	let resting = true;
	let ended = false;
	let writes = 0;
	for (const me of people) await me.signIn();
	await world.prepare(people);
	for (const me of people) me.habits = habits(me, ledger, world);

	async function live(me) {
		while (!resting) {
			await me.habits[choose()]();
			writes++;
			await sleep(5 + Math.random() * 20);
		}
	}
	let lives = [];
	return {
		ledger,
		writes: () => writes,
		signIns: () => people.reduce((sum, me) => sum + me.signIns - 1, 0),
		go() {
			if (!resting || ended) return;
			resting = false;
			lives = people.map(live);
		},
		async rest() {
			resting = true;
			await Promise.all(lives);
		},
		async end() {
			ended = true;
			await this.rest();
			for (const me of people) me.close();
		},
	};
}
