/* The rows of tables, as COPY and INSERT bring them. Private to app/supabase. */
#pragma once

#include "app/supabase/classify.h"
#include "app/supabase/landing.h"
#include "app/supabase/qualify.h"

/* The file being read and the statement being done. */
struct landing {
	struct move *move;
	struct arena *arena; /* reset for each statement */
	struct dump dump;
	struct piece piece;
	struct verdict verdict;
	int file, pending; /* pending: statements since the last commit */
	int64_t rows;	   /* that have arrived of this statement */
	size_t row_at;	   /* where in the statement the remaining ones begin */
	int64_t bytes_before, bytes_total;
	struct qualifiers *qualifiers;
	const char *problem; /* why a statement cannot be done, when the database has not said so */
};

/* Commits what has arrived so far. */
bool landing_checkpoint(struct landing *l);

bool rows_copy(struct landing *l);
bool rows_insert(struct landing *l);

/* How many a statement brings; 0 for all but COPY and INSERT. */
int64_t rows_count(const struct piece *p);
