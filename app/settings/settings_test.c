/* Settings: domain-rules §§2, 21. */
#include "test/harness/harness.h"

#define PRIVACY "/api/v1/settings/privacy"
#define USER	"/api/v1/settings/user"

TEST(t_set_1_settings_are_the_owners)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	EXPECT_STR("dark", EXPECT(200, t_patch_json(&ann, USER, "{'theme': 'dark'}")), "theme");
	EXPECT_STR(ann.id, t_get(&ann, USER), "user_id");
	EXPECT_STR("dark", t_get(&ann, USER), "theme");
	EXPECT_STR("system", t_get(&bob, USER), "theme");
	EXPECT(401, t_get(NULL, USER));
	EXPECT(401, t_get(NULL, PRIVACY));
}

TEST(privacy_has_its_defaults)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(200, t_post(&ann, PRIVACY));

	EXPECT_STR("public", r, "profile_visibility");
	EXPECT_STR("private", r, "saved_visibility");
	EXPECT_STR("everyone", r, "follow_request_policy");
	EXPECT_BOOL(true, r, "show_in_search");
}

TEST(privacy_changes_one_member_at_a_time)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r = EXPECT(
		200,
		t_patch_json(
			&ann, PRIVACY,
			"{'who_can_message': 'nobody', 'show_in_search': false, 'default_visibility': 'only_me',"
			" 'follow_request_policy': 'auto_accept'}"));

	EXPECT_STR("nobody", r, "who_can_message");
	EXPECT_BOOL(false, r, "show_in_search");
	EXPECT_STR("private", r, "default_post_visibility");
	EXPECT_STR("private", r, "default_visibility");
	EXPECT_STR("everyone", r, "follow_request_policy");
	r = EXPECT(200, t_patch_json(&ann, PRIVACY, "{'show_in_search': null}"));
	EXPECT_BOOL(false, r, "show_in_search");
	EXPECT(400, t_patch_json(&ann, PRIVACY, "{'who_can_message': 'all'}"));
	EXPECT(400, t_patch_json(&ann, PRIVACY, "{'allow_chains': 1}"));
	EXPECT_STR("private", EXPECT(201, t_post_json(&ann, "/api/v1/posts", "{'body': 'mine'}")),
		   "post.visibility");
}

TEST(there_is_one_private_flag)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	EXPECT(200, t_patch_json(&ann, PRIVACY, "{'is_private_profile': true}"));
	EXPECT_BOOL(true, t_get(&ann, "/api/v1/profile"), "profile.is_private");
	EXPECT_STR("pending", t_post(&bob, "/api/v1/users/%s/follow", ann.id), "status");
	EXPECT_BOOL(false, EXPECT(200, t_patch_json(&ann, PRIVACY, "{'is_private': false}")),
		    "is_private_profile");
	EXPECT_BOOL(true, t_get(&bob, "/api/v1/profiles/%s", ann.id), "is_following");
	EXPECT_INT(1, t_get(&ann, "/api/v1/profile"), "stats.follower_count");
}

TEST(profile_visibility_closes_details_and_counts)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	t_follow(&bob, &ann);
	EXPECT(200, t_patch_json(&ann, "/api/v1/profile", "{'bio': 'hello', 'location': 'Graz'}"));
	EXPECT(200, t_patch_json(&ann, PRIVACY, "{'show_location': false}"));
	EXPECT_NONE(t_get(&bob, "/api/v1/profiles/%s", ann.id), "profile.location");
	EXPECT_STR("Graz", t_get(&ann, "/api/v1/profile"), "profile.location");
	EXPECT(200, t_patch_json(&ann, PRIVACY, "{'profile_visibility': 'private'}"));
	const struct t_reply *r = EXPECT(200, t_get(&bob, "/api/v1/profiles/%s", ann.id));
	EXPECT_NONE(r, "profile.bio");
	EXPECT_INT(0, r, "stats.follower_count");
}

TEST(a_post_lifetime_is_set_and_cleared)
{
	struct t_user ann = t_user("ann");

	EXPECT_INT(48, EXPECT(200, t_patch_json(&ann, USER, "{'default_post_ttl': '2 days'}")),
		   "default_post_ttl");
	EXPECT_INT(24, EXPECT(200, t_patch_json(&ann, USER, "{'default_post_ttl': 24}")),
		   "default_post_ttl");
	EXPECT_INT(24, EXPECT(200, t_patch_json(&ann, USER, "{'theme': 'light'}")),
		   "default_post_ttl");
	const struct t_reply *r =
		EXPECT(201, t_post_json(&ann, "/api/v1/posts", "{'body': 'for a day'}"));
	EXPECT_TRUE(t_json(r, "post.expires_at") != NULL);
	EXPECT_NONE(EXPECT(200, t_patch_json(&ann, USER, "{'default_post_ttl': null}")),
		    "default_post_ttl");
	EXPECT(400, t_patch_json(&ann, USER, "{'default_post_ttl': 0}"));
	EXPECT(400, t_patch_json(&ann, USER, "{'default_post_ttl': 'for ever'}"));
	EXPECT(400, t_patch_json(&ann, USER, "{'default_post_ttl': '99999999999 weeks'}"));
	EXPECT(400, t_patch_json(&ann, USER, "{'default_post_ttl': [1]}"));
}

TEST(sensitive_content_is_for_adults)
{
	struct t_user ann = t_user("ann"), kid = t_user("kid");

	t_sql("UPDATE profile_private SET birth_year = extract(year FROM now())::integer - 17 WHERE user_id = '%s'",
	      kid.id);
	EXPECT_BOOL(true, EXPECT(200, t_patch_json(&ann, USER, "{'nsfw_enabled': true}")),
		    "nsfw_enabled");
	EXPECT_CODE("age_restricted_nsfw",
		    EXPECT(403,
			   t_patch_json(&kid, USER, "{'nsfw_enabled': true, 'theme': 'dark'}")));
	EXPECT_STR("system", t_get(&kid, USER), "theme");
	EXPECT(200, t_patch_json(&kid, USER, "{'nsfw_enabled': false}"));
}
