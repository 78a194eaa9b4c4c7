/*
 * PostgreSQL for coroutines (libpq, non-blocking, pipeline mode).
 *
 * A loop has a `struct db_pool`: a few shared connections on which single statements of many
 * requests are pipelined, and leased ones for transactions and slow statements. A request holds a
 * `struct db`: a view of its loop's pool with the request's arena and deadline; a transaction is a
 * `struct db` too, so every function that takes one works inside and outside of it.
 *
 * Results are bound in PostgreSQL's binary format straight into structs by field table: column =
 * member, in any order; a member of a nested record (.of) is the column named with a dot,
 * "author.handle"; one that is a pointer (.ref, .size) stays NULL when all its columns are. A nested
 * record or a list without columns is left zero, for the caller to fill. A missing or superfluous
 * column, or a type that does not fit, is err_internal and a line in the log. NULL leaves a member
 * zero. Strings point into the result, which the arena releases.
 *
 * Past the deadline a call returns err_deadline; the query itself belongs to its connection, is
 * drained there and its result dropped.
 */
#pragma once

#include "lib/db/stmt.h"
#include "lib/net/loop.h"

struct db_pool;
struct db;

struct db_options {
	const char *url;	 /* libpq URL */
	int shared, leased;	 /* connections of each kind, at most */
	int depth;		 /* statements in flight on one shared connection, at most */
	int64_t connect_timeout; /* microseconds; 0: 5 s */
	int64_t statement_timeout,
		slow_timeout; /* of shared and leased connections; 0: 5 s, 60 s */
	const char *application_name;

	/* After each statement, on the loop: its name's row, and how long its caller waited for it, waiting for
	 * a connection included. NULL: nobody asks. */
	void (*on_statement)(const struct stmt *s, int64_t us);
};

struct db_stats {
	int connected, in_flight, leased, waiting;
	int64_t statements, errors, reconnects;
};

/* Connects in the background, with back-off from 10 ms to 0.4 s for ever; statements wait for a
 * connection until their deadline, at most `connect_timeout`, then err_db_unavailable. With all
 * connections busy they wait until their deadline, then err_unavailable.
 * NULL: the URL is malformed, or out of memory. Everything here belongs to the loop's thread. */
struct db_pool *db_pool_new(struct loop *l, const struct db_options *options);

/* Nobody may wait for anything of it any more; what is in flight is dropped. NULL-safe. */
void db_pool_free(struct db_pool *p);
struct db_stats db_pool_stats(const struct db_pool *p);

/* A request's view; owned by the arena. deadline: monotonic microseconds, 0 none. */
struct db *db_open(struct db_pool *p, struct arena *a, int64_t deadline);
struct arena *db_arena(const struct db *db);

/* The same with another arena: for results that are to go before the request's own. No transaction. */
struct db *db_with(const struct db *db, struct arena *a);

/* How long those who asked by this view, its transactions and those of db_with, have waited for answers: microseconds. */
int64_t db_waited(const struct db *db);

/* A value for a parameter; the kind must be the one the statement declares. */
struct arg {
	enum kind kind;
	union {
		bool b;
		int32_t i32;
		int64_t i64;
		double f64;
		str s;
		uuid id;
		usec t;
		struct json json;
		struct bytes bytes;
		struct strs strs;
		struct uuids uuids;
		struct i32s i32s;
		struct i64s i64s;
	} v;
};
struct arg arg_bool(bool v);
struct arg arg_i32(int32_t v); /* also for a bigint */
struct arg arg_i64(int64_t v);
struct arg arg_f64(double v);
struct arg arg_str(str v);   /* absent: NULL */
struct arg arg_uuid(uuid v); /* nil: NULL */
struct arg arg_time(usec v); /* zero: NULL; INT64_MAX and INT64_MIN: the infinities */
struct arg arg_json(struct json v);
struct arg arg_bytes(struct bytes v);
struct arg arg_strs(struct strs v); /* arrays: v.v == NULL is NULL, n == 0 empty */
struct arg arg_uuids(struct uuids v);
struct arg arg_i32s(struct i32s v);
struct arg arg_i64s(struct i64s v);
struct arg arg_null(void);
struct arg arg_when(bool has, struct arg a); /* a, or NULL */ /* of any kind */

/* clang-format off */
#define ARG(x)                                                                             \
	_Generic((x), bool: arg_bool, int32_t: arg_i32, int64_t: arg_i64, double: arg_f64, \
		str: arg_str, uuid: arg_uuid, usec: arg_time, struct json: arg_json,       \
		struct bytes: arg_bytes, struct strs: arg_strs, struct uuids: arg_uuids,   \
		struct i32s: arg_i32s, struct i64s: arg_i64s)(x)
/* clang-format on */

/*
 * Run one statement with its parameters: as many ARG()s as it declares (checked at build time).
 * All of them suspend. Errors besides the named ones: err_db_unavailable, err_deadline; a violated
 * constraint comes as err_db_unique / err_db_foreign_key / err_db_check, a bad value as err_invalid,
 * anything else as err_internal with one log line naming the statement (never its values).
 */

/* Exactly one row into *out; err_not_found when there is none. */
err db_one(struct db *db, const struct stmt *s, const struct field *fields, void *out, ...);

/* Any number of rows; out->v is an arena array of out->n records of `size` bytes. */
err db_list(struct db *db, const struct stmt *s, const struct field *fields, size_t size,
	    struct list *out, ...);

/* No rows wanted, but there must be one, changed or returned: err_not_found when there is none. */
err db_some(struct db *db, const struct stmt *s, ...);

/* No rows wanted; *ret_affected (may be NULL) gets the number of rows changed or returned. */
err db_exec(struct db *db, const struct stmt *s, int64_t *ret_affected, ...);

extern const err err_db_unique;	     /* 409 */
extern const err err_db_foreign_key; /* 404: what is referred to does not exist */
extern const err err_db_check;	     /* 400 */
extern const err
	err_db_serialize; /* 503: serialization failure or deadlock; retry the transaction */

/* The violated constraint's name after one of the three above on this db, else absent. */
str db_constraint(const struct db *db);

/*
 * Several statements in one round trip: queue them with db_batch_*, then db_batch_run. They run in
 * order on one connection, a write commits before the next begins, so a later one sees its rows.
 * Each entry has its own outcome; run returns the first error.
 */
struct db_batch;
struct db_batch *db_batch(struct db *db);
void db_batch_one(struct db_batch *b, const struct stmt *s, const struct field *fields, void *out,
		  ...);
void db_batch_list(struct db_batch *b, const struct stmt *s, const struct field *fields,
		   size_t size, struct list *out, ...);
void db_batch_some(struct db_batch *b, const struct stmt *s, ...);
void db_batch_exec(struct db_batch *b, const struct stmt *s, int64_t *ret_affected, ...);
err db_batch_run(struct db_batch *b);

/*
 * Transactions: BEGIN on a leased connection, rolled back when the arena goes unless committed.
 * Nested db_begin on a transaction is an assertion. After an error inside, only rollback is left.
 */
err db_begin(struct db *db, struct db **ret_tx);
err db_commit(struct db *tx);
void db_rollback(struct db *tx);

/* Ends the process-lifetime things of libpq use in tests: nothing may be left in flight. */
bool db_pool_idle(const struct db_pool *p);
