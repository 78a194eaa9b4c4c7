/*
 * One connection in pipeline mode: calls go in, groups of them end with a sync, and each call is
 * settled when its group's sync is in. Statements are prepared on a connection at their first use.
 *
 * Shared connections carry single statements of many requests; a leased one belongs to one holder
 * at a time. Which is which, and what becomes of a lost connection's calls, is the pool's business.
 */
#pragma once

#include "lib/db/call.h"
#include "lib/db/link.h"
#include "lib/db/prepared.h"

struct db_pool;

/* One thing the server owes us, in the order in which it was asked for. */
struct expected {
	enum { EXPECT_PREPARED, EXPECT_RESULT, EXPECT_SYNC } what;
	struct call *call;	   /* EXPECT_RESULT: NULL when abandoned */
	struct prepared *prepared; /* but EXPECT_SYNC */
};

enum lease_state {
	LEASE_NONE, /* a shared connection */
	LEASE_FREE, /* may be taken once its link is up and nothing is left to drain */
	LEASE_TAKEN,
	LEASE_LOST, /* taken, but the connection its holder took is gone */
};

struct conn {
	struct link link;
	struct db_pool *pool;
	enum lease_state lease;

	struct expected *ring; /* from `head` up to `tail`, modulo its size, a power of two */
	uint32_t head, tail, size;
	bool answered; /* the head's result is in, the NULL that ends it is not */
	bool unsynced; /* something was sent since the last sync */
	bool broken;   /* sending failed: lost at the next chance */
	int in_flight; /* results the server owes */
	struct call_list arrived;
	PGresult *refused; /* why the current group's prepare or commit failed */

	struct prepared_table prepared;

	bool cancelling; /* another connection is telling the server to stop this one's statement */
	struct call cancel;
	char cancel_pid[4];
	const char *cancel_value;
	int cancel_length;
};

/* Begins to connect. False: out of memory. */
bool conn_open(struct conn *c, struct db_pool *pool, enum lease_state lease);

/* Closes it; nothing may be in flight but what is abandoned. */
void conn_close(struct conn *c);

bool conn_is_up(const struct conn *c);

/* True when the statement has been prepared here, or is about to be. */
bool conn_knows(const struct conn *c, const struct stmt *s);

/* Sends a call, preparing its statement first if need be; call may be NULL: the result is dropped. */
void conn_send(struct conn *c, const struct stmt *s, struct call *call);

/* Ends the group: its calls stand and fall together. Without anything sent since, does nothing. */
void conn_sync(struct conn *c);

/* Nothing was sent that has not been answered. */
bool conn_is_drained(const struct conn *c);

/* In no transaction; asked when drained. */
bool conn_is_clean(const struct conn *c);
