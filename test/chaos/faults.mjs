// The small file by which faults.c is told what is wrong with a process at the moment.
import { closeSync, copyFileSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const NAMES = ['diskFull', 'flushDelay', 'clock', 'class', 'left', 'counted', 'failed'];
export const CLASSES = { none: 0, memory: 1, system: 2, query: 3 };
const BUILT = new URL('../../build/faults.so', import.meta.url).pathname;

// A file `faults` in this directory, and a copy of the library, which not every account may read where it was built.
export function faultsFile(dir) {
	const path = join(dir, 'faults');
	const library = join(dir, 'faults.so');
	copyFileSync(BUILT, library);
	writeFileSync(path, Buffer.alloc(4096), { mode: 0o666 });
	const fd = openSync(path, 'r+');
	const cell = Buffer.alloc(8);
	return {
		path,
		// For a process: asan's own library need not come first.
		environment: {
			LD_PRELOAD: library,
			SOJORN_FAULTS: path,
			ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:verify_asan_link_order=0`,
		},
		set(name, value) {
			cell.writeBigInt64LE(BigInt(value));
			writeSync(fd, cell, 0, 8, NAMES.indexOf(name) * 8);
		},
		get(name) {
			readSync(fd, cell, 0, 8, NAMES.indexOf(name) * 8);
			return Number(cell.readBigInt64LE());
		},
		close: () => closeSync(fd),
	};
}
