/* Posts, categories as far as posts touch them, and what people do with posts: domain-rules §§4, 5. */
#include "app/posts/posts.h"
#include "test/harness/harness.h"

#include <string.h>

#define API "/api/v1"

/* A post with further members, and its id. */
static const char *post_with(const struct t_user *who, const char *members)
{
	const struct t_reply *r = EXPECT(201,
					 t_post_json(who, API "/posts", "{'body': 'a post'%s%s}",
						     *members ? ", " : "", members));

	return t_json(r, "post.id");
}

static void set_post(const char *id, const char *column, const char *value)
{
	t_sql("UPDATE posts SET %s = %s WHERE id = '%s'", column, value, id);
}

TEST(a_new_post_comes_back_whole)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(
		201,
		t_post_json(&ann, API "/posts",
			    "{'body': 'Good morning #Wien and #wien!', 'visibility': 'public'}"));

	EXPECT_STR("Good morning #Wien and #wien!", r, "post.body");
	EXPECT_STR(ann.id, r, "post.author.id");
	EXPECT_STR(ann.handle, r, "post.author.handle");
	EXPECT_STR("public", r, "post.visibility");
	EXPECT_BOOL(true, r, "post.allow_chain");
	EXPECT_STR("active", r, "post.status");
	EXPECT_CSTR("{}", t_json(r, "post.reactions"));
	EXPECT_COUNT(0, r, "post.my_reactions");
	EXPECT_COUNT(1, r, "tags");
	EXPECT_STR("wien", r, "tags[0]");
	EXPECT_STR(t_json(r, "post.tone_label"), r, "tone_analysis.tone");
	EXPECT_INT(1, t_get(&ann, API "/profile"), "stats.post_count");
	EXPECT_STR("Wien", t_get(&ann, API "/search?q=%%23wien&type=hashtags"),
		   "hashtags[0].display_name");
}

/* Members with ' for ", and a post to answer if there is one. */
static const char *members_of(const char *members, const char *parent)
{
	const char *text = t_fmt("%s%s%s%s", members, parent ? ", 'chain_parent_id': '" : "",
				 parent ? parent : "", parent ? "'" : "");
	char *out = t_keep(strlen(text) + 1);

	for (size_t i = 0; text[i]; i++)
		out[i] = text[i] == '\'' ? '"' : text[i];
	return out;
}

/* The reply to a new post is made without reading it; nobody may see a difference. */
TEST(a_new_post_is_answered_as_it_is_read)
{
	static const char *const members[] = {
		"'body': 'a post'",
		"'body': 'a', 'visibility': 'only_me', 'ttl_hours': 5, 'allow_chain': false",
		"'body': 'b', 'category_id': '5070a000-0000-4000-8000-000000000001', 'is_nsfw': true,"
		" 'nsfw_reason': 'spoiler'",
		"'body': 'c', 'body_format': 'markdown', 'background_id': 'dawn', 'overlay_json': '{}',"
		" 'duration_ms': 1200",
		"'body': 'two #Tags and @nobody', 'visibility': 'followers'",
		"'body': '', 'image_url': 'https://api.sojorn.test/uploads/a.mp4'",
		"'body': 'd', 'video_url': 'https://api.sojorn.test/uploads/b.mp4',"
		" 'thumbnail_url': 'https://api.sojorn.test/uploads/b.jpg'",
	};
	struct t_user ann = t_user("ann");
	const char *parent = t_new_post(&ann);

	t_sql("UPDATE trust_state SET tier = 'established' WHERE user_id = '%s'", ann.id);
	for (size_t i = 0; i < 2 * sizeof(members) / sizeof(*members); i++) {
		const char *json = members_of(members[i / 2], i % 2 ? parent : NULL);
		const struct t_reply *r =
			EXPECT(201, t_post_json(&ann, API "/posts", "{%s}", json));
		const char *id = t_json(r, "post.id"), *made = t_json(r, "post");

		EXPECT_CSTR(made, t_json(EXPECT(200, t_get(&ann, API "/posts/%s", id)), "post"));
	}
}

TEST(no_row_of_posts_is_unsound)
{
	/* kind, status, visibility, depth, is_root, is_answer, is_comment, is_pinned, tone, cis, ms, format */
	static const char *const bad[] = {
		"'beacon', 'active', 'public', 0, true, false, false, false, NULL, NULL, 0, 'plain'",
		"'post', 'gone', 'public', 0, true, false, false, false, NULL, NULL, 0, 'plain'",
		"'post', 'active', 'only_me', 0, true, false, false, false, NULL, NULL, 0, 'plain'",
		"'post', 'active', 'public', -1, false, false, false, false, NULL, NULL, 0, 'plain'",
		"'post', 'active', 'public', 1, true, false, false, false, NULL, NULL, 0, 'plain'",
		"'post', 'active', 'public', 0, false, false, false, false, NULL, NULL, 0, 'plain'",
		"'post', 'active', 'public', 0, true, true, false, false, NULL, NULL, 0, 'plain'",
		"'post', 'active', 'public', 1, false, true, true, false, NULL, NULL, 0, 'plain'",
		"'comment', 'active', 'public', 1, false, true, false, false, NULL, NULL, 0, 'plain'",
		"'comment', 'active', 'public', 0, true, false, true, false, NULL, NULL, 0, 'plain'",
		"'comment', 'active', 'public', 1, false, true, true, true, NULL, NULL, 0, 'plain'",
		"'post', 'active', 'public', 0, true, false, false, false, 'kind', NULL, 0, 'plain'",
		"'post', 'active', 'public', 0, true, false, false, false, NULL, 1.1, 0, 'plain'",
		"'post', 'active', 'public', 0, true, false, false, false, NULL, -0.1, 0, 'plain'",
		"'post', 'active', 'public', 0, true, false, false, false, NULL, NULL, -1, 'plain'",
		"'post', 'active', 'public', 0, true, false, false, false, NULL, NULL, 0, 'html'",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_EQ(0, t_sql_int("SELECT post_is_sound(%s)::integer", bad[i]));
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT post_is_sound('comment', 'removed', 'public', 2, false, true, true, false,"
			" 'mixed', 1, 0, 'markdown')::integer"));
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM pg_constraint WHERE conname = 'posts_sound' AND convalidated"));
}

struct tagging {
	struct t_user who[8];
	const char *forth, *back;
	int status[8];
};

static void post_tags(int i, void *arg)
{
	struct tagging *t = arg;

	t->status[i] =
		t_post_json(&t->who[i], API "/posts", "{'body': '%s'}", i % 2 ? t->forth : t->back)
			->status;
}

TEST(posts_with_the_same_tags_in_any_order_do_not_wait_for_each_other)
{
	struct tagging t = { 0 };

	for (int i = 0; i < 8; i++)
		t.who[i] = t_user("ann");
	for (int round = 0; round < 20; round++) {
		t.forth = t.back = "";
		for (int i = 0; i < 10; i++) {
			const char *tag = t_unique("tag");

			t.forth = t_fmt("%s #%s", t.forth, tag);
			t.back = t_fmt("#%s %s", tag, t.back);
		}
		t_parallel(8, post_tags, &t);
		for (int i = 0; i < 8; i++)
			EXPECT_EQ(201, t.status[i]);
	}
}

TEST(text_comes_back_byte_for_byte)
{
	struct t_user ann = t_user("ann");
	static const char *const texts[] = {
		"'; DROP TABLE posts; --", "{\"a\": [1, \"\\n\"]} </script>",
		("\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x94\xAC e\xCC\x81 \xE2\x80\xAE"
		 "abc"),
		"%s %n $1 \\ ' \""
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		const struct t_reply *r =
			EXPECT(201,
			       t_post_json(&ann, API "/posts", "{'body': %s}", t_quote(texts[i])));
		EXPECT_STR(texts[i], t_get(&ann, API "/posts/%s", t_json(r, "post.id")),
			   "post.body");
	}
}

TEST(bad_posts_are_refused)
{
	struct t_user ann = t_user("ann");

	EXPECT_CODE("invalid", EXPECT(400, t_post_json(&ann, API "/posts", "{}")));
	EXPECT(400, t_post(&ann, API "/posts")); /* the literal null */
	EXPECT(400, t_post_json(&ann, API "/posts", "{'body': '   '}"));
	EXPECT(400, t_post_json(&ann, API "/posts", "{'body': 12}"));
	EXPECT(400, t_post_json(&ann, API "/posts", "{'body': 'x', 'visibility': 'everybody'}"));
	EXPECT(400, t_post_json(&ann, API "/posts", "{'body': 'x', 'ttl_hours': 1e400}"));
	EXPECT(400,
	       t_post_json(&ann, API "/posts",
			   "{'body': 'x', 'image_url': 'javascript:alert(1)'}"));
	EXPECT(400, t_post_json(&ann, API "/posts", "{'body': 'x', 'category_id': 'no-uuid'}"));
	EXPECT_CODE("use_beacons",
		    EXPECT(400,
			   t_post_json(&ann, API "/posts", "{'body': 'x', 'is_beacon': true}")));
	EXPECT(404,
	       t_post_json(
		       &ann, API "/posts",
		       "{'body': 'x', 'chain_parent_id': '00000000-0000-4000-8000-000000000000'}"));
	EXPECT(404,
	       t_post_json(&ann, API "/posts",
			   "{'body': 'x', 'category_id': '00000000-0000-4000-8000-000000000000'}"));
	EXPECT(400, t_post_json(&ann, API "/posts", "{'body': '%s'}", t_repeat("ä", 501)));
	EXPECT(201, t_post_json(&ann, API "/posts", "{'body': '%s'}", t_repeat("ä", 500)));
	EXPECT(201,
	       t_post_json(&ann, API "/posts",
			   "{'image_url': 'https://api.sojorn.test/uploads/a.jpg'}"));
	EXPECT(404, t_get(&ann, API "/posts/00000000-0000-4000-8000-000000000000"));
	EXPECT(400, t_get(&ann, API "/posts/no-uuid"));
	EXPECT(401, t_get(NULL, API "/posts/00000000-0000-4000-8000-000000000000"));
}

/* ---- §4.3 ---- */

TEST(t_pst_1_followers_posts_are_for_followers)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = post_with(&ann, "\"visibility\": \"followers\"");

	EXPECT(404, t_get(&bob, API "/posts/%s", post));
	t_follow(&bob, &ann);
	EXPECT(200, t_get(&bob, API "/posts/%s", post));
}

TEST(t_pst_2_circle_posts_are_for_the_circle)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = post_with(&ann, "\"visibility\": \"circle\"");

	t_mutual(&bob, &ann);
	EXPECT(404, t_get(&bob, API "/posts/%s", post));
	t_sql("INSERT INTO circle_members (user_id, member_id) VALUES ('%s', '%s')", ann.id,
	      bob.id);
	EXPECT(200, t_get(&bob, API "/posts/%s", post));
}

TEST(t_pst_3_only_me_is_only_me)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = post_with(&ann, "\"visibility\": \"only_me\"");

	t_mutual(&bob, &ann);
	EXPECT(404, t_get(&bob, API "/posts/%s", post));
	EXPECT_STR("private", EXPECT(200, t_get(&ann, API "/posts/%s", post)), "post.visibility");
	EXPECT_EQ(-1,
		  t_json_find(t_get(&ann, API "/search?q=post&type=posts"), "posts", "id", post));
}

TEST(t_pst_4_what_is_removed_is_gone_for_others)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	static const char *const states[] = { "flagged", "removed", "expired",
					      "pending_moderation" };
	const char *post = t_new_post(&ann);

	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		set_post(post, "status", t_lit(states[i]));
		EXPECT(404, t_get(&bob, API "/posts/%s", post));
		EXPECT(200, t_get(&ann, API "/posts/%s", post));
	}
	set_post(post, "status", "'active'");
	set_post(post, "expires_at", "now() - interval '1 second'");
	EXPECT(404, t_get(&bob, API "/posts/%s", post));
	set_post(post, "expires_at", "NULL");
	EXPECT(404, t_delete(&bob, API "/posts/%s", post));
	EXPECT(200, t_delete(&ann, API "/posts/%s", post));
	EXPECT(404, t_delete(&ann, API "/posts/%s", post));
	EXPECT(404, t_get(&ann, API "/posts/%s", post));
	EXPECT(404, t_get(&bob, API "/posts/%s", post));
}

TEST(t_pst_5_posts_of_an_account_away_come_back_with_it)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);
	static const char *const away[] = { "deactivated", "pending_deletion", "banned",
					    "suspended" };

	for (size_t i = 0; i < 4; i++) {
		t_sql("UPDATE users SET status = '%s' WHERE id = '%s'", away[i], ann.id);
		EXPECT(404, t_get(&bob, API "/posts/%s", post));
		EXPECT(404, t_get(&bob, API "/profiles/%s", ann.id));
	}
	t_sql("UPDATE users SET status = 'active' WHERE id = '%s'", ann.id);
	EXPECT(200, t_get(&bob, API "/posts/%s", post));
}

TEST(t_pst_6_an_invisible_post_takes_nothing)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = post_with(&ann, "\"visibility\": \"private\"");

	EXPECT(404, t_post(&bob, API "/posts/%s/like", post));
	EXPECT(404, t_delete(&bob, API "/posts/%s/like", post));
	EXPECT(404, t_post(&bob, API "/posts/%s/save", post));
	EXPECT(404, t_post(&bob, API "/posts/%s/hide", post));
	EXPECT(404,
	       t_post_json(&bob, t_fmt(API "/posts/%s/reactions/toggle", post), "{'emoji': '🔥'}"));
	EXPECT_EQ(0,
		  t_sql_int("SELECT like_count + save_count + reaction_count FROM post_metrics"
			    " WHERE post_id = '%s'",
			    post));
}

TEST(sensitive_posts_are_for_those_who_want_them)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = post_with(&ann, "\"is_nsfw\": true, \"nsfw_reason\": \"art\"");

	EXPECT(404, t_get(&bob, API "/posts/%s", post));
	t_sql("UPDATE user_settings SET nsfw_enabled = true WHERE user_id = '%s'", bob.id);
	EXPECT_STR("art", EXPECT(200, t_get(&bob, API "/posts/%s", post)), "post.nsfw_reason");
}

TEST(posts_visibility_is_a_ceiling)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	t_sql("UPDATE profiles SET posts_visibility = 'followers' WHERE id = '%s'", ann.id);
	EXPECT(404, t_get(&bob, API "/posts/%s", post));
	t_follow(&bob, &ann);
	EXPECT(200, t_get(&bob, API "/posts/%s", post));
}

/* ---- §4.4 ---- */

TEST(a_second_like_changes_nothing)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	EXPECT(200, t_post(&bob, API "/posts/%s/like", post));
	EXPECT(200, t_post(&bob, API "/posts/%s/like", post));
	const struct t_reply *r = EXPECT(200, t_get(&bob, API "/posts/%s", post));
	EXPECT_INT(1, r, "post.like_count");
	EXPECT_BOOL(true, r, "post.is_liked");
	EXPECT(200, t_delete(&bob, API "/posts/%s/like", post));
	EXPECT(200, t_delete(&bob, API "/posts/%s/like", post));
	EXPECT_INT(0, t_get(&ann, API "/posts/%s", post), "post.like_count");
}

TEST(t_not_4_like_unlike_like_is_one_notification)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	EXPECT(200, t_post(&bob, API "/posts/%s/like", post));
	EXPECT(200, t_delete(&bob, API "/posts/%s/like", post));
	EXPECT(200, t_post(&bob, API "/posts/%s/like", post));
	EXPECT(200, t_post(&ann, API "/posts/%s/like", post));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM notifications WHERE user_id = '%s'", ann.id));
}

TEST(saving_is_private_and_counted)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	EXPECT(200, t_post(&bob, API "/posts/%s/save", post));
	EXPECT(200, t_post(&bob, API "/posts/%s/save", post));
	const struct t_reply *r = t_get(&bob, API "/posts/%s", post);
	EXPECT_BOOL(true, r, "post.is_saved");
	EXPECT_INT(1, r, "post.save_count");
	EXPECT_BOOL(false, t_get(&ann, API "/posts/%s", post), "post.is_saved");
	EXPECT(200, t_delete(&bob, API "/posts/%s/save", post));
	EXPECT_BOOL(false, t_get(&bob, API "/posts/%s", post), "post.is_saved");
}

TEST(one_reaction_a_user)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);
	const char *toggle = t_fmt(API "/posts/%s/reactions/toggle", post);
	const struct t_reply *r;

	r = EXPECT(200, t_post_json(&bob, toggle, "{'emoji': '🔥'}"));
	EXPECT_CSTR("{\"🔥\":1}", t_json(r, "reactions"));
	r = EXPECT(200, t_post_json(&bob, toggle, "{'emoji': '😂'}"));
	EXPECT_CSTR("{\"😂\":1}", t_json(r, "reactions"));
	EXPECT_STR("😂", r, "my_reactions[0]");
	EXPECT_INT(2, EXPECT(200, t_post_json(&ann, toggle, "{'emoji': '😂'}")), "reactions.😂");
	r = EXPECT(200, t_post_json(&bob, toggle, "{'emoji': '😂'}"));
	EXPECT_CSTR("{\"😂\":1}", t_json(r, "reactions"));
	EXPECT_COUNT(0, r, "my_reactions");
	EXPECT(400, t_post_json(&bob, toggle, "{'emoji': ' '}"));
	EXPECT(200,
	       t_post_json(&bob, toggle, "{'emoji': 'https://cdn.sojorn.example/sets/%s.png'}",
			   t_repeat("a", 200)));
}

/* ---- chains, mentions, limits ---- */

TEST(a_chained_post_counts_and_tells_the_author)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);
	const struct t_reply *r =
		EXPECT(201,
		       t_post_json(&bob, API "/posts",
				   "{'body': 'an answer', 'chain_parent_id': '%s'}", post));

	EXPECT_STR(post, r, "post.chain_parent_id");
	EXPECT_INT(1, t_get(&ann, API "/posts/%s", post), "post.comment_count");
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM notifications WHERE user_id = '%s' AND type = 'reply'",
			ann.id));
	EXPECT_INT(0, t_get(&bob, API "/profile"), "stats.post_count");
	EXPECT(200, t_delete(&bob, API "/posts/%s", t_json(r, "post.id")));
	EXPECT_INT(0, t_get(&ann, API "/posts/%s", post), "post.comment_count");
}

TEST(t_cmt_7_a_closed_post_takes_no_chain)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = post_with(&ann, "\"allow_chain\": false");

	EXPECT_CODE("chain_not_allowed",
		    EXPECT(403,
			   t_post_json(&bob, API "/posts",
				       "{'body': 'an answer', 'chain_parent_id': '%s'}", post)));
}

TEST(a_mention_tells_whoever_may_read_it)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");

	t_follow(&bob, &ann);
	EXPECT(201,
	       t_post_json(
		       &ann, API "/posts",
		       "{'body': 'hi @%s, @%s and @nobody_of_that_name.', 'visibility': 'followers'}",
		       bob.handle, cat.handle));
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM notifications WHERE user_id = '%s' AND type = 'mention'",
			bob.id));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM notifications WHERE user_id = '%s'", cat.id));
}

TEST(t_trs_1_the_third_post_of_a_new_account_waits_for_tomorrow)
{
	struct t_user ann = t_user("ann");

	t_sql("UPDATE trust_state SET tier = 'new' WHERE user_id = '%s'", ann.id);
	post_with(&ann, "");
	post_with(&ann, "");
	const struct t_reply *r =
		EXPECT(429, t_post_json(&ann, API "/posts", "{'body': 'a third'}"));
	EXPECT_CODE("daily_limit", r);
	EXPECT_INT(2, r, "limit");
	EXPECT_TRUE(t_json(r, "resets_at") != NULL);
	t_sql("UPDATE trust_state SET posts_day = posts_day - 1 WHERE user_id = '%s'", ann.id);
	post_with(&ann, "");
}

/* ---- §5 ---- */

static const char *category_of(const char *slug)
{
	return t_sql("SELECT id FROM categories WHERE slug = %s", t_lit(slug));
}

TEST(t_cat_4_a_post_of_a_disabled_category_is_read_by_address)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *tech = category_of("tech");

	EXPECT(200,
	       t_post_json(&ann, API "/categories/settings",
			   "{'settings': [{'category_id': '%s', 'enabled': true}]}", tech));
	const char *post = post_with(&ann, t_fmt("\"category_id\": \"%s\"", tech));
	EXPECT(200, t_get(&bob, API "/posts/%s", post));
}

TEST(t_cat_5_settings_are_the_callers_own)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *art = category_of("art");

	EXPECT(200,
	       t_post_json(&ann, API "/categories/settings",
			   "{'category_id': '%s', 'enabled': true}", art));
	const struct t_reply *mine = EXPECT(200, t_get(&ann, API "/categories/settings"));
	const struct t_reply *his = EXPECT(200, t_get(&bob, API "/categories/settings"));
	int at = t_json_find(mine, "settings", "category_id", art);
	EXPECT_TRUE(at >= 0);
	EXPECT_BOOL(true, mine, t_fmt("settings[%d].enabled", at));
	EXPECT_BOOL(false, his,
		    t_fmt("settings[%d].enabled",
			  t_json_find(his, "settings", "category_id", art)));
	EXPECT(401, t_get(NULL, API "/categories/settings"));
}

TEST(t_cat_6_posting_needs_the_category_enabled)
{
	struct t_user ann = t_user("ann");

	EXPECT_CODE("category_disabled",
		    EXPECT(403,
			   t_post_json(&ann, API "/posts", "{'body': 'x', 'category_id': '%s'}",
				       category_of("politics"))));
}

TEST(categories_are_listed_with_their_defaults)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/categories"));
	int general = t_json_find(r, "categories", "slug", "general");

	EXPECT_TRUE(t_json_count(r, "categories") >= 12);
	EXPECT_BOOL(false, r, t_fmt("categories[%d].default_off", general));
	EXPECT_BOOL(true, r,
		    t_fmt("categories[%d].default_off",
			  t_json_find(r, "categories", "slug", "tech")));
	EXPECT(400, t_post_json(&ann, API "/categories/settings", "{'settings': 1}"));
	EXPECT(400, t_post(&ann, API "/categories/settings"));
	EXPECT(404,
	       t_post_json(
		       &ann, API "/categories/settings",
		       "{'category_id': '00000000-0000-4000-8000-000000000000', 'enabled': true}"));
}

/* ---- words in a text ---- */

static void expect_marked(char mark, const char *text, const char *want)
{
	struct arena *a = arena_new();
	struct strs found = posts_marked(a, str_of(text), mark, 10, NULL);
	char got[256] = "";

	for (size_t i = 0; i < found.n; i++) {
		strcat(got, i ? " " : "");
		strncat(got, found.v[i].p, found.v[i].n);
	}
	EXPECT_CSTR(want, got);
	arena_free(a);
}

TEST(tags_and_mentions_are_found_in_any_script)
{
	expect_marked('#', "#One #two, #ONE and a#three ##four", "one two four");
	expect_marked('#', "#Ünïcode_1 #日本語 #été! #👍 # #", "ünïcode_1 日本語 été");
	expect_marked('@', "@Ann. hi @bob.b, me@mail.example (@cat) @@dog", "ann bob.b cat dog");
	expect_marked('@', "@...", "");
	expect_marked('#', "#a #b #c #d #e #f #g #h #i #j #k", "a b c d e f g h i j");
	expect_marked('#', "#\xFF\xFE broken", "");
	expect_marked('#', "", "");
}
