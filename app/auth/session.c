/* See session.h. */
#include "app/auth/session.h"

#include "app/auth/auth.h"
#include "app/links.h"
#include "app/mail/mail.h"
#include "app/profiles/profiles.h"
#include "lib/base/codec.h"
#include "lib/web/token.h"

enum { ACCESS_MINUTES = 15, AGENT_MAX = 256 };

static const struct err_info credentials_info = { 401, "invalid_credentials", "Invalid credentials",
						  NULL };
const err err_credentials = { &credentials_info };

/* The ways of signing in as Supabase's clients read them, the newer one first. */
static struct json methods(struct arena *a, const struct session *s)
{
	long long at = (long long)(s->since.us / SECOND);
	str password = arena_printf(a, "{\"method\":\"password\",\"timestamp\":%lld}", at);

	if (!s->mfa)
		return (struct json){ arena_printf(a, "[%s]", password.p) };
	return (struct json){ arena_printf(a, "[{\"method\":\"totp\",\"timestamp\":%lld},%s]", at,
					   password.p) };
}

str session_access_token(struct req *r, const struct session *s)
{
	str api = link_api(r->arena, r->app);
	usec now = time_now();
	struct token t = {
		.sub = s->user,
		.session = s->id,
		.issued = now,
		.expires = time_add(now, ACCESS_MINUTES * MINUTE),
		.role = S("authenticated"),
		.audience = S("authenticated"),
		.issuer = arena_printf(r->arena, "%.*s/auth/v1", (int)api.n, api.p),
		.email = s->email,
		.aal = s->mfa ? S("aal2") : S("aal1"),
		.amr = methods(r->arena, s),
		.app_metadata = { S("{\"provider\":\"email\",\"providers\":[\"email\"]}") },
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

err session_start(struct req *r, uuid user, str email, str password_hash, bool mfa)
{
	struct session s = { uuid_random(), user, email, mfa, time_now() };
	struct secret refresh = secret_new(r->arena);
	struct profile_card card;
	struct full_session out = { .refresh_token = refresh.text };
	err e = session_open(r->db, &s, password_hash, refresh.hash, session_agent(r), r->client,
			     mail_payload(r->arena, r->app, MAIL_REACTIVATED, email, (str){ 0 }),
			     &out.user);

	if (err_is(e, err_not_found))
		return err_credentials;
	TRY(e);
	out.previous_status = out.user.previous_status;
	out.reactivated = out.previous_status.p != NULL;
	if (out.reactivated) {
		auth_forget(user);
		jobs_wake();
	}
	e = profiles_get(r->db, user, user, &card);
	if (!err_is(e, err_profile_not_found)) {
		TRY(e);
		out.profile = &card.profile;
	}
	out.token = out.access_token = session_access_token(r, &s);
	reply_header(r, "Cache-Control", S("no-store"));
	return reply_as(r, 200, full_session_fields, &out);
}
