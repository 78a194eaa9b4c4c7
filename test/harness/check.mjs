// One result a check and the count of them at the end, as every suite of the tests prints them.
//
//   const { check, result, end } = suite('e2e');
//   await check('nginx ends well', async () => …);       what is thrown is the failure
//   result('redocly finds nothing', 'a problem, or ""');
//   end();                                               "N passed, M failed", and the status of the process
export function suite(name) {
	let passed = 0;
	let failed = 0;

	function result(what, problem = '') {
		if (problem) failed++;
		else passed++;
		console.log(problem ? `FAIL  ${name}: ${what}\n      ${problem.replaceAll('\n', '\n      ')}` : `ok    ${name}: ${what}`);
	}

	async function check(what, run) {
		try {
			await run();
			result(what);
		} catch (error) {
			result(what, error.stack ?? String(error));
		}
	}

	// Leaves at once: a check that failed may have left a connection that comes back.
	function end() {
		console.log(`${passed} passed, ${failed} failed`);
		process.exit(failed ? 1 : 0);
	}

	return { check, result, end };
}
