/*
 * Numbers about this process, as Prometheus reads them. Each loop counts in a block of its own, which
 * only it writes: no locks, no shared cache lines; whoever reads adds the blocks up.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"

/* Labels: the routes of these tables and the names of these jobs. Once, before any loop counts. */
void metrics_begin(const struct route *const *tables, const struct job_kind *kinds,
		   const struct periodic *periodic, int loops);
void metrics_end(void);

/* From now on this thread counts as the loop of this number. */
void metrics_loop(int number);

/* A request is answered; server_options.on_done. */
void metrics_request(const struct req *r, int status, int64_t us, size_t bytes);

/* A job's try has ended; kind NULL: unknown. */
void metrics_job(const char *kind, bool ok);

/* A statement's caller waited so long; db_options.on_statement. */
void metrics_statement(const struct stmt *s, int64_t us);

/* A piece of work held the loop for so long, over 10 ms. */
void metrics_stall(int64_t us);

/* An event was told to sockets so long after it was written. */
void metrics_realtime(int64_t us);

/* What the push service made of a message. */
enum metrics_push { PUSH_TAKEN, PUSH_DEAD, PUSH_REFUSED, PUSH_FAILED, METRICS_PUSHES };
void metrics_push(enum metrics_push result);

/* What the loop's parts say of themselves, once a second. */
struct metrics_gauges {
	struct db_stats db;
	int requests, connections, coroutines;
};
void metrics_gauges(const struct metrics_gauges *g);

/* The sums over all loops, for /health/detailed. */
struct metrics_gauges metrics_now(void);

/* ---- all that was counted since the start, for the charts of the console ---- */

enum { METRICS_BUCKETS = 15, METRICS_CLASSES = 6 };

/* Upper ends of the histograms' buckets, microseconds; what took longer is in one more. */
extern const int64_t metrics_bucket_us[METRICS_BUCKETS];

struct timed {
	int64_t buckets[METRICS_BUCKETS + 1];
	int64_t us;
};

struct metrics_totals {
	int64_t by_class[METRICS_CLASSES]; /* requests; status / 100 */
	struct timed requests, statements, realtime;
	int64_t bytes; /* of replies */
	int64_t pushes[METRICS_PUSHES];
	int64_t jobs_failed;
	int64_t stall_us, cpu_us;
};
void metrics_totals(struct metrics_totals *out);

/* Resident memory, bytes; since metrics_begin, microseconds. */
int64_t metrics_resident(void);
int64_t metrics_uptime(void);

/* GET /metrics, for the admin address. */
extern const struct route metrics_routes[];
