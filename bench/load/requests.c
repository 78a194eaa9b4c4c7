/* Every request is written out once, before the first is sent. */
#include "bench/load/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAME = 192 }; /* more than what is around path, token and body */

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

/* Fields of a line, each up to a tab. */
static str next_field(str *rest)
{
	str field = str_cut(rest, '\t');

	return field.p ? field : S("");
}

static size_t write_request(char *out, size_t size, str line)
{
	str path = next_field(&line), token = next_field(&line), body = next_field(&line);
	char length[64] = "";

	if (body.n)
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n", body.n);
	return (size_t)snprintf(out, size,
				"%s %.*s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%.*s%s%s\r\n%.*s",
				body.n ? "POST" : "GET", (int)path.n, path.p,
				token.n ? "Authorization: Bearer " : "", (int)token.n, token.p,
				token.n ? "\r\n" : "", length, (int)body.n, body.p);
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
	r->ends[r->n++] = at + write_request(r->text + at, most, str_of(line));
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

static str request_at(const struct requests *r, size_t i)
{
	size_t start = i ? r->ends[i - 1] : 0;

	return (str){ r->text + start, r->ends[i] - start };
}

str requests_pick(const struct requests *r, struct rand_seq *seq)
{
	return request_at(r, rand_below(seq, r->n));
}

str requests_next(struct requests *r)
{
	return request_at(r, r->next++ % r->n);
}
