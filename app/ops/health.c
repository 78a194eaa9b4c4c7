/* See health.h; the replies are fixed by the API's contract. */
#include "app/ops/health.h"
#include "app/ops/health.sql.h"
#include "app/ops/jobs.h"
#include "app/ops/metrics.h"
#include "lib/base/log.h"
#include "lib/db/migrate.h"
#include "lib/web/req.h"
#include "version.h"

/* A probe wants an answer, not patience. */
#define PROBE_DEADLINE (2 * SECOND)

struct schema {
	int64_t version;
	bool dirty;
};

static const struct field schema_fields[] = {
	FIELD(struct schema, version),
	FIELD(struct schema, dirty),
	{ 0 },
};

int64_t health_newest_version(void)
{
	int64_t newest = 0;

	for (const struct migration *m = all_migrations; m->version; m++)
		newest = m->version;
	return newest;
}

static err read_schema(struct db *db, struct schema *out)
{
	return db_one(db, &sql_health_schema, schema_fields, out);
}

static bool is_current(const struct schema *s)
{
	return !s->dirty && s->version >= health_newest_version();
}

void health_look(struct db_pool *pool)
{
	struct arena *a = arena_new();
	struct schema s = { 0 };
	err e = read_schema(db_open(pool, a, time_monotonic() + 10 * SECOND), &s);

	if (err_is(e, err_db_unavailable) || err_is(e, err_deadline))
		log_warn("the database does not answer; requests get a 503 until it does");
	else if (e.info || !is_current(&s))
		log_warn("the schema is not current; `sojorn migrate up` moves it",
			 LOG("version", s.version), LOG("newest", health_newest_version()),
			 LOG("dirty", (int64_t)s.dirty));
	arena_free(a);
}

/* ---- live, ready ---- */

struct status {
	str status;
};

static const struct field status_fields[] = {
	FIELD(struct status, status, .required = true),
	{ 0 },
};

static err get_health(struct req *r)
{
	const struct status ok = { S("ok") };

	return reply(r, &ok);
}

static err get_live(struct req *r)
{
	return reply_text(r, 200, "text/plain; charset=utf-8", S("alive"));
}

static err get_ready(struct req *r)
{
	struct schema s;
	err e = read_schema(r->db, &s);

	if (!e.info && is_current(&s))
		return reply_text(r, 200, "text/plain; charset=utf-8", S("ready"));
	reply_header(r, "Retry-After", S("1"));
	return reply_text(r, 503, "text/plain; charset=utf-8", S("not ready"));
}

/* ---- detailed ---- */

struct database_check {
	str status;
	double latency_ms;
};
struct migrations_check {
	str status;
	int64_t version, newest;
	bool dirty;
};
struct jobs_check {
	str status;
	int64_t waiting, dead;
};
struct checks {
	struct database_check database;
	struct migrations_check migrations;
	struct jobs_check jobs;
};
struct system {
	int64_t resident_bytes;
	int32_t connections, requests, database_connections;
};
struct detailed {
	str status;
	usec timestamp;
	double uptime;
	str version, environment;
	struct checks checks;
	struct system system;
};

static const struct field database_check_fields[] = {
	FIELD(struct database_check, status, .required = true),
	FIELD(struct database_check, latency_ms),
	{ 0 },
};
static const struct field migrations_check_fields[] = {
	FIELD(struct migrations_check, status, .required = true),
	FIELD(struct migrations_check, version),
	FIELD(struct migrations_check, newest),
	FIELD(struct migrations_check, dirty),
	{ 0 },
};
static const struct field jobs_check_fields[] = {
	FIELD(struct jobs_check, status, .required = true),
	FIELD(struct jobs_check, waiting),
	FIELD(struct jobs_check, dead),
	{ 0 },
};
static const struct field checks_fields[] = {
	FIELD(struct checks, database, .of = database_check_fields),
	FIELD(struct checks, migrations, .of = migrations_check_fields),
	FIELD(struct checks, jobs, .of = jobs_check_fields),
	{ 0 },
};
static const struct field system_fields[] = {
	FIELD(struct system, resident_bytes),
	FIELD(struct system, connections),
	FIELD(struct system, requests),
	FIELD(struct system, database_connections),
	{ 0 },
};
static const struct field detailed_fields[] = {
	FIELD(struct detailed, status, .required = true, .one_of = "healthy|degraded|unhealthy"),
	FIELD(struct detailed, timestamp),
	FIELD(struct detailed, uptime, .help = "seconds"),
	FIELD(struct detailed, version),
	FIELD(struct detailed, environment),
	FIELD(struct detailed, checks, .of = checks_fields),
	FIELD(struct detailed, system, .of = system_fields),
	{ 0 },
};

/* Each check says healthy, degraded or unhealthy; the whole is as its worst. */
static void check_database(struct req *r, struct checks *c)
{
	int64_t start = time_monotonic();
	struct schema s = { 0 };
	err e = read_schema(r->db, &s);

	c->database.latency_ms = (double)(time_monotonic() - start) / 1000;
	c->database.status = e.info ? S("unhealthy") : S("healthy");
	c->migrations.version = s.version;
	c->migrations.newest = health_newest_version();
	c->migrations.dirty = s.dirty;
	c->migrations.status = is_current(&s) ? S("healthy") : S("unhealthy");
}

/* Without its jobs the service still answers, so the worst here is degraded. */
static void check_jobs(struct req *r, struct checks *c)
{
	struct jobs_waiting w = { 0 };
	err e = jobs_waiting(r->db, &w);

	c->jobs.waiting = w.waiting;
	c->jobs.dead = w.dead;
	c->jobs.status = e.info || w.dead || w.waiting >= 10000 ? S("degraded") : S("healthy");
}

static struct system describe_system(void)
{
	struct metrics_gauges g = metrics_now();

	return (struct system){
		.resident_bytes = metrics_resident(),
		.connections = g.connections,
		.requests = g.requests,
		.database_connections = g.db.connected,
	};
}

static str worst(const struct checks *c)
{
	if (str_eq(c->database.status, S("unhealthy"))
	    || str_eq(c->migrations.status, S("unhealthy")))
		return S("unhealthy");
	return c->jobs.status;
}

/* What it tells helps an attacker: for this machine and for operators only, who are asked to be so;
 * for anybody else there is no such path. */
static bool may_see_details(const struct req *r)
{
	return str_eq(r->client, S("127.0.0.1")) || str_eq(r->client, S("::1"))
		|| str_starts(r->client, S("unix")) || str_eq(r->user.role, S("admin"))
		|| str_eq(r->user.role, S("moderator"));
}

static err get_detailed(struct req *r)
{
	struct detailed d = {
		.timestamp = time_now(),
		.uptime = (double)metrics_uptime() / 1e6,
		.version = S(SOJORN_VERSION),
		.environment = config_str(r->app->config, "ENV"),
		.system = describe_system(),
	};
	int status;

	if (!may_see_details(r))
		return err_not_found;
	check_database(r, &d.checks);
	check_jobs(r, &d.checks);
	d.status = worst(&d.checks);
	status = str_eq(d.status, S("unhealthy")) ? 503 : 200;
	if (status == 503)
		reply_header(r, "Retry-After", S("1"));
	return reply_as(r, status, detailed_fields, &d);
}

/* ---- the rest of the root ---- */

static err get_robots(struct req *r)
{
	return reply_text(r, 200, "text/plain; charset=utf-8", S("User-agent: *\nDisallow: /\n"));
}

static err get_test(struct req *r)
{
	return reply_message(r, "Sojorn API is running");
}

const struct route health_routes[] = {
	{ GET, "/health", get_health, "is the server there", .auth = AUTH_NONE,
	  .out = status_fields },
	{ GET, "/health/live", get_live, "is the process alive", .auth = AUTH_NONE },
	{
		GET,
		"/health/ready",
		get_ready,
		"can it work: the database answers and its schema is current",
		.auth = AUTH_NONE,
		.deadline = PROBE_DEADLINE,
		.errors = "503",
	},
	{
		GET,
		"/health/detailed",
		get_detailed,
		"what is well and what is not; from this machine or for administrators",
		.auth = AUTH_OPTIONAL,
		.deadline = PROBE_DEADLINE,
		.out = detailed_fields,
		.errors = "404 503",
	},
	{ GET, "/robots.txt", get_robots, "no page here is for search engines", .auth = AUTH_NONE },
	{ GET, "/api/v1/test", get_test, "a greeting", .auth = AUTH_NONE, .out = message_fields },
	{ 0 },
};
