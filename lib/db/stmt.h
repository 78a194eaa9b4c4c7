/*
 * Named statements. They live in `.sql` files beside their use and are embedded at build time
 * (scripts/embed-sql); no function of this code takes SQL text at run time.
 */
#pragma once

#include "lib/base/field.h"

#define STMT_PARAMS 24

struct stmt {
	const char *name;
	const char *text;
	uint8_t nparams;
	bool read;		    /* changes nothing: may share a sync, may be retried once */
	bool slow;		    /* runs on a leased connection, not on the shared pipelines */
	uint8_t kinds[STMT_PARAMS]; /* enum kind of each parameter */
	const char *params[STMT_PARAMS]; /* their names */
};

/* Every statement of the program, NULL-terminated. */
extern const struct stmt *const all_statements[];
