/* Throw-away databases on the cluster of TEST_PG_URL: a migrated template, copied for each server. */
#include "test/harness/internal.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Names begin so in this run; the pid is the runner's, in its children, too. */
static char prefix[32];
static PGconn *conn;	     /* of t_sql */
static const char *conn_url; /* the database conn is connected to */

static const char *cluster_url(void)
{
	return getenv("TEST_PG_URL");
}

/* One command on the cluster's own database. */
static bool admin_sql(const char *sql)
{
	PGconn *c = PQconnectdb(cluster_url());
	PGresult *r = PQexec(c, sql);
	ExecStatusType status = PQresultStatus(r);
	bool ok = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

	if (!ok)
		fprintf(stderr, "harness: %s: %s", sql, PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
	return ok;
}

/* The cluster's URL with another database in its path. */
static const char *url_of(const char *name)
{
	const char *url = cluster_url();
	const char *path = strchr(strstr(url, "://") + 3, '/');
	const char *rest = path ? strchr(path, '?') : strchr(url, '?');
	size_t stem = (size_t)((path ? path : rest ? rest : url + strlen(url)) - url);

	return t_fmt("%.*s/%s%s", (int)stem, url, name, rest ? rest : "");
}

/* A copy does not inherit what ALTER DATABASE has set in its template. */
const char *h_database_new(bool migrated)
{
	const char *name = t_unique(prefix);

	if (!admin_sql(t_fmt("CREATE DATABASE %s TEMPLATE %s%s", name,
			     migrated ? prefix : "template0", migrated ? "_template" : "")))
		return NULL;
	if (migrated
	    && !admin_sql(
		    t_fmt("ALTER DATABASE %s SET search_path = sojorn, public, extensions", name)))
		return NULL;
	return url_of(name);
}

bool h_databases_begin(void)
{
	const char *settings[] = { NULL, NULL }, *argv[] = { "migrate", "up", NULL };
	struct t_run run;

	if (!strstr(cluster_url(), "://")) {
		fprintf(stderr, "harness: TEST_PG_URL must be a URL\n");
		return false;
	}
	snprintf(prefix, sizeof(prefix), "t_%x", (unsigned)getpid());
	if (!admin_sql(t_fmt("CREATE DATABASE %s_template TEMPLATE template0", prefix)))
		return false;
	settings[0] = t_fmt("DATABASE_URL=%s", url_of(t_fmt("%s_template", prefix)));
	run = h_run(settings, argv);
	if (run.status != 0)
		fprintf(stderr, "harness: migrate up: %s%s", run.out, run.err);
	return run.status == 0;
}

void h_databases_end(void)
{
	PGconn *c;
	PGresult *r;

	if (!prefix[0])
		return;
	c = PQconnectdb(cluster_url());
	r = PQexec(c,
		   t_fmt("SELECT format('DROP DATABASE %%I WITH (FORCE)', datname)"
			 " FROM pg_database WHERE datname LIKE '%s\\_%%'",
			 prefix));

	for (int i = 0; i < PQntuples(r); i++)
		PQclear(PQexec(c, PQgetvalue(r, i, 0)));
	PQclear(r);
	PQfinish(c);
}

const char *t_empty_database(void)
{
	const char *url = h_database_new(false);

	if (!url)
		t_fail("no empty database");
	return url;
}

/* "t_1f_2" of ".../t_1f_2?host=..." */
static const char *name_in(const char *url)
{
	const char *name = strstr(url, t_fmt("/%s_", prefix));

	if (!name)
		t_fail("not a database of the harness");
	return h_keep_text(name + 1, strcspn(name + 1, "?"));
}

void t_database_down(struct t_server *s)
{
	const char *name = name_in(s->database_url);

	if (!admin_sql(t_fmt("ALTER DATABASE %s ALLOW_CONNECTIONS false", name))
	    || !admin_sql(t_fmt("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
				" WHERE datname = '%s'",
				name)))
		t_fail("no outage");
}

void t_database_up(struct t_server *s)
{
	if (!admin_sql(t_fmt("ALTER DATABASE %s ALLOW_CONNECTIONS true", name_in(s->database_url))))
		t_fail("the outage does not end");
	PQfinish(conn); /* ours broke, too */
	conn = NULL;
}

void t_database_use(const char *url)
{
	struct t_server *none = t_keep(sizeof(*none));

	none->database_url = url;
	h_server = none;
}

void t_database_of_my_own(void)
{
	const char *url = h_database_new(true);

	if (!url)
		t_fail("no database");
	t_database_use(url);
}

/* ---- t_sql ---- */

static PGconn *connection(void)
{
	if (conn && conn_url == h_server->database_url && PQstatus(conn) == CONNECTION_OK)
		return conn;
	PQfinish(conn);
	conn_url = h_server->database_url;
	conn = PQconnectdb(conn_url);
	if (PQstatus(conn) != CONNECTION_OK)
		t_fail("%s", PQerrorMessage(conn));
	PQclear(PQexec(conn, "SET client_min_messages = warning"));
	return conn;
}

static const char *first_value(const char *sql)
{
	PGresult *r = PQexec(connection(), sql);
	ExecStatusType status = PQresultStatus(r);
	const char *value = NULL;

	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
		const char *message = t_fmt("%s", PQresultErrorMessage(r));

		PQclear(r);
		t_fail("%s%s", message, sql);
	}
	if (PQntuples(r) > 0 && PQnfields(r) > 0 && !PQgetisnull(r, 0, 0))
		value = h_keep_text(PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0));
	PQclear(r);
	return value;
}

const char *t_sql(const char *sql, ...)
{
	const char *text;
	va_list args;

	va_start(args, sql);
	text = h_vprintf(sql, args);
	va_end(args);
	return first_value(text);
}

long long t_sql_int(const char *sql, ...)
{
	const char *text, *value;
	va_list args;

	va_start(args, sql);
	text = h_vprintf(sql, args);
	va_end(args);
	value = first_value(text);
	if (!value)
		t_fail("no value: %s", text);
	return strtoll(value, NULL, 10);
}
