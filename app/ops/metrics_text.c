/* What metrics.c counted, and what the database and the disk say, in Prometheus' text format 0.0.4. */
#include "app/bus/bus.h"
#include "app/ops/health.h"
#include "app/ops/metrics.sql.h"
#include "app/ops/metrics_counts.h"
#include "app/realtime/realtime.h"
#include "app/supabase/supabase.h"
#include "lib/web/req.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

struct metrics_database {
	int64_t size, version, slot_lag;
};
static const struct field metrics_database_fields[] = {
	FIELD(struct metrics_database, size),
	FIELD(struct metrics_database, version),
	FIELD(struct metrics_database, slot_lag),
	{ 0 },
};

struct metrics_backups {
	double completed, drilled, rto, rpo; /* 0: never */
	bool drill_ok;
};
static const struct field metrics_backups_fields[] = {
	FIELD(struct metrics_backups, completed, .optional = true),
	FIELD(struct metrics_backups, drilled, .optional = true),
	FIELD(struct metrics_backups, drill_ok),
	FIELD(struct metrics_backups, rto, .optional = true),
	FIELD(struct metrics_backups, rpo, .optional = true),
	{ 0 },
};

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
static str labels_of(struct arena *a, const struct route *r)
{
	return arena_printf(a, "method=\"%s\",route=\"%s\"", r ? method_name(r->method) : "",
			    r ? r->path : "");
}

static int64_t times_of(const struct timed *t)
{
	int64_t n = 0;

	for (int k = 0; k <= METRICS_BUCKETS; k++)
		n += t->buckets[k];
	return n;
}

static void put_totals(struct text *t)
{
	const struct route *r;
	int n = 0;

	put(t,
	    "# HELP sojorn_http_requests_total Answered requests.\n"
	    "# TYPE sojorn_http_requests_total counter\n");
	do {
		struct request_counts c = metrics_of_route(n);
		str labels;

		r = metrics_route(n++);
		labels = labels_of(t->arena, r);
		for (int k = 0; k < METRICS_CLASSES; k++)
			if (c.by_class[k])
				put(t, "sojorn_http_requests_total{%s,class=\"%dxx\"} %lld\n",
				    labels.p, k, (long long)c.by_class[k]);
	} while (r);
}

/* labels: "" for none. */
static void put_histogram(struct text *t, const char *name, const struct timed *times, str labels)
{
	const char *comma = str_empty(labels) ? "" : ",";
	int64_t below = 0;
	str all;

	for (int k = 0; k < METRICS_BUCKETS; k++) {
		below += times->buckets[k];
		put(t, "%s_bucket{%s%sle=\"%g\"} %lld\n", name, labels.p, comma,
		    (double)metrics_bucket_us[k] / 1e6, (long long)below);
	}
	below += times->buckets[METRICS_BUCKETS];
	put(t, "%s_bucket{%s%sle=\"+Inf\"} %lld\n", name, labels.p, comma, (long long)below);
	all = str_empty(labels) ? S("") : arena_printf(t->arena, "{%s}", labels.p);
	put(t, "%s_sum%s %.6f\n", name, all.p, (double)times->us / 1e6);
	put(t, "%s_count%s %lld\n", name, all.p, (long long)below);
}

static void put_requests(struct text *t)
{
	const char *name = "sojorn_http_request_duration_seconds";
	const struct route *r;
	int64_t bytes = 0;
	int n = 0;

	put_totals(t);
	put(t, "# HELP %s From first byte to the reply.\n# TYPE %s histogram\n", name, name);
	do {
		struct request_counts c = metrics_of_route(n);

		r = metrics_route(n++);
		bytes += c.bytes;
		if (times_of(&c.time))
			put_histogram(t, name, &c.time, labels_of(t->arena, r));
	} while (r);
	put_one(t, "sojorn_http_response_bytes_total", "counter", "Bytes of reply bodies.",
		(double)bytes);
}

static void put_statements(struct text *t)
{
	const char *metric = "sojorn_db_statement_duration_seconds", *name;
	struct timed times;

	put(t, "# HELP %s From asked to answered.\n# TYPE %s histogram\n", metric, metric);
	for (int n = 0; times = metrics_of_statement(n, &name), name; n++)
		if (times_of(&times))
			put_histogram(t, metric, &times,
				      arena_printf(t->arena, "statement=\"%s\"", name));
}

static void put_jobs(struct text *t)
{
	const char *name;
	int n = 0;

	put(t,
	    "# HELP sojorn_job_tries_total Tries of jobs.\n# TYPE sojorn_job_tries_total counter\n");
	do {
		struct job_counts c = metrics_of_job(n);

		name = metrics_job_name(n++);
		if (c.done || name)
			put(t, "sojorn_job_tries_total{job=\"%s\",result=\"done\"} %lld\n",
			    name ? name : "", (long long)c.done);
		if (c.failed || name)
			put(t, "sojorn_job_tries_total{job=\"%s\",result=\"failed\"} %lld\n",
			    name ? name : "", (long long)c.failed);
	} while (name);
}

static void put_told(struct text *t)
{
	static const char *const results[METRICS_PUSHES] = { "taken", "unregistered", "refused",
							     "failed" };
	const char *lag = "sojorn_realtime_lag_seconds", *pushes = "sojorn_push_messages_total";
	struct timed times = metrics_realtime_times();

	put_one(t, "sojorn_sockets", "gauge", "Open WebSockets.", realtime_sockets());
	put_one(t, "sojorn_other_copies", "gauge", "Copies of the server heard through Redis.",
		bus_others());
	put(t, "# HELP %s From an event's commit until sockets are told.\n# TYPE %s histogram\n",
	    lag, lag);
	put_histogram(t, lag, &times, S(""));
	put(t,
	    "# HELP %s Answers of the push service; failed: to be tried again.\n# TYPE %s counter\n",
	    pushes, pushes);
	for (enum metrics_push r = 0; r < METRICS_PUSHES; r++)
		put(t, "%s{result=\"%s\"} %lld\n", pushes, results[r],
		    (long long)metrics_pushes(r));
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

/* Descriptors that are open; -1: not to be seen. */
static int open_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = -3; /* ".", ".." and this one */

	if (!d)
		return -1;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void put_process(struct text *t)
{
	struct stall_counts stalls = metrics_stalls();
	struct rlimit limit = { 0 };
	struct rusage u;

	put_one(t, "sojorn_loop_stalls_total", "counter", "Pieces of work over 10 ms.",
		(double)stalls.n);
	put_one(t, "sojorn_loop_stall_seconds_total", "counter", "Time in them.",
		(double)stalls.us / 1e6);
	getrusage(RUSAGE_SELF, &u);
	put_one(t, "process_cpu_seconds_total", "counter", "User and system time.",
		(double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec)
			+ (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6);
	put_one(t, "process_resident_memory_bytes", "gauge", "Resident memory.",
		(double)metrics_resident());
	getrlimit(RLIMIT_NOFILE, &limit);
	put_one(t, "process_open_fds", "gauge", "Open descriptors.", open_descriptors());
	put_one(t, "process_max_fds", "gauge", "Descriptors that may be open.",
		(double)limit.rlim_cur);
	put_one(t, "sojorn_uptime_seconds", "gauge", "Since start.",
		(double)metrics_uptime() / 1e6);
}

/* Where uploads go when they stay on this machine. */
static void put_disk(struct text *t, const struct app *app)
{
	struct statvfs fs;

	if (statvfs(config_cstr(app->config, "UPLOAD_DIR"), &fs) != 0)
		return;
	put_one(t, "sojorn_uploads_free_bytes", "gauge", "Space left for uploads.",
		(double)fs.f_bavail * (double)fs.f_frsize);
	put_one(t, "sojorn_uploads_size_bytes", "gauge", "Size of the file system of uploads.",
		(double)fs.f_blocks * (double)fs.f_frsize);
}

/* ---- the route ---- */

/* The rest is worth having without the database, so its answer is left out when there is none. */
static void put_database(struct text *t, struct db *db)
{
	struct metrics_database d;
	struct jobs_waiting w;
	bool up = !db_one(db, &sql_metrics_database, metrics_database_fields, &d).info
		&& !jobs_waiting(db, &w).info;

	put_one(t, "sojorn_database_up", "gauge", "1 when the database answers.", up);
	if (!up)
		return;
	put_one(t, "sojorn_database_size_bytes", "gauge", "Size of the database.", (double)d.size);
	put_one(t, "sojorn_schema_version", "gauge", "Version of the schema.", (double)d.version);
	put_one(t, "sojorn_schema_newest", "gauge", "Version this program is made for.",
		(double)health_newest_version());
	put_one(t, "sojorn_replication_lag_bytes", "gauge",
		"What the slowest replication slot has not fetched.", (double)d.slot_lag);
	put_one(t, "sojorn_jobs_waiting", "gauge", "Jobs in the outbox, 10000 at most.",
		(double)w.waiting);
	put_one(t, "sojorn_jobs_dead", "gauge", "Jobs given up, 10000 at most.", (double)w.dead);
	put_one(t, "sojorn_jobs_oldest_seconds", "gauge", "For how long the next job has been due.",
		w.oldest);
}

/* What never was is left out: an alert fires on that. */
static void put_backups(struct text *t, struct db *db)
{
	struct metrics_backups b;

	if (db_one(db, &sql_metrics_backups, metrics_backups_fields, &b).info)
		return;
	if (b.completed > 0)
		put_one(t, "sojorn_backup_completed_seconds", "gauge",
			"When the newest backup was complete, since 1970.", b.completed);
	if (b.drilled <= 0)
		return;
	put_one(t, "sojorn_backup_drill_completed_seconds", "gauge",
		"When the newest drill ended, since 1970.", b.drilled);
	put_one(t, "sojorn_backup_drill_ok", "gauge", "1 when it brought everything back.",
		b.drill_ok);
	put_one(t, "sojorn_backup_drill_rto_seconds", "gauge",
		"How long it took until the restored server answered.", b.rto);
	put_one(t, "sojorn_backup_drill_rpo_seconds", "gauge",
		"How old the newest archived WAL was: what a disaster would have cost.", b.rpo);
}

/* Where no project moves in there is nothing to tell. */
static void put_move(struct text *t, struct db *db)
{
	struct move_numbers n;

	if (move_numbers(db, &n).info || !n.moving)
		return;
	put(t,
	    "# HELP sojorn_move_gate 1 for who answers clients of the old app.\n"
	    "# TYPE sojorn_move_gate gauge\n");
	put(t, "sojorn_move_gate{state=\"upstream\"} %d\n", n.upstream);
	put(t, "sojorn_move_gate{state=\"held\"} %d\n", n.held);
	put(t, "sojorn_move_gate{state=\"here\"} %d\n", n.here);
	put_one(t, "sojorn_move_held_seconds", "gauge", "For how long requests have been held.",
		n.held_seconds);
	put_one(t, "sojorn_move_follow_lag_seconds", "gauge",
		"How far this side is behind the project.", n.follow_lag);
	put_one(t, "sojorn_move_reverse_lag_seconds", "gauge",
		"For how long the oldest change has waited to go back to the project.",
		n.reverse_lag);
	put_one(t, "sojorn_move_verify_differences", "gauge",
		"What the newest verify has found; -1: there was none.", (double)n.differences);
	put_one(t, "sojorn_move_verify_time_seconds", "gauge", "When that was.", n.verified_at);
	put_one(t, "sojorn_move_watch_time_seconds", "gauge", "When the watch last looked.",
		n.watched_at);
	put_one(t, "sojorn_move_watch_rows_total", "counter", "Rows the watch has compared.",
		(double)n.compared);
	put_one(t, "sojorn_move_watch_differences_total", "counter",
		"Rows it has found that are not the same.", (double)n.differ);
	put(t,
	    "# HELP sojorn_move_watch_fired 1 for a rule that has fired.\n"
	    "# TYPE sojorn_move_watch_fired gauge\n");
	put(t, "sojorn_move_watch_fired{rule=\"errors\"} %d\n", n.errors);
	put(t, "sojorn_move_watch_fired{rule=\"slow\"} %d\n", n.slow);
	put(t, "sojorn_move_watch_fired{rule=\"corrupt\"} %d\n", n.corrupt);
}

static err get_metrics(struct req *r)
{
	struct text t = { .arena = r->arena };

	put_requests(&t);
	put_statements(&t);
	put_jobs(&t);
	put_told(&t);
	put_gauges(&t);
	put_process(&t);
	put_disk(&t, r->app);
	put_database(&t, r->db);
	put_backups(&t, r->db);
	put_move(&t, r->db);
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
