/* The reader of dumps: always gets to the end, pieces come in order and lie within the script. */
#include "app/supabase/dump.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct dump d = { { (const char *)data, size }, 0 };
	struct piece p;
	size_t before = 0, at;
	str row;

	while ((p = dump_next(&d)).kind == PIECE_SQL || p.kind == PIECE_META) {
		assert(p.from >= before && p.to > p.from && d.at == p.to);
		assert(p.text.p >= d.script.p && p.text.p + p.text.n <= d.script.p + size);
		before = p.to;
		at = 0;
		assert(dump_words(a, p.text).n <= WORDS);
		while (dump_row(p.text, &at, &row))
			assert(row.n > 1 && at <= p.text.n);
		if (d.at >= size)
			break;
	}
	arena_free(a);
	return 0;
}
