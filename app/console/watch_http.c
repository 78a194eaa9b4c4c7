/* What the console shows: the charts' numbers, the database, errors, the map, the move, settings, the API. */
#include "app/console/console.h"
#include "app/console/errors.h"
#include "app/console/history.h"
#include "app/console/session.h"
#include "app/console/watch.sql.h"
#include "app/ops/metrics.h"
#include "app/ops/openapi.h"
#include "version.h"

static const char json_type[] = "application/json; charset=utf-8";

static err reply_json(struct req *r, str text)
{
	reply_header(r, "Cache-Control", S("no-store"));
	return reply_text(r, 200, json_type, text);
}

/* ---- now ---- */

struct database {
	int64_t size;
	str version;
	int64_t commits, rollbacks, deadlocks, temp_bytes;
	double hit_ratio;
	int32_t connections, max_connections;
	int64_t slot_lag;
	double oldest_transaction;
	usec backup_at, drill_at;
	str drill_problem;
};
static const struct field database_fields[] = {
	FIELD(struct database, size),
	FIELD(struct database, version),
	FIELD(struct database, commits),
	FIELD(struct database, rollbacks),
	FIELD(struct database, deadlocks),
	FIELD(struct database, temp_bytes),
	FIELD(struct database, hit_ratio),
	FIELD(struct database, connections),
	FIELD(struct database, max_connections),
	FIELD(struct database, slot_lag),
	FIELD(struct database, oldest_transaction, .help = "seconds"),
	FIELD(struct database, backup_at, .help = "the newest that went well"),
	FIELD(struct database, drill_at, .help = "the newest, well or not"),
	FIELD(struct database, drill_problem),
	{ 0 },
};

struct counts {
	int64_t users, posts, messages, new_users, new_posts, beacons, reports, flags, suspended;
};
static const struct field counts_fields[] = {
	FIELD(struct counts, users, .help = "as the planner estimates; so posts and messages"),
	FIELD(struct counts, posts),
	FIELD(struct counts, messages),
	FIELD(struct counts, new_users, .help = "of the last day, 10000 at most; so new_posts"),
	FIELD(struct counts, new_posts),
	FIELD(struct counts, beacons, .help = "on the map now, 10000 at most"),
	FIELD(struct counts, reports, .help = "that wait, 1000 at most; so flags and suspended"),
	FIELD(struct counts, flags),
	FIELD(struct counts, suspended),
	{ 0 },
};

struct now {
	usec at;
	str version, environment;
	double uptime;
	struct database *database;
	struct counts *counts;
	struct jobs_waiting *jobs;
};
static const struct field jobs_fields[] = {
	FIELD(struct jobs_waiting, waiting, .help = "10000 at most; so dead"),
	FIELD(struct jobs_waiting, dead),
	FIELD(struct jobs_waiting, oldest, .help = "seconds for which the next has been due"),
	{ 0 },
};
static const struct field now_fields[] = {
	FIELD(struct now, at),
	FIELD(struct now, version),
	FIELD(struct now, environment),
	FIELD(struct now, uptime),
	FIELD(struct now, database, .of = database_fields, .ref = true,
	      .help = "null: does not answer"),
	FIELD(struct now, counts, .of = counts_fields, .ref = true),
	FIELD(struct now, jobs, .of = jobs_fields, .ref = true),
	{ 0 },
};

/* What the database does not tell is null: the rest is worth having all the same. */
static err get_now(struct req *r)
{
	struct database d = { 0 };
	struct counts c = { 0 };
	struct jobs_waiting j = { 0 };
	struct now now = {
		.at = time_now(),
		.version = S(SOJORN_VERSION),
		.environment = config_str(r->app->config, "ENV"),
		.uptime = (double)metrics_uptime() / 1e6,
	};

	if (!db_one(r->db, &sql_console_database, database_fields, &d).info)
		now.database = &d;
	if (!db_one(r->db, &sql_console_counts, counts_fields, &c).info)
		now.counts = &c;
	if (!jobs_waiting(r->db, &j).info)
		now.jobs = &j;
	reply_header(r, "Cache-Control", S("no-store"));
	return reply(r, &now);
}

/* ---- charts, errors ---- */

struct history_query {
	str span;
	int64_t after, boot;
};
static const struct field history_query_fields[] = {
	FIELD(struct history_query, span, .one_of = "recent|day"),
	FIELD(struct history_query, after, .help = "`last` of the reply before"),
	FIELD(struct history_query, boot, .help = "`boot` of the reply before"),
	{ 0 },
};

static err get_history(struct req *r)
{
	struct history_query in = { 0 };
	enum span span;

	TRY(req_query(r, &in, NULL));
	span = str_eq(in.span, S("day")) ? SPAN_DAY : SPAN_RECENT;
	return reply_json(r, history_text(r->arena, span, in.after, in.boot));
}

static const struct field error_fields[] = {
	FIELD(struct route_error, method),
	FIELD(struct route_error, route, .help = "empty: of no route"),
	FIELD(struct route_error, status),
	FIELD(struct route_error, code),
	FIELD(struct route_error, n, .help = "since the start"),
	FIELD(struct route_error, last),
	FIELD(struct route_error, request_id, .help = "of the last one, as in the log"),
	FIELD(struct route_error, slowest, .help = "milliseconds"),
	FIELD(struct route_error, recent, .help = "by five minutes of the last hour"),
	{ 0 },
};
struct error_list {
	struct list errors;
};
static const struct field error_list_fields[] = {
	FIELD(struct error_list, errors, .of = error_fields),
	{ 0 },
};

static err get_errors(struct req *r)
{
	struct error_list out = { errors_list(r->arena) };

	return reply(r, &out);
}

/* ---- the map ---- */

struct cell {
	double lat, lon;
	int32_t n, severe;
};
struct country {
	str country;
	int64_t n;
};
struct map {
	struct list beacons, people;
};
static const struct field cell_fields[] = {
	FIELD(struct cell, lat, .help = "middle of a cell of half a degree; so lon"),
	FIELD(struct cell, lon),
	FIELD(struct cell, n),
	FIELD(struct cell, severe),
	{ 0 },
};
static const struct field country_fields[] = {
	FIELD(struct country, country, .help = "as it was named; empty: not named"),
	FIELD(struct country, n, .help = "estimated"),
	{ 0 },
};
static const struct field map_fields[] = {
	FIELD(struct map, beacons, .of = cell_fields),
	FIELD(struct map, people, .of = country_fields),
	{ 0 },
};

enum { BEACONS = 20000 };

static err get_map(struct req *r)
{
	struct db_batch *b = db_batch(r->db);
	int32_t limit = BEACONS;
	struct map out = { 0 };

	db_batch_list(b, &sql_console_map_beacons, cell_fields, sizeof(struct cell), &out.beacons,
		      ARG(limit));
	db_batch_list(b, &sql_console_map_people, country_fields, sizeof(struct country),
		      &out.people);
	TRY(db_batch_run(b));
	return reply(r, &out);
}

/* ---- settings, the API ---- */

static err get_config(struct req *r)
{
	TRY(console_admin(r));
	return reply_json(r, config_dump(r->app->config, r->arena, true));
}

static err get_openapi(struct req *r)
{
	return reply_json(r, openapi_of_product(r->arena, NULL));
}

const struct route console_watch_routes[] = {
	{ GET, "/console/api/now", get_now, "console: the server and its database now",
	  .out = now_fields, .deadline = 5 * SECOND },
	{ GET, "/console/api/history", get_history, "console: the charts' numbers",
	  .query = history_query_fields },
	{ GET, "/console/api/errors", get_errors, "console: requests that ended badly",
	  .out = error_list_fields },
	{ GET, "/console/api/map", get_map, "console: where there are beacons, and people",
	  .out = map_fields },
	{ GET, "/console/api/config", get_config, "console: settings, secrets masked",
	  .auth = AUTH_USER },
	{ GET, "/console/api/openapi", get_openapi, "console: the API's document",
	  .auth = AUTH_USER },
	{ 0 },
};
