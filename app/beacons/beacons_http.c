/* What clients can do with beacons. */
#include "app/beacons/beacons_db.h"

#include "app/media/media.h"
#include "app/moderation/moderation.h"
#include "app/posts/posts.h"
#include "lib/web/req.h"

#define BODY_MAX      500
#define TAGS_MAX      10
#define LIFE_HOURS    4
#define RADIUS_METRES 16000
#define RADIUS_MAX    50000
#define LIST_DEFAULT  200
#define LIST_MAX      500

static const struct rate rate_create = { "beacon", 3.0 / 3600, 3 };
static const struct rate rate_vote = { "beacon_vote", 10.0 / 60, 10 };

static const struct err_info info_not_beacon = { 400, "not_a_beacon", "this is not a beacon",
						 NULL };
static const struct err_info info_not_found = { 404, "not_found", "beacon not found", NULL };
static const struct err_info info_own = { 409, "own_beacon",
					  "your own beacon takes no vote of yours", NULL };
static const struct err_info info_tier = { 403, "tier_too_low",
					   "vouching needs a higher trust tier", NULL };

static const struct {
	const char *problem;
	err as;
} problems[] = {
	{ "not_a_beacon", { &info_not_beacon } },
	{ "not_found", { &info_not_found } },
	{ "own_beacon", { &info_own } },
	{ "tier_too_low", { &info_tier } },
};

static err problem(str code)
{
	for (size_t i = 0; code.p && i < sizeof(problems) / sizeof(*problems); i++)
		if (str_eq(code, str_of(problems[i].problem)))
			return problems[i].as;
	return code.p ? err_internal : OK;
}

struct beacon_body {
	str body, beacon_type;
	double lat, lon;
	str severity, image_url;
	int32_t ttl_hours;
};
static const struct field beacon_body_fields[] = {
	FIELD(struct beacon_body, body, .required = true, .min = 1, .max = BODY_MAX),
	FIELD(struct beacon_body, beacon_type, .required = true,
	      .one_of = "suspicious|official_presence|checkpoint|taskForce|hazard|fire|safety|"
			"utility_alert|package_theft|noise_report|development"),
	FIELD(struct beacon_body, lat, .required = true, .has_range = true, .min = -90, .max = 90),
	{ .name = "long", /* a word of C, which FIELD cannot name */
	  .owner = "struct beacon_body",
	  .offset = offsetof(struct beacon_body, lon),
	  .kind = K_F64,
	  .required = true,
	  .has_range = true,
	  .min = -180,
	  .max = 180 },
	FIELD(struct beacon_body, severity, .one_of = "low|medium|high|critical"),
	FIELD(struct beacon_body, image_url, .max = 2048),
	FIELD(struct beacon_body, ttl_hours, .help = "at most and by default 4"),
	{ 0 },
};

struct one_beacon {
	struct beacon beacon;
};
static const struct field one_beacon_fields[] = {
	FIELD(struct one_beacon, beacon, .of = beacon_fields),
	{ 0 },
};

static int32_t life_minutes(int32_t hours)
{
	return 60 * (hours >= 1 && hours < LIFE_HOURS ? hours : LIFE_HOURS);
}

static err create_beacon(struct req *r)
{
	struct beacon_body in;
	struct one_beacon out;
	struct verdict v;

	TRY(req_body(r, &in, NULL));
	TRY(media_check_picture(r, "image_url", &in.image_url));
	if (str_empty(in.image_url))
		in.image_url = (str){ 0 };
	TRY(moderation_gate(r, in.body, &v));
	TRY(media_anonymous(r, &in.image_url));

	struct new_beacon b = {
		.body = beacons_neutral(r->arena, in.body),
		.beacon_type = in.beacon_type,
		.lat = in.lat,
		.lon = in.lon,
		.severity = in.severity.p ? in.severity : S("medium"),
		.image_url = in.image_url,
		.minutes = life_minutes(in.ttl_hours),
	};
	b.tags = posts_marked(r->arena, b.body, '#', TAGS_MAX, NULL);
	if (str_utf8_length(b.body) > BODY_MAX)
		return req_fail(r, err_invalid, "body must be at most %d characters", BODY_MAX);
	TRY(beacon_create(r->db, r->user.id, &b, &out.beacon));
	return reply(r, &out);
}

struct place {
	double lat, lon, radius;
	int32_t limit;
};
static const struct field place_fields[] = {
	FIELD(struct place, lat, .required = true, .has_range = true, .min = -90, .max = 90),
	{ .name = "long",
	  .owner = "struct place",
	  .offset = offsetof(struct place, lon),
	  .kind = K_F64,
	  .required = true,
	  .has_range = true,
	  .min = -180,
	  .max = 180 },
	FIELD(struct place, radius, .has_range = true, .min = 0, .max = 1e9,
	      .help = "metres; default 16000, at most 50000"),
	FIELD(struct place, limit, .help = "the nearest so many; default 200, at most 500"),
	{ 0 },
};

struct beacon_list {
	struct list beacons;
};
static const struct field beacon_list_fields[] = {
	FIELD(struct beacon_list, beacons, .of = beacon_fields),
	{ 0 },
};

static err list_beacons(struct req *r, bool official)
{
	struct beacon_list out;
	struct place q;

	TRY(req_query(r, &q, NULL));
	if (q.radius <= 0)
		q.radius = RADIUS_METRES;
	if (q.radius > RADIUS_MAX)
		q.radius = RADIUS_MAX;
	if (q.limit <= 0)
		q.limit = LIST_DEFAULT;
	if (q.limit > LIST_MAX)
		q.limit = LIST_MAX;
	TRY(beacons_nearby(r->db, r->user.id, q.lat, q.lon, q.radius, q.limit, official,
			   &out.beacons));
	return reply(r, &out);
}

static err list_nearby(struct req *r)
{
	return list_beacons(r, false);
}

static err list_unified(struct req *r)
{
	return list_beacons(r, true);
}

static err vote(struct req *r, str kind, const char *said)
{
	str why;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(beacon_vote(r->db, id, r->user.id, kind, &why));
	TRY(problem(why));
	return reply_message(r, said);
}

static err vouch(struct req *r)
{
	return vote(r, S("vouch"), "beacon vouched");
}

static err report(struct req *r)
{
	return vote(r, S("report"), "beacon reported");
}

static err remove_vote(struct req *r)
{
	str why;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(beacon_unvote(r->db, id, r->user.id, &why));
	TRY(problem(why));
	return reply_message(r, "vote removed");
}

struct resolve_body {
	str status;
};
static const struct field resolve_body_fields[] = {
	FIELD(struct resolve_body, status, .required = true, .one_of = "resolved|false_alarm"),
	{ 0 },
};

struct resolved {
	str message, status;
};
static const struct field resolved_fields[] = {
	FIELD(struct resolved, message, .required = true),
	FIELD(struct resolved, status, .required = true,
	      .help = "active until enough people say so"),
	{ 0 },
};

static err resolve(struct req *r)
{
	struct resolve_body in;
	struct resolved out;
	str why;
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(req_body(r, &in, NULL));
	TRY(beacon_resolve(r->db, id, r->user.id, in.status, &why, &out.status));
	TRY(problem(why));
	out.message = str_eq(out.status, S("active")) ? S("noted; one more person has to say so")
						      : S("beacon resolved");
	return reply(r, &out);
}

#define B "/api/v1/beacons"

const struct route beacons_routes[] = {
	{ POST, B, create_beacon, "drop a beacon", .rate = &rate_create, .body = beacon_body_fields,
	  .out = one_beacon_fields, .status = 201, .errors = "422" },
	{ GET, B "/nearby", list_nearby, "beacons around a place", .query = place_fields,
	  .out = beacon_list_fields },
	{ GET, B "/unified", list_unified, "beacons and official alerts around a place",
	  .query = place_fields, .out = beacon_list_fields },
	{ POST, B "/:id/vouch", vouch, "confirm a beacon", .rate = &rate_vote,
	  .out = message_fields, .errors = "400 403 404 409" },
	{ DELETE, B "/:id/vouch", remove_vote, "take a vouch or report back", .out = message_fields,
	  .errors = "400 404" },
	{ POST, B "/:id/report", report, "report a beacon", .rate = &rate_vote,
	  .out = message_fields, .errors = "400 404 409" },
	{ POST, B "/:id/resolve", resolve, "say that it is over", .body = resolve_body_fields,
	  .out = resolved_fields, .errors = "400 404" },
	{ 0 },
};
