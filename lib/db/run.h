/* Running calls, whatever their view is: shared connections, a lease, a transaction. */
#pragma once

#include "lib/db/pool.h"

/* Several calls that one coroutine waits for. */
struct gathering {
	struct waiter waiter;
	const struct db_pool *pool;
	int64_t begun; /* monotonic */
	int left;
};

/* Prepares n calls to be waited for together. */
void gather(const struct db *db, struct gathering *g, struct call **calls, size_t n);

/* Waits until all have finished. On an error those that have not are abandoned. Suspends. */
err gather_wait(struct db *db, struct gathering *g, struct call **calls, size_t n);

/* Runs the calls and sets each one's outcome. Suspends. */
void calls_run(struct db *db, struct call **calls, size_t n);

/* The same within a transaction. */
void tx_calls_run(struct db *tx, struct call **calls, size_t n);

/* What the calls' results say; e for those that have none. */
void set_outcomes(struct db *db, struct call **calls, size_t n, err e);

/* Binding of one result to what its caller wants. */
struct want {
	enum { WANT_ONE, WANT_LIST, WANT_COUNT, WANT_SOME } what;
	const struct field *fields;
	void *out; /* record, struct list, or int64_t (may be NULL) */
	size_t size;
};
err take_result(struct db *db, struct call *call, const struct want *w);
