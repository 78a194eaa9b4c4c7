/*
 * Transactions. BEGIN travels with the first statement, so it costs no round trip, and a transaction
 * without statements costs none at all. A rollback waits for nothing: it is sent, and the lease is
 * free again when the server has answered.
 */
#include "lib/db/db.h"

#include "lib/base/log.h"
#include "lib/db/control.sql.h"
#include "lib/db/run.h"

#include <assert.h>
#include <string.h>

/* Ends the transaction as far as its holder is concerned. */
static void let_go(struct db *tx, bool stop)
{
	lease_give(tx->lease, stop);
	tx->lease = NULL;
}

void db_rollback(struct db *tx)
{
	struct conn *c = tx->lease;
	bool busy;

	assert(tx->is_tx);
	if (!c)
		return;
	busy = !conn_is_drained(c);
	if (tx->begun && lease_holds(c)) {
		conn_send(c, &sql_tx_rollback, NULL);
		conn_sync(c);
	}
	let_go(tx, busy);
}

static void release(void *tx)
{
	db_rollback(tx);
}

err db_begin(struct db *db, struct db **ret_tx)
{
	struct db *tx = arena_zalloc(db->arena, sizeof(*tx));

	assert(!db->is_tx);
	*tx = *db;
	tx->is_tx = true;
	arena_defer(db->arena, release, tx);
	TRY(lease_take(db, &tx->lease));
	*ret_tx = tx;
	return OK;
}

/* Sends the calls as one group, with BEGIN before the first. Suspends. */
static err run(struct db *tx, struct call **calls, size_t n)
{
	struct conn *c = tx->lease;
	struct gathering g;

	gather(tx, &g, calls, n);
	if (tx->failed.info)
		return tx->failed;
	if (!lease_holds(c))
		return err_db_unavailable;
	if (!tx->begun)
		conn_send(c, &sql_tx_begin, NULL);
	tx->begun = true;
	for (size_t i = 0; i < n; i++)
		conn_send(c, calls[i]->stmt, calls[i]);
	conn_sync(c);
	return gather_wait(tx, &g, calls, n);
}

void tx_calls_run(struct db *tx, struct call **calls, size_t n)
{
	assert(tx->lease);
	set_outcomes(tx, calls, n, run(tx, calls, n));
	for (size_t i = 0; i < n && !tx->failed.info; i++)
		tx->failed = calls[i]->outcome;
}

/* The server answers COMMIT of a failed transaction with ROLLBACK. */
static err commit(struct db *tx)
{
	struct call *call = call_plain(tx->arena, &sql_tx_commit);

	calls_run(tx, &call, 1);
	TRY(call->outcome);
	if (strcmp(PQcmdStatus(call->result), "COMMIT") == 0)
		return OK;
	log_error("a transaction was rolled back instead of committed");
	return err_internal;
}

err db_commit(struct db *tx)
{
	err e = tx->failed;

	assert(tx->is_tx && tx->lease);
	if (!e.info && tx->begun)
		e = commit(tx);
	if (e.info)
		db_rollback(tx);
	else
		let_go(tx, false);
	return e;
}
