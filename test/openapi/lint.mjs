// Shows an OpenAPI document to two linters that know nothing of us: spectral (spectral:oas) and redocly
// (recommended). A warning fails like an error.
//
//   node lint.mjs DOCUMENT.json
//
// Last line: "N passed, M failed", one for each linter.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { lint, loadConfig } = createRequire(import.meta.url)('@redocly/openapi-core');
const document = process.argv[2];

function spectral() {
	const run = spawnSync(
		process.execPath,
		[
			join(here, 'node_modules/@stoplight/spectral-cli/dist/index.js'),
			'lint', '--ruleset', join(here, '.spectral.yaml'), '--fail-severity', 'hint', '--format', 'text',
			'--quiet', document,
		],
		{ encoding: 'utf8' },
	);
	return run.status === 0 ? [] : `${run.stdout}${run.stderr}`.split('\n').filter((line) => line.trim());
}

async function redocly() {
	const config = await loadConfig({ configPath: join(here, 'redocly.yaml') });
	const problems = await lint({ ref: document, config });
	return problems.map((p) => `${p.severity} ${p.ruleId} ${p.location[0]?.pointer ?? ''}: ${p.message}`);
}

let failed = 0;
for (const [name, linter] of Object.entries({ spectral, redocly })) {
	const problems = await linter();
	console.log(`${problems.length ? 'FAIL' : 'ok   '} openapi ${name}`);
	for (const problem of problems.slice(0, 60)) console.log(`      ${problem}`);
	failed += problems.length ? 1 : 0;
}
console.log(`${2 - failed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
