/*
 * Addresses of strangers, which the server may go to: what is resolved is http or https, has a host, and resolves to
 * itself.
 */
#include "lib/net/fetch.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	str link = arena_copy(a, (str){ (const char *)data, size });
	str base = S("https://example.org/a/b?c"), url = { 0 };

	if (size && !memchr(link.p, '\0', size))
		url = fetch_resolve(a, base, link);
	if (url.p) {
		assert(str_starts(url, S("http://")) || str_starts(url, S("https://")));
		assert(fetch_host(a, url).n > 0);
		assert(str_eq(fetch_resolve(a, base, url), url));
	}
	if (size)
		fetch_date(link);
	arena_free(a);
	return 0;
}
