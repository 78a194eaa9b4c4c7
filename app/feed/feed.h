/*
 * Feeds: followed accounts newest first, newest videos, and the ranked order (domain-rules §8). The
 * order of a ranked feed is made once, kept as a session, and paged through by position.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"

extern const struct route feed_routes[];

/* Scores every candidate of the last seven days anew (every 15 min), only what is new (every 10 s). */
err feed_score_all(struct job *j);
err feed_score_new(struct job *j);

/* Cuts sessions down to what was shown, forgets them after a week. */
err feed_trim_sessions(struct job *j);

/* The statement behind both: $1, since when posts are scored. For whoever fills a database. */
extern const struct stmt sql_feed_scores_put;
