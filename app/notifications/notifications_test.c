/* Devices: a token belongs to one user (D20), and is one user's business. */
#include "test/harness/harness.h"

static const char device_path[] = "/api/v1/notifications/device";

static const char *owner_of(const char *token)
{
	return t_sql("SELECT user_id FROM user_fcm_tokens WHERE token = %s", t_lit(token));
}

static void register_device(const struct t_user *user, const char *token, const char *platform)
{
	EXPECT(200,
	       t_post_json(user, device_path, "{'fcm_token': %s, 'platform': %s}", t_quote(token),
			   t_quote(platform)));
}

TEST(a_device_is_registered_with_its_platform)
{
	struct t_user ann = t_user("ann");
	const char *token = t_unique("token");
	const struct t_reply *r =
		EXPECT(200,
		       t_post_json(&ann, device_path, "{'fcm_token': '%s', 'platform': 'ios'}",
				   token));

	EXPECT_STR("Device registered", r, "message");
	EXPECT_CSTR(ann.id, owner_of(token));
	EXPECT_CSTR("ios",
		    t_sql("SELECT device_type FROM user_fcm_tokens WHERE token = %s",
			  t_lit(token)));
}

TEST(a_device_registered_twice_is_one_row)
{
	struct t_user ann = t_user("ann");
	const char *token = t_unique("token");

	register_device(&ann, token, "android");
	register_device(&ann, token, "web");
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM user_fcm_tokens WHERE user_id = '%s'", ann.id));
	EXPECT_CSTR("web",
		    t_sql("SELECT device_type FROM user_fcm_tokens WHERE token = %s",
			  t_lit(token)));
}

TEST(d20_a_token_moves_to_the_account_that_registers_it)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *token = t_unique("token");

	register_device(&ann, token, "android");
	register_device(&bob, token, "android");
	EXPECT_CSTR(bob.id, owner_of(token));
}

TEST(a_device_is_removed_by_either_name_of_the_token)
{
	static const char *const names[] = { "token", "fcm_token" };
	struct t_user ann = t_user("ann");

	for (int i = 0; i < 2; i++) {
		const char *token = t_unique("token");

		register_device(&ann, token, "android");
		EXPECT_STR("Device removed",
			   EXPECT(200,
				  t_delete_json(&ann, device_path, "{'%s': '%s'}", names[i],
						token)),
			   "message");
		EXPECT_NULL(owner_of(token));
	}
}

TEST(nobody_removes_the_device_of_another)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *token = t_unique("token");

	register_device(&ann, token, "android");
	EXPECT(200, t_delete_json(&bob, device_path, "{'token': '%s'}", token));
	EXPECT(200, t_delete(&bob, "/api/v1/notifications/devices"));
	EXPECT_CSTR(ann.id, owner_of(token));
}

TEST(all_devices_of_a_user_are_removed_at_once)
{
	struct t_user ann = t_user("ann");

	register_device(&ann, t_unique("token"), "android");
	register_device(&ann, t_unique("token"), "ios");
	EXPECT(200, t_delete(&ann, "/api/v1/notifications/devices"));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM user_fcm_tokens WHERE user_id = '%s'", ann.id));
}

TEST(the_platform_may_be_left_out)
{
	struct t_user ann = t_user("ann");
	const char *token = t_unique("token");

	EXPECT(200, t_post_json(&ann, device_path, "{'token': '%s'}", token));
	EXPECT_CSTR("android",
		    t_sql("SELECT device_type FROM user_fcm_tokens WHERE token = %s",
			  t_lit(token)));
}

TEST(a_user_keeps_the_twenty_latest_devices)
{
	struct t_user ann = t_user("ann");
	const char *first = t_unique("token"), *last = NULL;

	register_device(&ann, first, "android");
	for (int i = 0; i < 20; i++)
		register_device(&ann, last = t_unique("token"), "android");
	EXPECT_EQ(20,
		  t_sql_int("SELECT count(*) FROM user_fcm_tokens WHERE user_id = '%s'", ann.id));
	EXPECT_NULL(owner_of(first));
	EXPECT_CSTR(ann.id, owner_of(last));
}

TEST(a_device_without_a_usable_token_is_refused)
{
	static const char *const bodies[] = {
		"{}",
		"{\"fcm_token\":\"\"}",
		"{\"fcm_token\":\"   \"}",
		"{\"fcm_token\":null}",
		"{\"fcm_token\":7}",
		"{\"fcm_token\":\"a\\u0000b\"}",
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++)
		EXPECT_CODE("invalid",
			    EXPECT(400, t_post_json(&ann, device_path, "%s", bodies[i])));
	EXPECT_CODE("invalid", EXPECT(400, t_post(&ann, "%s", device_path)));
	EXPECT_CODE("invalid",
		    EXPECT(400,
			   t_post_json(&ann, device_path, "{'fcm_token': '%s'}",
				       t_repeat("x", 4097))));
	EXPECT_CODE("invalid",
		    EXPECT(400,
			   t_post_json(&ann, device_path,
				       "{'fcm_token': 'x', 'platform': 'fridge'}")));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM user_fcm_tokens WHERE user_id = '%s'", ann.id));
}

TEST(a_token_is_text_whatever_is_in_it)
{
	struct t_user ann = t_user("ann");
	const char *token = t_fmt("%s'; DROP TABLE user_fcm_tokens; --\"\\ ü😀", t_unique("token"));

	register_device(&ann, token, "android");
	EXPECT_CSTR(ann.id, owner_of(token));
}

TEST(devices_need_a_token_of_a_user)
{
	EXPECT(401, t_post_json(NULL, device_path, "{'fcm_token': 'x'}"));
	EXPECT(401, t_delete_json(NULL, device_path, "{'token': 'x'}"));
	EXPECT(401, t_delete(NULL, "/api/v1/notifications/devices"));
}
