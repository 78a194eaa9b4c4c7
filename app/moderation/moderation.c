/* The rules behind moderation.h: what is refused, and what a strike leads to. */
#include "app/moderation/moderation.h"

#include "app/auth/auth.h"
#include "app/moderation/moderation_db.h"
#include "app/moderation/tone.h"

enum { SNIPPET_BYTES = 100 };

/* The client matches "isn't allowed on Sojorn" (contract §1.2). */
static const struct err_info blocked_info = {
	422,
	"content_blocked",
	"This text isn't allowed on Sojorn: it contains a slur or a threat",
	NULL,
};
static const struct err_info tone_info = {
	422,
	"tone_rejected",
	"The tone of this text isn't allowed on Sojorn; please find kinder words",
	NULL,
};

/* A strike and what follows from the number within 30 days (domain-rules §6.1); the envelope's members. */
struct strike {
	bool blocked; /* true */
	str category;
	int32_t strikes;
	str consequence;
};

static const struct field strike_fields[] = {
	FIELD(struct strike, blocked),
	FIELD(struct strike, category),
	FIELD(struct strike, strikes),
	FIELD(struct strike, consequence),
	{ 0 },
};

/* From so many strikes within 30 days on; the last row that applies counts. */
static const struct {
	int32_t strikes;
	const char *consequence;
	int64_t suspended; /* seconds; 0: not, -1: for ever */
} steps[] = {
	{ 1, "warning", 0 },
	{ 3, "suspend_24h", DAY / SECOND },
	{ 5, "suspend_7d", 7 * DAY / SECOND },
	{ 7, "ban", -1 },
};
enum { STEPS = sizeof(steps) / sizeof(*steps) };

struct verdict moderation_check(struct arena *a, str text)
{
	struct tone t = tone_of(a, text);

	return (struct verdict){
		.tone = t.label,
		.cis = t.cis,
		.hint = t.hint,
		.blocked = t.blocked,
		.hostile = str_eq(t.label, S("hostile")),
	};
}

/* The beginning of a text, whole characters only. */
static str snippet(str text)
{
	size_t n = text.n < SNIPPET_BYTES ? text.n : SNIPPET_BYTES;

	while (n > 0 && n < text.n && ((unsigned char)text.p[n] & 0xC0) == 0x80)
		n--;
	return (str){ text.p, n };
}

/* Records a strike and carries out its consequence, in the caller's transaction. */
static err strike(struct db *tx, const struct req *r, str category, str text, struct strike *out)
{
	struct strike s = { .blocked = true, .category = category };
	uuid user = r->user.id;
	int64_t suspended = 0;

	TRY(strike_add(tx, user, category, snippet(text)));
	TRY(strike_count(tx, user, &s.strikes));
	for (size_t i = 0; i < STEPS && s.strikes >= steps[i].strikes; i++) {
		s.consequence = str_of(steps[i].consequence);
		suspended = steps[i].suspended;
	}
	if (suspended > 0)
		TRY(strike_suspend(tx, user, suspended, category));
	if (suspended < 0)
		TRY(strike_ban(tx, user, category, r->client));
	*out = s;
	return OK;
}

/* The strike stands although the request fails, so it has a transaction of its own. */
static err refuse_blocked(struct req *r, const struct err_info *info, str category, str text)
{
	struct strike s = { .blocked = true, .category = category, .consequence = S("") };
	struct db *tx;

	if (!uuid_is_nil(r->user.id)) {
		TRY(db_begin(r->db, &tx));
		TRY(strike(tx, r, category, text, &s));
		TRY(db_commit(tx));
		auth_forget(r->user.id);
	}
	return req_fail_with(r, (err){ info }, strike_fields, &s);
}

/* A copy of an error that names a field. */
static const struct err_info *about(struct req *r, const struct err_info *info, const char *field)
{
	return err_detail(r->arena, (err){ info }, field, "%s", info->message).info;
}

static err gate(struct req *r, const char *field, str text, struct verdict *out)
{
	struct verdict v = moderation_check(r->arena, text);

	if (v.blocked.p)
		return refuse_blocked(r, about(r, &blocked_info, field), v.blocked, text);
	if (v.hostile)
		return (err){ about(r, &tone_info, field) };
	*out = v;
	return OK;
}

err moderation_gate(struct req *r, str text, struct verdict *out)
{
	return gate(r, NULL, text, out);
}

err moderation_name(struct req *r, const char *field, str text)
{
	struct verdict v;

	return gate(r, field, text, &v);
}

err moderation_recount_strikes(struct job *j)
{
	return strikes_recount(j->db);
}
