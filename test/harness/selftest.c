/* What tests rely on: that the harness notices what it is there to notice, and reaches what it says. */
#include "test/harness/harness.h"

#include <string.h>

TEST(each_user_is_another_one)
{
	struct t_user one = t_user("ann"), two = t_user("ann");

	EXPECT_TRUE(strcmp(one.handle, two.handle) != 0 && strcmp(one.id, two.id) != 0);
	EXPECT(200, t_patch(&one, "/api/v1/profile")); /* the client's body for nothing, null */
}

TEST(a_raw_request_is_sent_as_it_is)
{
	const char *reply = t_raw("GET /health HTTP/1.0\r\n\r\n");

	EXPECT_TRUE(strncmp(reply, "HTTP/1.", 7) == 0);
	EXPECT_TRUE(strstr(reply, "\r\n\r\n{\"status\":\"ok\"}"));
}

TEST(servers_are_told_apart)
{
	struct t_user ann = t_user("ann");
	struct t_server *mine = t_server_start();
	long long theirs;

	EXPECT(401, t_delete(&ann, "/api/v1/notifications/devices"));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM users"));
	t_server_use(NULL);
	theirs = t_sql_int("SELECT count(*) FROM users");
	EXPECT_TRUE(theirs > 0);
	EXPECT(200, t_delete(&ann, "/api/v1/notifications/devices"));
	t_server_use(mine);
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM users"));
}

static void register_one(int i, void *arg)
{
	const struct t_user *users = arg;

	t_post_json(&users[i], "/api/v1/notifications/device", "{'token': 'parallel-%s'}",
		    users[i].id);
}

TEST(requests_are_made_at_the_same_time)
{
	struct t_user users[8];

	for (int i = 0; i < 8; i++)
		users[i] = t_user("ann");
	t_parallel(8, register_one, users);
	for (int i = 0; i < 8; i++)
		EXPECT_EQ(1,
			  t_sql_int("SELECT count(*) FROM user_fcm_tokens WHERE user_id = '%s'",
				    users[i].id));
}
