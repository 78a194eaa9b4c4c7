/* Statements one by one and in batches: counts, errors, deadlines, what a changed schema does. */
#include "lib/db/pg_test.h"

#include <stdlib.h>

struct number {
	int64_t n;
};
static const struct field number_fields[] = { FIELD(struct number, n), { 0 } };

struct word {
	str w;
};
static const struct field word_fields[] = { FIELD(struct word, w), { 0 } };

STMT(add_one, "SELECT $1 + 1 AS n", .read = true, KINDS(K_I64));
STMT(insert_id, "INSERT INTO t (id, v) VALUES ($1, $2)", KINDS(K_I64, K_STR));
STMT(upsert_id, "INSERT INTO t (id, v) VALUES ($1, $2) ON CONFLICT DO NOTHING",
     KINDS(K_I64, K_STR));
STMT(count_t, "SELECT count(*) AS n FROM t", .read = true);
STMT(delete_all, "DELETE FROM t");
STMT(insert_child, "INSERT INTO child (t_id) VALUES ($1)", KINDS(K_I64));
STMT(insert_late_child, "INSERT INTO late_child (t_id) VALUES ($1)", KINDS(K_I64));
STMT(raise_error, "SELECT raise_it($1) AS n", KINDS(K_STR));
STMT(no_such_table, "SELECT 1 AS n FROM nowhere", .read = true);
STMT(sleep_read, "SELECT 1::bigint AS n FROM pg_sleep($1)", .read = true, KINDS(K_F64));
STMT(sleep_write, "INSERT INTO t (id, v) SELECT $2, 'slept' FROM pg_sleep($1)",
     KINDS(K_F64, K_I64));
STMT(sleep_slow, "SELECT 1::bigint AS n FROM pg_sleep($1)", .read = true, .slow = true,
     KINDS(K_F64));
STMT(running,
     "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() "
     "AND state = 'active' AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()",
     .read = true);

static void tables(void)
{
	pg_sql(pg_url(),
	       "CREATE TABLE t (id bigint PRIMARY KEY, v text NOT NULL CHECK (v <> ''));"
	       "CREATE TABLE child (t_id bigint CONSTRAINT child_of REFERENCES t);"
	       "CREATE TABLE late_child (t_id bigint REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
	       "CREATE FUNCTION raise_it(state text) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN "
	       "RAISE EXCEPTION 'secret value' USING ERRCODE = state; END $$");
}

static int64_t number(struct db *db, const struct stmt *s)
{
	struct number out;

	EXPECT_OK(db_one(db, s, number_fields, &out));
	return out.n;
}

DB_TEST(rows_are_counted)
{
	int64_t affected = -1;

	tables();
	EXPECT_OK(db_exec(db, &insert_id, &affected, ARG(1), ARG(S("a"))));
	EXPECT_EQ(1, affected);
	EXPECT_OK(db_exec(db, &upsert_id, &affected, ARG(1), ARG(S("a"))));
	EXPECT_EQ(0, affected);
	EXPECT_OK(db_exec(db, &insert_id, NULL, ARG(2), ARG(S("b"))));
	EXPECT_OK(db_exec(db, &count_t, &affected));
	EXPECT_EQ(1, affected); /* rows returned */
	EXPECT_EQ(2, number(db, &count_t));
	EXPECT_OK(db_exec(db, &delete_all, &affected));
	EXPECT_EQ(2, affected);
}

DB_TEST(some_rows_or_not_found)
{
	struct db_batch *b = db_batch(db);

	tables();
	EXPECT_OK(db_some(db, &insert_id, ARG(1), ARG(S("a"))));
	EXPECT_ERR(err_not_found, db_some(db, &upsert_id, ARG(1), ARG(S("a"))));
	EXPECT_OK(db_some(db, &count_t));
	db_batch_some(b, &delete_all);
	EXPECT_OK(db_batch_run(b));
	db_batch_some(b, &delete_all);
	EXPECT_ERR(err_not_found, db_batch_run(b));
}

DB_TEST(violations_are_told_apart_and_named)
{
	tables();
	EXPECT_OK(db_exec(db, &insert_id, NULL, ARG(1), ARG(S("a"))));
	EXPECT_ERR(err_db_unique, db_exec(db, &insert_id, NULL, ARG(1), ARG(S("a"))));
	EXPECT_STR("t_pkey", db_constraint(db));
	EXPECT_ERR(err_db_check, db_exec(db, &insert_id, NULL, ARG(2), ARG(S(""))));
	EXPECT_STR("t_v_check", db_constraint(db));
	EXPECT_ERR(err_db_check, db_exec(db, &insert_id, NULL, ARG(2), arg_null()));
	EXPECT_STR("v", db_constraint(db));
	EXPECT_ERR(err_db_foreign_key, db_exec(db, &insert_child, NULL, ARG(9)));
	EXPECT_STR("child_of", db_constraint(db));
	EXPECT_OK(db_exec(db, &insert_child, NULL, ARG(1)));
	EXPECT_STR(NULL, db_constraint(db));
}

DB_TEST(a_constraint_checked_at_the_commit_fails_its_statement)
{
	tables();
	EXPECT_ERR(err_db_foreign_key, db_exec(db, &insert_late_child, NULL, ARG(9)));
	EXPECT_STR("late_child_t_id_fkey", db_constraint(db));
	EXPECT_EQ(0, number(db, &count_t));
}

DB_TEST(sqlstates_become_errors)
{
	struct number out;

	tables();
	EXPECT_ERR(err_internal, db_one(db, &raise_error, number_fields, &out, ARG(S("P0001"))));
	EXPECT_ERR(err_invalid, db_one(db, &raise_error, number_fields, &out, ARG(S("22023"))));
	EXPECT_ERR(err_db_serialize,
		   db_one(db, &raise_error, number_fields, &out, ARG(S("40001"))));
	EXPECT_ERR(err_db_serialize,
		   db_one(db, &raise_error, number_fields, &out, ARG(S("40P01"))));
	EXPECT_ERR(err_deadline, db_one(db, &raise_error, number_fields, &out, ARG(S("57014"))));
	EXPECT_ERR(err_db_unavailable,
		   db_one(db, &raise_error, number_fields, &out, ARG(S("53100"))));
	EXPECT_ERR(err_db_unavailable,
		   db_one(db, &raise_error, number_fields, &out, ARG(S("25006"))));
	EXPECT_ERR(err_internal, db_one(db, &no_such_table, number_fields, &out));
	EXPECT_EQ(0, pg_stats(db).reconnects);
}

/* ---- groups ---- */

STMT(div_by, "SELECT 10 / $1 AS n", .read = true, KINDS(K_I64));

DB_TEST(a_failing_read_does_not_harm_its_neighbours)
{
	struct number out[12];
	struct db_batch *b = db_batch(db);

	for (int round = 0; round < 2; round++) { /* second: all prepared, so one group */
		memset(out, 0, sizeof(out));
		for (int i = 0; i < 12; i++)
			db_batch_one(b, &div_by, number_fields, &out[i], ARG(i % 4 == 2 ? 0 : 5));
		EXPECT_ERR(err_invalid, db_batch_run(b));
		for (int i = 0; i < 12; i++)
			EXPECT_EQ(i % 4 == 2 ? 0 : 2, out[i].n);
	}
}

DB_TEST(a_batch_runs_in_order_and_each_statement_on_its_own)
{
	struct db_batch *b = db_batch(db);
	struct number one = { 0 }, before = { 0 }, between = { 0 }, after = { 0 };
	struct list list = { 0 };
	int64_t affected = 0;

	tables();
	EXPECT_OK(db_batch_run(b)); /* nothing in it */
	for (int round = 0; round < 2; round++) {
		db_batch_one(b, &add_one, number_fields, &one, ARG(41));
		db_batch_one(b, &count_t, number_fields, &before);
		db_batch_exec(b, &insert_id, &affected, ARG(1), ARG(S("x")));
		db_batch_one(b, &count_t, number_fields, &between);
		db_batch_exec(b, &insert_id, NULL, ARG(1), ARG(S("again")));
		db_batch_exec(b, &insert_id, NULL, ARG(2), ARG(S("y")));
		db_batch_list(b, &count_t, number_fields, sizeof(struct number), &list);
		EXPECT_ERR(err_db_unique, db_batch_run(b));
		EXPECT_STR("t_pkey", db_constraint(db));
		after = *(struct number *)list.v;
		EXPECT_EQ(42, one.n);
		EXPECT_EQ(1, affected);
		EXPECT_EQ(0, before.n);
		EXPECT_EQ(1, between.n);
		EXPECT_EQ(2, after.n);
		EXPECT_OK(db_exec(db, &delete_all, NULL));
	}
}

/* ---- deadlines ---- */

static int64_t plus_one(struct db *db, int64_t n)
{
	struct number out;

	EXPECT_OK(db_one(db, &add_one, number_fields, &out, ARG(n)));
	return out.n;
}

DB_TEST(past_its_deadline_a_query_is_dropped_and_the_connection_goes_on)
{
	struct arena *a = arena_new();
	struct number out;
	struct db *brief;
	int64_t begun, took;

	EXPECT_EQ(2, plus_one(db, 1)); /* connected */
	begun = time_monotonic();
	brief = pg_view(db, a, 50 * MILLISECOND);
	EXPECT_ERR(err_deadline, db_one(brief, &sleep_read, number_fields, &out, ARG(0.5)));
	took = time_monotonic() - begun;
	EXPECT_TRUE(took >= 50 * MILLISECOND && took < 300 * MILLISECOND);
	EXPECT_ERR(err_unavailable, db_one(brief, &add_one, number_fields, &out, ARG(1)));
	arena_free(a); /* while the server is still at it */

	for (int i = 0; i < 200; i++) /* over both connections */
		EXPECT_EQ(i + 1, plus_one(db, i));
	pg_settle(db);
	EXPECT_TRUE(time_monotonic() - begun >= 500 * MILLISECOND);
	EXPECT_EQ(0, pg_stats(db).reconnects);
}

DB_TEST(an_abandoned_write_is_no_success)
{
	struct arena *a = arena_new();
	struct db *brief;

	tables();
	EXPECT_EQ(0, number(db, &count_t));
	brief = pg_view(db, a, 30 * MILLISECOND);
	EXPECT_ERR(err_deadline, db_exec(brief, &sleep_write, NULL, ARG(0.2), ARG(1)));
	arena_free(a);
	pg_settle(db);
	EXPECT_EQ(1, number(db, &count_t)); /* its outcome was unknown, and is this */
}

DB_TEST(what_was_not_sent_by_the_deadline_never_is)
{
	struct arena *a = arena_new();
	struct db *gone;

	tables();
	EXPECT_EQ(0, number(db, &count_t));
	gone = pg_view(db, a, 1);
	loop_sleep(2 * MILLISECOND);
	EXPECT_ERR(err_unavailable, db_exec(gone, &insert_id, NULL, ARG(1), ARG(S("a"))));
	arena_free(a);
	pg_settle(db);
	EXPECT_EQ(0, number(db, &count_t));
}

static void the_server_ends_it_body(struct db *db)
{
	struct number out;
	int64_t begun = time_monotonic();

	EXPECT_ERR(err_deadline, db_one(db, &sleep_read, number_fields, &out, ARG(5.0)));
	EXPECT_ERR(err_deadline, db_one(db, &sleep_slow, number_fields, &out, ARG(5.0)));
	EXPECT_TRUE(time_monotonic() - begun < 2 * SECOND);
	EXPECT_EQ(2, plus_one(db, 1));
}

TEST(without_a_deadline_the_server_ends_what_takes_too_long)
{
	pg_run(&(struct db_options){ .shared = 1,
				     .leased = 1,
				     .statement_timeout = 100 * MILLISECOND,
				     .slow_timeout = 300 * MILLISECOND },
	       the_server_ends_it_body);
}

DB_TEST(an_abandoned_slow_statement_is_cancelled)
{
	struct arena *a = arena_new();
	struct db *brief;
	struct number out;
	int64_t begun = time_monotonic();

	EXPECT_OK(db_one(db, &sleep_slow, number_fields, &out, ARG(0.0)));
	brief = pg_view(db, a, 50 * MILLISECOND);
	EXPECT_ERR(err_deadline, db_one(brief, &sleep_slow, number_fields, &out, ARG(20.0)));
	arena_free(a);
	pg_settle(db);
	EXPECT_TRUE(time_monotonic() - begun < 5 * SECOND);
	EXPECT_EQ(0, number(db, &running));
	EXPECT_EQ(0, pg_stats(db).reconnects);
	EXPECT_OK(db_one(db, &sleep_slow, number_fields, &out, ARG(0.0)));
}

/* ---- many at once ---- */

struct load {
	struct db *db;
	int64_t *latency;
	int n, limit;
	bool stop;
};

static void fast_client(void *arg)
{
	struct load *l = arg;

	while (!l->stop && l->n < l->limit) {
		struct arena *a = arena_new();
		int64_t begun = time_monotonic(), n = l->n;

		EXPECT_EQ(n + 1, plus_one(pg_view(l->db, a, 10 * SECOND), n));
		l->latency[l->n++] = time_monotonic() - begun;
		arena_free(a);
	}
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* p99 of `limit` fast statements by 16 clients. */
static int64_t p99(struct load *l, int limit)
{
	l->n = 0;
	l->limit = limit;
	pg_together(16, fast_client, l);
	qsort(l->latency, (size_t)l->n, sizeof(*l->latency), by_size);
	return l->latency[l->n * 99 / 100];
}

static void slow_client(void *arg)
{
	struct load *l = arg;
	struct arena *a = arena_new();
	struct number out;

	EXPECT_OK(db_one(pg_view(l->db, a, 0), &sleep_slow, number_fields, &out, ARG(1.0)));
	arena_free(a);
	l->stop = true;
}

static void slow_and_fast(void *arg)
{
	struct load *l = arg;

	if (l->n++ == 0) { /* the first of the two coroutines */
		slow_client(l);
		return;
	}
	*l->latency = p99(l, 400000);
}

DB_TEST(a_slow_statement_does_not_hold_up_the_fast_ones)
{
	struct load l = { .db = db, .latency = calloc(400000, sizeof(int64_t)) };
	int64_t alone, beside, n;

	p99(&l, 2000);
	alone = p99(&l, 4000);
	l.n = 0;
	pg_together(2, slow_and_fast, &l);
	beside = *l.latency;
	n = l.n;
	print_message("p99 %lld us alone, %lld us beside a slow one (%lld statements)\n",
		      (long long)alone, (long long)beside, (long long)n);
	EXPECT_TRUE(n > 1000);
	EXPECT_TRUE(beside < 3 * alone + 20 * MILLISECOND);
	free(l.latency);
}

/* ---- a schema that changes ---- */

STMT(all_of_s, "SELECT * FROM s", .read = true);
STMT(from_s, "SELECT w FROM s", .read = true);

DB_TEST(a_plan_gone_stale_is_made_anew)
{
	struct word out;
	struct number n;

	pg_sql(pg_url(), "CREATE TABLE s AS SELECT 'x'::text AS w");
	for (int i = 0; i < 8; i++) /* on both connections */
		EXPECT_OK(db_one(db, &from_s, word_fields, &out));
	pg_sql(pg_url(), "ALTER TABLE s ALTER w TYPE varchar(9)");
	for (int i = 0; i < 8; i++)
		EXPECT_OK(db_one(db, &from_s, word_fields, &out));
	EXPECT_STR("x", out.w);
	pg_sql(pg_url(), "ALTER TABLE s DROP w, ADD n bigint DEFAULT 7");
	EXPECT_ERR(err_internal, db_one(db, &from_s, word_fields, &out));
	for (int i = 0; i < 8; i++)
		EXPECT_OK(db_one(db, &all_of_s, number_fields, &n));
	EXPECT_EQ(7, n.n);
	pg_sql(pg_url(), "ALTER TABLE s DROP n, ADD w text DEFAULT 'y'");
	for (int i = 0; i < 8; i++)
		EXPECT_OK(db_one(db, &all_of_s, word_fields, &out));
	EXPECT_STR("y", out.w);
	EXPECT_EQ(0, pg_stats(db).reconnects);
}
