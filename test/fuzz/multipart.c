/* Forms, in pieces whose size the first byte says. */
#include "lib/web/multipart.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>
#include <string.h>

struct source {
	const uint8_t *p;
	size_t n, step;
};

static err read_some(void *arg, void *buf, size_t n, size_t *got)
{
	struct source *s = arg;

	*got = s->n < s->step ? s->n : s->step;
	if (*got > n)
		*got = n;
	memcpy(buf, s->p, *got);
	s->p += *got;
	s->n -= *got;
	return OK;
}

static err read_all(struct multipart *m, size_t size)
{
	struct part part;
	size_t total = 0;
	bool more;
	str piece;

	for (;;) {
		TRY(multipart_next(m, &part, &more));
		if (!more)
			return OK;
		assert(part.name.p);
		do {
			TRY(multipart_piece(m, &piece));
			total += piece.n;
			assert(total <= size);
		} while (!str_empty(piece));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct source s = { data + 1, size - 1, size ? (size_t)data[0] + 1 : 1 };
	struct arena *a = arena_new();
	struct multipart *m;

	if (size
	    && !multipart_over(a, S("multipart/form-data; boundary=b"), read_some, &s, &m).info) {
		err e = read_all(m, size);

		(void)e;
	}
	arena_free(a);
	return 0;
}
