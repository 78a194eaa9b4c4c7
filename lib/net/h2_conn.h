/* What the two files of HTTP/2 share. Private to lib/net. */
#pragma once

#include "lib/net/h2.h"
#include "lib/net/loop.h"

#include <stdlib.h>
#include <string.h>

struct h2_conn;

/* One request; lies in the arena of the coroutine that waits for it. */
struct h2_stream {
	struct h2_stream *next, **link; /* of those that wait with a host, or of a connection's */
	struct h2_host *host;
	struct h2_conn *conn; /* NULL: it waits for one */
	int32_t id;
	int tries;
	int64_t begun;

	struct pair *headers;
	size_t nheaders;
	str body;
	size_t body_at;
	bool sent; /* whole: the server may have acted on it */

	int status;
	char *head, *reply;
	size_t head_n, head_max, body_n, reply_max;
	bool complete, too_large;

	const char *failed; /* NULL: it has not */
	char problem[160];
	struct waiter waiter;
};

/* A server. Its connection is the one that takes new requests; others may be ending. */
struct h2_host {
	struct h2_host *next;
	struct loop *loop;
	char *name, *port;
	struct h2_conn *conn;
	struct h2_conn *all;
	struct h2_stream *waiting;
};

/* A loop's part. */
struct h2 {
	struct loop *loop;
	struct h2_host *hosts;
};

/* ---- h2.c ---- */

void h2_link(struct h2_stream **list, struct h2_stream *s);
void h2_unlink(struct h2_stream *s);

/* The server has certainly not acted on it. */
void h2_send_again(struct h2_stream *s);

/* Wakes its coroutine; `problem` NULL: the reply is there. */
void h2_end(struct h2_stream *s, const char *problem);

/* ---- h2_conn.c ---- */

struct h2_conn {
	struct h2_conn *next, **link;
	struct h2_host *host;
	struct nghttp2_session *session;
	struct raw *raw;
	struct hook flush;
	struct tls *tls;
	struct watch *watch;
	struct waiter shaken; /* while the handshake goes on */
	struct h2_stream *streams;
	bool up;       /* it takes requests */
	int64_t heard; /* when something came last */
	size_t out_n;  /* bytes that wait for the socket */
	char out[64 * 1024];
	uint8_t in[16 * 1024];
};

/* Begins to connect; those who wait hear of it. */
void h2_conn_open(struct h2_host *host);
void h2_conn_send(struct h2_conn *c, struct h2_stream *s);
void h2_conn_cancel(struct h2_stream *s);

/* The loop ends: no coroutine is left. */
void h2_conn_free_all(struct h2_host *host);
