/* Within app/posts only: the statements as functions, for the handlers. */
#pragma once

#include "app/posts/posts.h"

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

/* Why a post was not written; `problem` is absent when it was. */
struct post_outcome {
	str problem;
	int32_t limit;
	usec resets_at;
};

struct post_reactions {
	struct json reactions;
	struct strs my_reactions;
};

/* Writes the post under `id` and reads it back as its author sees it, in one round trip. Suspends.
 * With a problem *out stays untouched. */
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
