/* Rows to structs by field table; what goes with what is found out once per statement and table. */
#pragma once

#include "lib/db/pool.h"

/* The only row of a finished call's result. Errors: err_internal, with a line in the log, when columns
 * and members do not match. */
err bind_row(struct db *db, const struct call *call, const struct field *fields, void *out);

/* All rows, as an arena array. */
err bind_list(struct db *db, const struct call *call, const struct field *fields, size_t size,
	      struct list *out);

void bind_maps_free(struct db_pool *p);
