/*
 * Checks before publishing: the same scorer as publishing's own, asked without any effect (T-TON-3).
 * What is checked here is never stored and never logged; the client sends chat messages before it
 * encrypts them.
 */
#include "app/moderation/moderation.h"

#include "app/moderation/tone.h"

struct text_to_check {
	str text, image_url, context;
};

static const struct field analysis_in[] = {
	FIELD(struct text_to_check, text, .required = true, .max = 5000),
	FIELD(struct text_to_check, image_url, .max = 2000,
	      .help = "accepted; images are not looked at"),
	{ 0 },
};

static const struct field moderate_in[] = {
	FIELD(struct text_to_check, text, .max = 5000, .help = "this or image_url"),
	FIELD(struct text_to_check, image_url, .max = 2000,
	      .help = "accepted; images are not looked at"),
	FIELD(struct text_to_check, context, .max = 100),
	{ 0 },
};

struct analysis {
	bool flagged;
	str category;
	struct strs flags;
	str reason, tone;
	double cis;
};

static const struct field analysis_fields[] = {
	FIELD(struct analysis, flagged,
	      .help = "publishing would refuse it, or mark it as sensitive"),
	FIELD(struct analysis, category, .one_of = "bigotry|nsfw|violence"),
	FIELD(struct analysis, flags, .help = "slur, threat, hostile, nsfw, violence"),
	FIELD(struct analysis, reason, .required = true,
	      .help = "a sentence for the author; empty when not flagged"),
	FIELD(struct analysis, tone, .required = true,
	      .one_of = "positive|neutral|mixed|negative|hostile|hate"),
	FIELD(struct analysis, cis),
	{ 0 },
};

struct decision {
	bool allowed;
	str action, reason, engine;
};

static const struct field decision_fields[] = {
	FIELD(struct decision, allowed),
	FIELD(struct decision, action, .required = true, .one_of = "pass|nsfw|flag"),
	FIELD(struct decision, reason, .required = true),
	FIELD(struct decision, engine, .required = true, .help = "which engine decided: lexicon"),
	{ 0 },
};

static str category_of(const struct tone *t, bool refused)
{
	if (refused && t->bigotry) /* any slur, and more */
		return S("bigotry");
	return t->blocked.p ? S("violence") : t->hint;
}

static str reason_of(const struct tone *t, bool hostile)
{
	if (t->blocked.p)
		return str_eq(t->blocked, S("slur")) ? S("It contains a slur.")
						     : S("It contains a threat.");
	if (hostile)
		return S("Its tone is hostile.");
	if (!t->hint.p)
		return S("");
	return str_eq(t->hint, S("nsfw")) ? S("It is sexually explicit.") : S("It shows violence.");
}

static struct analysis analyse(struct arena *a, str text)
{
	struct tone t = tone_of(a, text);
	bool hostile = str_eq(t.label, S("hostile"));
	struct analysis out = {
		.category = category_of(&t, hostile || t.blocked.p),
		.reason = reason_of(&t, hostile),
		.tone = t.label,
		.cis = t.cis,
		.flags = { .v = arena_alloc(a, 3 * sizeof(str)) },
	};

	if (t.blocked.p)
		out.flags.v[out.flags.n++] = t.blocked;
	if (hostile)
		out.flags.v[out.flags.n++] = t.label;
	if (t.hint.p)
		out.flags.v[out.flags.n++] = t.hint;
	out.flagged = out.flags.n > 0;
	return out;
}

static err analyse_tone(struct req *r)
{
	struct text_to_check in;

	TRY(req_body(r, &in, NULL));
	struct analysis out = analyse(r->arena, in.text);
	return reply(r, &out);
}

static err moderate(struct req *r)
{
	struct text_to_check in;

	TRY(req_body(r, &in, NULL));
	if (!in.text.p && !in.image_url.p)
		return req_fail(r, err_invalid, "text or image_url is required");
	struct verdict v = moderation_check(r->arena, in.text);
	struct analysis why = analyse(r->arena, in.text);
	struct decision out = { true, S("pass"), why.reason, S("lexicon") };

	if (v.blocked.p || v.hostile) {
		out.allowed = false;
		out.action = S("flag");
	} else if (v.hint.p) {
		out.action = S("nsfw");
	}
	return reply(r, &out);
}

const struct route moderation_routes[] = {
	{ POST, "/api/v1/analysis/tone", analyse_tone, "analyse the tone of a text",
	  .body = analysis_in, .out = analysis_fields },
	{ POST, "/api/v1/moderate", moderate, "decide whether a text may be sent",
	  .body = moderate_in, .out = decision_fields },
	{ 0 },
};
