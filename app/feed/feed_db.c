/* The statements of app/feed/feed.sql, one function each. */
#include "app/feed/feed_db.h"

#include "app/feed/feed.sql.h"

static const struct field candidate_fields[] = {
	FIELD(struct candidate, id),
	FIELD(struct candidate, author_id),
	FIELD(struct candidate, category_id),
	FIELD(struct candidate, score),
	FIELD(struct candidate, shown_at),
	FIELD(struct candidate, followed),
	{ 0 },
};

static const struct field weight_fields[] = {
	FIELD(struct feed_weights, cooling_multiplier),
	FIELD(struct feed_weights, cooling_half_life_hours),
	FIELD(struct feed_weights, network_weight),
	FIELD(struct feed_weights, personal_pct),
	FIELD(struct feed_weights, category_pct),
	FIELD(struct feed_weights, discovery_pct),
	FIELD(struct feed_weights, author_max),
	{ 0 },
};

static const struct field session_fields[] = {
	FIELD(struct feed_session, id),
	FIELD(struct feed_session, page),
	FIELD(struct feed_session, at),
	FIELD(struct feed_session, length),
	{ 0 },
};

struct post_id {
	uuid id;
};
static const struct field post_id_fields[] = {
	FIELD(struct post_id, id),
	{ 0 },
};

err feed_personal(struct db *db, uuid viewer, const struct page *p, const struct uuids *authors,
		  bool no_videos, struct list *out)
{
	return db_list(db, &sql_feed_personal, post_fields, sizeof(struct post), out, ARG(viewer),
		       ARG(p->limit), ARG(p->offset), ARG(page_time(p)), ARG(p->id),
		       arg_when(authors->v, ARG(*authors)), ARG(no_videos));
}

err feed_quips(struct db *db, uuid viewer, const struct page *p, const struct uuids *authors,
	       struct list *out)
{
	return db_list(db, &sql_feed_quips, post_fields, sizeof(struct post), out, ARG(viewer),
		       ARG(p->limit), ARG(p->offset), ARG(page_time(p)), ARG(p->id),
		       arg_when(authors->v, ARG(*authors)));
}

err feed_chains(struct db *db, uuid viewer, const struct page *p, const struct uuids *authors,
		struct list *out)
{
	return db_list(db, &sql_feed_chains, post_fields, sizeof(struct post), out, ARG(viewer),
		       ARG(p->limit), ARG(p->offset), ARG(page_time(p)), ARG(p->id),
		       arg_when(authors->v, ARG(*authors)));
}

err feed_videos(struct db *db, uuid viewer, const struct page *p, str category, struct list *out)
{
	if (category.p)
		return db_list(db, &sql_feed_category_videos, post_fields, sizeof(struct post), out,
			       ARG(viewer), ARG(p->limit), ARG(p->offset), ARG(page_time(p)),
			       ARG(p->id), ARG(category));
	return db_list(db, &sql_feed_videos, post_fields, sizeof(struct post), out, ARG(viewer),
		       ARG(p->limit), ARG(p->offset), ARG(page_time(p)), ARG(p->id));
}

err feed_candidates(struct db *db, uuid viewer, str category, int32_t limit, uuid session,
		    struct feed_weights *ret_weights, struct list *out)
{
	struct db_batch *b = db_batch(db);

	db_batch_one(b, &sql_feed_weights, weight_fields, ret_weights);
	db_batch_list(b, &sql_feed_candidates, candidate_fields, sizeof(struct candidate), out,
		      ARG(viewer), ARG(category), ARG(limit), ARG(session));
	return db_batch_run(b);
}

err feed_newest(struct db *db, uuid viewer, str category, int32_t limit, struct uuids without,
		uuid session, struct uuids *out)
{
	struct list ids;

	TRY(db_list(db, &sql_feed_newest, post_id_fields, sizeof(struct post_id), &ids, ARG(viewer),
		    ARG(category), ARG(limit), ARG(without), ARG(session)));
	*out = (struct uuids){ ids.v, ids.n };
	return OK;
}

err feed_session_start(struct db *db, uuid session, uuid viewer, str category, struct uuids order,
		       int32_t shown, struct list *out)
{
	struct uuids page = { order.v, (size_t)shown };
	struct db_batch *b = db_batch(db);

	db_batch_exec(b, &sql_feed_session_put, NULL, ARG(session), ARG(viewer), ARG(category),
		      ARG(order), ARG(shown));
	db_batch_list(b, &sql_feed_cards, post_fields, sizeof(struct post), out, ARG(viewer),
		      ARG(page));
	return db_batch_run(b);
}

err feed_session_get(struct db *db, uuid viewer, uuid session, str category, int32_t from,
		     int32_t limit, struct feed_session *out)
{
	return db_one(db, &sql_feed_session_get, session_fields, out, ARG(viewer), ARG(session),
		      ARG(category), ARG(from), ARG(limit));
}

err feed_session_read(struct db *db, uuid viewer, const struct feed_session *s, struct uuids more,
		      struct list *out)
{
	struct db_batch *b = db_batch(db);

	db_batch_exec(b, &sql_feed_session_shown, NULL, ARG(s->id), ARG(s->at), ARG(more));
	db_batch_list(b, &sql_feed_cards, post_fields, sizeof(struct post), out, ARG(viewer),
		      ARG(s->page));
	return db_batch_run(b);
}

err feed_scores_put(struct db *db, usec since)
{
	return db_exec(db, &sql_feed_scores_put, NULL, ARG(since));
}

err feed_scores_trim(struct db *db)
{
	return db_exec(db, &sql_feed_scores_trim, NULL);
}

err feed_sessions_trim(struct db *db)
{
	return db_exec(db, &sql_feed_sessions_trim, NULL);
}
