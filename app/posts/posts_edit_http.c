/* Comments, and changing one's own posts. */
#include "app/posts/posts_db.h"

#include "app/moderation/moderation.h"
#include "app/ops/jobs.h"
#include "lib/web/req.h"

#define BODY_MAX     500
#define TAGS_MAX     10
#define MENTIONS_MAX 20

static const struct rate rate_comment = { "comment", 100.0 / 86400, 100 };

static const struct err_info info_mutual = {
	403, "mutual_follow_required",
	"the author takes comments only from people who follow each other", NULL
};
static const struct err_info info_not_author = { 403, "forbidden", "only the author sees the score",
						 NULL };
static const struct err_info info_not_scored = { 404, "not_found", "this post has no score yet",
						 NULL };

struct text_body {
	str body;
};
static const struct field text_body_fields[] = {
	FIELD(struct text_body, body, .required = true, .min = 1, .max = BODY_MAX),
	{ 0 },
};

/* Lets the text pass the filter and finds what is in it. */
static err read_text(struct req *r, struct post_text *out)
{
	struct verdict v;
	struct text_body in;

	TRY(req_body(r, &in, NULL));
	TRY(moderation_gate(r, in.body, &v));
	*out = (struct post_text){ .body = in.body, .tone = v.tone, .cis = v.cis };
	out->tags = posts_marked(r->arena, in.body, '#', TAGS_MAX, &out->tags_as_typed);
	out->mentions = posts_marked(r->arena, in.body, '@', MENTIONS_MAX, NULL);
	return OK;
}

static const struct field comment_reply_fields[] = {
	FIELD(struct comment, id),
	FIELD(struct comment, post_id),
	FIELD(struct comment, author_id),
	FIELD(struct comment, body),
	FIELD(struct comment, status),
	FIELD(struct comment, created_at),
	{ 0 },
};

struct one_comment {
	struct comment comment;
};
static const struct field one_comment_fields[] = {
	FIELD(struct one_comment, comment, .of = comment_reply_fields),
	{ 0 },
};

static err create_comment(struct req *r)
{
	struct post_text text;
	struct one_comment out;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(read_text(r, &text));
	TRY(comment_create(r->db, r->user.id, id, &text, &out.comment));
	if (str_eq(out.comment.problem, S("not_found")))
		return err_not_found;
	if (out.comment.problem.p)
		return (err){ &info_mutual };
	jobs_wake();
	return reply(r, &out);
}

static err edit_post(struct req *r)
{
	struct post_text text;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(read_text(r, &text));
	TRY(post_edit(r->db, id, r->user.id, &text));
	jobs_wake();
	return reply_message(r, "post updated");
}

struct visibility {
	str visibility;
};
static const struct field visibility_fields[] = {
	FIELD(struct visibility, visibility, .required = true, .one_of = POST_VISIBILITIES),
	{ 0 },
};

static err change_visibility(struct req *r)
{
	struct visibility in;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	TRY(post_set_visibility(r->db, id, r->user.id, posts_visibility(in.visibility)));
	return reply_message(r, "visibility updated");
}

struct pin {
	bool pinned;
};
static const struct field pin_fields[] = {
	FIELD(struct pin, pinned, .help = "default true"),
	{ 0 },
};

static err pin(struct req *r)
{
	struct present set;
	struct pin in;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, &set));
	bool pinned = in.pinned || !present_has(&set, pin_fields, "pinned");
	TRY(post_pin(r->db, id, r->user.id, pinned));
	return reply_message(r, pinned ? "post pinned" : "post unpinned");
}

struct watched {
	int64_t duration_ms, watch_pct;
};
static const struct field watched_fields[] = {
	FIELD(struct watched, duration_ms, .help = "cut to a day"),
	FIELD(struct watched, watch_pct, .help = "cut to 0…100"),
	{ 0 },
};

struct noted {
	bool ok;
};
static const struct field noted_fields[] = {
	FIELD(struct noted, ok),
	{ 0 },
};

static int64_t clamp(int64_t v, int64_t most)
{
	return v < 0 ? 0 : v > most ? most : v;
}

static err view(struct req *r)
{
	struct watched in;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	TRY(post_view(r->db, id, r->user.id, clamp(in.duration_ms, DAY / MILLISECOND),
		      (int32_t)clamp(in.watch_pct, 100)));
	return reply(r, &(struct noted){ true });
}

struct factor {
	str name;
	double score, weight, weighted;
	str explanation;
};
static const struct field factor_fields[] = {
	FIELD(struct factor, name),	   FIELD(struct factor, score),
	FIELD(struct factor, weight),	   FIELD(struct factor, weighted),
	FIELD(struct factor, explanation), { 0 },
};

struct score_reply {
	uuid post_id;
	double score;
	str summary;
	usec scored_at;
	struct list factors;
};
static const struct field score_reply_fields[] = {
	FIELD(struct score_reply, post_id),
	FIELD(struct score_reply, score),
	FIELD(struct score_reply, summary),
	FIELD(struct score_reply, scored_at),
	FIELD(struct score_reply, factors, .of = factor_fields),
	{ 0 },
};

/* The weighted values add up to the score, so each carries what recent blocks or reports take off it. */
static struct factor factor(str name, double score, double weight, double safety, str explanation)
{
	return (struct factor){ name, score, weight, score * weight * safety, explanation };
}

static err get_score(struct req *r)
{
	struct post_score s;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(post_score(r->db, id, r->user.id, &s));
	if (!s.mine)
		return (err){ &info_not_author };
	if (!s.scored)
		return (err){ &info_not_scored };
	struct factor f[] = {
		factor(S("engagement"), s.engagement, s.engagement_weight, s.safety,
		       S("saves, likes and reactions for its age")),
		factor(S("quality"), s.quality, s.quality_weight, s.safety,
		       S("media, length and how many respond")),
		factor(S("recency"), s.recency, s.recency_weight, s.safety, S("halves every day")),
		factor(S("tone"), s.tone, s.tone_weight, s.safety, S("how the text reads")),
		factor(S("video"), s.video, s.video_weight, s.safety,
		       S("how far the video is watched")),
		factor(S("harmony"), s.harmony, s.harmony_weight, s.safety,
		       S("your standing with others")),
		factor(S("moderation"), s.moderation, s.moderation_weight, s.safety,
		       S("strikes, and reports being looked at")),
	};
	struct score_reply out = {
		.post_id = id,
		.score = s.score,
		.summary = s.safety < 1 ? S("held back by recent blocks or reports")
					: S("ranked by the factors below"),
		.scored_at = s.scored_at,
		.factors = { f, sizeof(f) / sizeof(*f), sizeof(*f) },
	};
	return reply(r, &out);
}

#define P "/api/v1/posts"

const struct route posts_edit_routes[] = {
	{ POST, P "/:id/comments", create_comment, "comment on a post", .rate = &rate_comment,
	  .body = text_body_fields, .out = one_comment_fields, .status = 201,
	  .errors = "403 404 422" },
	{ PATCH, P "/:id", edit_post, "change the text of an own post", .body = text_body_fields,
	  .out = message_fields, .errors = "404 422" },
	{ PATCH, P "/:id/visibility", change_visibility, "change who sees an own post",
	  .body = visibility_fields, .out = message_fields, .errors = "404" },
	{ POST, P "/:id/pin", pin, "pin an own post to the profile, or unpin it",
	  .body = pin_fields, .out = message_fields, .errors = "404" },
	{ POST, P "/:id/view", view, "note that a post was looked at", .body = watched_fields,
	  .out = noted_fields, .errors = "404" },
	{ GET, P "/:id/score", get_score, "why an own post ranks as it does",
	  .out = score_reply_fields, .errors = "403 404" },
	{ 0 },
};
