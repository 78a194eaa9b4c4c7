/* See guessed.h. */
#include "lib/base/guessed.h"

#include "lib/base/arena.h"
#include "lib/base/file.h"
#include "lib/base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = 64 << 20, LINE_MAX_BYTES = 72 };

struct guessed {
	struct arena *arena;
	uint64_t *hashes; /* in order */
	size_t n;
};

/* False: too long to be anybody's password. */
static bool hash_of(str password, uint64_t *out)
{
	char folded[LINE_MAX_BYTES];

	if (password.n > sizeof folded)
		return false;
	for (size_t i = 0; i < password.n; i++) {
		char c = password.p[i];

		folded[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
	}
	*out = hash_bytes(folded, password.n, 0);
	return true;
}

static int in_order(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static size_t count_lines(str text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

static void take_lines(struct guessed *g, str text)
{
	g->hashes = arena_alloc(g->arena, count_lines(text) * sizeof *g->hashes);
	while (text.p) {
		str line = str_trim(str_cut(&text, '\n'));

		if (line.n && line.p[0] != '#' && hash_of(line, &g->hashes[g->n]))
			g->n++;
	}
	qsort(g->hashes, g->n, sizeof *g->hashes, in_order);
}

struct guessed *guessed_read(const char *path, const char **ret_problem)
{
	struct arena *text_arena = arena_new(), *a;
	struct guessed *g;
	str text;

	if (!file_read(text_arena, path, FILE_MAX, &text)) {
		*ret_problem = strerror(errno);
		arena_free(text_arena);
		return NULL;
	}
	a = arena_new();
	g = arena_zalloc(a, sizeof *g);
	g->arena = a;
	take_lines(g, text);
	arena_free(text_arena);
	return g;
}

bool guessed_has(const struct guessed *g, str password)
{
	uint64_t h;

	return g && hash_of(password, &h) && bsearch(&h, g->hashes, g->n, sizeof h, in_order);
}

void guessed_free(struct guessed *g)
{
	if (g)
		arena_free(g->arena);
}
