/* Transactions and the leases under them. */
#include "lib/db/pg_test.h"

#include <stdlib.h>

struct number {
	int64_t n;
};
static const struct field number_fields[] = { FIELD(struct number, n), { 0 } };

STMT(insert_id, "INSERT INTO t (id) VALUES ($1)", KINDS(K_I64));
STMT(late_child, "INSERT INTO late_child (t_id) VALUES ($1)", KINDS(K_I64));
STMT(count_t, "SELECT count(*) AS n FROM t", .read = true);
STMT(bump, "UPDATE counter SET n = n + 1 WHERE id = $1", KINDS(K_I64));
STMT(counted, "SELECT n FROM counter WHERE id = $1", .read = true, KINDS(K_I64));
STMT(tx_id, "SELECT pg_current_xact_id()::text::bigint AS n", .read = true);
STMT(take_a_nap, "SELECT 1::bigint AS n FROM pg_sleep($1)", .read = true, KINDS(K_F64));
STMT(slow_nap, "SELECT 1::bigint AS n FROM pg_sleep($1)", .read = true, .slow = true, KINDS(K_F64));
STMT(open_transactions, "SELECT count(*) AS n FROM pg_stat_activity WHERE state LIKE 'idle in tr%'",
     .read = true);

static void tables(void)
{
	pg_sql(pg_url(),
	       "CREATE TABLE t (id bigint PRIMARY KEY);"
	       "CREATE TABLE late_child (t_id bigint REFERENCES t DEFERRABLE INITIALLY DEFERRED);"
	       "CREATE TABLE counter (id bigint PRIMARY KEY, n bigint NOT NULL);"
	       "INSERT INTO counter VALUES (1, 0), (2, 0)");
}

static int64_t number(struct db *db, const struct stmt *s)
{
	struct number out;

	EXPECT_OK(db_one(db, s, number_fields, &out));
	return out.n;
}

DB_TEST(a_commit_keeps_everything)
{
	struct db *tx;

	tables();
	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(1)));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(2)));
	EXPECT_EQ(2, number(tx, &count_t));
	EXPECT_EQ(0, number(db, &count_t));
	EXPECT_EQ(number(tx, &tx_id), number(tx, &tx_id));
	EXPECT_EQ(1, pg_stats(db).leased);
	EXPECT_OK(db_commit(tx));
	EXPECT_EQ(2, number(db, &count_t));
	EXPECT_EQ(0, pg_stats(db).leased);
}

DB_TEST(a_rollback_and_the_end_of_the_arena_keep_nothing)
{
	struct arena *a = arena_new();
	struct db *tx;

	tables();
	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(1)));
	db_rollback(tx);
	db_rollback(tx); /* nothing left to do */

	EXPECT_OK(db_begin(pg_view(db, a, 0), &tx));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(2)));
	arena_free(a);
	pg_settle(db);
	EXPECT_EQ(0, number(db, &count_t));
	EXPECT_EQ(0, number(db, &open_transactions));
	EXPECT_EQ(0, pg_stats(db).reconnects);
}

DB_TEST(a_transaction_without_statements_asks_nothing)
{
	struct arena *a = arena_new();
	struct db *tx;

	EXPECT_OK(db_begin(pg_view(db, a, 0), &tx));
	EXPECT_OK(db_commit(tx));
	EXPECT_OK(db_begin(pg_view(db, a, 0), &tx));
	db_rollback(tx);
	EXPECT_OK(db_begin(pg_view(db, a, 0), &tx));
	arena_free(a);
	EXPECT_EQ(0, pg_stats(db).statements);
	EXPECT_EQ(0, pg_stats(db).in_flight + pg_stats(db).leased);
}

DB_TEST(after_an_error_only_rollback_is_left)
{
	struct db *tx;
	struct number out;

	tables();
	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(1)));
	EXPECT_ERR(err_db_unique, db_exec(tx, &insert_id, NULL, ARG(1)));
	EXPECT_STR("t_pkey", db_constraint(tx));
	EXPECT_ERR(err_db_unique, db_one(tx, &count_t, number_fields, &out));
	EXPECT_ERR(err_db_unique, db_commit(tx));
	EXPECT_EQ(0, number(db, &count_t));
}

DB_TEST(no_rows_is_no_failure_of_the_transaction)
{
	struct db *tx;
	struct number out;

	tables();
	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(1)));
	EXPECT_ERR(err_not_found, db_one(tx, &counted, number_fields, &out, ARG(9)));
	EXPECT_OK(db_commit(tx));
	EXPECT_EQ(1, number(db, &count_t));
}

DB_TEST(a_constraint_checked_at_the_commit_fails_the_commit)
{
	struct db *tx;

	tables();
	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_exec(tx, &late_child, NULL, ARG(7)));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(1)));
	EXPECT_ERR(err_db_foreign_key, db_commit(tx));
	EXPECT_STR("late_child_t_id_fkey", db_constraint(tx));
	EXPECT_EQ(0, number(db, &count_t));
}

DB_TEST(a_batch_inside_fails_as_a_whole)
{
	struct db *tx;
	struct db_batch *b;
	struct number n = { 0 };

	tables();
	EXPECT_OK(db_begin(db, &tx));
	b = db_batch(tx);
	db_batch_exec(b, &insert_id, NULL, ARG(1));
	db_batch_exec(b, &insert_id, NULL, ARG(2));
	db_batch_one(b, &count_t, number_fields, &n);
	EXPECT_OK(db_batch_run(b));
	EXPECT_EQ(2, n.n);
	db_batch_exec(b, &insert_id, NULL, ARG(3));
	db_batch_exec(b, &insert_id, NULL, ARG(1));
	db_batch_one(b, &count_t, number_fields, &n);
	EXPECT_ERR(err_db_unique, db_batch_run(b));
	EXPECT_ERR(err_db_unique, db_commit(tx));
	EXPECT_EQ(0, number(db, &count_t));
}

DB_TEST(a_deadline_within_ends_the_transaction_and_stops_the_server)
{
	struct arena *a = arena_new();
	struct number out;
	struct db *tx;
	int64_t begun = time_monotonic();

	tables();
	EXPECT_OK(db_begin(pg_view(db, a, 300 * MILLISECOND), &tx));
	EXPECT_OK(db_exec(tx, &insert_id, NULL, ARG(1)));
	EXPECT_ERR(err_deadline, db_one(tx, &take_a_nap, number_fields, &out, ARG(20.0)));
	EXPECT_ERR(err_deadline, db_commit(tx));
	arena_free(a);
	pg_settle(db);
	EXPECT_TRUE(time_monotonic() - begun < 5 * SECOND);
	EXPECT_EQ(0, number(db, &count_t));
	EXPECT_EQ(0, number(db, &open_transactions));
}

/* ---- many ---- */

static void bump_both(void *arg)
{
	struct db *db = arg;

	for (int i = 0; i < 20; i++) {
		struct arena *a = arena_new();
		struct db *tx;

		EXPECT_OK(db_begin(pg_view(db, a, 10 * SECOND), &tx));
		EXPECT_OK(db_exec(tx, &bump, NULL, ARG(1)));
		EXPECT_OK(db_exec(tx, &bump, NULL, ARG(2)));
		if (i % 2)
			EXPECT_OK(db_commit(tx));
		arena_free(a);
	}
}

DB_TEST(more_transactions_than_leases_take_turns)
{
	struct number out;

	tables();
	pg_together(12, bump_both, db);
	EXPECT_OK(db_one(db, &counted, number_fields, &out, ARG(2)));
	EXPECT_EQ(120, out.n);
	EXPECT_TRUE(pg_stats(db).connected <= 4);
}

DB_TEST(without_a_lease_until_the_deadline_is_unavailable)
{
	struct arena *a = arena_new();
	struct db *first, *second, *third;
	struct number out;
	int64_t begun;

	EXPECT_OK(db_begin(db, &first));
	EXPECT_OK(db_begin(db, &second));
	begun = time_monotonic();
	EXPECT_ERR(err_unavailable, db_begin(pg_view(db, a, 60 * MILLISECOND), &third));
	EXPECT_ERR(err_unavailable,
		   db_one(pg_view(db, a, 60 * MILLISECOND), &slow_nap, number_fields, &out,
			  ARG(0.0)));
	EXPECT_TRUE(time_monotonic() - begun >= 120 * MILLISECOND);
	EXPECT_EQ(0, pg_stats(db).waiting);
	db_rollback(first);
	EXPECT_OK(db_begin(pg_view(db, a, 60 * MILLISECOND), &third));
	EXPECT_OK(db_commit(third));
	EXPECT_OK(db_commit(second));
	arena_free(a);
}

/* Two transactions that lock two rows in opposite order. */
struct duel {
	struct db *db;
	int started, lost, won;
};

static void duellist(void *arg)
{
	struct duel *d = arg;
	int64_t mine = ++d->started;
	struct arena *a = arena_new();
	struct db *tx;
	err e;

	EXPECT_OK(db_begin(pg_view(d->db, a, 0), &tx));
	EXPECT_OK(db_exec(tx, &bump, NULL, ARG(mine)));
	loop_sleep(50 * MILLISECOND);
	e = db_exec(tx, &bump, NULL, ARG(3 - mine));
	if (e.info) {
		EXPECT_ERR(err_db_serialize, e);
		d->lost++;
	} else {
		EXPECT_OK(db_commit(tx));
		d->won++;
	}
	arena_free(a);
}

DB_TEST(a_deadlock_is_to_be_tried_again)
{
	struct duel d = { .db = db };

	tables();
	pg_together(2, duellist, &d);
	EXPECT_EQ(1, d.lost);
	EXPECT_EQ(1, d.won);
}

STMT(all_of_s, "SELECT * FROM s", .read = true);

static void stale_plan_body(struct db *db)
{
	struct number out;
	struct db *tx;

	pg_sql(pg_url(), "CREATE TABLE s AS SELECT 1::bigint AS n");
	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_one(tx, &all_of_s, number_fields, &out));
	EXPECT_OK(db_commit(tx));
	pg_sql(pg_url(), "ALTER TABLE s ADD m int");
	EXPECT_OK(db_begin(db, &tx));
	EXPECT_ERR(err_db_serialize, db_one(tx, &all_of_s, number_fields, &out));
	db_rollback(tx);
	pg_sql(pg_url(), "ALTER TABLE s DROP m");
	EXPECT_OK(db_begin(db, &tx));
	EXPECT_OK(db_one(tx, &all_of_s, number_fields, &out));
	EXPECT_OK(db_commit(tx));
}

TEST(a_stale_plan_inside_is_to_be_tried_again)
{
	pg_run(&(struct db_options){ .shared = 1, .leased = 1 }, stale_plan_body);
}
