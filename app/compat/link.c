/* See link.h. */
#include "app/compat/link.h"

#include "app/compat/compat.sql.h"
#include "app/compat/redirect.h"
#include "app/links.h"
#include "app/mail/mail.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/rand.h"

enum { TOKEN_BYTES = 32, CODES = 1000000, CHALLENGE = 43, CHALLENGE_MAX = 128 };

static const struct rate rate_mail = { "compat_mail", 1.0 / 60, 1 };

static const struct err_info infos[] = {
	{ 403, "otp_expired", "Email link is invalid or has expired", NULL },
	{ 403, "otp_expired", "Token has expired or is invalid", NULL },
	{ 429, "over_email_send_rate_limit",
	  "For security purposes, you can only request this after 60 seconds.", NULL },
	{ 422, "reauthentication_not_valid", "Nonce has expired or is invalid", NULL },
};
static const err err_link = { &infos[0] };
static const err err_code = { &infos[1] };
static const err err_mail_limit = { &infos[2] };
static const err err_nonce = { &infos[3] };

static const struct {
	const char *type, *purpose, *method;
	enum mail mail;
} links[] = {
	[LINK_SIGNUP] = { "signup", "email_verify", "otp", MAIL_COMPAT_SIGNUP },
	[LINK_MAGICLINK] = { "magiclink", "magiclink", "otp", MAIL_COMPAT_MAGICLINK },
	[LINK_RECOVERY] = { "recovery", "password_reset", "recovery", MAIL_COMPAT_RECOVERY },
	[LINK_EMAIL_CHANGE] = { "email_change", "email_change", "email_change",
				MAIL_COMPAT_EMAIL_CHANGE },
	[LINK_INVITE] = { "invite", "email_verify", "otp", MAIL_COMPAT_INVITE },
	[LINK_NONCE] = { "reauthentication", "reauthentication", "otp", MAIL_COMPAT_NONCE },
};
enum { LINKS = sizeof links / sizeof *links };

str link_method(enum link link)
{
	return str_of(links[link].method);
}

/* ---- the browser's secret ---- */

static bool is_verifier(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')
		    && !(c == '.' || c == '_' || c == '~' || c == '-'))
			return false;
	}
	return s.n >= CHALLENGE && s.n <= CHALLENGE_MAX;
}

static str challenge_of(struct arena *a, str verifier)
{
	uint8_t hash[SHA256_BYTES];
	char *text = arena_alloc(a, BASE64_LENGTH(sizeof hash));

	sha256(verifier, hash);
	return (str){ text, base64url_encode(hash, sizeof hash, text) };
}

err link_challenge(struct req *r, const struct link_wish *w, str *out)
{
	bool plain = str_ieq(w->code_challenge_method, S("plain"));

	*out = (str){ 0 };
	if (str_empty(w->code_challenge) && str_empty(w->code_challenge_method))
		return OK;
	if (!is_verifier(w->code_challenge)
	    || (!plain && !str_ieq(w->code_challenge_method, S("s256")))
	    || (!plain && w->code_challenge.n != CHALLENGE))
		return req_fail(r, err_invalid,
				"PKCE flow requires code_challenge_method and code_challenge");
	*out = plain ? challenge_of(r->arena, w->code_challenge) : w->code_challenge;
	return OK;
}

/* ---- sending ---- */

err link_limit(struct req *r, str email)
{
	err e = req_limit(r, &rate_mail, arena_lower(r->arena, email));

	return err_is(e, err_rate_limited) ? err_mail_limit : e;
}

static str new_code(struct arena *a)
{
	uint64_t random;

	rand_bytes(&random, sizeof random);
	return arena_printf(a, "%06d", (int)(random % CODES));
}

/* Six digits say little, so they count for one purpose and address alone. */
static struct bytes code_hash(struct req *r, const char *purpose, str email, str code)
{
	str key = arena_lower(r->arena, email);

	return auth_mac(r->arena, r->app, S("mailed code"),
			arena_printf(r->arena, "%s %.*s %.*s", purpose, (int)key.n, key.p,
				     (int)code.n, code.p));
}

str link_encoded(struct arena *a, str s)
{
	char *out = arena_alloc(a, PERCENT_MAX(s.n) + 1);

	return (str){ out, percent_encode(s, out) };
}

/* A token with a code beside it, and the letter about it, if there is to be one. */
static err put(struct req *r, enum link link, uuid user, str to, str new_email,
	       const struct link_made *m, str challenge, struct json mail)
{
	const char *purpose = links[link].purpose;

	return db_exec(r->db, &sql_compat_link_put, NULL, ARG(user), ARG(str_of(purpose)),
		       ARG(secret_hash(r->arena, m->token)),
		       ARG(code_hash(r, purpose, to, m->code)), ARG(challenge), ARG(new_email),
		       ARG(mail));
}

/* token=…&type=…&redirect_to=… */
static str query_of(struct req *r, enum link link, const struct link_made *m)
{
	str target = link_encoded(r->arena, m->target);

	return arena_printf(r->arena, "token=%.*s&type=%s&redirect_to=%.*s", (int)m->token.n,
			    m->token.p, links[link].type, (int)target.n, target.p);
}

static struct link_made new_link(struct req *r, const struct link_wish *w)
{
	return (struct link_made){ .token = rand_token(r->arena, TOKEN_BYTES),
				   .code = new_code(r->arena),
				   .target = link_target(r, w->redirect_to) };
}

err link_send(struct req *r, enum link link, uuid user, str email, str new_email,
	      const struct link_wish *w)
{
	struct link_made m = new_link(r, w);
	str to = new_email.p ? new_email : email, query = query_of(r, link, &m), challenge, letter;

	TRY(link_challenge(r, w, &challenge));
	TRY(link_limit(r, to));
	letter =
		arena_printf(r->arena, "%.*s %.*s", (int)m.code.n, m.code.p, (int)query.n, query.p);
	TRY(put(r, link, user, to, new_email, &m, challenge,
		mail_payload(r->arena, r->app, links[link].mail, to, letter)));
	jobs_wake();
	return OK;
}

err link_make(struct req *r, enum link link, uuid user, str email, str new_email,
	      const struct link_wish *w, struct link_made *out)
{
	struct link_made m = new_link(r, w);
	str query = query_of(r, link, &m), api = link_api(r->arena, r->app);

	m.address = arena_printf(r->arena, "%.*s/auth/v1/verify?%.*s", (int)api.n, api.p,
				 (int)query.n, query.p);
	TRY(put(r, link, user, new_email.p ? new_email : email, new_email, &m, (str){ 0 },
		(struct json){ 0 }));
	*out = m;
	return OK;
}

/* ---- using ---- */

struct used_row {
	struct candidate who;
	str purpose, challenge;
};
static const struct field used_fields[] = {
	FIELD(struct used_row, who, .of = candidate_fields),
	FIELD(struct used_row, purpose),
	FIELD(struct used_row, challenge),
	{ 0 },
};

/* Which purposes a type of the client may mean; NULL: there is no such type. */
static const char *const *purposes_of(str type)
{
	static const struct {
		const char *type;
		const char *purposes[3];
	} types[] = {
		{ "signup", { "email_verify" } },
		{ "invite", { "email_verify" } },
		{ "magiclink", { "magiclink", "email_verify" } },
		{ "email", { "magiclink", "email_verify" } },
		{ "recovery", { "password_reset" } },
		{ "email_change", { "email_change" } },
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_eq(type, str_of(types[i].type)))
			return types[i].purposes;
	return NULL;
}

static err purposes_list(struct req *r, str type, struct strs *out)
{
	const char *const *purposes = purposes_of(type);

	if (!purposes)
		return req_fail(r, err_invalid, "Verify requires a verification type");
	out->v = arena_alloc(r->arena, 3 * sizeof *out->v);
	for (out->n = 0; purposes[out->n]; out->n++)
		out->v[out->n] = str_of(purposes[out->n]);
	return OK;
}

static enum link link_of(str purpose)
{
	for (int l = 0; l < LINKS; l++)
		if (str_eq(purpose, str_of(links[l].purpose)))
			return (enum link)l;
	return LINK_MAGICLINK;
}

static err use(struct db *db, struct bytes hash, struct strs purposes, struct link_used *out)
{
	struct used_row row;
	err e = db_one(db, &sql_compat_link_use, used_fields, &row, ARG(hash), ARG(purposes));

	if (err_is(e, err_not_found))
		return err_link;
	TRY(e);
	*out = (struct link_used){ row.who, link_of(row.purpose), row.challenge };
	auth_forget(row.who.id);
	return OK;
}

err link_use(struct req *r, struct db *db, str type, str token, struct link_used *out)
{
	struct strs purposes;

	TRY(purposes_list(r, type, &purposes));
	return use(db, secret_hash(r->arena, token), purposes, out);
}

struct try_row {
	struct bytes token;
	bool is_right;
};
static const struct field try_fields[] = {
	FIELD(struct try_row, token),
	FIELD(struct try_row, is_right),
	{ 0 },
};

/* Which of the purposes it was is not known before, so each has a hash to compare with. */
static err try_code(struct req *r, const char *purpose, str email, str code,
		    struct bytes *ret_token)
{
	str name = str_of(purpose);
	struct try_row row;
	err e = db_one(r->db, &sql_compat_code_try, try_fields, &row, ARG(email),
		       ARG(((struct strs){ &name, 1 })), ARG(code_hash(r, purpose, email, code)));

	if (err_is(e, err_not_found) || (!e.info && !row.is_right))
		return err_code;
	TRY(e);
	*ret_token = row.token;
	return OK;
}

err link_use_code(struct req *r, str type, str email, str code, struct link_used *out)
{
	struct strs purposes;
	struct bytes token = { 0 };
	err e = err_code;

	TRY(purposes_list(r, type, &purposes));
	for (size_t i = 0; i < purposes.n && err_is(e, err_code); i++)
		e = try_code(r, purposes.v[i].p, email, code, &token);
	TRY(e);
	e = use(r->db, token, purposes, out);
	return err_is(e, err_link) ? err_code : e;
}

err link_nonce(struct req *r, str email, str code)
{
	str purpose = str_of(links[LINK_NONCE].purpose);
	struct bytes token;
	struct link_used used;
	err e = try_code(r, purpose.p, email, code, &token);

	if (!e.info)
		e = use(r->db, token, (struct strs){ &purpose, 1 }, &used);
	return err_is(e, err_code) || err_is(e, err_link) ? err_nonce : e;
}
