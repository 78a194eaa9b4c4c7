/*
 * The digest of a file that is changed here and there after it was gathered: of every 8 MiB the state is kept, so
 * that only what comes behind the first change is read again. In a film with its index at the end that is next
 * to nothing.
 */
#include "lib/store/ops.h"

#include "lib/base/crypt.h"

#include <stdlib.h>
#include <unistd.h>

enum { STEP = 8 * 1024 * 1024, STATES = 128, PIECE = 64 * 1024 };

struct spool_sum {
	struct sha256 *now;
	int64_t size;
	struct sha256 *states[STATES]; /* after so many steps and one */
	int n;
};

struct spool_sum *spool_sum_new(void)
{
	struct spool_sum *s = calloc(1, sizeof(*s));

	if (s)
		s->now = sha256_new();
	return s;
}

void spool_sum_free(struct spool_sum *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->n; i++)
		sha256_free(s->states[i]);
	sha256_free(s->now);
	free(s);
}

void spool_sum_add(struct spool_sum *s, const char *p, size_t n)
{
	while (n) {
		size_t room = (size_t)(STEP - s->size % STEP), part = n < room ? n : room;

		sha256_add(s->now, p, part);
		s->size += (int64_t)part;
		p += part;
		n -= part;
		if (part == room && s->n < STATES)
			s->states[s->n++] = sha256_copy(s->now);
	}
}

/* What can be read from `at` on. */
static bool add_file(struct sha256 *to, int fd, int64_t at)
{
	char *piece = malloc(PIECE);
	ssize_t n = -1;

	while (piece && (n = pread(fd, piece, PIECE, at)) > 0) {
		sha256_add(to, piece, (size_t)n);
		at += n;
	}
	free(piece);
	return n == 0;
}

bool spool_sum_end(const struct spool_sum *s, int fd, int64_t unchanged, uint8_t *out)
{
	int64_t steps = unchanged / STEP < s->n ? unchanged / STEP : s->n;
	bool whole = unchanged >= s->size;
	struct sha256 *sum = whole ? sha256_copy(s->now)
		: steps		   ? sha256_copy(s->states[steps - 1])
				   : sha256_new();
	bool done = add_file(sum, fd, whole ? s->size : steps * STEP);

	sha256_end(sum, out);
	return done;
}
