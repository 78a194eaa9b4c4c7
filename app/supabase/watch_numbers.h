/* What servers count, read from their metrics, and what it means. Private to watch. */
#pragma once

#include "lib/base/arena.h"

enum { WATCH_BUCKETS = 32 };

/* Sums over all routes but those that ask how the server is, and sockets. */
struct watch_counts {
	int64_t requests, errors; /* errors: answered with 5xx */
	int n;
	double le[WATCH_BUCKETS];     /* seconds, ascending; the last one is infinite */
	int64_t below[WATCH_BUCKETS]; /* requests that took so long or less */
};

/* Reads Prometheus' text format 0.0.4. False: the numbers are not in it. */
bool watch_counts_read(str text, struct watch_counts *out);

/* Adds what has come since `old` to *sum; a server that began anew counts from zero. */
void watch_counts_add(struct watch_counts *sum, const struct watch_counts *now,
		      const struct watch_counts *old);

/* The 95th percentile in microseconds, within its bucket as histogram_quantile() does; 0: no requests. */
int64_t watch_p95(const struct watch_counts *c);
