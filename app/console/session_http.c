/* Signing in to the console and out of it. */
#include "app/console/console.h"
#include "app/console/console.sql.h"
#include "app/console/session.h"

/* By address; beside it the limits by account that signing in has everywhere. Only failures count. */
static const struct rate rate_sign_in = { "console_sign_in", 0.1, 2 };

struct me {
	str handle, display_name, role;
	bool mfa_enabled;
	str token;
	usec expires;
};
static const struct field me_fields[] = {
	FIELD(struct me, handle),
	FIELD(struct me, display_name),
	FIELD(struct me, role),
	FIELD(struct me, mfa_enabled),
	FIELD(struct me, token, .help = "X-Console-Token of requests that change something"),
	FIELD(struct me, expires),
	{ 0 },
};

/* The row of a statement has the first four. */
static const struct field staff_fields[] = {
	FIELD(struct me, handle),
	FIELD(struct me, display_name),
	FIELD(struct me, role),
	FIELD(struct me, mfa_enabled),
	{ 0 },
};

/* Of one of the operators. Errors: err_not_found. */
static err staff_get(struct req *r, uuid user, struct me *out)
{
	*out = (struct me){ 0 };
	return db_one(r->db, &sql_console_staff, staff_fields, out, ARG(user));
}

static err reply_me(struct req *r, struct me *me)
{
	me->token = console_session_token(r);
	me->expires = r->user.expires;
	reply_header(r, "Cache-Control", S("no-store"));
	return reply_as(r, 200, me_fields, me);
}

/* Asked by the page when it is opened: nobody is no mistake then. */
static err get_me(struct req *r)
{
	struct me me;

	if (uuid_is_nil(r->user.id))
		return reply_empty(r, 204);
	TRY(staff_get(r, r->user.id, &me));
	return reply_me(r, &me);
}

/* ---- signing in ---- */

struct sign_in_form {
	str email, password;
};
static const struct field sign_in_fields[] = {
	FIELD(struct sign_in_form, email, .required = true, .max = 320),
	FIELD(struct sign_in_form, password, .required = true, .keep_space = true, .min = 1,
	      .max = 1024),
	{ 0 },
};

struct factor_needed {
	bool mfa_required;
	str temp_token;
};
static const struct field factor_needed_fields[] = {
	FIELD(struct factor_needed, mfa_required),
	FIELD(struct factor_needed, temp_token),
	{ 0 },
};

struct where {
	str client;
	bool mfa;
};
static const struct field where_fields[] = {
	FIELD(struct where, client),
	FIELD(struct where, mfa),
	{ 0 },
};

/* Who has signed in from where is on record, like all that follows. */
static err note(struct req *r, const char *action, bool mfa)
{
	struct where where = { r->client, mfa };
	struct json_writer w;

	json_init(&w, r->arena, 128);
	json_record(&w, where_fields, &where);
	return db_exec(r->db, &sql_console_note, NULL, ARG(r->user.id), ARG(str_of(action)),
		       ARG(((struct json){ json_text(&w) })));
}

/* The refresh token is given to nobody: after its four hours the console asks again. */
static err open_session(struct req *r, const struct candidate *c, struct me *me, bool mfa)
{
	struct session s = { .method = S("password"), .mfa = mfa };
	str refresh_token;

	TRY(auth_open(r, r->db, c, &s, &refresh_token));
	console_session_begin(r, &s, me->role);
	TRY(note(r, "console.sign_in", mfa));
	return reply_me(r, me);
}

/* Whoever is no operator learns no more than somebody with a wrong password. */
static err check(struct req *r, const struct sign_in_form *in, struct candidate *c, struct me *me)
{
	err e;

	TRY(auth_check_password(r, in->email, in->password, c));
	e = staff_get(r, c->id, me);
	return err_is(e, err_not_found) ? err_credentials : e;
}

static err sign_in(struct req *r)
{
	struct sign_in_form in = { 0 };
	struct factor_needed more = { .mfa_required = true };
	struct candidate c;
	struct me me;

	TRY(console_same_site(r));
	TRY(req_body(r, &in, NULL));
	TRY(req_limit(r, &rate_sign_in, r->client));
	TRY(check(r, &in, &c, &me));
	req_unlimit(r, &rate_sign_in, r->client);
	if (!c.mfa_enabled)
		return open_session(r, &c, &me, false);
	TRY(auth_ask_factor(r, &c, &more.temp_token));
	reply_header(r, "Cache-Control", S("no-store"));
	return reply_as(r, 200, factor_needed_fields, &more);
}

struct code_form {
	str temp_token, code, recovery_code;
};
static const struct field code_fields[] = {
	FIELD(struct code_form, temp_token, .required = true, .max = 128),
	FIELD(struct code_form, code, .max = 16, .help = "six digits"),
	FIELD(struct code_form, recovery_code, .max = 32, .help = "instead of code"),
	{ 0 },
};

static err sign_in_code(struct req *r)
{
	struct code_form in = { 0 };
	struct candidate c;
	struct me me;

	TRY(console_same_site(r));
	TRY(req_body(r, &in, NULL));
	TRY(req_limit(r, &rate_sign_in, r->client));
	TRY(auth_pass_factor(r, in.temp_token, in.code, in.recovery_code, &c));
	TRY(staff_get(r, c.id, &me));
	req_unlimit(r, &rate_sign_in, r->client);
	return open_session(r, &c, &me, true);
}

static err sign_out(struct req *r)
{
	TRY(auth_end_session(r, r->user.id, r->user.session));
	console_session_forget(r);
	return reply_message(r, "Signed out");
}

const struct route console_session_routes[] = {
	{ GET, "/console/api/me", get_me, "console: who is signed in, or 204",
	  .auth = AUTH_OPTIONAL, .out = me_fields },
	{ POST, "/console/api/sign-in", sign_in,
	  "console: sign in, or mfa_required and a temp_token", .auth = AUTH_NONE,
	  .body = sign_in_fields, .out = me_fields, .errors = "401 403" },
	{ POST, "/console/api/sign-in/code", sign_in_code, "console: the second factor",
	  .auth = AUTH_NONE, .body = code_fields, .out = me_fields, .errors = "401 403" },
	{ POST, "/console/api/sign-out", sign_out, "console: end this session",
	  .out = message_fields },
	{ 0 },
};
