/* The authenticate hook: which tokens are whose, and what the account may do. */
#include "test/harness/harness.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* ---- helpers ---- */

static const struct t_reply *with(const char *authorization)
{
	return t_send(&(struct t_request){
		.method = "GET",
		.path = "/api/v1/profile",
		.headers = T_LIST(t_fmt("Authorization: %s", authorization)),
	});
}

static const struct t_reply *with_claims(const char *claims)
{
	return with(t_fmt("Bearer %s", t_token_of(NULL, claims, t_jwt_secret)));
}

static const char *claims(const char *user, const char *more)
{
	return t_fmt("{\"sub\":\"%s\",\"exp\":%lld%s}", user, (long long)time(NULL) + 600, more);
}

static const struct t_reply *me(const struct t_user *u)
{
	return t_get(u, "/api/v1/profile");
}

/* As other processes see it: within five seconds. */
static void set_status(const struct t_user *u, const char *status, const char *until)
{
	t_sql("UPDATE users SET status = '%s', suspended_until = %s WHERE id = '%s'", status, until,
	      u->id);
}

/* ---- tokens ---- */

TEST(a_token_is_two_words)
{
	struct t_user ann = t_user("ann");

	EXPECT_CODE("token_missing", EXPECT(401, me(NULL)));
	EXPECT(200, with(t_fmt("Bearer %s", ann.token)));
	EXPECT(200, with(t_fmt("bearer %s", ann.token)));
	EXPECT_CODE("token_invalid", EXPECT(401, with("Bearer")));
	EXPECT(401, with("Bearer "));
	EXPECT(401, with(ann.token));
	EXPECT(401, with(t_fmt("Basic %s", ann.token)));
	EXPECT(401, with(t_fmt("Bearer  %s", ann.token)));
	EXPECT(401, with(t_fmt("Bearer %s x", ann.token)));
	EXPECT(401, with("Bearer a.b.c"));
}

TEST(the_old_issuers_tokens_are_ours)
{
	struct t_user ann = t_user("ann");

	EXPECT(200, with_claims(claims(ann.id, ",\"role\":\"authenticated\"")));
	EXPECT(200,
	       with_claims(claims(ann.id,
				  ",\"role\":\"authenticated\",\"aud\":[\"authenticated\"],"
				  "\"session_id\":\"3fa4c2de-8a45-4c51-9d2a-2f0f4e1c9b77\"")));
}

TEST(a_forged_or_late_token_is_none)
{
	struct t_user ann = t_user("ann");
	const char *good = claims(ann.id, ",\"role\":\"authenticated\"");

	EXPECT(401,
	       with(t_fmt("Bearer %s",
			  t_token_of(NULL, good, "another secret of the same length!!"))));
	EXPECT(401, with(t_fmt("Bearer %s", t_token_of("{\"alg\":\"none\"}", good, t_jwt_secret))));
	EXPECT(401,
	       with(t_fmt("Bearer %s", t_token_of("{\"alg\":\"HS512\"}", good, t_jwt_secret))));
	EXPECT(401,
	       with(t_fmt("Bearer %.*s.",
			  (int)(strrchr(t_token(ann.id, 60), '.') - t_token(ann.id, 60)),
			  t_token_of("{\"alg\":\"none\"}", good, t_jwt_secret))));
	EXPECT_CODE("token_expired", EXPECT(401, with(t_fmt("Bearer %s", t_token(ann.id, -60)))));
	EXPECT(401, with_claims(t_fmt("{\"sub\":\"%s\"}", ann.id)));
	EXPECT(401, with_claims(t_fmt("{\"exp\":%lld}", (long long)time(NULL) + 60)));
	EXPECT(401, with_claims(claims("nobody", "")));
	EXPECT(401, with_claims(claims(ann.id, ",\"role\":\"service_role\"")));
	EXPECT(401, with_claims(claims(ann.id, ",\"role\":\"anon\"")));
}

/* D13 */
TEST(t_acc_d13_a_token_of_nobody_is_refused)
{
	const struct t_reply *r =
		EXPECT(401, with_claims(claims("9b2f0b2c-7a3e-4a0e-8f57-0d5c8a3b1e11", "")));

	EXPECT_CODE("token_invalid", r);
	EXPECT_HEADER("Bearer", r, "WWW-Authenticate");
}

/* ---- states ---- */

TEST(only_the_active_may_act)
{
	static const struct {
		const char *status, *until;
		int http;
		const char *code;
	} states[] = {
		{ "pending", "NULL", 403, "account_inactive" },
		{ "deactivated", "NULL", 403, "account_inactive" },
		{ "pending_deletion", "NULL", 403, "account_inactive" },
		{ "banned", "NULL", 403, "banned" },
		{ "suspended", "NULL", 403, "suspended" },
		{ "suspended", "now() + interval '1 day'", 403, "suspended" },
	};

	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		struct t_user ann = t_user("ann");

		set_status(&ann, states[i].status, states[i].until);
		EXPECT_CODE(states[i].code, EXPECT(states[i].http, me(&ann)));
	}
}

TEST(the_accounts_own_routes_are_open_to_who_has_left)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	set_status(&ann, "deactivated", "NULL");
	EXPECT(403, me(&ann));
	EXPECT(200, t_post(&ann, "/api/v1/auth/logout"));
	set_status(&bob, "banned", "NULL");
	EXPECT_CODE("banned", EXPECT(403, t_post(&bob, "/api/v1/auth/logout")));
}

/* D23 */
TEST(t_acc_d23_a_suspension_that_has_run_out_is_lifted)
{
	struct t_user ann = t_user("ann");

	set_status(&ann, "suspended", "now() - interval '1 second'");
	EXPECT(200, me(&ann));
	EXPECT(200, me(&ann));
	EXPECT_CSTR("active", t_sql("SELECT status FROM users WHERE id = '%s'", ann.id));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM user_status_history WHERE user_id = '%s'",
			    ann.id));
}

TEST(a_change_elsewhere_is_seen_within_five_seconds)
{
	struct t_user ann = t_user("ann");
	int waited = 0;

	EXPECT(200, me(&ann));
	set_status(&ann, "banned", "NULL");
	EXPECT(200, me(&ann)); /* known, and not asked again yet */
	while (me(&ann)->status == 200 && waited++ < 60)
		usleep(100000);
	EXPECT_CODE("banned", EXPECT(403, me(&ann)));
	EXPECT_TRUE(waited < 60);
}

/* ---- what is not the owner's to change ---- */

TEST(t_acc_6_a_profile_patch_changes_no_role_flag_strike_or_key)
{
	static const char sql[] =
		"SELECT concat_ws(' ', p.role, p.is_official, p.is_verified, p.is_live, p.id, v.strikes, v.birth_year)"
		"  FROM profiles p JOIN profile_private v ON v.user_id = p.id WHERE p.id = '%s'";
	struct t_user ann = t_user("ann");
	const char *before = t_sql(sql, ann.id);
	const struct t_reply *r = EXPECT(
		200,
		t_patch_json(
			&ann, "/api/v1/profile",
			"{'bio': 'hello', 'role': 'admin', 'is_official': true, 'is_verified': true,"
			" 'is_live': false, 'strikes': 0, 'birth_year': 1970, 'id': null,"
			" 'identity_key': 'x', 'registration_id': 7, 'encrypted_private_key': 'x'}"));

	EXPECT_STR("hello", r, "profile.bio");
	EXPECT_NONE(r, "profile.encrypted_private_key");
	EXPECT_CSTR(before, t_sql(sql, ann.id));
}

/* ---- without a database ---- */

/* D13: neither in nor out for good. */
TEST(t_acc_d13_when_the_database_cannot_tell_nobody_gets_in_or_out)
{
	const char *token =
		t_fmt("Bearer %s", t_token("9b2f0b2c-7a3e-4a0e-8f57-0d5c8a3b1e11", 600));
	const struct t_reply *r;

	t_server_start("DATABASE_URL=postgresql://nobody@127.0.0.1:1/none", "REQUEST_TIMEOUT=1s");
	r = EXPECT(503, with(token));
	EXPECT_TRUE(t_header(r, "Retry-After"));
	EXPECT(503, t_post_json(NULL, "/api/v1/auth/refresh", "{'refresh_token': 'x'}"));
	EXPECT(503, t_post_json(NULL, "/api/v1/auth/login", "{'email': 'a@b.c', 'password': 'x'}"));
	EXPECT_HEADER("https://app.sojorn.test/verify-error?reason=server_error",
		      EXPECT(302, t_get(NULL, "/api/v1/auth/verify?token=x")), "Location");
}
