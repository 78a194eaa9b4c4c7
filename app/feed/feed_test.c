/* Whose posts and which ones: followed accounts, chained posts, videos (domain-rules §8.1). */
#include "app/feed/feed_test.h"

#include <string.h>

bool feed_shows(const struct t_user *viewer, const char *path, const char *post)
{
	return t_json_find(EXPECT(200, t_get(viewer, "%s", path)), "posts", "id", post) >= 0;
}

const char *feed_new_video(const struct t_user *author)
{
	return t_new_post_with(author, "video_url = 'https://vid.example.com/a.mp4'");
}

const char *feed_new_answer(const struct t_user *author, const char *parent)
{
	return t_new_post_with(author, "chain_parent_id = '%s', root_id = '%s', depth = 1", parent,
			       parent);
}

const char *feed_new_comment(const struct t_user *author, const char *post)
{
	return t_new_post_with(
		author,
		"kind = 'comment', comment_on_id = '%s', chain_parent_id = '%s', root_id = '%s', depth = 1",
		post, post, post);
}

const char *feed_with(const char *path, const char *query)
{
	return t_fmt("%s%s%s", path, strchr(path, '?') ? "&" : "?", query);
}

/* Reads a list to its end, `between` (may be NULL) after each page; ids in order, their number. */
size_t feed_walk(const struct t_user *viewer, const char *path, size_t limit,
		 void (*between)(const void *arg), const void *arg, const char **ids)
{
	const char *next = NULL;
	size_t n = 0;

	do {
		const char *query =
			t_fmt("limit=%zu%s%s", limit, next ? "&cursor=" : "", next ? next : "");
		const struct t_reply *r = EXPECT(200, t_get(viewer, "%s", feed_with(path, query)));
		size_t got = t_json_count(r, "posts");

		EXPECT_TRUE(got <= limit && n + got <= WALK_MAX);
		for (size_t i = 0; i < got; i++)
			ids[n++] = t_json(r, t_fmt("posts[%zu].id", i));
		next = t_json(r, "next_cursor");
		if (strcmp(next, "null") == 0)
			next = NULL;
		else
			EXPECT_EQ(limit, got); /* clients take a shorter page for the last */
		if (between)
			between(arg);
	} while (next);
	return n;
}

void feed_choose_tech(const struct t_user *user, bool enabled)
{
	t_sql("INSERT INTO user_category_settings (user_id, category_id, enabled) VALUES ('%s', '" TECH
	      "', %s) ON CONFLICT (user_id, category_id) DO UPDATE SET enabled = excluded.enabled",
	      user->id, enabled ? "true" : "false");
}

void feed_post_at_equal_times(const struct t_user *author, int n)
{
	for (int i = 0; i < n; i++)
		t_new_post_with(author,
				"created_at = timestamptz '2026-01-01 12:00Z' + %d * interval '1 s'"
				", video_url = 'https://vid.example.com/a.mp4'",
				i / 4);
}

void feed_check_order(const char *const *ids, size_t n)
{
	for (size_t i = 1; i < n; i++)
		EXPECT_EQ(
			1,
			t_sql_int(
				"SELECT count(*) FROM posts a, posts b WHERE a.id = '%s' AND b.id = '%s'"
				" AND (a.created_at, a.id) > (b.created_at, b.id)",
				ids[i - 1], ids[i]));
}

/* ---- whose posts ---- */

TEST(t_fed_1_the_personal_feed_has_oneself_and_accepted_follows)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), stranger = t_user("stranger");
	struct t_user asked = t_user("asked"), fan = t_user("fan");
	const char *own = t_new_post(&ann), *followed = t_new_post(&bob);
	const char *strange = t_new_post(&stranger), *pending = t_new_post(&asked);
	const char *of_fan = t_new_post(&fan);

	t_follow(&ann, &bob);
	t_follow(&fan, &ann);
	t_sql("INSERT INTO follows (follower_id, following_id, status) VALUES ('%s', '%s', 'pending')",
	      ann.id, asked.id);
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, own));
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, followed));
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, strange));
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, pending));
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, of_fan));
}

TEST(t_fed_1_of_a_followed_account_only_what_the_viewer_may_see)
{
	static const struct {
		const char *set;
		bool seen;
	} cases[] = {
		{ "visibility = 'followers'", true },
		{ "visibility = 'circle'", false },
		{ "visibility = 'neighborhood'", false },
		{ "visibility = 'private'", false },
		{ "expires_at = now() + interval '1 hour'", true },
		{ "created_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'",
		  false },
		{ "deleted_at = now()", false },
		{ "status = 'removed'", false },
		{ "status = 'flagged'", false },
		{ "status = 'pending_moderation'", false },
		{ "status = 'jailed'", false },
		{ "status = 'expired'", false },
		{ "is_nsfw = true", false },
		{ "category_id = '" GENERAL "'", true },
		{ "category_id = '" TECH "'", false },
	};
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	t_follow(&ann, &bob);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (feed_shows(&ann, PERSONAL, t_new_post_with(&bob, "%s", cases[i].set))
		    != cases[i].seen)
			t_fail("%s: should%s be seen", cases[i].set, cases[i].seen ? "" : " not");
}

TEST(t_fed_1_ones_own_posts_are_there_in_any_state_but_deleted)
{
	static const char *const states[] = {
		"visibility = 'private'",
		"visibility = 'circle'",
		"status = 'removed'",
		"is_nsfw = true",
		"expires_at = now() - interval '1 s'",
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (!feed_shows(&ann, PERSONAL, t_new_post_with(&ann, "%s", states[i])))
			t_fail("%s: is missing", states[i]);
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, t_new_post_with(&ann, "deleted_at = now()")));
}

TEST(t_fed_1_circle_posts_reach_the_circle)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post_with(&bob, "visibility = 'circle'");

	t_mutual(&ann, &bob);
	t_sql("INSERT INTO circle_members (user_id, member_id) VALUES ('%s', '%s')", bob.id,
	      ann.id);
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, post));
}

TEST(t_fed_1_nsfw_posts_reach_followers_who_want_them)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post_with(&bob, "is_nsfw = true");

	t_follow(&ann, &bob);
	t_sql("UPDATE user_settings SET nsfw_enabled = true WHERE user_id = '%s'", ann.id);
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, post));
}

TEST(t_fed_1_an_account_limits_all_its_posts)
{
	static const struct {
		const char *set;
		bool seen;
	} cases[] = {
		{ "posts_visibility = 'private'", false },
		{ "posts_visibility = 'circle'", false },
		{ "posts_visibility = 'followers'", true },
		{ "is_private = true", true },
		{ "is_live = false", false },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct t_user ann = t_user("ann"), bob = t_user("bob");
		const char *post = t_new_post(&bob);

		t_follow(&ann, &bob);
		t_sql("UPDATE profiles SET %s WHERE id = '%s'", cases[i].set, bob.id);
		if (feed_shows(&ann, PERSONAL, post) != cases[i].seen)
			t_fail("%s: should%s be seen", cases[i].set, cases[i].seen ? "" : " not");
	}
}

/* Blocking ends follows; here the follow stays, so that the block alone has to hide. */
TEST(t_blk_3_posts_across_a_block_are_in_no_feed)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cid = t_user("cid");
	const char *of_bob = feed_new_video(&bob), *of_cid = feed_new_video(&cid);

	t_block(&ann, &bob);
	t_block(&cid, &ann);
	t_follow(&ann, &bob);
	t_follow(&ann, &cid);
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, of_bob));
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, of_cid));
	EXPECT_FALSE(feed_shows(&ann, VIDEOS, of_bob));
	EXPECT_FALSE(feed_shows(&ann, VIDEOS, of_cid));
}

TEST(t_pst_9_a_post_that_becomes_invisible_leaves_the_feed_and_returns)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = feed_new_video(&bob);

	t_follow(&ann, &bob);
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, post));
	t_sql("UPDATE posts SET visibility = 'circle' WHERE id = '%s'", post);
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, post));
	EXPECT_FALSE(feed_shows(&ann, VIDEOS, post));
	t_sql("UPDATE posts SET visibility = 'public' WHERE id = '%s'", post);
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, post));
	EXPECT_TRUE(feed_shows(&ann, VIDEOS, post));
}

TEST(t_pst_5_posts_of_a_deactivated_account_return_with_it)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = feed_new_video(&bob);

	t_follow(&ann, &bob);
	t_sql("UPDATE users SET status = 'deactivated' WHERE id = '%s'", bob.id);
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, post));
	EXPECT_FALSE(feed_shows(&ann, VIDEOS, post));
	t_sql("UPDATE users SET status = 'active' WHERE id = '%s'", bob.id);
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, post));
	EXPECT_TRUE(feed_shows(&ann, VIDEOS, post));
}

/* ---- what posts ---- */

TEST(t_fed_3_beacons_are_in_no_feed)
{
	static const char *const lists[] = { "/api/v1/feed", "/api/v1/feed/sojorn",
					     "/api/v1/feed/personal",
					     "/api/v1/feed/personal?type=beacon" };
	struct t_user ann = t_user("ann");
	const char *beacon = t_json(
		EXPECT(201,
		       t_post_json(&ann, "/api/v1/beacons",
				   "{'body': 'a tree lies on the road', 'beacon_type': 'hazard',"
				   " 'lat': 52.5, 'long': 13.4}")),
		"beacon.id");

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		EXPECT_FALSE(feed_shows(&ann, lists[i], beacon));
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, "%s", lists[3])), "posts");
}

TEST(t_fed_4_a_hidden_post_never_appears_again)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *hidden = feed_new_video(&bob), *other = feed_new_video(&bob);

	t_follow(&ann, &bob);
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/hide", hidden));
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, hidden));
	EXPECT_FALSE(feed_shows(&ann, VIDEOS, hidden));
	EXPECT_FALSE(feed_shows(&ann, feed_with(PERSONAL, "type=quip"), hidden));
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, other));
	EXPECT_TRUE(feed_shows(&ann, VIDEOS, other));
}

TEST(root_posts_only_unless_answers_are_asked_for)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *root = t_new_post(&bob), *answer = feed_new_answer(&bob, root);
	const char *comment = feed_new_comment(&bob, root);

	t_follow(&ann, &bob);
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, root));
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, answer));
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, comment));
	EXPECT_TRUE(feed_shows(&ann, feed_with(PERSONAL, "type=chain"), answer));
	EXPECT_FALSE(feed_shows(&ann, feed_with(PERSONAL, "type=chain"), root));
	EXPECT_FALSE(feed_shows(&ann, feed_with(PERSONAL, "type=chain"), comment));
}

TEST(a_feed_of_answers_keeps_to_the_same_rules)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), stranger = t_user("stranger");
	const char *root = t_new_post(&bob), *ids[WALK_MAX];
	const char *chain = feed_with(PERSONAL, "type=chain"), *secret, *strange, *hidden;

	t_follow(&ann, &bob);
	strange = feed_new_answer(&stranger, root);
	secret = feed_new_answer(&bob, root);
	t_sql("UPDATE posts SET visibility = 'private' WHERE id = '%s'", secret);
	hidden = feed_new_answer(&bob, root);
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/hide", hidden));
	for (int i = 0; i < 5; i++)
		feed_new_answer(i % 2 ? &ann : &bob, root);
	EXPECT_FALSE(feed_shows(&ann, chain, strange));
	EXPECT_FALSE(feed_shows(&ann, chain, secret));
	EXPECT_FALSE(feed_shows(&ann, chain, hidden));
	EXPECT_EQ(5, feed_walk(&ann, chain, 2, NULL, NULL, ids));
	feed_check_order(ids, 5);
}

TEST(the_personal_feed_by_kind_of_post)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *text = t_new_post(&bob), *video = feed_new_video(&bob);

	t_follow(&ann, &bob);
	EXPECT_TRUE(feed_shows(&ann, feed_with(PERSONAL, "type=post"), text));
	EXPECT_FALSE(feed_shows(&ann, feed_with(PERSONAL, "type=post"), video));
	EXPECT_TRUE(feed_shows(&ann, feed_with(PERSONAL, "type=quip"), video));
	EXPECT_FALSE(feed_shows(&ann, feed_with(PERSONAL, "type=quip"), text));
	for (int i = 0; i < 2; i++) {
		const char *list = feed_with(PERSONAL, i ? "type=" : "type=poem");

		EXPECT_TRUE(feed_shows(&ann, list, text) && feed_shows(&ann, list, video));
	}
}

TEST(the_personal_feed_of_some_of_the_followed)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cid = t_user("cid"),
		      eve = t_user("eve");
	const char *of_bob = t_new_post(&bob), *of_cid = t_new_post(&cid),
		   *of_eve = t_new_post(&eve);
	const char *list = t_fmt("%s?author_ids=%s,%s", PERSONAL, bob.id, eve.id);

	t_follow(&ann, &bob);
	t_follow(&ann, &cid);
	EXPECT_TRUE(feed_shows(&ann, list, of_bob));
	EXPECT_FALSE(feed_shows(&ann, list, of_cid));
	EXPECT_FALSE(feed_shows(&ann, list, of_eve)); /* not followed: the filter opens nothing */
	EXPECT_TRUE(feed_shows(&ann, feed_with(PERSONAL, "author_ids="), of_cid));
}

TEST(the_video_list_has_videos_of_anybody)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *video = feed_new_video(&bob), *text = t_new_post(&bob);
	const char *answer = feed_new_answer(&bob, text);
	const struct t_reply *r;

	t_sql("UPDATE posts SET video_url = 'https://vid.example.com/a.mp4' WHERE id = '%s'",
	      answer);
	r = EXPECT(200, t_get(&ann, "%s&limit=50", VIDEOS));
	EXPECT_TRUE(t_json_find(r, "posts", "id", video) >= 0);
	EXPECT_TRUE(t_json_find(r, "posts", "id", text) < 0);
	EXPECT_TRUE(t_json_find(r, "posts", "id", answer) < 0);
	for (size_t i = 0; i < t_json_count(r, "posts"); i++)
		EXPECT_TRUE(strncmp(t_json(r, t_fmt("posts[%zu].video_url", i)), "http", 4) == 0);
}

TEST(the_video_list_keeps_to_the_access_rules)
{
	static const char *const sets[] = {
		"visibility = 'followers'", "visibility = 'private'",	"is_nsfw = true",
		"status = 'removed'",	    "category_id = '" TECH "'", "deleted_at = now()",
	};
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	t_sql("UPDATE user_settings SET nsfw_enabled = true WHERE user_id = '%s'", ann.id);
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		const char *post = feed_new_video(&bob);

		t_sql("UPDATE posts SET %s WHERE id = '%s'", sets[i], post);
		if (feed_shows(&ann, VIDEOS, post))
			t_fail("%s: should not be seen", sets[i]);
	}
}

TEST(videos_of_a_category)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *general = feed_new_video(&bob), *tech = feed_new_video(&bob),
		   *none = feed_new_video(&bob);

	t_sql("UPDATE posts SET category_id = '" GENERAL "' WHERE id = '%s'", general);
	t_sql("UPDATE posts SET category_id = '" TECH "' WHERE id = '%s'", tech);
	EXPECT_TRUE(feed_shows(&ann, feed_with(VIDEOS, "category=general"), general));
	EXPECT_FALSE(feed_shows(&ann, feed_with(VIDEOS, "category=general"), none));
	EXPECT_TRUE(feed_shows(&ann, feed_with(VIDEOS, "category="), none));
	EXPECT_FALSE(feed_shows(&ann, feed_with(VIDEOS, "category=tech"), tech)); /* not enabled */
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, "%s&category=nonsense", VIDEOS)), "posts");
}

TEST(cursors_of_the_video_list_yield_every_video_once)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *ids[WALK_MAX], *list = feed_with(VIDEOS, "category=politics");
	size_t n;

	t_sql("INSERT INTO user_category_settings (user_id, category_id)"
	      " SELECT '%s', id FROM categories WHERE slug = 'politics'",
	      ann.id);
	feed_post_at_equal_times(&bob, 10);
	t_sql("UPDATE posts SET category_id = (SELECT id FROM categories WHERE slug = 'politics')"
	      " WHERE author_id = '%s'",
	      bob.id);
	n = feed_walk(&ann, list, 3, NULL, NULL, ids);
	EXPECT_TRUE(n >= 10);
	feed_check_order(ids, n);
}

/* ---- categories ---- */

TEST(t_cat_1_a_new_user_sees_no_post_of_a_category_that_is_off)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = feed_new_video(&bob);

	t_sql("UPDATE posts SET category_id = '" TECH "' WHERE id = '%s'", post);
	EXPECT_FALSE(feed_shows(&ann, VIDEOS, post));
}

TEST(t_cat_2_enabling_and_disabling_a_category_shows_and_hides_its_posts)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = feed_new_video(&bob);

	t_follow(&ann, &bob);
	t_sql("UPDATE posts SET category_id = '" TECH "' WHERE id = '%s'", post);
	feed_choose_tech(&ann, true);
	EXPECT_TRUE(feed_shows(&ann, VIDEOS, post));
	EXPECT_TRUE(feed_shows(&ann, PERSONAL, post));
	feed_choose_tech(&ann, false);
	EXPECT_FALSE(feed_shows(&ann, VIDEOS, post));
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, post));
}

TEST(t_cat_3_the_personal_feed_leaves_disabled_categories_out)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	t_follow(&ann, &bob);
	EXPECT_FALSE(feed_shows(&ann, PERSONAL, t_new_post_with(&bob, "category_id = '" TECH "'")));
	EXPECT_TRUE(
		feed_shows(&ann, PERSONAL, t_new_post_with(&bob, "category_id = '" GENERAL "'")));
}
