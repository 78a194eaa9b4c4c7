/* Signing in, refreshing, signing out; what a token is worth. */
#include "lib/base/codec.h"
#include "test/harness/harness.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- helpers ---- */

static const struct t_reply *login(const struct t_user *u)
{
	return t_post_json(NULL, "/api/v1/auth/login", "{'email': %s, 'password': '%s'}",
			   t_quote(u->email), T_PASSWORD);
}

static const char *refresh_token(const struct t_user *u)
{
	return t_json(EXPECT(200, login(u)), "refresh_token");
}

static const struct t_reply *refresh(const char *token)
{
	return t_post_json(NULL, "/api/v1/auth/refresh", "{'refresh_token': '%s'}", token);
}

/* The user with another access token. */
static struct t_user with_token(const struct t_user *u, const char *token)
{
	struct t_user other = *u;

	other.token = token;
	return other;
}

static const struct t_reply *me(const struct t_user *u)
{
	return t_get(u, "/api/v1/profile");
}

static void age(const char *token, const char *interval)
{
	t_sql("UPDATE refresh_tokens SET rotated_at = rotated_at - interval '%s'"
	      " WHERE token_hash = sha256('%s')",
	      interval, token);
}

static void set_status(const struct t_user *u, const char *status, const char *until)
{
	t_sql("UPDATE users SET status = '%s', suspended_until = %s WHERE id = '%s'", status, until,
	      u->id);
}

/* ---- login ---- */

TEST(login_gives_a_full_session)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, login(&ann));
	struct t_user now;

	EXPECT_STR(t_json(r, "access_token"), r, "token");
	EXPECT_EQ(43, strlen(t_json(r, "refresh_token")));
	EXPECT_STR(ann.id, r, "user.id");
	EXPECT_STR(ann.email, r, "user.email");
	EXPECT_STR("active", r, "user.status");
	EXPECT_BOOL(false, r, "user.mfa_enabled");
	EXPECT_TRUE(t_json(r, "user.created_at") && t_json(r, "user.updated_at"));
	EXPECT_TRUE(t_json(r, "user.last_login"));
	EXPECT_STR(ann.id, r, "profile.id");
	EXPECT_STR(ann.handle, r, "profile.handle");
	EXPECT_BOOL(true, r, "profile.has_completed_onboarding");
	EXPECT_STR("user", r, "profile.role");
	EXPECT_BOOL(false, r, "reactivated");
	EXPECT_HEADER("no-store", r, "Cache-Control");
	EXPECT_NONE(r, "user.encrypted_password");
	now = with_token(&ann, t_json(r, "access_token"));
	EXPECT(200, me(&now));
}

/* Read here by hand: the header, the claims and the signature of any other JWT library. */
static const char *claims_of(const char *token)
{
	const char *from = strchr(token, '.') + 1, *to = strchr(from, '.');
	char *out = strdup(t_repeat(" ", 4096));
	size_t n = 0;
	const char *claims;

	EXPECT_TRUE(base64url_decode((str){ from, (size_t)(to - from) }, out, &n));
	claims = t_fmt("%.*s", (int)n, out);
	free(out);
	return claims;
}

TEST(an_access_token_carries_both_kinds_of_claims)
{
	struct t_user ann = t_user("ann");
	const char *token = t_json(EXPECT(200, login(&ann)), "access_token");
	const char *claims = claims_of(token), *exp = strstr(claims, "\"exp\":");
	long long expires = exp ? atoll(exp + 6) : 0;

	EXPECT_TRUE(strstr(claims, t_fmt("\"sub\":\"%s\"", ann.id)));
	EXPECT_TRUE(strstr(claims, "\"role\":\"authenticated\""));
	EXPECT_TRUE(strstr(claims, "\"aud\":\"authenticated\""));
	EXPECT_TRUE(strstr(claims, t_fmt("\"email\":\"%s\"", ann.email)));
	EXPECT_TRUE(strstr(claims, "\"aal\":\"aal1\""));
	EXPECT_TRUE(strstr(claims, "\"amr\":[{\"method\":\"password\",\"timestamp\":"));
	EXPECT_TRUE(strstr(claims, "\"iss\":\"https://api.sojorn.test/auth/v1\""));
	EXPECT_TRUE(strstr(claims, "\"session_id\":\""));
	EXPECT_TRUE(expires - time(NULL) > 870 && expires - time(NULL) <= 900);
}

TEST(wrong_credentials_are_one_error)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *wrong, *nobody;

	wrong = t_post_json(NULL, "/api/v1/auth/login", "{'email': '%s', 'password': 'nonsense'}",
			    ann.email);
	nobody = t_post_json(NULL, "/api/v1/auth/login",
			     "{'email': 'nobody@example.com', 'password': 'nonsense'}");
	EXPECT_STR("Invalid credentials", EXPECT(401, wrong), "error");
	EXPECT_STR("Invalid credentials", EXPECT(401, nobody), "error");
	EXPECT_CODE("invalid_credentials", nobody);
}

TEST(login_takes_the_address_in_any_letters)
{
	struct t_user ann = t_user("ann");

	for (char *c = ann.email; *c; c++)
		*c = (char)toupper(*c);
	EXPECT(200,
	       t_post_json(NULL, "/api/v1/auth/login",
			   "{'email': '  %s ', 'password': '" T_PASSWORD "'}", ann.email));
}

TEST(login_needs_both_members)
{
	EXPECT_CODE("invalid", EXPECT(400, t_post_json(NULL, "/api/v1/auth/login", "{}")));
	EXPECT(400, t_post(NULL, "/api/v1/auth/login"));
	EXPECT(400, t_post_json(NULL, "/api/v1/auth/login", "{'email': 'a@b.c'}"));
	EXPECT(400, t_post_json(NULL, "/api/v1/auth/login", "{'email': 'a@b.c', 'password': ''}"));
	EXPECT(400, t_post_json(NULL, "/api/v1/auth/login", "{'email': 7, 'password': 'x'}"));
	EXPECT(401,
	       t_post_json(NULL, "/api/v1/auth/login", "{'email': %s, 'password': 'x'}",
			   t_quote("'; DROP TABLE users; -- \"{}")));
}

TEST(states_that_may_not_sign_in)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r;

	set_status(&ann, "pending", "NULL");
	r = EXPECT(401, login(&ann));
	EXPECT_CODE("verify_email", r);
	EXPECT_TRUE(strstr(t_json(r, "error"), "Email verification required"));
	set_status(&ann, "banned", "NULL");
	EXPECT_CODE("banned", EXPECT(403, login(&ann)));
	set_status(&ann, "suspended", "now() + interval '1 hour'");
	EXPECT_CODE("suspended", EXPECT(403, login(&ann)));
	set_status(&ann, "active", "NULL");
	t_sql("UPDATE profile_private SET birth_year = date_part('year', now())::int - 17 WHERE user_id = '%s'",
	      ann.id);
	EXPECT_CODE("age_restricted", EXPECT(403, login(&ann)));
}

/* D23: a suspension ends. */
TEST(t_acc_d23_login_after_a_suspension_has_run_out)
{
	struct t_user ann = t_user("ann");

	set_status(&ann, "suspended", "now() - interval '1 second'");
	EXPECT_STR("active", EXPECT(200, login(&ann)), "user.status");
	EXPECT_CSTR("active", t_sql("SELECT status FROM users WHERE id = '%s'", ann.id));
	EXPECT_EQ(1, t_sql_int("SELECT is_live::int FROM profiles WHERE id = '%s'", ann.id));
}

TEST(a_banned_address_neither_signs_in_nor_up)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r;

	t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "TRUSTED_PROXIES=127.0.0.1");
	t_sql("INSERT INTO banned_ips (ip) VALUES ('203.0.113.9') ON CONFLICT DO NOTHING");
	r = t_send(&(struct t_request){
		.method = "POST",
		.path = "/api/v1/auth/login",
		.headers = T_LIST("Content-Type: application/json", "X-Forwarded-For: 203.0.113.9"),
		.body = t_fmt("{\"email\":\"%s\",\"password\":\"%s\"}", ann.email, T_PASSWORD),
	});
	EXPECT_CODE("ip_banned", EXPECT(403, r));
	EXPECT(200, login(&ann));
}

TEST(login_brings_back_who_had_left)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r;

	set_status(&ann, "deactivated", "NULL");
	r = EXPECT(200, login(&ann));
	EXPECT_BOOL(true, r, "reactivated");
	EXPECT_STR("deactivated", r, "previous_status");
	EXPECT_STR("active", r, "user.status");
	EXPECT_TRUE(strstr(t_mail(ann.email), "Subject: Welcome back"));

	t_sql("UPDATE users SET status = 'pending_deletion', deleted_at = now() + interval '14 days' WHERE id = '%s'",
	      ann.id);
	EXPECT_STR("pending_deletion", EXPECT(200, login(&ann)), "previous_status");
	EXPECT_EQ(1,
		  t_sql_int("SELECT (deleted_at IS NULL)::int FROM users WHERE id = '%s'", ann.id));
	EXPECT_EQ(2,
		  t_sql_int("SELECT count(*) FROM user_status_history WHERE user_id = '%s'",
			    ann.id));
}

TEST(a_weak_old_hash_is_renewed_at_login)
{
	struct t_user ann = t_user("ann");

	/* bcrypt of cost 4 */
	t_sql("UPDATE users SET encrypted_password = '%s' WHERE id = '%s'",
	      "$2a$04$J1Wd4kIy1tGKpwoITnvdy.0xHFV/GSNJ5zaWLnfUNu05BHcQEvbGq", ann.id);
	EXPECT(200,
	       t_post_json(NULL, "/api/v1/auth/login",
			   "{'email': '%s', 'password': 'old password'}", ann.email));
	EXPECT_TRUE(strstr(t_sql("SELECT encrypted_password FROM users WHERE id = '%s'", ann.id),
			   "$2b$10$"));
	EXPECT(200,
	       t_post_json(NULL, "/api/v1/auth/login",
			   "{'email': '%s', 'password': 'old password'}", ann.email));
}

TEST(a_hash_nobody_can_check_is_a_wrong_password)
{
	struct t_user ann = t_user("ann");

	t_sql("UPDATE users SET encrypted_password = '$9$what' WHERE id = '%s'", ann.id);
	EXPECT_CODE("invalid_credentials", EXPECT(401, login(&ann)));
	t_sql("UPDATE users SET encrypted_password = '' WHERE id = '%s'", ann.id);
	EXPECT_CODE("invalid_credentials", EXPECT(401, login(&ann)));
}

/* ---- refresh ---- */

TEST(refresh_rotates)
{
	struct t_user ann = t_user("ann"), now;
	const char *first = refresh_token(&ann), *second;
	const struct t_reply *r = EXPECT(200, refresh(first));

	second = t_json(r, "refresh_token");
	EXPECT_TRUE(strcmp(first, second) != 0);
	EXPECT_EQ(43, strlen(second));
	now = with_token(&ann, t_json(r, "access_token"));
	EXPECT(200, me(&now));
	EXPECT(200, refresh(second));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM refresh_tokens WHERE token_hash = '%s'::bytea",
			    second));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM refresh_tokens WHERE token_hash = sha256('%s')",
			    second));
}

TEST(t_acc_5_a_lost_answer_is_given_again_within_a_minute)
{
	struct t_user ann = t_user("ann");
	const char *first = refresh_token(&ann);
	const char *second = t_json(EXPECT(200, refresh(first)), "refresh_token");

	age(first, "50 seconds");
	EXPECT_STR(second, EXPECT(200, refresh(first)), "refresh_token");
	EXPECT(200, refresh(second));
}

TEST(t_acc_5_a_used_refresh_token_used_again_ends_the_session_family)
{
	struct t_user ann = t_user("ann"), now;
	const char *first = refresh_token(&ann), *other = refresh_token(&ann);
	const struct t_reply *r = EXPECT(200, refresh(first));

	now = with_token(&ann, t_json(r, "access_token"));
	EXPECT(200, me(&now));
	age(first, "61 seconds");
	EXPECT_CODE("session_ended", EXPECT(401, refresh(first)));
	EXPECT(401, refresh(t_json(r, "refresh_token")));
	EXPECT_CODE("session_ended", EXPECT(401, me(&now)));
	EXPECT(200, refresh(other)); /* another sign-in is another family */
}

struct race {
	const char *token;
	const struct t_reply *reply[50];
};

static void race_refresh(int i, void *arg)
{
	struct race *race = arg;

	race->reply[i] = refresh(race->token);
}

TEST(fifty_refreshes_at_once_have_one_successor)
{
	struct t_user ann = t_user("ann");
	struct race race = { .token = refresh_token(&ann) };
	const char *next;

	t_parallel(50, race_refresh, &race);
	next = t_json(EXPECT(200, race.reply[0]), "refresh_token");
	for (int i = 0; i < 50; i++)
		EXPECT_STR(next, EXPECT(200, race.reply[i]), "refresh_token");
	EXPECT_EQ(
		2,
		t_sql_int(
			"SELECT count(*) FROM refresh_tokens t JOIN sessions s ON s.id = t.family_id"
			" WHERE s.user_id = '%s'",
			ann.id));
	EXPECT(200, refresh(next));
}

struct ending {
	const char *token, *next;
	struct t_user user;
};

/* One of them refreshes while the others sign out. */
static void race_logout(int i, void *arg)
{
	struct ending *e = arg;

	if (i == 0)
		e->next = t_json(refresh(e->token), "refresh_token");
	else
		t_post(&e->user, "/api/v1/auth/logout");
}

TEST(no_successor_outlives_the_end_of_its_session)
{
	for (int i = 0; i < 20; i++) {
		struct t_user ann = t_user("ann");
		const struct t_reply *r = EXPECT(200, login(&ann));
		struct ending e = { .token = t_json(r, "refresh_token"),
				    .user = with_token(&ann, t_json(r, "access_token")) };

		t_parallel(3, race_logout, &e);
		EXPECT(401, refresh(e.token));
		if (e.next)
			EXPECT(401, refresh(e.next));
	}
}

TEST(refresh_refuses_what_is_no_token_of_ours)
{
	EXPECT_CODE("invalid", EXPECT(400, t_post_json(NULL, "/api/v1/auth/refresh", "{}")));
	EXPECT(400, t_post(NULL, "/api/v1/auth/refresh"));
	EXPECT(400, t_post_json(NULL, "/api/v1/auth/refresh", "{'refresh_token': ''}"));
	EXPECT_CODE("session_ended", EXPECT(401, refresh("never-was")));
	EXPECT(400, refresh(t_repeat("x", 1000)));
}

TEST(an_expired_refresh_token_is_refused)
{
	struct t_user ann = t_user("ann");
	const char *token = refresh_token(&ann);

	t_sql("UPDATE refresh_tokens SET expires_at = now() WHERE token_hash = sha256('%s')",
	      token);
	EXPECT_CODE("session_ended", EXPECT(401, refresh(token)));
}

/* D12: and whoever is not active. */
TEST(t_acc_d12_refresh_asks_for_the_accounts_state)
{
	struct t_user ann = t_user("ann");
	const char *token = refresh_token(&ann);

	set_status(&ann, "suspended", "now() + interval '1 hour'");
	EXPECT_CODE("suspended", EXPECT(403, refresh(token)));
	set_status(&ann, "deactivated", "NULL");
	EXPECT_CODE("account_inactive", EXPECT(403, refresh(token)));
	set_status(&ann, "pending_deletion", "NULL");
	EXPECT_CODE("account_inactive", EXPECT(403, refresh(token)));
	set_status(&ann, "suspended", "now() - interval '1 second'");
	EXPECT(200, refresh(token));
	EXPECT_CSTR("active", t_sql("SELECT status FROM users WHERE id = '%s'", ann.id));
}

TEST(refresh_of_a_banned_account_ends_all_its_sessions)
{
	struct t_user ann = t_user("ann");
	const char *one = refresh_token(&ann), *two = refresh_token(&ann);

	set_status(&ann, "banned", "NULL");
	EXPECT_CODE("banned", EXPECT(403, refresh(one)));
	set_status(&ann, "active", "NULL");
	EXPECT(401, refresh(one));
	EXPECT(401, refresh(two));
}

/* A token of another system is known by its hash like ours. */
TEST(an_imported_refresh_token_works)
{
	struct t_user ann = t_user("ann");
	const char *token = t_unique("k3v5w2q7mzpa");

	t_sql("WITH s AS (INSERT INTO sessions (id, user_id) VALUES (gen_random_uuid(), '%s') RETURNING id)"
	      " INSERT INTO refresh_tokens (token_hash, family_id, expires_at)"
	      " SELECT sha256('%s'), id, now() + interval '1 day' FROM s",
	      ann.id, token);
	EXPECT_EQ(43, strlen(t_json(EXPECT(200, refresh(token)), "refresh_token")));
}

/* ---- logout ---- */

TEST(logout_ends_this_session_only)
{
	struct t_user ann = t_user("ann"), here, there;
	const struct t_reply *one = EXPECT(200, login(&ann)), *two = EXPECT(200, login(&ann));

	here = with_token(&ann, t_json(one, "access_token"));
	there = with_token(&ann, t_json(two, "access_token"));
	EXPECT(200, me(&here));
	EXPECT_TRUE(t_json(EXPECT(200, t_post(&here, "/api/v1/auth/logout")), "message"));
	EXPECT(401, refresh(t_json(one, "refresh_token")));
	EXPECT_CODE("session_ended", EXPECT(401, me(&here)));
	EXPECT(200, me(&there));
	EXPECT(200, refresh(t_json(two, "refresh_token")));
}

TEST(logout_by_refresh_token_and_its_device)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *token = refresh_token(&ann), *hers = refresh_token(&ann),
		   *device = t_unique("device");

	t_sql("INSERT INTO user_fcm_tokens (token, user_id) VALUES ('%s', '%s')", device, ann.id);
	/* nobody else's */
	EXPECT(200,
	       t_post_json(&bob, "/api/v1/auth/logout",
			   "{'refresh_token': '%s', 'fcm_token': '%s'}", token, device));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM user_fcm_tokens WHERE token = '%s'", device));
	EXPECT(200,
	       t_post_json(&ann, "/api/v1/auth/logout",
			   "{'refresh_token': '%s', 'fcm_token': '%s'}", token, device));
	EXPECT(401, refresh(token));
	EXPECT(200, refresh(hers));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM user_fcm_tokens WHERE token = '%s'", device));
}

/* ---- limits ---- */

TEST(t_acc_d11_guessing_passwords_is_slowed_down)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = NULL;

	t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "RATE_LIMITS=on");
	for (int i = 0; i < 5; i++)
		EXPECT(401,
		       t_post_json(NULL, "/api/v1/auth/login",
				   "{'email': '%s', 'password': 'guess'}", ann.email));
	r = EXPECT(429, login(&ann));
	EXPECT_CODE("rate_limited", r);
	EXPECT_TRUE(atoi(t_header(r, "Retry-After")) > 0);
	EXPECT_HEADER("5", r, "X-RateLimit-Limit");
	EXPECT_HEADER("0", r, "X-RateLimit-Remaining");
}

TEST(t_acc_d11_guessing_refresh_tokens_is_limited_and_signs_nobody_out)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *hers = EXPECT(200, login(&ann)), *r = NULL;

	t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "RATE_LIMITS=on");
	for (int i = 0; i < 60 && (!r || r->status == 401); i++)
		r = refresh(t_fmt("guess-%d", i));
	EXPECT_CODE("rate_limited", EXPECT(429, r));
	EXPECT_TRUE(atoi(t_header(r, "Retry-After")) > 0);
	EXPECT(200, refresh(t_json(hers, "refresh_token"))); /* from the same address */
}

TEST(whoever_knows_the_password_is_not_slowed_down)
{
	struct t_user ann = t_user("ann");

	t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "RATE_LIMITS=on");
	for (int i = 0; i < 8; i++)
		EXPECT(200, login(&ann));
}

struct crowd {
	const struct t_user *user;
	int status[90];
};

static void sign_in_at_once(int i, void *arg)
{
	struct crowd *c = arg;

	c->status[i] = t_post_json(NULL, "/api/v1/auth/login", "{'email': '%s', 'password': '%s'}",
				   c->user->email, T_PASSWORD)
			       ->status;
}

TEST(more_sign_ins_than_can_be_checked_are_sent_away)
{
	struct t_user ann = t_user("ann");
	struct crowd c = { .user = &ann };
	int let_in = 0, sent_away = 0;

	t_parallel(90, sign_in_at_once, &c);
	for (int i = 0; i < 90; i++) {
		let_in += c.status[i] == 200;
		sent_away += c.status[i] == 429;
	}
	EXPECT_EQ(90, let_in + sent_away);
	EXPECT_TRUE(let_in >= 32 && sent_away > 0);
}
