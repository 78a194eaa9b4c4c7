/* As much of RFC 9112 as the servers measured here answer with: a length, or chunks. */
#include "bench/load/load.h"

#include <stdlib.h>
#include <string.h>

static const char length_name[] = "\r\ncontent-length:",
		  chunks[] = "\r\ntransfer-encoding: chunked";

void answer_begin(struct answer *a)
{
	memset(a, 0, offsetof(struct answer, head));
}

static bool begin_body(struct answer *a)
{
	const char *length;

	a->head[a->head_n] = '\0';
	if (strncmp(a->head, "HTTP/1.1 ", 9) != 0)
		return false;
	length = strcasestr(a->head, length_name);
	a->status = atoi(a->head + 9);
	a->in_body = true;
	a->chunked = !length && strcasestr(a->head, chunks);
	a->left = length ? strtoul(length + sizeof(length_name) - 1, NULL, 10) : 0;
	a->done = !a->chunked && a->left == 0;
	return length || a->chunked || a->status == 204;
}

/* Bytes of the head until it ends; returns how many were taken. */
static size_t feed_head(struct answer *a, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (a->head_n + 1 >= sizeof(a->head)) {
			a->bad = true;
			return n;
		}
		a->head[a->head_n++] = p[i];
		if (p[i] == '\n' && a->head_n >= 4
		    && memcmp(a->head + a->head_n - 4, "\r\n\r\n", 4) == 0) {
			a->bad = !begin_body(a);
			return i + 1;
		}
	}
	return n;
}

/* The line with a chunk's size; the chunk of size none, and the empty line after it, end the body. */
static void feed_size(struct answer *a, char c)
{
	if (a->size_n + 1 >= sizeof(a->size_line)) {
		a->bad = true;
		return;
	}
	a->size_line[a->size_n++] = c;
	if (c != '\n')
		return;
	a->size_line[a->size_n] = '\0';
	a->size_n = 0;
	if (a->size_line[0] == '\r') {
		a->done = true;
		return;
	}
	a->left = strtoul(a->size_line, NULL, 16);
	a->bytes += a->left;
	a->left += a->left ? 2 : 0;
}

static size_t feed_body(struct answer *a, const char *p, size_t n)
{
	size_t take = n < a->left ? n : a->left;

	if (a->chunked && a->left == 0) {
		feed_size(a, *p);
		return 1;
	}
	a->left -= take;
	if (!a->chunked) {
		a->bytes += take;
		a->done = a->left == 0;
	}
	return take;
}

void answer_feed(struct answer *a, const char *p, size_t n)
{
	while (n > 0 && !a->bad) {
		size_t taken;

		if (a->done) { /* more than was asked for */
			a->bad = true;
			return;
		}
		taken = a->in_body ? feed_body(a, p, n) : feed_head(a, p, n);
		p += taken;
		n -= taken;
	}
}
