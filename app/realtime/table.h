/* Which entries have this id: a hash table of intrusive entries, several an id. One loop's own. */
#pragma once

#include "lib/base/uuid.h"

struct entry {
	uuid id;
	void *owner;
	struct entry *next, **link;
};

struct table {
	struct entry **slots;
	size_t n, size;
};

/* False: out of memory. */
[[nodiscard]] bool table_add(struct table *t, struct entry *e);

/* Nothing happens to an entry that is in no table. */
void table_remove(struct table *t, struct entry *e);

/* The first entry of this id, and the one after; NULL: none. An entry must not be removed between
 * asking for it and for the next one. */
struct entry *table_first(const struct table *t, uuid id);
struct entry *table_next(const struct entry *e);

/* Its memory; the entries are their owners'. */
void table_free(struct table *t);
