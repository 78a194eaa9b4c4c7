/*
 * The HTTP server of one loop: libmicrohttpd in external-epoll mode behind the loop. Accepts,
 * parses, finds the route, checks limits, token and body, runs the handler on a coroutine and sends
 * its reply. One server per loop and listening socket; several may share a loop (API and admin).
 */
#pragma once

#include "lib/web/limit.h"
#include "lib/web/req.h"

struct server_options {
	const struct router *router;
	struct app *app;
	struct db_pool *db;			     /* may be NULL: r->db is NULL then */
	struct limiter *limiter;		     /* NULL: no limits */
	const struct rate *rate_user, *rate_address; /* general limits, per user and per address */
	const char *cors_origins;		     /* comma list, "*" echoes; NULL: none */
	bool cors_localhost; /* development: any http(s)://localhost[:port], 127.0.0.1[:port] */
	const char *
		trusted_proxies; /* comma list of addresses and CIDRs; unix sockets count as 127.0.0.1 */
	int connections;	 /* at once, at most */
	int64_t idle_timeout; /* microseconds between requests, or without a byte taken of a reply */
	int64_t deadline;     /* of a request, microseconds */
	bool access_log;      /* a line for every request; else only for those that end in 5xx */

	/* Who is asking: fills r->user from the token or fails with the envelope's error. Called on
	 * the request's coroutine unless the route is AUTH_NONE. */
	err (*authenticate)(struct req *r);

	/* Who takes a request, whatever its method, before the router is asked; NULL: nobody. Its path
	 * is known, nothing else. The row is not among the router's; its body is streamed. */
	const struct route *(*divert)(const struct req *r);
	size_t head_max; /* of a request and its reply each; 0: 6 KB */

	/*
	 * May this request go on now? Called first on its coroutine, may wait (req_postpone) or fail.
	 * leave follows when the handler has ended, whatever came of it. NULL: all may.
	 */
	err (*enter)(struct req *r);
	void (*leave)(struct req *r);

	/* Replies to an error in a shape of its own; false: the usual envelope. May be NULL. Called for
	 * errors of the server, too, so r->route may be NULL and the query not yet read. */
	bool (*reply_error)(struct req *r, err e);

	/* What a reply says of a stored address (members marked .address), in r->arena; NULL: it as it is. */
	str (*address)(const struct req *r, str stored);

	/* After the reply's status is known; for metrics. `us`: since the request's first byte. */
	void (*on_done)(const struct req *r, int status, int64_t us, size_t bytes);
};

struct server;

/* Takes over a listening, non-blocking socket. What options point to must outlive the server. NULL
 * and a log line when it cannot start; the socket is closed then. */
struct server *server_new(struct loop *l, int listen_fd, const struct server_options *options);

/* Stops accepting; requests under way, and those that come within a quarter of a second, are answered and their
 * connections close; so do the idle ones.
 * `done` is called on the loop when the last has ended or after `grace` microseconds. */
void server_drain(struct server *s, int64_t grace, void (*done)(void *), void *arg);

/* Closes what is left, on the loop's thread. With requests still under way (server_active) it does
 * nothing: their coroutines cannot be ended from outside, so the process must exit. NULL-safe. */
void server_free(struct server *s);

/* Requests under way, open sockets. From any thread. */
int server_active(const struct server *s);
int server_connections(const struct server *s);

/*
 * Listening sockets for n loops, non-blocking, close-on-exec. `address`: "127.0.0.1:8080",
 * "[::1]:8080" (each loop binds its own, SO_REUSEPORT), "unix:/path" or "systemd:0" (the first socket
 * the service manager passed); these two are one socket, duplicated. False and *problem (static
 * text) on failure.
 */
bool server_listen(const char *address, int n, int fds[], const char **problem);

/* How many sockets the service manager passed (LISTEN_FDS). */
int server_inherited(void);
