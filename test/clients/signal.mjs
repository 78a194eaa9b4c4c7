// Encrypted conversations by Signal's own library over the client kit (clients/js/signal.js): keys from /keys, sessions
// from the bundles served there, messages through /messages. The server sees what it stores; each check also looks that
// no text is in it.
import assert from 'node:assert/strict';
import * as libsignal from '@signalapp/libsignal-client';
import { bundle, message as messageOf, publication, sealedOf } from '../../clients/js/signal.js';
import { Sojorn, memoryStore } from '../../clients/js/sojorn.js';

const {
	CiphertextMessageType, Direction, IdentityChange, IdentityKeyPair, IdentityKeyStore, KEMKeyPair, KyberPreKeyRecord,
	KyberPreKeyStore, PreKeyRecord, PreKeySignalMessage, PreKeyStore, PrivateKey, ProtocolAddress, SessionRecord,
	SessionStore, SignalMessage, SignedPreKeyRecord, SignedPreKeyStore, UsePQRatchet, processPreKeyBundle, signalDecrypt,
	signalDecryptPreKey, signalEncrypt,
} = libsignal;
const DEVICE = 1;
const PREKEYS = 5;
const key = (address) => `${address.name()}.${address.deviceId()}`;

// ---- what a client keeps ----

class Sessions extends SessionStore {
	kept = new Map();
	async saveSession(address, record) { this.kept.set(key(address), record.serialize()); }
	async getSession(address) {
		const record = this.kept.get(key(address));
		return record ? SessionRecord.deserialize(record) : null;
	}
	async getExistingSessions(addresses) {
		return Promise.all(addresses.map((address) => this.getSession(address)));
	}
}

// Trusts whom it meets first, and afterwards nobody else of that name unless told to.
class Identities extends IdentityKeyStore {
	own = IdentityKeyPair.generate();
	registration = 1 + Math.floor(Math.random() * 16000);
	known = new Map();
	async getIdentityKey() { return this.own.privateKey; }
	async getLocalRegistrationId() { return this.registration; }
	async getIdentity(address) { return this.known.get(key(address)) ?? null; }
	async saveIdentity(address, identity) {
		const before = this.known.get(key(address));
		this.known.set(key(address), identity);
		const same = !before || before.compare(identity) === 0;
		return same ? IdentityChange.NewOrUnchanged : IdentityChange.ReplacedExisting;
	}
	async isTrustedIdentity(address, identity, direction) {
		const before = this.known.get(key(address));
		return !before || before.compare(identity) === 0 || direction !== Direction.Sending;
	}
	forget(address) { this.known.delete(key(address)); }
}

class PreKeys extends PreKeyStore {
	kept = new Map();
	removed = [];
	async savePreKey(id, record) { this.kept.set(id, record); }
	async getPreKey(id) { return this.kept.get(id) ?? assert.fail(`prekey ${id} was used before`); }
	async removePreKey(id) {
		this.kept.delete(id);
		this.removed.push(id);
	}
}
class SignedPreKeys extends SignedPreKeyStore {
	kept = new Map();
	async saveSignedPreKey(id, record) { this.kept.set(id, record); }
	async getSignedPreKey(id) { return this.kept.get(id); }
}
class KyberPreKeys extends KyberPreKeyStore {
	static LAST_RESORT = 999;
	kept = new Map();
	removed = [];
	async saveKyberPreKey(id, record) { this.kept.set(id, record); }
	async getKyberPreKey(id) { return this.kept.get(id) ?? assert.fail(`kyber prekey ${id} was used before`); }
	async markKyberPreKeyUsed(id) {
		if (id !== KyberPreKeys.LAST_RESORT) this.kept.delete(id);
		this.removed.push(id);
	}
}

// ---- a client ----

class Party {
	static async begin(server, session) {
		const party = new Party();
		const store = memoryStore();
		await store.set('session', session);
		Object.assign(party, { sojorn: new Sojorn(server.url, { store }), id: session.user.id, seen: new Set() });
		await party.sojorn.resume();
		party.install();
		return party;
	}

	// Everything that was on the device is gone.
	install() {
		this.sessions = new Sessions();
		this.identities = new Identities();
		this.preKeys = new PreKeys();
		this.signedPreKeys = new SignedPreKeys();
		this.kyberPreKeys = new KyberPreKeys();
	}

	async kyber(id) {
		const pair = KEMKeyPair.generate();
		const signature = this.identities.own.privateKey.sign(pair.getPublicKey().serialize());
		const record = KyberPreKeyRecord.new(id, Date.now(), pair, signature);
		await this.kyberPreKeys.saveKyberPreKey(id, record);
		return record;
	}

	async prekey(id) {
		const secret = PrivateKey.generate();
		const record = PreKeyRecord.new(id, secret.getPublicKey(), secret);
		await this.preKeys.savePreKey(id, record);
		return record;
	}

	async publish(first = 1) {
		const ids = Array.from({ length: PREKEYS }, (_, n) => first + n);
		const secret = PrivateKey.generate();
		const signature = this.identities.own.privateKey.sign(secret.getPublicKey().serialize());
		const signed = SignedPreKeyRecord.new(first, Date.now(), secret.getPublicKey(), secret, signature);

		await this.signedPreKeys.saveSignedPreKey(first, signed);
		await this.sojorn.post('/keys', publication({
			identity: this.identities.own.publicKey,
			registration: this.identities.registration,
			signed,
			once: await Promise.all(ids.map((id) => this.prekey(id))),
			kyber: await Promise.all(ids.map((id) => this.kyber(id))),
			lastResort: await this.kyber(KyberPreKeys.LAST_RESORT),
		}));
	}

	address(other) { return ProtocolAddress.new(other.id, DEVICE); }

	async conversation(other) {
		return (await this.sojorn.get('/conversation', { other_user_id: other.id })).conversation_id;
	}

	// A session from a bundle of the server; the bundle.
	async meet(other) {
		const served = await this.sojorn.get(`/keys/${other.id}`);
		await processPreKeyBundle(bundle(libsignal, served), this.address(other), this.sessions, this.identities, UsePQRatchet.Yes);
		return served;
	}

	async send(other, text) {
		const sealed = await signalEncrypt(Buffer.from(text), this.address(other), this.sessions, this.identities);
		const body = messageOf(sealed);

		assert.ok(!Buffer.from(body.ciphertext, 'base64').includes(text));
		const sent = await this.sojorn.post('/messages', { conversation_id: await this.conversation(other), ...body });
		assert.equal(sent.ciphertext, body.ciphertext);
		assert.equal(sent.message_header, body.message_header);
		return sent;
	}

	async decrypt(other, message) {
		const { type, sealed } = sealedOf(message);
		const address = this.address(other);
		const text = type === CiphertextMessageType.PreKey
			? await signalDecryptPreKey(PreKeySignalMessage.deserialize(sealed), address, this.sessions,
				this.identities, this.preKeys, this.signedPreKeys, this.kyberPreKeys, UsePQRatchet.Yes)
			: await signalDecrypt(SignalMessage.deserialize(sealed), address, this.sessions, this.identities);
		return Buffer.from(text).toString();
	}

	// What the other one has sent and this party has not fetched before, oldest first.
	async fetch(other) {
		const { messages } = await this.sojorn.get(`/conversations/${await this.conversation(other)}/messages`, { limit: 100 });
		const fresh = messages.filter((m) => m.sender_id === other.id && !this.seen.has(m.id)).reverse();
		for (const message of fresh) this.seen.add(message.id);
		return fresh;
	}

	async receive(other) {
		const texts = [];
		for (const message of await this.fetch(other)) texts.push(await this.decrypt(other, message));
		return texts;
	}
}

// ---- what they do ----

export async function signal(check, server, sessions) {
	const [ann, bob, cat] = await Promise.all(sessions.map((session) => Party.begin(server, session)));

	await check('libsignal publishes identities, prekeys and post-quantum keys', async () => {
		for (const party of [ann, bob, cat]) {
			await party.sojorn.patch('/settings/privacy', { who_can_message: 'everyone' });
			await party.publish();
			const own = await party.sojorn.get(`/keys/${party.id}`);
			assert.deepEqual(own.left, { one_time_prekeys: PREKEYS, kyber_prekeys: PREKEYS });
		}
	});

	await check('libsignal talks in both directions over a served bundle', async () => {
		const served = await ann.meet(bob);
		await ann.send(bob, 'ann to bob, the first');
		await ann.send(bob, 'ann to bob, before any answer');
		assert.deepEqual(await bob.receive(ann), ['ann to bob, the first', 'ann to bob, before any answer']);
		assert.deepEqual(bob.preKeys.removed, [served.one_time_prekey.key_id]);
		assert.deepEqual(bob.kyberPreKeys.removed, [served.kyber_prekey.key_id]);
		for (let round = 0; round < 5; round++) {
			await bob.send(ann, `bob to ann ${round}`);
			assert.deepEqual(await ann.receive(bob), [`bob to ann ${round}`]);
			await ann.send(bob, `ann to bob ${round}`);
			assert.deepEqual(await bob.receive(ann), [`ann to bob ${round}`]);
		}
	});

	await check('libsignal reads messages out of order', async () => {
		for (let n = 0; n < 6; n++) await ann.send(bob, `number ${n}`);
		const messages = await bob.fetch(ann);
		for (const n of [5, 0, 3, 1, 4, 2]) assert.equal(await bob.decrypt(ann, messages[n]), `number ${n}`);
		await assert.rejects(bob.decrypt(ann, messages[3]), /duplicate|old counter/i); // the same again
	});

	await check('libsignal goes on when a message is lost', async () => {
		await bob.send(ann, 'the one before');
		const lost = await bob.send(ann, 'never arrives');
		await bob.send(ann, 'the one behind');
		await bob.sojorn.delete(`/messages/${lost.id}`);
		assert.deepEqual(await ann.receive(bob), ['the one before', 'the one behind']);
		await ann.send(bob, 'still here');
		assert.deepEqual(await bob.receive(ann), ['still here']);
	});

	await check('libsignal: a third party has sessions of its own, and two who start at once agree', async () => {
		await Promise.all([cat.meet(ann), ann.meet(cat), cat.meet(bob)]);
		await Promise.all([cat.send(ann, 'cat starts'), ann.send(cat, 'ann starts'), cat.send(bob, 'cat to bob')]);
		assert.deepEqual(await ann.receive(cat), ['cat starts']);
		assert.deepEqual(await cat.receive(ann), ['ann starts']);
		assert.deepEqual(await bob.receive(cat), ['cat to bob']);
		for (let round = 0; round < 3; round++) {
			await ann.send(cat, `ann ${round}`);
			assert.deepEqual(await cat.receive(ann), [`ann ${round}`]);
			await cat.send(ann, `cat ${round}`);
			assert.deepEqual(await ann.receive(cat), [`cat ${round}`]);
		}
		const { messages: [stranger] } =
			await bob.sojorn.get(`/conversations/${await bob.conversation(cat)}/messages`);
		await assert.rejects(ann.decrypt(cat, stranger)); // what is for bob opens nowhere else
	});

	await check('libsignal: another installation is another identity, refused until it is accepted', async () => {
		const { identity_key: before } = await cat.sojorn.get(`/keys/${bob.id}`);
		bob.install();
		await bob.publish(100);
		const { identity_key: after, signed_prekey: signed } = await cat.sojorn.get(`/keys/${bob.id}`);
		assert.notEqual(after.public_key, before.public_key);
		assert.equal(signed.key_id, 100);

		await ann.send(bob, 'for the phone that is gone');
		const [unreadable] = await bob.fetch(ann);
		await assert.rejects(bob.decrypt(ann, unreadable));
		await assert.rejects(ann.meet(bob), /untrusted identity/i);
		ann.identities.forget(ann.address(bob));
		await ann.meet(bob);
		await ann.send(bob, 'for the new phone');
		assert.deepEqual(await bob.receive(ann), ['for the new phone']);
		await bob.send(ann, 'from the new phone');
		assert.deepEqual(await ann.receive(bob), ['from the new phone']);
	});

	await check('libsignal: no key is served twice, and the last resort serves when all are used up', async () => {
		bob.install();
		await bob.publish(200);
		cat.identities.forget(cat.address(bob));
		const curve = [];
		const kyber = [];
		for (let n = 0; n < PREKEYS + 2; n++) {
			cat.sessions = new Sessions();
			const served = await cat.meet(bob);
			curve.push(served.one_time_prekey?.key_id);
			kyber.push(served.kyber_prekey.key_id);
			await cat.send(bob, `session ${n}`);
		}
		const last = KyberPreKeys.LAST_RESORT;
		assert.deepEqual(curve, [200, 201, 202, 203, 204, undefined, undefined]);
		assert.deepEqual(kyber, [200, 201, 202, 203, 204, last, last]);
		assert.deepEqual(await bob.receive(cat), curve.map((_, n) => `session ${n}`));
	});
}
