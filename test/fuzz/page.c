/* Pages of strangers, for previews: whatever they are, a card is made of valid text within its bounds. */
#include "app/previews/reader.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>

static void check(str text, ptrdiff_t most)
{
	assert(!text.p || (str_utf8_length(text) >= 0 && str_utf8_length(text) <= most));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const charsets[] = { NULL, "utf-8", "iso-8859-1", "shift_jis",
						"nonsense" };
	struct arena *a = arena_new();
	struct preview p = { 0 };
	str html = { (const char *)data + 1, size - 1 };

	if (size) {
		preview_read(a, arena_copy(a, html), str_of(charsets[data[0] % 5]),
			     S("https://example.org/a/b?c"), &p);
		check(p.title, 300);
		check(p.description, 600);
		check(p.site_name, 600);
		assert(!p.image_url.p || str_starts(p.image_url, S("http")));
	}
	arena_free(a);
	return 0;
}
