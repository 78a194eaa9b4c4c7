// A client of the API over HTTP/2 and TLS, from a local address of its own.
import assert from 'node:assert/strict';
import http2 from 'node:http2';
import tls from 'node:tls';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

const unpack = { gzip: gunzipSync, br: brotliDecompressSync };

function read(headers, bytes) {
	const text = (unpack[headers['content-encoding']]?.(bytes) ?? bytes).toString();
	const json = text && /json/.test(headers['content-type']) ? JSON.parse(text) : undefined;
	return { status: headers[':status'], headers, text, json };
}

// at: { port, ca }; address: where the client seems to be, in 127.0.0.0/8.
export function client(at, address) {
	const session = http2.connect(`https://localhost:${at.port}`, {
		createConnection: () =>
			tls.connect({
				host: '127.0.0.1', port: at.port, servername: 'localhost', ca: at.ca,
				localAddress: address, ALPNProtocols: ['h2'],
			}),
	});
	session.on('error', () => {});

	// One request; resolves to { status, headers, text, json }.
	function send(method, path, { body, headers = {}, token } = {}) {
		return new Promise((resolve, reject) => {
			const stream = session.request({
				':method': method,
				':path': path,
				...(body !== undefined && { 'content-type': 'application/json' }),
				...(token && { authorization: `Bearer ${token}` }),
				...headers,
			}, { endStream: false }); // by itself, node sends no body with a DELETE
			const chunks = [];
			let received;
			stream.on('response', (head) => (received = head));
			stream.on('data', (chunk) => chunks.push(chunk));
			stream.on('end', () => {
				try {
					resolve(read(received, Buffer.concat(chunks)));
				} catch (error) {
					reject(error);
				}
			});
			stream.on('error', reject);
			stream.end(typeof body === 'string' || Buffer.isBuffer(body) ? body : body && JSON.stringify(body));
		});
	}

	return {
		send,
		protocol: () => session.alpnProtocol,
		// A request of the API that must answer with this status; resolves to its JSON.
		async api(expected, method, path, body, token) {
			const reply = await send(method, `/api/v1${path}`, { body, token });
			assert.equal(reply.status, expected, `${method} ${path}: ${reply.text}`);
			return reply.json;
		},
		close: () => new Promise((resolve) => session.close(resolve)),
	};
}
