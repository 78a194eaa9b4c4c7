/* Within app/feed only: the statements. All suspend. */
#pragma once

#include "app/feed/feed_rank.h"
#include "app/posts/posts.h"
#include "lib/web/page.h"

/* Pages of struct post. type: absent, "post" or "quip"; authors: absent for all followed. */
err feed_personal(struct db *db, uuid viewer, const struct page *p, str type,
		  const struct uuids *authors, struct list *out);
err feed_chains(struct db *db, uuid viewer, const struct page *p, const struct uuids *authors,
		struct list *out);
err feed_videos(struct db *db, uuid viewer, const struct page *p, str category, struct list *out);

/* Weights and candidates in one round trip; `out` has struct candidate, best first. */
err feed_candidates(struct db *db, uuid viewer, str category, int32_t limit,
		    struct feed_weights *ret_weights, struct list *out);

/* Ids of the newest posts besides `without`. */
err feed_newest(struct db *db, uuid viewer, str category, int32_t limit, struct uuids without,
		struct uuids *out);

struct feed_session {
	uuid id;
	struct uuids page; /* ids of the places asked for */
	int32_t length;	   /* of the whole order */
};

/* Keeps a new order of which `shown` places are about to be shown, and reads those as posts. */
err feed_session_start(struct db *db, uuid session, uuid viewer, str category, struct uuids order,
		       int32_t shown, struct list *out);

/* Places [from, from + limit) of the session, or with a nil id of the viewer's newest one of the
 * category. err_not_found when it is older than ten minutes. */
err feed_session_get(struct db *db, uuid viewer, uuid session, str category, int32_t from,
		     int32_t limit, struct feed_session *out);

/* Reads the page's posts and notes that they were shown. */
err feed_session_read(struct db *db, uuid viewer, const struct feed_session *s, int32_t shown,
		      struct list *out);

err feed_scores_put(struct db *db, usec since);
err feed_scores_trim(struct db *db, usec older_than);
err feed_sessions_trim(struct db *db);
