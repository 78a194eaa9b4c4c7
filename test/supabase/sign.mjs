// Signs as a project with keys of its own does:
//
//   node sign.mjs KEYS CLAIMS
//
// Writes the public keys to the file KEYS, as the project's jwks.json has them, with a shared secret among them that must
// not be shown; prints a token of the claims by each: ES256, RS256, EdDSA, and ES256 under the id of the RSA key.
import crypto from 'node:crypto'
import fs from 'node:fs'

const [file, claims] = process.argv.slice(2)
const kinds = [
	['ES256', 'ec', { namedCurve: 'P-256' }, 'sha256'],
	['RS256', 'rsa', { modulusLength: 2048 }, 'sha256'],
	['EdDSA', 'ed25519', {}, null],
]
const keys = kinds.map(([alg, type, options, hash]) => ({ alg, hash, kid: `key-${alg}`, ...crypto.generateKeyPairSync(type, options) }))

function token(key, kid) {
	const text = [JSON.stringify({ alg: key.alg, kid, typ: 'JWT' }), claims].map((t) => Buffer.from(t).toString('base64url')).join('.')
	const signature = crypto.sign(key.hash, Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
	return `${text}.${signature.toString('base64url')}`
}

const listed = keys.map((k) => ({ ...k.publicKey.export({ format: 'jwk' }), kid: k.kid, alg: k.alg, use: 'sig', key_ops: ['verify'] }))
listed.push({ kty: 'oct', kid: 'shared', k: 'c2VjcmV0LWluLW5vLWxvZw', alg: 'HS256' })
fs.writeFileSync(file, JSON.stringify({ keys: listed }))
for (const key of keys) console.log(token(key, key.kid))
console.log(token(keys[0], keys[1].kid))
