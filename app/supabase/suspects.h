/* Rows of one table that were not the same when they were read. Private to compare.c and suspects.c. */
#pragma once

#include "app/supabase/compare.h"

enum { HASH_TEXT = 24 };

struct suspect {
	const char *key, *first;	 /* first: the key's first column, to find it again */
	char a[HASH_TEXT], b[HASH_TEXT]; /* hash on either side, empty: no such row */
	int64_t since;			 /* when one of them was seen to change */
	struct seen *seen;		 /* what a had before */
	bool settled;			 /* the same by now, or on its way */
};

struct suspects {
	struct compare *compare;
	struct compared *table;
	struct arena *arena; /* for as long as the table is being compared */
	const char *id;	     /* of its plan */
	const char *bounds;  /* where its ranges begin; NULL: there is one */
	int ranges;
	bool has_key;
	struct suspect *v;
	int n;
	int64_t unlisted; /* rows beyond COMPARE_LISTED */
};

/* Reads a range row by row and adds what differs. */
bool suspects_add_range(struct suspects *t, int range);

/* The same of the rows whose first columns are in this list (JSON); counts them in the table's a_rows. */
bool suspects_add_rows(struct suspects *t, const char *firsts);

/* Looks at them again until each is the same or stands still. */
bool suspects_settle(struct suspects *t);

/* Names key and column of what is left. */
bool suspects_tell(struct suspects *t);

/* ---- of compare.c ---- */

/* The tables that both have, in the order of their names, added to c->tables; each wants an arena. */
bool compare_plan(struct compare *c, const char *a_catalog, const char *b_catalog,
		  struct suspects **out, int *ret_n);

/* Keeps the problem of the connection that has one; always false. */
bool compare_fail(struct compare *c, const char *what);

/* A query that a statement has put together, copied into the arena; NULL: it has not. */
const char *compare_text(struct compare *c, struct arena *a, const struct stmt *s,
			 const char *const *values);

/* Runs a query on either side at the same time; rows stay until the next one. */
bool compare_ask(struct compare *c, const char *a_text, const char *b_text);
