/* Within app/feed only: the statements. All suspend. */
#pragma once

#include "app/feed/feed_rank.h"
#include "app/posts/posts.h"
#include "lib/web/page.h"

/* Pages of struct post; authors: absent for all followed. */
err feed_personal(struct db *db, uuid viewer, const struct page *p, const struct uuids *authors,
		  bool no_videos, struct list *out);
err feed_quips(struct db *db, uuid viewer, const struct page *p, const struct uuids *authors,
	       struct list *out);
err feed_chains(struct db *db, uuid viewer, const struct page *p, const struct uuids *authors,
		struct list *out);

/* category: a slug, or absent for all. */
err feed_videos(struct db *db, uuid viewer, const struct page *p, str category, struct list *out);

/* Weights and candidates in one round trip; `out` has struct candidate. session: nil, or one whose posts
 * are left out. */
err feed_candidates(struct db *db, uuid viewer, str category, int32_t limit, uuid session,
		    struct feed_weights *ret_weights, struct list *out);

/* Ids of the newest posts besides `without` and those of the session. */
err feed_newest(struct db *db, uuid viewer, str category, int32_t limit, struct uuids without,
		uuid session, struct uuids *out);

struct feed_session {
	uuid id;
	struct uuids page; /* posts of the places asked for */
	int32_t at;	   /* the place behind them */
	int32_t length;	   /* of the whole order */
};

/* Keeps a new order of which `shown` places are about to be shown, and reads those as posts. */
err feed_session_start(struct db *db, uuid session, uuid viewer, str category, struct uuids order,
		       int32_t shown, struct list *out);

/* The first `limit` posts that the viewer may see of the session's places from `from` on; with a nil id of
 * the viewer's newest session of the category. err_not_found when it is older than ten minutes. */
err feed_session_get(struct db *db, uuid viewer, uuid session, str category, int32_t from,
		     int32_t limit, struct feed_session *out);

/* Reads s->page as posts, notes that all before s->at was shown, and adds `more` to the order's end. */
err feed_session_read(struct db *db, uuid viewer, const struct feed_session *s, struct uuids more,
		      struct list *out);

err feed_scores_put(struct db *db, usec since);
err feed_scores_trim(struct db *db);
err feed_sessions_trim(struct db *db);
