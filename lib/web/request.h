/*
 * One request from its headers to its reply: what reply.c, body.c and request.c do to it, without any
 * knowledge of sockets, and what server.c needs to move it along. Private to lib/web.
 */
#pragma once

#include "lib/base/rand.h"
#include "lib/web/address.h"
#include "lib/web/cors.h"
#include "lib/web/server.h"
#include "lib/web/upgrade.h"

#include <setjmp.h>

struct request;

/* What the requests of one server share. */
struct web {
	struct loop *loop;
	struct server_options options;
	struct cors *cors;
	struct proxies *proxies;
	struct rand_seq ids;
	struct request *spare; /* with empty arenas, for reuse */
	size_t nspare;
	bool draining; /* the server ends */
	void (*on_finished)(
		struct request *r); /* the coroutine is about to end: the reply is there */
	void (*on_wanted)(struct request *r); /* the handler waits for more of a streamed body */
	void (*on_watch)(struct request *r);  /* somebody wants to know when the client goes */
	void (*on_offered)(
		struct request *r); /* there is more of a streamed reply, or an end of it */
};

enum stage {
	STAGE_HEAD, /* headers are coming in */
	STAGE_BODY, /* the body is read, or read and dropped if the reply is there already */
	STAGE_RUN,  /* the coroutine runs */
	STAGE_SEND, /* it runs, and its reply is being sent meanwhile */
	STAGE_DONE, /* the reply is there, to be sent as soon as the connection is ready for it */
	STAGE_SENT, /* it was handed over */
};

/* A body that the handler reads as it comes. */
struct stream {
	char *buf; /* a ring */
	size_t at, n;
	size_t total;
	bool asked; /* the handler has begun to read */
	bool open;  /* the client was told to send */
	bool end;   /* all of it has come */
	bool gone;  /* the client went away */
	struct waiter reader;
	struct watch *
		watch; /* receive.c's, which reads the rest from here; NULL: it comes through MHD */
	int fd;
	int64_t left; /* bytes to be read from there */
	size_t burst; /* … read since others had their turn */
};

/* A reply that the handler writes as it is sent. */
struct outgoing {
	str left; /* of the piece the handler waits with */
	size_t total;
	bool begun, end, failed, gone;
	bool passed; /* somebody else's reply: with none of our headers, of `length` bytes, -1: unknown */
	int64_t length;
	struct waiter writer;
};

struct reply_header {
	struct reply_header *next;
	const char *name;
	const char *value;
};

/* A part of a file as a reply. */
struct file_part {
	int fd; /* -1: handed over to the connection */
	int64_t at, n;
};

struct request {
	struct req req; /* first, so that a handler's pointer is ours */
	struct web *web;
	struct web_conn *conn; /* server.c's; NULL once the client is gone */
	struct request *next_spare;
	enum stage stage;

	/* what came */
	const char *method; /* "GET", also "HEAD", "OPTIONS"; "-": none we know */
	str target;
	struct pair *headers;
	size_t nheaders;
	struct route_match match;
	int64_t content_length; /* -1: none given */
	bool chunked;
	bool expects; /* a client that sends its body only when told */
	bool entered; /* options.leave is due */
	bool preflight;
	str query_text;
	char own_id[17];
	void (*gone)(void *arg); /* told when the client goes */
	void *gone_arg;

	/* the body: whole, or as a stream */
	char *body;
	size_t body_n, body_size;
	size_t dropped; /* bytes read only to get past them */
	struct stream stream;

	/* the reply */
	bool replied;
	bool close; /* the connection cannot be used again */
	int status;
	const char *code; /* of an error */
	const char *content_type;
	str text;
	struct file_part *file; /* sent instead of the text; NULL: none */
	struct outgoing out;
	struct reply_header *reply_headers, **reply_headers_end;
	int64_t finished;
	const struct err_info *extra_of;     /* the error that has further members */
	str extra;			     /* these, as JSON without braces */
	const struct upgrade_owner *upgrade; /* a 101 that has not been sent yet, and whose */
	void *upgrade_arg;

	jmp_buf *out_of_memory;	       /* the boundary on the running stack */
	const struct arrival *arrival; /* for the guarded part of request_plan, */
	err refusal;		       /* … of request_refuse, */
	str piece;		       /* … of request_gather */
	char spare_text[160];	       /* the reply when there is no memory for one */
};

/* Bytes of body that are read and dropped to keep a connection; above that it is closed. */
enum { DROP_MAX = 64 * 1024 };

struct request *request_of(const struct req *r);

/* ---- request.c ---- */

/* The request line has come. NULL when memory is short. */
struct request *request_take(struct web *w, const char *target);
void request_put(struct request *r);

void request_free_spare(struct web *w);

/* Taken before the router was asked: its handler knows by itself who may go on, and how to reply. */
bool request_is_diverted(const struct request *r);

/* The headers have come; nothing of this needs to live longer than the call. */
struct arrival {
	str method, version;
	struct address peer;
	const struct pair *headers;
	size_t nheaders;
};

/*
 * Decides what is to happen to a request.
 * REFUSE: send the reply now, the body unread, and close. BODY: read it (drop it if r->replied), then
 * run or send the reply. STREAM: run now.
 */
enum plan { PLAN_REFUSE, PLAN_BODY, PLAN_STREAM };
enum plan request_plan(struct request *r, const struct arrival *a);

/* The request's coroutine: who is it, may they, the handler; then web->on_finished. */
void request_run(void *r);

/* Replies with an error that arose outside of the coroutine. */
void request_refuse(struct request *r, err e);

/* A piece of a whole body. False when it is too much; the reply says so then. */
bool request_gather(struct request *r, const char *p, size_t n);

/* The access log's line and the metrics. */
void request_log(const struct request *r);

extern const err err_request_timeout; /* 408: the client is too slow */
extern const err err_bad_request;     /* 400: not HTTP, or not clearly so */

/* ---- framing.c ---- */

/* Finds out how long the body is, or refuses the request (RFC 9112 §6.3, §11.2). */
err framing_check(struct request *r, str version);

/* ---- reply.c ---- */

/* Calls each() with every header of the reply; values are C strings. */
void reply_headers(const struct request *r,
		   void (*each)(void *arg, const char *name, const char *value), void *arg);

/* The head of a reply that ends the connection, as it goes over the wire; headers that do not fit are
 * left out. Returns its length. */
size_t reply_head(const struct request *r, char *out, size_t size);

/* Bytes of the reply's body. */
int64_t reply_length(const struct request *r);

/* Makes the envelope of an error the reply. */
void reply_error(struct request *r, err e);

/* Makes bytes the reply; `type` NULL: none. Always OK. */
err reply_finish(struct request *r, int status, const char *type, str text);

/* The one for no memory, which needs none. */
void reply_no_memory(struct request *r);

/* ---- body.c ---- */

/* The most a route takes. */
size_t body_max(const struct route *route);

/* A piece of a whole body; err_too_large over the limit. */
err body_add(struct request *r, const char *p, size_t n);

/* Room for a streamed body. */
void stream_start(struct request *r);

/* A piece of it; returns how much was taken and wakes the reader. */
size_t stream_feed(struct request *r, const char *p, size_t n);

/* Better not to read more from the socket until the handler has caught up. */
bool stream_is_full(const struct request *r);

void stream_end(struct request *r);
void stream_gone(struct request *r);

/* ---- receive.c ---- */

/* The next bytes of a body that is read past MHD, up to n; none at its end. Suspends. Errors: err_io,
 * err_deadline, err_request_timeout. */
err receive(struct request *r, void *buf, size_t n, size_t *got);

/* ---- outgoing.c ---- */

/* Copies what the handler has written to `buf`; how much, 0: nothing there at the moment. */
size_t outgoing_take(struct request *r, char *buf, size_t size);

/* The handler has returned. */
void outgoing_end(struct request *r);

void outgoing_gone(struct request *r);

/* ---- target.c ---- */

/* Percent-decodes; `plus`: "+" is a space. Malformed escapes stay as they are. */
str target_decode(struct arena *a, str s, bool plus);

/* Cuts a request target into path and query; false when it is neither absolute path nor URL. */
bool target_split(str target, str *path, str *query);

/* The pairs of a query string, decoded, in order. */
struct pair *target_pairs(struct arena *a, str query, size_t *ret_n);
