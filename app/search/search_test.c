/* Search (domain-rules §10): which posts are found, by whom, and in which order. */
#include "app/search/search_test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *search_new_word(void)
{
	static unsigned used;
	unsigned n = ((unsigned)getpid() * 64 + used++) * 2654435761U;
	char text[16] = "quv";
	size_t at = 3;

	for (; n; n /= 26)
		text[at++] = (char)('a' + n % 26);
	return t_fmt("%.*sfex", (int)at, text);
}

const char *search_say(const struct t_user *author, const char *body)
{
	return t_json(EXPECT(201,
			     t_post_json(author, "/api/v1/posts", "{'body': %s}", t_quote(body))),
		      "post.id");
}

static const char *encoded(const char *text)
{
	const char *out = "";

	for (; *text; text++)
		out = t_fmt("%s%%%02X", out, (unsigned char)*text);
	return out;
}

const struct t_reply *search_for(const struct t_user *viewer, const char *type, const char *q)
{
	return EXPECT(200, t_get(viewer, "/api/v1/search?type=%s&q=%s", type, encoded(q)));
}

bool search_finds_post(const struct t_user *viewer, const char *q, const char *post)
{
	return t_json_find(search_for(viewer, "posts", q), "posts", "id", post) >= 0;
}

bool search_finds_user(const struct t_user *viewer, const char *q, const struct t_user *who)
{
	return t_json_find(search_for(viewer, "users", q), "users", "id", who->id) >= 0;
}

struct t_user search_named(const char *first, const char *last)
{
	struct t_user u = t_user(first);

	t_sql("UPDATE profiles SET display_name = %s WHERE id = '%s'",
	      t_lit(t_fmt("%s %s", first, last)), u.id);
	return u;
}

/* ---- access ---- */

TEST(t_src_1_search_finds_no_post_that_cannot_be_read)
{
	static const char *const hidden[] = {
		"visibility = 'private'",
		"visibility = 'followers'",
		"visibility = 'circle'",
		"visibility = 'neighborhood'",
		"status = 'removed'",
		"status = 'flagged'",
		"status = 'jailed'",
		"deleted_at = now()",
		"created_at = now() - interval '2 hours', expires_at = now() - interval '1 hour'",
		"is_nsfw = true",
	};
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *w = search_new_word(), *open = search_say(&bob, w);

	for (size_t i = 0; i < sizeof(hidden) / sizeof(*hidden); i++) {
		const char *post = search_say(&bob, w);

		EXPECT_TRUE(search_finds_post(&ann, w, post));
		t_sql("UPDATE posts SET %s WHERE id = '%s'", hidden[i], post);
		if (search_finds_post(&ann, w, post))
			t_fail("%s: is found", hidden[i]);
		EXPECT(404, t_get(&ann, "/api/v1/posts/%s", post));
	}
	EXPECT_TRUE(search_finds_post(&ann, w, open));
}

TEST(t_src_1_nor_one_whose_author_cannot_be_seen)
{
	static const char *const states[] = { "is_private = true", "posts_visibility = 'private'",
					      "posts_visibility = 'followers'" };
	struct t_user ann = t_user("ann"), gone = t_user("gone");
	const char *w = search_new_word(), *post;

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		struct t_user bob = t_user("bob");

		post = search_say(&bob, w);
		t_sql("UPDATE profiles SET %s WHERE id = '%s'", states[i], bob.id);
		EXPECT_FALSE(search_finds_post(&ann, w, post));
		EXPECT(404, t_get(&ann, "/api/v1/posts/%s", post));
	}
	post = search_say(&gone, w);
	t_sql("UPDATE users SET status = 'deactivated' WHERE id = '%s'", gone.id);
	EXPECT_FALSE(search_finds_post(&ann, w, post));
	EXPECT_FALSE(search_finds_user(&ann, gone.handle, &gone));
}

TEST(t_src_1_comments_are_not_searched)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *w = search_new_word(), *post = search_say(&bob, w);
	const char *comment = t_new_post_with(&bob,
					      "body = '%s', kind = 'comment', comment_on_id = '%s',"
					      " chain_parent_id = '%s', root_id = '%s', depth = 1",
					      w, post, post, post);

	EXPECT_TRUE(search_finds_post(&ann, w, post));
	EXPECT_FALSE(search_finds_post(&ann, w, comment));
}

TEST(t_pst_1_followers_find_posts_for_followers)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *w = search_new_word(), *post = search_say(&bob, w);

	t_sql("UPDATE posts SET visibility = 'followers' WHERE id = '%s'", post);
	t_follow(&ann, &bob);
	EXPECT_TRUE(search_finds_post(&ann, w, post));
}

TEST(t_pst_3_a_private_post_is_in_no_search)
{
	struct t_user bob = t_user("bob");
	const char *w = search_new_word(), *post = search_say(&bob, w);

	EXPECT_TRUE(search_finds_post(&bob, w, post));
	t_sql("UPDATE posts SET visibility = 'private' WHERE id = '%s'", post);
	EXPECT_FALSE(search_finds_post(&bob, w, post));
}

TEST(t_blk_3_posts_across_a_block_are_not_found)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cid = t_user("cid");
	const char *w = search_new_word(), *of_bob = search_say(&bob, w),
		   *of_cid = search_say(&cid, w);

	t_block(&ann, &bob);
	t_block(&cid, &ann);
	EXPECT_FALSE(search_finds_post(&ann, w, of_bob));
	EXPECT_FALSE(search_finds_post(&ann, w, of_cid));
}

TEST(t_blk_4_people_across_a_block_do_not_find_each_other)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	EXPECT_TRUE(search_finds_user(&ann, bob.handle, &bob));
	t_block(&ann, &bob);
	EXPECT_FALSE(search_finds_user(&ann, bob.handle, &bob));
	EXPECT_FALSE(search_finds_user(&bob, ann.handle, &ann));
}

TEST(t_fol_5_private_accounts_are_found_by_followers)
{
	struct t_user ann = t_user("ann"), fan = t_user("fan");
	const char *last = search_new_word();
	struct t_user shy = search_named("shy", last);

	EXPECT_TRUE(search_finds_user(&ann, last, &shy));
	t_sql("UPDATE profiles SET is_private = true WHERE id = '%s'", shy.id);
	t_follow(&fan, &shy);
	EXPECT_FALSE(search_finds_user(&ann, last, &shy));
	EXPECT_TRUE(search_finds_user(&fan, last, &shy));
	EXPECT_TRUE(search_finds_user(&shy, last, &shy));
	EXPECT_TRUE(search_finds_user(&ann, shy.handle, &shy)); /* so that a request can be sent */
	EXPECT_FALSE(search_finds_user(&ann, t_fmt("%.*s", (int)strlen(shy.handle) - 1, shy.handle),
				       &shy));
}

TEST(t_fol_5_a_pending_request_is_no_follow)
{
	struct t_user ann = t_user("ann");
	const char *last = search_new_word();
	struct t_user shy = search_named("shy", last);

	t_sql("UPDATE profiles SET is_private = true WHERE id = '%s'", shy.id);
	t_sql("INSERT INTO follows (follower_id, following_id, status) VALUES ('%s', '%s', 'pending')",
	      ann.id, shy.id);
	EXPECT_FALSE(search_finds_user(&ann, last, &shy));
}

TEST(who_does_not_want_to_be_found_is_found_by_handle_only)
{
	struct t_user ann = t_user("ann");
	const char *last = search_new_word();
	struct t_user shy = search_named("shy", last);

	t_sql("UPDATE user_settings SET show_in_search = false WHERE user_id = '%s'", shy.id);
	EXPECT_FALSE(search_finds_user(&ann, last, &shy));
	EXPECT_TRUE(search_finds_user(&ann, shy.handle, &shy));
}

TEST(t_cat_1_and_2_search_keeps_to_the_enabled_categories)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *w = search_new_word(), *post = search_say(&bob, w);

	t_sql("UPDATE posts SET category_id = (SELECT id FROM categories WHERE slug = 'tech') WHERE id = '%s'",
	      post);
	EXPECT_FALSE(search_finds_post(&ann, w, post));
	t_sql("INSERT INTO user_category_settings (user_id, category_id) SELECT '%s', id FROM categories WHERE slug = 'tech'",
	      ann.id);
	EXPECT_TRUE(search_finds_post(&ann, w, post));
	EXPECT(200, t_get(&bob, "/api/v1/posts/%s", post));
}

/* ---- posts ---- */

TEST(all_words_must_be_in_a_post)
{
	struct t_user ann = t_user("ann");
	const char *one = search_new_word(), *two = search_new_word();
	const char *both = search_say(&ann, t_fmt("%s and %s", one, two)),
		   *first = search_say(&ann, one);

	EXPECT_TRUE(search_finds_post(&ann, t_fmt("%s %s", two, one), both));
	EXPECT_FALSE(search_finds_post(&ann, t_fmt("%s %s", two, one), first));
	EXPECT_COUNT(2, search_for(&ann, "posts", one), "posts");
}

TEST(case_marks_and_order_of_words_do_not_matter)
{
	struct t_user ann = t_user("ann");
	const char *w = search_new_word(), *post = search_say(&ann, t_fmt("Hello, #%s!", w));
	char upper[32];

	snprintf(upper, sizeof(upper), "%s", w);
	for (char *p = upper; *p; p++)
		*p = (char)(*p - 32);
	EXPECT_TRUE(search_finds_post(&ann, upper, post));
	EXPECT_TRUE(search_finds_post(&ann, t_fmt("#%s", w), post));
	EXPECT_TRUE(search_finds_post(&ann, t_fmt("(%s, HELLO)", w), post));
}

TEST(a_mistyped_word_finds)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *w = search_new_word(),
		   *post = search_say(&bob, t_fmt("a rare %s in the garden", w));
	size_t n = strlen(w);

	EXPECT_TRUE(
		search_finds_post(&ann, t_fmt("%.*s", (int)n - 2, w), post)); /* its beginning */
	EXPECT_TRUE(search_finds_post(&ann, t_fmt("%.*s%s", 3, w, w + 4),
				      post)); /* a letter left out */
	EXPECT_TRUE(
		search_finds_post(&ann, t_fmt("%.*sx%s", 4, w, w + 4), post)); /* one too many */
	EXPECT_TRUE(search_finds_post(&ann, t_fmt("%.*s-%s", 0, w, w), post)); /* a mark */
	EXPECT_TRUE(
		search_finds_post(&ann, t_fmt("%.*sfxe", (int)n - 3, w), post)); /* two swapped */
	EXPECT_TRUE(
		search_finds_post(&ann, t_fmt("%.*sfix", (int)n - 3, w), post)); /* a wrong one */
	EXPECT_TRUE(search_finds_post(&ann, t_fmt("%.*sfix garden", (int)n - 3, w),
				      post)); /* beside a right one */
	EXPECT_FALSE(search_finds_post(&ann, t_fmt("%.*sfix %s", (int)n - 3, w, search_new_word()),
				       post)); /* nobody's word */
}

/* The word that is in a post is what was meant, even if the lexicon does not have it yet. */
TEST(a_right_word_is_not_corrected)
{
	struct t_user ann = t_user("ann");
	const char *w = search_new_word(), *other = t_fmt("%sa", w), *imported;

	search_say(&ann, other);
	imported = t_new_post_with(&ann, "body = '%s'", w);
	EXPECT_TRUE(search_finds_post(&ann, w, imported));
	EXPECT_COUNT(1, search_for(&ann, "posts", w), "posts");
}

TEST(the_newest_of_a_common_word_come_first)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *w = search_new_word(), *twice;
	const struct t_reply *r;

	t_sql("INSERT INTO posts (author_id, body, created_at) SELECT '%s', '%s number ' || i, now() - i * interval '4 hours'"
	      " FROM generate_series(0, 4499) i",
	      bob.id, w);
	t_sql("INSERT INTO post_metrics (post_id) SELECT id FROM posts WHERE author_id = '%s'",
	      bob.id);
	r = search_for(&ann, "posts", w);
	EXPECT_COUNT(20, r, "posts");
	for (size_t i = 0; i < 20; i++)
		EXPECT_STR(t_fmt("%s number %zu", w, i), r, t_fmt("posts[%zu].body", i));
	/* of those the best first */
	twice = t_sql(
		"UPDATE posts SET body = '%s %s' WHERE author_id = '%s' AND body = '%s number 7' RETURNING id",
		w, w, bob.id, w);
	EXPECT_STR(twice, search_for(&ann, "posts", w), "posts[0].id");
	/* and from any time, when there are no more */
	EXPECT_COUNT(1, search_for(&ann, "posts", t_fmt("%s 4498", w)), "posts");
	t_sql("UPDATE posts SET visibility = 'private' WHERE author_id = '%s' AND body NOT LIKE '%%99'",
	      bob.id);
	r = search_for(&ann, "posts", w);
	EXPECT_COUNT(20, r, "posts");
	EXPECT_STR(t_fmt("%s number 99", w), r, "posts[0].body");
	EXPECT_STR(t_fmt("%s number 1999", w), r, "posts[19].body");
}

/* Some ten thousand posts nobody else may see do not make the search endless. */
TEST(posts_nobody_may_see_do_not_hide_those_one_may)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cid = t_user("cid");
	const char *w = search_new_word(), *seen = search_say(&cid, w);

	t_sql("UPDATE profiles SET is_private = true WHERE id = '%s'", bob.id);
	t_sql("INSERT INTO posts (author_id, body, created_at) SELECT '%s', '%s number ' || i, now() - i * interval '1 hour'"
	      " FROM generate_series(1, 1500) i",
	      bob.id, w);
	EXPECT_TRUE(search_finds_post(&ann, w, seen));
}

TEST(a_found_post_has_every_member)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *w = search_new_word(), *post = search_say(&bob, t_fmt("%s #%s", w, w));
	const struct t_reply *r;

	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/like", post));
	r = search_for(&ann, "posts", w);
	EXPECT_STR(w, r, "query");
	EXPECT_COUNT(1, r, "posts");
	EXPECT_STR(post, r, "posts[0].id");
	EXPECT_STR(bob.id, r, "posts[0].author.id");
	EXPECT_STR(bob.handle, r, "posts[0].author.handle");
	EXPECT_STR("bob", r, "posts[0].author.display_name");
	EXPECT_STR(t_fmt("%s #%s", w, w), r, "posts[0].body");
	EXPECT_STR(w, r, "posts[0].tags[0]");
	EXPECT_STR("active", r, "posts[0].status");
	EXPECT_STR("public", r, "posts[0].visibility");
	EXPECT_BOOL(true, r, "posts[0].allow_chain");
	EXPECT_BOOL(true, r, "posts[0].is_liked");
	EXPECT_INT(1, r, "posts[0].like_count");
	EXPECT_TRUE(strchr(t_json(r, "posts[0].created_at"), 'Z') != NULL);
	EXPECT_COUNT(0, r, "users"); /* not asked for */
	EXPECT_COUNT(0, r, "hashtags");
	EXPECT_COUNT(0, r, "tags");
}
