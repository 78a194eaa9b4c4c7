/* Harmony and its tiers: domain-rules §6.3, §6.4. */
#include "test/harness/harness.h"

#include <string.h>

#define API "/api/v1"

/* Makes the account as old as this, with this score, not calculated for two days. */
static void set_score(const struct t_user *u, int score, int days_old)
{
	t_sql("UPDATE users SET created_at = now() - interval '%d days', last_login = now() WHERE id = '%s'",
	      days_old, u->id);
	t_sql("UPDATE trust_state SET harmony_score = %d, tier = tier_of_score(%d),"
	      " last_harmony_calc_at = now() - interval '2 days' WHERE user_id = '%s'",
	      score, score, u->id);
}

/* Runs the daily job, and waits until it has been at this account. */
static void calculate(const struct t_user *u)
{
	EXPECT_SOON(t_sql(
		"UPDATE periodic_jobs SET next_run_at = now()"
		" WHERE name = 'trust_calculate' AND finished_at > started_at RETURNING name"));
	EXPECT_SOON(t_sql_int(
		"SELECT count(*) FROM trust_state"
		" WHERE user_id = '%s' AND last_harmony_calc_at > now() - interval '1 minute'",
		u->id));
}

/* Thirty posts, one a day: 25 points for posts and 30 for days. */
static void post_daily(const struct t_user *u)
{
	for (int day = 0; day < 30; day++)
		t_new_post_with(u, "created_at = now() - interval '%d days'", day);
}

/* Ten people like one of his posts: 20 points. */
static void be_liked(const struct t_user *u)
{
	const char *post = t_new_post(u);

	for (int i = 0; i < 10; i++) {
		struct t_user fan = t_user("fan");

		t_sql("INSERT INTO post_likes (post_id, user_id) VALUES ('%s', '%s')", post,
		      fan.id);
	}
}

/* Two who follow each other with him: 20 points. */
static void make_friends(const struct t_user *u)
{
	struct t_user a = t_user("friend"), b = t_user("friend");

	t_mutual(u, &a);
	t_mutual(u, &b);
}

static void expect_trust(int score, const char *tier, const struct t_user *u)
{
	const struct t_reply *r = EXPECT(200, t_get(u, API "/profile/trust-state"));

	EXPECT_INT(score, r, "harmony_score");
	EXPECT_STR(tier, r, "tier");
}

TEST(t_trs_3_the_tier_changes_exactly_at_its_score)
{
	static const struct {
		int before, after;
		const char *tier;
	} at[] = {
		{ 14, 19, "new" },     { 15, 20, "sprout" },	  { 34, 39, "sprout" },
		{ 35, 40, "trusted" }, { 59, 64, "trusted" },	  { 60, 65, "elder" },
		{ 79, 84, "elder" },   { 80, 85, "established" }, { 95, 95, "established" },
	};
	enum { N = sizeof(at) / sizeof(*at) };
	struct t_user who[N];

	for (int i = 0; i < N; i++) {
		who[i] = t_user("ann");
		set_score(&who[i], at[i].before, 100);
		post_daily(&who[i]);
		be_liked(&who[i]);
		make_friends(&who[i]);
	}
	for (int i = 0; i < N; i++) {
		calculate(&who[i]);
		expect_trust(at[i].after, at[i].tier, &who[i]);
	}
}

TEST(harmony_falls_by_five_a_day_and_by_what_is_held_against_one)
{
	struct t_user quiet = t_user("quiet"), rude = t_user("rude"), judge = t_user("judge");

	set_score(&quiet, 50, 100);
	set_score(&rude, 50, 100);
	for (int i = 0; i < 3; i++) {
		struct t_user hurt = t_user("hurt");

		t_block(&hurt, &rude);
	}
	t_sql("INSERT INTO reports (reporter_id, target_user_id, violation_type, status, reviewed_at)"
	      " VALUES ('%s', '%s', 'harassment', 'actioned', now())",
	      judge.id, rude.id);
	calculate(&quiet);
	calculate(&rude);
	expect_trust(45, "trusted", &quiet);
	expect_trust(50 - 5 - 15 - 9, "sprout",
		     &rude); /* three blocks are nine, a report upheld fifteen */
}

TEST(a_newcomer_loses_by_penalties_only)
{
	struct t_user calm = t_user("calm"), wrong = t_user("wrong"), target = t_user("target");

	set_score(&calm, 50, 10);
	set_score(&wrong, 50, 10);
	t_sql("INSERT INTO reports (reporter_id, target_user_id, violation_type, status, reviewed_at)"
	      " VALUES ('%s', '%s', 'scam', 'dismissed', now())",
	      wrong.id, target.id);
	calculate(&calm);
	calculate(&wrong);
	expect_trust(50, "trusted", &calm);
	expect_trust(48, "trusted", &wrong); /* a report that is dismissed costs its reporter two */
}

TEST(harmony_is_calculated_once_a_day_and_not_on_the_first)
{
	struct t_user fresh = t_user("fresh"), done = t_user("done"), last = t_user("last");

	set_score(&fresh, 50, 0);
	set_score(&done, 50, 100);
	t_sql("UPDATE trust_state SET last_harmony_calc_at = now() - interval '2 hours' WHERE user_id = '%s'",
	      done.id);
	set_score(&last, 50, 100);
	calculate(&last);
	expect_trust(50, "trusted", &fresh);
	expect_trust(50, "trusted", &done);
}

TEST(t_trs_2_only_the_tier_is_public)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const struct t_reply *r;

	t_sql("UPDATE trust_state SET harmony_score = 71 WHERE user_id = '%s'", ann.id);
	r = EXPECT(200, t_get(&ann, API "/profile/trust-state"));
	EXPECT_STR(ann.id, r, "user_id");
	EXPECT_INT(71, r, "harmony_score");
	r = EXPECT(200, t_get(&bob, API "/profile/trust-state?handle=%s", ann.handle));
	EXPECT_STR(bob.id, r, "user_id");
	EXPECT(404, t_get(&bob, API "/profiles/%s/trust-state", ann.id));
	EXPECT(404, t_get(&bob, API "/users/%s/trust-state", ann.id));
	r = EXPECT(200, t_get(&bob, API "/profiles/%s", ann.id));
	EXPECT_STR("elder", r, "profile.trust_tier");
	EXPECT_NULL(strstr(r->body, "harmony_score"));
}

TEST(t_trs_4_harmony_bars_nobody)
{
	struct t_user low = t_user("low"), ann = t_user("ann");
	const char *post = t_new_post(&ann);

	t_sql("UPDATE trust_state SET harmony_score = 0, tier = 'new' WHERE user_id = '%s'",
	      low.id);
	EXPECT(200,
	       t_post_json(NULL, API "/auth/login", "{'email': '%s', 'password': '%s'}", low.email,
			   T_PASSWORD));
	EXPECT(200, t_get(&low, API "/posts/%s", post));
	EXPECT(200, t_get(&low, API "/feed/personal"));
	EXPECT_STR("accepted", EXPECT(200, t_post(&low, API "/users/%s/follow", ann.id)), "status");
	EXPECT(200, t_post(&low, API "/posts/%s/like", post));
}
