/*
 * A table of pointers, so that what the pipeline points to stays where it is while the table grows.
 * Names end in a number never used twice on a connection: the server cuts names at 63 bytes, and a
 * statement prepared anew must not meet its own old name.
 */
#include "lib/db/prepared.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_SIZE = 64 };

static struct prepared **place_of(const struct prepared_table *t, const struct stmt *s)
{
	size_t at = ((uintptr_t)s / sizeof(*s)) & (t->size - 1);

	while (t->v[at] && t->v[at]->stmt != s)
		at = (at + 1) & (t->size - 1);
	return &t->v[at];
}

struct prepared *prepared_find(const struct prepared_table *t, const struct stmt *s)
{
	return t->size ? *place_of(t, s) : NULL;
}

static bool grow(struct prepared_table *t)
{
	struct prepared_table bigger = *t;

	if (t->n * 2 < t->size)
		return true;
	bigger.size = t->size ? t->size * 2 : FIRST_SIZE;
	bigger.v = calloc(bigger.size, sizeof(*bigger.v));
	if (!bigger.v)
		return false;
	for (size_t i = 0; i < t->size; i++)
		if (t->v[i])
			*place_of(&bigger, t->v[i]->stmt) = t->v[i];
	free(t->v);
	*t = bigger;
	return true;
}

void prepared_rename(struct prepared_table *t, struct prepared *p)
{
	p->ready = false;
	snprintf(p->name, sizeof(p->name), "%.40s.%u", p->stmt->name, ++t->names);
}

struct prepared *prepared_get(struct prepared_table *t, const struct stmt *s)
{
	struct prepared *p = prepared_find(t, s);

	if (p)
		return p;
	p = grow(t) ? calloc(1, sizeof(*p)) : NULL;
	if (!p)
		return NULL;
	p->stmt = s;
	prepared_rename(t, p);
	*place_of(t, s) = p;
	t->n++;
	return p;
}

void prepared_clear(struct prepared_table *t)
{
	for (size_t i = 0; i < t->size; i++)
		free(t->v[i]);
	free(t->v);
	*t = (struct prepared_table){ 0 };
}
