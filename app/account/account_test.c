/* Leaving: domain-rules §17.4. */
#include "test/harness/harness.h"

#include <string.h>

#define A "/api/v1/account"

static const char *link_token(const char *mail)
{
	const char *at = strstr(mail, "token=");
	static char token[44];

	EXPECT_TRUE(at != NULL);
	memcpy(token, at + strlen("token="), 43);
	return token;
}

static const struct t_reply *post_form(const char *body)
{
	static const char *const headers[] = { "Content-Type: application/x-www-form-urlencoded",
					       NULL };
	struct t_request request = { .method = "POST",
				     .path = A "/destroy/confirm",
				     .headers = headers,
				     .body = body };

	return t_send(&request);
}

TEST(deactivation_hides_and_ends_sessions)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const struct t_reply *r = EXPECT(200, t_post(&ann, A "/deactivate"));

	EXPECT_STR("deactivated", r, "status");
	EXPECT(404, t_get(&bob, "/api/v1/profiles/%s", ann.id));
	EXPECT(403, t_get(&ann, "/api/v1/profile"));
	EXPECT_STR("deactivated", EXPECT(200, t_get(&ann, A "/status")), "status");
	EXPECT(400, t_post(&ann, A "/deactivate"));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM user_status_history WHERE user_id = '%s'",
			    ann.id));
}

TEST(deletion_has_a_date_and_can_be_cancelled)
{
	struct t_user ann = t_user("ann");
	const char *date =
		"SELECT to_char(now() AT TIME ZONE 'UTC' + interval '14 days', 'FMMonth FMDD, YYYY')";
	const struct t_reply *r;

	EXPECT(400, t_post(&ann, A "/cancel-deletion"));
	r = EXPECT(200, t_delete(&ann, A));
	EXPECT_STR("pending_deletion", r, "status");
	EXPECT_STR(t_sql("%s", date), r, "deletion_date");
	EXPECT(400, t_delete(&ann, A));
	EXPECT_TRUE(t_json(t_get(&ann, A "/status"), "deletion_scheduled") != NULL);
	EXPECT_STR("active", EXPECT(200, t_post(&ann, A "/cancel-deletion")), "status");
	EXPECT(200, t_get(&ann, "/api/v1/profile"));
}

/* The tables that have the text in any column of any row, but for the event that closes an account's sockets. */
static const char *tables_with(const char *text)
{
	return t_sql(
		"SELECT COALESCE(string_agg(t.table_name, ' '), '') FROM information_schema.tables t"
		" WHERE t.table_schema = 'sojorn' AND t.table_type = 'BASE TABLE'"
		"   AND query_to_xml(format('SELECT 1 FROM sojorn.%%I x WHERE x::text LIKE %%L"
		" AND x::text NOT LIKE ''%%%%,account,%%%%'' LIMIT 1',"
		"			     t.table_name, '%%%s%%'), false, true, '')::text <> ''",
		text);
}

TEST(t_acc_2_after_a_purge_nothing_names_the_account)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&bob), *own = t_new_post(&ann);

	t_mutual(&ann, &bob);
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/like", post));
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/save", post));
	EXPECT(200,
	       t_post_json(&ann, t_fmt("/api/v1/posts/%s/reactions/toggle", post),
			   "{'emoji': '🔥'}"));
	EXPECT(201,
	       t_post_json(&ann, "/api/v1/posts", "{'body': 'an answer', 'chain_parent_id': '%s'}",
			   post));
	EXPECT(200, t_post(&bob, "/api/v1/posts/%s/like", own));
	EXPECT(200, t_post(&ann, A "/destroy"));
	EXPECT_TRUE(strlen(tables_with(ann.id)) > 0);

	const char *token = link_token(t_mail(ann.email));
	EXPECT(200, t_get(NULL, A "/destroy/confirm?token=%s", token));
	EXPECT(403, post_form(t_fmt("token=%s&password=wrong", token)));
	EXPECT(303, post_form(t_fmt("token=%s&password=%s", token, T_PASSWORD)));
	EXPECT(303, post_form(t_fmt("token=%s&password=%s", token, T_PASSWORD)));
	EXPECT_CSTR("", tables_with(ann.id));
	EXPECT(401, t_get(&ann, "/api/v1/profile"));

	const struct t_reply *r = EXPECT(200, t_get(&bob, "/api/v1/posts/%s", post));
	EXPECT_INT(0, r, "post.like_count");
	EXPECT_INT(0, r, "post.save_count");
	EXPECT_INT(0, r, "post.comment_count");
	EXPECT_CSTR("{}", t_json(r, "post.reactions"));
	EXPECT_INT(0, t_get(&bob, "/api/v1/profile"), "stats.follower_count");
	EXPECT_INT(0, t_get(&bob, "/api/v1/profile"), "stats.following_count");
}

TEST(t_acc_1_links_are_for_one_purpose)
{
	struct t_user ann = t_user("ann");

	EXPECT(200, t_post(&ann, A "/destroy"));
	const char *token = link_token(t_mail(ann.email));
	EXPECT(302, t_get(NULL, "/api/v1/auth/verify?token=%s", token));
	EXPECT_CSTR("active", t_sql("SELECT status FROM users WHERE id = '%s'", ann.id));
	EXPECT(200, t_get(NULL, A "/destroy/confirm?token=%s", token));
	EXPECT(400, t_get(NULL, A "/destroy/confirm"));
	EXPECT(302, t_get(NULL, A "/destroy/confirm?token=nonsense"));
	t_sql("UPDATE one_time_tokens SET expires_at = now() WHERE user_id = '%s'", ann.id);
	const struct t_reply *r = EXPECT(302, t_get(NULL, A "/destroy/confirm?token=%s", token));
	EXPECT_TRUE(strstr(t_header(r, "Location"), "/verify-error?reason=expired") != NULL);
}
