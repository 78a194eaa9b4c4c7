/*
 * Leases: a connection for oneself, for a transaction or a slow statement. They are opened as they are
 * needed. Those who wait stand in line, and whoever is first gets the next one that is up, drained and
 * in no transaction. What a holder left running is stopped through a shared connection
 * (pg_cancel_backend): libpq 15 can only cancel by blocking. Until the server has answered that, the
 * lease is nobody's, so that the cancel hits no statement of the next holder.
 */
#include "lib/db/control.sql.h"
#include "lib/db/pool.h"
#include "lib/db/wire.h"

#include <assert.h>

bool lease_open(struct db_pool *p)
{
	if (!conn_open(&p->leased[p->leases], p, LEASE_FREE))
		return false;
	p->leases++;
	return true;
}

bool lease_holds(const struct conn *c)
{
	return c->lease == LEASE_TAKEN;
}

/* ---- the line ---- */

static void line_up(struct db_pool *p, struct lessee *me)
{
	me->queued = true;
	me->prev = p->last_lessee;
	*(me->prev ? &me->prev->next : &p->first_lessee) = me;
	p->last_lessee = me;
	p->lessees++;
}

static void leave_line(struct db_pool *p, struct lessee *me)
{
	if (!me->queued)
		return;
	me->queued = false;
	*(me->prev ? &me->prev->next : &p->first_lessee) = me->next;
	*(me->next ? &me->next->prev : &p->last_lessee) = me->prev;
	p->lessees--;
}

static bool is_ready(const struct conn *c)
{
	return c->lease == LEASE_FREE && !c->cancelling && conn_is_up(c) && conn_is_drained(c);
}

void lease_offer(struct conn *c)
{
	struct lessee *first = c->pool->first_lessee;

	if (!is_ready(c))
		return;
	if (!conn_is_clean(c)) {
		link_lose(&c->link, "a transaction was left open");
		return;
	}
	if (!first)
		return;
	leave_line(c->pool, first);
	c->lease = LEASE_TAKEN;
	first->conn = c;
	waiter_wake(&first->waiter);
}

/* ---- taking ---- */

static struct conn *take_ready(struct db_pool *p)
{
	for (int i = 0; i < p->leases; i++)
		if (is_ready(&p->leased[i])) {
			p->leased[i].lease = LEASE_TAKEN;
			return &p->leased[i];
		}
	return NULL;
}

/* Nothing came in the time given: why, or OK to wait on. */
static err no_lease(const struct db *db)
{
	if (db->pool->up == 0)
		return err_db_unavailable;
	if (db->deadline && time_monotonic() >= db->deadline)
		return err_unavailable;
	return OK;
}

static err wait_in_line(struct db *db, struct lessee *me)
{
	struct db_pool *p = db->pool;

	line_up(p, me);
	for (;;) {
		int64_t until = time_monotonic() + p->options.connect_timeout;
		err e = waiter_wait(&me->waiter, deadline_or(db->deadline, until));

		if (!e.info)
			return OK;
		e = no_lease(db);
		if (e.info) {
			leave_line(p, me);
			return e;
		}
	}
}

err lease_take(struct db *db, struct conn **out)
{
	struct db_pool *p = db->pool;

	for (;;) {
		struct lessee me = { 0 };

		me.conn = take_ready(p);
		if (!me.conn) {
			if (p->leases < p->options.leased && !lease_open(p))
				return err_no_memory;
			TRY(wait_in_line(db, &me));
		}
		if (lease_holds(me.conn)) {
			*out = me.conn;
			return OK;
		}
		lease_give(me.conn, false); /* lost on the way */
	}
}

/* ---- giving back ---- */

static void on_cancelled(struct call *call)
{
	struct conn *c = call->owner;

	PQclear(call->result);
	call->result = NULL;
	c->cancelling = false;
	lease_offer(c);
}

static void cancel(struct conn *c)
{
	c->cancelling = true;
	wire_put32(c->cancel_pid, (uint32_t)PQbackendPID(c->link.pg));
	c->cancel_value = c->cancel_pid;
	c->cancel_length = sizeof(c->cancel_pid);
	c->cancel = (struct call){
		.stmt = &sql_backend_cancel,
		.values = &c->cancel_value,
		.lengths = &c->cancel_length,
		.done = on_cancelled,
		.owner = c,
	};
	pool_submit(c->pool, &c->cancel);
}

void lease_give(struct conn *c, bool stop)
{
	bool holds = lease_holds(c);

	assert(holds || c->lease == LEASE_LOST);
	c->lease = LEASE_FREE;
	if (stop && holds && c->in_flight && !c->cancelling)
		cancel(c);
	lease_offer(c);
}

void lease_lost(struct conn *c)
{
	if (c->lease == LEASE_TAKEN)
		c->lease = LEASE_LOST;
	if (c->cancelling && c->cancel.state == CALL_WAITING) { /* its backend is gone */
		call_abandon(&c->cancel);
		c->cancelling = false;
	}
}
