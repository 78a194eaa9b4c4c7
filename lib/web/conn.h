/*
 * The connections of one server: their list, their time limits, their end. Which bytes mean what is
 * server.c's; here are only sockets. Private to lib/web.
 */
#pragma once

#include "lib/web/linger.h"
#include "lib/web/request.h"

#include <stdatomic.h>

enum { HEADERS_MAX = 160 }; /* of a request; more do not fit the memory limit of a connection */

struct MHD_Connection;
struct MHD_Daemon;

struct web_conn {
	struct server *server;
	struct MHD_Connection *mhd;
	struct web_conn *next, **link;
	struct request *request; /* since its request line; NULL: idle */
	int64_t until;		 /* closed when this time has come; 0: not by us */
	struct address peer;
	int fd;
	bool suspended;
	bool starting;	     /* its coroutine is being started: we are inside of MHD's call */
	bool lingering;	     /* the client may still be sending when it is closed */
	struct watch *watch; /* for its end, while MHD does not look; NULL: nobody asked */
};

struct server {
	struct web web; /* first */
	struct MHD_Daemon *daemon;
	struct watch *watch;
	struct timer *timer; /* MHD's */
	struct hook run;     /* MHD, too */

	struct web_conn *conns;
	struct lingering *lingering;
	atomic_int nconns;
	struct upgrade *upgrades;
	atomic_int nupgrades;
	atomic_int active; /* requests */
	struct timer *sweep;

	struct pair headers[HEADERS_MAX]; /* of the request that is arriving */
	size_t nheaders;

	struct timer *grace;
	struct hook drained;
	void (*on_drained)(void *);
	void *drained_arg;
};

/* The list's part of a server; false when memory is short. */
bool web_conns_open(struct server *s);
void web_conns_close(struct server *s);

/* NULL when memory is short. */
struct web_conn *web_conn_new(struct server *s, struct MHD_Connection *mhd, int fd,
			      struct address peer);

/* Its socket is about to be closed. */
void web_conn_free(struct web_conn *c);

/* A request line has come; its request is over. */
void web_conn_begin(struct web_conn *c, struct request *r);
void web_conn_end(struct web_conn *c);

/* The request wants to know when its client goes; MHD would not see it while it is suspended. */
void web_conn_watch(struct request *r);

/* Writes the request's reply to the socket itself; nothing else may be under way on it. The connection
 * must be closed after that. */
void web_conn_send(struct web_conn *c, struct request *r);

/* Closes connections on which nothing comes for another quarter of a second; calls s->on_drained when all are closed, or after `grace`. */
void web_conns_drain(struct server *s, int64_t grace);

/* A connection or an upgraded socket has gone: was it the last one of a draining server? */
void web_conns_check(struct server *s);

/* ---- receive.c ---- */

/* From now on the rest of the body is read past MHD, whose connection is to be suspended until receive_end; false:
 * it is not worth it. */
bool receive_begin(struct web_conn *c, struct request *r);

/* The handler has ended: sends its reply, after which the connection closes as soon as MHD goes on with it. */
void receive_end(struct web_conn *c, struct request *r);

/* ---- upgrade.c ---- */

/* The 101 of r went out over fd, which stays the caller's. */
void upgrade_begin(struct request *r, int fd, str early);

/* r ends; when its upgrade has not begun by now, it never will. */
void upgrade_never(struct request *r);

/* Tells all owners to end. Each may end its own only. */
void upgrades_stop(struct server *s, bool now);
