/* The second factor, with codes as an authenticator app makes them. */
#include "lib/base/totp.h"
#include "test/harness/harness.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- helpers ---- */

struct factor {
	struct t_user user;
	const char *secret;
	const struct t_reply *setup;
};

/* The app's code so many steps from now. */
static const char *code_at(const char *secret, int steps)
{
	char code[7] = "";

	EXPECT_TRUE(totp_code(str_of(secret), time(NULL) / 30 + steps, code));
	return t_fmt("%s", code);
}

static const char *wrong_code(const char *secret)
{
	return t_fmt("%06d", (atoi(code_at(secret, 0)) + 7) % 1000000);
}

/* Codes count once, and tests must not wait half a minute for the next one. */
static void forget_step(const struct t_user *u)
{
	t_sql("UPDATE mfa_secrets SET last_used_step = 0 WHERE user_id = '%s'", u->id);
}

static struct factor set_up(void)
{
	struct factor f = { .user = t_user("ann") };

	f.setup = EXPECT(200, t_post(&f.user, "/api/v1/auth/mfa/setup"));
	f.secret = t_json(f.setup, "secret");
	return f;
}

static struct factor enabled(void)
{
	struct factor f = set_up();

	EXPECT(200,
	       t_post_json(&f.user, "/api/v1/auth/mfa/confirm", "{'code': '%s'}",
			   code_at(f.secret, 0)));
	forget_step(&f.user);
	return f;
}

static const struct t_reply *login(const struct factor *f)
{
	return t_post_json(NULL, "/api/v1/auth/login",
			   "{'email': '%s', 'password': '" T_PASSWORD "'}", f->user.email);
}

static const char *temp_token(const struct factor *f)
{
	const struct t_reply *r = EXPECT(200, login(f));

	EXPECT_BOOL(true, r, "mfa_required");
	EXPECT_NONE(r, "access_token");
	return t_json(r, "temp_token");
}

static const struct t_reply *verify(const char *token, const char *member, const char *code)
{
	return t_post_json(NULL, "/api/v1/auth/mfa/verify", "{'temp_token': '%s', '%s': '%s'}",
			   token, member, code);
}

/* ---- setting up ---- */

TEST(setup_gives_what_an_app_needs)
{
	struct factor f = set_up();
	const char *uri = t_json(f.setup, "provisioning_uri");
	const char *one = t_json(f.setup, "recovery_codes[0]");

	EXPECT_EQ(32, strlen(f.secret));
	EXPECT_TRUE(strncmp(uri, "otpauth://totp/Sojorn:", 22) == 0);
	EXPECT_TRUE(strstr(uri, f.secret) && strstr(uri, "issuer=Sojorn"));
	EXPECT_COUNT(8, f.setup, "recovery_codes");
	EXPECT_EQ(11, strlen(one));
	EXPECT_EQ('-', one[5]);
	EXPECT_EQ(10,
		  strspn(one, "abcdefghijklmnopqrstuvwxyz234567")
			  + strspn(one + 6, "abcdefghijklmnopqrstuvwxyz234567"));
	EXPECT_EQ(0, t_sql_int("SELECT mfa_enabled::int FROM users WHERE id = '%s'", f.user.id));
	/* at rest: neither the secret nor the codes */
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT position('%s'::bytea in secret) FROM mfa_secrets WHERE user_id = '%s'",
			f.secret, f.user.id));
	EXPECT_EQ(8,
		  t_sql_int("SELECT count(*) FROM mfa_recovery_codes WHERE user_id = '%s'"
			    " AND octet_length(code_hash) = 32",
			    f.user.id));
	EXPECT(401, t_post(NULL, "/api/v1/auth/mfa/setup"));
}

TEST(setup_again_replaces_what_was_not_confirmed)
{
	struct factor f = set_up();
	const struct t_reply *again = EXPECT(200, t_post(&f.user, "/api/v1/auth/mfa/setup"));

	EXPECT_EQ(8,
		  t_sql_int("SELECT count(*) FROM mfa_recovery_codes WHERE user_id = '%s'",
			    f.user.id));
	EXPECT(401,
	       t_post_json(&f.user, "/api/v1/auth/mfa/confirm", "{'code': '%s'}",
			   code_at(f.secret, 0)));
	EXPECT(200,
	       t_post_json(&f.user, "/api/v1/auth/mfa/confirm", "{'code': '%s'}",
			   code_at(t_json(again, "secret"), 0)));
	EXPECT_CODE("mfa_enabled", EXPECT(409, t_post(&f.user, "/api/v1/auth/mfa/setup")));
	EXPECT_TRUE(strstr(t_mail(f.user.email), "Subject: Two-factor authentication is on"));
}

TEST(confirm_needs_a_right_code)
{
	struct t_user ann = t_user("ann");
	struct factor f;

	EXPECT_CODE("mfa_not_started",
		    EXPECT(400,
			   t_post_json(&ann, "/api/v1/auth/mfa/confirm", "{'code': '000000'}")));
	f = set_up();
	EXPECT_CODE("mfa_code_wrong",
		    EXPECT(401,
			   t_post_json(&f.user, "/api/v1/auth/mfa/confirm", "{'code': '%s'}",
				       wrong_code(f.secret))));
	EXPECT(400, t_post(&f.user, "/api/v1/auth/mfa/confirm"));
	EXPECT(401, t_post_json(&f.user, "/api/v1/auth/mfa/confirm", "{'code': ''}"));
	EXPECT(200,
	       t_post_json(&f.user, "/api/v1/auth/mfa/confirm", "{'code': ' %s '}",
			   code_at(f.secret, -1)));
	EXPECT_CODE("mfa_enabled",
		    EXPECT(409,
			   t_post_json(&f.user, "/api/v1/auth/mfa/confirm", "{'code': '%s'}",
				       code_at(f.secret, 0))));
}

/* ---- signing in ---- */

TEST(a_session_needs_both_factors)
{
	struct factor f = enabled();
	const char *token = temp_token(&f);
	const struct t_reply *r = EXPECT(200, verify(token, "code", code_at(f.secret, 0)));
	struct t_user now = f.user;

	EXPECT_STR(f.user.id, r, "user.id");
	EXPECT_BOOL(true, r, "user.mfa_enabled");
	EXPECT_STR(f.user.handle, r, "profile.handle");
	now.token = t_json(r, "access_token");
	EXPECT(200, t_get(&now, "/api/v1/profile"));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM sessions WHERE user_id = '%s' AND mfa",
			    f.user.id));
	EXPECT(200,
	       t_post_json(NULL, "/api/v1/auth/refresh", "{'refresh_token': '%s'}",
			   t_json(r, "refresh_token")));
	EXPECT_CODE("mfa_token_invalid", EXPECT(401, verify(token, "code", code_at(f.secret, 1))));
}

TEST(a_code_counts_once)
{
	struct factor f = enabled();
	const char *code = code_at(f.secret, 0);

	EXPECT(200, verify(temp_token(&f), "code", code));
	EXPECT_CODE("mfa_code_wrong", EXPECT(401, verify(temp_token(&f), "code", code)));
	EXPECT(401, verify(temp_token(&f), "code", code_at(f.secret, -1))); /* nor an older one */
	EXPECT(200, verify(temp_token(&f), "code", code_at(f.secret, 1)));
	EXPECT(401, verify(temp_token(&f), "code", code_at(f.secret, 3)));
}

TEST(t_acc_4_the_sixth_wrong_try_kills_the_temporary_token)
{
	struct factor f = enabled();
	const char *token = temp_token(&f);

	for (int i = 0; i < 5; i++)
		EXPECT_CODE("mfa_code_wrong",
			    EXPECT(401, verify(token, "code", wrong_code(f.secret))));
	EXPECT_CODE("mfa_token_invalid", EXPECT(401, verify(token, "code", code_at(f.secret, 0))));
	EXPECT(200, verify(temp_token(&f), "code", code_at(f.secret, 0)));
}

struct race {
	const char *token, *wrong;
	const struct t_reply *reply[20];
};

static void race_verify(int i, void *arg)
{
	struct race *race = arg;

	race->reply[i] = verify(race->token, "code", race->wrong);
}

TEST(t_acc_4_tries_at_the_same_time_are_counted_too)
{
	struct factor f = enabled();
	struct race race = { .token = temp_token(&f), .wrong = wrong_code(f.secret) };
	int tried = 0;

	t_parallel(20, race_verify, &race);
	for (int i = 0; i < 20; i++)
		tried += strcmp(t_json(race.reply[i], "code"), "mfa_code_wrong") == 0;
	EXPECT_EQ(5, tried);
}

TEST(a_temporary_token_has_five_minutes_and_no_other_use)
{
	struct factor f = enabled();
	const char *token = temp_token(&f);
	struct t_user fake = f.user;

	fake.token = token;
	EXPECT(401, t_get(&fake, "/api/v1/profile"));
	EXPECT(400, t_post_json(NULL, "/api/v1/auth/mfa/verify", "{'temp_token': '%s'}", token));
	EXPECT(400, t_post(NULL, "/api/v1/auth/mfa/verify"));
	EXPECT(401, verify("never-was", "code", code_at(f.secret, 0)));
	t_sql("UPDATE mfa_challenges SET expires_at = now() WHERE token_hash = sha256('%s')",
	      token);
	EXPECT_CODE("mfa_token_invalid", EXPECT(401, verify(token, "code", code_at(f.secret, 0))));
}

TEST(a_recovery_code_works_once_dash_or_not)
{
	struct factor f = enabled();
	const char *one = t_json(f.setup, "recovery_codes[0]"),
		   *two = t_json(f.setup, "recovery_codes[1]");
	struct factor other;

	EXPECT(200, verify(temp_token(&f), "recovery_code", one));
	EXPECT_CODE("mfa_code_wrong", EXPECT(401, verify(temp_token(&f), "recovery_code", one)));
	EXPECT(200, verify(temp_token(&f), "recovery_code", t_fmt("%.5s%s", two, two + 6)));
	EXPECT(401, verify(temp_token(&f), "recovery_code", "aaaaa-aaaaa"));
	other = enabled();
	EXPECT(401,
	       verify(temp_token(&other), "recovery_code", t_json(f.setup, "recovery_codes[2]")));
}

TEST(recovery_codes_are_renewed)
{
	struct factor f = enabled();
	const struct t_reply *r;

	EXPECT(401,
	       t_post_json(&f.user, "/api/v1/auth/mfa/recovery-codes", "{'code': '%s'}",
			   wrong_code(f.secret)));
	r = EXPECT(200,
		   t_post_json(&f.user, "/api/v1/auth/mfa/recovery-codes", "{'code': '%s'}",
			       code_at(f.secret, 0)));
	EXPECT_COUNT(8, r, "recovery_codes");
	EXPECT(401, verify(temp_token(&f), "recovery_code", t_json(f.setup, "recovery_codes[0]")));
	EXPECT(200, verify(temp_token(&f), "recovery_code", t_json(r, "recovery_codes[0]")));
}

TEST(a_ban_between_the_factors_counts)
{
	struct factor f = enabled();
	const char *token = temp_token(&f);

	t_sql("UPDATE users SET status = 'banned' WHERE id = '%s'", f.user.id);
	EXPECT_CODE("banned", EXPECT(403, verify(token, "code", code_at(f.secret, 0))));
}

/* R of domain-rules §17.1: not before the second factor. */
TEST(who_had_left_comes_back_after_the_second_factor)
{
	struct factor f = enabled();
	const char *token;

	t_sql("UPDATE users SET status = 'deactivated' WHERE id = '%s'", f.user.id);
	token = temp_token(&f);
	EXPECT_CSTR("deactivated", t_sql("SELECT status FROM users WHERE id = '%s'", f.user.id));
	EXPECT_BOOL(true, EXPECT(200, verify(token, "code", code_at(f.secret, 0))), "reactivated");
}

/* ---- turning it off ---- */

static const struct t_reply *disable(const struct factor *f, const char *password, const char *code)
{
	return t_post_json(&f->user, "/api/v1/auth/mfa/disable", "{'password': '%s', 'code': '%s'}",
			   password, code);
}

TEST(disable_needs_password_and_code)
{
	struct factor f = enabled(), never = { .user = t_user("bob") };

	EXPECT_CODE("mfa_not_enabled", EXPECT(400, disable(&never, T_PASSWORD, "000000")));
	EXPECT(401, disable(&f, "nonsense", code_at(f.secret, 0)));
	EXPECT(401, disable(&f, T_PASSWORD, wrong_code(f.secret)));
	EXPECT(400, t_post_json(&f.user, "/api/v1/auth/mfa/disable", "{'password': 'x'}"));
	t_mail(f.user.email);
	EXPECT(200, disable(&f, T_PASSWORD, code_at(f.secret, 0)));
	EXPECT_TRUE(strstr(t_mail(f.user.email), "Subject: Two-factor authentication is off"));
	EXPECT_TRUE(t_json(EXPECT(200, login(&f)), "access_token"));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM mfa_recovery_codes WHERE user_id = '%s'",
			    f.user.id));
}

TEST(t_acc_d11_codes_are_limited_by_account)
{
	struct factor f = enabled();
	int limited = 0;

	t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "RATE_LIMITS=on");
	for (int i = 0; i < 12; i++)
		limited += t_post_json(&f.user, "/api/v1/auth/mfa/recovery-codes", "{'code': '%s'}",
				       wrong_code(f.secret))
				   ->status
			== 429;
	EXPECT_EQ(2, limited);
}

TEST(t_acc_d11_guessing_second_factors_is_limited_by_address)
{
	const struct t_reply *r = NULL;

	t_server_start("RATE_LIMITS=on");
	for (int i = 0; i < 30 && (!r || r->status == 401); i++)
		r = t_post_json(NULL, "/api/v1/auth/mfa/verify",
				"{'temp_token': 'guess-%d', 'code': '123456'}", i);
	EXPECT_CODE("rate_limited", EXPECT(429, r));
	EXPECT_TRUE(atoi(t_header(r, "Retry-After")) > 0);
}
