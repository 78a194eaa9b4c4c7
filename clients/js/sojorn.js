// A client of Sojorn for browsers and node (20 or newer; no build step, no dependencies). This file: sessions and
// REST. realtime.js: events that resume. keys.js: keys for encrypted chat.
//
//	const sojorn = new Sojorn('https://api.example.org', { store: localStore('sojorn') });
//	await sojorn.signIn(email, password);
//	for await (const post of sojorn.pages('/feed/personal', 'posts')) show(post);
//	const live = sojorn.live();
//	live.on('new_message', (message) => show(message));
import { Live } from './realtime.js';

/** @typedef {{ access_token: string, refresh_token: string, user?: Record<string, any> }} Session */
/** @typedef {{ get(key: string): Promise<any>, set(key: string, value: any): Promise<void> }} Store */
/** @typedef {{ email: string, password: string, altcha_token?: string }} Credentials */

/** What the server refuses, with its stable code; `status` 0: it was not reached. */
export class SojornError extends Error {
	/** @param {number} status @param {string} code @param {string} message @param {any} [body] */
	constructor(status, code, message, body) {
		super(message);
		this.name = 'SojornError';
		this.status = status;
		this.code = code;
		this.body = body;
	}
}

/** Keeps things as long as the page or process lives. @returns {Store} */
export function memoryStore() {
	const kept = new Map();
	return {
		get: async (key) => structuredClone(kept.get(key)),
		set: async (key, value) => void kept.set(key, structuredClone(value)),
	};
}

/** Keeps JSON in the browser's localStorage. Not for private keys: see keys.js. @param {string} name @returns {Store} */
export function localStore(name) {
	return {
		get: async (key) => JSON.parse(localStorage.getItem(`${name}:${key}`) ?? 'null') ?? undefined,
		set: async (key, value) => {
			if (value === undefined) localStorage.removeItem(`${name}:${key}`);
			else localStorage.setItem(`${name}:${key}`, JSON.stringify(value));
		},
	};
}

const PATIENCE = 2; // further tries of a read that met a 429 or 503
const WAIT_MAX = 10; // seconds

/** @param {number} ms @returns {Promise<void>} */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The claims of a token, unchecked: only to know its end and its user. @param {string} token @returns {any} */
export function claims(token) {
	const part = token.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
	return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (c) => c.charCodeAt(0))));
}

export class Sojorn {
	/** @type {Promise<void> | undefined} */ #refreshing;
	/** @type {Session | undefined} */ #session;

	/**
	 * @param {string} url where the API is, without a path
	 * @param {{ store?: Store, fetch?: typeof fetch, WebSocket?: any, onSignedOut?: () => void }} [options]
	 */
	constructor(url, options = {}) {
		this.url = url.replace(/\/+$/, '');
		this.store = options.store ?? memoryStore();
		this.fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
		this.WebSocket = options.WebSocket ?? globalThis.WebSocket;
		this.onSignedOut = options.onSignedOut ?? (() => {});
	}

	// ---- sessions ----

	/** The session kept in the store, after a start. @returns {Promise<Session | undefined>} */
	async resume() {
		this.#session = await this.store.get('session');
		return this.#session;
	}

	get session() {
		return this.#session;
	}

	get userId() {
		return this.#session ? String(claims(this.#session.access_token).sub) : undefined;
	}

	/** @param {Session | undefined} session */
	async #keep(session) {
		this.#session = session;
		await this.store.set('session', session);
		return session;
	}

	/**
	 * With a second factor the reply is { mfa_required, temp_token }: go on with finishSignIn.
	 * @param {string} email @param {string} password @param {string} [altcha] a solved challenge, where one is asked for
	 * @returns {Promise<any>}
	 */
	async signIn(email, password, altcha) {
		const body = { email, password, ...(altcha && { altcha_token: altcha }) };
		const reply = await this.#call('POST', '/auth/login', { body });
		if (reply.access_token) await this.#keep(reply);
		return reply;
	}

	/** @param {string} tempToken @param {string} code @returns {Promise<any>} */
	async finishSignIn(tempToken, code) {
		return this.#keep(await this.#call('POST', '/auth/mfa/verify', { body: { temp_token: tempToken, code } }));
	}

	/** @param {Record<string, any>} form @returns {Promise<any>} */
	signUp(form) {
		return this.#call('POST', '/auth/register', { body: form });
	}

	/** Also when the server cannot be told. @returns {Promise<void>} */
	async signOut() {
		const session = this.#session;
		if (!session) return;
		try {
			await this.post('/auth/logout', { refresh_token: session.refresh_token });
		} catch (error) {
			if (!(error instanceof SojornError)) throw error;
		} finally {
			await this.#keep(undefined);
		}
	}

	/** New tokens; however many ask at once, the server is asked once. @returns {Promise<void>} */
	refresh() {
		this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
		return this.#refreshing;
	}

	async #refresh() {
		const session = this.#session;
		if (!session) throw new SojornError(401, 'signed_out', 'nobody is signed in');
		try {
			const fresh = await this.#call('POST', '/auth/refresh', { body: { refresh_token: session.refresh_token } });
			await this.#keep({ ...session, ...fresh });
		} catch (error) {
			// only a clear refusal ends a session: an outage or a limit does not
			if (error instanceof SojornError && (error.status === 401 || error.status === 403)) {
				await this.#keep(undefined);
				this.onSignedOut();
			}
			throw error;
		}
	}

	/** An access token good for so many seconds more. @param {number} [seconds] @returns {Promise<string>} */
	async token(seconds = 30) {
		if (!this.#session) throw new SojornError(401, 'signed_out', 'nobody is signed in');
		if (claims(this.#session.access_token).exp * 1000 < Date.now() + seconds * 1000) await this.refresh();
		return /** @type {Session} */ (this.#session).access_token;
	}

	// ---- REST ----

	/** @param {string} path below /api/v1 @param {Record<string, any>} [query] @returns {Promise<any>} */
	get(path, query) {
		return this.request('GET', path, { query });
	}

	/** @param {string} path @param {any} [body] @returns {Promise<any>} */
	post(path, body) {
		return this.request('POST', path, { body });
	}

	/** @param {string} path @param {any} [body] @returns {Promise<any>} */
	put(path, body) {
		return this.request('PUT', path, { body });
	}

	/** @param {string} path @param {any} [body] @returns {Promise<any>} */
	patch(path, body) {
		return this.request('PATCH', path, { body });
	}

	/** @param {string} path @param {any} [body] @returns {Promise<any>} */
	delete(path, body) {
		return this.request('DELETE', path, { body });
	}

	/** All elements of a list, page after page. @param {string} path @param {string} member @param {Record<string, any>} [query] */
	async *pages(path, member, query = {}) {
		let cursor;
		do {
			const page = await this.get(path, { ...query, ...(cursor && { cursor }) });
			yield* page[member];
			cursor = page.next_cursor;
		} while (cursor);
	}

	/**
	 * With a token; a token that has just ended is renewed, once.
	 * @param {string} method @param {string} path @param {{ query?: Record<string, any>, body?: any }} [options]
	 * @returns {Promise<any>}
	 */
	async request(method, path, options = {}) {
		const token = await this.token();
		try {
			return await this.#call(method, path, { ...options, token });
		} catch (error) {
			if (!(error instanceof SojornError && error.status === 401)) throw error;
			if (this.#session?.access_token === token) await this.refresh();
			return this.#call(method, path, { ...options, token: await this.token() });
		}
	}

	/** @param {string} method @param {string} path @param {{ query?: any, body?: any, token?: string }} options @returns {Promise<any>} */
	async #call(method, path, options) {
		for (let tries = 0; ; tries++) {
			const reply = await this.#send(method, path, options);
			const waits = reply.status === 429 || reply.status === 503;
			if (!waits || method !== 'GET' || tries >= PATIENCE) return this.#read(reply);
			await sleep(Math.min(Number(reply.headers.get('Retry-After')) || 1, WAIT_MAX) * 1000);
		}
	}

	/** @param {string} method @param {string} path @param {{ query?: any, body?: any, token?: string }} options */
	async #send(method, path, { query, body, token }) {
		const url = new URL(`${this.url}/api/v1${path}`);
		for (const [name, value] of Object.entries(query ?? {}))
			if (value !== undefined) url.searchParams.set(name, String(value));
		try {
			return await this.fetch(url, {
				method,
				headers: {
					...(token && { Authorization: `Bearer ${token}` }),
					...(body !== undefined && { 'Content-Type': 'application/json' }),
				},
				body: body === undefined ? undefined : JSON.stringify(body),
			});
		} catch (error) {
			throw new SojornError(0, 'unreachable', String(error));
		}
	}

	/** @param {Response} reply @returns {Promise<any>} */
	async #read(reply) {
		const text = await reply.text();
		const body = text && reply.headers.get('Content-Type')?.startsWith('application/json') ? JSON.parse(text) : text;
		if (reply.ok) return body;
		throw new SojornError(reply.status, body?.code ?? 'http', body?.error ?? `status ${reply.status}`, body);
	}

	// ---- events ----

	/** The events of this user from now on, and those missed since the last time; see realtime.js. @returns {Live} */
	live() {
		return new Live(this);
	}
}
