/*
 * Two sides of the same tables, row by row: a is what should be, b what is there. Each table is read once on
 * both sides at the same time, as the sum of its rows' hashes by ranges of the key; ranges that differ are read
 * row by row, and the columns of rows that differ are named. The hash of a row is 64 bits over the values' own
 * binary forms, so one bit changed anywhere changes it.
 *
 * Sides may move meanwhile. A row that is not the same is looked at again until it is, or until neither side
 * has changed it for a while. A row of b that is what a had at an earlier look is on its way.
 *
 * Private to app/supabase. Blocks.
 */
#pragma once

#include "app/supabase/landing.h"

/* Something that is not the same. column empty: the whole row; key empty: the whole table. */
struct difference {
	const char *table, *key, *column, *detail;
};

struct compared {
	const char *name;
	int64_t a_rows, b_rows;
	int64_t differences; /* rows */
	int64_t moving;	     /* rows that did not stand still for as long as we looked */
};

struct compare {
	struct move *move;	 /* owns what comes out; its problem is ours */
	struct script *a, *b;	 /* connections of the two sides, opened by compare_open */
	struct script *plan;	 /* another one of the target database */
	const char *missing;	 /* what is said of a row that b lacks */
	const char *extra;	 /* of one that a lacks; NULL: that is no difference */
	const char *other;	 /* of a column whose value is another */
	int64_t settle;		 /* microseconds a row has to stand still; 0: nothing moves */
	struct compared *tables; /* out */
	int ntables;
	struct difference *list; /* out, COMPARE_LISTED a table at most */
	int nlisted;
};

enum { COMPARE_LISTED = 1000 };

/* Connects for reading: nothing is written, no row hidden, values are the same on every server. False: the
 * move's problem says what stands in the way; `who` begins that sentence. */
bool compare_open(struct move *m, const char *url, const char *who, struct script **ret);

/* What there is on a side, for compare_run. scope: a schema, "temporary", or "" for all of a project. */
bool compare_catalog(struct move *m, struct script *side, const char *scope, const char **ret_json);

/* All tables that both have, added to tables and list; with drift, also tables and columns that one lacks. */
bool compare_run(struct compare *c, const char *a_catalog, const char *b_catalog, bool drift);

/* Notes a difference of somebody else's finding; texts are copied. */
void compare_note(struct compare *c, const char *table, const char *key, const char *column,
		  const char *detail);
