/* The statements of app/posts/posts.sql, one function each. */
#include "app/posts/posts_db.h"

#include "app/posts/posts.sql.h"

static const struct field author_fields[] = {
	FIELD(struct author, id),
	FIELD(struct author, handle, .required = true),
	FIELD(struct author, display_name, .required = true),
	FIELD(struct author, avatar_url, .address = true, .required = true,
	      .help = "empty when there is none"),
	FIELD(struct author, trust_tier, .one_of = "new|sprout|trusted|elder|established"),
	{ 0 },
};

const struct field post_fields[] = {
	FIELD(struct post, id),
	FIELD(struct post, author_id, .required = true),
	FIELD(struct post, body, .required = true),
	FIELD(struct post, created_at, .required = true),
	FIELD(struct post, status, .required = true),
	FIELD(struct post, category_id),
	FIELD(struct post, tone_label),
	FIELD(struct post, cis_score, .help = "content integrity, 0 to 1"),
	FIELD(struct post, image_url, .address = true),
	FIELD(struct post, video_url, .address = true),
	FIELD(struct post, thumbnail_url, .address = true),
	FIELD(struct post, first_frame_url, .address = true),
	FIELD(struct post, duration_ms, .optional = true),
	FIELD(struct post, body_format, .required = true),
	FIELD(struct post, background_id),
	FIELD(struct post, overlay_json, .help = "opaque JSON text of the client"),
	FIELD(struct post, audio_overlay_url, .address = true),
	FIELD(struct post, tags),
	FIELD(struct post, allow_chain),
	FIELD(struct post, chain_parent_id),
	FIELD(struct post, visibility, .required = true),
	FIELD(struct post, is_nsfw),
	FIELD(struct post, nsfw_reason),
	FIELD(struct post, expires_at),
	FIELD(struct post, edited_at),
	FIELD(struct post, is_edited),
	FIELD(struct post, pinned_at),
	FIELD(struct post, link_preview_url),
	FIELD(struct post, link_preview_title),
	FIELD(struct post, link_preview_description),
	FIELD(struct post, link_preview_image_url),
	FIELD(struct post, link_preview_site_name),
	FIELD(struct post, like_count),
	FIELD(struct post, comment_count),
	FIELD(struct post, save_count),
	FIELD(struct post, view_count),
	FIELD(struct post, reactions,
	      .schema = "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}"),
	FIELD(struct post, is_liked),
	FIELD(struct post, is_saved),
	FIELD(struct post, my_reactions),
	FIELD(struct post, author, .of = author_fields),
	{ 0 },
};

const struct field post_page_fields[] = {
	FIELD(struct post_page, posts, .of = post_fields),
	FIELD(struct post_page, next_cursor, .help = "send as cursor for the next page"),
	{ 0 },
};

static const struct field outcome_fields[] = {
	FIELD(struct post_outcome, problem),
	FIELD(struct post_outcome, limit),
	FIELD(struct post_outcome, resets_at),
	FIELD(struct post_outcome, created_at),
	FIELD(struct post_outcome, expires_at),
	FIELD(struct post_outcome, visibility),
	FIELD(struct post_outcome, author, .of = author_fields),
	{ 0 },
};

static const struct field reaction_fields[] = {
	FIELD(struct post_reactions, reactions),
	FIELD(struct post_reactions, my_reactions),
	{ 0 },
};

err posts_get(struct db *db, uuid id, uuid viewer, struct post *out)
{
	return db_one(db, &sql_post_get, post_fields, out, ARG(id), ARG(viewer));
}

/* What a post of words looks like before anybody has seen it. */
static struct post fresh_post(uuid id, const struct new_post *in, const struct post_outcome *o)
{
	return (struct post){
		.id = id,
		.author_id = o->author.id,
		.body = in->body,
		.created_at = o->created_at,
		.status = S("active"),
		.category_id = in->category_id,
		.tone_label = in->tone,
		.cis_score = in->cis,
		.duration_ms = in->duration_ms,
		.body_format = in->body_format,
		.background_id = in->background_id,
		.overlay_json = in->overlay_json,
		.audio_overlay_url = in->audio_overlay_url,
		.tags = in->tags,
		.allow_chain = in->allow_chain,
		.chain_parent_id = in->chain_parent_id,
		.visibility = o->visibility,
		.is_nsfw = in->is_nsfw,
		.nsfw_reason = in->nsfw_reason,
		.expires_at = o->expires_at,
		.reactions = { S("{}") },
		.author = o->author,
	};
}

/* How pictures and films are shown is for the database to say (post_cards). */
static bool has_media(const struct new_post *in)
{
	return in->image_url.p || in->video_url.p || in->thumbnail_url.p;
}

err post_create(struct db *db, uuid id, uuid author, const struct new_post *in,
		struct post_outcome *ret_outcome, struct post *out)
{
	TRY(db_one(db, &sql_post_create, outcome_fields, ret_outcome, ARG(id), ARG(author),
		   ARG(in->body), ARG(in->category_id), ARG(in->chain_parent_id),
		   ARG(in->visibility), arg_when(in->ttl_hours, ARG(in->ttl_hours)),
		   ARG(in->allow_chain), ARG(in->is_nsfw), ARG(in->nsfw_reason),
		   ARG(in->body_format), ARG(in->image_url), ARG(in->video_url),
		   ARG(in->thumbnail_url), ARG(in->duration_ms), ARG(in->overlay_json),
		   ARG(in->audio_overlay_url), ARG(in->background_id), ARG(in->tone), ARG(in->cis),
		   ARG(in->tags), ARG(in->tags_as_typed), ARG(in->mentions)));
	if (ret_outcome->problem.p)
		return OK;
	if (has_media(in))
		return posts_get(db, id, author, out);
	*out = fresh_post(id, in, ret_outcome);
	return OK;
}

err post_like(struct db *db, uuid id, uuid user)
{
	return db_some(db, &sql_post_like, ARG(id), ARG(user));
}

err post_unlike(struct db *db, uuid id, uuid user)
{
	return db_some(db, &sql_post_unlike, ARG(id), ARG(user));
}

err post_save(struct db *db, uuid id, uuid user)
{
	return db_some(db, &sql_post_save, ARG(id), ARG(user));
}

err post_unsave(struct db *db, uuid id, uuid user)
{
	return db_some(db, &sql_post_unsave, ARG(id), ARG(user));
}

err post_hide(struct db *db, uuid id, uuid user)
{
	return db_some(db, &sql_post_hide, ARG(id), ARG(user));
}

err post_react(struct db *db, uuid id, uuid user, str emoji, struct post_reactions *out)
{
	return db_one(db, &sql_post_react, reaction_fields, out, ARG(id), ARG(user), ARG(emoji));
}
