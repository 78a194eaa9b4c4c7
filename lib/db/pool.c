/*
 * The shared connections of a loop. Calls queue up during a turn and are sent at its end: a read joins
 * the group of reads that the connection got in the same turn, anything else has a group of its own.
 */
#include "lib/db/pool.h"

#include "lib/base/log.h"
#include "lib/db/bind.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

int64_t deadline_or(int64_t deadline, int64_t at)
{
	return deadline && deadline < at ? deadline : at;
}

/* ---- sending ---- */

static struct conn *least_loaded(const struct db_pool *p)
{
	struct conn *best = NULL;

	for (int i = 0; i < p->options.shared; i++) {
		struct conn *c = &p->shared[i];

		if (conn_is_up(c) && c->in_flight < p->options.depth
		    && (!best || c->in_flight < best->in_flight))
			best = c;
	}
	return best;
}

static void send_shared(struct conn *c, struct call *call)
{
	bool joins = call->stmt->read && !call->alone && conn_knows(c, call->stmt);

	if (!joins)
		conn_sync(c);
	conn_send(c, call->stmt, call);
	if (!joins)
		conn_sync(c);
}

static void flush(void *arg)
{
	struct db_pool *p = arg;
	struct conn *c = NULL;

	for (struct call *call; (call = p->waiting.first);) {
		if (!call->chained || !c)
			c = least_loaded(p);
		if (!c)
			break;
		call_unlist(call);
		send_shared(c, call);
	}
	for (int i = 0; i < p->options.shared; i++)
		conn_sync(&p->shared[i]);
}

static void flush_later(struct db_pool *p)
{
	if (p->waiting.first)
		loop_at_turn_end(p->loop, &p->flush);
}

void pool_submit(struct db_pool *p, struct call *call)
{
	call->state = CALL_WAITING;
	call_append(&p->waiting, call);
	flush_later(p);
}

void pool_again(struct db_pool *p, struct call *call)
{
	call->state = CALL_WAITING;
	call->chained = false;
	call_prepend(&p->waiting, call);
	flush_later(p);
}

/* ---- connections come and go ---- */

void pool_conn_up(struct db_pool *p, struct conn *c)
{
	if (p->reported)
		log_info("database connection is back");
	p->reported = false;
	p->up++;
	for (int i = 0; i < p->options.shared; i++)
		link_hurry(&p->shared[i].link);
	for (int i = 0; i < p->leases; i++)
		link_hurry(&p->leased[i].link);
	pool_conn_progress(p, c);
}

void pool_conn_down(struct db_pool *p, struct conn *c, bool was_up, const char *why)
{
	if (was_up) {
		p->up--;
		p->reconnects++;
	}
	if (!p->reported)
		log_warn(was_up ? "database connection lost" : "no database connection",
			 LOG("why", why));
	p->reported = true;
	if (c->lease != LEASE_NONE)
		lease_lost(c);
}

void pool_conn_progress(struct db_pool *p, struct conn *c)
{
	if (c->lease == LEASE_NONE)
		flush_later(p);
	else
		lease_offer(c);
}

/* ---- the pool ---- */

static struct link_params *params_new(const struct db_options *o, int64_t statement_timeout)
{
	char settings[256];

	/* The check interval ends what runs for a client that is gone. Statements are written to be planned
	 * once a connection: planning one anew, or compiling it, takes longer than running it. */
	snprintf(settings, sizeof(settings),
		 "-c statement_timeout=%lld -c idle_in_transaction_session_timeout=30000"
		 " -c client_connection_check_interval=1000"
		 " -c plan_cache_mode=force_generic_plan -c jit=off",
		 (long long)(statement_timeout / 1000));
	return link_params_new(o->url, o->application_name ? o->application_name : "sojorn",
			       settings);
}

static void set_defaults(struct db_options *o)
{
	if (!o->connect_timeout)
		o->connect_timeout = 5 * SECOND;
	if (!o->statement_timeout)
		o->statement_timeout = 5 * SECOND;
	if (!o->slow_timeout)
		o->slow_timeout = MINUTE;
	if (o->depth < 1)
		o->depth = 32;
	if (o->shared < 1)
		o->shared = 1;
}

/* All shared connections, and one of the others, that the first transaction need not wait for it. */
static bool open_connections(struct db_pool *p)
{
	for (int i = 0; i < p->options.shared; i++)
		if (!conn_open(&p->shared[i], p, LEASE_NONE))
			return false;
	return p->options.leased == 0 || lease_open(p);
}

struct db_pool *db_pool_new(struct loop *l, const struct db_options *options)
{
	struct db_pool *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->loop = l;
	p->flush = (struct hook){ .fn = flush, .arg = p };
	p->options = *options;
	set_defaults(&p->options);
	p->shared_params = params_new(&p->options, p->options.statement_timeout);
	p->leased_params = params_new(&p->options, p->options.slow_timeout);
	p->shared = calloc((size_t)p->options.shared + 1, sizeof(*p->shared));
	p->leased = calloc((size_t)p->options.leased + 1, sizeof(*p->leased));
	if (!p->shared_params || !p->leased_params || !p->shared || !p->leased
	    || !open_connections(p)) {
		db_pool_free(p);
		return NULL;
	}
	return p;
}

void db_pool_free(struct db_pool *p)
{
	if (!p)
		return;
	for (int i = 0; i < p->leases; i++) {
		call_abandon(&p->leased[i].cancel);
		conn_close(&p->leased[i]);
	}
	assert(!p->waiting.first && !p->first_lessee);
	for (int i = 0; p->shared && i < p->options.shared; i++)
		conn_close(&p->shared[i]);
	loop_forget(p->loop, &p->flush);
	bind_maps_free(p);
	link_params_free(p->shared_params);
	link_params_free(p->leased_params);
	free(p->shared);
	free(p->leased);
	free(p);
}

/* ---- what is going on ---- */

struct db_stats db_pool_stats(const struct db_pool *p)
{
	struct db_stats s = {
		.connected = p->up,
		.waiting = p->waiting.n + p->lessees,
		.statements = p->statements,
		.errors = p->errors,
		.reconnects = p->reconnects,
	};

	for (int i = 0; i < p->options.shared; i++)
		s.in_flight += p->shared[i].in_flight;
	for (int i = 0; i < p->leases; i++) {
		s.in_flight += p->leased[i].in_flight;
		s.leased += p->leased[i].lease != LEASE_FREE;
	}
	return s;
}

bool db_pool_idle(const struct db_pool *p)
{
	struct db_stats s = db_pool_stats(p);

	for (int i = 0; i < p->leases; i++)
		if (p->leased[i].cancelling)
			return false;
	return s.in_flight == 0 && s.waiting == 0 && s.leased == 0;
}
