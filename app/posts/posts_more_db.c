/* The statements of app/posts/posts.sql about changing posts and listing them, one function each. */
#include "app/posts/posts_db.h"

#include "app/posts/posts.sql.h"

static const struct field comment_fields[] = {
	FIELD(struct comment, problem),	   FIELD(struct comment, id),
	FIELD(struct comment, post_id),	   FIELD(struct comment, author_id),
	FIELD(struct comment, body),	   FIELD(struct comment, status),
	FIELD(struct comment, created_at), { 0 },
};

static const struct field score_fields[] = {
	FIELD(struct post_score, mine),
	FIELD(struct post_score, scored),
	FIELD(struct post_score, score),
	FIELD(struct post_score, scored_at),
	FIELD(struct post_score, engagement),
	FIELD(struct post_score, quality),
	FIELD(struct post_score, recency),
	FIELD(struct post_score, tone),
	FIELD(struct post_score, video),
	FIELD(struct post_score, harmony),
	FIELD(struct post_score, moderation),
	FIELD(struct post_score, safety),
	FIELD(struct post_score, engagement_weight),
	FIELD(struct post_score, quality_weight),
	FIELD(struct post_score, recency_weight),
	FIELD(struct post_score, tone_weight),
	FIELD(struct post_score, video_weight),
	FIELD(struct post_score, harmony_weight),
	FIELD(struct post_score, moderation_weight),
	{ 0 },
};

/* A row of a list whose posts are dressed afterwards. */
struct listed {
	uuid id;
	usec at;
};
static const struct field listed_fields[] = {
	FIELD(struct listed, id),
	FIELD(struct listed, at),
	{ 0 },
};

/* Adds what holds a post and its tags, and those it is to get, to a batch of the transaction that changes it. */
static void hold_post(struct db_batch *b, uuid id, struct strs tags, struct strs as_typed)
{
	db_batch_some(b, &sql_post_hold, ARG(id));
	db_batch_exec(b, &sql_tags_hold, NULL, ARG(id), ARG(tags), ARG(as_typed));
}

static const struct strs no_tags = { 0 };

err post_edit(struct db *db, uuid id, uuid author, const struct post_text *text)
{
	struct db *tx;

	TRY(db_begin(db, &tx));
	struct db_batch *b = db_batch(tx);
	hold_post(b, id, text->tags, text->tags_as_typed);
	db_batch_some(b, &sql_post_edit, ARG(id), ARG(author), ARG(text->body), ARG(text->tone),
		      ARG(text->cis), ARG(text->tags), ARG(text->mentions));
	TRY(db_batch_run(b));
	return db_commit(tx);
}

err post_set_visibility(struct db *db, uuid id, uuid author, str visibility)
{
	struct db *tx;

	TRY(db_begin(db, &tx));
	struct db_batch *b = db_batch(tx);
	hold_post(b, id, no_tags, no_tags);
	db_batch_some(b, &sql_post_set_visibility, ARG(id), ARG(author), ARG(visibility));
	TRY(db_batch_run(b));
	return db_commit(tx);
}

err post_delete(struct db *db, uuid id, uuid author)
{
	struct db *tx;

	TRY(db_begin(db, &tx));
	struct db_batch *b = db_batch(tx);
	hold_post(b, id, no_tags, no_tags);
	db_batch_some(b, &sql_post_delete, ARG(id), ARG(author));
	TRY(db_batch_run(b));
	return db_commit(tx);
}

err post_pin(struct db *db, uuid id, uuid author, bool pinned)
{
	struct db *tx;

	TRY(db_begin(db, &tx));
	if (pinned)
		TRY(db_exec(tx, &sql_post_unpin_all, NULL, ARG(author)));
	TRY(db_some(tx, &sql_post_pin, ARG(id), ARG(author), ARG(pinned)));
	return db_commit(tx);
}

err post_view(struct db *db, uuid id, uuid user, int64_t duration_ms, int32_t watch_pct)
{
	return db_some(db, &sql_post_view, ARG(id), ARG(user), ARG(duration_ms), ARG(watch_pct));
}

err comment_create(struct db *db, uuid author, uuid parent, const struct post_text *text,
		   struct comment *out)
{
	uuid id = uuid_random();

	return db_one(db, &sql_comment_create, comment_fields, out, ARG(id), ARG(author),
		      ARG(parent), ARG(text->body), ARG(text->tone), ARG(text->cis),
		      ARG(text->mentions));
}

err post_score(struct db *db, uuid id, uuid viewer, struct post_score *out)
{
	return db_one(db, &sql_post_score, score_fields, out, ARG(id), ARG(viewer));
}

err thread_list(struct db *db, uuid viewer, uuid post, struct list *out)
{
	TRY(db_list(db, &sql_thread_list, post_fields, sizeof(struct post), out, ARG(viewer),
		    ARG(post)));
	return out->n ? OK : err_not_found;
}

/* The target and its children first; the parent and its other children once the parent is known. A parent
 * that is hidden from the viewer is none. */
err post_focus(struct db *db, uuid viewer, uuid post, struct post_focus *out)
{
	struct db_batch *b = db_batch(db);
	struct list parents = { .size = sizeof(struct post) };

	*out = (struct post_focus){ .siblings.size = sizeof(struct post) };
	db_batch_one(b, &sql_post_get, post_fields, &out->target, ARG(post), ARG(viewer));
	db_batch_list(b, &sql_replies_list, post_fields, sizeof(struct post), &out->children,
		      ARG(viewer), ARG(post));
	TRY(db_batch_run(b));
	if (uuid_is_nil(out->target.chain_parent_id))
		return OK;
	b = db_batch(db);
	db_batch_list(b, &sql_post_get, post_fields, sizeof(struct post), &parents,
		      ARG(out->target.chain_parent_id), ARG(viewer));
	db_batch_list(b, &sql_replies_list, post_fields, sizeof(struct post), &out->siblings,
		      ARG(viewer), ARG(out->target.chain_parent_id));
	TRY(db_batch_run(b));
	out->has_parent = parents.n;
	if (parents.n)
		out->parent = *(struct post *)parents.v;
	else
		out->siblings.n = 0;
	return OK;
}

err profile_posts(struct db *db, bool replies, uuid viewer, uuid owner, const struct page *p,
		  struct list *out)
{
	struct db_batch *b = db_batch(db);
	db_batch_some(b, &sql_profile_there, ARG(owner), ARG(viewer));
	if (replies)
		db_batch_list(b, &sql_profile_replies, post_fields, sizeof(struct post), out,
			      ARG(viewer), ARG(owner), ARG(p->limit), ARG(p->offset),
			      ARG(page_time(p)), ARG(p->id));
	else
		db_batch_list(b, &sql_profile_posts, post_fields, sizeof(struct post), out,
			      ARG(viewer), ARG(owner), ARG(p->limit), ARG(p->offset),
			      ARG(page_time(p)), ARG(p->id));
	return db_batch_run(b);
}

/* The posts of a list of ids, in its order. */
static err dress(struct db *db, uuid viewer, const struct list *listed, struct list *out,
		 usec *ret_last)
{
	const struct listed *l = listed->v;
	struct uuids ids = { arena_alloc(db_arena(db), listed->n * sizeof(uuid) + 1), listed->n };

	for (size_t i = 0; i < listed->n; i++)
		ids.v[i] = l[i].id;
	if (listed->n)
		*ret_last = l[listed->n - 1].at;
	return db_list(db, &sql_posts_dress, post_fields, sizeof(struct post), out, ARG(viewer),
		       ARG(ids));
}

err saved_list(struct db *db, uuid user, const struct page *p, struct list *out, usec *ret_last)
{
	struct list listed;

	TRY(db_list(db, &sql_saved_list, listed_fields, sizeof(struct listed), &listed, ARG(user),
		    ARG(p->limit), ARG(p->offset), ARG(page_time(p)), ARG(p->id)));
	return dress(db, user, &listed, out, ret_last);
}

err liked_list(struct db *db, uuid user, const struct page *p, struct list *out, usec *ret_last)
{
	struct list listed;

	TRY(db_list(db, &sql_liked_list, listed_fields, sizeof(struct listed), &listed, ARG(user),
		    ARG(p->limit), ARG(p->offset), ARG(page_time(p)), ARG(p->id)));
	return dress(db, user, &listed, out, ret_last);
}

err posts_expire_due(struct db *db)
{
	return db_exec(db, &sql_posts_expire, NULL);
}
