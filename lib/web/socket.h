/*
 * WebSockets (RFC 6455, version 13, no extensions), server side: a handler turns its request into a socket,
 * whose owner is then told of whole text messages and sends frames. Pings, time limits, a bounded
 * queue, the closing handshake and a pace for what comes in are done here. An idle socket costs
 * some hundred bytes: no coroutine, and no decoder unless a message is just arriving.
 */
#pragma once

#include "lib/web/frame.h"
#include "lib/web/req.h"

struct socket;

/* Microseconds where nothing else is said. */
struct socket_limits {
	int64_t ping;	 /* between pings */
	int64_t silence; /* dropped when nothing was heard for so long; also for one whole message */
	int64_t write;	 /* dropped when nothing could be written for so long */
	int64_t goodbye; /* for the peer's part of the closing handshake */
	size_t message;	 /* bytes of a message; a larger one closes with 1009 */
	unsigned queue;	 /* frames that wait; one more and it is dropped */
	unsigned
		in_a_second; /* frames it may send, 8 KiB of them counting as one more; then it waits */
};

/* 54 s, 60 s, 10 s, 5 s, 512 KiB, 256 frames, 128 a second. */
extern const struct socket_limits socket_usual;

/* All of it is called on the loop's own stack. */
struct socket_owner {
	const struct socket_limits *limits;
	void (*opened)(void *arg, struct socket *s);
	void (*text)(void *arg, str message); /* valid UTF-8; gone when this returns */
	void (*stop)(void *arg);	      /* the server ends: socket_close; NULL: with 1001 */
	void (*closed)(void *arg); /* always and last: s is gone; also when it was never opened */
};

/*
 * Answers the request with a socket. The owner must outlive the server; arg is kept for it, and is the
 * caller's again on an error. `protocol`: the one of the client's subprotocols that is chosen, absent for none.
 * Errors: 426 (no WebSocket asked for, or another version), 400 (a bad handshake), 403 (a page of an
 * origin that CORS does not allow), 503 (too many, or the server is ending).
 */
err socket_accept(struct req *r, str protocol, const struct socket_owner *owner, void *arg);

/* Whether the client offers this subprotocol. */
bool socket_offers(const struct req *r, str protocol);

/* Queues a frame, to be written at the end of the loop's turn; the caller keeps its hold. Does nothing
 * on a socket that is closing. From the socket's loop only. */
void socket_send(struct socket *s, struct frame *f);

/* Frames that have not been written yet. */
unsigned socket_queued(const struct socket *s);

/* Begins the closing handshake; 0: without a code. Frames queued before still go out, what comes from now on is not
 * given to the owner. `closed` follows, never from within this call. */
void socket_close(struct socket *s, int code, str reason);
