/*
 * Running calls on the shared connections or on a lease for the occasion, and waiting for them. A
 * caller gives up at its deadline; a call that has not been sent by then never will be.
 */
#include "lib/db/run.h"

#include "lib/db/bind.h"
#include "lib/base/log.h"

#include <stdlib.h>

/* ---- waiting ---- */

static void on_done(struct call *call)
{
	struct gathering *g = call->owner;
	const struct db_options *o = &g->pool->options;

	call->finished = true;
	if (o->on_statement)
		o->on_statement(call->stmt, time_monotonic() - g->begun);
	if (--g->left == 0)
		waiter_wake(&g->waiter);
}

void gather(const struct db *db, struct gathering *g, struct call **calls, size_t n)
{
	*g = (struct gathering){ .pool = db->pool, .begun = time_monotonic(), .left = (int)n };
	for (size_t i = 0; i < n; i++) {
		calls[i]->finished = false;
		calls[i]->done = on_done;
		calls[i]->owner = g;
	}
}

static bool any_waiting(struct call **calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (calls[i]->state == CALL_WAITING)
			return true;
	return false;
}

static bool any_shared_up(const struct db_pool *p)
{
	for (int i = 0; i < p->options.shared; i++)
		if (conn_is_up(&p->shared[i]))
			return true;
	return false;
}

/* Why to give up now, or OK to wait on. */
static err no_answer(const struct db *db, struct call **calls, size_t n)
{
	bool waiting = any_waiting(calls, n);

	if (waiting && !any_shared_up(db->pool))
		return err_db_unavailable;
	if (db->deadline && time_monotonic() >= db->deadline)
		return waiting ? err_unavailable : err_deadline;
	return OK;
}

static err wait_for_all(struct db *db, struct gathering *g, struct call **calls, size_t n)
{
	for (;;) {
		int64_t until = time_monotonic() + db->pool->options.connect_timeout;
		err e = waiter_wait(&g->waiter, deadline_or(db->deadline, until));

		if (!e.info)
			return OK;
		e = no_answer(db, calls, n);
		if (!e.info)
			continue;
		for (size_t i = 0; i < n; i++)
			call_abandon(calls[i]);
		return e;
	}
}

err gather_wait(struct db *db, struct gathering *g, struct call **calls, size_t n)
{
	err e = wait_for_all(db, g, calls, n);

	*db->waited += time_monotonic() - g->begun;
	return e;
}

/* ---- running ---- */

void set_outcomes(struct db *db, struct call **calls, size_t n, err e)
{
	for (size_t i = 0; i < n; i++)
		calls[i]->outcome = calls[i]->finished ? call_outcome(db, calls[i]) : e;
}

static void run_shared(struct db *db, struct call **calls, size_t n)
{
	struct gathering g;

	gather(db, &g, calls, n);
	for (size_t i = 0; i < n; i++) {
		calls[i]->chained = i > 0;
		pool_submit(db->pool, calls[i]);
	}
	set_outcomes(db, calls, n, gather_wait(db, &g, calls, n));
}

/* Runs them on a lease, each in a group of its own. */
static err run_once(struct db *db, struct call **calls, size_t n)
{
	struct gathering g;
	struct conn *c;
	err e;

	gather(db, &g, calls, n);
	e = lease_take(db, &c);
	if (e.info)
		return e;
	for (size_t i = 0; i < n; i++) {
		conn_send(c, calls[i]->stmt, calls[i]);
		conn_sync(c);
	}
	e = gather_wait(db, &g, calls, n);
	lease_give(c, true);
	return e;
}

/* What a shared connection does by itself: a lost read, and a stale plan, get a second chance. */
static bool deserves_retry(const struct call *call)
{
	if (!call->finished || call->retried)
		return false;
	return call->result ? result_is_stale(call->result) : call->stmt->read;
}

static void run_leased(struct db *db, struct call **calls, size_t n)
{
	err e = run_once(db, calls, n);

	for (size_t i = 0; i < n; i++)
		if (deserves_retry(calls[i])) {
			PQclear(calls[i]->result);
			calls[i]->result = NULL;
			calls[i]->retried = true;
			set_outcomes(db, &calls[i], 1, run_once(db, &calls[i], 1));
		} else {
			set_outcomes(db, &calls[i], 1, e);
		}
}

static bool any_slow(struct call **calls, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (calls[i]->stmt->slow)
			return true;
	return false;
}

void calls_run(struct db *db, struct call **calls, size_t n)
{
	db->constraint = (str){ 0 };
	if (db->is_tx)
		tx_calls_run(db, calls, n);
	else if (any_slow(calls, n))
		run_leased(db, calls, n);
	else
		run_shared(db, calls, n);
}

/* ---- results ---- */

static err take_one(struct db *db, const struct call *call, const struct want *w)
{
	int rows = PQntuples(call->result);

	if (rows == 0)
		return err_not_found;
	if (rows > 1) {
		log_error("more than one row", LOG("statement", call->stmt->name));
		return err_internal;
	}
	return bind_row(db, call, w->fields, w->out);
}

/* Rows changed or returned. */
static int64_t count(const struct call *call)
{
	const char *text = PQcmdTuples(call->result);

	return text[0] ? strtoll(text, NULL, 10) : 0;
}

err take_result(struct db *db, struct call *call, const struct want *w)
{
	TRY(call->outcome);
	switch (w->what) {
	case WANT_ONE:
		return take_one(db, call, w);
	case WANT_LIST:
		return bind_list(db, call, w->fields, w->size, w->out);
	case WANT_SOME:
		return count(call) > 0 ? OK : err_not_found;
	default:
		if (w->out)
			*(int64_t *)w->out = count(call);
		return OK;
	}
}
