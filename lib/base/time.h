/* Points in time as values: microseconds since 1970-01-01T00:00:00Z. Zero means "none". */
#pragma once

#include "lib/base/str.h"

typedef struct usec {
	int64_t us;
} usec;

#define MILLISECOND INT64_C(1000)
#define SECOND	    INT64_C(1000000)
#define MINUTE	    (60 * SECOND)
#define HOUR	    (60 * MINUTE)
#define DAY	    (24 * HOUR)

#define TIME_TEXT 27

/* Wall clock. */
usec time_now(void);

/* Monotonic clock, microseconds from an arbitrary start; for deadlines and durations. */
int64_t time_monotonic(void);

usec time_add(usec t, int64_t us);

/* RFC 3339 in UTC with six digits: "2026-01-25T10:00:00.123456Z"; TIME_TEXT characters, no NUL.
 * Years outside 0..9999 are clamped. */
void time_format(usec t, char out[static TIME_TEXT]);

/* RFC 3339 with a zone ("Z" or an offset), fraction optional. */
bool time_parse(str s, usec *out);
