/* Signing in, staying signed in, signing out. */
#include "app/auth/altcha.h"
#include "app/auth/auth.h"
#include "app/auth/rules.h"
#include "app/auth/session.h"

static const struct rate rate_login = { "login", 10.0 / 60, 10 };
/* Nobody guesses a token of 256 bits; this only bounds what a broken client costs. */
static const struct rate rate_refresh = { "refresh", 30.0 / 60, 30 };

static const struct err_info ended_info = { 401, "session_ended", "This session has ended", NULL };
static const err err_ended = { &ended_info };

/* ---- POST /auth/login ---- */

struct login_form {
	str email, password, altcha_token;
};
static const struct field login_form_fields[] = {
	FIELD(struct login_form, email, .required = true, .max = 320),
	FIELD(struct login_form, password, .required = true, .keep_space = true, .min = 1,
	      .max = 1024),
	FIELD(struct login_form, altcha_token,
	      .help = "the solved challenge, where it is required"),
	{ 0 },
};

struct mfa_needed {
	bool mfa_required;
	str temp_token;
};
static const struct field mfa_needed_fields[] = {
	FIELD(struct mfa_needed, mfa_required),
	FIELD(struct mfa_needed, temp_token),
	{ 0 },
};

static err ask_second_factor(struct req *r, const struct candidate *c)
{
	struct mfa_needed out = { .mfa_required = true };

	TRY(auth_ask_factor(r, c, &out.temp_token));
	reply_header(r, "Cache-Control", S("no-store"));
	return reply_as(r, 200, mfa_needed_fields, &out);
}

static err login(struct req *r)
{
	struct login_form in = { 0 };
	struct candidate c;

	TRY(req_body(r, &in, NULL));
	TRY(altcha_check(r, in.altcha_token));
	TRY(auth_check_password(r, in.email, in.password, &c));
	if (c.mfa_enabled)
		return ask_second_factor(r, &c);
	return session_start(r, c.id, c.email, c.password, false);
}

/* ---- POST /auth/refresh ---- */

struct refresh_form {
	str refresh_token;
};
static const struct field refresh_form_fields[] = {
	FIELD(struct refresh_form, refresh_token, .required = true, .min = 1, .max = 512),
	{ 0 },
};

struct tokens {
	str access_token, refresh_token;
};
static const struct field tokens_fields[] = {
	FIELD(struct tokens, access_token, .required = true),
	FIELD(struct tokens, refresh_token, .required = true),
	{ 0 },
};

static err judge(str verdict)
{
	if (str_eq(verdict, S("again")) || str_eq(verdict, S("fresh")))
		return OK;
	if (str_eq(verdict, S("banned")))
		return err_banned;
	if (str_eq(verdict, S("suspended")))
		return err_suspended;
	return str_eq(verdict, S("reused")) || str_eq(verdict, S("dead"))
			|| str_eq(verdict, S("unknown"))
		? err_ended
		: err_inactive;
}

/* Nothing but the database is asked: a failure here costs the client its keys (contract §11, 7). */
static err refresh(struct req *r)
{
	struct refresh_form in = { 0 };
	struct refreshed f;
	struct tokens out;
	err e;

	TRY(req_body(r, &in, NULL));
	e = auth_refresh(r, in.refresh_token, false, &f);
	if (err_is(e, err_not_found)) {
		TRY(req_limit(r, &rate_refresh, r->client));
		return err_ended;
	}
	TRY(e);
	TRY(judge(f.verdict));
	if (str_eq(f.verdict, S("fresh")))
		TRY(limit_account(r, &rate_refresh, f.session.user));
	out.refresh_token = f.token;
	out.access_token = auth_access_token(r, &f.session);
	reply_header(r, "Cache-Control", S("no-store"));
	return reply(r, &out);
}

/* ---- POST /auth/logout ---- */

struct logout_form {
	str refresh_token, fcm_token;
};
static const struct field logout_form_fields[] = {
	FIELD(struct logout_form, refresh_token, .max = 512,
	      .help = "of the session to end; default: the session of the access token"),
	FIELD(struct logout_form, fcm_token, .max = 4096,
	      .help = "device that gets no more pushes"),
	{ 0 },
};

static err logout(struct req *r)
{
	struct logout_form in = { 0 };
	struct bytes token = { 0 };

	TRY(req_body(r, &in, NULL));
	if (in.refresh_token.p)
		token = secret_hash(r->arena, in.refresh_token);
	TRY(session_close(r->db, r->user.id, r->user.session, token, in.fcm_token));
	auth_forget(r->user.id);
	return reply_message(r, "Signed out");
}

const struct route auth_session_routes[] = {
	{ POST, "/api/v1/auth/login", login,
	  "sign in: a session, or mfa_required and a temp_token for /auth/mfa/verify",
	  .auth = AUTH_NONE, .rate = &rate_login, .body = login_form_fields,
	  .out = full_session_fields, .errors = "401 403" },
	{ POST, "/api/v1/auth/refresh", refresh, "new tokens for a refresh token",
	  .auth = AUTH_NONE, .body = refresh_form_fields, .out = tokens_fields,
	  .errors = "401 403" },
	{ POST, "/api/v1/auth/logout", logout, "end this session", .auth = AUTH_ACCOUNT,
	  .body = logout_form_fields, .out = message_fields },
	{ 0 },
};
