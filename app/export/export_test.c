/* What one takes along: contract §5.14, domain-rules §17.4. */
#include "test/harness/harness.h"

#include <string.h>

#define EXPORT "/api/v1/users/me/export"

static const struct t_reply *export_of(const struct t_user *u)
{
	return EXPECT(200, t_get(u, EXPORT));
}

TEST(an_export_has_everything_of_its_owner_and_nothing_of_others)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	const char *mine = t_new_post(&ann), *his = t_new_post(&bob), *comment;

	t_mutual(&ann, &bob);
	t_new_post_with(&ann, "visibility = 'private', body = 'to myself'");
	t_new_post_with(&ann, "deleted_at = now(), body = 'thought better of'");
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/like", his));
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/save", his));
	EXPECT(200,
	       t_post_json(&ann, t_fmt("/api/v1/posts/%s/reactions/toggle", his),
			   "{'emoji': '🎈'}"));
	comment = t_json(EXPECT(201,
				t_post_json(&ann, t_fmt("/api/v1/posts/%s/comments", his),
					    "{'body': 'well said'}")),
			 "comment.id");
	EXPECT(200, t_post(&ann, "/api/v1/users/%s/block", eve.id));

	const struct t_reply *r = export_of(&ann);
	EXPECT_STR(ann.id, r, "profile.id");
	EXPECT_INT(1990, r, "profile.birth_year");
	EXPECT_STR(ann.email, r, "account.email");
	EXPECT_STR("system", r, "settings.theme");
	EXPECT_NONE(r, "settings.user_id");
	EXPECT_COUNT(2, r, "posts");
	EXPECT_STR("to myself", r, "posts[0].body");
	EXPECT_STR(mine, r, "posts[1].id");
	EXPECT_STR(comment, r, "comments[0].id");
	EXPECT_STR(his, r, "comments[0].post_id");
	EXPECT_STR(his, r, "likes[0].id");
	EXPECT_STR(his, r, "saves[0].id");
	EXPECT_STR("🎈", r, "reactions[0].emoji");
	EXPECT_STR(bob.handle, r, "following[0].handle");
	EXPECT_STR(bob.handle, r, "followers[0].handle");
	EXPECT_STR(eve.handle, r, "blocked[0].handle");
	EXPECT_NULL(strstr(r->body, "thought better of"));
	EXPECT_NULL(strstr(r->body, "encrypted_password"));
	EXPECT_HEADER("attachment; filename=\"sojorn-export.json\"", r, "Content-Disposition");
	EXPECT_COUNT(2, EXPECT(200, t_post(&ann, EXPORT)), "posts");
}

TEST(an_export_of_a_new_account_has_empty_lists)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = export_of(&ann);

	EXPECT_COUNT(0, r, "posts");
	EXPECT_COUNT(0, r, "likes");
	EXPECT_COUNT(0, r, "blocked");
}

TEST(an_export_of_many_pages_has_each_row_once)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r;

	/* at the same moment, many: pages go on by the id, too */
	t_sql("WITH p AS (INSERT INTO posts (author_id, body, created_at)"
	      " SELECT '%s', 'post ' || n, now() - n / 700 * interval '1 second' FROM generate_series(1, 2000) n RETURNING id)"
	      " INSERT INTO post_metrics (post_id) SELECT id FROM p",
	      ann.id);
	r = export_of(&ann);
	EXPECT_COUNT(2000, r, "posts");
	for (int i = 1; i <= 2000; i += 37)
		EXPECT_TRUE(t_json_find(r, "posts", "body", t_fmt("post %d", i)) >= 0);
}
