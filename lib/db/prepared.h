/* The statements prepared on one connection. */
#pragma once

#include "lib/db/call.h"

struct prepared {
	const struct stmt *stmt;
	bool ready; /* Parse was sent, and did not fail as far as we know */
	char name[64];
};

struct prepared_table {
	struct prepared **v; /* open addressing by the statement's address; a power of two */
	size_t size, n;
	unsigned names;
};

/* NULL when it is not in the table. */
struct prepared *prepared_find(const struct prepared_table *t, const struct stmt *s);

/* Adds it if need be. NULL: out of memory. */
struct prepared *prepared_get(struct prepared_table *t, const struct stmt *s);

/* Gives the next Parse of this statement a name the server has not seen on this connection. */
void prepared_rename(struct prepared_table *t, struct prepared *p);

void prepared_clear(struct prepared_table *t);
