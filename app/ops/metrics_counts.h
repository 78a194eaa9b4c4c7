/* What metrics.c counts, added up over the loops, for metrics_text.c. Private to the two. */
#pragma once

#include "app/ops/metrics.h"

struct request_counts {
	int64_t by_class[METRICS_CLASSES]; /* status / 100 */
	struct timed time;
	int64_t bytes;
};
struct job_counts {
	int64_t done, failed;
};
struct stall_counts {
	int64_t n, us;
};

/* The route of this number; NULL for the one behind the last, which counts what matched none. */
const struct route *metrics_route(int number);
struct request_counts metrics_of_route(int number);

/* Name of the job of this number; NULL for the one behind the last, which counts unknown kinds. */
const char *metrics_job_name(int number);
struct job_counts metrics_of_job(int number);

/* A statement's times and name; NULL behind the last. */
struct timed metrics_of_statement(int number, const char **ret_name);

struct stall_counts metrics_stalls(void);
struct timed metrics_realtime_times(void);
int64_t metrics_pushes(enum metrics_push result);
