/* What verify has found. Private to app/supabase. */
#pragma once

#include "app/supabase/compare.h"
#include "lib/base/time.h"

/* A table, of the source or of this server; numbers of rows, -1: not known. */
struct verified {
	const char *name;
	int64_t source, target, moved, kept_back, differences, moving;
};

struct move_verdict {
	bool ok;
	const char *phase;
	usec at;
	struct verified *tables;
	int ntables;
	const struct difference *list;
	int nlisted;
	int64_t unlisted; /* rows that differ beyond those listed */
};
