/* Mutual follows, suggestions, circle, reports: domain-rules §§2, 7, 10. */
#include "test/harness/harness.h"

#define API "/api/v1"

TEST(mutual_follows_are_both_ways)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");

	t_mutual(&ann, &bob);
	t_follow(&ann, &cat);
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/mutual-follows"));
	EXPECT_COUNT(1, r, "profiles");
	EXPECT_STR(bob.handle, r, "profiles[0].handle");
	EXPECT_BOOL(true, t_get(&ann, API "/users/%s/is-following", cat.id), "is_following");
	EXPECT_BOOL(false, t_get(&cat, API "/users/%s/is-following", ann.id), "is_following");
}

TEST(mutual_followers_are_those_i_follow)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), star = t_user("star"),
		      eve = t_user("eve");

	t_follow(&ann, &bob);
	t_follow(&bob, &star);
	t_follow(&eve, &star);
	const struct t_reply *r =
		EXPECT(200, t_get(&ann, API "/users/%s/mutual-followers", star.id));
	EXPECT_COUNT(1, r, "mutual_followers");
	EXPECT_STR(bob.id, r, "mutual_followers[0].id");
	t_block(&star, &ann);
	EXPECT(404, t_get(&ann, API "/users/%s/mutual-followers", star.id));
	EXPECT(404, t_get(&ann, API "/users/%s/is-following", star.id));
}

TEST(t_blk_4_suggestions_are_friends_of_friends_who_want_to_be)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");
	struct t_user near = t_user("near"), shy = t_user("shy"), closed = t_user("closed"),
		      foe = t_user("foe");
	const struct t_user *all[] = { &near, &shy, &closed, &foe, &ann };

	t_follow(&ann, &bob);
	t_follow(&ann, &cat);
	t_follow(&cat, &near);
	for (int i = 0; i < 5; i++)
		t_follow(&bob, all[i]);
	EXPECT(200, t_patch_json(&shy, API "/settings/privacy", "{'show_in_suggestions': false}"));
	EXPECT(200, t_patch_json(&closed, API "/profile", "{'is_private': true}"));
	t_block(&foe, &ann);
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/users/suggested?limit=8"));
	EXPECT_COUNT(1, r, "suggestions");
	EXPECT_STR(near.handle, r, "suggestions[0].handle");
	EXPECT_STR(near.handle, r, "suggestions[0].username");
	EXPECT_INT(2, r, "suggestions[0].mutual_count");
	EXPECT_STR("2 mutual follows", r, "suggestions[0].reason");
}

TEST(the_circle_is_of_people_one_follows)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");

	t_follow(&ann, &bob);
	EXPECT_CODE("not_following", EXPECT(400, t_post(&ann, API "/users/circle/%s", eve.id)));
	EXPECT(200, t_post(&ann, API "/users/circle/%s", bob.id));
	EXPECT(200, t_post(&ann, API "/users/circle/%s", bob.id));
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/users/circle/members"));
	EXPECT_COUNT(1, r, "members");
	EXPECT_STR(bob.id, r, "members[0].id");
	EXPECT_COUNT(0, t_get(&bob, API "/users/circle/members"), "members");
	EXPECT(200, t_delete(&ann, API "/users/circle/%s", bob.id));
	EXPECT_COUNT(0, t_get(&ann, API "/users/circle/members"), "members");
	EXPECT(404, t_post(&ann, API "/users/circle/00000000-0000-4000-8000-000000000000"));
}

static const struct t_reply *report(const struct t_user *who, const char *target, const char *post)
{
	return t_post_json(
		who, API "/users/report",
		"{'target_user_id': '%s', 'post_id': '%s', 'violation_type': 'scam', 'description': 'look'}",
		target, post);
}

TEST(t_rep_1_a_report_is_between_reporter_and_moderators)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	const char *post = t_new_post(&eve);

	EXPECT(200, report(&ann, eve.id, post));
	EXPECT(200, report(&ann, eve.id, post));
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/reports/mine?limit=20&offset=0"));
	EXPECT_COUNT(1, r, "reports");
	EXPECT_INT(1, r, "total");
	EXPECT_STR("pending", r, "reports[0].status");
	EXPECT_STR(eve.handle, r, "reports[0].target_handle");
	EXPECT_COUNT(0, t_get(&bob, API "/reports/mine"), "reports");
	EXPECT_COUNT(0, t_get(&eve, API "/reports/mine"), "reports");
}

TEST(t_rep_3_the_reported_is_not_told)
{
	struct t_user ann = t_user("ann"), eve = t_user("eve");

	EXPECT(200, report(&ann, eve.id, ""));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM notifications WHERE user_id = '%s'", eve.id));
}

TEST(a_beacon_is_reported_without_an_account)
{
	struct t_user ann = t_user("ann");
	const char *beacon = t_sql(
		"INSERT INTO beacons (beacon_type, lat, long, body, expires_at)"
		" VALUES ('hazard', 1, 1, 'ice on the road', now() + interval '1 hour') RETURNING id");

	EXPECT(200, report(&ann, "", beacon));
	EXPECT(200, report(&ann, "00000000-0000-0000-0000-000000000000", beacon));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM reports WHERE beacon_id = '%s'", beacon));
}

TEST(bad_reports_are_refused)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *hidden = t_new_post(&bob);

	EXPECT(400, report(&ann, "", ""));
	EXPECT(400, report(&ann, "no-uuid", ""));
	EXPECT(400, report(&ann, ann.id, ""));
	EXPECT(400, t_post_json(&ann, API "/users/report", "{'target_user_id': '%s'}", bob.id));
	t_sql("UPDATE posts SET visibility = 'private' WHERE id = '%s'", hidden);
	EXPECT(404, report(&ann, bob.id, hidden));
	t_block(&bob, &ann);
	EXPECT(404, report(&ann, bob.id, ""));
}

TEST(t_rep_2_a_report_cannot_be_changed_or_taken_back)
{
	struct t_user ann = t_user("ann"), eve = t_user("eve");
	const char *id;

	EXPECT(200, report(&ann, eve.id, ""));
	id = t_json(EXPECT(200, t_get(&ann, API "/reports/mine")), "reports[0].id");
	EXPECT(404, t_delete(&ann, API "/reports/%s", id));
	EXPECT(404,
	       t_patch_json(&ann, t_fmt(API "/reports/%s", id), "{'description': 'not so bad'}"));
	EXPECT(404,
	       t_put_json(&ann, t_fmt(API "/reports/%s", id), "{'description': 'not so bad'}"));
	EXPECT(200,
	       t_post_json(
		       &ann, API "/users/report",
		       "{'target_user_id': '%s', 'violation_type': 'scam', 'description': 'worse'}",
		       eve.id));
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/reports/mine"));
	EXPECT_COUNT(1, r, "reports");
	EXPECT_STR(id, r, "reports[0].id");
	EXPECT_STR("look", r, "reports[0].description");
}
