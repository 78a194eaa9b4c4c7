/* Supabase Auth: what is done by mail. Signing in by a link or a code, forgotten passwords, confirmations. */
#include "app/compat/compat_http.h"
#include "app/compat/link.h"

#include "app/compat/compat.sql.h"
#include "app/gateway/gateway.h"

static const struct rate rate_ask = { "compat_ask", 30.0 / 300, 30 };
static const struct rate rate_verify = { "compat_verify", 30.0 / 300, 30 };

static const struct err_info infos[] = {
	{ 422, "otp_disabled", "Signups not allowed for otp", NULL },
	{ 400, "phone_provider_disabled", "Unsupported phone provider", NULL },
};
static const err err_no_signup = { &infos[0] };
static const err err_phone = { &infos[1] };

static void leave_gate(void *gate)
{
	gate_leave(gate);
}

/* For a GET that writes; until the reply. */
static bool enter_gate(struct req *r)
{
	if (!gate_try_here(r->app->gate))
		return false;
	arena_defer(r->arena, leave_gate, r->app->gate);
	return true;
}

struct ask_form {
	str email, phone, type;
	bool create_user;
	struct json data;
	str code_challenge, code_challenge_method;
};
static const struct field ask_form_fields[] = {
	FIELD(struct ask_form, email, .max = 320),
	FIELD(struct ask_form, phone, .max = 64),
	FIELD(struct ask_form, type, .max = 32),
	FIELD(struct ask_form, create_user),
	FIELD(struct ask_form, data),
	FIELD(struct ask_form, code_challenge, .max = 128),
	FIELD(struct ask_form, code_challenge_method, .max = 16),
	{ 0 },
};

/* Who is asked about, and what link is wanted. The address may belong to nobody. */
struct asked {
	struct ask_form form;
	struct present set;
	struct link_wish wish;
	struct candidate who;
};

static err read_ask(struct req *r, struct asked *out)
{
	str challenge;

	TRY(req_body(r, &out->form, &out->set));
	if (str_empty(out->form.email))
		return str_empty(out->form.phone)
			? req_fail(r, err_invalid, "One of email or phone must be set")
			: err_phone;
	if (auth_email(r, out->form.email, &out->form.email).info)
		return req_fail(r, err_invalid, "Unable to validate email address: invalid format");
	out->wish = (struct link_wish){
		.code_challenge = out->form.code_challenge,
		.code_challenge_method = out->form.code_challenge_method,
	};
	TRY(compat_redirect(r, &out->wish.redirect_to));
	TRY(link_challenge(r, &out->wish, &challenge));
	return auth_find(r, out->form.email, &out->who);
}

static err reply_nothing(struct req *r)
{
	return reply_text(r, 200, "application/json; charset=utf-8", S("{}"));
}

/* The same answer and the same limit, whoever has the address. */
static err send(struct req *r, enum link link, const struct asked *q)
{
	if (uuid_is_nil(q->who.id) || str_eq(q->who.status, S("banned")))
		TRY(link_limit(r, q->form.email));
	else
		TRY(link_send(r, link, q->who.id, q->who.email, (str){ 0 }, &q->wish));
	return reply_nothing(r);
}

/* ---- POST /otp, /magiclink ---- */

static err add_account(struct req *r, struct asked *q)
{
	struct user_new n = { .email = q->form.email,
			      .password = S(""),
			      .user_metadata = compat_object(q->form.data) };
	bool taken;

	TRY(compat_add(r, &n, &taken));
	return auth_find(r, q->form.email, &q->who); /* whoever was first */
}

/* An account that waits for its confirmation gets one. If it has a password, it is a way in that was not asked
 * for with this password, which goes when it is used. */
static enum link otp_link(const struct candidate *who)
{
	return str_eq(who->status, S("pending")) && str_empty(who->password) ? LINK_SIGNUP
									     : LINK_MAGICLINK;
}

static err send_otp(struct req *r)
{
	struct asked q;

	TRY(read_ask(r, &q));
	if (uuid_is_nil(q.who.id)) {
		if (present_has(&q.set, ask_form_fields, "create_user") && !q.form.create_user)
			return err_no_signup;
		TRY(add_account(r, &q));
	}
	return send(r, otp_link(&q.who), &q);
}

/* ---- POST /recover, /resend ---- */

static err recover(struct req *r)
{
	struct asked q;

	TRY(read_ask(r, &q));
	return send(r, LINK_RECOVERY, &q);
}

/* A change of address is asked for anew by the change itself: its mail goes to the new address, which this
 * request may not name. */
static err resend(struct req *r)
{
	struct asked q;

	TRY(read_ask(r, &q));
	if (!str_eq(q.form.type, S("signup")) && !str_eq(q.form.type, S("email_change")))
		return req_fail(r, err_invalid, "Type provided in request is not supported");
	if (str_eq(q.form.type, S("signup")) && str_eq(q.who.status, S("pending")))
		return send(r, LINK_SIGNUP, &q);
	TRY(link_limit(r, q.form.email));
	return reply_nothing(r);
}

/* ---- POST /verify ---- */

struct verify_form {
	str type, email, phone, token, token_hash;
};
static const struct field verify_form_fields[] = {
	FIELD(struct verify_form, type, .required = true, .max = 32),
	FIELD(struct verify_form, email, .max = 320),
	FIELD(struct verify_form, phone, .max = 64),
	FIELD(struct verify_form, token, .max = 128),
	FIELD(struct verify_form, token_hash, .max = 128),
	{ 0 },
};

/* The address of a change may have been taken since. */
static err taken(err e)
{
	return err_is(e, err_db_unique) ? err_email_exists : e;
}

static err use(struct req *r, const struct verify_form *in, struct link_used *out)
{
	if (str_empty(in->token) == str_empty(in->token_hash))
		return req_fail(r, err_invalid, "Verify requires either a token or a token hash");
	if (!str_empty(in->token_hash) && !(str_empty(in->email) && str_empty(in->phone)))
		return req_fail(r, err_invalid, "Only the token_hash and type should be provided");
	if (!str_empty(in->token_hash))
		return link_use(r, r->db, in->type, in->token_hash, out);
	if (!str_empty(in->phone))
		return err_phone;
	if (str_empty(in->email))
		return req_fail(r, err_invalid,
				"Only an email address or phone number should be "
				"provided on verify");
	return link_use_code(r, in->type, in->email, in->token, out);
}

static err verify(struct req *r)
{
	struct verify_form in;
	struct link_used used;

	TRY(req_body(r, &in, NULL));
	TRY(taken(use(r, &in, &used)));
	TRY(auth_admit(r, &used.who));
	return compat_open(r, &used.who, link_method(used.link));
}

/* ---- GET /verify: the link of a mail ---- */

struct link_query {
	str token, type, redirect_to;
};
static const struct field link_query_fields[] = {
	FIELD(struct link_query, token, .max = 128),
	FIELD(struct link_query, type, .max = 32),
	FIELD(struct link_query, redirect_to, .max = 2048),
	{ 0 },
};

/* `mark`: '#' or '?'; what the target has of its own before the '#' stays. */
static err go(struct req *r, str target, char mark, str with)
{
	str rest = target, base = str_cut(&rest, '#');
	char sign = mark == '?' && str_find_char(base, '?') >= 0 ? '&' : mark;

	reply_header(r, "Cache-Control", S("no-store"));
	reply_header(r, "Referrer-Policy", S("no-referrer"));
	return reply_redirect(r,
			      arena_printf(r->arena, "%.*s%c%.*s", (int)base.n, base.p, sign,
					   (int)with.n, with.p));
}

static err go_wrong(struct req *r, str target, err e)
{
	str code = str_of(e.info->code), text = link_encoded(r->arena, str_of(e.info->message));

	return go(r, target, '#',
		  arena_printf(r->arena, "error=%s&error_code=%.*s&error_description=%.*s&sb=",
			       e.info->status >= 500 ? "server_error" : "access_denied",
			       (int)code.n, code.p, (int)text.n, text.p));
}

static err go_with_session(struct req *r, str target, str type, const struct link_used *used)
{
	struct session s = { .method = link_method(used->link),
			     .partial = used->who.mfa_enabled,
			     .counted = true };
	str refresh_token, access_token;
	long long now = (long long)(time_now().us / SECOND);

	TRY(auth_open(r, r->db, &used->who, &s, &refresh_token));
	access_token = auth_access_token(r, &s);
	type = link_encoded(r->arena, type);
	return go(r, target, '#',
		  arena_printf(r->arena,
			       "access_token=%.*s&expires_at=%lld&expires_in=%d&refresh_token=%.*s"
			       "&sb=&token_type=bearer&type=%.*s",
			       (int)access_token.n, access_token.p, now + AUTH_ACCESS_SECONDS,
			       AUTH_ACCESS_SECONDS, (int)refresh_token.n, refresh_token.p,
			       (int)type.n, type.p));
}

/* For the browser that asked and kept a secret: a code only it can exchange. */
static err go_with_code(struct req *r, str target, const struct link_used *used)
{
	char code[UUID_TEXT];
	str text = { code, sizeof code };

	uuid_format(uuid_random(), code);
	TRY(db_exec(r->db, &sql_compat_exchange_put, NULL, ARG(used->who.id),
		    ARG(secret_hash(r->arena, text)), ARG(used->challenge),
		    ARG(link_method(used->link))));
	return go(r, target, '?', arena_printf(r->arena, "code=%.*s", UUID_TEXT, code));
}

static err follow(struct req *r, const struct link_query *q, str target)
{
	struct link_used used;

	TRY(taken(link_use(r, r->db, q->type, q->token, &used)));
	TRY(auth_admit(r, &used.who));
	if (used.challenge.p)
		return go_with_code(r, target, &used);
	return go_with_session(r, target, q->type, &used);
}

/* A person follows this in a browser, so every outcome leads on. A mail filter that only asks with HEAD what
 * is behind it uses nothing up. */
static err verify_link(struct req *r)
{
	struct link_query q = { 0 };
	str target;
	err e = req_query(r, &q, NULL);

	target = link_target(r, q.redirect_to);
	if (r->head)
		return go(r, target, '#', S("sb="));
	if (e.info)
		return go_wrong(r, target, e);
	if (!enter_gate(r))
		return go_wrong(r, target, err_unavailable);
	e = follow(r, &q, target);
	return e.info ? go_wrong(r, target, e) : OK;
}

/* ---- GET /reauthenticate ---- */

static err reauthenticate(struct req *r)
{
	struct user u;

	TRY(user_get(r->db, r->arena, r->user.id, &u));
	if (str_empty(u.email))
		return req_fail(r, err_invalid,
				"Reauthentication requires the user to have an email");
	if (!enter_gate(r))
		return err_unavailable;
	TRY(link_send(r, LINK_NONCE, u.id, u.email, (str){ 0 }, &(struct link_wish){ 0 }));
	return reply_nothing(r);
}

#define A "/auth/v1"

const struct route compat_mail_routes[] = {
	{ POST, A "/otp", send_otp, "mail a link and a code to sign in", .auth = AUTH_KEY,
	  .rate = &rate_ask, .query = redirect_fields, .body = ask_form_fields },
	{ POST, A "/magiclink", send_otp, "the same by its older name", .auth = AUTH_KEY,
	  .rate = &rate_ask, .query = redirect_fields, .body = ask_form_fields },
	{ POST, A "/recover", recover, "mail a link and a code for a new password",
	  .auth = AUTH_KEY, .rate = &rate_ask, .query = redirect_fields, .body = ask_form_fields },
	{ POST, A "/resend", resend, "mail the confirmation again", .auth = AUTH_KEY,
	  .rate = &rate_ask, .query = redirect_fields, .body = ask_form_fields },
	{ POST, A "/verify", verify, "a session for a mailed code", .auth = AUTH_KEY,
	  .rate = &rate_verify, .body = verify_form_fields },
	{ GET, A "/reauthenticate", reauthenticate, "mail a code that says it is they who ask",
	  .auth = AUTH_ACCOUNT, .rate = &rate_ask },
	{ GET, A "/verify", verify_link, "the link of a mail", .auth = AUTH_NONE,
	  .rate = &rate_verify, .query = link_query_fields, .status = 303 },
	{ 0 },
};
