/* What clients can do with posts. */
#include "app/posts/posts_db.h"

#include "app/media/media.h"
#include "app/moderation/moderation.h"
#include "app/ops/jobs.h"
#include "app/rates.h"
#include "lib/web/req.h"

#define BODY_MAX     500
#define URL_MAX	     2048
#define TAGS_MAX     10
#define MENTIONS_MAX 20

static const struct err_info info_parent = { 404, "parent_not_found", "parent post not found",
					     NULL };
static const struct err_info info_chain = { 403, "chain_not_allowed", "this post takes no replies",
					    NULL };
static const struct err_info info_category = { 404, "category_not_found", "category not found",
					       NULL };
static const struct err_info info_category_off = { 403, "category_disabled",
						   "enable this category before posting in it",
						   NULL };
static const struct err_info info_daily = { 429, "daily_limit", "daily post limit reached", NULL };
static const struct err_info info_beacon = { 400, "use_beacons", "beacons are created at /beacons",
					     NULL };

static const struct {
	const char *problem;
	err as;
} problems[] = {
	{ "parent_not_found", { &info_parent } },
	{ "chain_not_allowed", { &info_chain } },
	{ "category_not_found", { &info_category } },
	{ "category_disabled", { &info_category_off } },
};

static const struct field new_post_fields[] = {
	FIELD(struct new_post, body, .max = BODY_MAX),
	FIELD(struct new_post, category_id),
	FIELD(struct new_post, chain_parent_id, .help = "the post this one answers"),
	FIELD(struct new_post, visibility, .one_of = POST_VISIBILITIES,
	      .help = "default: the account's setting"),
	FIELD(struct new_post, ttl_hours, .has_range = true, .min = 0, .max = 8760),
	FIELD(struct new_post, allow_chain, .help = "default true"),
	FIELD(struct new_post, is_nsfw),
	FIELD(struct new_post, nsfw_reason, .max = 200),
	FIELD(struct new_post, body_format, .one_of = "plain|markdown"),
	FIELD(struct new_post, image_url, .max = URL_MAX),
	FIELD(struct new_post, video_url, .max = URL_MAX),
	FIELD(struct new_post, thumbnail_url, .max = URL_MAX),
	FIELD(struct new_post, duration_ms, .has_range = true, .min = 0, .max = INT32_MAX),
	FIELD(struct new_post, overlay_json, .max = 16384, .keep_space = true),
	FIELD(struct new_post, audio_overlay_url, .max = URL_MAX),
	FIELD(struct new_post, background_id, .max = 100),
	FIELD(struct new_post, is_beacon),
	{ 0 },
};

struct tone_analysis {
	str tone;
	double cis;
};
static const struct field tone_analysis_fields[] = {
	FIELD(struct tone_analysis, tone),
	FIELD(struct tone_analysis, cis),
	{ 0 },
};

struct created_post {
	struct post post;
	struct strs tags;
	struct tone_analysis tone_analysis;
};
static const struct field created_post_fields[] = {
	FIELD(struct created_post, post, .of = post_fields),
	FIELD(struct created_post, tags),
	FIELD(struct created_post, tone_analysis, .of = tone_analysis_fields),
	{ 0 },
};

struct one_post {
	struct post post;
};
static const struct field one_post_fields[] = {
	FIELD(struct one_post, post, .of = post_fields),
	{ 0 },
};

struct daily_limit {
	int32_t limit, remaining;
	usec resets_at;
};
static const struct field daily_limit_fields[] = {
	FIELD(struct daily_limit, limit),
	FIELD(struct daily_limit, remaining),
	FIELD(struct daily_limit, resets_at),
	{ 0 },
};

/* "" is what clients send for none. */
static err check_media(struct req *r, struct new_post *in)
{
	str *const urls[] = { &in->image_url, &in->video_url, &in->thumbnail_url,
			      &in->audio_overlay_url };

	for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++)
		if (str_empty(*urls[i]))
			*urls[i] = (str){ 0 };
	TRY(media_check_picture(r, "image_url", &in->image_url));
	TRY(media_check_picture(r, "thumbnail_url", &in->thumbnail_url));
	TRY(media_check_own(r, "video_url", &in->video_url));
	return media_check_own(r, "audio_overlay_url", &in->audio_overlay_url);
}

static err check_new_post(struct req *r, struct new_post *in)
{
	if (in->is_beacon)
		return (err){ &info_beacon };
	TRY(check_media(r, in));
	if (str_empty(in->body) && !in->image_url.p && !in->video_url.p)
		return req_fail(r, err_invalid,
				"body must not be empty without an image or a video");
	return OK;
}

static void set_defaults(struct new_post *in, const struct present *set)
{
	if (!in->body.p)
		in->body = S("");
	if (!in->nsfw_reason.p)
		in->nsfw_reason = S("");
	if (!in->body_format.p)
		in->body_format = S("plain");
	in->visibility = posts_visibility(in->visibility);
	if (!present_has(set, new_post_fields, "allow_chain"))
		in->allow_chain = true;
}

static err refuse(struct req *r, const struct post_outcome *o)
{
	for (size_t i = 0; i < sizeof(problems) / sizeof(*problems); i++)
		if (str_eq(o->problem, str_of(problems[i].problem)))
			return problems[i].as;
	struct daily_limit day = { o->limit, 0, o->resets_at };
	return req_fail_with(r, (err){ &info_daily }, daily_limit_fields, &day);
}

static err create_post(struct req *r)
{
	struct new_post in;
	struct present set;
	struct post_outcome outcome;
	struct created_post made = { 0 };

	TRY(req_body(r, &in, &set));
	set_defaults(&in, &set);
	TRY(check_new_post(r, &in));
	struct verdict v;
	TRY(moderation_gate(r, in.body, &v));
	in.tone = v.tone;
	in.cis = v.cis;
	in.tags = posts_marked(r->arena, in.body, '#', TAGS_MAX, &in.tags_as_typed);
	in.mentions = posts_marked(r->arena, in.body, '@', MENTIONS_MAX, NULL);

	TRY(post_create(r->db, uuid_random(), r->user.id, &in, &outcome, &made.post));
	if (outcome.problem.p)
		return refuse(r, &outcome);
	jobs_wake();
	made.tags = in.tags;
	made.tone_analysis = (struct tone_analysis){ in.tone, in.cis };
	return reply(r, &made);
}

static err get_post(struct req *r)
{
	struct one_post out;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(posts_get(r->db, id, r->user.id, &out.post));
	return reply(r, &out);
}

/* Every verb on one post that answers a message: what it does, and what it says. */
static err act(struct req *r, err (*verb)(struct db *, uuid, uuid), const char *said)
{
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(verb(r->db, id, r->user.id));
	jobs_wake();
	return reply_message(r, said);
}

static err delete_post(struct req *r)
{
	return act(r, post_delete, "post deleted");
}

static err like_post(struct req *r)
{
	return act(r, post_like, "post liked");
}

static err unlike_post(struct req *r)
{
	return act(r, post_unlike, "like removed");
}

static err save_post(struct req *r)
{
	return act(r, post_save, "post saved");
}

static err unsave_post(struct req *r)
{
	return act(r, post_unsave, "post removed from saved");
}

static err hide_post(struct req *r)
{
	return act(r, post_hide, "post hidden");
}

struct toggle {
	str emoji;
};
static const struct field toggle_fields[] = {
	FIELD(struct toggle, emoji, .required = true, .min = 1, .max = 255,
	      .help = "an emoji, or the address of a picture of the client's sets"),
	{ 0 },
};

static const struct field toggled_fields[] = {
	FIELD(struct post_reactions, reactions,
	      .schema = "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"integer\"}}"),
	FIELD(struct post_reactions, my_reactions),
	{ 0 },
};

static err toggle_reaction(struct req *r)
{
	struct post_reactions out;
	struct toggle in;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	TRY(post_react(r->db, id, r->user.id, in.emoji, &out));
	jobs_wake();
	return reply(r, &out);
}

#define P "/api/v1/posts"

const struct route posts_routes[] = {
	{ POST, P, create_post, "create a post", .body = new_post_fields,
	  .out = created_post_fields, .status = 201, .errors = "403 404 422 429" },
	{ GET, P "/:id", get_post, "read a post", .out = one_post_fields, .errors = "404" },
	{ DELETE, P "/:id", delete_post, "delete an own post", .out = message_fields,
	  .errors = "404" },
	{ POST, P "/:id/like", like_post, "like a post", .rate = &rate_react, .out = message_fields,
	  .errors = "404" },
	{ DELETE, P "/:id/like", unlike_post, "take a like back", .rate = &rate_react,
	  .out = message_fields, .errors = "404" },
	{ POST, P "/:id/save", save_post, "save a post", .rate = &rate_react, .out = message_fields,
	  .errors = "404" },
	{ DELETE, P "/:id/save", unsave_post, "remove a post from the saved ones",
	  .rate = &rate_react, .out = message_fields, .errors = "404" },
	{ POST, P "/:id/reactions/toggle", toggle_reaction, "add, change or remove a reaction",
	  .rate = &rate_react, .body = toggle_fields, .out = toggled_fields, .errors = "404" },
	{ POST, P "/:id/hide", hide_post, "hide a post from one's feeds", .out = message_fields,
	  .errors = "404" },
	{ 0 },
};
