/*
 * The order of a ranked feed, as a pure function of its candidates (domain-rules §8.2): cooling of what
 * was seen, a mixed first page, few posts of one author in a row.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/time.h"
#include "lib/base/uuid.h"

struct candidate {
	uuid id, author_id, category_id;
	double score;
	usec shown_at; /* zero: never */
	bool followed; /* the viewer follows the author */
};

/* From algorithm_config. Hours and shares as their names say; author_max counts posts of one author
 * among ten that follow each other. */
struct feed_weights {
	double cooling_multiplier, cooling_half_life_hours;
	double network_weight;
	double personal_pct, category_pct, discovery_pct;
	double author_max;
};

/*
 * Orders n candidates, given in any order, into `out` (room for n). The first `page` places are mixed by
 * the shares, drawn by `seed`: the same seed gives the same order, so that a reload within the hour is
 * stable. page 0: nothing is mixed.
 */
void feed_rank(struct arena *a, const struct feed_weights *w, const struct candidate *c, size_t n,
	       size_t page, uint64_t seed, usec now, uuid *out);
