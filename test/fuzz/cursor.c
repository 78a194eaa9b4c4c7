/*
 * Cursors: of all inputs only those that the server itself could have given out are read, and they are
 * given out again as the same text.
 */
#include "lib/web/page.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct route route = { .path = "/api/v1/posts", .page = 20 };
	struct arena *a = arena_new();
	struct pair pair = { S("cursor"), { (const char *)data, size } };
	struct req r = { .arena = a, .route = &route, .query = &pair, .nquery = 1 };
	struct page p;
	err e = page_read(&r, &p);

	assert(!e.info || err_is(e, err_invalid));
	if (!e.info && p.after)
		assert(str_eq(str_trim(pair.value), page_next(&r, &p, 20, p.key, p.id)));
	arena_free(a);
	return 0;
}
