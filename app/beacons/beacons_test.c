/* Beacons (domain-rules §9): anonymous, short-lived, on the map by what people say of them. */
#include "app/beacons/beacons_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct spot beacon_place(void)
{
	static int used;
	int n = getpid() % 1000 * 131 + used++;

	return (struct spot){ -70 + 2 * (n % 70), -178 + 2 * (n / 70 % 178) };
}

const char *beacon_json(const char *text)
{
	char *quoted = strdup(t_fmt("%s", text));

	for (char *p = quoted; (p = strchr(p, '\'')); p++)
		*p = '"';
	text = t_fmt("%s", quoted);
	free(quoted);
	return text;
}

const struct t_reply *beacon_drop_with(const struct t_user *user, struct spot at, const char *more)
{
	return t_post_json(
		user, API,
		"{'body': 'a tree lies on the road', 'beacon_type': 'hazard', 'lat': %.4f,"
		" 'long': %.4f%s}",
		at.lat, at.lon, beacon_json(more));
}

const char *beacon_drop(const struct t_user *user, struct spot at)
{
	return t_json(EXPECT(201, beacon_drop_with(user, at, "")), "beacon.id");
}

const struct t_reply *beacon_map(const struct t_user *user, struct spot at, const char *more)
{
	return EXPECT(200, t_get(user, API "/nearby?lat=%.4f&long=%.4f%s", at.lat, at.lon, more));
}

bool beacon_on_map(const struct t_user *user, struct spot at, const char *beacon)
{
	return t_json_find(beacon_map(user, at, ""), "beacons", "id", beacon) >= 0;
}

static struct t_user user_of_tier(const char *tier)
{
	struct t_user u = t_user(tier);

	t_sql("UPDATE trust_state SET tier = '%s' WHERE user_id = '%s'", tier, u.id);
	return u;
}

static const struct t_reply *say(const struct t_user *user, const char *what, const char *beacon)
{
	return t_post(user, API "/%s/%s", beacon, what);
}

static const struct t_reply *resolve(const struct t_user *user, const char *beacon,
				     const char *status)
{
	return t_post_json(user, t_fmt(API "/%s/resolve", beacon), "{'status': '%s'}", status);
}

/* ---- T-BCN ---- */

TEST(t_bcn_1_nothing_links_a_beacon_to_who_made_it)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct spot at = beacon_place();
	const struct t_reply *r =
		EXPECT(201,
		       beacon_drop_with(&ann, at, ", 'image_url': 'https://i.imgur.com/a.jpg'"));
	const char *beacon = t_json(r, "beacon.id"), *line;

	EXPECT_NULL(strstr(r->body, ann.id));
	EXPECT_NULL(strstr(r->body, ann.handle));
	EXPECT_NULL(strstr(beacon_map(&bob, at, "")->body, ann.id));
	EXPECT_STR("Anonymous", r, "beacon.author_handle");
	EXPECT_STR("Anonymous", r, "beacon.author_display_name");
	EXPECT_NONE(r, "beacon.author_id");
	EXPECT_NONE(r, "beacon.author");
	/* no row of any table has both */
	EXPECT_NULL(t_sql(
		"SELECT string_agg(table_name, ',') FROM information_schema.tables"
		" WHERE table_schema = 'sojorn' AND table_type = 'BASE TABLE'"
		" AND query_to_xml(format('SELECT FROM sojorn.%%I t WHERE strpos(t::text, %%L) > 0"
		" AND strpos(t::text, %%L) > 0', table_name, '%s', '%s'), false, true, '')::text"
		" LIKE '%%<row%%'",
		beacon, ann.id));
	for (line = t_log(); line; line = strchr(line, '\n')) {
		line++;
		EXPECT_NULL(strstr(t_fmt("%.*s", (int)strcspn(line, "\n"), line), ann.id));
	}
}

/* The tag is an HMAC under the day's key: without the key nothing can be compared with it. */
TEST(t_bcn_1_the_tag_is_worth_nothing_without_the_days_key)
{
	struct t_user ann = t_user("ann");
	const char *one = beacon_drop(&ann, beacon_place()),
		   *two = beacon_drop(&ann, beacon_place());

	EXPECT_EQ(
		1,
		t_sql_int("SELECT count(DISTINCT author_tag) FROM beacons WHERE id IN ('%s', '%s')"
			  " AND octet_length(author_tag) = 32",
			  one, two));
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM beacons WHERE id = '%s' AND author_tag IN"
			    " (sha256(uuid_send('%s')), sha256('%s'::bytea))",
			    one, ann.id, ann.id));
}

TEST(t_bcn_1_keys_are_destroyed_after_48_hours)
{
	struct t_user ann;

	t_server_start();
	ann = t_user("ann");
	beacon_drop(&ann, beacon_place());
	t_sql("INSERT INTO beacon_tag_keys (day, key) SELECT (now() AT TIME ZONE 'UTC')::date - i,"
	      " sha256(i::text::bytea) FROM generate_series(1, 4) i");
	t_sql("UPDATE periodic_jobs SET next_run_at = now() WHERE name = 'beacons_expire'");
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM beacon_tag_keys") == 2);
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT (now() AT TIME ZONE 'UTC')::date - min(day) FROM beacon_tag_keys"));
}

TEST(t_bcn_2_positions_are_rounded_to_hundredths)
{
	static const struct {
		double lat, lon, stored_lat, stored_lon;
	} cases[] = {
		{ 52.5163, 13.3777, 52.52, 13.38 },
		{ -33.8688, -151.2093, -33.87, -151.21 },
		{ 0, 0, 0, 0 },
		{ 90, 180, 90, 180 },
		{ -90, -180, -90, -180 },
		{ 0.004, -0.004, 0, 0 },
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct t_reply *r =
			EXPECT(201,
			       beacon_drop_with(&ann, (struct spot){ cases[i].lat, cases[i].lon },
						""));

		EXPECT_NUM(cases[i].stored_lat, r, "beacon.beacon_lat");
		EXPECT_NUM(cases[i].stored_lon, r, "beacon.beacon_long");
		EXPECT_EQ(
			1,
			t_sql_int(
				"SELECT count(*) FROM beacons WHERE id = '%s' AND lat = %.2f AND long = %.2f"
				" AND ST_X(location::geometry) = %.2f AND ST_Y(location::geometry) = %.2f",
				t_json(r, "beacon.id"), cases[i].stored_lat, cases[i].stored_lon,
				cases[i].stored_lon, cases[i].stored_lat));
	}
	EXPECT_NULL(strstr(t_log(), "52.5163"));
}

TEST(t_bcn_3_a_beacon_lives_four_hours_at_most)
{
	static const struct {
		const char *more;
		int hours;
	} cases[] = {
		{ "", 4 },
		{ ", 'ttl_hours': 24", 4 },
		{ ", 'ttl_hours': 1", 1 },
		{ ", 'ttl_hours': 3", 3 },
		{ ", 'ttl_hours': 0", 4 },
		{ ", 'ttl_hours': -2", 4 },
		{ ", 'ttl_hours': null", 4 },
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct t_reply *r =
			EXPECT(201, beacon_drop_with(&ann, beacon_place(), cases[i].more));

		EXPECT_EQ(
			cases[i].hours * 3600,
			t_sql_int("SELECT extract(epoch FROM timestamptz '%s' - timestamptz '%s')",
				  t_json(r, "beacon.expires_at"), t_json(r, "beacon.created_at")));
	}
}

TEST(t_bcn_3_an_expired_beacon_is_off_the_map)
{
	struct t_user ann = t_user("ann");
	struct spot at = beacon_place();
	const char *beacon = beacon_drop(&ann, at);

	EXPECT_TRUE(beacon_on_map(&ann, at, beacon));
	t_sql("UPDATE beacons SET created_at = created_at - interval '4 hours',"
	      " expires_at = now() - interval '1 s' WHERE id = '%s'",
	      beacon);
	EXPECT_FALSE(beacon_on_map(&ann, at, beacon));
}

TEST(t_bcn_4_three_vouches_make_it_green_and_first)
{
	struct t_user ann = t_user("ann"), voters[3];
	struct spot at = beacon_place();
	const char *beacon = beacon_drop(&ann, at);
	const struct t_reply *r = beacon_map(&ann, at, "");

	EXPECT_NUM(0.5, r, "beacons[0].confidence_score");
	EXPECT_STR("yellow", r, "beacons[0].status_color");
	for (int i = 0; i < 3; i++) {
		voters[i] = t_user("voter");
		EXPECT(200, say(&voters[i], "vouch", beacon));
	}
	r = beacon_map(&ann, at, "");
	EXPECT_NUM(0.8, r, "beacons[0].confidence_score");
	EXPECT_STR("green", r, "beacons[0].status_color");
	EXPECT_BOOL(true, r, "beacons[0].is_priority");
	EXPECT_INT(3, r, "beacons[0].vouch_count");
	EXPECT_INT(3, r, "beacons[0].verification_count");
	EXPECT(200, t_delete(&voters[1], API "/%s/vouch", beacon));
	r = beacon_map(&ann, at, "");
	EXPECT_NUM(0.7, r, "beacons[0].confidence_score");
	EXPECT_STR("yellow", r, "beacons[0].status_color");
	EXPECT_BOOL(false, r, "beacons[0].is_priority");
	EXPECT_INT(2, r, "beacons[0].vouch_count");
}

TEST(t_bcn_5_the_fifth_report_hides_it)
{
	struct t_user ann = t_user("ann");
	struct spot at = beacon_place();
	const char *vouched = beacon_drop(&ann, at), *beacon = beacon_drop(&ann, at);

	for (int i = 0; i < 3; i++) {
		struct t_user voter = t_user("voter");

		EXPECT(200, say(&voter, "vouch", vouched));
	}
	for (int i = 0; i < 5; i++) {
		struct t_user voter = t_user("voter");

		EXPECT_TRUE(beacon_on_map(&ann, at, beacon));
		EXPECT(200, say(&voter, "report", beacon));
		if (i < 4)
			EXPECT(200, say(&voter, "report", beacon)); /* counts once */
		EXPECT(200, say(&voter, "report", vouched));
	}
	EXPECT_FALSE(beacon_on_map(&ann, at, beacon));
	EXPECT_FALSE(beacon_on_map(&ann, at, vouched)); /* five reports outnumber three vouches */
	EXPECT(404, say(&ann, "vouch", beacon));
}

TEST(t_bcn_5_reports_do_not_hide_what_more_people_vouch_for)
{
	struct t_user ann = t_user("ann");
	struct spot at = beacon_place();
	const char *beacon = beacon_drop(&ann, at);
	const struct t_reply *r;

	for (int i = 0; i < 11; i++) {
		struct t_user voter = t_user("voter");

		EXPECT(200, say(&voter, i < 6 ? "vouch" : "report", beacon));
	}
	r = beacon_map(&ann, at, "");
	EXPECT_STR(beacon, r, "beacons[0].id");
	EXPECT_INT(6, r, "beacons[0].vouch_count");
	EXPECT_INT(5, r, "beacons[0].report_count");
	EXPECT_NUM(0.6, r, "beacons[0].confidence_score");
}

TEST(t_bcn_6_the_fourth_beacon_of_an_hour_is_refused)
{
	struct t_user ann, bob;
	const struct t_reply *r;

	t_server_start("RATE_LIMITS=on");
	ann = t_user("ann"), bob = t_user("bob");
	for (int i = 0; i < 3; i++)
		beacon_drop(&ann, beacon_place());
	r = EXPECT(429, beacon_drop_with(&ann, beacon_place(), ""));
	EXPECT_TRUE(t_header(r, "Retry-After") != NULL);
	EXPECT_EQ(3, t_sql_int("SELECT count(*) FROM beacons"));
	beacon_drop(&bob, beacon_place());
}

TEST(votes_are_limited_to_ten_a_minute)
{
	struct t_user ann, bob;
	const char *beacon;

	t_server_start("RATE_LIMITS=on");
	ann = t_user("ann"), bob = t_user("bob");
	beacon = beacon_drop(&bob, beacon_place());
	for (int i = 0; i < 10; i++)
		EXPECT(200, say(&ann, i % 2 ? "vouch" : "report", beacon));
	EXPECT(429, say(&ann, "vouch", beacon));
}

TEST(t_bcn_7_a_vote_counts_once_and_replaces_the_one_before)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct spot at = beacon_place();
	const char *beacon = beacon_drop(&ann, at);
	const struct t_reply *r;

	EXPECT_NONE(beacon_map(&bob, at, ""), "beacons[0].my_vote");
	EXPECT(200, say(&bob, "vouch", beacon));
	EXPECT_STR("beacon vouched", EXPECT(200, say(&bob, "vouch", beacon)), "message");
	EXPECT_INT(1, beacon_map(&bob, at, ""), "beacons[0].vouch_count");
	EXPECT(200, say(&bob, "report", beacon));
	r = beacon_map(&bob, at, "");
	EXPECT_INT(0, r, "beacons[0].vouch_count");
	EXPECT_INT(1, r, "beacons[0].report_count");
	EXPECT_STR("report", r, "beacons[0].my_vote");
	EXPECT_NUM(0.4, r, "beacons[0].confidence_score");
	EXPECT(200, say(&bob, "vouch", beacon));
	r = beacon_map(&bob, at, "");
	EXPECT_INT(1, r, "beacons[0].vouch_count");
	EXPECT_INT(0, r, "beacons[0].report_count");
	EXPECT_STR("vouch", r, "beacons[0].my_vote");
	EXPECT(200, t_delete(&bob, API "/%s/vouch", beacon));
	EXPECT(200, t_delete(&bob, API "/%s/vouch", beacon));
	r = beacon_map(&bob, at, "");
	EXPECT_INT(0, r, "beacons[0].vouch_count");
	EXPECT_NONE(r, "beacons[0].my_vote");
	EXPECT_NUM(0.5, r, "beacons[0].confidence_score");
}

static void vouch_at_once(int i, void *arg)
{
	const char *const *of = arg; /* beacon, token */
	struct t_user user = { .token = of[1] };

	say(&user, i % 2 ? "vouch" : "report", of[0]);
}

TEST(t_bcn_7_quick_taps_count_right)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct spot at = beacon_place();
	const char *of[] = { beacon_drop(&ann, at), bob.token };

	t_parallel(8, vouch_at_once, of);
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM beacons b JOIN beacon_votes v ON v.beacon_id = b.id"
			" WHERE b.id = '%s' AND b.vouch_count = (v.kind = 'vouch')::integer"
			" AND b.vouch_weight = b.vouch_count AND b.report_count = 1 - b.vouch_count",
			of[0]));
}

TEST(t_bcn_8_what_is_no_beacon_takes_no_votes)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *post = t_new_post(&ann),
		   *hidden = t_new_post_with(&ann, "visibility = 'private'");
	const char *nothing = "00000000-0000-4000-8000-000000000000";

	for (int i = 0; i < 2; i++) {
		const char *what = i ? "report" : "vouch";

		EXPECT_CODE("not_a_beacon", EXPECT(400, say(&bob, what, post)));
		EXPECT_CODE("not_found", EXPECT(404, say(&bob, what, hidden)));
		EXPECT_CODE("not_found", EXPECT(404, say(&bob, what, nothing)));
		EXPECT_CODE("invalid", EXPECT(400, say(&bob, what, "42")));
	}
	EXPECT_CODE("not_a_beacon", EXPECT(400, resolve(&bob, post, "resolved")));
	EXPECT_CODE("not_found", EXPECT(404, resolve(&bob, nothing, "resolved")));
	EXPECT_CODE("not_a_beacon", EXPECT(400, t_delete(&bob, API "/%s/vouch", post)));
	EXPECT_CODE("not_found", EXPECT(404, t_delete(&bob, API "/%s/vouch", nothing)));
}

TEST(t_bcn_9_the_map_is_the_same_for_everybody)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob"), cid = t_user("cid");
	struct spot at = beacon_place();
	const char *beacon = beacon_drop(&ann, at);

	t_block(&ann, &bob);
	t_block(&cid, &ann);
	t_sql("UPDATE profiles SET beacon_enabled = false, is_private = true WHERE id IN ('%s', '%s')",
	      ann.id, bob.id);
	EXPECT_TRUE(beacon_on_map(&bob, at, beacon));
	EXPECT_TRUE(beacon_on_map(&cid, at, beacon));
	EXPECT(200, say(&bob, "vouch", beacon)); /* T-BLK-11 */
}

/* ---- defects of the previous backend ---- */

TEST(d8_the_post_route_takes_no_beacons)
{
	struct t_user ann = t_user("ann");

	EXPECT_CODE(
		"use_beacons",
		EXPECT(400,
		       t_post_json(
			       &ann, "/api/v1/posts",
			       "{'body': 'a tree lies on the road', 'is_beacon': true,"
			       " 'beacon_type': 'hazard', 'beacon_lat': 52.51634, 'beacon_long': 13.37771}")));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM posts WHERE author_id = '%s'", ann.id));
}

TEST(d9_one_voice_does_not_end_a_beacon_and_two_do)
{
	static const char *const ends[] = { "resolved", "false_alarm" };
	struct t_user ann = t_user("ann"), bob = user_of_tier("sprout"), cid = user_of_tier("new");
	struct spot at = beacon_place();

	for (int i = 0; i < 2; i++) {
		const char *beacon = beacon_drop(&ann, at);

		for (int again = 0; again < 2; again++)
			EXPECT_STR("active", EXPECT(200, resolve(&bob, beacon, ends[i])), "status");
		EXPECT_TRUE(beacon_on_map(&ann, at, beacon));
		EXPECT_STR("active", EXPECT(200, resolve(&cid, beacon, ends[1 - i])),
			   "status"); /* of two minds */
		EXPECT_STR(ends[i], EXPECT(200, resolve(&cid, beacon, ends[i])), "status");
		EXPECT_FALSE(beacon_on_map(&ann, at, beacon));
		EXPECT(404, resolve(&bob, beacon, ends[i]));
	}
}

TEST(d9_a_trusted_account_or_the_creator_ends_a_beacon_alone)
{
	static const char *const tiers[] = { "trusted", "elder", "established" };
	struct t_user ann = user_of_tier("new");
	struct spot at = beacon_place();

	for (int i = 0; i < 4; i++) {
		struct t_user by = i < 3 ? user_of_tier(tiers[i]) : ann;
		const char *beacon = beacon_drop(&ann, at);

		EXPECT_STR("resolved", EXPECT(200, resolve(&by, beacon, "resolved")), "status");
		EXPECT_FALSE(beacon_on_map(&ann, at, beacon));
	}
}

TEST(d9_votes_on_what_has_ended_are_not_found)
{
	static const char *const ends[] = {
		"created_at = created_at - interval '4 hours', expires_at = now() - interval '1 s'",
		"incident_status = 'resolved'",
		"status = 'flagged'",
		"status = 'removed'",
	};
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		const char *beacon = beacon_drop(&ann, beacon_place());

		t_sql("UPDATE beacons SET %s WHERE id = '%s'", ends[i], beacon);
		EXPECT(404, say(&bob, "vouch", beacon));
		EXPECT(404, say(&bob, "report", beacon));
		EXPECT(404, resolve(&bob, beacon, "resolved"));
		EXPECT(404, t_delete(&bob, API "/%s/vouch", beacon));
		EXPECT_EQ(0,
			  t_sql_int("SELECT count(*) FROM beacon_votes WHERE beacon_id = '%s'",
				    beacon));
	}
}

TEST(d9_confidence_stays_between_0_and_1)
{
	struct t_user ann = t_user("ann");
	struct spot at = beacon_place();
	const char *beacon = beacon_drop(&ann, at);
	const struct t_reply *r;

	for (int i = 0; i < 4; i++) { /* each counts twice */
		struct t_user voter = user_of_tier("established");

		EXPECT(200, say(&voter, "vouch", beacon));
	}
	r = beacon_map(&ann, at, "");
	EXPECT_NUM(1.0, r, "beacons[0].confidence_score");
	EXPECT_INT(4, r, "beacons[0].vouch_count");
}

TEST(nobody_votes_on_his_own_beacon)
{
	struct t_user ann = t_user("ann");
	struct spot at = beacon_place();
	const char *beacon = beacon_drop(&ann, at);

	EXPECT_CODE("own_beacon", EXPECT(409, say(&ann, "vouch", beacon)));
	EXPECT_CODE("own_beacon", EXPECT(409, say(&ann, "report", beacon)));
	EXPECT_INT(0, beacon_map(&ann, at, ""), "beacons[0].vouch_count");
}

TEST(vouching_needs_a_tier_and_reporting_does_not)
{
	struct t_user ann = t_user("ann"), bob = user_of_tier("new"), cid = user_of_tier("sprout");
	const char *beacon = beacon_drop(&ann, beacon_place());

	EXPECT_CODE("tier_too_low", EXPECT(403, say(&bob, "vouch", beacon)));
	EXPECT(200, say(&bob, "report", beacon));
	EXPECT(200, say(&cid, "vouch", beacon));
}

TEST(nobody_is_told_of_votes)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *beacon = beacon_drop(&ann, beacon_place());

	EXPECT(200, say(&bob, "vouch", beacon));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM notifications WHERE user_id = '%s'", ann.id));
}

TEST(expired_beacons_are_swept_with_their_votes)
{
	struct t_user ann, bob;
	const char *expired, *old;

	t_server_start();
	ann = t_user("ann"), bob = t_user("bob");
	expired = beacon_drop(&ann, beacon_place()), old = beacon_drop(&ann, beacon_place());
	EXPECT(200, say(&bob, "vouch", expired));
	EXPECT(200, say(&bob, "vouch", old));
	t_sql("UPDATE beacons SET created_at = now() - interval '4 hours', expires_at = now() - interval '1 s'"
	      " WHERE id = '%s'",
	      expired);
	t_sql("UPDATE beacons SET created_at = now() - interval '53 hours', expires_at = now() - interval '49 hours'"
	      " WHERE id = '%s'",
	      old);
	t_sql("UPDATE periodic_jobs SET next_run_at = now() WHERE name = 'beacons_expire'");
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM beacons WHERE status = 'expired'") == 1);
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM beacons WHERE id = '%s'", old) == 0);
	EXPECT_CSTR(expired, t_sql("SELECT beacon_id FROM beacon_votes"));
}
