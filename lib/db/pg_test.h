/*
 * For the tests of this folder: a database of the test's own in the cluster at TEST_PG_URL, a loop with
 * a pool, and a coroutine to call from; and a private cluster that may be stopped and started.
 */
#pragma once

#include "lib/base/test.h"
#include "lib/db/db.h"

#include <string.h>

#define STMT(var_, text_, ...) \
	static const struct stmt var_ = { .name = #var_, .text = (text_), __VA_ARGS__ }
#define KINDS(...)                                                           \
	.nparams = sizeof((enum kind[]){ __VA_ARGS__ }) / sizeof(enum kind), \
	.kinds = { __VA_ARGS__ }

/* A test whose body runs in a coroutine, with a view of a pool on its own database. */
#define DB_TEST(name_)                           \
	static void name_##_body(struct db *db); \
	TEST(name_)                              \
	{                                        \
		pg_run(NULL, name_##_body);      \
	}                                        \
	static void name_##_body([[maybe_unused]] struct db *db)

#define EXPECT_OK(call_)	 pg_expect(OK, (call_), __FILE__, __LINE__)
#define EXPECT_ERR(want_, call_) pg_expect((want_), (call_), __FILE__, __LINE__)
#define EXPECT_STR(want_, got_)	 pg_expect_str((want_), (got_), __FILE__, __LINE__)
void pg_expect(err want, err got, const char *file, int line);
void pg_expect_str(const char *want, str got, const char *file, int line);

/* The URL of this process's database; made at the first call, dropped at exit. */
const char *pg_url(void);

/* Runs SQL there, blocking, on a connection of its own. Returns the first value, "" for none; valid
 * until the next call. */
const char *pg_sql(const char *url, const char *sql);

/* Runs body in a coroutine. options may be NULL: 2 shared and 2 leased connections; a NULL url is
 * pg_url(). Afterwards nothing may be left in flight. */
void pg_run(const struct db_options *options, void (*body)(struct db *db));

/* Another view of the same pool; its deadline so many microseconds from now, 0: none. */
struct db *pg_view(struct db *db, struct arena *a, int64_t us);

/* Runs fn(arg) in n coroutines beside the caller's and waits for all of them. Suspends. */
void pg_together(int n, void (*fn)(void *), void *arg);

struct db_stats pg_stats(const struct db *db);

/* Suspends until the pool has nothing in flight; fails after 15 s. */
void pg_settle(struct db *db);

/* A cluster of one's own; ends with the process. */
const char *pg_cluster_start(void);	       /* again: on the same data; returns the URL */
void pg_cluster_stop(const char *signal_name); /* "INT" fast, "QUIT" at once; waits for the end */
