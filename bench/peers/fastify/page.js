// Where a page begins: behind a key and an id, or at the top.
const CURSOR_BYTES = 32;
const MOST = 50;

export function readPage({ limit, offset, cursor }) {
	const page = {
		limit: limit > 0 ? Math.min(limit, MOST) : 20,
		offset: offset > 0 ? offset : 0,
		time: 'infinity',
		id: 'ffffffff-ffff-ffff-ffff-ffffffffffff',
	};
	if (!cursor)
		return page;
	const bytes = Buffer.from(cursor, 'base64url');
	if (bytes.length !== CURSOR_BYTES || bytes[0] !== 1)
		throw Object.assign(new Error('cursor is none that this server gave out'), { statusCode: 400, code: 'invalid' });
	const key = bytes.readBigInt64BE(5);
	const id = bytes.toString('hex', 13, 29);
	return {
		...page,
		offset: 0,
		key: Number(key),
		time: writeTime(key),
		id: id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
	};
}

// Dates hold milliseconds only.
function writeTime(us) {
	const rest = String(us % 1000000n).padStart(6, '0');
	return new Date(Number(us / 1000n)).toISOString().replace(/\.\d+Z$/, `.${rest}Z`);
}

export function readTime(text) {
	const [, whole, fraction = ''] = text.match(/^([^.]*?)(?:\.(\d+))?Z$/);
	return BigInt(Date.parse(`${whole}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

export function writeCursor(key, id) {
	const bytes = Buffer.alloc(CURSOR_BYTES);
	bytes[0] = 1;
	bytes.writeBigInt64BE(BigInt(key), 5);
	bytes.write(id.replaceAll('-', ''), 13, 'hex');
	return bytes.toString('base64url');
}
