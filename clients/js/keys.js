// Keys for encrypted chat, over WebCrypto: an identity (Ed25519 for signing, X25519 for agreement), a signed prekey
// and one-time prekeys, published at /keys; bundles of others, checked; a first shared secret by X3DH (Signal,
// "The X3DH Key Agreement Protocol"). What follows (a double ratchet) is the app's: libsignal brings keys of its
// own (signal.js), published through publish().
//
// Private keys are CryptoKey objects that cannot be exported, so the store must keep objects (IndexedDB does, see
// keyStore; memoryStore does, too).

/** @typedef {{ key_id: number, public_key: string }} Prekey */
/** @typedef {{ identity_key: { public_key: string }, registration_id: number, signed_prekey: Prekey & { signature: string }, one_time_prekey?: Prekey }} Bundle */
/** @typedef {{ id: number, pair: CryptoKeyPair, since: number }} Signed */
/** @typedef {{ sign: CryptoKeyPair, agree: CryptoKeyPair, registration: number, signed: Signed, past: Signed[], once: Map<number, CryptoKeyPair>, next: number }} Own */

const BATCH = 20;
const DAY = 86_400_000; // milliseconds
const RENEW_AFTER = 7 * DAY; // of the signed prekey
const KEEP = 30 * DAY; // of those before it, for messages that are late; the server keeps them as long
const { subtle } = globalThis.crypto;
const INFO = new TextEncoder().encode('Sojorn X3DH');

/** @param {ArrayBuffer | Uint8Array} bytes */
const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)));
/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** @param {'Ed25519' | 'X25519'} name @returns {Promise<CryptoKeyPair>} */
async function makePair(name) {
	const uses = name === 'Ed25519' ? ['sign', 'verify'] : ['deriveBits'];
	return /** @type {CryptoKeyPair} */ (await subtle.generateKey({ name }, false, /** @type {KeyUsage[]} */ (uses)));
}

/** @param {CryptoKeyPair} pair @returns {Promise<string>} */
const publicOf = async (pair) => base64(await subtle.exportKey('raw', pair.publicKey));

/** @param {CryptoKey} own @param {string} theirs @returns {Promise<Uint8Array>} */
async function agree(own, theirs) {
	const key = await subtle.importKey('raw', bytesOf(theirs), { name: 'X25519' }, false, []);
	return new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: key }, own, 256));
}

/** 32 bytes from the agreements, as X3DH §2.2 has it. @param {Uint8Array[]} parts */
async function derive(parts) {
	const all = new Uint8Array(32 + parts.length * 32).fill(0xff, 0, 32);
	parts.forEach((part, i) => all.set(part, 32 + i * 32));
	const key = await subtle.importKey('raw', all, 'HKDF', false, ['deriveBits']);
	return new Uint8Array(await subtle.deriveBits(
		{ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(32), info: INFO }, key, 256));
}

/** A store of objects in IndexedDB. @param {string} name @returns {import('./sojorn.js').Store} */
export function keyStore(name) {
	/** @type {Promise<IDBDatabase>} */
	const opened = new Promise((resolve, reject) => {
		const request = indexedDB.open(name, 1);
		request.onupgradeneeded = () => request.result.createObjectStore('kept');
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error);
	});
	/** @param {IDBTransactionMode} mode @param {(kept: IDBObjectStore) => IDBRequest} ask @returns {Promise<any>} */
	const run = async (mode, ask) => {
		const transaction = (await opened).transaction('kept', mode);
		const request = ask(transaction.objectStore('kept'));
		return new Promise((resolve, reject) => {
			transaction.oncomplete = () => resolve(request.result);
			transaction.onerror = () => reject(transaction.error);
		});
	};
	return {
		get: (key) => run('readonly', (kept) => kept.get(key)),
		set: (key, value) => run('readwrite', (kept) => kept.put(value, key)),
	};
}

export class Keys {
	/** @type {Own | undefined} */ #own;

	/** @param {import('./sojorn.js').Sojorn} sojorn @param {import('./sojorn.js').Store} store */
	constructor(sojorn, store) {
		this.sojorn = sojorn;
		this.store = store;
	}

	#key() {
		return `keys:${this.sojorn.userId}`;
	}

	/** Makes and publishes keys on a device that has none; true when it did. @returns {Promise<boolean>} */
	async start() {
		this.#own = await this.store.get(this.#key());
		if (this.#own) {
			if (Date.now() - this.#own.signed.since > RENEW_AFTER) await this.#publish(0);
			return false;
		}
		const [sign, agreeing, pair] = await Promise.all([makePair('Ed25519'), makePair('X25519'), makePair('X25519')]);
		const registration = 1 + (crypto.getRandomValues(new Uint16Array(1))[0] % 16380);
		this.#own = { sign, agree: agreeing, registration, signed: { id: 1, pair, since: Date.now() }, past: [], once: new Map(), next: 0 };
		await this.#publish(BATCH);
		return true;
	}

	/** More one-time keys: call it on the event `keys_low`. @returns {Promise<void>} */
	async refill() {
		await this.#publish(BATCH);
	}

	// Another signed prekey once a week; those before it are kept for a while.
	async #renew() {
		const own = /** @type {Own} */ (this.#own);
		const now = Date.now();
		if (now - own.signed.since <= RENEW_AFTER) return;
		own.past = [own.signed, ...own.past].filter(({ since }) => now - since <= RENEW_AFTER + KEEP);
		own.signed = { id: own.signed.id + 1, pair: await makePair('X25519'), since: now };
	}

	/** @param {number} n one-time keys more */
	async #publish(n) {
		const own = /** @type {Own} */ (this.#own);
		await this.#renew();
		const fresh = await Promise.all(Array.from({ length: n }, () => makePair('X25519')));
		const ids = fresh.map((pair) => {
			own.once.set(own.next, pair);
			return own.next++;
		});
		await this.store.set(this.#key(), own); // before anybody can use them
		await this.publish({
			identity_key_public: await this.identity(),
			registration_id: own.registration,
			signed_prekey_id: own.signed.id,
			signed_prekey_public: await publicOf(own.signed.pair),
			signed_prekey_signature: base64(await subtle.sign('Ed25519', own.sign.privateKey,
				await subtle.exportKey('raw', own.signed.pair.publicKey))),
			one_time_prekeys: await Promise.all(ids.map(async (id, i) => ({ key_id: id, public_key: await publicOf(fresh[i]) }))),
		});
	}

	/** What is published, of whatever kind: libsignal's keys go this way. @param {Record<string, any>} publication */
	publish(publication) {
		return this.sojorn.post('/keys', publication);
	}

	/** This device's identity as others see it; to be compared by people. @returns {Promise<string>} */
	async identity() {
		const own = /** @type {Own} */ (this.#own);
		return `${await publicOf(own.sign)}:${await publicOf(own.agree)}`;
	}

	/**
	 * Somebody's keys, their signature checked, and whether their identity is another than it was before.
	 * @param {string} userId @returns {Promise<Bundle & { changed: boolean }>}
	 */
	async bundle(userId) {
		/** @type {Bundle} */ const bundle = await this.sojorn.get(`/keys/${userId}`);
		const [signing] = bundle.identity_key.public_key.split(':');
		const key = await subtle.importKey('raw', bytesOf(signing), 'Ed25519', false, ['verify']);
		const good = await subtle.verify('Ed25519', key, bytesOf(bundle.signed_prekey.signature),
			bytesOf(bundle.signed_prekey.public_key));
		if (!good) throw new Error('the signature of these keys is wrong');
		const before = await this.store.get(`identity:${userId}`);
		await this.store.set(`identity:${userId}`, bundle.identity_key.public_key);
		return { ...bundle, changed: before !== undefined && before !== bundle.identity_key.public_key };
	}

	/**
	 * The first secret with somebody, from their bundle; `header` goes with the first message, for answer().
	 * @param {Bundle} bundle @returns {Promise<{ secret: Uint8Array, header: Record<string, any> }>}
	 */
	async begin(bundle) {
		const own = /** @type {Own} */ (this.#own);
		const ephemeral = await makePair('X25519');
		const [, identity] = bundle.identity_key.public_key.split(':');
		const once = bundle.one_time_prekey;
		const parts = await Promise.all([
			agree(own.agree.privateKey, bundle.signed_prekey.public_key),
			agree(ephemeral.privateKey, identity),
			agree(ephemeral.privateKey, bundle.signed_prekey.public_key),
			...(once ? [agree(ephemeral.privateKey, once.public_key)] : []),
		]);
		return {
			secret: await derive(parts),
			header: {
				identity: await this.identity(),
				ephemeral: await publicOf(ephemeral),
				signed_prekey_id: bundle.signed_prekey.key_id,
				...(once && { one_time_prekey_id: once.key_id }),
			},
		};
	}

	/** The same secret on the other side; a one-time key is used up by it. @param {any} header @returns {Promise<Uint8Array>} */
	async answer(header) {
		const own = /** @type {Own} */ (this.#own);
		const [, identity] = header.identity.split(':');
		const id = header.one_time_prekey_id;
		const once = id === undefined ? undefined : own.once.get(id);
		const signed = [own.signed, ...own.past].find((each) => each.id === header.signed_prekey_id);
		if (!signed || (id !== undefined && !once))
			throw new Error('this was made for keys that are gone');
		const parts = await Promise.all([
			agree(signed.pair.privateKey, identity),
			agree(own.agree.privateKey, header.ephemeral),
			agree(signed.pair.privateKey, header.ephemeral),
			...(once ? [agree(once.privateKey, header.ephemeral)] : []),
		]);
		if (id !== undefined) {
			own.once.delete(id);
			await this.store.set(this.#key(), own);
		}
		return derive(parts);
	}
}

/** Seals a text with 32 bytes of secret (AES-256-GCM). @param {Uint8Array} secret @param {string} text */
export async function seal(secret, text) {
	const key = await subtle.importKey('raw', /** @type {BufferSource} */ (secret), 'AES-GCM', false, ['encrypt']);
	const iv = crypto.getRandomValues(new Uint8Array(12));
	const sealed = await subtle.encrypt({ name: 'AES-GCM', iv }, key, new TextEncoder().encode(text));
	return { ciphertext: base64(sealed), iv: base64(iv) };
}

/** @param {Uint8Array} secret @param {{ ciphertext: string, iv: string }} sealed @returns {Promise<string>} */
export async function open(secret, { ciphertext, iv }) {
	const key = await subtle.importKey('raw', /** @type {BufferSource} */ (secret), 'AES-GCM', false, ['decrypt']);
	return new TextDecoder().decode(await subtle.decrypt({ name: 'AES-GCM', iv: bytesOf(iv) }, key, bytesOf(ciphertext)));
}
