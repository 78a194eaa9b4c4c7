/*
 * A link: one non-blocking connection to PostgreSQL that keeps itself up. It connects in the
 * background, tells its owner when it is up, when something arrived and when it is lost, and tries
 * again with back-off for ever. What is said over it is the owner's business.
 */
#pragma once

#include "lib/net/loop.h"

#include <libpq-fe.h>

/* How to connect; shared by the links of a pool, and must outlive them. */
struct link_params;

/* url: libpq URL or key=value string; settings: "-c name=value …", added to the URL's own options.
 * NULL when the URL is malformed or memory is short. */
struct link_params *link_params_new(const char *url, const char *application_name,
				    const char *settings);
void link_params_free(struct link_params *p);

enum link_state {
	LINK_STOPPED, /* nobody asked for it, or its owner is going */
	LINK_WAITING, /* for the next attempt */
	LINK_CONNECTING,
	LINK_UP,
};

/* All run on the loop's own stack. */
struct link_owner {
	void (*up)(void *owner);
	/* Bytes arrived and were read: fetch results while !PQisBusy. False: they make no sense or
	 * say that the server is closing; the link is then lost. */
	bool (*input)(void *owner);
	/* An attempt failed (was_up: false) or the connection was lost. The PGconn is gone. */
	void (*down)(void *owner, bool was_up, const char *why);
};

struct link {
	struct loop *loop;
	const struct link_params *params;
	const struct link_owner *on;
	void *owner;
	int64_t patience; /* microseconds an attempt may take */

	enum link_state state;
	PGconn *pg; /* while CONNECTING or UP */
	struct watch *watch;
	struct timer *timer; /* CONNECTING: the attempt's end; WAITING: the next one's begin */
	int64_t backoff;
};

/* Begins to connect. False: out of memory. */
bool link_start(struct link *l);

/* Closes what is there; nothing is called. */
void link_stop(struct link *l);

/* The connection is of no use any more: closes it, calls down, tries again. */
void link_lose(struct link *l, const char *why);

/* Another link of the pool got through: no need to wait out the back-off. */
void link_hurry(struct link *l);

/* Pushes what libpq holds back, or waits until the socket takes it. */
void link_flush(struct link *l);
