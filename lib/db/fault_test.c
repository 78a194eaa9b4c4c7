/* Connections that break: a backend ended under reads, writes and transactions; a server gone. */
#include "lib/db/pg_test.h"

#include <stdio.h>
#include <stdlib.h>

struct number {
	int64_t n;
};
static const struct field number_fields[] = { FIELD(struct number, n), { 0 } };

STMT(add_one, "SELECT $1 + 1 AS n", .read = true, KINDS(K_I64));
STMT(nap_read, "SELECT 1::bigint AS n FROM pg_sleep($1)", .read = true, KINDS(K_F64));
STMT(nap_slow, "SELECT 1::bigint AS n FROM pg_sleep($1)", .read = true, .slow = true, KINDS(K_F64));
STMT(nap_write, "INSERT INTO t SELECT $2 FROM pg_sleep($1)", KINDS(K_F64, K_I64));
STMT(insert_id, "INSERT INTO t VALUES ($1)", KINDS(K_I64));
STMT(count_t, "SELECT count(*) AS n FROM t", .read = true);
STMT(ids_of_t, "SELECT id AS n FROM t", .read = true);

static int64_t plus_one(struct db *db, int64_t n)
{
	struct number out;

	EXPECT_OK(db_one(db, &add_one, number_fields, &out, ARG(n)));
	return out.n;
}

static int64_t count(struct db *db)
{
	struct number out;

	EXPECT_OK(db_one(db, &count_t, number_fields, &out));
	return out.n;
}

/* Ends the backends of this database in such a state whose last statement is like the pattern. */
static int end_backends(const char *state, const char *pattern)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
		 "WHERE datname = current_database() AND pid <> pg_backend_pid() "
		 "AND backend_type = 'client backend' AND state LIKE '%s' AND query LIKE '%s'",
		 state, pattern);
	return atoi(pg_sql(pg_url(), sql));
}

struct act {
	struct db *db;
	const struct stmt *stmt;
	err outcome;
};

static void run_act(void *arg)
{
	struct act *act = arg;
	struct arena *a = arena_new();
	struct db *db = pg_view(act->db, a, 0);
	struct number out;

	if (act->stmt == &nap_write)
		act->outcome = db_exec(db, act->stmt, NULL, ARG(0.4), ARG(1));
	else
		act->outcome = db_one(db, act->stmt, number_fields, &out, ARG(0.4));
	arena_free(a);
}

/* Runs the statement and ends its backend in the midst of it. */
static err interrupted(struct db *db, const struct stmt *s)
{
	struct act act = { .db = db, .stmt = s };
	int64_t end = time_monotonic() + 5 * SECOND;

	EXPECT_TRUE(loop_start(loop_self(), run_act, &act));
	loop_sleep(100 * MILLISECOND);
	EXPECT_EQ(1, end_backends("active", "%pg_sleep%"));
	while (pg_stats(db).in_flight + pg_stats(db).waiting > 0 && time_monotonic() < end)
		loop_sleep(5 * MILLISECOND);
	loop_sleep(5 * MILLISECOND);
	return act.outcome;
}

DB_TEST(a_lost_read_is_run_again)
{
	EXPECT_EQ(2, plus_one(db, 1));
	EXPECT_OK(interrupted(db, &nap_read));
	EXPECT_EQ(1, pg_stats(db).reconnects);
	EXPECT_OK(interrupted(db, &nap_slow));
	EXPECT_EQ(2, pg_stats(db).reconnects);
	EXPECT_EQ(2, plus_one(db, 1));
}

DB_TEST(a_lost_write_is_reported_as_lost)
{
	pg_sql(pg_url(), "CREATE TABLE t (id bigint)");
	EXPECT_EQ(0, count(db));
	EXPECT_ERR(err_db_unavailable, interrupted(db, &nap_write));
	EXPECT_EQ(0, count(db));
	EXPECT_OK(db_exec(db, &insert_id, NULL, ARG(1)));
	EXPECT_EQ(1, count(db));
}

DB_TEST(a_lost_transaction_is_over)
{
	struct db *tx;
	struct number out;

	pg_sql(pg_url(), "CREATE TABLE t (id bigint)");
	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(1)));
	EXPECT_EQ(1, end_backends("idle in transaction", "INSERT INTO t%"));
	EXPECT_ERR(err_db_unavailable, db_one(tx, &count_t, number_fields, &out));
	EXPECT_ERR(err_db_unavailable, db_commit(tx));

	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(1)));
	EXPECT_EQ(1, end_backends("idle in transaction", "INSERT INTO t%"));
	EXPECT_ERR(err_db_unavailable, db_commit(tx));

	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(1)));
	EXPECT_EQ(1, end_backends("idle in transaction", "INSERT INTO t%"));
	loop_sleep(100 * MILLISECOND); /* the loss is noticed, and the link is back */
	EXPECT_ERR(err_db_unavailable, db_exec(tx, &insert_id, NULL, ARG(1)));
	db_rollback(tx);

	EXPECT_EQ(0, count(db));
	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(1)));
	EXPECT_OK(db_commit(tx));
	EXPECT_EQ(1, count(db));
}

DB_TEST(idle_connections_that_break_are_noticed)
{
	EXPECT_EQ(2, plus_one(db, 1));
	loop_sleep(50 * MILLISECOND);
	EXPECT_TRUE(end_backends("idle", "%") >= 1);
	loop_sleep(200 * MILLISECOND);
	EXPECT_TRUE(pg_stats(db).reconnects >= 1);
	EXPECT_EQ(3, pg_stats(db).connected);
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(i + 1, plus_one(db, i));
}

/* ---- without a server ---- */

static void no_server_body(struct db *db)
{
	struct arena *a = arena_new();
	struct number out;
	struct db *tx;
	int64_t begun = time_monotonic();

	EXPECT_ERR(err_db_unavailable,
		   db_one(pg_view(db, a, 50 * MILLISECOND), &add_one, number_fields, &out, ARG(1)));
	EXPECT_ERR(err_db_unavailable, db_begin(pg_view(db, a, 50 * MILLISECOND), &tx));
	EXPECT_TRUE(time_monotonic() - begun < 300 * MILLISECOND);
	EXPECT_ERR(err_db_unavailable, db_one(db, &add_one, number_fields, &out, ARG(1)));
	EXPECT_ERR(err_db_unavailable, db_begin(db, &tx));
	EXPECT_TRUE(time_monotonic() - begun >= 600 * MILLISECOND);
	EXPECT_TRUE(time_monotonic() - begun < 2 * SECOND);
	arena_free(a);
}

TEST(without_a_server_all_is_unavailable_in_time)
{
	pg_run(&(struct db_options){ .url = "postgresql://nobody@127.0.0.1:1/none",
				     .shared = 2,
				     .leased = 1,
				     .connect_timeout = 300 * MILLISECOND },
	       no_server_body);
}

TEST(a_malformed_url_makes_no_pool)
{
	struct loop *l = loop_new();

	EXPECT_NULL(db_pool_new(l, &(struct db_options){ .url = "postgresql://[", .shared = 1 }));
	EXPECT_NULL(db_pool_new(l, &(struct db_options){ .url = "no=such", .shared = 1 }));
	loop_free(l);
}

/* ---- the server restarts ---- */

struct restart {
	struct db *db;
	bool stop, down;
	int parts, good, failed;
	int64_t next;		 /* id to insert */
	int64_t inserted[10000]; /* those reported as done */
	int n;
};

static void reader(void *arg)
{
	struct restart *r = arg;

	while (!r->stop) {
		struct arena *a = arena_new();
		struct number out;
		err e = db_one(pg_view(r->db, a, 400 * MILLISECOND), &add_one, number_fields, &out,
			       ARG(1));

		r->good += !e.info;
		r->failed += e.info != NULL;
		if (e.info)
			EXPECT_EQ(503, e.info->status);
		arena_free(a);
		loop_sleep(MILLISECOND);
	}
}

static void writer(void *arg)
{
	struct restart *r = arg;

	while (!r->stop && r->n < 9000) {
		struct arena *a = arena_new();
		int64_t id = ++r->next;
		err e = db_exec(pg_view(r->db, a, 400 * MILLISECOND), &insert_id, NULL, ARG(id));

		if (!e.info)
			r->inserted[r->n++] = id;
		else
			EXPECT_EQ(503, e.info->status);
		arena_free(a);
		loop_sleep(2 * MILLISECOND);
	}
}

static void stop_and_start(struct restart *r, const char *how)
{
	int64_t back;
	int good;

	loop_sleep(200 * MILLISECOND);
	pg_cluster_stop(how); /* blocks the loop for the moment, as a fence */
	loop_sleep(700 * MILLISECOND);
	EXPECT_EQ(0, pg_stats(r->db).connected);
	pg_cluster_start();
	back = time_monotonic();
	good = r->good;
	while (r->good == good) {
		EXPECT_TRUE(time_monotonic() - back < SECOND);
		loop_sleep(5 * MILLISECOND);
	}
	print_message("good again %lld ms after the return\n",
		      (long long)(time_monotonic() - back) / 1000);
}

static void director(struct restart *r)
{
	stop_and_start(r, "INT");
	stop_and_start(r, "QUIT");
	loop_sleep(200 * MILLISECOND);
	r->stop = true;
}

static void troupe(void *arg)
{
	struct restart *r = arg;
	int part = r->parts++;

	if (part == 0)
		director(r);
	else if (part < 5)
		reader(r);
	else
		writer(r);
}

/* Each insert reported as done is there, and none twice. */
static void check_inserts(struct db *db, const struct restart *r)
{
	static bool there[20000];
	struct list list;
	const struct number *ids;

	EXPECT_OK(db_list(db, &ids_of_t, number_fields, sizeof(struct number), &list));
	ids = list.v;
	for (size_t i = 0; i < list.n; i++) {
		EXPECT_TRUE(ids[i].n < 20000 && !there[ids[i].n]);
		there[ids[i].n] = true;
	}
	for (int i = 0; i < r->n; i++)
		EXPECT_TRUE(there[r->inserted[i]]);
	print_message("%d reported, %zu there\n", r->n, list.n);
}

static void restart_body(struct db *db)
{
	static struct restart r;

	r.db = db;
	pg_together(8, troupe, &r);
	EXPECT_TRUE(r.failed > 0 && r.good > 100 && r.n > 100);
	check_inserts(db, &r);
	EXPECT_EQ(4 + 1, pg_stats(db).connected);
}

TEST(after_a_restart_all_is_well_within_a_second)
{
	const char *url = pg_cluster_start();

	pg_sql(url, "CREATE TABLE t (id bigint)");
	pg_run(&(struct db_options){ .url = url, .shared = 4, .leased = 2 }, restart_body);
	pg_cluster_stop("INT");
}
