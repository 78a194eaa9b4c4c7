/* Leaving, coming back, and being forgotten. */
#include "app/account/account.h"

#include "app/account/account.sql.h"
#include "app/auth/auth.h"
#include "app/links.h"
#include "app/mail/mail.h"
#include "app/pages.h"
#include "lib/base/password.h"
#include "lib/base/rand.h"
#include "lib/web/html.h"

#include <string.h>

#define PURGE_AT_ONCE 20

static const struct rate rate_destroy = { "destroy", 3.0 / 3600, 3 };
static const struct rate rate_page = { "destroy_page", 10.0 / 60, 10 };

static const struct err_info info_already = { 400, "invalid", "the account is deactivated already",
					      NULL };
static const struct err_info info_deleting = { 400, "invalid",
					       "the account is being deleted already", NULL };
static const struct err_info info_not_pending = { 400, "invalid", "no deletion is pending", NULL };

struct status_reply {
	str status;
	usec deletion_scheduled;
};
static const struct field status_fields[] = {
	FIELD(struct status_reply, status),
	FIELD(struct status_reply, deletion_scheduled),
	{ 0 },
};

struct left_reply {
	str message, status, deletion_date;
};
static const struct field left_fields[] = {
	FIELD(struct left_reply, message),
	FIELD(struct left_reply, status),
	FIELD(struct left_reply, deletion_date, .omit_absent = true, .help = "shown as it is"),
	{ 0 },
};

struct left {
	str deletion_date;
};
static const struct field left_row_fields[] = {
	FIELD(struct left, deletion_date),
	{ 0 },
};

struct address {
	str email;
};
static const struct field address_fields[] = {
	FIELD(struct address, email),
	{ 0 },
};

static err get_status(struct req *r)
{
	struct status_reply out;

	TRY(db_one(r->db, &sql_account_status, status_fields, &out, ARG(r->user.id)));
	return reply(r, &out);
}

/* Changes the status to one of leaving, ends all sessions, tells the owner. */
static err leave(struct req *r, str status, enum mail mail, err already, str *ret_date)
{
	struct address to;
	struct left row;

	TRY(db_one(r->db, &sql_account_mail, address_fields, &to, ARG(r->user.id)));
	struct json letter = mail_payload(r->arena, r->app, mail, to.email, (str){ 0 });
	err e = db_one(r->db, &sql_account_leave, left_row_fields, &row, ARG(r->user.id),
		       ARG(status), ARG(letter));
	if (err_is(e, err_not_found))
		return already;
	TRY(e);
	auth_forget(r->user.id);
	jobs_wake();
	*ret_date = row.deletion_date;
	return OK;
}

static err deactivate(struct req *r)
{
	struct left_reply out = { S("account deactivated; log in to come back"),
				  S("deactivated"),
				  { 0 } };
	str date;

	TRY(leave(r, S("deactivated"), MAIL_DEACTIVATED, (err){ &info_already }, &date));
	return reply(r, &out);
}

static err delete_account(struct req *r)
{
	struct left_reply out = { S("account will be deleted; log in within 14 days to keep it"),
				  S("pending_deletion"),
				  { 0 } };

	TRY(leave(r, S("pending_deletion"), MAIL_DELETION, (err){ &info_deleting },
		  &out.deletion_date));
	return reply(r, &out);
}

static err cancel_deletion(struct req *r)
{
	struct left_reply out = { S("deletion cancelled"), S("active"), { 0 } };
	int64_t changed;

	TRY(db_exec(r->db, &sql_account_stay, &changed, ARG(r->user.id)));
	if (!changed)
		return (err){ &info_not_pending };
	auth_forget(r->user.id);
	return reply(r, &out);
}

static err request_destroy(struct req *r)
{
	str token = rand_token(r->arena, 32);
	struct bytes hash = secret_hash(r->arena, token);
	struct address to;

	TRY(db_one(r->db, &sql_account_mail, address_fields, &to, ARG(r->user.id)));
	struct json letter = mail_payload(r->arena, r->app, MAIL_DESTROY, to.email, token);
	TRY(db_exec(r->db, &sql_destroy_request, NULL, ARG(r->user.id), ARG(hash), ARG(letter)));
	jobs_wake();
	return reply_message(r, "we have sent you a mail to confirm");
}

/* ---- the page behind the mail's link: nothing happens by opening it ---- */

struct token_query {
	str token;
};
static const struct field token_query_fields[] = {
	FIELD(struct token_query, token, .max = 128),
	{ 0 },
};

static const char form[] =
	"%s<p>Everything you have written, your profile and all that belongs to it will be removed at once "
	"and for ever.</p>\n"
	"<form method=\"post\" action=\"/api/v1/account/destroy/confirm\">\n"
	"<input type=\"hidden\" name=\"token\" value=\"%.*s\">\n"
	"<label for=\"password\">Your password</label>\n"
	"<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\">\n"
	"<button>Delete my account</button>\n</form>\n";

static err show_form(struct req *r, int status, str token, const char *problem)
{
	str value = html_escape(r->arena, token);

	return page_reply(r, status, "Delete your account",
			  arena_printf(r->arena, form, problem, (int)value.n, value.p));
}

static err to_error(struct req *r, const char *reason)
{
	str app = link_app(r->arena, r->app);

	return reply_redirect(r,
			      arena_printf(r->arena, "%.*s/verify-error?reason=%s", (int)app.n,
					   app.p, reason));
}

struct destroy_row {
	uuid user_id;
	str password, state;
};
static const struct field destroy_row_fields[] = {
	FIELD(struct destroy_row, user_id),
	FIELD(struct destroy_row, password),
	FIELD(struct destroy_row, state),
	{ 0 },
};

static err find_link(struct req *r, str token, struct destroy_row *out)
{
	struct bytes hash = secret_hash(r->arena, token);

	return db_one(r->db, &sql_destroy_find, destroy_row_fields, out, ARG(hash));
}

static err show_confirm(struct req *r)
{
	struct token_query q;
	struct destroy_row row;

	TRY(req_query(r, &q, NULL));
	if (str_empty(q.token))
		return req_fail(r, err_invalid, "token is required");
	err e = find_link(r, q.token, &row);
	if (err_is(e, err_not_found))
		return to_error(r, "invalid");
	TRY(e);
	return str_eq(row.state, S("valid")) ? show_form(r, 200, q.token, "")
					     : to_error(r, "expired");
}

struct check {
	str password, hash;
	bool right;
	err e;
};

/* On a worker: the hash is slow on purpose. */
static void run_check(void *arg)
{
	struct check *c = arg;

	c->e = password_check(c->password, c->hash, &c->right);
}

/* An account without a password has proven itself by the mail. */
static err check_owner(struct req *r, str password, str hash, bool *ret_right)
{
	struct check c = { .password = password.p ? password : S(""), .hash = hash };

	*ret_right = true;
	if (str_empty(hash))
		return OK;
	TRY(offload_run(r->app->offload, run_check, &c));
	TRY(c.e);
	*ret_right = c.right;
	return OK;
}

/* What others' counters owe, then the account, as one. */
err account_purge(struct db *db, uuid user)
{
	struct db *tx;

	TRY(db_begin(db, &tx));
	TRY(db_exec(tx, &sql_account_uncount, NULL, ARG(user)));
	TRY(db_exec(tx, &sql_account_uncount_saves, NULL, ARG(user)));
	TRY(db_exec(tx, &sql_account_uncount_reactions, NULL, ARG(user)));
	TRY(db_exec(tx, &sql_account_uncount_answers, NULL, ARG(user)));
	TRY(db_exec(tx, &sql_account_uncount_tags, NULL, ARG(user)));
	TRY(db_exec(tx, &sql_account_purge, NULL, ARG(user)));
	TRY(db_commit(tx));
	auth_forget(user);
	return OK;
}

struct confirm_form {
	str token, password;
};
static const struct field confirm_fields[] = {
	FIELD(struct confirm_form, token, .required = true, .max = 128),
	FIELD(struct confirm_form, password, .max = 1024, .keep_space = true),
	{ 0 },
};

static err confirm(struct req *r)
{
	struct confirm_form in;
	struct destroy_row row;
	bool right;

	TRY(req_form(r, &in, NULL));
	err e = find_link(r, in.token, &row);
	if (err_is(e, err_not_found))
		return to_error(r, "invalid");
	TRY(e);
	if (!str_eq(row.state, S("valid")))
		return to_error(r, "expired");
	TRY(check_owner(r, in.password, row.password, &right));
	if (!right)
		return show_form(r, 403, in.token,
				 "<p role=\"alert\">That is not your password.</p>\n");
	TRY(account_purge(r->db, row.user_id));
	str app = link_app(r->arena, r->app);
	return reply_redirect(r, arena_printf(r->arena, "%.*s/destroyed", (int)app.n, app.p));
}

static err destroyed(struct req *r)
{
	return page_reply(
		r, 200, "Your account is gone",
		S("<p>Everything that belonged to it has been removed. Take care!</p>\n"));
}

struct due {
	uuid id;
};
static const struct field due_fields[] = {
	FIELD(struct due, id),
	{ 0 },
};

err account_purge_due(struct job *j)
{
	int32_t most = PURGE_AT_ONCE;
	struct list due;

	do {
		TRY(db_list(j->db, &sql_accounts_due, due_fields, sizeof(struct due), &due,
			    ARG(most)));
		for (size_t i = 0; i < due.n; i++)
			TRY(account_purge(j->db, ((struct due *)due.v)[i].id));
	} while (due.n == PURGE_AT_ONCE);
	return OK;
}

#define A "/api/v1/account"

const struct route account_routes[] = {
	{ GET, A "/status", get_status, "the account's state", .auth = AUTH_ACCOUNT,
	  .out = status_fields },
	{ POST, A "/deactivate", deactivate, "hide the account until the next sign-in",
	  .auth = AUTH_ACCOUNT, .out = left_fields, .errors = "400" },
	{ DELETE, A, delete_account, "delete the account in 14 days", .auth = AUTH_ACCOUNT,
	  .out = left_fields, .errors = "400" },
	{ POST, A "/cancel-deletion", cancel_deletion, "keep the account after all",
	  .auth = AUTH_ACCOUNT, .out = left_fields, .errors = "400" },
	{ POST, A "/destroy", request_destroy, "ask for a mail that deletes the account at once",
	  .auth = AUTH_ACCOUNT, .rate = &rate_destroy, .out = message_fields },
	{ GET, A "/destroy/confirm", show_confirm, "the page behind that mail's link",
	  .auth = AUTH_NONE, .status = 302, .rate = &rate_page, .query = token_query_fields,
	  .errors = "400" },
	{ POST, A "/destroy/confirm", confirm, "delete the account at once", .auth = AUTH_NONE,
	  .rate = &rate_page, .body = confirm_fields, .body_kind = BODY_FORM, .errors = "403" },
	{ GET, "/destroyed", destroyed, "the account is gone", .auth = AUTH_NONE },
	{ 0 },
};
