// Two outside linters: spectral (spectral:oas) and redocly (recommended). Both return their problems as
// lines; a warning is one, too.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const { lint, loadConfig } = createRequire(import.meta.url)('@redocly/openapi-core');

export function spectral(file) {
	const run = spawnSync(
		process.execPath,
		[
			join(here, 'node_modules/@stoplight/spectral-cli/dist/index.js'),
			'lint', '--ruleset', join(here, '.spectral.yaml'), '--fail-severity', 'hint', '--format', 'text',
			'--quiet', file,
		],
		{ encoding: 'utf8' },
	);
	return run.status === 0 ? [] : `${run.stdout}${run.stderr}`.split('\n').filter((line) => line.trim());
}

export async function redocly(file) {
	const config = await loadConfig({ configPath: join(here, 'redocly.yaml') });
	const problems = await lint({ ref: file, config });
	return problems.map((p) => `${p.severity} ${p.ruleId} ${p.location[0]?.pointer ?? ''}: ${p.message}`);
}
