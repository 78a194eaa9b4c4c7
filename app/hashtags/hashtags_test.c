/* Hashtags, trending, discovery: domain-rules §§8.3, 11. */
#include "app/hashtags/hashtags.sql.h"
#include "test/harness/harness.h"

#define API "/api/v1"

static const char *tagged(const struct t_user *who, const char *tag)
{
	const struct t_reply *r =
		EXPECT(201, t_post_json(who, API "/posts", "{'body': 'about #%s'}", tag));

	return t_json(r, "post.id");
}

/* What the job would do, here and now. */
static void run_jobs(void)
{
	t_sql("INSERT INTO post_feed_scores (post_id, author_id, score)"
	      " SELECT id, author_id, 1 FROM posts WHERE root_id IS NULL"
	      " ON CONFLICT DO NOTHING");
	t_sql("%s", sql_hashtags_score.text);
	t_sql("%s", sql_trending_score.text);
}

TEST(a_hashtag_has_a_page)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *tag = t_unique("Tag");
	const char *one = tagged(&ann, tag), *two = tagged(&ann, tag);
	const struct t_reply *r = EXPECT(200, t_get(&bob, API "/hashtags/%s", tag));

	EXPECT_STR(tag, r, "hashtag.display_name");
	EXPECT_INT(2, r, "total_posts");
	EXPECT_STR(two, r, "posts[0].id");
	EXPECT_STR(one, r, "posts[1].id");
	EXPECT_BOOL(false, r, "is_following");
	r = EXPECT(200, t_get(&bob, API "/hashtags/%s?limit=1", tag));
	EXPECT_STR(one,
		   t_get(&bob, API "/hashtags/%s?limit=1&cursor=%s", tag, t_json(r, "next_cursor")),
		   "posts[0].id");
	EXPECT(404, t_get(&bob, API "/hashtags/no_post_has_this"));
}

TEST(t_blk_3_a_hashtag_page_hides_what_is_hidden)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	const char *tag = t_unique("tag");
	const char *post = tagged(&ann, tag);

	t_block(&ann, &eve);
	EXPECT_COUNT(0, EXPECT(200, t_get(&eve, API "/hashtags/%s", tag)), "posts");
	EXPECT_COUNT(1, EXPECT(200, t_get(&bob, API "/hashtags/%s", tag)), "posts");
	t_sql("UPDATE posts SET visibility = 'private' WHERE id = '%s'", post);
	EXPECT_COUNT(0, EXPECT(200, t_get(&bob, API "/hashtags/%s", tag)), "posts");
}

TEST(following_a_hashtag_is_idempotent)
{
	struct t_user ann = t_user("ann");
	const char *tag = t_unique("tag");

	EXPECT(404, t_post(&ann, API "/hashtags/%s/follow", tag));
	tagged(&ann, tag);
	EXPECT(200, t_post(&ann, API "/hashtags/%s/follow", tag));
	EXPECT(200, t_post(&ann, API "/hashtags/%s/follow", tag));
	EXPECT_COUNT(1, EXPECT(200, t_get(&ann, API "/hashtags/following")), "hashtags");
	EXPECT_BOOL(true, t_get(&ann, API "/hashtags/%s", tag), "is_following");
	EXPECT(200, t_delete(&ann, API "/hashtags/%s/follow", tag));
	EXPECT(200, t_delete(&ann, API "/hashtags/%s/follow", tag));
	EXPECT(404, t_delete(&ann, API "/hashtags/no_post_has_this/follow"));
	EXPECT_COUNT(0, t_get(&ann, API "/hashtags/following"), "hashtags");
}

TEST(trending_counts_authors_not_posts)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *many = t_unique("many"), *loud = t_unique("loud");

	tagged(&ann, many);
	tagged(&bob, many);
	for (int i = 0; i < 4; i++)
		tagged(&ann, loud);
	run_jobs();
	EXPECT_NUM(2.5, t_get(&ann, API "/hashtags/%s", many), "hashtag.trending_score");
	EXPECT_NUM(1.25, t_get(&ann, API "/hashtags/%s", loud), "hashtag.trending_score");
	EXPECT_BOOL(true, EXPECT(200, t_get(&ann, API "/hashtags/trending?limit=1")),
		    "hashtags[0].is_trending");
}

TEST(discovery_shows_what_is_liked_and_may_be_seen)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	const char *post = t_new_post(&ann);

	t_sql("UPDATE post_metrics SET like_count = 100000, save_count = 90000 WHERE post_id = '%s'",
	      post);
	run_jobs();
	const struct t_reply *r = EXPECT(200, t_get(&bob, API "/discover"));
	EXPECT_TRUE(t_json_find(r, "popular_posts", "id", post) >= 0);
	EXPECT_TRUE(t_json_count(r, "top_tags") <= 4);
	t_block(&ann, &eve);
	EXPECT_EQ(-1, t_json_find(t_get(&eve, API "/discover"), "popular_posts", "id", post));
	EXPECT(200, t_post(&bob, API "/posts/%s/hide", post));
	EXPECT_EQ(-1, t_json_find(t_get(&bob, API "/discover"), "popular_posts", "id", post));
}
