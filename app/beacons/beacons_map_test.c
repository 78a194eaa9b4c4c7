/* Beacons as clients see them: the map, its members, wording, what is refused. */
#include "app/beacons/beacons_test.h"

#include <stdlib.h>
#include <string.h>

/* ---- the map ---- */

TEST(a_beacon_has_every_member)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct spot at = beacon_place();
	const struct t_reply *made = EXPECT(
		201,
		beacon_drop_with(&ann, at,
				 ", 'severity': 'high', 'image_url': 'https://i.imgur.com/a.jpg'"));
	const struct t_reply *r = beacon_map(&bob, at, "");

	for (int i = 0; i < 2; i++) {
		const struct t_reply *of = i ? r : made;
		const char *p = i ? "beacons[0]" : "beacon";

		EXPECT_STR("a tree lies on the road", of, t_fmt("%s.body", p));
		EXPECT_BOOL(true, of, t_fmt("%s.is_beacon", p));
		EXPECT_STR("hazard", of, t_fmt("%s.beacon_type", p));
		EXPECT_STR("high", of, t_fmt("%s.severity", p));
		EXPECT_STR("active", of, t_fmt("%s.incident_status", p));
		EXPECT_NUM(at.lat, of, t_fmt("%s.beacon_lat", p));
		EXPECT_NUM(at.lat, of, t_fmt("%s.latitude", p));
		EXPECT_NUM(at.lon, of, t_fmt("%s.beacon_long", p));
		EXPECT_NUM(at.lon, of, t_fmt("%s.longitude", p));
		EXPECT_INT(500, of, t_fmt("%s.radius", p));
		EXPECT_NUM(0.5, of, t_fmt("%s.confidence_score", p));
		EXPECT_STR("yellow", of, t_fmt("%s.status_color", p));
		EXPECT_BOOL(false, of, t_fmt("%s.is_priority", p));
		EXPECT_BOOL(true, of, t_fmt("%s.is_active_beacon", p));
		EXPECT_INT(0, of, t_fmt("%s.vouch_count", p));
		EXPECT_INT(0, of, t_fmt("%s.report_count", p));
		EXPECT_INT(0, of, t_fmt("%s.verification_count", p));
		EXPECT_NONE(of, t_fmt("%s.my_vote", p));
		EXPECT_STR("https://i.imgur.com/a.jpg", of, t_fmt("%s.image_url", p));
		EXPECT_NONE(of, t_fmt("%s.video_url", p));
		EXPECT_COUNT(0, of, t_fmt("%s.tags", p));
		EXPECT_BOOL(false, of, t_fmt("%s.is_official", p));
		EXPECT_NONE(of, t_fmt("%s.official_source", p));
		EXPECT_NUM(0, of, t_fmt("%s.distance_meters", p));
		EXPECT_STR("Anonymous", of, t_fmt("%s.author_handle", p));
		EXPECT_TRUE(strchr(t_json(of, t_fmt("%s.created_at", p)), 'Z') != NULL);
		EXPECT_TRUE(strchr(t_json(of, t_fmt("%s.expires_at", p)), 'Z') != NULL);
	}
	EXPECT_CSTR(t_json(made, "beacon.id"), t_json(r, "beacons[0].id"));
}

TEST(severity_is_medium_unless_said)
{
	struct t_user ann = t_user("ann");

	EXPECT_STR("medium", EXPECT(201, beacon_drop_with(&ann, beacon_place(), "")),
		   "beacon.severity");
}

TEST(the_map_reaches_as_far_as_asked)
{
	struct t_user ann = t_user("ann");
	struct spot at = beacon_place(), off = { at.lat + 0.1, at.lon },
		    far = { at.lat + 0.4, at.lon };
	const char *near = beacon_drop(&ann, at), *eleven = beacon_drop(&ann, off),
		   *forty = beacon_drop(&ann, far);
	const struct t_reply *r = beacon_map(&ann, at, "");

	EXPECT_TRUE(t_json_find(r, "beacons", "id", near) >= 0);
	EXPECT_TRUE(t_json_find(r, "beacons", "id", eleven) >= 0); /* 16 km by default */
	EXPECT_TRUE(t_json_find(r, "beacons", "id", forty) < 0);
	EXPECT_COUNT(1, beacon_map(&ann, at, "&radius=2000"), "beacons");
	EXPECT_COUNT(3, beacon_map(&ann, at, "&radius=50000"), "beacons");
	EXPECT_COUNT(2, beacon_map(&ann, at, "&radius=0"), "beacons");
	EXPECT_COUNT(3, beacon_map(&ann, (struct spot){ at.lat - 0.04, at.lon }, "&radius=50000"),
		     "beacons");
	EXPECT_COUNT(0, beacon_map(&ann, (struct spot){ at.lat - 0.51, at.lon }, "&radius=9999999"),
		     "beacons");
	r = beacon_map(&ann, at, "&radius=12000");
	int i = t_json_find(r, "beacons", "id", eleven);
	double metres = strtod(t_json(r, t_fmt("beacons[%d].distance_meters", i)), NULL);
	EXPECT_TRUE(metres > 11000 && metres < 11300);
}

TEST(the_map_crosses_the_date_line)
{
	struct t_user ann = t_user("ann");
	double lat = beacon_place().lat / 2 + 0.5;
	const char *east = beacon_drop(&ann, (struct spot){ lat, 179.99 });

	EXPECT_TRUE(beacon_on_map(&ann, (struct spot){ lat, -179.99 }, east));
}

TEST(important_beacons_come_first_then_new_ones)
{
	struct t_user ann = t_user("ann");
	struct spot at = beacon_place();
	const char *first = beacon_drop(&ann, at), *second = beacon_drop(&ann, at),
		   *third = beacon_drop(&ann, at);
	const struct t_reply *r;

	t_sql("UPDATE beacons SET vouch_count = 3, vouch_weight = 3 WHERE id = '%s'", second);
	r = beacon_map(&ann, at, "");
	EXPECT_STR(second, r, "beacons[0].id");
	EXPECT_STR(third, r, "beacons[1].id");
	EXPECT_STR(first, r, "beacons[2].id");
	r = beacon_map(&ann, at, "&limit=2");
	EXPECT_COUNT(2, r, "beacons");
}

TEST(the_map_holds_200_beacons_unless_asked_and_500_at_most)
{
	struct t_user ann = t_user("ann");
	struct spot at = beacon_place();

	t_sql("INSERT INTO beacons (beacon_type, lat, long, body, expires_at) SELECT 'hazard', %.2f, %.2f, 'x',"
	      " now() + interval '1 hour' FROM generate_series(1, 510)",
	      at.lat, at.lon);
	EXPECT_COUNT(200, beacon_map(&ann, at, ""), "beacons");
	EXPECT_COUNT(200, beacon_map(&ann, at, "&limit=-1"), "beacons");
	EXPECT_COUNT(500, beacon_map(&ann, at, "&limit=100000"), "beacons");
}

TEST(the_unified_map_has_official_alerts)
{
	struct t_user ann = t_user("ann");
	struct spot at = beacon_place();
	const char *beacon = beacon_drop(&ann, at), *alert;
	const struct t_reply *r;
	int i;

	alert = t_sql(
		"INSERT INTO beacon_alerts (source, external_id, body, lat, long, is_official, official_source)"
		" VALUES ('roads', '%s', 'closed', %.2f, %.2f, true, 'Road office') RETURNING id",
		t_unique("alert"), at.lat, at.lon);
	for (i = 0; i < 2; i++)
		t_sql("INSERT INTO beacon_alerts (source, external_id, body, lat, long, %s) VALUES"
		      " ('roads', '%s', 'old', %.2f, %.2f, %s)",
		      i ? "status" : "expires_at", t_unique("alert"), at.lat, at.lon,
		      i ? "'removed'" : "now()");
	EXPECT_COUNT(1, beacon_map(&ann, at, ""), "beacons");
	r = EXPECT(200, t_get(&ann, API "/unified?lat=%.2f&long=%.2f", at.lat, at.lon));
	EXPECT_COUNT(2, r, "beacons");
	EXPECT_TRUE(t_json_find(r, "beacons", "id", beacon) >= 0);
	i = t_json_find(r, "beacons", "id", alert);
	EXPECT_BOOL(true, r, t_fmt("beacons[%d].is_official", i));
	EXPECT_BOOL(true, r, t_fmt("beacons[%d].is_beacon", i));
	EXPECT_STR("Road office", r, t_fmt("beacons[%d].official_source", i));
	EXPECT_STR("Anonymous", r, t_fmt("beacons[%d].author_handle", i));
}

/* ---- wording ---- */

static void becomes(const char *typed, const char *shown)
{
	struct arena *a = arena_new();
	str s = beacons_neutral(a, str_of(typed));

	EXPECT_CSTR(shown, t_fmt("%.*s", (int)s.n, s.p));
	arena_free(a);
}

TEST(wording_is_neutral)
{
	becomes("Police at the bridge", "Official Presence at the bridge");
	becomes("two ICE agents, and a RAID!", "two Official Presence, and a Activity!");
	becomes("Immigration and Customs Enforcement raids", "Official Presence Activity");
	becomes("#police", "#Official Presence");
	becomes("policewoman and copse and nice agents", "policewoman and copse and nice agents");
	becomes("übercops cops", "übercops Official Presence");
	becomes("  a \t\n b\r\n", "a b");
	becomes("", "");
	becomes("   ", "");
}

TEST(a_beacon_is_stored_in_neutral_words)
{
	struct t_user ann = t_user("ann");
	const struct t_reply *r =
		EXPECT(201,
		       t_post_json(&ann, API,
				   "{'body': '  Police   checkpoint #police #Bridge ',"
				   " 'beacon_type': 'checkpoint', 'lat': 1, 'long': 1}"));

	EXPECT_STR("Official Presence checkpoint #Official Presence #Bridge", r, "beacon.body");
	EXPECT_STR("official", r, "beacon.tags[0]");
	EXPECT_STR("bridge", r, "beacon.tags[1]");
}

/* ---- what is refused ---- */

TEST(malformed_beacons_are_refused)
{
	static const char *const bad[] = {
		"null",
		"[]",
		"{}",
		"{'beacon_type': 'hazard', 'lat': 1, 'long': 1}",
		"{'body': '', 'beacon_type': 'hazard', 'lat': 1, 'long': 1}",
		"{'body': '  ', 'beacon_type': 'hazard', 'lat': 1, 'long': 1}",
		"{'body': 7, 'beacon_type': 'hazard', 'lat': 1, 'long': 1}",
		"{'body': 'a\\u0000b', 'beacon_type': 'hazard', 'lat': 1, 'long': 1}",
		"{'body': 'x', 'lat': 1, 'long': 1}",
		"{'body': 'x', 'beacon_type': 'camera', 'lat': 1, 'long': 1}",
		"{'body': 'x', 'beacon_type': 'taskforce', 'lat': 1, 'long': 1}",
		"{'body': 'x', 'beacon_type': 'hazard', 'long': 1}",
		"{'body': 'x', 'beacon_type': 'hazard', 'lat': 1}",
		"{'body': 'x', 'beacon_type': 'hazard', 'lat': null, 'long': 1}",
		"{'body': 'x', 'beacon_type': 'hazard', 'lat': '1', 'long': 1}",
		"{'body': 'x', 'beacon_type': 'hazard', 'lat': 90.01, 'long': 1}",
		"{'body': 'x', 'beacon_type': 'hazard', 'lat': 1, 'long': -180.01}",
		"{'body': 'x', 'beacon_type': 'hazard', 'lat': 1e400, 'long': 1}",
		"{'body': 'x', 'beacon_type': 'hazard', 'lat': 1, 'long': 1, 'severity': 'severe'}",
		"{'body': 'x', 'beacon_type': 'hazard', 'lat': 1, 'long': 1, 'image_url': 'javascript:x'}",
		"{'body': 'x', 'beacon_type': 'hazard', 'lat': 1, 'long': 1, 'ttl_hours': 'long'}",
		"{'body': 'x', 'beacon_type': 'hazard', 'lat': 1, 'long': 1",
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_CODE("invalid",
			    EXPECT(400, t_post_json(&ann, API, "%s", beacon_json(bad[i]))));
}

static const struct t_reply *drop_text(const struct t_user *user, const char *body)
{
	return t_post_json(user, API, "{'body': %s, 'beacon_type': 'hazard', 'lat': 1, 'long': 1}",
			   t_quote(body));
}

TEST(a_beacons_text_has_500_characters_at_most)
{
	struct t_user ann = t_user("ann");

	EXPECT(201, drop_text(&ann, t_repeat("é", 500)));
	EXPECT_CODE("invalid", EXPECT(400, drop_text(&ann, t_repeat("é", 501))));
	/* neutral words are longer than some */
	EXPECT_CODE("invalid", EXPECT(400, drop_text(&ann, t_repeat("cops ", 60))));
}

TEST(a_beacon_with_a_slur_or_threat_is_not_stored)
{
	struct t_user ann = t_user("ann");

	EXPECT(422, drop_text(&ann, "I will kill you all"));
}

TEST(text_of_a_beacon_is_text)
{
	struct t_user ann = t_user("ann");
	const char *text = "'; DROP TABLE beacons; -- \" \\ {} 😀";

	EXPECT_STR(text, EXPECT(201, drop_text(&ann, text)), "beacon.body");
}

TEST(malformed_parameters_of_the_map_are_refused)
{
	static const char *const bad[] = {
		"",
		"lat=1",
		"long=1",
		"lat=x&long=1",
		"lat=91&long=1",
		"lat=1&long=181",
		"lat=nan&long=1",
		"lat=inf&long=1",
		"lat=&long=1",
		"lat=1&long=1&radius=far",
		"lat=1&long=1&radius=-1",
		"lat=1&long=1&limit=many",
		"lat=1,5&long=1",
		"lat=1%00&long=1",
	};
	struct t_user ann = t_user("ann");

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		EXPECT_CODE("invalid", EXPECT(400, t_get(&ann, API "/nearby?%s", bad[i])));
		EXPECT_CODE("invalid", EXPECT(400, t_get(&ann, API "/unified?%s", bad[i])));
	}
	EXPECT(200, t_get(&ann, API "/unified?lat=0&long=0"));
	EXPECT_COUNT(0, EXPECT(200, t_get(&ann, API "/nearby?lat=-85&long=77")), "beacons");
}

TEST(resolving_takes_one_of_two_words)
{
	static const char *const bad[] = { "null", "{}", "{'status': 'active'}", "{'status': 7}",
					   "{'status': null}" };
	struct t_user ann = t_user("ann");
	const char *beacon = beacon_drop(&ann, beacon_place());

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_CODE("invalid",
			    EXPECT(400,
				   t_post_json(&ann, t_fmt(API "/%s/resolve", beacon), "%s",
					       beacon_json(bad[i]))));
}

TEST(beacons_need_a_user)
{
	const char *some = API "/00000000-0000-4000-8000-000000000000";

	EXPECT(401, beacon_drop_with(NULL, beacon_place(), ""));
	EXPECT(401, t_get(NULL, API "/nearby?lat=1&long=1"));
	EXPECT(401, t_get(NULL, API "/unified?lat=1&long=1"));
	EXPECT(401, t_post(NULL, "%s/vouch", some));
	EXPECT(401, t_post(NULL, "%s/report", some));
	EXPECT(401, t_delete(NULL, "%s/vouch", some));
	EXPECT(401, t_post_json(NULL, t_fmt("%s/resolve", some), "{'status': 'resolved'}"));
}

TEST(t_blk_11_a_block_hides_no_beacon)
{
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct spot at = beacon_place();
	const char *beacon;

	t_block(&ann, &bob);
	beacon = beacon_drop(&ann, at);
	EXPECT_TRUE(beacon_on_map(&bob, at, beacon));
	EXPECT(200, t_post(&bob, API "/%s/vouch", beacon));
	EXPECT_TRUE(beacon_on_map(&ann, at, beacon_drop(&bob, at)));
}
