/* See metrics.h: counting. What is made of it is in metrics_text.c. */
#include "app/ops/metrics_counts.h"
#include "lib/web/req.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

const int64_t metrics_bucket_us[METRICS_BUCKETS] = { 250,    500,     1000,    2500,	5000,
						     10000,  25000,   50000,   100000,	250000,
						     500000, 1000000, 2500000, 5000000, 10000000 };

/* What one loop counts. */
struct block {
	struct request_counts *requests; /* one a route, then one for what matched none */
	struct job_counts *jobs;  /* one a kind, one a periodic job, then one for unknown kinds */
	struct timed *statements; /* as they stand in `statements` */
	struct timed realtime;
	int64_t pushes[METRICS_PUSHES];
	int64_t stalls, stall_us;
	struct metrics_gauges gauges;
	pthread_mutex_t gauges_lock; /* once a second */
};

static const struct route *const *tables;
static const struct job_kind *kinds;
static const struct periodic *periodic;
static struct block *blocks;
static const struct stmt **statements; /* in the order of their addresses */
static int nblocks, nroutes, njobs, nstatements;
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

static int by_address(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (const struct stmt *const *)a;
	uintptr_t y = (uintptr_t) * (const struct stmt *const *)b;

	return (x > y) - (x < y);
}

static void number_statements(void)
{
	nstatements = 0;
	while (all_statements[nstatements])
		nstatements++;
	statements = zeroed((size_t)nstatements + 1, sizeof(struct stmt *));
	memcpy(statements, all_statements, (size_t)nstatements * sizeof(struct stmt *));
	qsort(statements, (size_t)nstatements, sizeof(struct stmt *), by_address);
}

void metrics_begin(const struct route *const *the_tables, const struct job_kind *the_kinds,
		   const struct periodic *the_periodic, int loops)
{
	tables = the_tables;
	kinds = the_kinds;
	periodic = the_periodic;
	nroutes = count_routes();
	njobs = count_jobs();
	number_statements();
	nblocks = loops;
	started = time_monotonic();
	blocks = zeroed((size_t)loops, sizeof(*blocks));
	for (int i = 0; i < loops; i++) {
		blocks[i].requests = zeroed((size_t)nroutes + 1, sizeof(struct request_counts));
		blocks[i].jobs = zeroed((size_t)njobs + 1, sizeof(struct job_counts));
		blocks[i].statements = zeroed((size_t)nstatements + 1, sizeof(struct timed));
		pthread_mutex_init(&blocks[i].gauges_lock, NULL);
	}
}

void metrics_end(void)
{
	for (int i = 0; i < nblocks; i++) {
		free(blocks[i].requests);
		free(blocks[i].jobs);
		free(blocks[i].statements);
		pthread_mutex_destroy(&blocks[i].gauges_lock);
	}
	free(blocks);
	free(statements);
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

	while (i < METRICS_BUCKETS && us > metrics_bucket_us[i])
		i++;
	return i;
}

static void add_time(struct timed *t, int64_t us)
{
	add(&t->buckets[bucket_of(us)], 1);
	add(&t->us, us);
}

void metrics_request(const struct req *r, int status, int64_t us, size_t bytes)
{
	struct request_counts *c;

	if (!mine)
		return;
	c = &mine->requests[route_number(r->route)];
	add(&c->by_class[status / 100 < METRICS_CLASSES ? status / 100 : 0], 1);
	add_time(&c->time, us);
	add(&c->bytes, (int64_t)bytes);
}

void metrics_statement(const struct stmt *s, int64_t us)
{
	const struct stmt **found;

	if (!mine)
		return;
	found = bsearch(&s, statements, (size_t)nstatements, sizeof(struct stmt *), by_address);
	if (found)
		add_time(&mine->statements[found - statements], us);
}

const char *metrics_job_name(int number)
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
	while (i < njobs && (!kind || strcmp(metrics_job_name(i), kind) != 0))
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

void metrics_realtime(int64_t us)
{
	if (mine)
		add_time(&mine->realtime, us > 0 ? us : 0);
}

void metrics_push(enum metrics_push result)
{
	if (mine)
		add(&mine->pushes[result], 1);
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

static void sum_times(struct timed *sum, const struct timed *t)
{
	for (int k = 0; k <= METRICS_BUCKETS; k++)
		sum->buckets[k] += value(&t->buckets[k]);
	sum->us += value(&t->us);
}

struct request_counts metrics_of_route(int number)
{
	struct request_counts sum = { 0 };

	for (int i = 0; i < nblocks; i++) {
		const struct request_counts *c = &blocks[i].requests[number];

		for (int k = 0; k < METRICS_CLASSES; k++)
			sum.by_class[k] += value(&c->by_class[k]);
		sum_times(&sum.time, &c->time);
		sum.bytes += value(&c->bytes);
	}
	return sum;
}

struct timed metrics_of_statement(int number, const char **ret_name)
{
	struct timed sum = { 0 };

	*ret_name = number < nstatements ? statements[number]->name : NULL;
	for (int i = 0; *ret_name && i < nblocks; i++)
		sum_times(&sum, &blocks[i].statements[number]);
	return sum;
}

struct job_counts metrics_of_job(int number)
{
	struct job_counts sum = { 0 };

	for (int i = 0; i < nblocks; i++) {
		sum.done += value(&blocks[i].jobs[number].done);
		sum.failed += value(&blocks[i].jobs[number].failed);
	}
	return sum;
}

struct timed metrics_realtime_times(void)
{
	struct timed sum = { 0 };

	for (int i = 0; i < nblocks; i++)
		sum_times(&sum, &blocks[i].realtime);
	return sum;
}

int64_t metrics_pushes(enum metrics_push result)
{
	int64_t sum = 0;

	for (int i = 0; i < nblocks; i++)
		sum += value(&blocks[i].pushes[result]);
	return sum;
}

struct stall_counts metrics_stalls(void)
{
	struct stall_counts sum = { 0 };

	for (int i = 0; i < nblocks; i++) {
		sum.n += value(&blocks[i].stalls);
		sum.us += value(&blocks[i].stall_us);
	}
	return sum;
}

static int64_t cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * SECOND + u.ru_utime.tv_usec
		+ u.ru_stime.tv_usec;
}

void metrics_totals(struct metrics_totals *out)
{
	*out = (struct metrics_totals){
		.realtime = metrics_realtime_times(),
		.stall_us = metrics_stalls().us,
		.cpu_us = cpu_us(),
	};
	for (int n = 0; n <= nroutes; n++) {
		struct request_counts c = metrics_of_route(n);

		for (int k = 0; k < METRICS_CLASSES; k++)
			out->by_class[k] += c.by_class[k];
		sum_times(&out->requests, &c.time);
		out->bytes += c.bytes;
	}
	for (int i = 0; i < nblocks; i++)
		for (int n = 0; n < nstatements; n++)
			sum_times(&out->statements, &blocks[i].statements[n]);
	for (int n = 0; n <= njobs; n++)
		out->jobs_failed += metrics_of_job(n).failed;
	for (enum metrics_push r = 0; r < METRICS_PUSHES; r++)
		out->pushes[r] = metrics_pushes(r);
}

const struct route *metrics_route(int number)
{
	for (const struct route *const *t = tables; *t; t++)
		for (const struct route *r = *t; r->path; r++)
			if (number-- == 0)
				return r;
	return NULL;
}
