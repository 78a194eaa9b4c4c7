/* Changes that meet each other, and pages that begin with the pinned post. */
#include "test/harness/harness.h"

#include <stdlib.h>
#include <string.h>

#define API "/api/v1"

struct editors {
	const struct t_user *user;
	const char *post, *tag;
	int status[8];
};

static void edit_at_once(int i, void *arg)
{
	struct editors *e = arg;

	e->status[i] = t_patch_json(e->user, t_fmt(API "/posts/%s", e->post),
				    "{'body': 'number %d #%s #%s%d'}", i, e->tag, e->tag, i % 2)
			       ->status;
}

TEST(edits_at_once_come_one_after_the_other)
{
	struct t_user ann = t_user("ann");
	struct editors e = { &ann, t_new_post(&ann), t_unique("edited"), { 0 } };

	t_parallel(8, edit_at_once, &e);
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(200, e.status[i]);
	EXPECT_EQ(1, t_sql_int("SELECT use_count FROM hashtags WHERE name = '%s'", e.tag));
	EXPECT_EQ(1,
		  t_sql_int("SELECT sum(use_count) FROM hashtags WHERE name IN ('%s0', '%s1')",
			    e.tag, e.tag));
	EXPECT_EQ(2, t_sql_int("SELECT count(*) FROM post_hashtags WHERE post_id = '%s'", e.post));
}

struct taggers {
	const struct t_user *user;
	const char *tag[2];
	const char *post[8];
	int bad[8];
};

/* Half of them write the tags in one order, half in the other, and each comes and goes. */
static void tag_and_untag(int i, void *arg)
{
	struct taggers *t = arg;
	const char *body = i % 2 ? t_fmt("#%s #%s", t->tag[0], t->tag[1])
				 : t_fmt("#%s #%s", t->tag[1], t->tag[0]);

	for (int round = 0; round < 5; round++) {
		t->bad[i] += t_patch_json(t->user, t_fmt(API "/posts/%s", t->post[i]),
					  "{'body': '%s'}", body)
				     ->status
			!= 200;
		t->bad[i] +=
			t_patch_json(t->user, t_fmt(API "/posts/%s/visibility", t->post[i]),
				     "{'visibility': '%s'}", round % 2 ? "public" : "followers")
				->status
			!= 200;
		t->bad[i] += t_patch_json(t->user, t_fmt(API "/posts/%s", t->post[i]),
					  "{'body': 'none'}")
				     ->status
			!= 200;
	}
	t->bad[i] += t_delete(t->user, API "/posts/%s", t->post[i])->status != 200;
}

TEST(changes_of_posts_with_the_same_tags_do_not_wait_for_each_other)
{
	struct t_user ann = t_user("ann");
	struct taggers t = { .user = &ann, .tag = { t_unique("aa"), t_unique("bb") } };

	for (int i = 0; i < 8; i++)
		t.post[i] = t_new_post(&ann);
	t_parallel(8, tag_and_untag, &t);
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(0, t.bad[i]);
	EXPECT_EQ(0,
		  t_sql_int("SELECT sum(use_count) FROM hashtags WHERE name IN ('%s', '%s')",
			    t.tag[0], t.tag[1]));
}

TEST(an_edit_of_anothers_post_leaves_no_tag)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *tag = t_unique("foreign");

	EXPECT(404,
	       t_patch_json(&bob, t_fmt(API "/posts/%s", t_new_post(&ann)), "{'body': '#%s'}",
			    tag));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM hashtags WHERE name = '%s'", tag));
}

TEST(pages_of_one_go_from_the_pinned_post_to_all_others)
{
	struct t_user ann = t_user("ann");
	const char *posts[4], *cursor = NULL, *seen = "";

	for (int i = 0; i < 4; i++)
		posts[i] = t_new_post_with(&ann, "created_at = now() - interval '%d minutes'", i);
	EXPECT(200, t_post(&ann, API "/posts/%s/pin", posts[2]));
	for (int i = 0; i < 4; i++) {
		const struct t_reply *r =
			EXPECT(200,
			       t_get(&ann, API "/users/%s/posts?limit=1%s%s", ann.id,
				     cursor ? "&cursor=" : "", cursor ? cursor : ""));

		EXPECT_COUNT(1, r, "posts");
		seen = t_fmt("%s %s", seen, t_json(r, "posts[0].id"));
		cursor = t_json(r, "next_cursor");
	}
	EXPECT_CSTR(t_fmt(" %s %s %s %s", posts[2], posts[0], posts[1], posts[3]), seen);
}

TEST(t_cmt_10_comments_take_no_votes)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *comment;

	t_mutual(&ann, &bob);
	comment = t_json(EXPECT(201,
				t_post_json(&bob, t_fmt(API "/posts/%s/comments", t_new_post(&ann)),
					    "{'body': 'well said'}")),
			 "comment.id");
	EXPECT(404,
	       t_post_json(&ann, t_fmt(API "/comments/%s/vote", comment), "{'vote': 'helpful'}"));
	EXPECT(404,
	       t_post_json(&ann, t_fmt(API "/posts/%s/vote", comment), "{'vote': 'unhelpful'}"));
	EXPECT_NULL(strstr(EXPECT(200, t_get(&ann, API "/posts/%s", comment))->body, "helpful"));
}

TEST(t_rnk_6_the_breakdown_has_the_numbers_of_the_ranking)
{
	struct t_user ann = t_user("ann");
	const char *post = t_new_post(&ann);
	const struct t_reply *r;
	double sum = 0;

	t_sql("UPDATE periodic_jobs SET next_run_at = now() WHERE name = 'feed_score_new'");
	EXPECT_SOON(t_get(&ann, API "/posts/%s/score", post)->status == 200);
	r = EXPECT(200, t_get(&ann, API "/posts/%s/score", post));
	for (size_t i = 0; i < t_json_count(r, "factors"); i++) {
		const char *name = t_json(r, t_fmt("factors[%zu].name", i));
		const char *column = strcmp(name, "video") == 0 ? "video_boost_score"
			: strcmp(name, "moderation") == 0	? "moderation_penalty"
								: t_fmt("%s_score", name);

		EXPECT_NUM(strtod(t_sql("SELECT %s FROM post_feed_scores WHERE post_id = '%s'",
					column, post),
				  NULL),
			   r, t_fmt("factors[%zu].score", i));
		sum += strtod(t_json(r, t_fmt("factors[%zu].weighted", i)), NULL);
	}
	EXPECT_COUNT(7, r, "factors");
	EXPECT_NEAR(strtod(t_json(r, "score"), NULL), sum, 1e-9);
	EXPECT_NEAR(strtod(t_sql("SELECT score FROM post_feed_scores WHERE post_id = '%s'", post),
			   NULL),
		    sum, 1e-9);
}
