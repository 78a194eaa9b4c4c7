/* Signing up: the challenge, the account, the confirmation of its address, the end of the onboarding. */
#include "app/auth/altcha.h"
#include "app/auth/auth.h"
#include "app/auth/auth_db.h"
#include "app/auth/rules.h"

#include "app/links.h"
#include "app/mail/mail.h"
#include "app/moderation/moderation.h"
#include "app/profiles/profiles.h"

static const struct rate rate_signup = { "signup", 5.0 / 3600, 5 };
static const struct rate rate_resend = { "resend", 3.0 / 3600, 3 };
static const struct rate rate_links = { "links", 20.0 / 60, 20 };

/* ---- POST /auth/register ---- */

struct signup_form {
	str email, password, handle, display_name, altcha_token;
	bool accept_terms, accept_privacy, email_newsletter, email_contact;
	int32_t birth_month, birth_year;
};

static const struct field signup_form_fields[] = {
	FIELD(struct signup_form, email, .required = true, .max = 254),
	FIELD(struct signup_form, password, .required = true, .keep_space = true, .min = 6,
	      .help = "at most 72 bytes"),
	FIELD(struct signup_form, handle, .required = true, .min = 3, .max = 30,
	      .help = "a-z 0-9 _ and single dots inside; stored in lower case"),
	FIELD(struct signup_form, display_name, .required = true, .min = 1, .max = 50),
	FIELD(struct signup_form, altcha_token,
	      .help = "the solved challenge, where it is required"),
	FIELD(struct signup_form, accept_terms, .required = true),
	FIELD(struct signup_form, accept_privacy, .required = true),
	FIELD(struct signup_form, email_newsletter),
	FIELD(struct signup_form, email_contact),
	FIELD(struct signup_form, birth_month, .required = true, .has_range = true, .min = 1,
	      .max = 12),
	FIELD(struct signup_form, birth_year, .required = true, .has_range = true, .min = 1900,
	      .max = 9999),
	{ 0 },
};

struct signed_up {
	str message, state, email;
};
static const struct field signed_up_fields[] = {
	FIELD(struct signed_up, message, .required = true),
	FIELD(struct signed_up, state),
	FIELD(struct signed_up, email, .required = true),
	{ 0 },
};

static err must_accept(struct req *r, const char *field, bool accepted)
{
	if (accepted)
		return OK;
	return err_detail(r->arena, err_invalid, field, "%s must be true", field);
}

/* What the field table cannot say. */
static err check_form(struct req *r, struct signup_form *in)
{
	TRY(auth_email(r, in->email, &in->email));
	TRY(check_new_password(r, "password", in->password));
	TRY(must_accept(r, "accept_terms", in->accept_terms));
	TRY(must_accept(r, "accept_privacy", in->accept_privacy));
	if (in->birth_year > year_of(time_now()))
		return err_detail(r->arena, err_invalid, "birth_year",
				  "birth_year must not be in the future");
	return OK;
}

static err check_name(struct req *r, const char *field, str name)
{
	struct verdict v = moderation_check(r->arena, name);

	if (!v.blocked.p)
		return OK;
	return err_detail(r->arena, err_invalid, field, "%s isn't allowed on Sojorn", field);
}

/* In the order of the contract. Nothing is stored before the last of them has passed. */
static err check_obstacles(struct req *r, struct signup_form *in)
{
	str handle = arena_lower(r->arena, in->handle);
	struct obstacles o;

	TRY(signup_check(r->db, in->email, handle, r->client, &o));
	if (o.banned_ip)
		return err_banned_ip;
	if (is_minor(in->birth_month, in->birth_year, time_now()))
		return err_age_restricted;
	if (o.reserved)
		return err_handle_reserved;
	TRY(profiles_handle(r->arena, in->handle, &in->handle));
	TRY(check_name(r, "handle", in->handle));
	TRY(check_name(r, "display_name", in->display_name));
	if (o.email_taken)
		return err_email_taken;
	return o.handle_taken ? err_handle_taken : OK;
}

static err store(struct req *r, const struct signup_form *in)
{
	struct secret token = secret_new(r->arena);
	struct new_account n = {
		.id = uuid_random(),
		.email = in->email,
		.handle = in->handle,
		.display_name = in->display_name,
		.birth_month = in->birth_month,
		.birth_year = in->birth_year,
		.email_newsletter = in->email_newsletter,
		.email_contact = in->email_contact,
	};

	TRY(password_make_hash(r, in->password, &n.password));
	TRY(signup(r->db, &n, token.hash,
		   mail_payload(r->arena, r->app, MAIL_VERIFY, n.email, token.text)));
	jobs_wake();
	return OK;
}

static err register_account(struct req *r)
{
	struct signup_form in = { 0 };
	struct signed_up out;

	TRY(req_body(r, &in, NULL));
	TRY(check_form(r, &in));
	TRY(req_limit(r, &rate_signup, r->client));
	TRY(altcha_check(r, in.altcha_token));
	TRY(check_obstacles(r, &in));
	TRY(store(r, &in));
	out = (struct signed_up){
		.message = S("Registration successful. Please check your e-mail to verify your "
			     "account."),
		.state = S("verification_pending"),
		.email = in.email,
	};
	return reply(r, &out);
}

/* ---- POST /auth/resend-verification ---- */

struct address_form {
	str email;
};
static const struct field address_form_fields[] = {
	FIELD(struct address_form, email, .required = true, .max = 320),
	{ 0 },
};

struct resent {
	str message, state;
};
static const struct field resent_fields[] = {
	FIELD(struct resent, message, .required = true),
	FIELD(struct resent, state),
	{ 0 },
};

/* The same answer, and the same work, whoever has the address. */
static err resend_verification(struct req *r)
{
	struct secret token = secret_new(r->arena);
	struct address_form in = { 0 };
	struct resent out = {
		S("If this address waits for its confirmation, a new link is on its way"),
		S("verification_pending")
	};
	str email;

	TRY(req_body(r, &in, NULL));
	email = email_key(r->arena, in.email);
	TRY(req_limit(r, &rate_resend, email));
	TRY(verification_renew(r->db, email, token.hash,
			       mail_payload(r->arena, r->app, MAIL_VERIFY, email, token.text)));
	jobs_wake();
	return reply(r, &out);
}

/* ---- GET /auth/verify ---- */

struct link_query {
	str token;
};
static const struct field link_query_fields[] = {
	FIELD(struct link_query, token, .max = 128),
	{ 0 },
};

/* The outcome as the end of the page's address. */
static const char *verify_link(struct req *r, str token)
{
	struct verified found;
	err e = email_verify(r->db, secret_hash(r->arena, token), &found);

	if (err_is(e, err_not_found))
		return "/verify-error?reason=invalid_token";
	if (e.info)
		return "/verify-error?reason=server_error";
	if (found.expired)
		return "/verify-error?reason=expired";
	auth_forget(found.user);
	return "/verified?status=success";
}

/* A person follows this link in a browser, so every outcome is a page. A mail filter that only asks with HEAD
 * what is behind it uses nothing up. */
static err verify(struct req *r)
{
	struct link_query in = { 0 };
	str base = link_app(r->arena, r->app);
	err e = req_query(r, &in, NULL);

	if (e.info || !in.token.p)
		in.token = S("");
	reply_header(r, "Cache-Control", S("no-store"));
	reply_header(r, "Referrer-Policy", S("no-referrer"));
	return reply_redirect(r,
			      arena_printf(r->arena, "%.*s%s", (int)base.n, base.p,
					   r->head ? "/verified" : verify_link(r, in.token)));
}

/* ---- the rest ---- */

static err altcha_challenge(struct req *r)
{
	struct challenge c;

	altcha_new(r, &c);
	reply_header(r, "Cache-Control", S("no-store"));
	return reply(r, &c);
}

static err complete_onboarding(struct req *r)
{
	int64_t found;

	TRY(onboarding_complete(r->db, r->user.id, &found));
	return found ? reply_message(r, "Onboarding complete") : err_profile_not_found;
}

const struct route auth_signup_routes[] = {
	{ POST, "/api/v1/auth/register", register_account,
	  "create an account, to be confirmed by mail", .auth = AUTH_NONE,
	  .body = signup_form_fields, .out = signed_up_fields, .status = 201, .errors = "403 409" },
	{ POST, "/api/v1/auth/signup", register_account, "the same as /auth/register",
	  .auth = AUTH_NONE, .body = signup_form_fields, .out = signed_up_fields, .status = 201,
	  .errors = "403 409" },
	{ POST, "/api/v1/auth/resend-verification", resend_verification,
	  "mail a new link to confirm an address", .auth = AUTH_NONE, .rate = &rate_links,
	  .body = address_form_fields, .out = resent_fields },
	{ GET, "/api/v1/auth/verify", verify, "confirm an address: the link of the mail",
	  .auth = AUTH_NONE, .writes = true, .rate = &rate_links, .query = link_query_fields,
	  .status = 302 },
	{ GET, "/api/v1/auth/altcha-challenge", altcha_challenge, "a proof-of-work challenge",
	  .auth = AUTH_NONE, .out = challenge_fields },
	{ POST, "/api/v1/complete-onboarding", complete_onboarding, "end the onboarding",
	  .out = message_fields, .errors = "404" },
	{ 0 },
};
