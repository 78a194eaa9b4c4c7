/* Chained buckets, doubled when there are more entries than buckets. */
#include "app/realtime/table.h"

#include "lib/base/arena.h"
#include "lib/base/hash.h"

#include <stdlib.h>

enum { FIRST_SIZE = 64 };

static struct entry **slot_of(const struct table *t, uuid id)
{
	return &t->slots[hash_bytes(id.b, sizeof id.b, 0) & (t->size - 1)];
}

static void put(struct table *t, struct entry *e)
{
	struct entry **slot = slot_of(t, e->id);

	e->next = *slot;
	e->link = slot;
	if (e->next)
		e->next->link = &e->next;
	*slot = e;
}

static bool grow(struct table *t)
{
	size_t size = t->size ? t->size * 2 : FIRST_SIZE;
	struct table bigger = { try_malloc(size * sizeof(struct entry *)), t->n, size };

	if (!bigger.slots)
		return false;
	memset(bigger.slots, 0, size * sizeof(struct entry *));
	for (size_t i = 0; i < t->size; i++)
		for (struct entry *e = t->slots[i], *next; e; e = next) {
			next = e->next;
			put(&bigger, e);
		}
	free(t->slots);
	*t = bigger;
	return true;
}

bool table_add(struct table *t, struct entry *e)
{
	if (t->n >= t->size && !grow(t))
		return false;
	put(t, e);
	t->n++;
	return true;
}

void table_remove(struct table *t, struct entry *e)
{
	if (!e->link)
		return;
	*e->link = e->next;
	if (e->next)
		e->next->link = e->link;
	e->link = NULL;
	t->n--;
}

static struct entry *same(struct entry *e, uuid id)
{
	while (e && !uuid_eq(e->id, id))
		e = e->next;
	return e;
}

struct entry *table_first(const struct table *t, uuid id)
{
	return t->size ? same(*slot_of(t, id), id) : NULL;
}

struct entry *table_next(const struct entry *e)
{
	return same(e->next, e->id);
}

void table_free(struct table *t)
{
	free(t->slots);
	*t = (struct table){ 0 };
}
