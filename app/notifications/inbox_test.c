/* The list of notifications: domain-rules §12. */
#include "test/harness/harness.h"

#define N "/api/v1/notifications"

static const char *liked(const struct t_user *who, const struct t_user *whose)
{
	const char *post = t_new_post(whose);

	EXPECT(200, t_post(who, "/api/v1/posts/%s/like", post));
	return post;
}

TEST(a_like_is_listed_with_who_and_what)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = liked(&bob, &ann);
	const struct t_reply *r = EXPECT(200, t_get(&ann, N));

	EXPECT_COUNT(1, r, "notifications");
	EXPECT_STR("like", r, "notifications[0].type");
	EXPECT_STR(bob.id, r, "notifications[0].actor_id");
	EXPECT_STR(bob.handle, r, "notifications[0].actor_handle");
	EXPECT_STR(post, r, "notifications[0].post_id");
	EXPECT_STR("standard", r, "notifications[0].metadata.post_type");
	EXPECT_BOOL(false, r, "notifications[0].is_read");
	EXPECT_INT(0, r, "notifications[0].other_count");
	EXPECT_INT(1, t_get(&ann, N "/unread"), "count");
	EXPECT_INT(1, t_get(&ann, N "/badge"), "total_count");
	EXPECT_COUNT(0, t_get(&bob, N), "notifications");
}

TEST(t_not_1_a_notification_is_its_owners)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");

	liked(&bob, &ann);
	const char *id = t_json(t_get(&ann, N), "notifications[0].id");
	EXPECT(404, t_put(&eve, N "/%s/read", id));
	EXPECT(404, t_delete(&eve, N "/%s", id));
	EXPECT(200, t_post_json(&eve, N "/read", "{'ids': ['%s']}", id));
	EXPECT(200, t_post_json(&eve, N "/archive", "{'ids': ['%s']}", id));
	EXPECT_INT(1, t_get(&ann, N "/unread"), "count");
	EXPECT(200, t_put(&ann, N "/%s/read", id));
	EXPECT_INT(0, t_get(&ann, N "/unread"), "count");
	EXPECT(200, t_delete(&ann, N "/%s", id));
	EXPECT(404, t_delete(&ann, N "/%s", id));
	EXPECT(400, t_put(&ann, N "/no-uuid/read"));
}

TEST(archived_ones_are_a_list_of_their_own)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	liked(&bob, &ann);
	liked(&bob, &ann);
	const char *id = t_json(t_get(&ann, N), "notifications[0].id");
	EXPECT(200, t_post_json(&ann, N "/archive", "{'ids': ['%s']}", id));
	EXPECT_COUNT(1, t_get(&ann, N "?include_archived=false"), "notifications");
	const struct t_reply *r = t_get(&ann, N "?include_archived=true");
	EXPECT_COUNT(1, r, "notifications");
	EXPECT_BOOL(true, r, "notifications[0].is_read");
	EXPECT(200, t_post(&ann, N "/archive-all"));
	EXPECT_COUNT(0, t_get(&ann, N), "notifications");
	EXPECT_COUNT(2, t_get(&ann, N "?include_archived=true"), "notifications");
	EXPECT(200, t_put(&ann, N "/read-all"));
	EXPECT(400, t_post_json(&ann, N "/archive", "{'ids': 'all'}"));
	EXPECT(400, t_post(&ann, N "/read"));
}

TEST(grouped_lists_count_their_groups)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");
	const char *post = liked(&bob, &ann);

	EXPECT(200, t_post(&cat, "/api/v1/posts/%s/like", post));
	liked(&bob, &ann);
	const struct t_reply *r = EXPECT(200, t_get(&ann, N "?grouped=true"));
	EXPECT_COUNT(2, r, "notifications");
	int at = t_json_find(r, "notifications", "post_id", post);
	EXPECT_INT(2, r, t_fmt("notifications[%d].group_count", at));
	EXPECT_INT(1, r, t_fmt("notifications[%d].other_count", at));
	EXPECT_STR(cat.id, r, t_fmt("notifications[%d].actor_id", at));
}

TEST(t_blk_3_the_blocked_leave_the_list)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");

	liked(&bob, &ann);
	liked(&cat, &ann);
	t_sql("INSERT INTO blocks (blocker_id, blocked_id) VALUES ('%s', '%s')", bob.id, ann.id);
	t_sql("UPDATE users SET status = 'deactivated' WHERE id = '%s'", cat.id);
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, N)), "notifications");
}

TEST(messages_are_never_listed)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	t_sql("INSERT INTO notifications (user_id, type, actor_id) VALUES ('%s', 'message', '%s')",
	      ann.id, bob.id);
	EXPECT_COUNT(0, t_get(&ann, N), "notifications");
	EXPECT_INT(0, t_get(&ann, N "/unread"), "count");
}

TEST(the_list_pages_by_cursor)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	for (int i = 0; i < 3; i++)
		liked(&bob, &ann);
	const struct t_reply *one = EXPECT(200, t_get(&ann, N "?limit=2"));
	const struct t_reply *two =
		EXPECT(200, t_get(&ann, N "?limit=2&cursor=%s", t_json(one, "next_cursor")));
	EXPECT_COUNT(2, one, "notifications");
	EXPECT_COUNT(1, two, "notifications");
	EXPECT_NONE(two, "next_cursor");
	EXPECT_CSTR(t_json(t_get(&ann, N "?limit=2&offset=2"), "notifications[0].id"),
		    t_json(two, "notifications[0].id"));
}

TEST(preferences_have_defaults_and_change_by_member)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_get(&ann, N "/preferences"));

	EXPECT_BOOL(true, r, "push_enabled");
	EXPECT_BOOL(false, r, "quiet_hours_enabled");
	EXPECT_STR("never", r, "email_digest_frequency");
	EXPECT_NONE(r, "quiet_hours_start");
	r = EXPECT(
		200,
		t_put_json(
			&ann, N "/preferences",
			"{'push_likes': false, 'quiet_hours_enabled': true, 'quiet_hours_start': '22:00',"
			" 'quiet_hours_end': '08:00:30', 'unknown': 1}"));
	EXPECT_BOOL(false, r, "push_likes");
	EXPECT_BOOL(true, r, "push_saves");
	EXPECT_STR("22:00:00", r, "quiet_hours_start");
	EXPECT_STR("08:00:30", r, "quiet_hours_end");
	EXPECT_BOOL(false, EXPECT(200, t_put(&ann, N "/preferences")), "push_likes");
	EXPECT(400, t_put_json(&ann, N "/preferences", "{'quiet_hours_start': '25:00'}"));
	EXPECT(400, t_put_json(&ann, N "/preferences", "{'quiet_hours_end': 'noon'}"));
	EXPECT(400, t_put_json(&ann, N "/preferences", "{'push_likes': 'no'}"));
}

TEST(activity_is_what_one_did)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&bob);
	const struct t_reply *r;

	EXPECT(201, t_post_json(&ann, "/api/v1/posts", "{'body': 'one'}"));
	EXPECT(201,
	       t_post_json(&ann, "/api/v1/posts", "{'body': 'two', 'chain_parent_id': '%s'}",
			   post));
	EXPECT(200, t_post(&ann, "/api/v1/users/%s/follow", bob.id));
	r = EXPECT(200, t_get(&ann, "/api/v1/users/me/activity"));
	EXPECT_COUNT(3, r, "activities");
	EXPECT_STR("follow", r, "activities[0].activity_type");
	EXPECT_STR(bob.handle, r, "activities[0].target_handle");
	EXPECT_STR("reply", r, "activities[1].activity_type");
	EXPECT_STR("one", r, "activities[2].body");
}

TEST(what_people_did_who_are_hidden_by_now_is_not_counted)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");

	liked(&bob, &ann);
	liked(&eve, &ann);
	EXPECT_INT(2, t_get(&ann, N "/unread"), "count");
	t_sql("UPDATE users SET status = 'deactivated' WHERE id = '%s'", eve.id);
	EXPECT_INT(1, t_get(&ann, N "/unread"), "count");
	EXPECT_INT(1, t_get(&ann, N "/badge"), "notification_count");
	EXPECT_COUNT(1, t_get(&ann, N), "notifications");
}

TEST(reading_preferences_writes_nothing)
{
	struct t_user ann = t_user("ann");

	EXPECT(200,
	       t_send(&(struct t_request){ .method = "HEAD",
					   .path = N "/preferences",
					   .user = &ann }));
	EXPECT_BOOL(true, EXPECT(200, t_get(&ann, N "/preferences")), "push_likes");
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM notification_preferences WHERE user_id = '%s'",
			    ann.id));
	EXPECT_BOOL(false, EXPECT(200, t_put_json(&ann, N "/preferences", "{'push_likes': false}")),
		    "push_likes");
	EXPECT_BOOL(true, EXPECT(200, t_get(&ann, N "/preferences")), "push_saves");
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM notification_preferences WHERE user_id = '%s'",
			    ann.id));
}
