/* The seeded world obeys the rules and counts right, though nothing checks it while it is loaded. */
#include "app/seed/seed.h"
#include "lib/base/password.h"
#include "test/harness/harness.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* Seeds a database of the test's own. */
static struct t_run seed(const char *const *arguments)
{
	t_database_of_my_own();
	return t_run_with(NULL, arguments);
}

static void seeded(const char *const *arguments)
{
	struct t_run run = seed(arguments);

	if (run.status != 0)
		t_fail("seed: %s", run.err);
}

/* No row answers the query; else its first value is shown. */
#define EXPECT_NO_ROW(sql) expect_no_row((sql), __FILE__, __LINE__)
static void expect_no_row(const char *sql, const char *file, int line)
{
	const char *count =
		t_sql("SELECT count(*) || ' rows, first ' || min(x::text) FROM (%s) x", sql);

	if (strncmp(count ? count : "0 rows", "0 rows", 6) == 0)
		return;
	print_error("%s: %s\n", sql, count);
	_fail(file, line);
}

/* Everything that must hold of any seeded world. */
static void expect_counters(void)
{
	EXPECT_NO_ROW(
		"SELECT p.handle FROM profiles p WHERE p.followers_count <> (SELECT count(*) FROM follows f"
		" WHERE f.following_id = p.id AND f.status = 'accepted')");
	EXPECT_NO_ROW(
		"SELECT p.handle FROM profiles p WHERE p.following_count <> (SELECT count(*) FROM follows f"
		" WHERE f.follower_id = p.id AND f.status = 'accepted')");
	EXPECT_NO_ROW(
		"SELECT t.user_id FROM trust_state t WHERE t.posts_count <> (SELECT count(*) FROM posts x"
		" WHERE x.author_id = t.user_id AND x.root_id IS NULL AND x.deleted_at IS NULL)");
	EXPECT_NO_ROW(
		"SELECT post_id FROM post_metrics m WHERE"
		" like_count <> (SELECT count(*) FROM post_likes l WHERE l.post_id = m.post_id)"
		" OR save_count <> (SELECT count(*) FROM post_saves s WHERE s.post_id = m.post_id)"
		" OR view_count < (SELECT count(*) FROM post_views v WHERE v.post_id = m.post_id)"
		" OR reaction_count <> (SELECT count(*) FROM post_reactions r WHERE r.post_id = m.post_id)"
		" OR comment_count <> (SELECT count(*) FROM posts a WHERE a.chain_parent_id = m.post_id"
		"                       AND a.deleted_at IS NULL)");
	EXPECT_NO_ROW(
		"SELECT post_id FROM post_metrics m WHERE reaction_counts <> COALESCE((SELECT"
		" jsonb_object_agg(emoji, n) FROM (SELECT emoji, count(*) n FROM post_reactions r"
		" WHERE r.post_id = m.post_id GROUP BY emoji) e), '{}')");
	EXPECT_NO_ROW("SELECT id FROM posts WHERE id NOT IN (SELECT post_id FROM post_metrics)");
	EXPECT_NO_ROW(
		"SELECT name FROM hashtags h WHERE use_count <> (SELECT count(*) FROM post_hashtags x"
		" JOIN posts p ON p.id = x.post_id WHERE x.hashtag_id = h.id AND p.visibility = 'public'"
		" AND p.deleted_at IS NULL)");
	EXPECT_NO_ROW(
		"SELECT id FROM beacons b WHERE"
		" vouch_count <> (SELECT count(*) FROM beacon_votes v WHERE v.beacon_id = b.id AND v.kind = 'vouch')"
		" OR report_count <> (SELECT count(*) FROM beacon_votes v WHERE v.beacon_id = b.id AND v.kind = 'report')"
		" OR vouch_weight <> (SELECT COALESCE(sum(weight), 0) FROM beacon_votes v"
		"                      WHERE v.beacon_id = b.id AND v.kind = 'vouch')");
	EXPECT_NO_ROW(
		"SELECT user_id FROM trust_state t WHERE posts_today <> (SELECT count(*) FROM posts p"
		" WHERE p.author_id = t.user_id AND p.kind = 'post'"
		" AND (p.created_at AT TIME ZONE 'UTC')::date = t.posts_day)");
	EXPECT_NO_ROW("SELECT user_id FROM trust_state WHERE tier <> tier_of_score(harmony_score)");
}

/* References were not checked while the rows came in. */
static void expect_references(void)
{
	t_sql("DO $$ DECLARE k record; n bigint; BEGIN"
	      " FOR k IN SELECT c.conrelid::regclass AS child, c.confrelid::regclass AS parent,"
	      "                 a.attname AS col, b.attname AS key"
	      "   FROM pg_constraint c"
	      "   JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]"
	      "   JOIN pg_attribute b ON b.attrelid = c.confrelid AND b.attnum = c.confkey[1]"
	      "  WHERE c.contype = 'f' AND c.connamespace = 'sojorn'::regnamespace"
	      " LOOP EXECUTE format('SELECT count(*) FROM %%s x WHERE x.%%I IS NOT NULL AND NOT EXISTS"
	      " (SELECT FROM %%s y WHERE y.%%I = x.%%I)', k.child, k.col, k.parent, k.key, k.col) INTO n;"
	      " IF n > 0 THEN RAISE EXCEPTION '%% rows of %% refer by %% to nothing', n, k.child, k.col; END IF;"
	      " END LOOP; END $$");
}

static void expect_rules(void)
{
	EXPECT_NO_ROW(
		"SELECT p.handle FROM profiles p JOIN users u USING (id) WHERE p.is_live <> (u.status = 'active')");
	EXPECT_NO_ROW(
		"SELECT b.blocker_id FROM blocks b JOIN follows f ON (f.follower_id, f.following_id)"
		" IN ((b.blocker_id, b.blocked_id), (b.blocked_id, b.blocker_id))");
	EXPECT_NO_ROW("SELECT p.id FROM posts p JOIN posts q ON q.id = p.chain_parent_id"
		      " CROSS JOIN has_block_between(p.author_id, q.author_id)");
	EXPECT_NO_ROW(
		"SELECT p.id FROM posts p JOIN posts q ON q.id = p.chain_parent_id WHERE p.created_at < q.created_at");
	EXPECT_NO_ROW(
		"SELECT p.id FROM posts p JOIN users u ON u.id = p.author_id WHERE p.created_at < u.created_at");
	EXPECT_NO_ROW("SELECT p.id FROM posts p WHERE p.created_at > now()");
	EXPECT_NO_ROW(
		"SELECT c.id FROM posts c JOIN posts p ON p.id = c.comment_on_id WHERE c.author_id <> p.author_id"
		" AND NOT EXISTS (SELECT FROM can_comment(c.author_id, p.author_id))");
	EXPECT_NO_ROW(
		"SELECT p.id FROM posts p WHERE p.category_id IS NOT NULL"
		" AND p.category_id NOT IN (SELECT c FROM enabled_categories(p.author_id) c)");
	EXPECT_NO_ROW("SELECT l.user_id FROM post_likes l WHERE NOT EXISTS"
		      " (SELECT FROM visible_posts(l.user_id) p WHERE p.id = l.post_id)");
	EXPECT_NO_ROW("SELECT c.user_id FROM circle_members c WHERE NOT EXISTS"
		      " (SELECT FROM is_accepted_follow(c.user_id, c.member_id))");
	EXPECT_NO_ROW(
		"SELECT f.following_id FROM follows f JOIN profiles p ON p.id = f.following_id"
		" WHERE f.status = 'pending' AND NOT p.is_private");
	EXPECT_NO_ROW(
		"SELECT m.post_id FROM post_mentions m CROSS JOIN profiles a JOIN posts p ON p.id = m.post_id"
		" WHERE a.id = m.mentioned_user_id AND p.body NOT LIKE '%%@' || a.handle || '%%'");
	EXPECT_NO_ROW(
		"SELECT id FROM posts WHERE tone_label <> CASE WHEN cis_score >= 0.9 THEN 'positive'"
		" WHEN cis_score >= 0.7 THEN 'neutral' WHEN cis_score >= 0.5 THEN 'mixed'"
		" WHEN cis_score >= 0.3 THEN 'negative' ELSE 'hostile' END OR tone_label = 'hostile'");
	EXPECT_NO_ROW(
		"SELECT n.id FROM notifications n CROSS JOIN has_block_between(n.user_id, n.actor_id)");
	EXPECT_NO_ROW("SELECT id FROM beacons WHERE author_tag IS NOT NULL");
}

/* ---- tests ---- */

TEST(the_default_world_has_its_sizes_and_three_logins)
{
	struct t_run run = seed(T_LIST("seed", "--json"));
	json_t *json = json_loads(run.out, 0, NULL), *login;
	bool right = false;

	EXPECT_EQ(0, run.status);
	EXPECT_EQ(72, json_integer_value(json_object_get(json, "users")));
	EXPECT_EQ(298, json_integer_value(json_object_get(json, "posts")));
	EXPECT_EQ(48, json_integer_value(json_object_get(json, "beacons")));
	EXPECT_EQ(72, t_sql_int("SELECT count(*) FROM users"));
	EXPECT_EQ(298, t_sql_int("SELECT count(*) FROM posts"));
	EXPECT_EQ(48, t_sql_int("SELECT count(*) FROM beacons"));
	EXPECT_EQ(3, json_array_size(json_object_get(json, "login")));
	for (size_t i = 0; i < 3; i++) {
		const char *hash;

		login = json_array_get(json_object_get(json, "login"), i);
		hash = t_sql(
			"SELECT encrypted_password FROM users JOIN profiles p USING (id) WHERE status = 'active'"
			" AND email = %s AND p.handle = %s AND id = %s",
			t_lit(json_string_value(json_object_get(login, "email"))),
			t_lit(json_string_value(json_object_get(login, "handle"))),
			t_lit(json_string_value(json_object_get(login, "id"))));
		EXPECT_FALSE(password_check(str_of(json_string_value(
						    json_object_get(login, "password"))),
					    str_of(hash), &right)
				     .info);
		EXPECT_TRUE(right);
	}
	json_decref(json);
}

TEST(the_default_world_counts_right_and_obeys_the_rules)
{
	seeded(T_LIST("seed"));
	expect_counters();
	expect_references();
	expect_rules();
}

TEST(the_default_world_has_something_of_everything)
{
	static const char *const some[] = {
		"follows WHERE status = 'pending'",
		"blocks",
		"profiles WHERE is_private",
		"profiles WHERE role = 'moderator'",
		"profiles WHERE is_official",
		"circle_members",
		"posts WHERE kind = 'comment'",
		"posts WHERE kind = 'post' AND depth > 0",
		"posts WHERE depth > 1",
		"posts WHERE video_url IS NOT NULL",
		"posts WHERE image_url IS NOT NULL",
		"posts WHERE category_id IS NOT NULL",
		"posts WHERE visibility = 'followers'",
		"posts WHERE created_at > now() - interval '7 days' AND root_id IS NULL AND visibility = 'public'",
		"post_mentions",
		"hashtags WHERE use_count > 1",
		"post_saves",
		"post_reactions",
		"notifications WHERE NOT is_read",
		"map_beacons",
		"map_beacons WHERE is_priority OR vouch_count > 0",
		"beacons WHERE NOT on_map",
		"lexicon",
		"post_feed_scores WHERE score > 0",
		"users WHERE status = 'deactivated'",
	};

	seeded(T_LIST("seed"));
	for (size_t i = 0; i < sizeof(some) / sizeof(*some); i++)
		if (t_sql_int("SELECT count(*) FROM %s", some[i]) == 0)
			t_fail("there are no %s", some[i]);
	EXPECT_TRUE(t_sql_int("SELECT count(DISTINCT language) FROM user_settings") >= 6);
}

/* Everything but when it happened. */
static const char *fingerprint(void)
{
	return t_sql(
		"SELECT md5(string_agg(t, '|')) FROM ("
		"(SELECT handle || display_name || bio AS t FROM profiles ORDER BY id) UNION ALL"
		"(SELECT id || body || author_id FROM posts ORDER BY id) UNION ALL"
		"(SELECT follower_id || '>' || following_id || status FROM follows ORDER BY 1) UNION ALL"
		"(SELECT post_id || '+' || user_id FROM post_likes ORDER BY 1) UNION ALL"
		"(SELECT id || body || lat || long FROM beacons ORDER BY id)) x");
}

TEST(a_seed_gives_the_same_world_each_time)
{
	const char *one, *again, *other;

	seeded(T_LIST("seed", "--seed", "7"));
	one = fingerprint();
	seeded(T_LIST("seed", "--seed", "7"));
	again = fingerprint();
	seeded(T_LIST("seed", "--seed", "8"));
	other = fingerprint();
	EXPECT_CSTR(one, again);
	EXPECT_TRUE(strcmp(one, other) != 0);
}

TEST(a_database_in_use_is_added_to_only_when_asked)
{
	struct t_run run;

	seeded(T_LIST("seed"));
	run = t_run(NULL, "seed");
	EXPECT_EQ(1, run.status);
	EXPECT_TRUE(strstr(run.err, "--add"));
	EXPECT_EQ(72, t_sql_int("SELECT count(*) FROM users"));

	EXPECT_EQ(0, t_run(NULL, "seed", "--add", "--seed", "2").status);
	EXPECT_EQ(144, t_sql_int("SELECT count(*) FROM users"));
	EXPECT_EQ(596, t_sql_int("SELECT count(*) FROM posts"));
	expect_references();

	run = t_run(NULL, "seed", "--add", "--seed", "2");
	EXPECT_EQ(1, run.status);
	EXPECT_EQ(144, t_sql_int("SELECT count(*) FROM users"));
}

TEST(a_small_world_is_a_world)
{
	seeded(T_LIST("seed", "--users", "3", "--posts", "0", "--beacons", "0"));
	expect_counters();
	seeded(T_LIST("seed", "--users", "3", "--posts", "40", "--beacons", "9"));
	expect_counters();
	expect_references();
	expect_rules();
}

static const char *indexes(void)
{
	return t_sql("SELECT md5(string_agg(indexdef, ';' ORDER BY indexdef)) FROM pg_indexes"
		     " WHERE schemaname = 'sojorn'");
}

/* Sixty thousand rows are loaded without indexes, which come back as they were. */
TEST(a_large_world_keeps_its_indexes)
{
	const char *before;

	t_database_of_my_own();
	before = indexes();
	seeded(T_LIST("seed", "--users", "900", "--posts", "9000", "--beacons", "45000"));
	EXPECT_CSTR(before, indexes());
	expect_counters();
	expect_references();
	expect_rules();
}

TEST(wrong_arguments_are_refused)
{
	EXPECT_EQ(2, t_run(NULL, "seed", "--users", "2").status);
	EXPECT_EQ(2, t_run(NULL, "seed", "--users", "many").status);
	EXPECT_EQ(2, t_run(NULL, "seed", "--posts").status);
	EXPECT_EQ(2, t_run(NULL, "seed", "--posts", "-1").status);
	EXPECT_EQ(2, t_run(NULL, "seed", "72").status);
	EXPECT_EQ(0, t_run(NULL, "seed", "--help").status);
}

TEST(a_database_that_is_not_there_or_not_migrated_is_told)
{
	struct t_run run = t_run(T_LIST("DATABASE_URL=postgresql://x@127.0.0.1:1/x"), "seed");

	EXPECT_EQ(1, run.status);
	EXPECT_TRUE(strstr(run.err, "sojorn seed: the database: "));
	run = t_run(T_LIST(t_fmt("DATABASE_URL=%s", t_empty_database())), "seed");
	EXPECT_EQ(1, run.status);
	EXPECT_TRUE(strstr(run.err, "sojorn migrate up"));
}
