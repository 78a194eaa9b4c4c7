/* Signing in, refreshing, signing out, and the second factor. */
#include "app/compat/compat_test.h"
#include "lib/base/totp.h"

/* ---- sessions ---- */

TEST(a_password_gives_a_session_with_the_old_claims)
{
	struct t_user ann = t_user("ann"), now = { 0 };
	const struct t_reply *r = EXPECT(200, sign_in(&ann)), *c;
	size_t n = strlen(t_json(r, "refresh_token"));

	EXPECT_STR("bearer", r, "token_type");
	EXPECT_INT(900, r, "expires_in");
	EXPECT_STR(ann.id, r, "user.id");
	EXPECT_TRUE(n >= 51 && n <= 62);
	c = claims(t_json(r, "access_token"));
	EXPECT_STR("authenticated", c, "aud");
	EXPECT_STR("authenticated", c, "role");
	EXPECT_STR(ann.id, c, "sub");
	EXPECT_STR(ann.email, c, "email");
	EXPECT_STR("", c, "phone");
	EXPECT_STR("aal1", c, "aal");
	EXPECT_STR("password", c, "amr[0].method");
	EXPECT_STR("email", c, "app_metadata.provider");
	EXPECT_BOOL(false, c, "is_anonymous");
	EXPECT_INT(t_json_int(r, "expires_at"), c, "exp");
	now.token = t_json(r, "access_token");
	EXPECT_STR(ann.id, EXPECT(200, t_get(&now, "/api/v1/profile")), "profile.id");
	EXPECT_STR(ann.id, EXPECT(200, get_user(ann.token)), "id"); /* and the other way round */
}

TEST(who_may_not_sign_in_is_told_as_before)
{
	struct t_user ann = t_user("ann"), nobody = { .email = "nobody@example.com" };

	EXPECT_CODE("invalid_credentials", EXPECT(400, sign_in(&nobody)));
	EXPECT_CODE("invalid_credentials",
		    EXPECT(400,
			   post(A "/token?grant_type=password",
				t_fmt("{'email':'%s','password':'wrong'}", ann.email))));
	t_sql("UPDATE users SET status = 'banned' WHERE id = '%s'", ann.id);
	EXPECT_CODE("user_banned", EXPECT(403, sign_in(&ann)));
}

TEST(a_refresh_is_repeated_until_its_answer_was_used)
{
	struct t_user ann = t_user("ann");
	const char *zero = t_json(EXPECT(200, sign_in(&ann)), "refresh_token"), *one, *two;

	one = t_json(EXPECT(200, refresh(zero)), "refresh_token");
	EXPECT_TRUE(strcmp(zero, one) != 0);
	t_sql("UPDATE sessions SET last_used_at = now() - interval '5 days' WHERE user_id = '%s'",
	      ann.id);
	EXPECT_STR(one, EXPECT(200, refresh(zero)), "refresh_token"); /* lost for five days */
	two = t_json(EXPECT(200, refresh(one)), "refresh_token");
	EXPECT_STR(two, EXPECT(200, refresh(zero)), "refresh_token"); /* within the minute */
	t_sql("UPDATE sessions SET last_used_at = now() - interval '61 seconds' WHERE user_id = '%s'",
	      ann.id);
	EXPECT_CODE("refresh_token_already_used", EXPECT(400, refresh(zero)));
	EXPECT_CODE("session_not_found", EXPECT(400, refresh(two)));
	EXPECT_EQ(0, live_sessions(ann.id));
}

TEST(a_session_unused_for_a_month_is_over)
{
	struct t_user ann = t_user("ann");
	const char *token = t_json(EXPECT(200, sign_in(&ann)), "refresh_token");

	t_sql("UPDATE sessions SET last_used_at = now() - interval '29 days' WHERE user_id = '%s'",
	      ann.id);
	token = t_json(EXPECT(200, refresh(token)), "refresh_token");
	t_sql("UPDATE sessions SET last_used_at = now() - interval '30 days' WHERE user_id = '%s'",
	      ann.id);
	EXPECT_CODE("session_not_found", EXPECT(400, refresh(token)));
}

/* The token with one character more, less or other. */
TEST(a_made_up_refresh_token_is_none)
{
	struct t_user ann = t_user("ann");
	const char *token = t_json(EXPECT(200, sign_in(&ann)), "refresh_token");
	size_t n = strlen(token);

	for (size_t i = 0; i < n; i += 5)
		EXPECT(400,
		       refresh(t_fmt("%.*s%c%s", (int)i, token, token[i] == 'A' ? 'B' : 'A',
				     token + i + 1)));
	EXPECT(400, refresh(t_fmt("%.*s", (int)n - 1, token)));
	EXPECT(400, refresh(t_fmt("%sA", token)));
	EXPECT_CODE("refresh_token_not_found", EXPECT(400, refresh("abcdefghijkl")));
	EXPECT_CODE("validation_failed", EXPECT(400, refresh("")));
	t_sql("UPDATE sessions SET refresh_counter = 5 WHERE user_id = '%s'", ann.id);
	token = t_json(EXPECT(200,
			      t_post_json(NULL, "/api/v1/auth/refresh", "{'refresh_token': '%s'}",
					  token)),
		       "refresh_token"); /* within the minute */
	t_sql("UPDATE sessions SET refresh_counter = 1 WHERE user_id = '%s'", ann.id);
	EXPECT_STR("Invalid Refresh Token: Not Issued By This Server", EXPECT(400, refresh(token)),
		   "message");
}

static const char *login_here(const struct t_user *u)
{
	return t_json(EXPECT(200,
			     t_post_json(NULL, "/api/v1/auth/login",
					 "{'email': '%s', 'password': '%s'}", u->email,
					 T_PASSWORD)),
		      "refresh_token");
}

/* A token that is a row becomes one with a counter, which either API goes on with. */
TEST(tokens_of_either_api_go_on_in_the_other)
{
	struct t_user ann = t_user("ann");
	const char *row = login_here(&ann), *counted;

	counted = t_json(EXPECT(200, refresh(row)), "refresh_token");
	EXPECT_TRUE(strlen(counted) >= 51);
	t_sql("UPDATE refresh_tokens SET rotated_at = now() - interval '2 hours'"
	      " WHERE token_hash = sha256('%s')",
	      row);
	EXPECT_STR(counted, EXPECT(200, refresh(row)), "refresh_token"); /* never used */
	counted = t_json(EXPECT(200,
				t_post_json(NULL, "/api/v1/auth/refresh", "{'refresh_token': '%s'}",
					    counted)),
			 "refresh_token");
	counted = t_json(EXPECT(200, refresh(counted)), "refresh_token");
	EXPECT_CODE("refresh_token_already_used", EXPECT(400, refresh(row)));
	EXPECT_CODE("session_not_found", EXPECT(400, refresh(counted)));
}

struct race {
	const char *token;
	const struct t_reply *reply[24];
};

static void race_refresh(int i, void *arg)
{
	struct race *race = arg;

	race->reply[i] = refresh(race->token);
}

TEST(tabs_that_refresh_at_once_all_stay_signed_in)
{
	struct t_user ann = t_user("ann");
	struct race race = { t_json(EXPECT(200, sign_in(&ann)), "refresh_token"), { 0 } };

	for (int round = 0; round < 5; round++) {
		t_parallel(24, race_refresh, &race);
		for (int i = 0; i < 24; i++)
			EXPECT_STR(t_json(EXPECT(200, race.reply[0]), "refresh_token"),
				   EXPECT(200, race.reply[i]), "refresh_token");
		race.token = t_json(race.reply[0], "refresh_token");
	}
	EXPECT_EQ(5,
		  t_sql_int("SELECT refresh_counter FROM sessions WHERE user_id = '%s'", ann.id));
	EXPECT(200, get_user(t_json(race.reply[7], "access_token")));
}

TEST(an_outage_signs_nobody_out)
{
	struct t_server *s = t_server_start("SUPABASE_COMPAT=on", "REQUEST_TIMEOUT=2s",
					    "SUPABASE_ANON_KEY=anon-key-of-the-tests");
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, sign_in(&ann));
	const char *token = t_json(r, "refresh_token"), *access = t_json(r, "access_token");

	t_database_down(s);
	r = EXPECT(503, refresh(token));
	EXPECT_HEADER("1", r, "Retry-After");
	EXPECT_TRUE(t_json(r, "code") && t_json(r, "message"));
	EXPECT(503, get_user(access));
	t_database_up(s);
	EXPECT(200, refresh(token));
	t_server_stop(s);
}

TEST(too_many_refreshes_are_asked_to_wait_not_to_leave)
{
	struct t_server *s = t_server_start("SUPABASE_COMPAT=on", "RATE_LIMITS=on",
					    "SUPABASE_ANON_KEY=anon-key-of-the-tests");
	const struct t_reply *r;
	int waited = 0;

	for (int i = 0; i < 400; i++) {
		r = refresh("abcdefghijkl");
		if (r->status != 503)
			EXPECT_CODE("refresh_token_not_found", EXPECT(400, r));
		else
			waited++;
	}
	EXPECT_TRUE(waited > 0);
	for (int i = 0; i < 400 && r->status != 429;
	     i++) /* what an address may ask comes back in time */
		r = get_user(NULL);
	EXPECT_CODE("over_request_rate_limit", EXPECT(429, r));
	t_server_stop(s);
}

TEST(signing_out_ends_what_its_scope_says)
{
	struct t_user ann = t_user("ann");
	const char *here = t_json(EXPECT(200, sign_in(&ann)), "access_token"), *there;

	EXPECT(200, sign_in(&ann));
	EXPECT_CODE("validation_failed",
		    EXPECT(400, call("POST", A "/logout?scope=some", here, NULL)));
	EXPECT(204, call("POST", A "/logout?scope=others", here, NULL));
	EXPECT_EQ(1, live_sessions(ann.id));
	there = t_json(EXPECT(200, sign_in(&ann)), "access_token");
	EXPECT(204, call("POST", A "/logout?scope=local", here, NULL));
	EXPECT_CODE("session_not_found", EXPECT(403, get_user(here)));
	EXPECT(200, get_user(there));
	EXPECT(200, sign_in(&ann));
	EXPECT(204, call("POST", A "/logout", there, NULL));
	EXPECT_EQ(0, live_sessions(ann.id));
	EXPECT(401, call("POST", A "/logout", NULL, NULL));
}

/* ---- the second factor ---- */

static const char *code_of(const char *secret, int steps)
{
	char code[6];

	if (!totp_code(str_of(secret), time_now().us / SECOND / 30 + steps, code))
		t_fail("no secret: %s", secret);
	return t_fmt("%.6s", code);
}

static const struct t_reply *verify_factor(const char *token, const char *factor, const char *code)
{
	const struct t_reply *r =
		EXPECT(200, call("POST", t_fmt(A "/factors/%s/challenge", factor), token, "{}"));

	return call("POST", t_fmt(A "/factors/%s/verify", factor), token,
		    t_fmt("{'challenge_id':'%s','code':'%s'}", t_json(r, "id"), code));
}

struct enrolled {
	const char *factor, *secret, *token;
	const char *used; /* the code that it was confirmed by */
};

static struct enrolled enroll(const struct t_user *u)
{
	struct enrolled e = { .token = t_json(EXPECT(200, sign_in(u)), "access_token") };
	const struct t_reply *r = EXPECT(200,
					 call("POST", A "/factors", e.token,
					      "{'factor_type':'totp','friendly_name':'phone'}"));

	e.factor = t_json(r, "id");
	e.secret = t_json(r, "totp.secret");
	EXPECT_TRUE(strncmp(t_json(r, "totp.qr_code"), "<svg", 4) == 0);
	EXPECT_STR("unverified", EXPECT(200, get_user(e.token)), "factors[0].status");
	e.used = code_of(e.secret, 0);
	r = EXPECT(200, verify_factor(e.token, e.factor, e.used));
	e.token = t_json(r, "access_token");
	EXPECT_STR("aal2", claims(e.token), "aal");
	EXPECT_STR("totp", claims(e.token), "amr[0].method");
	EXPECT_STR("verified", r, "user.factors[0].status");
	return e;
}

TEST(a_second_factor_ends_sessions_without_it)
{
	struct t_user ann = t_user("ann");
	const char *other = t_json(EXPECT(200, sign_in(&ann)), "access_token");
	struct enrolled e = enroll(&ann);

	EXPECT_CODE("session_not_found", EXPECT(403, get_user(other)));
	EXPECT(200, get_user(e.token));
	EXPECT_CODE("too_many_enrolled_mfa_factors",
		    EXPECT(422, call("POST", A "/factors", e.token, "{'factor_type':'totp'}")));
	EXPECT_CODE("mfa_factor_not_found",
		    EXPECT(404, call("DELETE", A "/factors/nothing", e.token, NULL)));
	EXPECT_STR(e.factor,
		   EXPECT(200, call("DELETE", t_fmt(A "/factors/%s", e.factor), e.token, NULL)),
		   "id");
	EXPECT_NONE(EXPECT(200, get_user(e.token)), "factors");
}

TEST(a_password_alone_opens_half_a_session)
{
	struct t_user ann = t_user("ann"), half = { 0 };
	struct enrolled e = enroll(&ann);
	const struct t_reply *r = EXPECT(200, sign_in(&ann));

	half.token = t_json(r, "access_token");
	EXPECT_STR("aal1", claims(half.token), "aal");
	EXPECT_CODE("factor_missing", EXPECT(403, t_get(&half, "/api/v1/profile")));
	EXPECT_CODE("insufficient_aal",
		    EXPECT(401, call("PUT", A "/user", half.token, "{'password':'in-no-log-2'}")));
	EXPECT_CODE("insufficient_aal",
		    EXPECT(401,
			   call("DELETE", t_fmt(A "/factors/%s", e.factor), half.token, NULL)));
	EXPECT(200, get_user(half.token));
	r = EXPECT(200, refresh(t_json(r, "refresh_token"))); /* a refresh does not help */
	half.token = t_json(r, "access_token");
	EXPECT(403, t_get(&half, "/api/v1/profile"));
	EXPECT_CODE("mfa_verification_failed",
		    EXPECT(422, verify_factor(half.token, e.factor, "00000x")));
	EXPECT_CODE("mfa_verification_failed",
		    EXPECT(422, verify_factor(half.token, e.factor, e.used)));
	EXPECT_CODE("mfa_challenge_expired",
		    EXPECT(422,
			   call("POST", t_fmt(A "/factors/%s/verify", e.factor), half.token,
				"{'challenge_id':'00000000-0000-4000-8000-000000000000',"
				"'code':'123456'}")));
	r = EXPECT(200, verify_factor(half.token, e.factor, code_of(e.secret, 1)));
	half.token = t_json(r, "access_token");
	EXPECT(200, t_get(&half, "/api/v1/profile"));
	EXPECT(200, refresh(t_json(r, "refresh_token")));
}
