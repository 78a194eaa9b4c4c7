/* Every request is written out once, before the first is sent. */
#include "bench/load/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 128 }; /* more than what is around path and token */

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static size_t write_request(char *out, size_t size, const char *line)
{
	const char *tab = strchr(line, '\t');
	int path = tab ? (int)(tab - line) : (int)strlen(line);

	return (size_t)snprintf(out, size, "GET %.*s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s%s\r\n",
				path, line, tab ? "Authorization: Bearer " : "", tab ? tab + 1 : "",
				tab ? "\r\n" : "");
}

static void add(struct requests *r, size_t *size, const char *line)
{
	size_t at = r->n ? r->ends[r->n - 1] : 0, most = strlen(line) + FRAME;

	if (at + most > *size) {
		*size = 2 * (at + most);
		r->text = must(realloc(r->text, *size));
	}
	if ((r->n & (r->n + 1)) == 0) /* 0, 1, 3, 7, …: all places are taken */
		r->ends = must(realloc(r->ends, 2 * (r->n + 1) * sizeof(*r->ends)));
	r->ends[r->n++] = at + write_request(r->text + at, most, line);
}

bool requests_read(struct requests *r, const char *file)
{
	FILE *f = fopen(file, "re");
	char *line = NULL;
	size_t room = 0, size = 0;

	*r = (struct requests){ 0 };
	while (f && getline(&line, &room, f) > 0) {
		line[strcspn(line, "\n")] = '\0';
		add(r, &size, line);
	}
	free(line);
	if (f)
		fclose(f);
	return r->n > 0;
}

str requests_pick(const struct requests *r, struct rand_seq *seq)
{
	size_t i = rand_below(seq, r->n), start = i ? r->ends[i - 1] : 0;

	return (str){ r->text + start, r->ends[i] - start };
}
