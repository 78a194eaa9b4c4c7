/* The statements of app/beacons/beacons.sql, and the tags that some of them compare. */
#include "app/beacons/beacons_db.h"

#include "app/beacons/beacons.sql.h"
#include "lib/base/crypt.h"
#include "lib/base/rand.h"

#include <string.h>

const struct field beacon_fields[] = {
	FIELD(struct beacon, id),
	FIELD(struct beacon, body, .required = true),
	FIELD(struct beacon, created_at, .required = true),
	FIELD(struct beacon, expires_at),
	FIELD(struct beacon, is_beacon),
	FIELD(struct beacon, beacon_type, .required = true),
	FIELD(struct beacon, severity, .required = true),
	FIELD(struct beacon, incident_status, .required = true),
	FIELD(struct beacon, beacon_lat, .alias = "latitude"),
	FIELD(struct beacon, beacon_long, .alias = "longitude"),
	FIELD(struct beacon, radius, .help = "metres"),
	FIELD(struct beacon, confidence_score),
	FIELD(struct beacon, status_color, .one_of = "green|yellow|red"),
	FIELD(struct beacon, is_priority),
	FIELD(struct beacon, is_active_beacon),
	FIELD(struct beacon, vouch_count, .alias = "verification_count"),
	FIELD(struct beacon, report_count),
	FIELD(struct beacon, my_vote, .help = "vouch, report or null"),
	FIELD(struct beacon, image_url, .address = true),
	FIELD(struct beacon, video_url, .address = true),
	FIELD(struct beacon, tags),
	FIELD(struct beacon, is_official),
	FIELD(struct beacon, official_source),
	FIELD(struct beacon, distance_meters),
	FIELD(struct beacon, author_handle),
	FIELD(struct beacon, author_display_name),
	{ 0 },
};

struct keys {
	struct bytes today, yesterday;
	int32_t day; /* since 1970, of the database's clock */
};
static const struct field keys_fields[] = {
	FIELD(struct keys, today),
	FIELD(struct keys, yesterday),
	FIELD(struct keys, day),
	{ 0 },
};

struct outcome {
	str problem;
};
static const struct field outcome_fields[] = {
	FIELD(struct outcome, problem),
	{ 0 },
};

struct resolution {
	str problem, status;
};
static const struct field resolution_fields[] = {
	FIELD(struct resolution, problem),
	FIELD(struct resolution, status),
	{ 0 },
};

/* A user's tags of today and yesterday: what a beacon of his may carry. */
struct beacon_tags {
	uint8_t today[SHA256_BYTES], yesterday[SHA256_BYTES];
};

/* The keys of this loop's day. */
static _Thread_local struct {
	int64_t day;
	uint8_t today[KEY_BYTES], yesterday[KEY_BYTES];
} cached;

/* Around midnight the clocks may not agree on the day; then they are asked for each time. */
static err load_keys(struct db *db)
{
	uint8_t fresh[KEY_BYTES];
	struct keys k;
	err e;

	rand_bytes(fresh, sizeof(fresh));
	struct bytes b = { fresh, sizeof(fresh) };
	e = db_one(db, &sql_beacon_keys, keys_fields, &k, ARG(b));
	if (err_is(e, err_not_found)) /* another process made today's in the same moment */
		e = db_one(db, &sql_beacon_keys, keys_fields, &k, ARG(b));
	TRY(e);
	if (k.today.n != KEY_BYTES || k.yesterday.n != KEY_BYTES)
		return err_internal;
	memcpy(cached.today, k.today.p, KEY_BYTES);
	memcpy(cached.yesterday, k.yesterday.p, KEY_BYTES);
	cached.day = k.day;
	return OK;
}

static err beacon_tags(struct db *db, uuid user, struct beacon_tags *out)
{
	int64_t day = time_now().us / DAY;
	str id = { (const char *)user.b, sizeof(user.b) };

	if (cached.day != day)
		TRY(load_keys(db));
	hmac_sha256((str){ (const char *)cached.today, KEY_BYTES }, id, out->today);
	hmac_sha256((str){ (const char *)cached.yesterday, KEY_BYTES }, id, out->yesterday);
	return OK;
}

err beacon_create(struct db *db, uuid user, const struct new_beacon *in, struct beacon *out)
{
	struct beacon_tags tags;
	uuid id = uuid_random();

	TRY(beacon_tags(db, user, &tags));
	struct bytes tag = { tags.today, sizeof(tags.today) };
	struct db_batch *b = db_batch(db);
	db_batch_exec(b, &sql_beacon_create, NULL, ARG(id), ARG(tag), ARG(in->beacon_type),
		      ARG(in->severity), ARG(in->lat), ARG(in->lon), ARG(in->body),
		      ARG(in->image_url), ARG(in->tags), ARG(in->minutes));
	db_batch_one(b, &sql_beacon_get, beacon_fields, out, ARG(id), ARG(user));
	return db_batch_run(b);
}

err beacons_nearby(struct db *db, uuid viewer, double lat, double lon, double radius, int32_t limit,
		   bool official, struct list *out)
{
	return db_list(db, &sql_beacons_nearby, beacon_fields, sizeof(struct beacon), out,
		       ARG(viewer), ARG(lat), ARG(lon), ARG(radius), ARG(limit), ARG(official));
}

err beacon_vote(struct db *db, uuid beacon, uuid user, str kind, str *ret_problem)
{
	struct beacon_tags tags;
	struct outcome o;

	TRY(beacon_tags(db, user, &tags));
	struct bytes today = { tags.today, 32 }, yesterday = { tags.yesterday, 32 };
	TRY(db_one(db, &sql_beacon_vote, outcome_fields, &o, ARG(beacon), ARG(user), ARG(kind),
		   ARG(today), ARG(yesterday)));
	*ret_problem = o.problem;
	return OK;
}

err beacon_unvote(struct db *db, uuid beacon, uuid user, str *ret_problem)
{
	struct outcome o;

	TRY(db_one(db, &sql_beacon_unvote, outcome_fields, &o, ARG(beacon), ARG(user)));
	*ret_problem = o.problem;
	return OK;
}

err beacon_resolve(struct db *db, uuid beacon, uuid user, str verdict, str *ret_problem,
		   str *ret_status)
{
	struct beacon_tags tags;
	struct resolution o;

	TRY(beacon_tags(db, user, &tags));
	struct bytes today = { tags.today, 32 }, yesterday = { tags.yesterday, 32 };
	TRY(db_one(db, &sql_beacon_resolve, resolution_fields, &o, ARG(beacon), ARG(user),
		   ARG(verdict), ARG(today), ARG(yesterday)));
	*ret_problem = o.problem;
	*ret_status = o.status;
	return OK;
}

err beacons_take_off(struct db *db)
{
	TRY(db_exec(db, &sql_beacons_expire, NULL));
	return db_exec(db, &sql_beacons_forget, NULL);
}
