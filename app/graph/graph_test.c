/* Blocks and follows: domain-rules §§1, 2. */
#include "test/harness/harness.h"

#define API "/api/v1"

static void go_private(const struct t_user *who)
{
	EXPECT(200, t_patch_json(who, API "/profile", "{'is_private': true}"));
}

static int in_list(const struct t_reply *r, const char *list, const struct t_user *who)
{
	return t_json_find(r, list, "id", who->id);
}

/* ---- §1 ---- */

TEST(t_blk_1_a_block_hides_the_profile_from_both_sides)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	EXPECT(200, t_post(&ann, API "/users/%s/block", bob.id));
	EXPECT(404, t_get(&bob, API "/profiles/%s", ann.id));
	EXPECT(404, t_get(&ann, API "/profiles/%s", bob.id));
	EXPECT(404, t_get(&bob, API "/profile?handle=%s", ann.handle));
	EXPECT(404, t_get(&bob, API "/users/by-handle/%s", ann.handle));
	EXPECT(200, t_get(&ann, API "/profile"));
}

TEST(t_blk_2_a_block_hides_every_post_and_list)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	EXPECT(200, t_get(&bob, API "/posts/%s", post));
	EXPECT(200, t_post(&bob, API "/users/%s/block", ann.id));
	EXPECT(404, t_get(&bob, API "/posts/%s", post));
	EXPECT(404, t_get(&bob, API "/users/%s/followers", ann.id));
	EXPECT(404, t_get(&bob, API "/users/%s/following", ann.id));
}

TEST(t_blk_4_the_blocked_are_in_nobodys_lists_of_the_other)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");

	t_follow(&bob, &eve);
	t_follow(&ann, &eve);
	EXPECT_EQ(2,
		  t_json_count(EXPECT(200, t_get(&ann, API "/users/%s/followers", eve.id)),
			       "followers"));
	EXPECT(200, t_post(&ann, API "/users/%s/block", bob.id));
	EXPECT_EQ(-1, in_list(t_get(&ann, API "/users/%s/followers", eve.id), "followers", &bob));
	EXPECT_EQ(-1, in_list(t_get(&bob, API "/users/%s/followers", eve.id), "followers", &ann));
	EXPECT_EQ(2, t_json_count(t_get(&eve, API "/users/%s/followers", eve.id), "followers"));
}

TEST(t_blk_5_nothing_passes_a_block)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	t_block(&ann, &bob);
	EXPECT(404, t_post(&bob, API "/users/%s/follow", ann.id));
	EXPECT(404, t_post(&bob, API "/users/%s/accept", ann.id));
	EXPECT(404, t_post(&bob, API "/posts/%s/like", post));
	EXPECT(404, t_post(&bob, API "/posts/%s/save", post));
	EXPECT(404,
	       t_post_json(&bob, t_fmt(API "/posts/%s/reactions/toggle", post), "{'emoji': '🔥'}"));
	EXPECT(404,
	       t_post_json(&bob, API "/posts", "{'body': 'an answer', 'chain_parent_id': '%s'}",
			   post));
	EXPECT(201, t_post_json(&bob, API "/posts", "{'body': 'hello @%s'}", ann.handle));
	EXPECT_EQ(0,
		  t_sql_int("SELECT like_count + save_count + reaction_count + comment_count"
			    "  FROM post_metrics WHERE post_id = '%s'",
			    post));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM notifications WHERE user_id = '%s'", ann.id));
}

struct crossing {
	struct t_user follower, blocker;
	int followed, blocked;
};

static void follow_or_block(int i, void *arg)
{
	struct crossing *c = (struct crossing *)arg + i / 2;

	if (i % 2)
		c->blocked = t_post(&c->blocker, API "/users/%s/block", c->follower.id)->status;
	else
		c->followed = t_post(&c->follower, API "/users/%s/follow", c->blocker.id)->status;
}

TEST(t_blk_5_a_follow_and_a_block_at_once_leave_the_block_alone)
{
	enum { PAIRS = 8, ROUNDS = 10 };
	struct crossing pairs[PAIRS] = { 0 };

	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < PAIRS; i++)
			pairs[i] = (struct crossing){ t_user("ann"), t_user("bob"), 0, 0 };
		t_parallel(2 * PAIRS, follow_or_block, pairs);
		for (int i = 0; i < PAIRS; i++) {
			EXPECT_EQ(200, pairs[i].blocked);
			EXPECT_TRUE(pairs[i].followed == 200 || pairs[i].followed == 404);
			EXPECT_EQ(0,
				  t_sql_int("SELECT count(*) FROM follows WHERE follower_id = '%s'",
					    pairs[i].follower.id));
			EXPECT_EQ(0,
				  t_sql_int("SELECT followers_count FROM profiles WHERE id = '%s'",
					    pairs[i].blocker.id));
		}
	}
}

TEST(t_blk_6_a_block_ends_follows_requests_and_circles)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");

	t_mutual(&ann, &bob);
	t_sql("INSERT INTO circle_members (user_id, member_id) VALUES ('%s', '%s'), ('%s', '%s')",
	      ann.id, bob.id, bob.id, ann.id);
	go_private(&cat);
	EXPECT(200, t_post(&ann, API "/users/%s/follow", cat.id));
	EXPECT(200, t_post(&ann, API "/users/%s/block", bob.id));
	EXPECT(200, t_post(&cat, API "/users/%s/block", ann.id));
	EXPECT_EQ(
		0,
		t_sql_int("SELECT count(*) FROM follows WHERE '%s' IN (follower_id, following_id)",
			  ann.id));
	EXPECT_EQ(
		0,
		t_sql_int("SELECT count(*) FROM circle_members WHERE '%s' IN (user_id, member_id)",
			  ann.id));
}

TEST(t_blk_6_blocks_by_handle_and_in_bulk_end_follows_too) /* D24 */
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");

	t_mutual(&ann, &bob);
	t_mutual(&ann, &cat);
	EXPECT(200,
	       t_post_json(&ann, API "/users/block_by_handle", "{'handle': '@%s'}", bob.handle));
	const struct t_reply *r =
		EXPECT(200,
		       t_post_json(&ann, API "/users/me/blocks/bulk",
				   "{'handles': ['%s', '%s', 'nobody_of_that_name']}", cat.handle,
				   bob.handle));
	EXPECT_INT(1, r, "blocked");
	EXPECT_STR(bob.handle, r, "already_blocked[0]");
	EXPECT_STR("nobody_of_that_name", r, "not_found[0]");
	EXPECT_EQ(
		0,
		t_sql_int("SELECT count(*) FROM follows WHERE '%s' IN (follower_id, following_id)",
			  ann.id));
	EXPECT_INT(0, t_get(&ann, API "/profile"), "stats.follower_count");
}

TEST(t_blk_7_a_block_tells_nobody)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	EXPECT(200, t_post(&ann, API "/users/%s/block", bob.id));
	EXPECT(200, t_delete(&ann, API "/users/%s/block", bob.id));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM notifications WHERE user_id IN ('%s', '%s')",
			    ann.id, bob.id));
}

TEST(t_blk_8_counters_drop_at_once)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	t_mutual(&ann, &bob);
	EXPECT_INT(1, t_get(&bob, API "/profile"), "stats.follower_count");
	EXPECT(200, t_post(&ann, API "/users/%s/block", bob.id));
	EXPECT_INT(0, t_get(&bob, API "/profile"), "stats.follower_count");
	EXPECT_INT(0, t_get(&bob, API "/profile"), "stats.following_count");
	EXPECT_INT(0, t_get(&ann, API "/profile"), "stats.follower_count");
}

TEST(t_blk_10_blocking_twice_is_one_block)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	EXPECT(200, t_post(&ann, API "/users/%s/block", bob.id));
	EXPECT(200, t_post(&ann, API "/users/%s/block", bob.id));
	const struct t_reply *r = EXPECT(200, t_get(&ann, API "/users/blocked"));
	EXPECT_COUNT(1, r, "users");
	EXPECT_STR(bob.handle, r, "users[0].handle");
	EXPECT_COUNT(0, t_get(&bob, API "/users/blocked"), "users");
	EXPECT(200, t_delete(&ann, API "/users/%s/block", bob.id));
	EXPECT(200, t_delete(&ann, API "/users/%s/block", bob.id));
	EXPECT(200, t_get(&bob, API "/profiles/%s", ann.id));
}

TEST(nobody_blocks_or_follows_himself)
{
	struct t_user ann = t_user("ann");

	EXPECT(400, t_post(&ann, API "/users/%s/block", ann.id));
	EXPECT(400, t_post(&ann, API "/users/%s/follow", ann.id));
	EXPECT(400, t_post(&ann, API "/users/no-uuid/follow"));
	EXPECT(404, t_post(&ann, API "/users/00000000-0000-4000-8000-000000000000/follow"));
	EXPECT(404,
	       t_post_json(&ann, API "/users/block_by_handle",
			   "{'handle': 'nobody_of_that_name'}"));
}

/* ---- §2 ---- */

TEST(t_fol_1_a_stranger_sees_only_the_card)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	EXPECT(200,
	       t_patch_json(&ann, API "/profile",
			    "{'is_private': true, 'bio': 'for friends', 'location': 'at home'}"));
	const struct t_reply *r = EXPECT(200, t_get(&bob, API "/profiles/%s", ann.id));
	EXPECT_STR(ann.handle, r, "profile.handle");
	EXPECT_BOOL(true, r, "profile.is_private");
	EXPECT_BOOL(true, r, "is_private");
	EXPECT_INT(0, r, "stats.follower_count");
	EXPECT_STR("", r, "follow_status");
	EXPECT_NONE(r, "profile.bio");
	EXPECT_NONE(r, "profile.location");
	t_follow(&bob, &ann);
	EXPECT_STR("for friends", t_get(&bob, API "/profiles/%s", ann.id), "profile.bio");
}

TEST(t_fol_2_a_strangers_reading_of_a_private_post_is_404)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	go_private(&ann);
	EXPECT(404, t_get(&bob, API "/posts/%s", post));
	t_follow(&bob, &ann);
	EXPECT(200, t_get(&bob, API "/posts/%s", post));
}

TEST(t_fol_3_lists_of_a_private_account_are_for_followers)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cat = t_user("cat");

	t_mutual(&ann, &bob);
	go_private(&ann);
	const struct t_reply *r = EXPECT(200, t_get(&cat, API "/users/%s/followers", ann.id));
	EXPECT_COUNT(0, r, "followers");
	EXPECT_INT(0, r, "count");
	EXPECT_COUNT(0, t_get(&cat, API "/users/%s/following", ann.id), "following");
	EXPECT_COUNT(1, t_get(&bob, API "/users/%s/followers", ann.id), "followers");
	EXPECT_COUNT(1, t_get(&ann, API "/users/%s/following", ann.id), "following");
}

TEST(t_fol_4_a_pending_requester_is_a_stranger)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann);

	go_private(&ann);
	EXPECT_STR("pending", EXPECT(200, t_post(&bob, API "/users/%s/follow", ann.id)), "status");
	const struct t_reply *r = EXPECT(200, t_get(&bob, API "/profiles/%s", ann.id));
	EXPECT_BOOL(false, r, "is_following");
	EXPECT_STR("pending", r, "follow_status");
	EXPECT(404, t_get(&bob, API "/posts/%s", post));
	EXPECT_COUNT(0, t_get(&bob, API "/users/%s/followers", ann.id), "followers");
}

TEST(t_fol_6_requests_are_the_targets_business)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");

	go_private(&ann);
	EXPECT(200, t_post(&bob, API "/users/%s/follow", ann.id));
	const struct t_reply *r = EXPECT(200, t_post(&ann, API "/users/requests"));
	EXPECT_STR(bob.id, r, "requests[0].follower_id");
	EXPECT_STR(bob.handle, r, "requests[0].handle");
	EXPECT_COUNT(0, EXPECT(200, t_get(&eve, API "/users/requests")), "requests");
	EXPECT(404, t_post(&eve, API "/users/%s/accept", bob.id));
	EXPECT(404, t_delete(&eve, API "/users/%s/reject", bob.id));

	EXPECT(200, t_post(&ann, API "/users/%s/accept", bob.id));
	EXPECT(404, t_post(&ann, API "/users/%s/accept", bob.id));
	EXPECT_BOOL(true, t_get(&bob, API "/profiles/%s", ann.id), "is_following");
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM notifications WHERE user_id = '%s' AND type = 'follow_accepted'",
			bob.id));
	EXPECT_EQ(
		2,
		t_sql_int(
			"SELECT count(*) FROM trust_state WHERE user_id IN ('%s', '%s') AND harmony_score = 72",
			ann.id, bob.id));
}

TEST(t_fol_7_private_accounts_are_asked_official_ones_are_not)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), pub = t_user("pub"),
		      manual = t_user("manual");

	go_private(&ann);
	EXPECT_STR("pending", t_post(&bob, API "/users/%s/follow", ann.id), "status");
	EXPECT_STR("pending", t_post(&bob, API "/users/%s/follow", ann.id), "status");
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM notifications WHERE user_id = '%s'", ann.id));
	EXPECT_STR("accepted", t_post(&bob, API "/users/%s/follow", pub.id), "status");
	t_sql("UPDATE user_settings SET follow_request_policy = 'manual' WHERE user_id = '%s'",
	      manual.id);
	EXPECT_STR("pending", t_post(&bob, API "/users/%s/follow", manual.id), "status");
	t_sql("UPDATE profiles SET is_official = true WHERE id = '%s'", ann.id);
	EXPECT(200, t_delete(&bob, API "/users/%s/follow", ann.id));
	EXPECT_STR("accepted", t_post(&bob, API "/users/%s/follow", ann.id), "status");
}

TEST(t_fol_9_an_edge_is_seen_when_both_ends_are)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");

	t_follow(&bob, &ann);
	t_block(&bob, &eve);
	EXPECT_COUNT(0, t_get(&eve, API "/users/%s/followers", ann.id), "followers");
	t_sql("UPDATE users SET status = 'deactivated' WHERE id = '%s'", bob.id);
	EXPECT_COUNT(0, t_get(&ann, API "/users/%s/followers", ann.id), "followers");
}

TEST(counts_that_the_card_hides_are_in_no_list_either)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");

	t_mutual(&ann, &bob);
	EXPECT(200,
	       t_patch_json(&ann, API "/settings/privacy", "{'profile_visibility': 'followers'}"));
	EXPECT_INT(0, t_get(&eve, API "/profiles/%s", ann.id), "stats.follower_count");
	EXPECT_INT(0, t_get(&eve, API "/users/%s/followers", ann.id), "count");
	EXPECT_INT(0, t_get(&eve, API "/users/%s/following", ann.id), "count");
	EXPECT_INT(1, t_get(&bob, API "/users/%s/followers", ann.id), "count");
	EXPECT_INT(1, t_get(&ann, API "/users/%s/following", ann.id), "count");
}

TEST(going_public_accepts_who_waits)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	go_private(&ann);
	EXPECT(200, t_post(&bob, API "/users/%s/follow", ann.id));
	EXPECT(200, t_patch_json(&ann, API "/profile", "{'is_private': false}"));
	EXPECT_BOOL(true, t_get(&bob, API "/profiles/%s", ann.id), "is_following");
	EXPECT_INT(1, t_get(&ann, API "/profile"), "stats.follower_count");
	EXPECT_INT(1, t_get(&bob, API "/profile"), "stats.following_count");
}

TEST(who_answers_requests_by_hand_keeps_them_when_already_public)
{
	static const char *const ways[] = { "/profile", "/settings/privacy" };
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	EXPECT(200,
	       t_patch_json(&ann, API "/settings/privacy", "{'follow_request_policy': 'manual'}"));
	EXPECT_STR("pending", t_post(&bob, API "/users/%s/follow", ann.id), "status");
	for (int i = 0; i < 2; i++) {
		EXPECT(200, t_patch_json(&ann, t_fmt(API "%s", ways[i]), "{'is_private': false}"));
		EXPECT_COUNT(1, t_get(&ann, API "/users/requests"), "requests");
	}
}

struct opening {
	struct t_user owner, others[11];
	int status[12];
};

static void open_or_follow(int i, void *arg)
{
	struct opening *o = arg;
	const struct t_reply *r;

	if (i == 0)
		r = t_patch_json(&o->owner, API "/settings/privacy", "{'is_private': false}");
	else
		r = t_post(&o->others[i - 1], API "/users/%s/follow", o->owner.id);
	o->status[i] = r->status;
}

TEST(nobody_is_left_waiting_for_an_account_that_goes_public)
{
	for (int round = 0; round < 10; round++) {
		struct opening o = { .owner = t_user("ann") };

		go_private(&o.owner);
		for (int i = 0; i < 11; i++)
			o.others[i] = t_user("fan");
		t_parallel(12, open_or_follow, &o);
		for (int i = 0; i < 12; i++)
			EXPECT_EQ(200, o.status[i]);
		EXPECT_COUNT(0, t_get(&o.owner, API "/users/requests"), "requests");
		EXPECT_INT(11, t_get(&o.owner, API "/profile"), "stats.follower_count");
		EXPECT_INT(1, t_get(&o.others[0], API "/profile"), "stats.following_count");
	}
}

TEST(unfollowing_leaves_the_circle_and_a_follower_can_be_dropped)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	t_mutual(&ann, &bob);
	t_sql("INSERT INTO circle_members (user_id, member_id) VALUES ('%s', '%s')", ann.id,
	      bob.id);
	EXPECT(200, t_delete(&ann, API "/users/%s/follow", bob.id));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM circle_members WHERE user_id = '%s'", ann.id));
	EXPECT(200, t_delete(&ann, API "/users/%s/follower", bob.id));
	EXPECT(404, t_delete(&ann, API "/users/%s/follower", bob.id));
	EXPECT_INT(0, t_get(&ann, API "/profile"), "stats.follower_count");
}

TEST(lists_of_people_page_by_offset_and_by_cursor)
{
	struct t_user ann = t_user("ann"), fans[5];

	for (int i = 0; i < 5; i++) {
		fans[i] = t_user("fan");
		t_follow(&fans[i], &ann);
	}
	const struct t_reply *r =
		EXPECT(200, t_get(&ann, API "/users/%s/followers?limit=2", ann.id));
	EXPECT_COUNT(2, r, "followers");
	EXPECT_INT(5, r, "count");
	const char *cursor = t_json(r, "next_cursor");
	const struct t_reply *by_cursor =
		EXPECT(200,
		       t_get(&ann, API "/users/%s/followers?limit=2&cursor=%s", ann.id, cursor));
	const struct t_reply *by_offset =
		EXPECT(200, t_get(&ann, API "/users/%s/followers?limit=2&offset=2", ann.id));
	EXPECT_CSTR(t_json(by_offset, "followers"), t_json(by_cursor, "followers"));
	EXPECT(400, t_get(&ann, API "/users/%s/following?cursor=%s", ann.id, cursor));
	EXPECT(400, t_get(&ann, API "/users/%s/followers?cursor=garbage", ann.id));
}

struct circling {
	struct t_user owner, member;
};

static void circle_or_unfollow(int i, void *arg)
{
	struct circling *c = arg;

	if (i == 0)
		t_delete(&c->owner, API "/users/%s/follow", c->member.id);
	else
		t_post(&c->owner, API "/users/circle/%s", c->member.id);
}

TEST(nobody_enters_a_circle_while_he_is_unfollowed)
{
	for (int round = 0; round < 20; round++) {
		struct circling c = { t_user("ann"), t_user("bob") };

		t_follow(&c.owner, &c.member);
		t_parallel(3, circle_or_unfollow, &c);
		EXPECT_EQ(0,
			  t_sql_int("SELECT count(*) FROM circle_members WHERE user_id = '%s'",
				    c.owner.id));
		EXPECT(400, t_post(&c.owner, API "/users/circle/%s", c.member.id));
	}
}

struct mutual_opening {
	struct t_user who[6];
	int bad[6];
};

/* Each asks to follow the others and opens his account. */
static void ask_all_and_open(int i, void *arg)
{
	struct mutual_opening *o = arg;

	for (int k = 0; k < 6; k++)
		if (k != i)
			o->bad[i] +=
				t_post(&o->who[i], API "/users/%s/follow", o->who[k].id)->status
				>= 500;
	o->bad[i] +=
		t_patch_json(&o->who[i], API "/profile", "{'is_private': false}")->status >= 500;
}

TEST(accounts_that_ask_each_other_and_open_do_not_wait_for_each_other)
{
	for (int round = 0; round < 5; round++) {
		struct mutual_opening o = { 0 };

		for (int i = 0; i < 6; i++) {
			o.who[i] = t_user("ann");
			go_private(&o.who[i]);
		}
		t_parallel(6, ask_all_and_open, &o);
		for (int i = 0; i < 6; i++) {
			EXPECT_EQ(0, o.bad[i]);
			EXPECT_EQ(
				5,
				t_sql_int(
					"SELECT count(*) FROM follows WHERE following_id = '%s' AND status = 'accepted'",
					o.who[i].id));
			EXPECT_INT(5, t_get(&o.who[i], API "/profile"), "stats.follower_count");
			EXPECT_INT(5, t_get(&o.who[i], API "/profile"), "stats.following_count");
		}
	}
}

TEST(t_fol_8_follows_across_a_block_are_seen_by_neither)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");

	t_mutual(&ann, &bob);
	t_mutual(&eve, &ann);
	t_mutual(&eve, &bob);
	/* rows as an import may bring them: the block beside the follows */
	t_sql("INSERT INTO blocks (blocker_id, blocked_id) VALUES ('%s', '%s')", ann.id, bob.id);
	for (int i = 0; i < 2; i++) {
		const struct t_user *me = i ? &bob : &ann, *other = i ? &ann : &bob;

		EXPECT(404, t_get(me, API "/users/%s/is-following", other->id));
		EXPECT(404, t_get(me, API "/users/%s/followers", other->id));
		EXPECT_EQ(-1,
			  t_json_find(t_get(me, API "/users/%s/followers", me->id), "followers",
				      "id", other->id));
		EXPECT_EQ(-1,
			  t_json_find(t_get(me, API "/users/%s/following", me->id), "following",
				      "id", other->id));
		EXPECT_EQ(-1,
			  t_json_find(t_get(me, API "/users/%s/followers", eve.id), "followers",
				      "id", other->id));
		EXPECT_EQ(-1,
			  t_json_find(t_get(me, API "/mutual-follows"), "profiles", "id",
				      other->id));
	}
}
