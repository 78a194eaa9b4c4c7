/* Comments by consent, threads, edits, pins, views and the lists of an account: domain-rules §§3, 4. */
#include "test/harness/harness.h"

#define API "/api/v1"

static const struct t_reply *comment(const struct t_user *who, const char *post, const char *text)
{
	return t_post_json(who, t_fmt(API "/posts/%s/comments", post), "{'body': %s}",
			   t_quote(text));
}

static int in_thread(const struct t_user *who, const char *post, const char *id)
{
	return t_json_find(EXPECT(200, t_get(who, API "/posts/%s/thread", post)), "posts", "id",
			   id);
}

static void audience(const struct t_user *who, const char *value)
{
	t_sql("UPDATE user_settings SET who_can_comment = %s WHERE user_id = '%s'", t_lit(value),
	      who->id);
}

/* ---- §3 ---- */

TEST(t_cmt_1_only_mutuals_comment_by_default)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	EXPECT_CODE("mutual_follow_required", EXPECT(403, comment(&bob, post, "hello")));
	t_mutual(&ann, &bob);
	const struct t_reply *r = EXPECT(201, comment(&bob, post, " hello "));
	EXPECT_STR("hello", r, "comment.body");
	EXPECT_STR(post, r, "comment.post_id");
	EXPECT_STR(bob.id, r, "comment.author_id");
	EXPECT_INT(1, t_get(&ann, API "/posts/%s", post), "post.comment_count");
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM notifications WHERE user_id = '%s' AND type = 'comment'",
			ann.id));
}

TEST(t_cmt_2_one_way_is_not_enough)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");
	const char *post = t_new_post(&ann);

	t_follow(&ann, &bob);
	t_follow(&cat, &ann);
	EXPECT(403, comment(&bob, post, "hello"));
	EXPECT(403, comment(&cat, post, "hello"));
}

TEST(t_cmt_3_a_pending_follow_does_not_count)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	t_follow(&ann, &bob);
	t_sql("INSERT INTO follows (follower_id, following_id, status) VALUES ('%s', '%s', 'pending')",
	      bob.id, ann.id);
	EXPECT(403, comment(&bob, post, "hello"));
}

TEST(t_cmt_4_the_author_always_comments)
{
	struct t_user ann = t_user("ann");
	const char *post = t_new_post(&ann);

	audience(&ann, "nobody");
	EXPECT(201, comment(&ann, post, "and another thing"));
}

TEST(t_cmt_5_others_see_the_number_only)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	const char *post = t_new_post(&ann);

	t_mutual(&ann, &bob);
	const char *id = t_json(EXPECT(201, comment(&bob, post, "hello")), "comment.id");
	EXPECT_EQ(-1, in_thread(&eve, post, id));
	EXPECT_EQ(1, in_thread(&ann, post, id));
	EXPECT_INT(1, t_get(&eve, API "/posts/%s", post), "post.comment_count");
	EXPECT(404, t_get(&eve, API "/posts/%s", id));
	EXPECT(404, t_post(&eve, API "/posts/%s/like", id));
	audience(&ann, "everyone");
	EXPECT_EQ(1, in_thread(&eve, post, id));
	EXPECT(201, comment(&eve, post, "me too"));
}

TEST(t_cmt_6_what_is_hidden_takes_no_comment)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	t_mutual(&ann, &bob);
	EXPECT(200,
	       t_patch_json(&ann, t_fmt(API "/posts/%s/visibility", post),
			    "{'visibility': 'only_me'}"));
	EXPECT(404, comment(&bob, post, "hello"));
	EXPECT(200,
	       t_patch_json(&ann, t_fmt(API "/posts/%s/visibility", post),
			    "{'visibility': 'public'}"));
	t_sql("UPDATE posts SET status = 'removed' WHERE id = '%s'", post);
	EXPECT(404, comment(&bob, post, "hello"));
	EXPECT_EQ(0,
		  t_sql_int("SELECT comment_count FROM post_metrics WHERE post_id = '%s'", post));
}

TEST(t_cmt_8_when_mutuality_ends_the_commenter_keeps_his_own)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");
	const char *post = t_new_post(&ann);

	t_mutual(&ann, &bob);
	t_mutual(&ann, &cat);
	const char *his = t_json(EXPECT(201, comment(&bob, post, "from bob")), "comment.id");
	const char *hers = t_json(EXPECT(201, comment(&cat, post, "from cat")), "comment.id");
	EXPECT(200, t_delete(&ann, API "/users/%s/follow", bob.id));
	EXPECT_TRUE(in_thread(&bob, post, his) > 0);
	EXPECT_EQ(-1, in_thread(&bob, post, hers));
	EXPECT(403, comment(&bob, post, "again"));
}

TEST(t_cmt_9_a_comment_is_deleted_by_its_author_or_the_posts)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");
	const char *post = t_new_post(&ann);

	t_mutual(&ann, &bob);
	t_mutual(&ann, &cat);
	const char *one = t_json(EXPECT(201, comment(&bob, post, "one")), "comment.id");
	const char *two = t_json(EXPECT(201, comment(&bob, post, "two")), "comment.id");
	EXPECT(404, t_delete(&cat, API "/posts/%s", one));
	EXPECT(404, t_patch_json(&ann, t_fmt(API "/posts/%s", one), "{'body': 'not mine'}"));
	EXPECT(200, t_patch_json(&bob, t_fmt(API "/posts/%s", one), "{'body': 'one, edited'}"));
	EXPECT(200, t_delete(&bob, API "/posts/%s", one));
	EXPECT(200, t_delete(&ann, API "/posts/%s", two));
	EXPECT_INT(0, t_get(&ann, API "/posts/%s", post), "post.comment_count");
}

TEST(comments_are_limited_and_filtered)
{
	struct t_user ann = t_user("ann");
	const char *post = t_new_post(&ann);

	EXPECT(400, comment(&ann, post, "  "));
	EXPECT(400, comment(&ann, post, t_repeat("ä", 501)));
	EXPECT(201, comment(&ann, post, t_repeat("ä", 500)));
	EXPECT(400, t_post(&ann, API "/posts/%s/comments", post));
	EXPECT(404, comment(&ann, "00000000-0000-4000-8000-000000000000", "hello"));
}

/* ---- threads ---- */

TEST(a_thread_is_read_in_order_from_any_of_its_posts)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *root = t_new_post(&ann);
	const char *a = t_json(t_post_json(&bob, API "/posts",
					   "{'body': 'a', 'chain_parent_id': '%s'}", root),
			       "post.id");
	const char *b =
		t_json(t_post_json(&ann, API "/posts", "{'body': 'b', 'chain_parent_id': '%s'}", a),
		       "post.id");
	const char *c = t_json(t_post_json(&bob, API "/posts",
					   "{'body': 'c', 'chain_parent_id': '%s'}", root),
			       "post.id");
	const char *const want[] = { root, a, c, b };
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/posts/%s/chain", b));

	EXPECT_COUNT(4, r, "posts");
	for (int i = 0; i < 4; i++)
		EXPECT_STR(want[i], r, t_fmt("posts[%d].id", i));
	EXPECT_BOOL(true, r, "posts[1].allow_chain");
	EXPECT_STR(bob.handle, r, "posts[1].author.handle");

	r = EXPECT(200, t_get(&ann, API "/posts/%s/focus-context", a));
	EXPECT_STR(a, r, "target_post.id");
	EXPECT_STR(root, r, "parent_post.id");
	EXPECT_STR(b, r, "children[0].id");
	EXPECT_COUNT(2, r, "parent_children");
	r = EXPECT(200, t_get(&ann, API "/posts/%s/focus-context", root));
	EXPECT_NONE(r, "parent_post");
	EXPECT_COUNT(0, r, "parent_children");
}

TEST(d3_a_thread_shows_nothing_that_its_posts_hide)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	const char *root = t_new_post(&ann);
	const char *his = t_json(t_post_json(&bob, API "/posts",
					     "{'body': 'a', 'chain_parent_id': '%s'}", root),
				 "post.id");

	t_block(&bob, &eve);
	EXPECT_EQ(-1, in_thread(&eve, root, his));
	EXPECT_COUNT(0, t_get(&eve, API "/posts/%s/focus-context", root), "children");
	EXPECT(404, t_get(&eve, API "/posts/%s/thread", his));
	EXPECT(404, t_get(&eve, API "/posts/%s/focus-context", his));
	EXPECT(200, t_delete(&ann, API "/posts/%s", root));
	EXPECT(404, t_get(&ann, API "/posts/%s/thread", root));
	EXPECT_NONE(EXPECT(200, t_get(&ann, API "/posts/%s/focus-context", his)), "parent_post");
}

/* ---- changing ---- */

TEST(t_pst_10_an_edit_is_held_to_the_rules_of_a_post)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post =
		t_json(EXPECT(201, t_post_json(&ann, API "/posts", "{'body': 'before #old'}")),
		       "post.id");
	const char *path = t_fmt(API "/posts/%s", post);

	EXPECT(400, t_patch_json(&ann, path, "{'body': '%s'}", t_repeat("x", 501)));
	EXPECT(400, t_patch_json(&ann, path, "{'body': ''}"));
	EXPECT(404, t_patch_json(&bob, path, "{'body': 'not mine'}"));
	EXPECT_STR("before #old", t_get(&ann, API "/posts/%s", post), "post.body");
	EXPECT(200, t_patch_json(&ann, path, "{'body': 'after #new, @%s'}", bob.handle));
	EXPECT(200, t_patch_json(&ann, path, "{'body': 'after #new, @%s!'}", bob.handle));
	const struct t_reply *r = t_get(&ann, API "/posts/%s", post);
	EXPECT_STR("new", r, "post.tags[0]");
	EXPECT_BOOL(true, r, "post.is_edited");
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM post_hashtags WHERE post_id = '%s'", post));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM notifications WHERE user_id = '%s'", bob.id));
}

TEST(visibility_takes_known_values_and_counts_tags)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *tag = t_unique("tag");
	const char *post =
		t_json(t_post_json(&ann, API "/posts", "{'body': '#%s'}", tag), "post.id");
	const char *path = t_fmt(API "/posts/%s/visibility", post);
	const char *count =
		t_fmt("SELECT use_count FROM hashtags WHERE name = lower(%s)", t_lit(tag));

	EXPECT(400, t_patch_json(&ann, path, "{'visibility': 'everybody'}"));
	EXPECT(404, t_patch_json(&bob, path, "{'visibility': 'public'}"));
	EXPECT_EQ(1, t_sql_int("%s", count));
	EXPECT(200, t_patch_json(&ann, path, "{'visibility': 'private'}"));
	EXPECT_EQ(0, t_sql_int("%s", count));
	EXPECT(404, t_get(&bob, API "/posts/%s", post));
	EXPECT(200, t_patch_json(&ann, path, "{'visibility': 'public'}"));
	EXPECT_EQ(1, t_sql_int("%s", count));
}

TEST(one_post_is_pinned_and_stands_first)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *one = t_new_post(&ann), *two = t_new_post(&ann), *three = t_new_post(&ann);

	EXPECT(404, t_post_json(&bob, t_fmt(API "/posts/%s/pin", one), "{'pinned': true}"));
	EXPECT(200, t_post_json(&ann, t_fmt(API "/posts/%s/pin", two), "{'pinned': true}"));
	EXPECT(200, t_post_json(&ann, t_fmt(API "/posts/%s/pin", one), "{'pinned': true}"));
	const struct t_reply *r = EXPECT(200, t_get(&bob, API "/users/%s/posts", ann.id));
	EXPECT_COUNT(3, r, "posts");
	EXPECT_STR(one, r, "posts[0].id");
	EXPECT_STR(three, r, "posts[1].id");
	EXPECT_TRUE(t_json(r, "posts[0].pinned_at") != NULL);
	EXPECT_STR(two, t_get(&bob, API "/users/%s/posts?limit=1&offset=2", ann.id), "posts[0].id");
	EXPECT(200, t_post_json(&ann, t_fmt(API "/posts/%s/pin", one), "{'pinned': false}"));
	EXPECT_STR(three, t_get(&bob, API "/users/%s/posts", ann.id), "posts[0].id");
}

TEST(a_view_counts_once_in_half_an_hour)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);
	const char *path = t_fmt(API "/posts/%s/view", post);

	EXPECT_BOOL(true,
		    EXPECT(200, t_post_json(&bob, path, "{'duration_ms': 1200, 'watch_pct': 150}")),
		    "ok");
	EXPECT(200, t_post(&bob, "%s", path));
	EXPECT(200, t_post(&ann, "%s", path));
	EXPECT_INT(1, t_get(&ann, API "/posts/%s", post), "post.view_count");
	EXPECT_EQ(100,
		  t_sql_int("SELECT last_watch_pct FROM post_views WHERE post_id = '%s'", post));
	t_sql("UPDATE post_views SET counted_at = counted_at - interval '31 minutes' WHERE post_id = '%s'",
	      post);
	EXPECT(200, t_post(&bob, "%s", path));
	EXPECT_INT(2, t_get(&ann, API "/posts/%s", post), "post.view_count");
	t_sql("UPDATE posts SET visibility = 'private' WHERE id = '%s'", post);
	EXPECT(404, t_post(&bob, "%s", path));
}

TEST(t_pst_7_the_score_is_the_authors)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	EXPECT(404, t_get(&ann, API "/posts/%s/score", post));
	t_sql("INSERT INTO post_feed_scores (post_id, author_id, score, quality_score)"
	      " VALUES ('%s', '%s', 0.4, 0.5)",
	      post, ann.id);
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/posts/%s/score", post));
	EXPECT_NUM(0.4, r, "score");
	EXPECT_STR("quality", r, "factors[1].name");
	EXPECT_NUM(0.5, r, "factors[1].score");
	EXPECT_NUM(0.22, r, "factors[1].weight");
	EXPECT_NUM(0.11, r, "factors[1].weighted");
	EXPECT(403, t_get(&bob, API "/posts/%s/score", post));
	EXPECT(404, t_get(&bob, API "/posts/00000000-0000-4000-8000-000000000000/score"));
}

/* ---- lists of an account ---- */

TEST(t_fol_2_posts_of_a_private_account_are_an_empty_list)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");

	t_new_post(&ann);
	EXPECT(200, t_patch_json(&ann, API "/profile", "{'is_private': true}"));
	EXPECT_COUNT(0, EXPECT(200, t_get(&bob, API "/users/%s/posts", ann.id)), "posts");
	EXPECT_COUNT(1, EXPECT(200, t_get(&ann, API "/users/me/posts")), "posts");
	t_block(&ann, &eve);
	EXPECT(404, t_get(&eve, API "/users/%s/posts", ann.id));
}

TEST(replies_are_a_list_of_their_own)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *root = t_new_post(&ann);
	const char *reply = t_json(t_post_json(&bob, API "/posts",
					       "{'body': 'a', 'chain_parent_id': '%s'}", root),
				   "post.id");

	EXPECT_COUNT(0, t_get(&ann, API "/users/%s/posts", bob.id), "posts");
	EXPECT_STR(reply, t_get(&ann, API "/users/%s/posts?chained=true", bob.id), "posts[0].id");
}

TEST(t_pst_8_saved_and_liked_are_private)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *one = t_new_post(&ann), *two = t_new_post(&ann);

	EXPECT(200, t_post(&bob, API "/posts/%s/save", one));
	EXPECT(200, t_post(&bob, API "/posts/%s/save", two));
	EXPECT(200, t_post(&bob, API "/posts/%s/like", one));
	EXPECT(403, t_get(&ann, API "/users/%s/saved", bob.id));
	const struct t_reply *r = EXPECT(200, t_get(&bob, API "/users/me/saved?limit=1"));
	EXPECT_STR(two, r, "posts[0].id");
	EXPECT_BOOL(true, r, "posts[0].is_saved");
	r = EXPECT(200,
		   t_get(&bob, API "/users/%s/saved?limit=1&cursor=%s", bob.id,
			 t_json(r, "next_cursor")));
	EXPECT_STR(one, r, "posts[0].id");
	EXPECT_STR(one, EXPECT(200, t_get(&bob, API "/users/me/liked")), "posts[0].id");
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, API "/users/me/liked")), "posts");
}

TEST(t_pst_9_a_saved_post_that_is_hidden_comes_back)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	EXPECT(200, t_post(&bob, API "/posts/%s/save", post));
	EXPECT(200, t_patch_json(&ann, API "/profile", "{'is_private': true}"));
	EXPECT_COUNT(0, t_get(&bob, API "/users/me/saved"), "posts");
	EXPECT(200, t_patch_json(&ann, API "/profile", "{'is_private': false}"));
	EXPECT_COUNT(1, t_get(&bob, API "/users/me/saved"), "posts");
}
