/* See session.h. */
#include "app/auth/session.h"

#include "app/auth/auth.h"
#include "app/auth/refresh.h"
#include "app/links.h"
#include "app/mail/mail.h"
#include "app/profiles/profiles.h"
#include "lib/base/codec.h"
#include "lib/web/token.h"

enum {
	AGENT_MAX = 256,
	METADATA_MAX = 1024, /* in a token, which travels with every request */
};

static const struct err_info credentials_info = { 401, "invalid_credentials", "Invalid credentials",
						  NULL };
const err err_credentials = { &credentials_info };

/* The ways of signing in as Supabase's clients read them, the newer one first. */
static struct json methods(struct arena *a, const struct session *s)
{
	long long at = (long long)(s->since.us / SECOND);
	str how = s->method.p ? s->method : S("password");
	str first =
		arena_printf(a, "{\"method\":\"%.*s\",\"timestamp\":%lld}", (int)how.n, how.p, at);

	if (s->amr.text.p)
		return s->amr;
	if (!s->mfa)
		return (struct json){ arena_printf(a, "[%s]", first.p) };
	return (struct json){ arena_printf(a, "[{\"method\":\"totp\",\"timestamp\":%lld},%s]", at,
					   first.p) };
}

static struct json small(struct json metadata, str usual)
{
	return (struct json){ metadata.text.p && metadata.text.n <= METADATA_MAX ? metadata.text
										 : usual };
}

str auth_access_token(struct req *r, const struct session *s)
{
	str api = link_api(r->arena, r->app);
	usec now = time_now();
	struct token t = {
		.sub = s->user,
		.session = s->id,
		.issued = now,
		.expires = time_add(now, AUTH_ACCESS_SECONDS * SECOND),
		.role = S("authenticated"),
		.audience = S("authenticated"),
		.issuer = arena_printf(r->arena, "%.*s/auth/v1", (int)api.n, api.p),
		.email = s->email,
		.aal = s->mfa ? S("aal2") : S("aal1"),
		.amr = methods(r->arena, s),
		.app_metadata = small(s->app_metadata,
				      S("{\"provider\":\"email\",\"providers\":[\"email\"]}")),
		.user_metadata = small(s->user_metadata, S("{}")),
	};

	return token_issue(r->arena, r->app->jwt_secret, &t);
}

str session_successor(struct req *r, str token)
{
	struct bytes mac = auth_mac(r->arena, r->app, S("refresh"), token);
	char *text = arena_alloc(r->arena, BASE64_LENGTH(SHA256_BYTES));

	return (str){ text, base64url_encode(mac.p, mac.n, text) };
}

/* Whole characters of what may be long, and no text at all. */
str session_agent(const struct req *r)
{
	str agent = req_header(r, "User-Agent");
	size_t at = 0, end = 0;

	while (at < agent.n && at <= AGENT_MAX && str_utf8_next(agent, &at) >= 0)
		if (at <= AGENT_MAX)
			end = at;
	return agent.p ? str_slice(agent, 0, end) : agent;
}

/* ---- the reply of a sign-in ---- */

struct full_session {
	str token, access_token, refresh_token;
	struct signed_in user;
	struct profile *profile;
	bool reactivated;
	str previous_status;
};

const struct field full_session_fields[] = {
	FIELD(struct full_session, token, .required = true, .help = "the same as access_token"),
	FIELD(struct full_session, access_token, .required = true),
	FIELD(struct full_session, refresh_token, .required = true),
	FIELD(struct full_session, user, .of = signed_in_fields),
	FIELD(struct full_session, profile, .of = profile_fields, .ref = true,
	      .help = "null: the account has none yet, POST /profile makes one"),
	FIELD(struct full_session, reactivated),
	FIELD(struct full_session, previous_status, .omit_absent = true),
	{ 0 },
};

/* ---- opening one ---- */

/* The first refresh token: one to be kept as a row, or the first of a counted session. */
static struct secret first_token(struct req *r, const struct session *s)
{
	struct secret token = { 0 };
	uint8_t key[KEY_BYTES];

	if (!s->counted)
		return secret_new(r->arena);
	if (counted_key(r->app, s->id, (str){ 0 }, key))
		token.text = counted_token(r->arena, key, s->id, 0);
	secret_wipe(key, sizeof key);
	return token;
}

static err open_session(struct req *r, struct db *db, const struct candidate *c, struct session *s,
			str *ret_refresh_token, struct signed_in *out)
{
	struct secret refresh;
	err e;

	s->id = uuid_random();
	s->user = c->id;
	s->email = c->email;
	s->since = time_now();
	refresh = first_token(r, s);
	e = session_open(db, s, c->password, refresh.hash, session_agent(r), r->client,
			 mail_payload(r->arena, r->app, MAIL_REACTIVATED, c->email, (str){ 0 }),
			 out);
	if (err_is(e, err_not_found))
		return err_credentials;
	TRY(e);
	if (out->previous_status.p) {
		auth_forget(c->id);
		jobs_wake();
	}
	*ret_refresh_token = refresh.text;
	return OK;
}

err auth_open(struct req *r, struct db *db, const struct candidate *c, struct session *s,
	      str *ret_refresh_token)
{
	struct signed_in user;

	return open_session(r, db, c, s, ret_refresh_token, &user);
}

err session_start(struct req *r, uuid user, str email, str password_hash, bool mfa)
{
	struct candidate c = { .id = user, .email = email, .password = password_hash };
	struct session s = { .method = S("password"), .mfa = mfa };
	struct profile_card card;
	struct full_session out = { 0 };
	err e;

	TRY(open_session(r, r->db, &c, &s, &out.refresh_token, &out.user));
	out.previous_status = out.user.previous_status;
	out.reactivated = out.previous_status.p != NULL;
	e = profiles_get(r->db, user, user, &card);
	if (!err_is(e, err_profile_not_found)) {
		TRY(e);
		out.profile = &card.profile;
	}
	out.token = out.access_token = auth_access_token(r, &s);
	reply_header(r, "Cache-Control", S("no-store"));
	return reply_as(r, 200, full_session_fields, &out);
}

/* ---- ending them ---- */

err auth_end_session(struct req *r, uuid user, uuid session)
{
	if (uuid_is_nil(session)) /* a token of nobody's session ends none */
		return OK;
	TRY(sessions_end(r->db, user, session, (uuid){ 0 }));
	auth_forget(user);
	return OK;
}

err auth_end_sessions(struct req *r, uuid user, uuid but)
{
	TRY(sessions_end(r->db, user, (uuid){ 0 }, but));
	auth_forget(user);
	return OK;
}
