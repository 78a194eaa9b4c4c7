/* Feeds in the order of time as clients read them: pages, members, what is refused. */
#include "app/feed/feed_test.h"

#include <string.h>

/* ---- order and pages ---- */

static void post_more(const void *author)
{
	t_new_post(author);
}

TEST(t_fed_2_cursors_yield_every_post_once_while_new_ones_arrive)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cid = t_user("cid");
	const char *ids[WALK_MAX];
	size_t n;

	t_follow(&ann, &bob);
	t_follow(&ann, &cid);
	feed_post_at_equal_times(&bob, 9);
	feed_post_at_equal_times(&cid, 9);
	feed_post_at_equal_times(&ann, 9);
	for (size_t limit = 1; limit <= 9; limit += 4) {
		n = feed_walk(&ann, PERSONAL, limit, NULL, NULL, ids);
		EXPECT_EQ(27, n);
		feed_check_order(ids, n);
	}
	n = feed_walk(&ann, feed_with(PERSONAL, "type=quip"), 5, post_more, &bob, ids);
	EXPECT_EQ(27, n);
	feed_check_order(ids, n);
	t_sql("UPDATE posts SET created_at = now() + interval '1 h' WHERE author_id = '%s' AND video_url IS NULL",
	      bob.id);
	n = feed_walk(&ann, feed_with(PERSONAL, "type=post"), 3, post_more, &cid, ids);
	EXPECT_TRUE(n >= 6);
	feed_check_order(ids, n);
}

/* What is read again by offset while nothing arrives is the same list. */
TEST(offsets_of_older_clients_walk_the_same_list)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *ids[WALK_MAX];
	size_t n;

	t_follow(&ann, &bob);
	feed_post_at_equal_times(&bob, 7);
	feed_post_at_equal_times(&ann, 7);
	n = feed_walk(&ann, PERSONAL, 50, NULL, NULL, ids);
	EXPECT_EQ(14, n);
	for (size_t offset = 0; offset < 14; offset += 4) {
		const struct t_reply *r =
			EXPECT(200, t_get(&ann, "%s?limit=4&offset=%zu", PERSONAL, offset));

		EXPECT_COUNT(offset < 12 ? 4 : 2, r, "posts");
		EXPECT_STR(ids[offset], r, "posts[0].id");
	}
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, "%s?limit=4&offset=600", PERSONAL)), "posts");
	EXPECT_COUNT(14, EXPECT(200, t_get(&ann, "%s?offset=-3", PERSONAL)), "posts");
}

TEST(a_page_has_twenty_posts_unless_asked_and_never_more_than_fifty)
{
	struct t_user ann = t_user("ann");

	feed_post_at_equal_times(&ann, 60);
	EXPECT_COUNT(20, EXPECT(200, t_get(&ann, "%s", PERSONAL)), "posts");
	EXPECT_COUNT(20, EXPECT(200, t_get(&ann, "%s?limit=0", PERSONAL)), "posts");
	EXPECT_COUNT(20, EXPECT(200, t_get(&ann, "%s?limit=-7", PERSONAL)), "posts");
	EXPECT_COUNT(50, EXPECT(200, t_get(&ann, "%s?limit=51", PERSONAL)), "posts");
	EXPECT_COUNT(50, EXPECT(200, t_get(&ann, "%s?limit=1000000000", PERSONAL)), "posts");
	EXPECT_COUNT(8, EXPECT(200, t_get(&ann, "%s&limit=8", VIDEOS)), "posts");
}

TEST(an_empty_feed_is_an_empty_list)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_get(&ann, "%s", PERSONAL));

	EXPECT_COUNT(0, r, "posts");
	EXPECT_NONE(r, "next_cursor");
}

/* ---- the reply ---- */

TEST(a_post_in_a_feed_has_every_member)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = feed_new_video(&bob);
	const struct t_reply *r;

	t_follow(&ann, &bob);
	t_sql("UPDATE posts SET tags = '{stars}', category_id = '" GENERAL "' WHERE id = '%s'",
	      post);
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/like", post));
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/save", post));
	EXPECT(200,
	       t_post_json(&ann, t_fmt("/api/v1/posts/%s/reactions/toggle", post),
			   "{'emoji': '🌟'}"));
	r = EXPECT(200, t_get(&ann, "%s", PERSONAL));
	EXPECT_STR(post, r, "posts[0].id");
	EXPECT_STR(bob.id, r, "posts[0].author_id");
	EXPECT_STR(bob.id, r, "posts[0].author.id");
	EXPECT_STR(bob.handle, r, "posts[0].author.handle");
	EXPECT_STR("bob", r, "posts[0].author.display_name");
	EXPECT_STR("", r, "posts[0].author.avatar_url");
	EXPECT_STR("elder", r, "posts[0].author.trust_tier");
	EXPECT_STR(GENERAL, r, "posts[0].category_id");
	EXPECT_STR("active", r, "posts[0].status");
	EXPECT_STR("public", r, "posts[0].visibility");
	EXPECT_STR("neutral", r, "posts[0].tone_label");
	EXPECT_NUM(0.8, r, "posts[0].cis_score");
	EXPECT_STR("https://vid.example.com/a.mp4", r, "posts[0].video_url");
	EXPECT_STR("stars", r, "posts[0].tags[0]");
	EXPECT_BOOL(true, r, "posts[0].allow_chain");
	EXPECT_BOOL(false, r, "posts[0].is_nsfw");
	EXPECT_BOOL(true, r, "posts[0].is_liked");
	EXPECT_BOOL(true, r, "posts[0].is_saved");
	EXPECT_INT(1, r, "posts[0].like_count");
	EXPECT_INT(1, r, "posts[0].save_count");
	EXPECT_INT(0, r, "posts[0].comment_count");
	EXPECT_INT(1, r, "posts[0].reactions.🌟");
	EXPECT_STR("🌟", r, "posts[0].my_reactions[0]");
	EXPECT_NONE(r, "posts[0].image_url");
	EXPECT_NONE(r, "posts[0].expires_at");
	EXPECT_NONE(r, "posts[0].chain_parent_id");
	EXPECT_TRUE(strchr(t_json(r, "posts[0].created_at"), 'Z') != NULL);
}

/* ---- what is refused ---- */

TEST(malformed_parameters_of_the_feeds_are_refused)
{
	static const char *const bad[] = {
		"/api/v1/feed/personal?limit=ten",
		"/api/v1/feed/personal?limit=1.5",
		"/api/v1/feed/personal?limit=99999999999999999999",
		"/api/v1/feed/personal?offset=x",
		"/api/v1/feed/personal?cursor=nonsense",
		"/api/v1/feed/personal?author_ids=you",
		"/api/v1/feed/personal?author_ids=5070a000-0000-4000-8000-000000000003%00",
		"/api/v1/feed/personal?type=%FF",
		"/api/v1/feed?has_video=perhaps",
		"/api/v1/feed?category=%FF",
		"/api/v1/feed?category=a%00b",
		"/api/v1/feed?cursor=AAAA",
		"/api/v1/feed/sojorn?category=%C3%28",
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_CODE("invalid", EXPECT(400, t_get(&ann, "%s", bad[i])));
}

TEST(text_in_parameters_is_text)
{
	struct t_user ann = t_user("ann");

	EXPECT_COUNT(0,
		     EXPECT(200,
			    t_get(&ann, "/api/v1/feed?has_video=true&category='%%20OR%%201=1--")),
		     "posts");
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, "%s?type=%%22%%5C%%27;", PERSONAL)), "posts");
}

TEST(a_cursor_of_another_list_is_refused)
{
	struct t_user ann = t_user("ann");
	const char *of_personal, *of_videos, *of_ranked;

	feed_post_at_equal_times(&ann, 3);
	of_personal = t_json(EXPECT(200, t_get(&ann, "%s?limit=1", PERSONAL)), "next_cursor");
	of_videos = t_json(EXPECT(200, t_get(&ann, "%s&limit=1", VIDEOS)), "next_cursor");
	EXPECT_CODE("invalid", EXPECT(400, t_get(&ann, "%s&cursor=%s", VIDEOS, of_personal)));
	EXPECT_CODE("invalid", EXPECT(400, t_get(&ann, "%s?cursor=%s", PERSONAL, of_videos)));
	EXPECT_CODE("invalid", EXPECT(400, t_get(&ann, "/api/v1/feed?cursor=%s", of_videos)));
	EXPECT_CODE("invalid",
		    EXPECT(400, t_get(&ann, "/api/v1/feed/sojorn?cursor=%s", of_videos)));
	of_ranked = t_json(EXPECT(200, t_get(&ann, "/api/v1/feed?limit=1")), "next_cursor");
	if (strcmp(of_ranked, "null") != 0)
		EXPECT_CODE("invalid", EXPECT(400, t_get(&ann, "%s&cursor=%s", VIDEOS, of_ranked)));
}

TEST(feeds_need_a_user)
{
	EXPECT(401, t_get(NULL, "%s", PERSONAL));
	EXPECT(401, t_get(NULL, "%s", VIDEOS));
	EXPECT(401, t_get(NULL, "/api/v1/feed/sojorn"));
}
