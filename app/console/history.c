/* See history.h. Samples are counters; what is answered is the difference of two neighbours. */
#include "app/console/history.h"

#include "app/console/console.h"
#include "app/ops/metrics.h"
#include "app/realtime/realtime.h"

enum { RECENT = 361, WHOLE_DAY = 721 };

struct sample {
	usec at;
	struct metrics_totals t;
	struct metrics_gauges g;
	int sockets;
	int64_t resident;
};

static struct sample recent_samples[RECENT], day_samples[WHOLE_DAY];

static struct ring {
	int64_t every;
	size_t size;
	struct sample *v;
	int64_t taken; /* ever; the newest is v[(taken - 1) % size] */
	int64_t due;   /* monotonic */
} rings[SPANS] = {
	[SPAN_RECENT] = { 5 * SECOND, RECENT, recent_samples, 0, 0 },
	[SPAN_DAY] = { 2 * MINUTE, WHOLE_DAY, day_samples, 0, 0 },
};

/* Tells this process's numbers from those of the one before it. */
static int64_t boot;

/* ---- taking ---- */

static void take(struct sample *s)
{
	*s = (struct sample){
		.at = time_now(),
		.g = metrics_now(),
		.sockets = realtime_sockets(),
		.resident = metrics_resident(),
	};
	metrics_totals(&s->t);
}

void console_tick(void)
{
	int64_t now = time_monotonic();

	if (!boot)
		boot = time_now().us / SECOND;
	for (struct ring *r = rings; r < rings + SPANS; r++) {
		if (now < r->due)
			continue;
		take(&r->v[r->taken++ % (int64_t)r->size]);
		r->due = now + r->every - SECOND / 2; /* ticks come a little late */
	}
}

/* ---- telling ---- */

/* The difference of two histograms. */
static struct timed between(const struct timed *a, const struct timed *b)
{
	struct timed d = { .us = b->us - a->us };

	for (int k = 0; k <= METRICS_BUCKETS; k++)
		d.buckets[k] = b->buckets[k] - a->buckets[k];
	return d;
}

static int64_t count(const struct timed *t)
{
	int64_t n = 0;

	for (int k = 0; k <= METRICS_BUCKETS; k++)
		n += t->buckets[k];
	return n;
}

/* Milliseconds, evenly spread within a bucket, as Prometheus' histogram_quantile; NaN (null): there was none. */
static double quantile(const struct timed *t, double q)
{
	double rank = q * (double)count(t), below = 0;

	if (rank == 0)
		return __builtin_nan("");
	for (int k = 0; k < METRICS_BUCKETS; k++) {
		double from = k ? (double)metrics_bucket_us[k - 1] : 0;
		double n = (double)t->buckets[k];

		if (below + n >= rank && n > 0)
			return (from + (rank - below) / n * ((double)metrics_bucket_us[k] - from))
				/ 1000;
		below += n;
	}
	return (double)metrics_bucket_us[METRICS_BUCKETS - 1] / 1000;
}

static double mean(const struct timed *t)
{
	int64_t n = count(t);

	return n ? (double)t->us / (double)n / 1000 : __builtin_nan("");
}

static const char *const columns[] = {
	"at",	       "ok",	    "refused",	    "failed",	     "p50",
	"p95",	       "p99",	    "bytes",	    "in_flight",     "connections",
	"sockets",     "lag",	    "statements",   "statement_p95", "db_in_flight",
	"db_waiting",  "db_leased", "db_connected", "push_taken",    "push_failed",
	"jobs_failed", "stalled",   "cpu",	    "resident",
};
enum { COLUMNS = sizeof columns / sizeof *columns };

/* Rates are a second's; `stalled` is milliseconds of a second, `cpu` cores, times are milliseconds. */
static void write_row(struct json_writer *w, const struct sample *a, const struct sample *b)
{
	double s = (double)(b->at.us - a->at.us) / 1e6, per = s > 0 ? 1 / s : 0;
	struct timed requests = between(&a->t.requests, &b->t.requests);
	struct timed statements = between(&a->t.statements, &b->t.statements);
	struct timed realtime = between(&a->t.realtime, &b->t.realtime);
	const int64_t *c = a->t.by_class, *d = b->t.by_class;
	const int64_t *p = a->t.pushes, *q = b->t.pushes;
	int64_t good = d[1] + d[2] + d[3] - c[1] - c[2] - c[3];
	int64_t lost = q[PUSH_DEAD] + q[PUSH_REFUSED] + q[PUSH_FAILED] - p[PUSH_DEAD]
		- p[PUSH_REFUSED] - p[PUSH_FAILED];
	const double values[COLUMNS] = {
		(double)(b->at.us / SECOND),
		(double)good * per,
		(double)(d[4] - c[4]) * per,
		(double)(d[5] - c[5]) * per,
		quantile(&requests, 0.5),
		quantile(&requests, 0.95),
		quantile(&requests, 0.99),
		(double)(b->t.bytes - a->t.bytes) * per,
		b->g.requests,
		b->g.connections,
		b->sockets,
		mean(&realtime),
		(double)count(&statements) * per,
		quantile(&statements, 0.95),
		b->g.db.in_flight,
		b->g.db.waiting,
		b->g.db.leased,
		b->g.db.connected,
		(double)(q[PUSH_TAKEN] - p[PUSH_TAKEN]) * per,
		(double)lost * per,
		(double)(b->t.jobs_failed - a->t.jobs_failed) * per,
		(double)(b->t.stall_us - a->t.stall_us) / 1000 * per,
		(double)(b->t.cpu_us - a->t.cpu_us) / 1e6 * per,
		(double)b->resident,
	};

	json_array_begin(w);
	for (int i = 0; i < COLUMNS; i++) {
		double rounded = __builtin_round(values[i] * 1000) / 1000;

		json_double(w, rounded);
	}
	json_array_end(w);
}

static void write_columns(struct json_writer *w)
{
	json_key(w, S("columns"));
	json_array_begin(w);
	for (int i = 0; i < COLUMNS; i++)
		json_str(w, str_of(columns[i]));
	json_array_end(w);
}

static void write_rows(struct json_writer *w, const struct ring *r, int64_t after)
{
	int64_t size = (int64_t)r->size, first = r->taken > size ? r->taken - size : 0;

	json_key(w, S("rows"));
	json_array_begin(w);
	for (int64_t i = after > first ? after : first + 1; i < r->taken; i++)
		write_row(w, &r->v[(i - 1) % size], &r->v[i % size]);
	json_array_end(w);
}

str history_text(struct arena *a, enum span span, int64_t after, int64_t their_boot)
{
	const struct ring *r = &rings[span];
	struct json_writer w;

	json_init(&w, a, 4096);
	json_object_begin(&w);
	json_key(&w, S("step"));
	json_int(&w, r->every / SECOND);
	json_key(&w, S("boot"));
	json_int(&w, boot);
	json_key(&w, S("last"));
	json_int(&w, r->taken);
	write_columns(&w);
	write_rows(&w, r, their_boot == boot && after <= r->taken ? after : 0);
	json_object_end(&w);
	return json_text(&w);
}
