/* See pg_test.h. */
#include "lib/db/pg_test.h"

#include "lib/db/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- expectations ---- */

void pg_expect(err want, err got, const char *file, int line)
{
	const char *w = want.info ? want.info->code : "ok";
	const char *g = got.info ? got.info->code : "ok";

	if (want.info == got.info)
		return;
	print_error("error is %s (%s), expected %s\n", g, got.info ? got.info->message : "", w);
	_fail(file, line);
}

void pg_expect_str(const char *want, str got, const char *file, int line)
{
	if (want && got.p && strlen(want) == got.n && memcmp(want, got.p, got.n) == 0)
		return;
	if (!want && !got.p)
		return;
	print_error("text is %.*s, expected %s\n", got.p ? (int)got.n : 6, got.p ? got.p : "absent",
		    want ? want : "absent");
	_fail(file, line);
}

/* ---- databases ---- */

static char database[64], database_url[512];

const char *pg_sql(const char *url, const char *sql)
{
	static char value[1024];
	PGconn *c = PQconnectdb(url);
	PGresult *r = PQexec(c, sql);
	ExecStatusType status = PQresultStatus(r);

	value[0] = '\0';
	if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
		print_error("%s: %s", sql, PQerrorMessage(c));
	else if (PQntuples(r) > 0)
		snprintf(value, sizeof(value), "%s", PQgetvalue(r, 0, 0));
	PQclear(r);
	PQfinish(c);
	assert_true(status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK);
	return value;
}

static void drop_database(void)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "DROP DATABASE IF EXISTS %s WITH (FORCE)", database);
	pg_sql(getenv("TEST_PG_URL"), sql);
}

const char *pg_url(void)
{
	const char *cluster = getenv("TEST_PG_URL");
	const char *query;
	char sql[128];

	if (database_url[0])
		return database_url;
	if (!cluster)
		test_skip("TEST_PG_URL is not set: run it by scripts/with-postgres");
	snprintf(database, sizeof(database), "db_test_%d", getpid());
	snprintf(sql, sizeof(sql), "CREATE DATABASE %s TEMPLATE template0", database);
	pg_sql(cluster, sql);
	atexit(drop_database);

	query = strstr(cluster, "/postgres?");
	assert_non_null(query);
	snprintf(database_url, sizeof(database_url), "%.*s/%s%s", (int)(query - cluster), cluster,
		 database, query + strlen("/postgres"));
	return database_url;
}

/* ---- a loop to run in ---- */

struct scene {
	struct loop *loop;
	struct db_pool *pool;
	struct arena *arena;
	void (*body)(struct db *);
};

static void play(void *arg)
{
	struct scene *s = arg;
	struct db *db;

	s->arena = arena_new();
	db = db_open(s->pool, s->arena, 0);
	s->body(db);
	arena_free(s->arena);

	s->arena = arena_new();
	pg_settle(db_open(s->pool, s->arena, 0));
	arena_free(s->arena);
	loop_stop(s->loop);
}

void pg_run(const struct db_options *options, void (*body)(struct db *db))
{
	struct db_options o = options ? *options : (struct db_options){ .shared = 2, .leased = 2 };
	struct scene s = { .loop = loop_new(), .body = body };

	if (!o.url)
		o.url = pg_url();
	setenv("CMOCKA_TEST_ABORT", "1", 1); /* nothing jumps from a coroutine's stack to another */
	s.pool = db_pool_new(s.loop, &o);
	assert_non_null(s.pool);
	assert_true(loop_start(s.loop, play, &s));
	loop_run(s.loop);
	assert_true(db_pool_idle(s.pool));
	db_pool_free(s.pool);
	loop_free(s.loop);
}

struct db *pg_view(struct db *db, struct arena *a, int64_t us)
{
	return db_open(db->pool, a, us ? time_monotonic() + us : 0);
}

struct company {
	void (*fn)(void *);
	void *arg;
	int left;
	struct waiter done;
};

static void one_of_company(void *arg)
{
	struct company *c = arg;

	c->fn(c->arg);
	if (--c->left == 0)
		waiter_wake(&c->done);
}

void pg_together(int n, void (*fn)(void *), void *arg)
{
	struct company c = { .fn = fn, .arg = arg, .left = n };

	for (int i = 0; i < n; i++)
		assert_true(loop_start(loop_self(), one_of_company, &c));
	EXPECT_OK(waiter_wait(&c.done, 0));
}

struct db_stats pg_stats(const struct db *db)
{
	return db_pool_stats(db->pool);
}

void pg_settle(struct db *db)
{
	int64_t end = time_monotonic() + 15 * SECOND;

	while (!db_pool_idle(db->pool)) {
		assert_true(time_monotonic() < end);
		loop_sleep(2 * MILLISECOND);
	}
}

/* ---- a cluster of one's own ---- */

static char cluster_dir[64], cluster_url[160];
static pid_t postmaster;

static void run_shell(const char *command)
{
	int status = system(command);

	if (status != 0)
		print_error("failed: %s\n", command);
	assert_int_equal(0, status);
}

static void remove_cluster(void)
{
	char command[128];

	if (postmaster)
		pg_cluster_stop("QUIT");
	snprintf(command, sizeof(command), "rm -rf %s", cluster_dir);
	run_shell(command);
}

/* Runs as the account PostgreSQL may use when we are root; "" otherwise. */
static const char *become(void)
{
	static char prefix[256];
	const char *user = getenv("SOJORN_DEV_USER");

	if (geteuid() == 0)
		snprintf(prefix, sizeof(prefix),
			 "setpriv --reuid=%s --regid=$(id -g %s) --clear-groups",
			 user ? user : "sojorn-dev", user ? user : "sojorn-dev");
	return prefix;
}

static void create_cluster(const char *bin)
{
	char command[1024];

	strcpy(cluster_dir, "/tmp/sojorn-db-test.XXXXXX");
	assert_non_null(mkdtemp(cluster_dir));
	atexit(remove_cluster);
	if (geteuid() == 0) {
		snprintf(command, sizeof(command), "chown %s: %s",
			 getenv("SOJORN_DEV_USER") ? getenv("SOJORN_DEV_USER") : "sojorn-dev",
			 cluster_dir);
		run_shell(command);
	}
	snprintf(command, sizeof(command),
		 "cd / && %s %s/initdb -D %s/data -U postgres -A trust -E UTF8 --locale=C "
		 "--no-sync --no-instructions >/dev/null",
		 become(), bin, cluster_dir);
	run_shell(command);
	snprintf(cluster_url, sizeof(cluster_url),
		 "postgresql://postgres@/postgres?host=%s&port=5432", cluster_dir);
}

static void wait_until_ready(void)
{
	PGPing ping = PQPING_NO_RESPONSE;

	for (int i = 0; i < 1000 && ping != PQPING_OK; i++) {
		usleep(10000);
		ping = PQping(cluster_url);
	}
	assert_int_equal(PQPING_OK, ping);
}

const char *pg_cluster_start(void)
{
	const char *bin = getenv("TEST_PG_BIN");
	char command[1024];

	if (!bin)
		test_skip("TEST_PG_BIN is not set: run it by scripts/with-postgres");
	if (!cluster_dir[0])
		create_cluster(bin);
	snprintf(command, sizeof(command),
		 "cd / && exec %s %s/postgres -D %s/data -k %s -c listen_addresses= -c fsync=off "
		 "-c autovacuum=off -c logging_collector=off >>%s/data/log 2>&1",
		 become(), bin, cluster_dir, cluster_dir, cluster_dir);
	postmaster = fork();
	if (postmaster == 0) {
		prctl(PR_SET_PDEATHSIG, SIGQUIT);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	wait_until_ready();
	return cluster_url;
}

void pg_cluster_stop(const char *signal_name)
{
	int status;

	kill(postmaster, strcmp(signal_name, "QUIT") == 0 ? SIGQUIT : SIGINT);
	while (waitpid(postmaster, &status, 0) < 0 && errno == EINTR)
		continue;
	postmaster = 0;
}
