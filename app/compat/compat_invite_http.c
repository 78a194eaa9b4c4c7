/* Supabase Auth: accounts that whoever has the service key invites, and links that he hands over himself. */
#include "app/compat/compat_http.h"
#include "app/compat/key.h"
#include "app/compat/link.h"

static const struct err_info infos[] = {
	{ 404, "user_not_found", "User with this email not found", NULL },
	{ 404, "mfa_factor_not_found", "Factor not found", NULL },
};
static const err err_no_user = { &infos[0] };
static const err err_no_factor = { &infos[1] };

struct invite_form {
	str type, email, new_email, password, redirect_to;
	struct json data;
};
static const struct field invite_form_fields[] = {
	FIELD(struct invite_form, type,
	      .one_of = "signup|invite|magiclink|recovery|email_change_new|email_change_current"),
	FIELD(struct invite_form, email, .required = true, .max = 320),
	FIELD(struct invite_form, new_email, .max = 320),
	FIELD(struct invite_form, password, .keep_space = true, .max = 1024),
	FIELD(struct invite_form, redirect_to, .max = 2048),
	FIELD(struct invite_form, data),
	{ 0 },
};

static err valid_email(struct req *r, str *email)
{
	return auth_email(r, *email, email).info
		? req_fail(r, err_invalid, "Unable to validate email address: invalid format")
		: OK;
}

/* Who is asked about; nobody, when nobody has the address. */
static err read_form(struct req *r, struct invite_form *in, struct link_wish *w,
		     struct candidate *who)
{
	TRY(key_of_service(r));
	TRY(req_body(r, in, NULL));
	TRY(valid_email(r, &in->email));
	*w = (struct link_wish){ .redirect_to = in->redirect_to };
	if (str_empty(w->redirect_to))
		TRY(compat_redirect(r, &w->redirect_to));
	return auth_find(r, in->email, who);
}

/* An account that waits for its link; one that waits already is the same. */
static err make_account(struct req *r, const struct invite_form *in, struct candidate *who)
{
	struct user_new n = { .email = in->email,
			      .password = S(""),
			      .user_metadata = compat_object(in->data) };
	bool taken;

	if (!uuid_is_nil(who->id))
		return str_eq(who->status, S("pending")) ? OK : err_email_exists;
	if (!str_empty(in->password)) {
		TRY(compat_password(r, "", in->password));
		TRY(auth_hash_password(r, in->password, &n.password));
	}
	TRY(compat_add(r, &n, &taken));
	return auth_find(r, in->email, who);
}

/* ---- POST /invite ---- */

static err invite(struct req *r)
{
	struct invite_form in;
	struct link_wish w;
	struct candidate who;
	struct user u;

	TRY(read_form(r, &in, &w, &who));
	TRY(make_account(r, &in, &who));
	TRY(link_send(r, LINK_INVITE, who.id, who.email, (str){ 0 }, &w));
	TRY(user_get(r->db, r->arena, who.id, &u));
	return reply(r, &u);
}

/* ---- POST /admin/generate_link ---- */

/* Which link it is to be, and the account it is for, made when the type says so. */
static err prepare(struct req *r, struct invite_form *in, struct candidate *who,
		   enum link *ret_link)
{
	bool is_signup = str_eq(in->type, S("signup"));

	if (str_eq(in->type, S("email_change_current")))
		return req_fail(
			r, err_invalid,
			"A change of address is confirmed by the new one alone: email_change_new");
	if (is_signup && str_empty(in->password))
		return req_fail(r, err_invalid, "Signup requires a valid password");
	*ret_link = is_signup				  ? LINK_SIGNUP
		: str_eq(in->type, S("invite"))		  ? LINK_INVITE
		: str_eq(in->type, S("recovery"))	  ? LINK_RECOVERY
		: str_eq(in->type, S("email_change_new")) ? LINK_EMAIL_CHANGE
							  : LINK_MAGICLINK;
	if (*ret_link == LINK_SIGNUP || *ret_link == LINK_INVITE
	    || (*ret_link == LINK_MAGICLINK && uuid_is_nil(who->id)))
		return make_account(r, in, who);
	return uuid_is_nil(who->id) ? err_no_user : OK;
}

/* Of a change: the new address, which nobody may have. */
static err check_new(struct req *r, enum link link, str *email)
{
	struct candidate other;

	if (link != LINK_EMAIL_CHANGE) {
		*email = (str){ 0 };
		return OK;
	}
	TRY(valid_email(r, email));
	TRY(auth_find(r, *email, &other));
	return uuid_is_nil(other.id) ? OK : err_email_exists;
}

static void member(struct json_writer *w, const char *name, str value)
{
	json_key(w, str_of(name));
	json_str(w, value);
}

static err reply_link(struct req *r, uuid id, str type, const struct link_made *m)
{
	struct json_writer w;
	struct user u;

	TRY(user_get(r->db, r->arena, id, &u));
	json_init(&w, r->arena, 2048);
	json_object_begin(&w);
	json_members(&w, user_fields, &u);
	member(&w, "action_link", m->address);
	member(&w, "email_otp", m->code);
	member(&w, "hashed_token", m->token);
	member(&w, "verification_type", type);
	member(&w, "redirect_to", m->target);
	json_object_end(&w);
	reply_header(r, "Cache-Control", S("no-store"));
	return reply_text(r, 200, "application/json; charset=utf-8", json_text(&w));
}

static err generate_link(struct req *r)
{
	struct invite_form in;
	struct link_wish w;
	struct candidate who;
	struct link_made made;
	enum link link = LINK_MAGICLINK;

	TRY(read_form(r, &in, &w, &who));
	if (str_empty(in.type))
		return req_fail(
			r, err_invalid,
			"type must be one of signup, invite, magiclink, recovery, email_change_new");
	TRY(prepare(r, &in, &who, &link));
	TRY(check_new(r, link, &in.new_email));
	TRY(link_make(r, link, who.id, who.email, in.new_email, &w, &made));
	return reply_link(r, who.id, in.type, &made);
}

/* ---- /admin/users/:id/factors ---- */

static err account_of(struct req *r, struct user *out)
{
	uuid id;
	err e;

	TRY(key_of_service(r));
	if (!uuid_parse(req_param(r, "id"), &id))
		return req_fail(r, err_invalid, "user_id must be an UUID");
	e = user_get(r->db, r->arena, id, out);
	return err_is(e, err_not_found) ? err_no_user : e;
}

static err list_factors(struct req *r)
{
	struct json_writer w;
	struct user u;

	TRY(account_of(r, &u));
	json_init(&w, r->arena, 512);
	json_records(&w, user_factor_fields, &u.factors);
	return reply_text(r, 200, "application/json; charset=utf-8", json_text(&w));
}

struct removed {
	uuid id;
};
static const struct field removed_fields[] = {
	FIELD(struct removed, id),
	{ 0 },
};

static err delete_factor(struct req *r)
{
	struct removed out;
	struct user u;
	err e;

	TRY(account_of(r, &u));
	if (!uuid_parse(req_param(r, "factor"), &out.id))
		return req_fail(r, err_invalid, "factor_id must be an UUID");
	e = auth_factor_remove(r, u.id, out.id);
	if (err_is(e, err_not_found))
		return err_no_factor;
	TRY(e);
	return reply(r, &out);
}

#define A "/auth/v1"

const struct route compat_invite_routes[] = {
	{ POST, A "/invite", invite, "invite somebody by mail", .auth = AUTH_KEY,
	  .query = redirect_fields, .body = invite_form_fields, .out = user_fields },
	{ POST, A "/admin/generate_link", generate_link, "a link as a mail would have it",
	  .auth = AUTH_KEY, .query = redirect_fields, .body = invite_form_fields },
	{ GET, A "/admin/users/:id/factors", list_factors, "second factors of an account",
	  .auth = AUTH_KEY },
	{ DELETE, A "/admin/users/:id/factors/:factor", delete_factor,
	  "remove somebody's second factor", .auth = AUTH_KEY, .out = removed_fields },
	{ 0 },
};
