/* Passwords that are forgotten, reset and changed. */
#include "app/auth/auth.h"
#include "app/auth/auth_db.h"
#include "app/auth/password.h"
#include "app/auth/rules.h"

#include "app/mail/mail.h"

static const struct rate rate_forgot = { "forgot", 3.0 / 3600, 3 };
static const struct rate rate_reset = { "reset", 10.0 / 60, 10 };
static const struct rate rate_change = { "change_password", 5.0 / 60, 5 };

static const struct err_info infos[] = {
	{ 404, "reset_unknown", "This reset link is not valid, or was used already", NULL },
	{ 400, "reset_expired", "This reset link has expired", NULL },
	{ 403, "wrong_password", "The current password is wrong", NULL },
	{ 422, "same_password", "New password should be different from the old password.",
	  "password" },
};
static const err err_reset_unknown = { &infos[0] };
static const err err_reset_expired = { &infos[1] };
static const err err_wrong_password = { &infos[2] };
const err err_same_password = { &infos[3] };

/* ---- POST /auth/forgot-password ---- */

struct forgot_form {
	str email;
};
static const struct field forgot_form_fields[] = {
	FIELD(struct forgot_form, email, .required = true, .max = 320),
	{ 0 },
};

/* The same answer, and the same work, whoever has the address. */
static err forgot_password(struct req *r)
{
	struct secret token = secret_new(r->arena);
	struct forgot_form in = { 0 };
	str email;

	TRY(req_body(r, &in, NULL));
	email = email_key(r->arena, in.email);
	TRY(req_limit(r, &rate_forgot, email));
	TRY(reset_request(r->db, email, token.hash,
			  mail_payload(r->arena, r->app, MAIL_RESET, email, token.text)));
	jobs_wake();
	return reply_message(r, "If this address has an account, a link is on its way");
}

/* ---- POST /auth/reset-password ---- */

struct reset_form {
	str token, new_password;
};
static const struct field reset_form_fields[] = {
	FIELD(struct reset_form, token, .required = true, .max = 128),
	FIELD(struct reset_form, new_password, .required = true, .keep_space = true,
	      .min = RESET_PASSWORD_MIN, .help = "at most 72 bytes"),
	{ 0 },
};

static err unknown(err e)
{
	return err_is(e, err_not_found) ? err_reset_unknown : e;
}

/* After a commit: the account looks different now, and a mail waits. */
static void announce(uuid user)
{
	auth_forget(user);
	jobs_wake();
}

err password_reset(struct req *r, str token, str new_password)
{
	struct bytes key = secret_hash(r->arena, token);
	struct owner owner;
	bool expired;
	struct db *tx;
	str hash;

	TRY(check_new_password(r, "new_password", new_password));
	TRY(unknown(reset_find(r->db, key, &expired)));
	if (expired)
		return err_reset_expired;
	TRY(password_make_hash(r, new_password, &hash));
	TRY(db_begin(r->db, &tx));
	TRY(unknown(reset_use(tx, key, hash, &owner)));
	TRY(access_end(tx, owner.user, (uuid){ 0 },
		       mail_payload(r->arena, r->app, MAIL_PASSWORD_CHANGED, owner.email,
				    (str){ 0 })));
	TRY(db_commit(tx));
	announce(owner.user);
	return OK;
}

static err reset_password(struct req *r)
{
	struct reset_form in = { 0 };

	TRY(req_body(r, &in, NULL));
	TRY(password_reset(r, in.token, in.new_password));
	return reply_message(r, "Your password has been reset");
}

/* ---- POST /auth/change-password ---- */

struct change_form {
	str old_password, new_password;
};
static const struct field change_form_fields[] = {
	FIELD(struct change_form, old_password, .required = true, .keep_space = true, .max = 1024,
	      .alias = "current_password"),
	FIELD(struct change_form, new_password, .required = true, .keep_space = true,
	      .min = RESET_PASSWORD_MIN, .help = "at most 72 bytes"),
	{ 0 },
};

static err store_change(struct req *r, const struct owner *o, str old, str hash, uuid but_session)
{
	int64_t changed;
	struct db *tx;

	TRY(db_begin(r->db, &tx));
	TRY(password_change(tx, o->user, old, hash, &changed));
	if (!changed)
		return err_wrong_password; /* it is another by now */
	TRY(access_end(tx, o->user, but_session,
		       mail_payload(r->arena, r->app, MAIL_PASSWORD_CHANGED, o->email,
				    (str){ 0 })));
	TRY(db_commit(tx));
	announce(o->user);
	return OK;
}

err auth_set_password(struct req *r, uuid user, uuid but_session, str password)
{
	struct factor f;
	bool same;
	str hash;

	TRY(check_new_password(r, "password", password));
	TRY(factor_get(r->db, user, &f));
	TRY(password_is_right(r, password, f.password, &same));
	if (same)
		return err_same_password;
	TRY(password_make_hash(r, password, &hash));
	return store_change(r, &(struct owner){ user, f.email }, f.password, hash, but_session);
}

/* This session stays, all others end. */
static err change_password(struct req *r)
{
	struct change_form in = { 0 };
	struct factor f;
	bool right;
	str hash;

	TRY(req_body(r, &in, NULL));
	TRY(check_new_password(r, "new_password", in.new_password));
	TRY(factor_get(r->db, r->user.id, &f));
	TRY(password_is_right(r, in.old_password, f.password, &right));
	if (!right)
		return err_wrong_password;
	TRY(password_make_hash(r, in.new_password, &hash));
	TRY(store_change(r, &(struct owner){ r->user.id, f.email }, f.password, hash,
			 r->user.session));
	return reply_message(r, "Your password has been changed");
}

const struct route auth_password_routes[] = {
	{ POST, "/api/v1/auth/forgot-password", forgot_password, "mail a link to reset a password",
	  .auth = AUTH_NONE, .rate = &rate_reset, .body = forgot_form_fields,
	  .out = message_fields },
	{ POST, "/api/v1/auth/reset-password", reset_password,
	  "set a new password by the link of the mail", .auth = AUTH_NONE, .rate = &rate_reset,
	  .body = reset_form_fields, .out = message_fields, .errors = "404" },
	{ POST, "/api/v1/auth/change-password", change_password, "change the password",
	  .rate = &rate_change, .body = change_form_fields, .out = message_fields,
	  .errors = "403" },
	{ 0 },
};
