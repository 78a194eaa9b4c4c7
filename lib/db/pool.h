/*
 * A loop's connections: the shared ones, on which calls are spread once a turn, and the leased ones
 * with the queue of those who wait for one.
 */
#pragma once

#include "lib/db/conn.h"

/* Somebody waiting for a lease. */
struct lessee {
	struct waiter waiter;
	struct conn *conn; /* set when woken */
	struct lessee *next, *prev;
	bool queued;
};

struct bind_map;

struct db_pool {
	struct loop *loop;
	struct db_options options;
	struct link_params *shared_params, *leased_params;

	struct conn *shared; /* options.shared of them */
	struct conn *leased; /* options.leased; the first `leases` are open */
	int leases;
	struct hook flush;
	int up;	       /* links that are, of both kinds */
	bool reported; /* this outage was logged */

	struct call_list waiting; /* for a shared connection */
	struct lessee *first_lessee, *last_lessee;
	int lessees;

	struct bind_map **maps; /* hash table by statement and field table */
	size_t maps_size, maps_n;

	int64_t statements, errors, reconnects;
};

/* What a view of the pool, or a transaction, is. */
struct db {
	struct db_pool *pool;
	struct arena *arena;
	int64_t deadline;
	str constraint;
	int64_t *waited,
		own_waited; /* microseconds on statements; a transaction counts with its view */

	struct conn *lease; /* a transaction's, until it ends */
	bool is_tx, begun;
	err failed; /* the first error inside of a transaction */
};

/* ---- for conn.c ---- */

void pool_conn_up(struct db_pool *p, struct conn *c);
void pool_conn_down(struct db_pool *p, struct conn *c, bool was_up, const char *why);

/* Something was answered: there may be room, or a lease to hand on. */
void pool_conn_progress(struct db_pool *p, struct conn *c);

/* Hands the connection on if it is free and somebody waits for one. */
void lease_offer(struct conn *c);

/* The connection is gone: so is what its holder did on it. */
void lease_lost(struct conn *c);

/* Begins to open one more. False: out of memory. */
bool lease_open(struct db_pool *p);

/* To the head of the queue, to be sent anew. */
void pool_again(struct db_pool *p, struct call *call);

/* ---- for those who run calls ---- */

/* Queues a call for the shared connections; sent at the end of the turn. */
void pool_submit(struct db_pool *p, struct call *call);

/* Takes a connection for oneself. Suspends. Errors: err_unavailable when all are taken until the
 * deadline, err_db_unavailable when none can be had. */
err lease_take(struct db *db, struct conn **out);

/* Gives it back; it is used again when drained. What still runs on it is cancelled if `stop`. */
void lease_give(struct conn *c, bool stop);

/* True while the connection that was taken is the one that is there. */
bool lease_holds(const struct conn *c);

/* The earlier of a deadline (0: none) and a point in time. */
int64_t deadline_or(int64_t deadline, int64_t at);
