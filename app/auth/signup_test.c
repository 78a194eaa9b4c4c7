/* Signing up and confirming the address, over HTTP and by the links of real mails. */
#include "test/harness/harness.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- helpers ---- */

struct form {
	const char *email, *password, *handle, *display_name, *birth_year, *birth_month, *terms;
};

/* A proper registration of somebody new; members that are set replace its own. */
static const struct t_reply *sign_up(struct form *f)
{
	const char *handle = t_unique("ann");

	f->handle = f->handle ? f->handle : handle;
	f->email = f->email ? f->email : t_fmt("%s@example.com", handle);
	f->password = f->password ? f->password : T_PASSWORD;
	f->display_name = f->display_name ? f->display_name : "Ann Ü";
	f->birth_year = f->birth_year ? f->birth_year : "1990";
	f->birth_month = f->birth_month ? f->birth_month : "4";
	f->terms = f->terms ? f->terms : "true";
	return t_post_json(
		NULL, "/api/v1/auth/register",
		"{'email': %s, 'password': %s, 'handle': %s, 'display_name': %s,"
		" 'birth_month': %s, 'birth_year': %s, 'accept_terms': %s,"
		" 'accept_privacy': true, 'email_newsletter': true, 'altcha_token': 'x'}",
		t_quote(f->email), t_quote(f->password), t_quote(f->handle),
		t_quote(f->display_name), f->birth_month, f->birth_year, f->terms);
}

static const struct t_reply *login(const struct form *f)
{
	return t_post_json(NULL, "/api/v1/auth/login", "{'email': %s, 'password': %s}",
			   t_quote(f->email), t_quote(f->password));
}

/* The token of a mail's link that has this path. */
static const char *token_of(const char *mail, const char *path)
{
	const char *at = strstr(mail, path);

	if (!at)
		t_fail("no link %s in %s", path, mail);
	at += strlen(path);
	return t_fmt("%.*s",
		     (int)strspn(at,
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				 "0123456789-_"),
		     at);
}

static const char *mailed_token(const char *address)
{
	return token_of(t_mail(address), "https://api.sojorn.test/api/v1/auth/verify?token=");
}

static void leads_to(const char *location, const char *token)
{
	const struct t_reply *r = EXPECT(302, t_get(NULL, "/api/v1/auth/verify?token=%s", token));

	EXPECT_HEADER(location, r, "Location");
}

static const char *user_id(const struct form *f)
{
	return t_sql("SELECT id FROM users WHERE email = lower(%s)", t_lit(f->email));
}

/* ---- register ---- */

TEST(register_makes_an_account_that_waits_for_its_mail)
{
	struct form f = { 0 };
	const struct t_reply *r = EXPECT(201, sign_up(&f));
	const char *id = user_id(&f);

	EXPECT_STR("verification_pending", r, "state");
	EXPECT_STR(f.email, r, "email");
	EXPECT_TRUE(t_json(r, "message"));
	EXPECT_NONE(r, "access_token");
	EXPECT_CSTR("pending", t_sql("SELECT status FROM users WHERE id = '%s'", id));
	EXPECT_EQ(1, t_sql_int("SELECT email_newsletter::int FROM users WHERE id = '%s'", id));
	EXPECT_TRUE(strncmp(t_sql("SELECT encrypted_password FROM users WHERE id = '%s'", id),
			    "$2b$10$", 7)
		    == 0);
	EXPECT_CSTR(f.handle, t_sql("SELECT handle FROM profiles WHERE id = '%s'", id));
	EXPECT_CSTR("Ann Ü", t_sql("SELECT display_name FROM profiles WHERE id = '%s'", id));
	EXPECT_CSTR(
		"1990-4",
		t_sql("SELECT birth_year || '-' || birth_month FROM profile_private WHERE user_id = '%s'",
		      id));
	EXPECT_CSTR(
		"50 new",
		t_sql("SELECT harmony_score || ' ' || tier FROM trust_state WHERE user_id = '%s'",
		      id));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM user_settings WHERE user_id = '%s'", id));
}

/* From the first form to the first look at one's own profile, by the mail's own link. */
TEST(the_link_of_the_mail_makes_it_active)
{
	struct form f = { 0 };
	const struct t_reply *r;
	struct t_user ann;
	const char *mail, *token;

	EXPECT(201, sign_up(&f));
	EXPECT_CODE("verify_email", EXPECT(401, login(&f)));
	mail = t_mail(f.email);
	EXPECT_TRUE(strstr(mail, t_fmt("\r\nTo: %s\r\n", f.email)));
	EXPECT_TRUE(strstr(mail, "\r\nContent-Type: multipart/alternative; boundary="));
	token = token_of(mail, "https://api.sojorn.test/api/v1/auth/verify?token=");
	EXPECT_EQ(43, strlen(token));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM one_time_tokens WHERE token_hash = '%s'::bytea",
			    token));

	leads_to("https://app.sojorn.test/verified?status=success", token);
	r = EXPECT(200, login(&f));
	EXPECT_BOOL(false, r, "profile.has_completed_onboarding");
	ann.token = t_json(r, "access_token");
	EXPECT(200, t_post(&ann, "/api/v1/complete-onboarding"));
	EXPECT_BOOL(true, EXPECT(200, t_get(&ann, "/api/v1/profile")),
		    "profile.has_completed_onboarding");
	EXPECT_EQ(
		1,
		t_sql_int("SELECT (email_verified_at IS NOT NULL)::int FROM users WHERE id = '%s'",
			  user_id(&f)));
	EXPECT_EQ(1, t_sql_int("SELECT is_live::int FROM profiles WHERE id = '%s'", user_id(&f)));
}

TEST(the_mail_goes_by_smtp_too)
{
	const char *port = t_fmt("SMTP_PORT=%d", t_smtp_start());
	struct form f = { 0 };
	const char *mail;

	t_server_start("MAIL_DIR=", "SMTP_HOST=127.0.0.1", port,
		       "SMTP_FROM=Sojorn <hello@sojorn.test>");
	EXPECT(201, sign_up(&f));
	mail = t_mail(f.email);
	EXPECT_TRUE(strstr(mail, "Return-Path: <hello@sojorn.test>\r\n"));
	leads_to("https://app.sojorn.test/verified?status=success",
		 token_of(mail, "https://api.sojorn.test/api/v1/auth/verify?token="));
	EXPECT(200, login(&f));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM outbox"));
}

TEST(signup_is_the_same_as_register)
{
	const char *name = t_unique("ann");

	EXPECT(201,
	       t_post_json(NULL, "/api/v1/auth/signup",
			   "{'email': '%s@example.com', 'password': '" T_PASSWORD
			   "', 'handle': '%s',"
			   " 'display_name': 'Ann', 'birth_month': 1, 'birth_year': 1990,"
			   " 'accept_terms': true, 'accept_privacy': true}",
			   name, name));
}

static void refused(int status, const char *code, struct form f)
{
	EXPECT_CODE(code, EXPECT(status, sign_up(&f)));
	EXPECT_NULL(user_id(&f));
}

TEST(register_checks_every_member)
{
	refused(400, "invalid", (struct form){ .email = "no address" });
	refused(400, "invalid", (struct form){ .email = "a@b" });
	refused(400, "invalid", (struct form){ .email = "a\r\nRCPT TO:<b@c.de>@b.c" });
	refused(400, "invalid", (struct form){ .password = "short" });
	refused(400, "invalid", (struct form){ .password = t_repeat("x", 73) });
	refused(400, "invalid", (struct form){ .handle = "ab" });
	refused(400, "invalid", (struct form){ .handle = t_repeat("a", 31) });
	refused(400, "invalid", (struct form){ .handle = "two words" });
	refused(400, "invalid", (struct form){ .handle = ".ann" });
	refused(400, "invalid", (struct form){ .handle = "an..n" });
	refused(400, "invalid", (struct form){ .display_name = "" });
	refused(400, "invalid", (struct form){ .display_name = t_repeat("ü", 51) });
	refused(400, "invalid", (struct form){ .birth_month = "13" });
	refused(400, "invalid", (struct form){ .birth_month = "0" });
	refused(400, "invalid", (struct form){ .birth_year = "1899" });
	refused(400, "invalid", (struct form){ .birth_year = "3000" });
	refused(400, "invalid", (struct form){ .terms = "false" });
	refused(400, "invalid", (struct form){ .terms = "null" });
	EXPECT(400, t_post(NULL, "/api/v1/auth/register")); /* the literal null */
	EXPECT(400, t_post_json(NULL, "/api/v1/auth/register", "{"));
}

TEST(longest_values_are_taken)
{
	struct form f = { .password = t_repeat("x", 72),
			  .handle = t_fmt("%.30s", t_unique(t_repeat("a", 13))),
			  .display_name = t_repeat("ü", 50) };

	EXPECT(201, sign_up(&f));
}

TEST(nobody_under_eighteen_by_month)
{
	time_t now = time(NULL);
	struct tm today;
	const char *year;
	struct form f = { 0 };

	gmtime_r(&now, &today);
	year = t_fmt("%d", today.tm_year + 1900 - 18);
	f = (struct form){ .birth_year = year, .birth_month = t_fmt("%d", today.tm_mon + 1) };
	EXPECT(201, sign_up(&f));
	if (today.tm_mon < 11)
		refused(403, "age_restricted",
			(struct form){ .birth_year = year,
				       .birth_month = t_fmt("%d", today.tm_mon + 2) });
	refused(403, "age_restricted",
		(struct form){ .birth_year = t_fmt("%d", today.tm_year + 1900 - 10) });
}

TEST(names_that_are_reserved_or_bad)
{
	refused(403, "handle_reserved", (struct form){ .handle = "Admin" });
	refused(400, "invalid", (struct form){ .display_name = "i will kill you" });
}

/* D22: neither an address nor a handle in other letters. */
TEST(t_acc_d22_letters_make_no_other_account)
{
	struct form f = { 0 }, again;
	char *upper;

	EXPECT(201, sign_up(&f));
	upper = strdup(f.email);
	for (char *c = upper; *c; c++)
		*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
	again = (struct form){ .email = upper };
	EXPECT_CODE("email_taken", EXPECT(409, sign_up(&again)));
	free(upper);

	again = (struct form){ .handle = t_fmt("A%s", f.handle + 1) };
	EXPECT_CODE("handle_taken", EXPECT(409, sign_up(&again)));
	again = (struct form){ .handle = t_fmt("B%.20s.X", t_unique("ob")) };
	EXPECT(201, sign_up(&again));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM profiles WHERE handle = lower('%s')",
			    again.handle));
}

struct race {
	const char *email;
	const struct t_reply *reply[8];
};

static void race_sign_up(int i, void *arg)
{
	struct race *race = arg;
	struct form f = { .email = race->email };

	race->reply[i] = sign_up(&f);
}

TEST(one_of_many_at_once_gets_the_address)
{
	struct race race = { .email = t_fmt("%s@example.com", t_unique("ann")) };
	int made = 0;

	t_parallel(8, race_sign_up, &race);
	for (int i = 0; i < 8; i++) {
		made += race.reply[i]->status == 201;
		EXPECT_TRUE(race.reply[i]->status == 201 || race.reply[i]->status == 409);
	}
	EXPECT_EQ(1, made);
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM users WHERE email = '%s'", race.email));
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM profiles p WHERE NOT EXISTS (SELECT FROM users u WHERE u.id = p.id)"));
}

TEST(t_acc_d11_registrations_from_one_address_are_limited)
{
	struct form f;

	t_server_start("RATE_LIMITS=on");
	for (int i = 0; i < 5; i++) {
		f = (struct form){ 0 };
		EXPECT(201, sign_up(&f));
	}
	f = (struct form){ .password = "short" }; /* mistakes are free */
	EXPECT(400, sign_up(&f));
	f = (struct form){ 0 };
	EXPECT_TRUE(atoi(t_header(EXPECT(429, sign_up(&f)), "Retry-After")) > 60);
}

/* ---- verify ---- */

TEST(a_link_works_once_and_not_for_ever)
{
	struct form f = { 0 };
	const char *token;

	EXPECT(201, sign_up(&f));
	token = mailed_token(f.email);
	t_sql("UPDATE one_time_tokens SET expires_at = now() WHERE token_hash = sha256('%s')",
	      token);
	leads_to("https://app.sojorn.test/verify-error?reason=expired", token);
	EXPECT_CODE("verify_email", EXPECT(401, login(&f)));
	t_sql("UPDATE one_time_tokens SET expires_at = now() + interval '1 minute' WHERE token_hash = sha256('%s')",
	      token);
	leads_to("https://app.sojorn.test/verified?status=success", token);
	leads_to("https://app.sojorn.test/verify-error?reason=invalid_token", token);
}

TEST(a_mail_filter_that_looks_ahead_uses_nothing_up)
{
	struct form f = { 0 };
	const char *token;

	EXPECT(201, sign_up(&f));
	token = mailed_token(f.email);
	EXPECT(302,
	       t_send(&(struct t_request){ .method = "HEAD",
					   .path = t_fmt("/api/v1/auth/verify?token=%s", token) }));
	leads_to("https://app.sojorn.test/verified?status=success", token);
}

TEST(links_that_never_were)
{
	leads_to("https://app.sojorn.test/verify-error?reason=invalid_token", "never-was");
	leads_to("https://app.sojorn.test/verify-error?reason=invalid_token", "");
	leads_to("https://app.sojorn.test/verify-error?reason=invalid_token", t_repeat("x", 2000));
	leads_to("https://app.sojorn.test/verify-error?reason=invalid_token", "%00%ff");
	EXPECT_HEADER("https://app.sojorn.test/verify-error?reason=invalid_token",
		      EXPECT(302, t_get(NULL, "/api/v1/auth/verify")), "Location");
}

/* T-ACC-1, D6: each kind of link opens its own door only. */
TEST(t_acc_1_a_verification_token_is_no_other_token)
{
	struct form f = { 0 };
	const char *token, *id, *other = t_unique("destroy"), *reset = t_unique("reset");

	EXPECT(201, sign_up(&f));
	token = mailed_token(f.email);
	id = user_id(&f);
	t_sql("INSERT INTO one_time_tokens (token_hash, user_id, purpose, expires_at) VALUES"
	      " (sha256('%s'), '%s', 'account_destroy', now() + interval '1 hour'),"
	      " (sha256('%s'), '%s', 'password_reset', now() + interval '1 hour')",
	      other, id, reset, id);
	leads_to("https://app.sojorn.test/verify-error?reason=invalid_token", other);
	leads_to("https://app.sojorn.test/verify-error?reason=invalid_token", reset);
	EXPECT_CSTR("pending", t_sql("SELECT status FROM users WHERE id = '%s'", id));
	EXPECT(404,
	       t_post_json(NULL, "/api/v1/auth/reset-password",
			   "{'token': '%s', 'new_password': 'new one'}", token));
	EXPECT(404,
	       t_post_json(NULL, "/api/v1/auth/reset-password",
			   "{'token': '%s', 'new_password': 'new one'}", other));
	leads_to("https://app.sojorn.test/verified?status=success", token);
}

TEST(a_link_lifts_no_ban)
{
	struct form f = { 0 };

	EXPECT(201, sign_up(&f));
	t_sql("UPDATE users SET status = 'banned' WHERE id = '%s'", user_id(&f));
	leads_to("https://app.sojorn.test/verified?status=success", mailed_token(f.email));
	EXPECT_CSTR("banned", t_sql("SELECT status FROM users WHERE id = '%s'", user_id(&f)));
}

/* ---- resend ---- */

static const struct t_reply *resend(const char *email)
{
	return t_post_json(NULL, "/api/v1/auth/resend-verification", "{'email': %s}",
			   t_quote(email));
}

TEST(a_new_link_ends_the_old_one)
{
	struct form f = { 0 };
	const char *first, *second;

	EXPECT(201, sign_up(&f));
	first = mailed_token(f.email);
	EXPECT_STR("verification_pending", EXPECT(200, resend(t_fmt(" %s ", f.email))), "state");
	second = mailed_token(f.email);
	leads_to("https://app.sojorn.test/verify-error?reason=invalid_token", first);
	leads_to("https://app.sojorn.test/verified?status=success", second);
}

TEST(resending_tells_nobody_who_has_an_account)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *known = EXPECT(200, resend(ann.email));
	const struct t_reply *unknown = EXPECT(200, resend("nobody@example.com"));

	EXPECT_STR(t_json(known, "message"), unknown, "message");
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM one_time_tokens WHERE user_id = '%s'", ann.id));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM outbox WHERE user_id = '%s'", ann.id));
	EXPECT_CODE("invalid",
		    EXPECT(400, t_post_json(NULL, "/api/v1/auth/resend-verification", "{}")));
}

TEST(t_acc_d11_resending_is_limited_whoever_is_asked_for)
{
	t_server_start("RATE_LIMITS=on");
	for (int i = 0; i < 3; i++)
		EXPECT(200, resend("nobody@example.com"));
	EXPECT(429, resend(" NOBODY@example.com"));
	EXPECT(200, resend("somebody@example.com"));
}

/* ---- onboarding ---- */

TEST(onboarding_needs_a_token)
{
	EXPECT_CODE("token_missing", EXPECT(401, t_post(NULL, "/api/v1/complete-onboarding")));
}
