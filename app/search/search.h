/*
 * Search over people, hashtags and posts (domain-rules §10). Posts are found by whole words; a word that
 * no post has is replaced by the likest one that posts do have, so a slip of the finger still finds.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"

extern const struct route search_routes[];

/* Daily: counts anew in how many posts each word is, and forgets words that are in none. */
err search_refresh_lexicon(struct job *j);
