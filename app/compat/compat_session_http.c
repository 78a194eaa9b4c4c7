/* Supabase Auth: signing up, in and out, refreshing, and the account of the token. */
#include "app/compat/compat_http.h"
#include "app/compat/link.h"
#include "app/compat/user.h"

#include "app/compat/compat.sql.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/guessed.h"

enum { PASSWORD_MIN = 6 };

static const struct rate rate_signup = { "compat_signup", 30.0 / 300, 30 };
static const struct rate rate_token = { "compat_token", 150.0 / 300, 30 };

static const struct err_info infos[] = {
	{ 422, "weak_password", "Password should be at least 6 characters.", NULL },
	{ 400, "phone_provider_disabled", "Phone signups are disabled", NULL },
	{ 422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled", NULL },
	{ 400, "invalid_credentials", "unsupported_grant_type", NULL },
	{ 400, "refresh_token_not_found", "Invalid Refresh Token: Refresh Token Not Found", NULL },
	{ 400, "refresh_token_already_used", "Invalid Refresh Token: Already Used", NULL },
	{ 400, "session_not_found", "Invalid Refresh Token: No Valid Session Found", NULL },
	{ 400, "user_banned", "Invalid Refresh Token: User Banned", NULL },
	{ 400, "validation_failed", "Invalid Refresh Token: Not Issued By This Server", NULL },
	{ 404, "flow_state_not_found", "invalid flow state, no valid flow state found", NULL },
	{ 422, "flow_state_expired", "invalid flow state, flow state has expired", NULL },
	{ 400, "bad_code_verifier", "code challenge does not match previously saved code verifier",
	  NULL },
	{ 422, "email_exists", "A user with this email address has already been registered", NULL },
	{ 403, "user_under_age", "You must be 18 or older to use Sojorn", NULL },
	{ 422, "weak_password",
	  "Password is known to be weak and easy to guess, please choose a different one.", NULL },
};
static const err err_weak = { &infos[0] };
static const err err_phone = { &infos[1] };
static const err err_anonymous = { &infos[2] };
static const err err_grant = { &infos[3] };
static const err err_refresh_unknown = { &infos[4] };
static const err err_refresh_used = { &infos[5] };
static const err err_refresh_dead = { &infos[6] };
static const err err_refresh_banned = { &infos[7] };
static const err err_refresh_foreign = { &infos[8] };
static const err err_flow_unknown = { &infos[9] };
static const err err_flow_expired = { &infos[10] };
static const err err_verifier = { &infos[11] };
const err err_email_exists = { &infos[12] };
static const err err_under_age = { &infos[13] };
static const err err_guessed = { &infos[14] };

const struct field redirect_fields[] = {
	FIELD(struct redirect_query, redirect_to, .max = 2048),
	{ 0 },
};

err compat_redirect(struct req *r, str *out)
{
	struct redirect_query q;

	TRY(fields_from_pairs(r->arena, r->query, r->nquery, redirect_fields,
			      memset(&q, 0, sizeof q), NULL));
	*out = q.redirect_to;
	return OK;
}

err compat_password(struct req *r, const char *missing, str password)
{
	if (str_empty(password))
		return req_fail(r, err_invalid, "%s", missing);
	if (password.n >= PASSWORD_MIN && guessed_has(r->app->guessed, password))
		return err_guessed;
	return password.n < PASSWORD_MIN ? err_weak : OK;
}

err compat_open(struct req *r, const struct candidate *c, str method)
{
	struct session s = { .method = method, .partial = c->mfa_enabled, .counted = true };
	str refresh_token;

	TRY(auth_open(r, r->db, c, &s, &refresh_token));
	return user_reply_session(r, &s, refresh_token);
}

/* ---- POST /signup ---- */

struct signup_form {
	str email, phone, password;
	struct json data;
	str code_challenge, code_challenge_method;
};
static const struct field signup_form_fields[] = {
	FIELD(struct signup_form, email, .max = 320),
	FIELD(struct signup_form, phone, .max = 64),
	FIELD(struct signup_form, password, .keep_space = true, .max = 1024),
	FIELD(struct signup_form, data),
	FIELD(struct signup_form, code_challenge, .max = 128),
	FIELD(struct signup_form, code_challenge_method, .max = 16),
	{ 0 },
};

struct json compat_object(struct json data)
{
	return str_starts(data.text, S("{")) ? data : (struct json){ 0 };
}

static err check_signup(struct req *r, struct signup_form *in)
{
	if (str_empty(in->email))
		return str_empty(in->phone) ? err_anonymous : err_phone;
	TRY(compat_password(r, "Signup requires a valid password", in->password));
	if (auth_email(r, in->email, &in->email).info)
		return req_fail(r, err_invalid, "Unable to validate email address: invalid format");
	return OK;
}

/* Nobody learns from the answer whether somebody has the address: a confirmed account looks like one that
 * has just been made. */
static err reply_like_new(struct req *r, const struct signup_form *in)
{
	usec now = time_now();
	struct user u = {
		.id = uuid_random(),
		.aud = S("authenticated"),
		.role = S(""),
		.email = in->email,
		.phone = S(""),
		.confirmation_sent_at = now,
		.app_metadata = { S("{\"provider\":\"email\",\"providers\":[\"email\"]}") },
		.user_metadata = { in->data.text.p ? in->data.text : S("{}") },
		.identities = { S("[]") },
		.created_at = now,
		.updated_at = now,
	};

	return reply_as(r, 200, user_fields, &u);
}

static err reply_user(struct req *r, uuid id)
{
	struct user u;

	TRY(user_get(r->db, r->arena, id, &u));
	return reply_as(r, 200, user_fields, &u);
}

/* Somebody who never confirmed the address gets another mail for the account that is there. */
static err sign_up_again(struct req *r, const struct signup_form *in, const struct link_wish *w)
{
	struct candidate c;

	TRY(auth_find(r, in->email, &c));
	if (uuid_is_nil(c.id) || !str_eq(c.status, S("pending"))) {
		TRY(link_limit(r, in->email));
		return reply_like_new(r, in);
	}
	TRY(link_send(r, LINK_SIGNUP, c.id, c.email, (str){ 0 }, w));
	return reply_user(r, c.id);
}

err compat_add(struct req *r, struct user_new *n, bool *ret_taken)
{
	TRY(user_wishes(r, n->user_metadata, n));
	if (auth_is_minor(n->birth_month, n->birth_year))
		return err_under_age;
	if (uuid_is_nil(n->id))
		n->id = uuid_random();
	return user_add(r, n, ret_taken);
}

static err sign_up(struct req *r)
{
	struct signup_form in;
	struct user_new n = { 0 };
	struct link_wish w;
	struct candidate c;
	bool taken;
	str challenge;

	TRY(req_body(r, &in, NULL));
	TRY(check_signup(r, &in));
	in.data = compat_object(in.data);
	w = (struct link_wish){ .code_challenge = in.code_challenge,
				.code_challenge_method = in.code_challenge_method };
	TRY(compat_redirect(r, &w.redirect_to));
	TRY(link_challenge(r, &w, &challenge));
	TRY(auth_find(r, in.email, &c)); /* refuses a banned address */
	n.email = in.email;
	n.user_metadata = in.data;
	TRY(auth_hash_password(r, in.password, &n.password));
	TRY(compat_add(r, &n, &taken));
	if (taken)
		return sign_up_again(r, &in, &w);
	TRY(link_send(r, LINK_SIGNUP, n.id, n.email, (str){ 0 }, &w));
	return reply_user(r, n.id);
}

/* ---- POST /token ---- */

struct token_form {
	str email, phone, password, refresh_token, auth_code, code_verifier;
};
static const struct field token_form_fields[] = {
	FIELD(struct token_form, email, .max = 320),
	FIELD(struct token_form, phone, .max = 64),
	FIELD(struct token_form, password, .keep_space = true, .max = 1024),
	FIELD(struct token_form, refresh_token, .max = 512),
	FIELD(struct token_form, auth_code, .max = 128),
	FIELD(struct token_form, code_verifier, .max = 128),
	{ 0 },
};

struct token_query {
	str grant_type;
};
static const struct field token_query_fields[] = {
	FIELD(struct token_query, grant_type),
	{ 0 },
};

static err grant_password(struct req *r, const struct token_form *in)
{
	struct candidate c;

	TRY(req_limit(r, &rate_token, r->client));
	if (str_empty(in->email))
		return str_empty(in->phone) ? req_fail(r, err_invalid, "missing email or phone")
					    : err_phone;
	TRY(auth_check_password(r, in->email, in->password, &c));
	return compat_open(r, &c, S("password"));
}

static err refusal_of(str verdict)
{
	if (str_eq(verdict, S("reused")))
		return err_refresh_used;
	if (str_eq(verdict, S("unknown")))
		return err_refresh_foreign;
	return str_eq(verdict, S("dead")) ? err_refresh_dead : err_refresh_banned;
}

/* A client that gets a 4xx here signs out, so only the database's word is one. */
static err grant_refresh(struct req *r, const struct token_form *in)
{
	struct refreshed f;
	err e;

	if (str_empty(in->refresh_token))
		return req_fail(r, err_invalid, "refresh_token required");
	e = auth_refresh(r, in->refresh_token, true, &f);
	if (err_is(e, err_not_found))
		return err_refresh_unknown;
	TRY(e);
	if (!f.token.p)
		return refusal_of(f.verdict);
	return user_reply_session(r, &f.session, f.token);
}

struct exchange_row {
	struct candidate who;
	str method;
	bool is_right, expired;
};
static const struct field exchange_fields[] = {
	FIELD(struct exchange_row, who, .of = candidate_fields),
	FIELD(struct exchange_row, method),
	FIELD(struct exchange_row, is_right),
	FIELD(struct exchange_row, expired),
	{ 0 },
};

static err grant_exchange(struct req *r, const struct token_form *in)
{
	struct bytes verifier = secret_hash(r->arena, in->code_verifier);
	char challenge[BASE64_LENGTH(SHA256_BYTES)];
	struct exchange_row row;
	size_t n = base64url_encode(verifier.p, verifier.n, challenge);
	err e;

	TRY(req_limit(r, &rate_token, r->client));
	if (str_empty(in->auth_code) || str_empty(in->code_verifier))
		return req_fail(r, err_invalid,
				"invalid request: both auth code and code verifier should be "
				"non-empty");
	e = db_one(r->db, &sql_compat_exchange_use, exchange_fields, &row,
		   ARG(secret_hash(r->arena, in->auth_code)), ARG(((str){ challenge, n })));
	if (err_is(e, err_not_found))
		return err_flow_unknown;
	TRY(e);
	if (row.expired)
		return err_flow_expired;
	if (!row.is_right)
		return err_verifier;
	TRY(auth_admit(r, &row.who));
	return compat_open(r, &row.who, row.method);
}

static err token(struct req *r)
{
	struct token_form in;
	struct token_query q;

	TRY(req_query(r, &q, NULL));
	TRY(req_body(r, &in, NULL));
	if (str_eq(q.grant_type, S("password")))
		return grant_password(r, &in);
	if (str_eq(q.grant_type, S("refresh_token")))
		return grant_refresh(r, &in);
	return str_eq(q.grant_type, S("pkce")) ? grant_exchange(r, &in) : err_grant;
}

/* ---- POST /logout ---- */

struct logout_query {
	str scope;
};
static const struct field logout_query_fields[] = {
	FIELD(struct logout_query, scope, .one_of = "global|local|others"),
	{ 0 },
};

static err logout(struct req *r)
{
	struct logout_query q;

	TRY(req_query(r, &q, NULL));
	if (str_eq(q.scope, S("local")))
		TRY(auth_end_session(r, r->user.id, r->user.session));
	else
		TRY(auth_end_sessions(r, r->user.id,
				      str_eq(q.scope, S("others")) ? r->user.session
								   : (uuid){ 0 }));
	return reply_empty(r, 204);
}

/* ---- GET and PUT /user ---- */

static err get_user(struct req *r)
{
	return reply_user(r, r->user.id);
}

struct user_form {
	str email, phone, password, nonce;
	struct json data;
	str code_challenge, code_challenge_method;
};
static const struct field user_form_fields[] = {
	FIELD(struct user_form, email, .max = 320),
	FIELD(struct user_form, phone, .max = 64),
	FIELD(struct user_form, password, .keep_space = true, .max = 1024),
	FIELD(struct user_form, nonce, .max = 64),
	FIELD(struct user_form, data),
	FIELD(struct user_form, code_challenge, .max = 128),
	FIELD(struct user_form, code_challenge_method, .max = 16),
	{ 0 },
};

static err change_email(struct req *r, const struct user_form *in, const struct user *u)
{
	struct link_wish w = { .code_challenge = in->code_challenge,
			       .code_challenge_method = in->code_challenge_method };
	struct candidate other;
	str email;

	if (auth_email(r, in->email, &email).info)
		return req_fail(r, err_invalid, "Unable to validate email address: invalid format");
	if (str_ieq(email, u->email))
		return OK;
	TRY(compat_redirect(r, &w.redirect_to));
	TRY(auth_find(r, email, &other));
	if (!uuid_is_nil(other.id))
		return err_email_exists;
	return link_send(r, LINK_EMAIL_CHANGE, u->id, u->email, email, &w);
}

static err put_user(struct req *r)
{
	struct user_form in;
	struct user u;

	TRY(req_body(r, &in, NULL));
	if (!str_empty(in.phone))
		return err_phone;
	TRY(user_get(r->db, r->arena, r->user.id, &u));
	if (!str_empty(in.password)) {
		TRY(compat_password(r, "", in.password));
		if (!str_empty(in.nonce)) /* not asked for, but a wrong one is no consent */
			TRY(link_nonce(r, u.email, in.nonce));
		TRY(auth_set_password(r, r->user.id, r->user.session, in.password));
	}
	if (!str_empty(in.email))
		TRY(change_email(r, &in, &u));
	if (compat_object(in.data).text.p)
		TRY(user_merge(r, r->user.id, in.data, (struct json){ 0 }));
	return reply_user(r, r->user.id);
}

#define A "/auth/v1"

const struct route compat_session_routes[] = {
	{ POST, A "/signup", sign_up, "create an account", .auth = AUTH_KEY, .rate = &rate_signup,
	  .query = redirect_fields, .body = signup_form_fields, .out = user_fields },
	{ POST, A "/token", token, "a session for a password, a refresh token or a code",
	  .auth = AUTH_KEY, .query = token_query_fields, .body = token_form_fields },
	{ POST, A "/logout", logout, "end sessions", .auth = AUTH_PARTIAL, .status = 204,
	  .query = logout_query_fields },
	{ GET, A "/user", get_user, "the account of the token", .auth = AUTH_PARTIAL,
	  .out = user_fields },
	{ PUT, A "/user", put_user, "change password, address or metadata", .auth = AUTH_ACCOUNT,
	  .query = redirect_fields, .body = user_form_fields, .out = user_fields },
	{ 0 },
};
