/* Memory and text that live as long as the test. */
#include "test/harness/internal.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* The list keeps what was handed out reachable, so that a leak checker sees leaks of the code under test only. */
struct kept {
	struct kept *next;
	max_align_t data[];
};
static struct kept *all;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void *t_keep(size_t n)
{
	struct kept *k = calloc(1, sizeof(*k) + n);

	if (!k)
		abort();
	pthread_mutex_lock(&lock);
	k->next = all;
	all = k;
	pthread_mutex_unlock(&lock);
	return k->data;
}

const char *h_keep_text(const char *p, size_t n)
{
	char *copy = t_keep(n + 1);

	memcpy(copy, p, n);
	return copy;
}

const char *h_vprintf(const char *format, va_list args)
{
	va_list again;
	char *text;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0)
		abort();
	text = t_keep((size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, format, args);
	return text;
}

const char *h_read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	const char *text;
	char *p = NULL;
	size_t n = 0;

	if (!f)
		return NULL;
	if (getdelim(&p, &n, EOF, f) < 0 && ferror(f)) {
		fclose(f);
		free(p);
		return NULL;
	}
	text = h_keep_text(p, (size_t)ftell(f));
	fclose(f);
	free(p);
	return text;
}

const char *t_fmt(const char *format, ...)
{
	const char *text;
	va_list args;

	va_start(args, format);
	text = h_vprintf(format, args);
	va_end(args);
	return text;
}

const char *t_quote(const char *text)
{
	char *out = t_keep(6 * strlen(text) + 3), *p = out;

	*p++ = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			p += sprintf(p, "\\%c", c);
		else if (c < 0x20)
			p += sprintf(p, "\\u%04x", c);
		else
			*p++ = (char)c;
	}
	*p = '"';
	return out;
}

const char *t_lit(const char *text)
{
	char *out, *p;

	if (!text)
		return "NULL";
	p = out = t_keep(2 * strlen(text) + 3);
	*p++ = '\'';
	for (; *text; text++) {
		if (*text == '\'')
			*p++ = '\'';
		*p++ = *text;
	}
	*p = '\'';
	return out;
}

const char *t_repeat(const char *text, size_t n)
{
	size_t length = strlen(text);
	char *out = t_keep(length * n + 1);

	for (size_t i = 0; i < n; i++)
		memcpy(out + i * length, text, length);
	return out;
}

/* Each test runs in a process of its own; this memory is the run's, so that one count tells all names apart. */
static uint32_t *counted;

__attribute__((constructor)) static void map_counted(void)
{
	counted = mmap(NULL, sizeof(*counted), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (counted == MAP_FAILED)
		abort();
}

/* The odd factor gives each count another suffix, and neighbours unlike ones: names must not be similar to search. */
const char *t_unique(const char *name)
{
	return t_fmt("%s_%08x", name,
		     __atomic_add_fetch(counted, 1, __ATOMIC_RELAXED) * UINT32_C(0x9e3779b1));
}
