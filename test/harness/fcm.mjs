// A push service for tests: OAuth2's JWT grant (RFC 7523) and FCM's messages:send (HTTP v1) over HTTP/2 with TLS.
//
//   node fcm.mjs DIR     DIR holds key.pem and cert.pem (the server's), account.pub.pem (the service account's)
//
// Prints "ready PORT". Writes into DIR: messages, one JSON a line as {at, message}, for each that it took;
// problems, a line for each request real FCM would not understand; grants and sessions, a line for each.
// What it answers is in the device's token: gone, mismatch, malformed, nonsense (the message is to blame),
// busy (429 once, Retry-After 7), away (the same, a day), tired (429 once, no time), sick (503 once), dated (503
// once, Retry-After a date), broken (500 always), revoke (401 once: every access token of before is void). Anything
// else is taken.
// Of HTTP/2 itself, once each: refuse (REFUSED_STREAM), leave (a GOAWAY that leaves this stream out), and, after
// the message was taken: drop (the stream is reset), cut (the connection is).
import http2 from 'node:http2'
import fs from 'node:fs'
import crypto from 'node:crypto'

const dir = process.argv[2]
const read = (name) => fs.readFileSync(`${dir}/${name}`)
const out = Object.fromEntries(['messages', 'problems', 'grants', 'sessions']
	.map((name) => [name, fs.createWriteStream(`${dir}/${name}`, { flags: 'a' })]))
const publicKey = crypto.createPublicKey(read('account.pub.pem'))
const server = http2.createSecureServer({ key: read('key.pem'), cert: read('cert.pem') })
const seen = new Set()
let valid = new Set()
let origin

const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString())

// What is wrong with an assertion, or undefined.
function assertionProblem(jwt) {
	const [head, claims, signature] = jwt.split('.')
	const c = decode(claims)
	const now = Date.now() / 1000

	if (decode(head).alg !== 'RS256' || decode(head).typ !== 'JWT') return 'alg'
	if (decode(head).kid !== 'key-1') return 'kid'
	if (!crypto.verify('RSA-SHA256', `${head}.${claims}`, publicKey, Buffer.from(signature, 'base64url')))
		return 'signature'
	if (c.iss !== 'push@test.iam.gserviceaccount.com') return 'iss'
	if (c.aud !== `${origin}/token`) return 'aud'
	if (!c.scope.split(' ').includes('https://www.googleapis.com/auth/firebase.messaging')) return 'scope'
	if (!(c.iat <= now + 5 && c.iat > now - 60 && c.exp > now && c.exp <= c.iat + 3600)) return 'times'
}

function grant(body) {
	const form = new URLSearchParams(body)
	let problem = 'grant_type'

	if (form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer')
		problem = assertionProblem(form.get('assertion'))
	if (problem) {
		out.problems.write(`grant: ${problem}\n`)
		return [400, { error: 'invalid_grant' }]
	}
	const token = `ya29.${crypto.randomBytes(40).toString('base64url')}`
	valid.add(token)
	out.grants.write('granted\n')
	return [200, { access_token: token, expires_in: 3599, token_type: 'Bearer' }]
}

const isText = (v) => typeof v === 'string'
const texts = (o) => Object.values(o).every(isText)
const onlyHas = (o, ...keys) => Object.keys(o).every((k) => keys.includes(k))

// What FCM would not take of a message, or undefined.
function messageProblem(m) {
	const { notification: n, data, android, apns, webpush } = m

	if (!onlyHas(m, 'token', 'notification', 'data', 'android', 'apns', 'webpush')) return 'message'
	if (!onlyHas(n, 'title', 'body') || !texts(n)) return 'notification'
	if (!texts(data) || Object.keys(data).some((k) => /^(from|message_type|notification)$|^(google|gcm)/.test(k)))
		return 'data'
	if (!['high', 'normal', 'HIGH', 'NORMAL'].includes(android.priority)) return 'android.priority'
	if (!onlyHas(android, 'priority', 'collapse_key', 'notification')) return 'android'
	if (!onlyHas(android.notification, 'channel_id', 'click_action', 'sound', 'tag', 'notification_count'))
		return 'android.notification'
	if (!Number.isInteger(android.notification.notification_count ?? 0)) return 'notification_count'
	if (!texts(apns.headers) || apns.headers['apns-collapse-id'].length > 64) return 'apns.headers'
	if (!onlyHas(apns.payload.aps, 'sound', 'badge', 'mutable-content', 'content-available')) return 'apns.aps'
	if (!webpush.fcm_options.link.startsWith('https://')) return 'webpush.link'
	if (JSON.stringify(m).length > 4096) return 'size'
}

const error = (status, name, code, details = []) => [status, { error: { code: status, message: name, status: name,
	details: [...(code ? [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode: code }] : []),
		...details] } }]
const violation = (field) => [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: [{ field }] }]

const always = {
	gone: () => error(404, 'NOT_FOUND', 'UNREGISTERED'),
	mismatch: () => error(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH'),
	malformed: () => error(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', violation('message.token')),
	nonsense: () => error(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', violation('message.data')),
	broken: () => [500, 'not even JSON'],
}
const once = {
	busy: () => [...error(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), { 'retry-after': '7' }],
	away: () => [...error(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), { 'retry-after': '86400' }],
	tired: () => error(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'),
	sick: () => error(503, 'UNAVAILABLE', 'UNAVAILABLE'),
	dated: () => [...error(503, 'UNAVAILABLE', 'UNAVAILABLE'),
		{ 'retry-after': new Date(Date.now() + 30500).toUTCString() }],
	revoke: () => {
		valid = new Set()
		return error(401, 'UNAUTHENTICATED')
	},
}

function injected(token) {
	const word = token.match(/^[a-z]+/)?.[0]

	if (always[word]) return always[word]()
	if (!once[word] || seen.has(token)) return undefined
	seen.add(token)
	return once[word]()
}

function send(headers, body) {
	if (!valid.has(headers.authorization?.replace(/^Bearer /, ''))) return error(401, 'UNAUTHENTICATED')
	const { message, ...rest } = JSON.parse(body)
	const problem = Object.keys(rest).length ? 'members beside message' : messageProblem(message)

	if (problem || headers['content-type'] !== 'application/json') {
		out.problems.write(`message: ${problem}\n`)
		return error(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT')
	}
	const answer = injected(message.token)

	if (answer) return answer
	out.messages.write(`${JSON.stringify({ at: Date.now(), message })}\n`)
	return [200, { name: `projects/test-project/messages/${seen.size}` }]
}

// How a stream ends instead of being answered: before its message is looked at, or behind it.
const before = {
	refuse: (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM),
	leave: (stream) => {
		stream.session.lastLookedAt = stream.id - 2
		stream.session.goaway(0, stream.session.lastLookedAt)
	},
}
const behind = {
	drop: (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
	cut: (stream) => stream.session.destroy(),
}

function end(ways, stream, body) {
	const token = body.match(/"token":"(([a-z]+)[^"]*)"/)
	const way = ways[token?.[2]]

	if (!way || seen.has(token[1])) return false
	seen.add(token[1])
	way(stream)
	return true
}

function answer(headers, body) {
	const what = `${headers[':method']} ${headers[':path']}`

	if (what === 'POST /token') return grant(body)
	if (what === 'POST /v1/projects/test-project/messages:send') return send(headers, body)
	out.problems.write(`request: ${what}\n`)
	return [404, 'no such page']
}

server.on('session', () => out.sessions.write('session\n'))
server.on('sessionError', () => {})
server.on('stream', (stream, headers) => {
	const parts = []

	stream.on('error', () => {})
	stream.on('data', (part) => parts.push(part))
	stream.on('end', () => {
		const bytes = Buffer.concat(parts)
		const body = bytes.toString()

		// Cut off by a sender that died: node tells of its end before it tells why.
		if (bytes.length !== Number(headers['content-length'])) return
		if (stream.id > (stream.session?.lastLookedAt ?? Infinity)) return
		if (end(before, stream, body)) return
		const [status, reply, more] = answer(headers, body)
		if (end(behind, stream, body)) return

		const text = JSON.stringify(reply)

		// Without a length libcurl 7.88 resets the stream, and node ends a connection with 1,000 resets.
		stream.respond({ ':status': status, 'content-type': 'application/json', 'content-length': text.length, ...more })
		stream.end(text)
	})
})
server.listen(0, '127.0.0.1', () => {
	origin = `https://127.0.0.1:${server.address().port}`
	console.log(`ready ${server.address().port}`)
})
