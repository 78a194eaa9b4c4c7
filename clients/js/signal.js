// Signal's own library (@signalapp/libsignal-client, or what has its interface) over this server: its records as
// POST /keys takes them, a bundle that was served as its PreKeyBundle, its messages as POST /messages takes them. The
// library is handed in, since browsers and node have different ones; its stores and sessions stay the app's.
//
//	await keys.publish(publication({ identity, registration, signed, once, kyber, lastResort }));
//	await processPreKeyBundle(bundle(libsignal, await sojorn.get(`/keys/${id}`)), address, …);
//	await sojorn.post('/messages', { conversation_id, ...message(await signalEncrypt(…)) });

/** @typedef {{ serialize(): Uint8Array }} Key */
/** @typedef {{ id(): number, publicKey(): Key }} Record */
/** @typedef {Record & { signature(): Uint8Array }} SignedRecord */

const DEVICE = 1;

/** @param {Uint8Array} bytes */
export const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
/** @param {string} text */
export const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** @param {Record} record */
const prekey = (record) => ({ key_id: record.id(), public_key: base64(record.publicKey().serialize()) });
/** @param {SignedRecord} record */
const signedPrekey = (record) => ({ ...prekey(record), signature: base64(record.signature()) });

/**
 * The body of POST /keys.
 * @param {{ identity: Key, registration: number, signed: SignedRecord, once?: Record[], kyber?: SignedRecord[], lastResort?: SignedRecord }} own
 */
export function publication({ identity, registration, signed, once = [], kyber = [], lastResort }) {
	const { key_id, public_key, signature } = signedPrekey(signed);
	return {
		identity_key_public: base64(identity.serialize()),
		registration_id: registration,
		signed_prekey_id: key_id,
		signed_prekey_public: public_key,
		signed_prekey_signature: signature,
		one_time_prekeys: once.map(prekey),
		kyber_prekeys: kyber.map(signedPrekey),
		...(lastResort && { last_resort_kyber_prekey: signedPrekey(lastResort) }),
	};
}

/**
 * What GET /keys/:id has answered, for processPreKeyBundle, which checks the signatures.
 * @param {any} library @param {any} served @param {number} [device]
 */
export function bundle({ PreKeyBundle, PublicKey, KEMPublicKey }, served, device = DEVICE) {
	const { one_time_prekey: once, signed_prekey: signed, kyber_prekey: kyber } = served;
	return PreKeyBundle.new(
		served.registration_id, device,
		once?.key_id ?? null, once ? PublicKey.deserialize(bytesOf(once.public_key)) : null,
		signed.key_id, PublicKey.deserialize(bytesOf(signed.public_key)), bytesOf(signed.signature),
		PublicKey.deserialize(bytesOf(served.identity_key.public_key)),
		kyber.key_id, KEMPublicKey.deserialize(bytesOf(kyber.public_key)), bytesOf(kyber.signature));
}

/** What signalEncrypt has made, for POST /messages. @param {{ type(): number, serialize(): Uint8Array }} sealed @param {number} [device] */
export function message(sealed, device = DEVICE) {
	return {
		ciphertext: base64(sealed.serialize()),
		message_header: JSON.stringify({ type: sealed.type(), device }),
		key_version: 'signal',
	};
}

/** A message that has come, for the library. @param {{ ciphertext: string, message_header: string }} stored @returns {{ type: number, device: number, sealed: Uint8Array }} */
export function sealedOf({ ciphertext, message_header }) {
	return { ...JSON.parse(message_header), sealed: bytesOf(ciphertext) };
}
