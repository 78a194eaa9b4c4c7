// Events as they happen, over /ws (docs/realtime.md, version 2). A lost connection comes back by itself, with
// growing pauses and with the number of the last event dealt with, which the store keeps: each event is
// handed out once, in order. 'refetch' says that some are gone and state must be fetched.
//
//	live.on('new_message', async (payload, seq) => …);
//	live.on('refetch', () => loadEverything());
//	live.follow({ topic: 'thread', id });   'thread_changed', 'beacons_changed', 'badge'
//	live.watch([friend.id]);                'presence'
import { claims } from './sojorn.js';

/** @typedef {{ topic: 'thread', id: string } | { topic: 'badge' } | { topic: 'beacons', lat: number, long: number, radius?: number }} Topic */
/** @typedef {(payload: any, seq?: number) => void | Promise<void>} Listener */

const FIRST_PAUSE = 500; // milliseconds
const LONGEST_PAUSE = 30000;
const RENEW_BEFORE = 60; // seconds before a token's end
const SIGNED_OUT = 4403;

export class Live {
	/** @type {Map<string, Set<Listener>>} */ #listeners = new Map();
	/** @type {Map<string, Topic>} */ #topics = new Map();
	/** @type {string[]} */ #watched = [];
	/** @type {boolean | undefined} */ #shown;
	/** @type {any} */ #socket;
	/** @type {any} */ #timer;
	/** @type {any} */ #renewal;
	#pause = FIRST_PAUSE;
	#ended = false;
	/** @type {number | undefined} */ #last;
	/** What has come is dealt with one after the other. */ #work = Promise.resolve();

	/** @param {import('./sojorn.js').Sojorn} sojorn */
	constructor(sojorn) {
		this.sojorn = sojorn;
		this.ready = this.#connect();
	}

	/** @param {string} type @param {Listener} listener @returns {() => void} takes it back */
	on(type, listener) {
		const listeners = this.#listeners.get(type) ?? new Set();
		this.#listeners.set(type, listeners.add(listener));
		return () => void listeners.delete(listener);
	}

	/** The next one of a type. @param {string} type @returns {Promise<any>} */
	next(type) {
		return new Promise((resolve) => {
			const off = this.on(type, (payload) => {
				off();
				resolve(payload);
			});
		});
	}

	/** @param {Topic} topic */
	follow(topic) {
		this.#topics.set(JSON.stringify(topic), topic);
		this.#say('subscribe', topic);
	}

	/** @param {Topic} topic */
	unfollow(topic) {
		this.#topics.delete(JSON.stringify(topic));
		this.#say('unsubscribe', topic);
	}

	/** Whether these are online, from now on. @param {string[]} ids */
	watch(ids) {
		this.#watched = ids;
		this.#say('presence', { watch: ids });
	}

	/** Lets others see that this user is online, as far as the settings allow. @param {boolean} show */
	show(show) {
		this.#shown = show;
		this.#say('presence', { show });
	}

	/** @param {string} userId @param {string} [conversationId] */
	typing(userId, conversationId) {
		this.#say('typing', { user_id: userId, ...(conversationId && { conversation_id: conversationId }) });
	}

	/** For good. */
	close() {
		this.#ended = true;
		clearTimeout(this.#timer);
		clearTimeout(this.#renewal);
		this.#socket?.close(1000);
	}

	/** The WebSocket in use, while there is one. */
	get socket() {
		return this.#socket;
	}

	// ---- the connection ----

	#key() {
		return `live:${this.sojorn.userId}`;
	}

	async #connect() {
		try {
			const token = await this.sojorn.token();
			this.#last ??= await this.sojorn.store.get(this.#key());
			if (!this.#ended) this.#open(token);
		} catch (error) {
			if (/** @type {any} */ (error).status === 401) this.#end();
			else this.#later();
		}
	}

	/** @param {string} token in a header rather than the query, which may be logged on the way */
	#open(token) {
		const url = new URL(`${this.sojorn.url.replace(/^http/, 'ws')}/ws`);
		url.searchParams.set('v', '2');
		if (this.#last !== undefined) url.searchParams.set('last', String(this.#last));
		const socket = new this.sojorn.WebSocket(url.href, ['sojorn.2', `bearer.${token}`]);
		this.#socket = socket;
		socket.onmessage = (/** @type {{ data: any }} */ event) => this.#take(JSON.parse(String(event.data)));
		socket.onerror = () => {};
		socket.onclose = (/** @type {{ code: number }} */ event) => this.#closed(event.code);
		this.#renewBefore(token);
	}

	/** @param {number} code */
	#closed(code) {
		clearTimeout(this.#renewal);
		this.#emit('offline', { code });
		if (code === SIGNED_OUT) this.#end();
		else this.#later();
	}

	/** With a share of chance, so that not all come back at once after an outage. */
	#later() {
		if (this.#ended) return;
		this.#timer = setTimeout(() => this.#connect(), this.#pause * (0.5 + Math.random() / 2));
		this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
	}

	#end() {
		this.#ended = true;
		this.#emit('ended', {});
	}

	/** @param {string} token */
	#renewBefore(token) {
		const left = claims(token).exp * 1000 - Date.now() - RENEW_BEFORE * 1000;
		clearTimeout(this.#renewal);
		this.#renewal = setTimeout(async () => {
			try {
				const fresh = await this.sojorn.token(RENEW_BEFORE + 1);
				this.#say('auth', { token: fresh });
				this.#renewBefore(fresh);
			} catch {
				// the server closes at the token's end, and coming back tells why
			}
		}, Math.max(left, 1000));
	}

	/** @param {string} type @param {any} payload */
	#say(type, payload) {
		if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify({ type, payload }));
	}

	// ---- what comes ----

	/** @param {{ type: string, seq?: number, payload: any }} message */
	#take(message) {
		this.#work = this.#work.then(() => this.#handle(message)).catch((error) => this.#emit('failed', error));
	}

	/** @param {{ type: string, seq?: number, payload: any }} message */
	async #handle(message) {
		const { type, seq, payload } = message;
		if (type === 'hello') await this.#greeted(payload);
		else if (type === 'refetch') await this.#moved(payload.seq, true);
		else if (type === 'events') for (const event of payload.events) await this.#event(event);
		else if (seq !== undefined) await this.#event({ type, seq, payload });
		else await this.#emit(type, payload);
	}

	/** @param {any} hello */
	async #greeted(hello) {
		this.#pause = FIRST_PAUSE;
		await this.#moved(hello.seq, hello.refetch);
		for (const topic of this.#topics.values()) this.#say('subscribe', topic);
		if (this.#shown !== undefined) this.#say('presence', { show: this.#shown });
		if (this.#watched.length) this.#say('presence', { watch: this.#watched });
		await this.#emit('online', hello);
	}

	/** @param {number} seq @param {boolean} refetch */
	async #moved(seq, refetch) {
		if (refetch) await this.#emit('refetch', { seq });
		await this.#note(seq);
	}

	/** The number is noted when the listeners are done: what a crash interrupts comes again. @param {any} event */
	async #event({ type, seq, payload }) {
		if (this.#last !== undefined && seq <= this.#last) return;
		await this.#emit(type, payload, seq);
		await this.#note(seq);
	}

	/** @param {number} seq */
	async #note(seq) {
		this.#last = seq;
		if (this.sojorn.session) await this.sojorn.store.set(this.#key(), seq);
	}

	/** @param {string} type @param {any} payload @param {number} [seq] */
	async #emit(type, payload, seq) {
		for (const listener of [...(this.#listeners.get(type) ?? [])]) await listener(payload, seq);
		for (const listener of [...(this.#listeners.get('*') ?? [])]) await listener({ type, payload, seq });
	}
}
