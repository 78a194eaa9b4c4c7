/* The syntax of .env files: always gets to the end, keys are names. */
#include "lib/base/env_file.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	str rest = { (const char *)data, size };
	struct env_line line;

	while (rest.p && rest.n) {
		size_t before = rest.n;
		const char *problem = env_next(a, &rest, &line);

		assert(!rest.p || rest.n < before);
		if (!problem && line.key.p)
			assert(line.key.n > 0 && line.value.p);
	}
	arena_free(a);
	return 0;
}
