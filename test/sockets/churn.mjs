// Sockets that are opened and closed leave nothing behind: neither memory nor descriptors.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { serve } from '../openapi/server.mjs';
import { device, until } from './kit.mjs';

const TIMES = 2000;
const AT_ONCE = 40;
const GROWTH_KB = 2048; // a kilobyte each

const resident = (pid) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(/VmRSS:\s*(\d+)/)[1]);
const descriptors = (pid) => readdirSync(`/proc/${pid}/fd`).length;

// Every other one says goodbye, the others are cut off.
async function openAndClose(url, n, WebSocket) {
	let next = 0;
	await Promise.all(Array.from({ length: AT_ONCE }, async () => {
		while (next < n) {
			const polite = next++ % 2;
			const socket = new WebSocket(url);
			await once(socket, 'open');
			const closed = once(socket, 'close');
			if (polite) socket.close(1000);
			else socket.terminate();
			await closed;
		}
	}));
}

// Over a database with this login.
export async function churn(check, work, login, { WebSocket }) {
	await check(`${TIMES} sockets that come and go leave no memory and no descriptor behind`, async () => {
		// a sanitizer keeps what was freed for a while: not so much here
		const options = `${process.env.ASAN_OPTIONS ?? ''}:quarantine_size_mb=1:thread_local_quarantine_size_kb=64`;
		const server = await serve(work, { LOOPS: '1', ASAN_OPTIONS: options }, false);
		try {
			const person = await device(server, login, { WebSocket });
			const url = `${server.url.replace('http', 'ws')}/ws?token=${await person.token()}`;
			await openAndClose(url, TIMES / 2, WebSocket);
			const before = [resident(server.pid), descriptors(server.pid)];
			await openAndClose(url, TIMES, WebSocket);
			await until('all are gone', () => descriptors(server.pid) <= before[1]);
			const growth = resident(server.pid) - before[0];
			assert.ok(growth < GROWTH_KB, `${growth} KB more`);
		} finally {
			assert.deepEqual(await server.stop(), []);
		}
	});
}
