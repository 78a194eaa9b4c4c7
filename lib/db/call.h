/*
 * A call: one execution of a statement, from its parameters to its result. It lives in its
 * requester's arena, whose release also abandons it, so a connection never keeps parameters: they are
 * in libpq's buffer once sent, and a call not yet sent is still waited for.
 */
#pragma once

#include "lib/db/db.h"

#include <libpq-fe.h>

struct conn;

enum call_state {
	CALL_IDLE,    /* not yet given to anybody, or done */
	CALL_WAITING, /* in the pool's queue; nothing was sent */
	CALL_SENT,    /* in a connection's pipeline */
	CALL_ARRIVED, /* its result is here, the sync that ends its group is not */
};

struct call {
	const struct stmt *stmt;
	const char **values; /* binary, one a parameter */
	int *lengths;

	enum call_state state;
	struct call *next, *prev; /* WAITING: pool's queue; ARRIVED: connection's list */
	struct call_list *list;	  /* the one it is on */
	struct conn *conn;	  /* SENT, ARRIVED */
	uint32_t at;		  /* SENT: place in the connection's pipeline */
	bool alone;		  /* gets a sync of its own although it only reads */
	bool chained; /* WAITING: goes where the one before it in the queue goes, after it */
	bool retried; /* once is enough */

	bool finished;		     /* done was called */
	PGresult *result;	     /* when finished; NULL: the connection was lost */
	err outcome;		     /* by calls_run */
	void (*done)(struct call *); /* on the loop's own stack, once */
	void *owner;
};

struct call_list {
	struct call *first, *last;
	int n;
};

void call_append(struct call_list *list, struct call *call);
void call_prepend(struct call_list *list, struct call *call);
void call_unlist(struct call *call);

/* A call for a view's arena with its parameters encoded; args as many as the statement has. NULL, and
 * a line in the log, when an argument is of another kind than the statement declares. */
struct call *call_new(struct arena *a, const struct stmt *s, va_list args);

/* The same of a statement without parameters. */
struct call *call_plain(struct arena *a, const struct stmt *s);

/* Nobody waits for it any more: wherever it is, it is forgotten there. */
void call_abandon(struct call *call);

/* Oids of a statement's parameters, for Parse. */
void stmt_types(const struct stmt *s, Oid types[static STMT_PARAMS]);

/* What a finished call's result says; sets db->constraint. Logs what nobody expects. */
err call_outcome(struct db *db, const struct call *call);

/* The error ended the session, so says nothing of the statement. */
bool result_is_farewell(const PGresult *r);

/* The prepared statement is of no use any more: a migration changed its result, or it is not there. */
bool result_is_stale(const PGresult *r);
