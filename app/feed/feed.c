/* The jobs that keep scores and sessions. */
#include "app/feed/feed.h"

#include "app/feed/feed_db.h"

#define CANDIDATE_AGE (7 * DAY)
#define NEW_AGE	      (2 * MINUTE) /* the quick run looks back this far; it comes every 10 s */

err feed_score_all(struct job *j)
{
	TRY(feed_scores_put(j->db, time_add(time_now(), -CANDIDATE_AGE)));
	return feed_scores_trim(j->db);
}

err feed_score_new(struct job *j)
{
	return feed_scores_put(j->db, time_add(time_now(), -NEW_AGE));
}

err feed_trim_sessions(struct job *j)
{
	return feed_sessions_trim(j->db);
}
