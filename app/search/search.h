/*
 * Search over people, hashtags and posts (domain-rules §10). Posts and people are found by whole words; a
 * word that none has is replaced by the likest one that some do have, so a slip of the finger still finds.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"

extern const struct route search_routes[];

/* Daily: counts anew how common words of posts and of names are, and forgets what is in none. */
err search_refresh_lexicon(struct job *j);
