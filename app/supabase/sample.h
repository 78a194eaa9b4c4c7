/* A running check for corruption: some rows, picked anew each time, compared with the project's. Private to
 * app/supabase. */
#pragma once

#include "app/supabase/compare.h"

struct sample {
	int64_t rows;		       /* compared */
	const struct difference *list; /* what is not the same on the two sides */
	int nlisted;
	const char *unknown; /* why nobody can say this time; NULL: it can be said */
};

/*
 * As many tables as fit into a second, from number *turn on, which goes on; then what must hold of the app's own
 * rows. A row that is not the same is looked at again when everything that is on its way to the project has
 * arrived there. m->source is not used; connections are made anew. False: m->problem.
 */
bool sample_take(struct move *m, int *turn, struct sample *out);
