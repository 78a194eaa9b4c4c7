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

static const char *talk(const struct t_user *a, const struct t_user *b)
{
	return t_sql("INSERT INTO encrypted_conversations (participant_a, participant_b) VALUES"
		     " (LEAST('%s'::uuid, '%s'), GREATEST('%s'::uuid, '%s')) RETURNING id",
		     a->id, b->id, a->id, b->id);
}

static void say(const char *talk, const struct t_user *from, const struct t_user *to, int n,
		const char *what)
{
	t_sql("INSERT INTO secure_messages (conversation_id, sender_id, receiver_id, ciphertext, created_at)"
	      " SELECT '%s', '%s', '%s', '%s' || n, now() - n / 7 * interval '1 second'"
	      " FROM generate_series(1, %d) n",
	      talk, from->id, to->id, what, n);
}

/* Domain-rules §17.4: conversations as the server has them, which is encrypted. */
TEST(an_export_has_the_conversations_with_all_their_messages)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");
	struct t_user eve = t_user("eve");
	const char *with_bob = talk(&ann, &bob), *with_cat = talk(&ann, &cat);
	const struct t_reply *r;

	t_sql("UPDATE encrypted_conversations SET created_at = now() - interval '1 day' WHERE id = '%s'",
	      with_cat);
	talk(&ann, &eve);
	say(talk(&bob, &cat), &bob, &cat, 1, "not hers ");
	say(with_bob, &ann, &bob, 120, "sent ");
	say(with_bob, &bob, &ann, 1, "received ");
	t_sql("UPDATE secure_messages SET expires_at = now() - interval '1 s'"
	      " WHERE conversation_id = '%s' AND ciphertext = 'sent 7'",
	      with_bob);
	t_block(&eve, &ann);
	r = export_of(&ann);
	EXPECT_COUNT(2, r, "conversations");
	EXPECT_STR(with_bob, r, "conversations[0].id");
	EXPECT_STR(bob.handle, r, "conversations[0].with_handle");
	EXPECT_STR(cat.id, r, "conversations[1].with_id");
	EXPECT_COUNT(0, r, "conversations[1].messages");
	EXPECT_COUNT(120, r, "conversations[0].messages");
	for (int i = 1; i <= 120; i++) {
		int at = t_json_find(r, "conversations[0].messages", "ciphertext",
				     t_fmt("sent %d", i));

		EXPECT_EQ(i != 7, at >= 0);
	}
	EXPECT_TRUE(t_json_find(r, "conversations[0].messages", "ciphertext", "received 1") >= 0);
	EXPECT_NULL(strstr(r->body, "not hers"));
}

TEST(an_export_of_a_new_account_has_empty_lists)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = export_of(&ann);

	EXPECT_COUNT(0, r, "posts");
	EXPECT_COUNT(0, r, "likes");
	EXPECT_COUNT(0, r, "blocked");
	EXPECT_COUNT(0, r, "conversations");
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
