/*
 * Is the service there (live), can it work (ready), and what is wrong if not (detailed). The same
 * paths answer on the API's address and on ADMIN_ADDR.
 */
#pragma once

#include "app/app.h"
#include "lib/db/db.h"

/* At start: one line in the log when the database does not answer, or its schema is not the one this
 * program is made for. Suspends. */
void health_look(struct db_pool *pool);

/* The version of the schema that this program is made for. */
int64_t health_newest_version(void);

extern const struct route health_routes[];
