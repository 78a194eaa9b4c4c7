// People who use the app at an even pace, whatever happens to the server, and how long each of them waits.
import https from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { PASSWORD } from './load.mjs';

const PER_SECOND = 60; // of all of them together
const WRITE_EVERY = 25;

function person(at, email, localAddress) {
	const agent = new https.Agent({ keepAlive: true, localAddress, ca: at.ca });
	const me = { email };
	// Resolves to a status, or to how the connection ended.
	me.send = (method, path, body) => new Promise((resolve) => {
		const request = https.request({
			host: '127.0.0.1', servername: 'localhost', port: at.port, method, path: `/api/v1${path}`, agent,
			headers: { ...(body && { 'content-type': 'application/json' }), ...(me.token && { authorization: `Bearer ${me.token}` }) },
		}, (reply) => {
			let text = '';
			reply.on('data', (data) => (text += data));
			reply.on('end', () => resolve({ status: reply.statusCode, text }));
		});
		request.on('error', (error) => resolve({ status: error.code ?? error.message }));
		request.end(body && JSON.stringify(body));
	});
	me.signIn = async () => {
		const { status, text } = await me.send('POST', '/auth/login', { email, password: PASSWORD });
		if (status !== 200) throw new Error(`sign in: ${status} ${text}`);
		me.token = JSON.parse(text).access_token;
	};
	me.close = () => agent.destroy();
	return me;
}

// A request is due at a fixed time, and its latency counts from then.
export async function others(at, emails) {
	const people = emails.map((email, i) => person(at, email, `127.0.2.${1 + i}`));
	for (const me of people) {
		await me.signIn();
		me.posts = JSON.parse((await me.send('GET', '/feed/personal?limit=20')).text).posts.map((post) => post.id);
	}
	let n = 0;

	function ask(me) {
		n++;
		const post = me.posts[n % me.posts.length];
		if (n % WRITE_EVERY === 0) return me.send('POST', `/posts/${post}/save`);
		return me.send('GET', ['/feed/personal?limit=20', `/posts/${post}`, '/notifications', '/profile'][n % 4]);
	}

	// Milliseconds of each request, sorted, and how many failed.
	async function observe(seconds) {
		const waits = [];
		const failures = {};
		const asked = [];
		const begun = performance.now();
		for (let i = 0; i < seconds * PER_SECOND; i++) {
			const due = begun + (1000 * i) / PER_SECOND;
			if (due > performance.now()) await sleep(due - performance.now());
			asked.push(ask(people[i % people.length]).then(({ status }) => {
				waits.push(performance.now() - due);
				if (!(status >= 200 && status < 300)) failures[status] = (failures[status] ?? 0) + 1;
			}));
		}
		await Promise.all(asked);
		waits.sort((a, b) => a - b);
		const quantile = (q) => waits[Math.min(waits.length - 1, Math.floor(q * waits.length))];
		return { p50: quantile(0.5), p99: quantile(0.99), most: waits.at(-1), requests: waits.length, failures };
	}
	return { observe, close: () => people.forEach((me) => me.close()) };
}
