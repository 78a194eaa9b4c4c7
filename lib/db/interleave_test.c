/*
 * Thousands of operations of every sort at once, in random order, with deadlines that pass and backends
 * that are ended under them. Each answer is checked; at the end, what was reported as written is there,
 * what was reported as refused or rolled back is not, and nothing is left behind. And two loops on two
 * threads, for ThreadSanitizer.
 */
#include "lib/base/rand.h"
#include "lib/db/pg_test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct number {
	int64_t n;
};
static const struct field number_fields[] = { FIELD(struct number, n), { 0 } };

struct mixed {
	int64_t n;
	str text;
	struct i64s all;
};
static const struct field mixed_fields[] = {
	FIELD(struct mixed, n),
	FIELD(struct mixed, text),
	FIELD(struct mixed, all),
	{ 0 },
};

STMT(add_one, "SELECT $1 + 1 AS n", .read = true, KINDS(K_I64));
STMT(div_by, "SELECT 100 / $1 AS n", .read = true, KINDS(K_I64));
STMT(mixed_rows,
     "SELECT g AS n, repeat($2, g::int) AS text, $3 AS all FROM generate_series(1, $1) g",
     .read = true, KINDS(K_I64, K_STR, K_I64S));
STMT(nap, "SELECT $2 + 1 AS n FROM pg_sleep($1)", .read = true, KINDS(K_F64, K_I64));
STMT(slow_nap, "SELECT $2 + 1 AS n FROM pg_sleep($1)", .read = true, .slow = true,
     KINDS(K_F64, K_I64));
STMT(insert_id, "INSERT INTO t VALUES ($1)", KINDS(K_I64));
STMT(end_somebody,
     "SELECT count(pg_terminate_backend(pid)) AS n FROM (SELECT pid FROM "
     "pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
     "AND backend_type = 'client backend' ORDER BY random() LIMIT 1) x");
STMT(ids, "SELECT id AS n FROM t", .read = true);

enum { OPERATIONS = 10000, CLIENTS = 24 };

enum fate { UNKNOWN, THERE, NOT_THERE };

struct chaos {
	struct db *db;
	struct rand_seq random;
	int left;
	bool ends_backends;
	int64_t next_id;
	uint8_t fate[4 * OPERATIONS + 1]; /* of the row with that id */
	int unavailable, late;
};

/* Errors that outages and deadlines explain; anything else fails the test. */
static bool explained(struct chaos *c, err e)
{
	if (!e.info)
		return false;
	if (e.info == err_db_unavailable.info && c->ends_backends) {
		c->unavailable++;
		return true;
	}
	if (e.info != err_deadline.info && e.info != err_unavailable.info)
		print_error("unexplained: %s\n", e.info->message);
	assert_true(e.info == err_deadline.info || e.info == err_unavailable.info);
	c->late++;
	return true;
}

static int64_t below(struct chaos *c, uint64_t n)
{
	return (int64_t)rand_below(&c->random, n);
}

/* ---- operations ---- */

static void do_read(struct chaos *c, struct db *db)
{
	int64_t n = below(c, 1000000);
	struct number out;

	if (!explained(c, db_one(db, &add_one, number_fields, &out, ARG(n))))
		EXPECT_EQ(n + 1, out.n);
}

static void do_divide(struct chaos *c, struct db *db)
{
	int64_t n = below(c, 3);
	struct number out;
	err e = db_one(db, &div_by, number_fields, &out, ARG(n));

	if (n == 0 && e.info == err_invalid.info)
		return;
	if (!explained(c, e))
		EXPECT_EQ(100 / n, out.n);
}

static void do_rows(struct chaos *c, struct db *db)
{
	int64_t rows = below(c, 60);
	int64_t all[] = { 3, 1, 4 };
	struct i64s list_of = { all, 3 };
	const struct mixed *m;
	struct list list;

	if (explained(c,
		      db_list(db, &mixed_rows, mixed_fields, sizeof(struct mixed), &list, ARG(rows),
			      ARG(S("ab")), ARG(list_of))))
		return;
	EXPECT_EQ(rows, list.n);
	m = list.v;
	for (int64_t i = 0; i < rows; i++) {
		EXPECT_EQ(i + 1, m[i].n);
		EXPECT_EQ(2 * (i + 1), m[i].text.n);
		EXPECT_EQ(4, m[i].all.v[2]);
	}
}

static void do_nap(struct chaos *c, struct db *db, const struct stmt *s)
{
	int64_t n = below(c, 1000);
	double seconds = (double)below(c, 8) / 1000;
	struct number out;

	if (!explained(c, db_one(db, s, number_fields, &out, ARG(seconds), ARG(n))))
		EXPECT_EQ(n + 1, out.n);
}

static void do_write(struct chaos *c, struct db *db)
{
	int64_t id = ++c->next_id;
	err e = db_exec(db, &insert_id, NULL, ARG(id));

	if (!explained(c, e)) {
		c->fate[id] = THERE;
		e = db_exec(db, &insert_id, NULL, ARG(id));
		if (e.info != err_db_unique.info)
			assert_true(explained(c, e));
	}
}

/* Ends it by commit, rollback, or not at all. */
static void do_transaction(struct chaos *c, struct db *db)
{
	int64_t id = ++c->next_id, end = below(c, 3);
	struct db *tx;
	err e;

	c->fate[id] = NOT_THERE;
	if (explained(c, db_begin(db, &tx)))
		return;
	do_read(c, tx);
	e = db_exec(tx, &insert_id, NULL, ARG(id));
	if (end == 1)
		db_rollback(tx);
	if (end != 0 || explained(c, e))
		return;
	c->fate[id] = UNKNOWN;
	if (!explained(c, db_commit(tx)))
		c->fate[id] = THERE;
}

static void do_batch(struct chaos *c, struct db *db)
{
	struct db_batch *b = db_batch(db);
	int64_t n[8], id = 0;
	struct number out[8];
	int reads = 1 + (int)below(c, 8);
	err e;

	for (int i = 0; i < reads; i++) {
		n[i] = below(c, 1000);
		db_batch_one(b, &add_one, number_fields, &out[i], ARG(n[i]));
	}
	if (below(c, 2)) {
		id = ++c->next_id;
		db_batch_exec(b, &insert_id, NULL, ARG(id));
	}
	e = db_batch_run(b);
	if (explained(c, e))
		return;
	for (int i = 0; i < reads; i++)
		EXPECT_EQ(n[i] + 1, out[i].n);
	if (id)
		c->fate[id] = THERE;
}

static void operate(struct chaos *c, struct db *db)
{
	struct number out;

	switch (below(c, 10)) {
	case 0:
	case 1:
		do_read(c, db);
		break;
	case 2:
		do_divide(c, db);
		break;
	case 3:
		do_rows(c, db);
		break;
	case 4:
		do_nap(c, db, &nap);
		break;
	case 5:
		do_nap(c, db, &slow_nap);
		break;
	case 6:
		do_write(c, db);
		break;
	case 7:
		do_transaction(c, db);
		break;
	case 8:
		do_batch(c, db);
		break;
	default:
		if (c->ends_backends && below(c, 20) == 0)
			explained(c, db_one(db, &end_somebody, number_fields, &out));
		else
			loop_sleep(below(c, 2000));
	}
}

static void client(void *arg)
{
	struct chaos *c = arg;

	while (c->left-- > 0) {
		struct arena *a = arena_new();
		int64_t patience = below(c, 4) ? 10 * SECOND : 200 + below(c, 8000);

		operate(c, pg_view(c->db, a, patience));
		arena_free(a);
	}
}

/* ---- the tests ---- */

static void check_fates(struct chaos *c)
{
	static bool there[4 * OPERATIONS + 1];
	const struct number *rows;
	struct list list;

	EXPECT_OK(db_list(c->db, &ids, number_fields, sizeof(struct number), &list));
	rows = list.v;
	memset(there, 0, sizeof(there));
	for (size_t i = 0; i < list.n; i++)
		there[rows[i].n] = true;
	for (int64_t id = 1; id <= c->next_id; id++)
		if (c->fate[id] != UNKNOWN)
			EXPECT_EQ(c->fate[id] == THERE, there[id]);
	print_message("%zu rows, %d calls unavailable, %d late, %lld reconnects\n", list.n,
		      c->unavailable, c->late, (long long)pg_stats(c->db).reconnects);
}

static void connect_first(struct chaos *c)
{
	struct number out;

	EXPECT_OK(db_one(c->db, &add_one, number_fields, &out, ARG(1)));
}

static void run_chaos(struct db *db, bool ends_backends)
{
	struct chaos *c = calloc(1, sizeof(*c));
	const char *seed = getenv("TEST_SEED");

	c->db = db;
	c->ends_backends = ends_backends;
	c->left = getenv("VALGRIND") ? OPERATIONS / 10 : OPERATIONS; /* it is slow */
	c->random.state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time_now().us;
	print_message("TEST_SEED=%llu\n", (unsigned long long)c->random.state);
	pg_sql(pg_url(), "CREATE TABLE IF NOT EXISTS t (id bigint PRIMARY KEY)");
	connect_first(c);
	pg_together(CLIENTS, client, c);
	pg_settle(db);
	check_fates(c);
	EXPECT_TRUE(c->late > 0);
	free(c);
}

static void with_deadlines(struct db *db)
{
	run_chaos(db, false);
	EXPECT_EQ(0, pg_stats(db).reconnects);
}

static void with_outages(struct db *db)
{
	run_chaos(db, true);
	EXPECT_TRUE(pg_stats(db).reconnects > 0);
}

TEST(random_operations_with_deadlines_keep_their_promises)
{
	pg_run(&(struct db_options){ .shared = 3, .leased = 3, .depth = 16 }, with_deadlines);
}

TEST(random_operations_with_outages_keep_their_promises)
{
	pg_run(&(struct db_options){ .shared = 3, .leased = 3, .depth = 16 }, with_outages);
}

static void some_of_all(struct db *db)
{
	static _Atomic int64_t loops;
	struct chaos *c = calloc(1, sizeof(*c));

	c->db = db;
	c->left = OPERATIONS / 10;
	c->random.state = (uint64_t)++loops;
	c->next_id = loops == 1 ? 0 : OPERATIONS;
	connect_first(c);
	pg_together(CLIENTS, client, c);
	free(c);
}

static void *loop_thread(void *url)
{
	pg_run(&(struct db_options){ .url = url, .shared = 2, .leased = 2 }, some_of_all);
	return NULL;
}

TEST(two_loops_share_nothing)
{
	char *url = strdup(pg_url());
	pthread_t threads[2];

	pg_sql(url, "CREATE TABLE t (id bigint PRIMARY KEY)");
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(0, pthread_create(&threads[i], NULL, loop_thread, url));
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	free(url);
}
