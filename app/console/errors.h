/*
 * Requests that ended badly, by route, status and code: how often, when last and how to find that one in the log. A table
 * of fixed size, shared by all loops; what was seen longest ago makes room. Private to app/console.
 */
#pragma once

#include "lib/base/field.h"

enum { ERROR_PERIODS = 12 };

struct route_error {
	str method, route;
	int32_t status;
	str code;
	int64_t n;
	usec last;
	str request_id;	    /* of the last one */
	double slowest;	    /* milliseconds */
	struct i32s recent; /* by five minutes, the last of them now */
};

/* All there are, the newest first, copied into the arena. */
struct list errors_list(struct arena *a);
