/* Within app/posts only: the statements as functions, for the handlers. */
#pragma once

#include "app/posts/posts.h"
#include "lib/web/page.h"

struct new_post {
	str body;
	uuid category_id, chain_parent_id;
	str visibility;
	int32_t ttl_hours;
	bool allow_chain, is_nsfw;
	str nsfw_reason, body_format, image_url, video_url, thumbnail_url;
	int32_t duration_ms;
	str overlay_json, audio_overlay_url, background_id;
	bool is_beacon;

	/* what the server finds out */
	str tone;
	double cis;
	struct strs tags, tags_as_typed, mentions;
};

/* Why a post was not written; `problem` is absent when it was. Then what the database decided about it. */
struct post_outcome {
	str problem;
	int32_t limit;
	usec resets_at;

	usec created_at, expires_at;
	str visibility;
	struct author author;
};

struct post_reactions {
	struct json reactions;
	struct strs my_reactions;
};

/* Writes the post under `id`; *out is the post as its author reads it, in one round trip unless it has a picture
 * or a film. Suspends. With a problem *out stays untouched. */
err post_create(struct db *db, uuid id, uuid author, const struct new_post *in,
		struct post_outcome *ret_outcome, struct post *out);

/* Each suspends; err_not_found when the post is missing, hidden from the user or (delete) not his. */
err post_delete(struct db *db, uuid id, uuid author);
err post_like(struct db *db, uuid id, uuid user);
err post_unlike(struct db *db, uuid id, uuid user);
err post_save(struct db *db, uuid id, uuid user);
err post_unsave(struct db *db, uuid id, uuid user);
err post_hide(struct db *db, uuid id, uuid user);
err post_react(struct db *db, uuid id, uuid user, str emoji, struct post_reactions *out);

/* ---- changing one's own; err_not_found when it is not ---- */

/* A text with what the server finds in it. */
struct post_text {
	str body, tone;
	double cis;
	struct strs tags, tags_as_typed, mentions;
};
err post_edit(struct db *db, uuid id, uuid author, const struct post_text *text);
err post_set_visibility(struct db *db, uuid id, uuid author, str visibility);
err post_pin(struct db *db, uuid id, uuid author, bool pinned);

/* Notes that the user looked at a post for so long (milliseconds) and so far (percent). */
err post_view(struct db *db, uuid id, uuid user, int64_t duration_ms, int32_t watch_pct);

struct comment {
	str problem; /* absent, not_found, mutual_follow_required */
	uuid id, post_id, author_id;
	str body, status;
	usec created_at;
};
err comment_create(struct db *db, uuid author, uuid parent, const struct post_text *text,
		   struct comment *out);

struct post_score {
	bool mine, scored;
	double score;
	usec scored_at;
	double engagement, quality, recency, tone, video, harmony, moderation, safety;
	double engagement_weight, quality_weight, recency_weight, tone_weight, video_weight;
	double harmony_weight, moderation_weight;
};
err post_score(struct db *db, uuid id, uuid viewer, struct post_score *out);

/* ---- lists of struct post ---- */

err thread_list(struct db *db, uuid viewer, uuid post, struct list *out);

/* A post with what is around it, in one or two round trips; a nil parent: none. */
struct post_focus {
	struct post target, parent;
	bool has_parent;
	struct list children, siblings;
};
err post_focus(struct db *db, uuid viewer, uuid post, struct post_focus *out);

/* Root posts or replies of an account; err_not_found when it is hidden. */
err profile_posts(struct db *db, bool replies, uuid viewer, uuid owner, const struct page *p,
		  struct list *out);

/* What the user saved or liked; *ret_last is the time of the last one, for the cursor. */
err saved_list(struct db *db, uuid user, const struct page *p, struct list *out, usec *ret_last);
err liked_list(struct db *db, uuid user, const struct page *p, struct list *out, usec *ret_last);

err posts_expire_due(struct db *db);
