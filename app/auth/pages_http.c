/* The pages that mails link to when there is no web app to show them: confirmed, not confirmed, and the form
 * for a new password. Everything works without a script. */
#include "app/auth/auth.h"
#include "app/auth/password.h"

#include "app/pages.h"
#include "lib/web/html.h"

#include <string.h>

static const struct rate rate_page = { "reset_page", 10.0 / 60, 10 };

/* ---- GET /verified, /verify-error ---- */

static err verified(struct req *r)
{
	return page_reply(r, 200, "Your address is confirmed",
			  S("<p>Thank you! You can now log in with the app.</p>\n"));
}

struct reason_query {
	str reason;
};
static const struct field reason_query_fields[] = {
	FIELD(struct reason_query, reason),
	{ 0 },
};

static const struct {
	const char *reason, *text;
} reasons[] = {
	{ "expired", "<p>This link has expired. Log in with the app and ask for a new one.</p>\n" },
	{ "server_error",
	  "<p>Something went wrong on our side. Please try the link again in a minute.</p>\n" },
	{ "",
	  "<p>This link is not valid, or was used already. If you have confirmed your address "
	  "before, just log in with the app.</p>\n" },
};

static err verify_error(struct req *r)
{
	struct reason_query in = { 0 };
	size_t i = 0;

	TRY(req_query(r, &in, NULL));
	while (*reasons[i].reason && !str_eq(in.reason, str_of(reasons[i].reason)))
		i++;
	return page_reply(r, 200, "This did not work", str_of(reasons[i].text));
}

/* ---- GET and POST /reset-password ---- */

struct token_query {
	str token;
};
static const struct field token_query_fields[] = {
	FIELD(struct token_query, token, .max = 128),
	{ 0 },
};

static const char form[] =
	"%.*s<form method=\"post\" action=\"/reset-password\">\n"
	"<input type=\"hidden\" name=\"token\" value=\"%.*s\">\n"
	"<label for=\"new_password\">New password</label>\n"
	"<input id=\"new_password\" name=\"new_password\" type=\"password\" required minlength=\"%d\" "
	"autocomplete=\"new-password\">\n"
	"<label for=\"again\">The same again</label>\n"
	"<input id=\"again\" name=\"again\" type=\"password\" required minlength=\"%d\" "
	"autocomplete=\"new-password\">\n"
	"<button>Set the password</button>\n</form>\n";

/* `problem`: HTML above the form. */
static err show_form(struct req *r, int status, str token, str problem)
{
	str value = html_escape(r->arena, token);

	return page_reply(r, status, "Choose a new password",
			  arena_printf(r->arena, form, (int)problem.n, problem.p, (int)value.n,
				       value.p, RESET_PASSWORD_MIN, RESET_PASSWORD_MIN));
}

static err reset_page(struct req *r)
{
	struct token_query in = { 0 };
	err e = req_query(r, &in, NULL);

	if (e.info || str_empty(in.token))
		return page_reply(r, 400, "This did not work",
				  S("<p>The link is not complete. Please copy all of it.</p>\n"));
	return show_form(r, 200, in.token, S(""));
}

struct reset_page_form {
	str token, new_password, again;
};
static const struct field reset_page_fields[] = {
	FIELD(struct reset_page_form, token, .required = true, .max = 128),
	FIELD(struct reset_page_form, new_password, .required = true, .keep_space = true,
	      .min = RESET_PASSWORD_MIN, .help = "at most 72 bytes"),
	FIELD(struct reset_page_form, again, .required = true, .keep_space = true),
	{ 0 },
};

static err submit(struct req *r, struct reset_page_form *in)
{
	TRY(req_form(r, in, NULL));
	if (!str_eq(in->new_password, in->again))
		return req_fail(r, err_invalid, "The two passwords are not the same");
	return password_reset(r, in->token, in->new_password);
}

/* Mistakes in the form show it again; a link that is no good ends here. */
static err reset_submit(struct req *r)
{
	struct reset_page_form in = { 0 };
	err e = submit(r, &in);
	str text;

	if (!e.info)
		return page_reply(r, 200, "Your password is changed",
				  S("<p>Log in with the app and your new password.</p>\n"));
	text = html_escape(r->arena, str_of(e.info->message));
	text = arena_printf(r->arena, "<p role=\"alert\">%.*s</p>\n", (int)text.n, text.p);
	if (err_is(e, err_invalid) && !str_empty(in.token))
		return show_form(r, 400, in.token, text);
	return page_reply(r, e.info->status, "This did not work", text);
}

const struct route auth_page_routes[] = {
	{ GET, "/verified", verified, "page: the address is confirmed", .auth = AUTH_NONE },
	{ GET, "/verify-error", verify_error, "page: the address could not be confirmed",
	  .auth = AUTH_NONE, .query = reason_query_fields },
	{ GET, "/reset-password", reset_page, "page: form for a new password", .auth = AUTH_NONE,
	  .query = token_query_fields },
	{ POST, "/reset-password", reset_submit, "page: set the new password", .auth = AUTH_NONE,
	  .rate = &rate_page, .body = reset_page_fields, .body_kind = BODY_FORM },
	{ 0 },
};
