// Requests without a library in between, so that nothing is tidied up on the way.
import { request } from 'node:http';

// { status, message, raw (headers as sent), headers, body (Buffer) }; body may be a stream's generator.
export function ask(base, path, { method = 'GET', headers = {}, body, onReply } = {}) {
	return new Promise((resolve, reject) => {
		const sent = request(`${base}${path}`, { method, headers, agent: false }, (reply) => {
			const pieces = [];
			if (onReply) return resolve(onReply(reply, sent));
			reply.on('data', (piece) => pieces.push(piece));
			reply.on('error', reject);
			reply.on('end', () => resolve({
				status: reply.statusCode, message: reply.statusMessage, raw: reply.rawHeaders,
				headers: reply.headers, body: Buffer.concat(pieces),
			}));
		});
		sent.on('error', reject);
		if (body?.next) feed(sent, body).catch(reject);
		else sent.end(body);
	});
}

async function feed(sent, pieces) {
	for (const piece of pieces)
		if (!sent.write(piece)) await new Promise((resolve) => sent.once('drain', resolve));
	sent.end();
}

export async function soon(holds, seconds = 5) {
	for (let i = 0; i < seconds * 50; i++) {
		if (await holds()) return;
		await new Promise((resolve) => setTimeout(resolve, 20));
	}
	throw new Error(`not within ${seconds} s: ${holds}`);
}
