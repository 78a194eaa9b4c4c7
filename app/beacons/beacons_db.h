/* Within app/beacons only: records and statements. */
#pragma once

#include "app/beacons/beacons.h"
#include "lib/db/db.h"

struct beacon {
	uuid id;
	str body;
	usec created_at, expires_at;
	bool is_beacon;
	str beacon_type, severity, incident_status;
	double beacon_lat, beacon_long;
	int32_t radius; /* metres */
	double confidence_score;
	str status_color;
	bool is_priority, is_active_beacon;
	int32_t vouch_count, report_count;
	str my_vote;
	str image_url, video_url;
	struct strs tags;
	bool is_official;
	str official_source;
	double distance_meters;
	str author_handle, author_display_name;
};
extern const struct field beacon_fields[];

struct new_beacon {
	str body, beacon_type;
	double lat, lon;
	str severity, image_url;
	struct strs tags;
	int32_t minutes; /* until it expires */
};

/* Writes and reads back in one round trip. Suspends. */
err beacon_create(struct db *db, uuid user, const struct new_beacon *in, struct beacon *out);

/* official: alerts of official sources among them. radius in metres. Suspends. */
err beacons_nearby(struct db *db, uuid viewer, double lat, double lon, double radius, int32_t limit,
		   bool official, struct list *out);

/* kind: "vouch" or "report". *ret_problem: absent, or why nothing was done. All suspend. */
err beacon_vote(struct db *db, uuid beacon, uuid user, str kind, str *ret_problem);
err beacon_unvote(struct db *db, uuid beacon, uuid user, str *ret_problem);
err beacon_resolve(struct db *db, uuid beacon, uuid user, str verdict, str *ret_problem,
		   str *ret_status);

err beacons_take_off(struct db *db);
