// What the program says of its API, and whether it keeps its word.
//
//   node check.mjs        SOJORN_BIN: the program; TEST_PG_URL: an empty database of a superuser
//
// Two linters that know nothing of us look at the document, then every operation is called on a running
// server over a seeded database and its replies are held against the document. One result each; last
// line: "N passed, M failed".
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from '../harness/check.mjs';
import { redocly, spectral } from './lint.mjs';
import { badBodies, reads, withoutToken } from './calls.mjs';
import { fuzz } from './fuzz.mjs';
import { serve } from './server.mjs';
import { texts } from './texts.mjs';

const SHOWN = 40;
const { result, end } = suite('openapi');

function report(name, problems) {
	const more = problems.length > SHOWN ? [`… and ${problems.length - SHOWN} more`] : [];
	result(name, [...problems.slice(0, SHOWN), ...more].join('\n'));
}

const work = mkdtempSync(join(tmpdir(), 'sojorn-openapi-'));
try {
	const file = join(work, 'openapi.json');
	writeFileSync(file, spawnSync(process.env.SOJORN_BIN, ['openapi'], { encoding: 'utf8' }).stdout);
	report('spectral finds nothing', spectral(file));
	report('redocly finds nothing', await redocly(file));

	const server = await serve(work);
	try {
		await server.signIn();
		report('reads answer as the document says', await reads(server));
		report('without a token there is a 401', await withoutToken(server));
		report('bad bodies are refused as the document says', await badBodies(server));
		report('random requests are answered as the document says', await fuzz(server));
		report('text comes back as it was sent', await texts(server));
	} finally {
		report('the server ends well', await server.stop());
	}
} finally {
	rmSync(work, { recursive: true, force: true });
}
end();
