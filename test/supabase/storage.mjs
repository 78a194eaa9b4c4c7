// The part of a project's Storage API that reads and lists objects, over a folder laid out <bucket>/<name>[/<version>]:
//
//   node storage.mjs DIR KEY
//
// Prints "ready PORT". Like the real one it answers 400 to nearly everything, with what it means in the body
// (github.com/supabase/storage, src/internal/errors), and sends pieces. Objects whose names say so have a bad
// moment once: "busy" 503, "tired" 429 with Retry-After, "cut" a connection that breaks within the body.
import http from 'node:http'
import fs from 'node:fs'
import path from 'node:path'
import crypto from 'node:crypto'

const [dir, key] = process.argv.slice(2)
const seen = new Set()

function refuse(res, statusCode, error, message, code) {
	res.writeHead(400, { 'Content-Type': 'application/json; charset=utf-8' })
	res.end(JSON.stringify({ statusCode, error, message, code }))
}

// The file of an object: itself, or its one version.
function fileOf(bucket, name) {
	const at = path.join(dir, bucket, name)
	if (!fs.existsSync(at)) return undefined
	if (fs.statSync(at).isFile()) return at
	const versions = fs.readdirSync(at).map((v) => path.join(at, v)).filter((v) => fs.statSync(v).isFile())
	return versions.length === 1 ? versions[0] : undefined
}

function badMoment(res, name, size) {
	const kind = ['busy', 'tired', 'cut'].find((k) => name.includes(k))
	if (!kind || seen.has(name)) return false
	seen.add(name)
	if (kind === 'cut') {
		res.writeHead(206, { 'Content-Length': size, 'Content-Range': `bytes 0-${size - 1}/${size}` })
		res.write('x')
		setTimeout(() => res.destroy(), 20)
	} else {
		res.writeHead(kind === 'busy' ? 503 : 429, kind === 'tired' ? { 'Retry-After': '0' } : {})
		res.end('{}')
	}
	return true
}

function send(res, file, range) {
	const size = fs.statSync(file).size
	const found = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')
	if (!found) {
		res.writeHead(200, { 'Content-Length': size })
		fs.createReadStream(file).pipe(res)
		return
	}
	const from = Number(found[1])
	const to = Math.min(Number(found[2]), size - 1)
	if (from >= size) {
		res.writeHead(416, { 'Content-Range': `bytes */${size}` })
		res.end()
		return
	}
	res.writeHead(206, { 'Content-Length': to - from + 1, 'Content-Range': `bytes ${from}-${to}/${size}` })
	fs.createReadStream(file, { start: from, end: to }).pipe(res)
}

// One level: what is an object has an id, a folder has none.
function list(res, bucket, { prefix = '', limit = 100, offset = 0 }) {
	const at = path.join(dir, bucket, prefix)
	const names = fs.existsSync(at) ? fs.readdirSync(at).sort() : []
	const entries = names.filter((n) => !fs.lstatSync(path.join(at, n)).isSymbolicLink()).map((name) => ({
		name, id: fileOf(bucket, path.join(prefix, name)) ? crypto.randomUUID() : null, metadata: null,
	}))
	json(res, entries.slice(offset, offset + limit))
}

function json(res, value) {
	res.writeHead(200, { 'Content-Type': 'application/json; charset=utf-8' })
	res.end(JSON.stringify(value))
}

async function bodyOf(req) {
	let text = ''
	for await (const piece of req) text += piece
	return JSON.parse(text)
}

http.createServer(async (req, res) => {
	const listed = /^\/storage\/v1\/object\/list\/([^/]+)$/.exec(req.url)
	const found = /^\/storage\/v1\/object\/authenticated\/([^/]+)\/(.+)$/.exec(req.url.split('?')[0])
	if (req.headers.authorization !== `Bearer ${key}`) return refuse(res, '403', 'Unauthorized', 'invalid signature', 'AccessDenied')
	if (req.url === '/storage/v1/bucket') return json(res, fs.readdirSync(dir).map((id) => ({ id, name: id, public: false })))
	if (listed && req.method === 'POST') return list(res, decodeURIComponent(listed[1]), await bodyOf(req))
	if (!found || req.method !== 'GET') return refuse(res, '404', 'not_found', 'Route not found')
	const bucket = decodeURIComponent(found[1])
	const name = decodeURIComponent(found[2])
	if (!fs.existsSync(path.join(dir, bucket))) return refuse(res, '404', 'Bucket not found', 'Bucket not found', 'NoSuchBucket')
	const file = fileOf(bucket, name)
	if (!file) return refuse(res, '404', 'not_found', 'Object not found', 'NoSuchKey')
	if (!badMoment(res, name, fs.statSync(file).size)) send(res, file, req.headers.range)
}).listen(0, '127.0.0.1', function ready() { console.log(`ready ${this.address().port}`) })
