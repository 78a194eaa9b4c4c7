/* What the tests of beacons share. */
#pragma once

#include "app/beacons/beacons.h"
#include "test/harness/harness.h"

#define API "/api/v1/beacons"

struct spot {
	double lat, lon;
};

/* A place of this test's own, some hundred kilometres from the next one's. */
struct spot beacon_place(void);

/* Makes a beacon; `more` is further JSON, with ' for ". The second: its id. */
const struct t_reply *beacon_drop_with(const struct t_user *user, struct spot at, const char *more);
const char *beacon_drop(const struct t_user *user, struct spot at);

/* The map around a place; `more` are further parameters, each with its &. */
const struct t_reply *beacon_map(const struct t_user *user, struct spot at, const char *more);
bool beacon_on_map(const struct t_user *user, struct spot at, const char *beacon);

/* The text with ' turned into ", as JSON wants it. */
const char *beacon_json(const char *text);
