/*
 * The last look before the flip: rows that have changed since every row was compared are compared once more, while
 * requests are held and nobody writes. What is needed for it is made ready before. Private to app/supabase.
 */
#pragma once

#include "app/supabase/landing.h"

struct moved;

/* From now on whoever carries changes over notes whose rows they are. Before all rows are compared. */
bool moved_begin(struct move *m);

/* Connections to both sides, and which tables there are; the caller's. False: m->problem. */
bool moved_open(struct move *m, struct moved **out);

/* Compares while people still write, until few are left for moved_compare; settle: seconds that a row has to stand still
 * before it counts as another one. */
bool moved_shrink(struct moved *v, int settle);

/* Compares the rows of what was noted, each by all its columns. False: they cannot be compared within so long, or one is
 * not the same: m->problem names it. */
bool moved_compare(struct moved *v, int64_t milliseconds, int64_t *ret_rows);

/* Ends the noting, if the database can be reached; NULL-safe. */
void moved_close(struct moved *v);
