/*
 * The ranked feed through the API (domain-rules §8.2). Each test has a server of its own, because what is
 * ranked is whatever anybody has posted.
 */
#include "app/feed/feed_test.h"

#include <string.h>

/* Runs a periodic job as soon as the server looks, and waits for its end. */
static void run_job(const char *name)
{
	long long runs = t_sql_int(
		"UPDATE periodic_jobs SET next_run_at = now() WHERE name = '%s' RETURNING runs",
		name);

	EXPECT_SOON(t_sql_int("SELECT count(*) FROM periodic_jobs WHERE name = '%s' AND runs > %lld"
			      " AND finished_at > started_at AND last_error IS NULL",
			      name, runs)
		    == 1);
}

/* The server makes its rows of periodic jobs, and runs each once, when it starts. */
static void start(void)
{
	t_server_start();
	EXPECT_SOON(
		t_sql_int(
			"SELECT count(*) FROM periodic_jobs WHERE name LIKE 'feed%%' AND finished_at > started_at")
		== 3);
}

static void score(void)
{
	run_job("feed_score_all");
}

static const char *liked_post(const struct t_user *author, int likes)
{
	const char *post = t_new_post(author);

	t_sql("UPDATE post_metrics SET like_count = %d WHERE post_id = '%s'", likes, post);
	return post;
}

static void set_weight(const char *key, double value)
{
	EXPECT_EQ(
		1,
		t_sql_int(
			"WITH u AS (UPDATE algorithm_config SET value = %g WHERE key = '%s' RETURNING 1)"
			" SELECT count(*) FROM u",
			value, key));
}

static bool has(const char *const *ids, size_t n, const char *id)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

static void check_distinct(const char *const *ids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (has(ids, i, ids[i]))
			t_fail("%s is there twice", ids[i]);
}

TEST(t_rnk_1_what_must_not_be_seen_is_in_no_part_of_the_feed)
{
	struct t_user ann, bob, blocked, blocker, private, hidden;
	const char *ids[WALK_MAX], *bad[9], *good;
	size_t n;

	start();
	ann = t_user("ann"), bob = t_user("bob"), blocked = t_user("blocked");
	blocker = t_user("blocker"), private = t_user("private"), hidden = t_user("hidden");
	t_block(&ann, &blocked);
	t_block(&blocker, &ann);
	t_sql("UPDATE profiles SET is_private = true WHERE id = '%s'", private.id);
	bad[0] = liked_post(&blocked, 900);
	bad[1] = liked_post(&blocker, 900);
	bad[2] = liked_post(&private, 900);
	for (int i = 3; i < 6; i++)
		bad[i] = liked_post(&hidden, 900);
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/hide", bad[3]));
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/hide", bad[4]));
	bad[6] = liked_post(&bob, 900);
	t_sql("UPDATE posts SET category_id = '" TECH "' WHERE id = '%s'", bad[6]);
	bad[7] = liked_post(&bob, 900);
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/hide", bad[7]));
	bad[8] = liked_post(&bob, 900);
	t_sql("UPDATE posts SET tone_label = 'hostile', cis_score = 0.1, status = 'removed' WHERE id = '%s'",
	      bad[8]);
	good = liked_post(&bob, 0);
	for (int i = 0; i < 30; i++) {
		struct t_user other = t_user("other");

		liked_post(&other, i);
		t_new_post_with(&private, "created_at = now() - interval '1 month'");
		t_new_post_with(&hidden, "created_at = now() - interval '1 month'");
	}
	score();
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM post_feed_scores WHERE post_id = '%s'", bad[0]));
	n = feed_walk(&ann, RANKED, 4, NULL, NULL, ids);
	EXPECT_EQ(31, n);
	EXPECT_TRUE(has(ids, n, good));
	for (int i = 0; i < 9; i++)
		EXPECT_FALSE(has(ids, n, bad[i]));
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM feed_sessions s, unnest(s.post_ids) x JOIN posts p ON p.id = x"
			" WHERE p.author_id IN ('%s', '%s', '%s', '%s', '%s')",
			ann.id, blocked.id, blocker.id, private.id, hidden.id));
}

TEST(t_rnk_1_access_is_asked_again_for_each_page)
{
	struct t_user ann, bob, cid;
	const struct t_reply *r;
	const char *next, *of_bob[10], *last;

	start();
	ann = t_user("ann"), bob = t_user("bob"), cid = t_user("cid");
	for (int i = 0; i < 10; i++) {
		of_bob[i] = liked_post(&bob, 50 - i);
		last = liked_post(&cid, i);
	}
	score();
	r = EXPECT(200, t_get(&ann, "%s?limit=4", RANKED));
	next = t_json(r, "next_cursor");
	t_block(&bob, &ann);
	t_sql("UPDATE posts SET deleted_at = now() WHERE id = '%s'", last);
	r = EXPECT(200, t_get(&ann, "%s?limit=4&cursor=%s", RANKED, next));
	EXPECT_COUNT(4, r, "posts"); /* full, because there is more */
	for (int i = 0; i < 10; i++)
		EXPECT_TRUE(t_json_find(r, "posts", "id", of_bob[i]) < 0);
	EXPECT_TRUE(t_json_find(r, "posts", "id", last) < 0);
}

TEST(t_rnk_3_comments_chained_posts_and_beacons_are_no_roots)
{
	struct t_user ann, bob;
	const char *root, *answer, *comment, *beacon, *ids[WALK_MAX];
	size_t n;

	start();
	ann = t_user("ann"), bob = t_user("bob");
	root = t_new_post(&bob);
	answer = feed_new_answer(&bob, root);
	comment = feed_new_comment(&bob, root);
	beacon = t_json(
		EXPECT(201,
		       t_post_json(&bob, "/api/v1/beacons",
				   "{'body': 'a tree lies on the road', 'beacon_type': 'hazard',"
				   " 'lat': 52.5, 'long': 13.4}")),
		"beacon.id");
	score();
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM post_feed_scores"));
	n = feed_walk(&ann, RANKED, 10, NULL, NULL, ids);
	EXPECT_EQ(1, n);
	EXPECT_CSTR(root, ids[0]);
	EXPECT_FALSE(has(ids, n, answer) || has(ids, n, comment) || has(ids, n, beacon));
}

TEST(t_rnk_4_a_changed_weight_changes_the_order_within_one_refresh)
{
	struct t_user ann, eve, bob, cid;
	const char *liked, *young;

	start();
	ann = t_user("ann"), eve = t_user("eve"), bob = t_user("bob"), cid = t_user("cid");
	liked = liked_post(&bob, 200);
	t_sql("UPDATE posts SET created_at = now() - interval '2 days' WHERE id = '%s'", liked);
	young = liked_post(&cid, 0);
	set_weight("feed_engagement_weight", 1);
	set_weight("feed_recency_weight", 0);
	score();
	EXPECT_STR(liked, EXPECT(200, t_get(&ann, "%s", RANKED)), "posts[0].id");
	set_weight("feed_engagement_weight", 0);
	set_weight("feed_recency_weight", 1);
	score();
	EXPECT_STR(young, EXPECT(200, t_get(&eve, "%s", RANKED)), "posts[0].id");
}

TEST(t_rnk_5_two_hides_take_the_author_out_of_the_ranked_feed_only)
{
	struct t_user ann, bob;
	const char *posts[4];

	start();
	ann = t_user("ann"), bob = t_user("bob");
	t_follow(&ann, &bob);
	for (int i = 0; i < 4; i++)
		posts[i] = t_new_post(&bob);
	score();
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/hide", posts[0]));
	EXPECT_FALSE(feed_shows(&ann, RANKED, posts[0]));
	t_sql("DELETE FROM feed_sessions");
	EXPECT_TRUE(feed_shows(&ann, RANKED, posts[2]));
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/hide", posts[1]));
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, "%s", RANKED)), "posts");
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, posts[0]));
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, posts[1]));
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, posts[2]));
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, posts[3]));
}

TEST(t_rnk_5_also_in_an_order_that_is_being_read)
{
	struct t_user ann, bob, cid;
	const struct t_reply *r;
	const char *posts[6], *next;

	start();
	ann = t_user("ann"), bob = t_user("bob"), cid = t_user("cid");
	for (int i = 0; i < 6; i++) {
		posts[i] = t_new_post(&bob);
		t_new_post(&cid);
	}
	score();
	next = t_json(EXPECT(200, t_get(&ann, "%s?limit=2", RANKED)), "next_cursor");
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/hide", posts[0]));
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/hide", posts[1]));
	r = EXPECT(200, t_get(&ann, "%s?limit=12&cursor=%s", RANKED, next));
	for (int i = 0; i < 6; i++)
		EXPECT_TRUE(t_json_find(r, "posts", "id", posts[i]) < 0);
}

TEST(t_fed_4_a_hidden_post_leaves_the_ranked_feed)
{
	struct t_user ann, bob;
	const char *hidden, *other;

	start();
	ann = t_user("ann"), bob = t_user("bob");
	hidden = t_new_post(&bob);
	other = t_new_post(&bob);
	score();
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/hide", hidden));
	for (int i = 0; i < 2; i++) { /* ranked, then as the newest, as nothing is left to rank */
		EXPECT_FALSE(feed_shows(&ann, RANKED, hidden));
		EXPECT_TRUE(feed_shows(&ann, "/api/v1/feed", other));
	}
}

TEST(t_cat_1_and_2_the_ranked_feed_has_enabled_categories)
{
	struct t_user ann, bob;
	const char *tech, *general, *of_tech = RANKED "?category=tech";

	start();
	ann = t_user("ann"), bob = t_user("bob");
	tech = t_new_post_with(&bob, "category_id = '" TECH "'");
	general = t_new_post_with(&bob, "category_id = '" GENERAL "'");
	score();
	EXPECT_FALSE(feed_shows(&ann, RANKED, tech));
	EXPECT_FALSE(feed_shows(&ann, of_tech, tech));
	EXPECT_TRUE(feed_shows(&ann, RANKED "?category=general", general));
	feed_choose_tech(&ann, true);
	EXPECT_TRUE(feed_shows(&ann, of_tech, tech));
	EXPECT_FALSE(feed_shows(&ann, of_tech, general));
	EXPECT_TRUE(feed_shows(&ann, RANKED, tech));
	feed_choose_tech(&ann, false);
	EXPECT_FALSE(feed_shows(&ann, RANKED, tech));
	EXPECT_FALSE(feed_shows(&ann, of_tech, tech));
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, RANKED "?category=nonsense")), "posts");
}

/* ---- sessions ---- */

static void post_and_score(const void *author)
{
	liked_post(author, 500);
	score();
}

TEST(t_fed_2_the_order_of_a_session_is_frozen)
{
	struct t_user ann, others[4];
	const char *ids[WALK_MAX];
	size_t n;

	start();
	ann = t_user("ann");
	for (int i = 0; i < 4; i++)
		others[i] = t_user("other");
	for (int i = 0; i < 24; i++)
		liked_post(&others[i % 4], i);
	score();
	n = feed_walk(&ann, RANKED, 7, post_and_score, &others[0], ids);
	check_distinct(ids, n);
	EXPECT_TRUE(n >= 24);
}

TEST(a_ranked_feed_goes_on_with_older_posts)
{
	struct t_user ann, others[4];
	const char *ids[WALK_MAX];
	size_t n;

	start();
	ann = t_user("ann");
	for (int i = 0; i < 4; i++)
		others[i] = t_user("other");
	t_sql("INSERT INTO posts (author_id, body, created_at) SELECT ('{%s,%s,%s,%s}'::uuid[])[1 + i %% 4],"
	      " 'number ' || i, now() - i * interval '1 hour' FROM generate_series(1, 300) i",
	      others[0].id, others[1].id, others[2].id, others[3].id);
	t_sql("INSERT INTO post_metrics (post_id) SELECT id FROM posts");
	score();
	EXPECT_TRUE(t_sql_int("SELECT count(*) FROM post_feed_scores") < 170);
	n = feed_walk(&ann, RANKED, 50, NULL, NULL, ids);
	EXPECT_EQ(300, n);
	check_distinct(ids, n);
}

TEST(offsets_of_older_clients_count_in_the_newest_session)
{
	struct t_user ann, bob;
	const char *ids[40];

	start();
	ann = t_user("ann"), bob = t_user("bob");
	for (int i = 0; i < 25; i++)
		liked_post(&bob, i);
	score();
	for (int page = 0; page < 3; page++) {
		const struct t_reply *r =
			EXPECT(200, t_get(&ann, "/api/v1/feed?limit=10&offset=%d", 10 * page));
		size_t n = page < 2 ? 10 : 5;

		EXPECT_COUNT(n, r, "posts");
		for (size_t i = 0; i < n; i++)
			ids[10 * page + (int)i] = t_json(r, t_fmt("posts[%zu].id", i));
	}
	check_distinct(ids, 25);
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, "/api/v1/feed?limit=10&offset=500")), "posts");
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, "/api/v1/feed?limit=10&offset=2000000000")),
		     "posts");
}

TEST(what_was_shown_does_not_come_back_within_two_hours)
{
	struct t_user ann, bob;
	const struct t_reply *r;
	const char *first[5];

	start();
	ann = t_user("ann"), bob = t_user("bob");
	for (int i = 0; i < 12; i++)
		liked_post(&bob, i);
	score();
	r = EXPECT(200, t_get(&ann, "%s?limit=5", RANKED));
	for (size_t i = 0; i < 5; i++)
		first[i] = t_json(r, t_fmt("posts[%zu].id", i));
	r = EXPECT(200, t_get(&ann, "%s?limit=7", RANKED));
	EXPECT_COUNT(7, r, "posts");
	for (size_t i = 0; i < 5; i++)
		EXPECT_TRUE(t_json_find(r, "posts", "id", first[i]) < 0);
	t_sql("UPDATE feed_sessions SET shown_at = now() - interval '3 hours', created_at = created_at - interval '3 hours'");
	EXPECT_COUNT(12, EXPECT(200, t_get(&ann, "%s?limit=12", RANKED)), "posts");
}

TEST(an_ended_session_is_followed_by_a_new_order)
{
	struct t_user ann, bob;
	const struct t_reply *r;
	const char *first, *next;

	start();
	ann = t_user("ann"), bob = t_user("bob");
	for (int i = 0; i < 6; i++)
		liked_post(&bob, i);
	score();
	r = EXPECT(200, t_get(&ann, "%s?limit=1", RANKED));
	first = t_json(r, "posts[0].id");
	next = t_json(r, "next_cursor");
	t_sql("UPDATE feed_sessions SET created_at = now() - interval '11 minutes'");
	r = EXPECT(200, t_get(&ann, "%s?limit=5&cursor=%s", RANKED, next));
	EXPECT_COUNT(5, r, "posts");
	EXPECT_TRUE(t_json_find(r, "posts", "id", first) < 0);
	EXPECT_EQ(2, t_sql_int("SELECT count(*) FROM feed_sessions"));
}

TEST(a_cursor_is_worth_nothing_to_somebody_else)
{
	struct t_user ann, bob;
	const char *next;

	start();
	ann = t_user("ann"), bob = t_user("bob");
	for (int i = 0; i < 6; i++)
		liked_post(&bob, i);
	score();
	next = t_json(EXPECT(200, t_get(&ann, "%s?limit=2", RANKED)), "next_cursor");
	EXPECT_COUNT(0, EXPECT(200, t_get(&bob, "%s?cursor=%s", RANKED, next)), "posts");
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM feed_sessions WHERE user_id = '%s'", bob.id));
}

TEST(sessions_are_cut_to_what_was_shown_and_forgotten)
{
	struct t_user ann, bob;

	start();
	ann = t_user("ann"), bob = t_user("bob");
	for (int i = 0; i < 6; i++)
		liked_post(&bob, i);
	score();
	EXPECT(200, t_get(&ann, "%s?limit=2", RANKED));
	t_sql("UPDATE feed_sessions SET created_at = now() - interval '11 minutes'");
	EXPECT(200, t_get(&ann, "%s?limit=1", RANKED));
	t_sql("INSERT INTO feed_sessions (user_id, post_ids, shown, created_at)"
	      " SELECT '%s', '{}', 0, now() - i * interval '1 hour' FROM generate_series(84, 180) i",
	      ann.id);
	run_job("feed_trim_sessions");
	EXPECT_CSTR(
		"4,2",
		t_sql("SELECT string_agg(cardinality(post_ids)::text, ',' ORDER BY created_at DESC)"
		      " FROM feed_sessions WHERE post_ids <> '{}'"));
	EXPECT_EQ(2 + 84, t_sql_int("SELECT count(*) FROM feed_sessions")); /* to 167 hours old */
	t_sql("UPDATE feed_sessions SET created_at = now() - random() * interval '1 hour'");
	t_sql("INSERT INTO feed_sessions (user_id, post_ids, shown) SELECT '%s', '{}', 0 FROM generate_series(1, 90)",
	      ann.id);
	run_job("feed_trim_sessions");
	EXPECT_EQ(100, t_sql_int("SELECT count(*) FROM feed_sessions"));
}

/* ---- scores ---- */

TEST(a_new_post_is_ranked_within_seconds)
{
	struct t_user bob;
	const char *post;

	start();
	bob = t_user("bob");
	post = t_new_post(&bob);
	run_job("feed_score_new");
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM post_feed_scores WHERE post_id = '%s'", post));
}

TEST(what_is_no_candidate_any_more_loses_its_score)
{
	struct t_user bob;
	const char *old, *hostile, *removed, *kept;

	start();
	bob = t_user("bob");
	old = t_new_post(&bob), hostile = t_new_post(&bob), removed = t_new_post(&bob),
	kept = t_new_post(&bob);
	score();
	EXPECT_EQ(4, t_sql_int("SELECT count(*) FROM post_feed_scores"));
	t_sql("UPDATE posts SET created_at = now() - interval '8 days' WHERE id = '%s'", old);
	t_sql("UPDATE posts SET tone_label = 'hostile' WHERE id = '%s'", hostile);
	t_sql("UPDATE posts SET status = 'removed' WHERE id = '%s'", removed);
	t_sql("UPDATE post_feed_scores SET updated_at = now() - interval '15 minutes'");
	score();
	EXPECT_CSTR(kept, t_sql("SELECT string_agg(post_id::text, ',') FROM post_feed_scores"));
}

/* The numbers of §8.2, computed by hand for one post of each kind. */
TEST(scores_follow_the_formula)
{
	struct t_user bob;
	const char *post;

	start();
	bob = t_user("bob");
	post = t_new_post_with(
		&bob,
		"body = repeat('x', 100), image_url = 'https://img.example.com/a.jpg',"
		" tone_label = 'positive', cis_score = 0.95, created_at = now() - interval '24 hours'");
	t_sql("UPDATE post_metrics SET save_count = 4, like_count = 7, view_count = 28 WHERE post_id = '%s'",
	      post);
	score();
	/* E ln(1+12+7)/ln(26)/3; Q .3*.9 + .3*.5 + .2*.25 + .14; R .5; T .15 + .45*.2 */
	EXPECT_CSTR(
		"0.3065 0.6100 0.5000 0.2400 0.0000",
		t_sql("SELECT concat_ws(' ', to_char(engagement_score, 'FM0.0000'), to_char(quality_score, 'FM0.0000'),"
		      " to_char(recency_score, 'FM0.0000'), to_char(tone_score, 'FM0.0000'),"
		      " to_char(video_boost_score, 'FM0.0000')) FROM post_feed_scores"));
	EXPECT_EQ(356, t_sql_int("SELECT round(score * 1000) FROM post_feed_scores"));
	t_sql("INSERT INTO blocks (blocker_id, blocked_id) VALUES ('%s', '%s')", t_user("eve").id,
	      bob.id);
	score();
	EXPECT_EQ(356,
		  t_sql_int(
			  "SELECT round(score * 1000) FROM post_feed_scores")); /* CIS above 0.9 */
	t_sql("UPDATE posts SET cis_score = 0.8, video_url = 'https://vid.example.com/a.mp4' WHERE id = '%s'",
	      post);
	score();
	EXPECT_CSTR("0.8 0.05",
		    t_sql("SELECT safety || ' ' || video_boost_score FROM post_feed_scores"));
}
