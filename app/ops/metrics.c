/* See metrics.h. The exposition format is Prometheus' text format 0.0.4. */
#include "app/ops/metrics.h"
#include "lib/web/req.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Upper ends of the buckets of the latency histogram, microseconds. */
static const int64_t bucket_us[] = { 1000,   2500,   5000,    10000,   25000,	50000,	 100000,
				     250000, 500000, 1000000, 2500000, 5000000, 10000000 };
enum { BUCKETS = sizeof(bucket_us) / sizeof(*bucket_us), CLASSES = 6 };

struct request_counts {
	int64_t by_class[CLASSES]; /* status / 100 */
	int64_t buckets[BUCKETS + 1];
	int64_t us, bytes;
};
struct job_counts {
	int64_t done, failed;
};

/* What one loop counts. */
struct block {
	struct request_counts *requests; /* one a route, then one for what matched none */
	struct job_counts *jobs; /* one a kind, one a periodic job, then one for unknown kinds */
	int64_t stalls, stall_us;
	struct metrics_gauges gauges;
	pthread_mutex_t gauges_lock; /* once a second */
};

static const struct route *const *tables;
static const struct job_kind *kinds;
static const struct periodic *periodic;
static struct block *blocks;
static int nblocks, nroutes, njobs;
static int64_t started;

/* This thread's. */
static _Thread_local struct block *mine;

/* Only the owner writes, so no read-modify-write has to be atomic; readers see whole values. */
static void add(int64_t *counter, int64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static int64_t value(const int64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* ---- set-up ---- */

static int count_routes(void)
{
	int n = 0;

	for (const struct route *const *t = tables; *t; t++)
		for (const struct route *r = *t; r->path; r++)
			n++;
	return n;
}

static int count_jobs(void)
{
	int n = 0;

	for (const struct job_kind *k = kinds; k->kind; k++)
		n++;
	for (const struct periodic *p = periodic; p->name; p++)
		n++;
	return n;
}

static void *zeroed(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p)
		abort();
	return p;
}

void metrics_begin(const struct route *const *the_tables, const struct job_kind *the_kinds,
		   const struct periodic *the_periodic, int loops)
{
	tables = the_tables;
	kinds = the_kinds;
	periodic = the_periodic;
	nroutes = count_routes();
	njobs = count_jobs();
	nblocks = loops;
	started = time_monotonic();
	blocks = zeroed((size_t)loops, sizeof(*blocks));
	for (int i = 0; i < loops; i++) {
		blocks[i].requests = zeroed((size_t)nroutes + 1, sizeof(struct request_counts));
		blocks[i].jobs = zeroed((size_t)njobs + 1, sizeof(struct job_counts));
		pthread_mutex_init(&blocks[i].gauges_lock, NULL);
	}
}

void metrics_end(void)
{
	for (int i = 0; i < nblocks; i++) {
		free(blocks[i].requests);
		free(blocks[i].jobs);
		pthread_mutex_destroy(&blocks[i].gauges_lock);
	}
	free(blocks);
	blocks = NULL;
	nblocks = 0;
}

void metrics_loop(int number)
{
	mine = &blocks[number];
}

/* ---- counting ---- */

/* Rows of a table lie one after the other. */
static int route_number(const struct route *route)
{
	int base = 0;

	for (const struct route *const *t = tables; route && *t; t++) {
		const struct route *end = *t;

		while (end->path)
			end++;
		if (route >= *t && route < end)
			return base + (int)(route - *t);
		base += (int)(end - *t);
	}
	return nroutes;
}

static int bucket_of(int64_t us)
{
	int i = 0;

	while (i < BUCKETS && us > bucket_us[i])
		i++;
	return i;
}

void metrics_request(const struct req *r, int status, int64_t us, size_t bytes)
{
	struct request_counts *c;

	if (!mine)
		return;
	c = &mine->requests[route_number(r->route)];
	add(&c->by_class[status / 100 < CLASSES ? status / 100 : 0], 1);
	add(&c->buckets[bucket_of(us)], 1);
	add(&c->us, us);
	add(&c->bytes, (int64_t)bytes);
}

/* Name of the job of this number, NULL at the end. */
static const char *job_name(int number)
{
	int i = 0;

	for (const struct job_kind *k = kinds; k->kind; k++)
		if (i++ == number)
			return k->kind;
	for (const struct periodic *p = periodic; p->name; p++)
		if (i++ == number)
			return p->name;
	return NULL;
}

void metrics_job(const char *kind, bool ok)
{
	int i = 0;

	if (!mine)
		return;
	while (i < njobs && (!kind || strcmp(job_name(i), kind) != 0))
		i++;
	add(ok ? &mine->jobs[i].done : &mine->jobs[i].failed, 1);
}

void metrics_stall(int64_t us)
{
	if (!mine)
		return;
	add(&mine->stalls, 1);
	add(&mine->stall_us, us);
}

void metrics_gauges(const struct metrics_gauges *g)
{
	if (!mine)
		return;
	pthread_mutex_lock(&mine->gauges_lock);
	mine->gauges = *g;
	pthread_mutex_unlock(&mine->gauges_lock);
}

/* ---- reading ---- */

struct metrics_gauges metrics_now(void)
{
	struct metrics_gauges sum = { 0 };

	for (int i = 0; i < nblocks; i++) {
		struct metrics_gauges g;

		pthread_mutex_lock(&blocks[i].gauges_lock);
		g = blocks[i].gauges;
		pthread_mutex_unlock(&blocks[i].gauges_lock);
		sum.requests += g.requests;
		sum.connections += g.connections;
		sum.coroutines += g.coroutines;
		sum.db.connected += g.db.connected;
		sum.db.in_flight += g.db.in_flight;
		sum.db.leased += g.db.leased;
		sum.db.waiting += g.db.waiting;
		sum.db.statements += g.db.statements;
		sum.db.errors += g.db.errors;
		sum.db.reconnects += g.db.reconnects;
	}
	return sum;
}

/* The second number of /proc/self/statm is pages. */
int64_t metrics_resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	char text[128] = "", *rest = text;
	int64_t pages = 0;

	if (!f)
		return 0;
	if (fgets(text, sizeof(text), f)) {
		strtoll(text, &rest, 10);
		pages = strtoll(rest, NULL, 10);
	}
	fclose(f);
	return pages * sysconf(_SC_PAGESIZE);
}

int64_t metrics_uptime(void)
{
	return time_monotonic() - started;
}

static struct request_counts sum_of_route(int number)
{
	struct request_counts sum = { 0 };

	for (int i = 0; i < nblocks; i++) {
		const struct request_counts *c = &blocks[i].requests[number];

		for (int k = 0; k < CLASSES; k++)
			sum.by_class[k] += value(&c->by_class[k]);
		for (int k = 0; k <= BUCKETS; k++)
			sum.buckets[k] += value(&c->buckets[k]);
		sum.us += value(&c->us);
		sum.bytes += value(&c->bytes);
	}
	return sum;
}

/* ---- the text ---- */

struct text {
	struct arena *arena;
	char *p;
	size_t n, cap;
};

__attribute__((format(printf, 2, 3))) static void put(struct text *t, const char *format, ...)
{
	va_list args;
	str s;

	va_start(args, format);
	s = arena_vprintf(t->arena, format, args);
	va_end(args);
	if (t->n + s.n > t->cap) {
		t->p = arena_grow(t->arena, t->p, t->cap, 2 * (t->cap + s.n));
		t->cap = 2 * (t->cap + s.n);
	}
	memcpy(t->p + t->n, s.p, s.n);
	t->n += s.n;
}

/* A metric of one value. */
static void put_one(struct text *t, const char *name, const char *type, const char *help, double v)
{
	put(t, "# HELP %s %s\n# TYPE %s %s\n%s %.17g\n", name, help, name, type, name, v);
}

/* The route's labels, shared by its lines. */
static str labels_of(struct arena *a, int number)
{
	for (const struct route *const *t = tables; *t; t++)
		for (const struct route *r = *t; r->path; r++)
			if (number-- == 0)
				return arena_printf(a, "method=\"%s\",route=\"%s\"",
						    method_name(r->method), r->path);
	return S("method=\"\",route=\"\"");
}

static int64_t requests_of(const struct request_counts *c)
{
	int64_t n = 0;

	for (int i = 0; i < CLASSES; i++)
		n += c->by_class[i];
	return n;
}

static void put_totals(struct text *t)
{
	put(t,
	    "# HELP sojorn_http_requests_total Answered requests.\n"
	    "# TYPE sojorn_http_requests_total counter\n");
	for (int i = 0; i <= nroutes; i++) {
		struct request_counts c = sum_of_route(i);
		str labels = labels_of(t->arena, i);

		for (int k = 0; k < CLASSES; k++)
			if (c.by_class[k])
				put(t, "sojorn_http_requests_total{%s,class=\"%dxx\"} %lld\n",
				    labels.p, k, (long long)c.by_class[k]);
	}
}

static void put_histogram(struct text *t, const struct request_counts *c, str labels)
{
	const char *name = "sojorn_http_request_duration_seconds";
	int64_t below = 0;

	for (int k = 0; k < BUCKETS; k++) {
		below += c->buckets[k];
		put(t, "%s_bucket{%s,le=\"%g\"} %lld\n", name, labels.p, (double)bucket_us[k] / 1e6,
		    (long long)below);
	}
	below += c->buckets[BUCKETS];
	put(t, "%s_bucket{%s,le=\"+Inf\"} %lld\n", name, labels.p, (long long)below);
	put(t, "%s_sum{%s} %.6f\n", name, labels.p, (double)c->us / 1e6);
	put(t, "%s_count{%s} %lld\n", name, labels.p, (long long)below);
}

static void put_requests(struct text *t)
{
	int64_t bytes = 0;

	put_totals(t);
	put(t,
	    "# HELP sojorn_http_request_duration_seconds From first byte to the reply.\n"
	    "# TYPE sojorn_http_request_duration_seconds histogram\n");
	for (int i = 0; i <= nroutes; i++) {
		struct request_counts c = sum_of_route(i);

		bytes += c.bytes;
		if (requests_of(&c))
			put_histogram(t, &c, labels_of(t->arena, i));
	}
	put_one(t, "sojorn_http_response_bytes_total", "counter", "Bytes of reply bodies.",
		(double)bytes);
}

static void put_jobs(struct text *t)
{
	put(t,
	    "# HELP sojorn_job_tries_total Tries of jobs.\n# TYPE sojorn_job_tries_total counter\n");
	for (int i = 0; i <= njobs; i++) {
		int64_t done = 0, failed = 0;
		const char *name = job_name(i);

		for (int k = 0; k < nblocks; k++) {
			done += value(&blocks[k].jobs[i].done);
			failed += value(&blocks[k].jobs[i].failed);
		}
		if (done || name)
			put(t, "sojorn_job_tries_total{job=\"%s\",result=\"done\"} %lld\n",
			    name ? name : "", (long long)done);
		if (failed || name)
			put(t, "sojorn_job_tries_total{job=\"%s\",result=\"failed\"} %lld\n",
			    name ? name : "", (long long)failed);
	}
}

static void put_gauges(struct text *t)
{
	struct metrics_gauges g = metrics_now();

	put_one(t, "sojorn_http_requests_in_flight", "gauge", "Requests under way.", g.requests);
	put_one(t, "sojorn_http_connections", "gauge", "Open sockets.", g.connections);
	put_one(t, "sojorn_coroutines", "gauge", "Coroutines under way.", g.coroutines);
	put_one(t, "sojorn_db_connections", "gauge", "Connections to the database.",
		g.db.connected);
	put_one(t, "sojorn_db_leased", "gauge", "Connections held by transactions.", g.db.leased);
	put_one(t, "sojorn_db_in_flight", "gauge", "Statements under way.", g.db.in_flight);
	put_one(t, "sojorn_db_waiting", "gauge", "Statements waiting for a connection.",
		g.db.waiting);
	put_one(t, "sojorn_db_statements_total", "counter", "Statements sent.",
		(double)g.db.statements);
	put_one(t, "sojorn_db_errors_total", "counter", "Statements that failed.",
		(double)g.db.errors);
	put_one(t, "sojorn_db_reconnects_total", "counter", "Connections made anew.",
		(double)g.db.reconnects);
}

static void put_process(struct text *t)
{
	int64_t stalls = 0, stall_us = 0;
	struct rusage u;

	for (int i = 0; i < nblocks; i++) {
		stalls += value(&blocks[i].stalls);
		stall_us += value(&blocks[i].stall_us);
	}
	put_one(t, "sojorn_loop_stalls_total", "counter", "Pieces of work over 10 ms.",
		(double)stalls);
	put_one(t, "sojorn_loop_stall_seconds_total", "counter", "Time in them.",
		(double)stall_us / 1e6);
	getrusage(RUSAGE_SELF, &u);
	put_one(t, "process_cpu_seconds_total", "counter", "User and system time.",
		(double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
			+ (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
	put_one(t, "process_resident_memory_bytes", "gauge", "Resident memory.",
		(double)metrics_resident());
	put_one(t, "sojorn_uptime_seconds", "gauge", "Since start.",
		(double)metrics_uptime() / 1e6);
}

/* ---- the route ---- */

/* The rest is worth having without the database, so its answer is left out when there is none. */
static void put_waiting(struct text *t, struct db *db)
{
	struct jobs_waiting w;
	err e = jobs_waiting(db, &w);

	if (e.info)
		return;
	put_one(t, "sojorn_jobs_waiting", "gauge", "Jobs in the outbox, 10000 at most.",
		(double)w.waiting);
	put_one(t, "sojorn_jobs_dead", "gauge", "Jobs given up, 10000 at most.", (double)w.dead);
}

static err get_metrics(struct req *r)
{
	struct text t = { .arena = r->arena };

	put_requests(&t);
	put_jobs(&t);
	put_gauges(&t);
	put_process(&t);
	put_waiting(&t, r->db);
	return reply_text(r, 200, "text/plain; version=0.0.4; charset=utf-8", (str){ t.p, t.n });
}

const struct route metrics_routes[] = {
	{
		GET,
		"/metrics",
		get_metrics,
		"numbers about this process, for Prometheus",
		.auth = AUTH_NONE,
		.deadline = 3 * SECOND,
	},
	{ 0 },
};
