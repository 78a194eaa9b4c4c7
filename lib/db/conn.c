/*
 * The pipeline of one connection. What the server owes stands in a ring in the order it was asked
 * for; libpq yields it in the same order: for a prepare or an execution one result, then a NULL; for a
 * sync one result, before which an error may come if the group failed to commit (a deferred
 * constraint). A call is settled at its group's sync, because only then is it known to stand.
 *
 * A group whose call failed is rolled back by the server and the rest of it is skipped: in a shared
 * group of reads those skipped are sent again, each with a sync of its own.
 */
#include "lib/db/conn.h"

#include "lib/db/pool.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_RING = 64 };

/* ---- the ring ---- */

static struct expected *ring_at(const struct conn *c, uint32_t at)
{
	return &c->ring[at & (c->size - 1)];
}

static bool ring_grow(struct conn *c)
{
	uint32_t size = c->size ? c->size * 2 : FIRST_RING;
	struct expected *ring;

	if (c->tail - c->head < c->size)
		return true;
	ring = calloc(size, sizeof(*ring));
	if (!ring)
		return false;
	for (uint32_t at = c->head; at != c->tail; at++)
		ring[at & (size - 1)] = *ring_at(c, at);
	free(c->ring);
	c->ring = ring;
	c->size = size;
	return true;
}

static bool expect(struct conn *c, struct expected e)
{
	if (!ring_grow(c))
		return false;
	*ring_at(c, c->tail) = e;
	if (e.call) {
		e.call->state = CALL_SENT;
		e.call->conn = c;
		e.call->at = c->tail;
	}
	c->tail++;
	return true;
}

/* ---- sending ---- */

/* Whether what was sent took effect is not known: a read may be sent again, once. */
static void settle_lost(struct conn *c, struct call *call)
{
	PQclear(call->result);
	call->result = NULL;
	call->state = CALL_IDLE;
	if (c->lease == LEASE_NONE && call->stmt->read && !call->retried) {
		call->retried = true;
		pool_again(c->pool, call);
	} else {
		call->done(call);
	}
}

static bool send_prepare(struct conn *c, struct prepared *p)
{
	Oid types[STMT_PARAMS];

	stmt_types(p->stmt, types);
	p->ready = PQsendPrepare(c->link.pg, p->name, p->stmt->text, p->stmt->nparams, types)
		&& expect(c, (struct expected){ .what = EXPECT_PREPARED, .prepared = p });
	return p->ready;
}

static bool send_call(struct conn *c, struct prepared *p, struct call *call)
{
	static const int binary[STMT_PARAMS] = { [0 ... STMT_PARAMS - 1] = 1 };
	int n = call ? p->stmt->nparams : 0;

	return PQsendQueryPrepared(c->link.pg, p->name, n, call ? call->values : NULL,
				   call ? call->lengths : NULL, binary, 1)
		&& expect(c,
			  (struct expected){ .what = EXPECT_RESULT, .call = call, .prepared = p });
}

void conn_send(struct conn *c, const struct stmt *s, struct call *call)
{
	struct prepared *p;

	assert(call || s->nparams == 0);
	if (!conn_is_up(c)) {
		if (call)
			settle_lost(c, call);
		return;
	}
	c->unsynced = true;
	p = prepared_get(&c->prepared, s);
	if (c->broken || !p || (!p->ready && !send_prepare(c, p)) || !send_call(c, p, call)) {
		c->broken = true;
		if (call) { /* with those in flight it meets the connection's end */
			call_append(&c->arrived, call);
			call->state = CALL_ARRIVED;
			call->conn = c;
		}
		return;
	}
	c->in_flight++;
}

void conn_sync(struct conn *c)
{
	if (!c->unsynced)
		return;
	c->unsynced = false;
	if (c->broken || !PQpipelineSync(c->link.pg)
	    || !expect(c, (struct expected){ .what = EXPECT_SYNC })) {
		c->broken = true;
		link_lose(&c->link, "sending failed");
		return;
	}
	link_flush(&c->link);
}

bool conn_knows(const struct conn *c, const struct stmt *s)
{
	const struct prepared *p = prepared_find(&c->prepared, s);

	return p && p->ready;
}

/* ---- settling ---- */

/* Done, or once more. Within a transaction nothing can be tried again. */
static void settle(struct conn *c, struct call *call)
{
	bool skipped = PQresultStatus(call->result) == PGRES_PIPELINE_ABORTED;
	bool stale = result_is_stale(call->result);

	call_unlist(call);
	call->state = CALL_IDLE;
	if (stale) {
		struct prepared *p = prepared_find(&c->prepared, call->stmt);

		if (p)
			prepared_rename(&c->prepared, p);
	}
	if (c->lease == LEASE_NONE && ((skipped && !call->alone) || (stale && !call->retried))) {
		PQclear(call->result);
		call->result = NULL;
		call->alone = true;
		call->retried |= stale;
		pool_again(c->pool, call);
		return;
	}
	call->done(call);
}

/* The commit of a group failed. It was one write or a transaction's end; reads find out alone. */
static void refuse_group(struct conn *c)
{
	for (struct call *call = c->arrived.first; call; call = call->next) {
		if (c->arrived.n > 1 || PQresultStatus(call->result) == PGRES_FATAL_ERROR)
			continue;
		PQclear(call->result);
		call->result = c->refused;
		c->refused = NULL;
	}
}

static void end_group(struct conn *c)
{
	if (c->refused)
		refuse_group(c);
	PQclear(c->refused);
	c->refused = NULL;
	while (c->arrived.first)
		settle(c, c->arrived.first);
}

/* ---- receiving ---- */

/* Keeps the first reason. */
static void refuse(struct conn *c, PGresult *r)
{
	if (!c->refused && PQresultStatus(r) == PGRES_FATAL_ERROR)
		c->refused = r;
	else
		PQclear(r);
}

static void on_prepared(struct conn *c, struct expected *e, PGresult *r)
{
	c->answered = true;
	if (PQresultStatus(r) == PGRES_COMMAND_OK) {
		PQclear(r);
		return;
	}
	prepared_rename(&c->prepared, e->prepared);
	refuse(c, r);
}

static void on_result(struct conn *c, struct expected *e, PGresult *r)
{
	c->answered = true;
	if (!e->call) {
		PQclear(r);
		return;
	}
	if (c->refused && PQresultStatus(r) == PGRES_PIPELINE_ABORTED) { /* its prepare failed */
		PQclear(r);
		r = c->refused;
		c->refused = NULL;
	}
	e->call->result = r;
	e->call->state = CALL_ARRIVED;
	call_append(&c->arrived, e->call);
	e->call = NULL;
}

static void on_sync(struct conn *c, PGresult *r)
{
	if (PQresultStatus(r) != PGRES_PIPELINE_SYNC) {
		refuse(c, r);
		return;
	}
	PQclear(r);
	c->head++;
	end_group(c);
}

/* The NULL that ends a prepare or an execution; before a sync's result it means nothing. */
static bool on_end(struct conn *c, const struct expected *e)
{
	if (e->what == EXPECT_SYNC)
		return true;
	if (!c->answered)
		return false;
	if (e->what == EXPECT_RESULT)
		c->in_flight--;
	c->answered = false;
	c->head++;
	return true;
}

static bool receive(struct conn *c, PGresult *r)
{
	struct expected *e = ring_at(c, c->head);

	if (!r)
		return on_end(c, e);
	if (result_is_farewell(r)) {
		PQclear(r);
		return false;
	}
	switch (e->what) {
	case EXPECT_PREPARED:
		on_prepared(c, e, r);
		break;
	case EXPECT_RESULT:
		on_result(c, e, r);
		break;
	case EXPECT_SYNC:
		on_sync(c, r);
		break;
	}
	return true;
}

static bool on_input(void *owner)
{
	struct conn *c = owner;
	PGconn *pg = c->link.pg;

	while (c->head != c->tail && !PQisBusy(pg))
		if (!receive(c, PQgetResult(pg)))
			return false;
	pool_conn_progress(c->pool, c);
	return true;
}

/* ---- up and down ---- */

static void on_up(void *owner)
{
	struct conn *c = owner;

	if (!PQenterPipelineMode(c->link.pg)) {
		link_lose(&c->link, "no pipeline mode");
		return;
	}
	pool_conn_up(c->pool, c);
}

/* All that was under way, oldest last, so that those tried again keep their order. */
static void lose_calls(struct conn *c)
{
	while (c->head != c->tail) {
		struct expected *e = ring_at(c, --c->tail);

		if (e->call)
			settle_lost(c, e->call);
	}
	while (c->arrived.last) {
		struct call *call = c->arrived.last;

		call_unlist(call);
		settle_lost(c, call);
	}
}

static void forget_all(struct conn *c)
{
	c->answered = c->unsynced = c->broken = false;
	c->in_flight = 0;
	PQclear(c->refused);
	c->refused = NULL;
	prepared_clear(&c->prepared);
}

static void on_down(void *owner, bool was_up, const char *why)
{
	struct conn *c = owner;

	lose_calls(c);
	forget_all(c);
	pool_conn_down(c->pool, c, was_up, why);
}

static const struct link_owner link_owner = { .up = on_up, .input = on_input, .down = on_down };

bool conn_open(struct conn *c, struct db_pool *pool, enum lease_state lease)
{
	c->pool = pool;
	c->lease = lease;
	c->link = (struct link){
		.loop = pool->loop,
		.params = lease == LEASE_NONE ? pool->shared_params : pool->leased_params,
		.patience = pool->options.connect_timeout,
		.on = &link_owner,
		.owner = c,
	};
	return link_start(&c->link);
}

void conn_close(struct conn *c)
{
	link_stop(&c->link);
	forget_all(c);
	free(c->ring);
	c->ring = NULL;
}

bool conn_is_up(const struct conn *c)
{
	return c->link.state == LINK_UP;
}

bool conn_is_drained(const struct conn *c)
{
	return c->head == c->tail;
}

bool conn_is_clean(const struct conn *c)
{
	return PQtransactionStatus(c->link.pg) == PQTRANS_IDLE;
}
