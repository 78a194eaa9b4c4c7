/*
 * Posts: creating, reading and removing them, and what people do with them (likes, saves, reactions,
 * hides). Every list of posts in the product answers `struct post` by post_fields, filled by the SQL
 * function post_cards(viewer), so a post looks the same wherever it is read.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"
#include "lib/db/db.h"

struct author {
	uuid id;
	str handle, display_name, avatar_url, trust_tier;
};

struct post {
	uuid id, author_id;
	str body;
	usec created_at;
	str status;
	uuid category_id;
	str tone_label;
	double cis_score;
	str image_url, video_url, thumbnail_url, first_frame_url;
	int32_t duration_ms;
	str body_format, background_id, overlay_json, audio_overlay_url;
	struct strs tags;
	bool allow_chain;
	uuid chain_parent_id;
	str visibility;
	bool is_nsfw;
	str nsfw_reason;
	usec expires_at, edited_at;
	bool is_edited;
	usec pinned_at;
	str link_preview_url, link_preview_title, link_preview_description;
	str link_preview_image_url, link_preview_site_name;
	int32_t like_count, comment_count, save_count, view_count;
	struct json reactions;
	bool is_liked, is_saved;
	struct strs my_reactions;
	struct author author;
};
extern const struct field post_fields[];

/* One page of posts: {"posts": […], "next_cursor": …}. */
struct post_page {
	struct list posts;
	str next_cursor;
};
extern const struct field post_page_fields[];

/* What a client may send as visibility; "only_me" is an older name of "private". */
#define POST_VISIBILITIES "public|followers|circle|neighborhood|private|only_me"
str posts_visibility(str sent);

extern const struct route posts_routes[], posts_edit_routes[], posts_list_routes[];

/* Every minute: posts whose time is up. */
err posts_expire(struct job *j);

/* The post as `viewer` sees it. Suspends. Errors: err_not_found when it is missing or hidden. */
err posts_get(struct db *db, uuid id, uuid viewer, struct post *out);

/* The words of a text that begin with `mark` ('#' or '@') at the start of a word, lower-cased, each
 * once, in the order they are met; at most `most`. Hashtags (T: §11) are letters, digits and
 * underscores of any script, 64 at most; handles a-z 0-9 _ and inner dots. `spelled` (may be NULL)
 * gets them as they were typed. The arrays are the arena's. */
struct strs posts_marked(struct arena *a, str text, char mark, size_t most, struct strs *spelled);
