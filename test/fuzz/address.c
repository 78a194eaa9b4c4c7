/* Forwarded addresses: what parses, prints to something that parses to the same. */
#include "lib/web/address.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	str text = arena_copy(a, (str){ (const char *)data, size });
	struct address first, second, local;
	struct pair header = { S("X-Forwarded-For"), text };
	const char *problem;
	struct proxies *trusted = proxies_new("127.0.0.1/8, ::1", &problem), *any;

	if (address_parse(text, &first)) {
		assert(address_parse(address_text(a, &first), &second));
		assert(memcmp(&first, &second, sizeof(first)) == 0);
	}
	assert(address_parse(S("127.0.0.1"), &local));
	proxies_client(trusted, local, &header, 1);
	any = proxies_new(text.p, &problem);
	proxies_free(any);
	proxies_free(trusted);
	arena_free(a);
	return 0;
}
