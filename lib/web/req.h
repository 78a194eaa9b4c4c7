/*
 * A request as a handler sees it, and its reply. Handlers run on a coroutine of the request's loop,
 * as straight-line code; the request, its arena and everything in it die after the reply was sent.
 */
#pragma once

#include "lib/base/json.h"
#include "lib/db/db.h"
#include "lib/web/route.h"

struct app; /* the program's own; lib never looks inside */

struct identity {
	uuid id;      /* nil: nobody */
	uuid session; /* of the token, nil when it names none */
	usec expires; /* the token's end */
	bool partial; /* the session lacks the account's second factor (AUTH_PARTIAL) */
	str role;     /* of the profile: user, moderator, admin */
	str status;   /* of the account */
};

struct req {
	struct arena *arena;
	struct loop *loop;
	struct db *db; /* the loop's pool, with this request's arena and deadline */
	struct app *app;
	const struct route *route;
	struct identity user;
	enum method method;
	bool head;		  /* a HEAD, which GET's handler answers; must change nothing */
	str path;		  /* as sent, without query */
	const struct pair *query; /* the query string's pairs, decoded, in order; the server's */
	size_t nquery;
	str request_id;	  /* theirs if it is well-formed, else ours */
	str client;	  /* address, proxies taken into account */
	int64_t deadline; /* monotonic microseconds */
	int64_t started;  /* monotonic microseconds */
};

/* A path parameter as text (percent-decoded), or as an id: err_invalid when it is none. */
str req_param(const struct req *r, const char *name);
err req_id(struct req *r, const char *name, uuid *out);

/* A header's value, absent when not sent. */
str req_header(const struct req *r, const char *name);

/* A cookie's value as sent (RFC 6265 §5.4), the first of that name; absent when there is none. */
str req_cookie(const struct req *r, const char *name);

/* The stable code of the error it was answered with; NULL: of none, or not yet. */
const char *req_error_code(const struct req *r);

/* The query string by the route's table; `present` may be NULL. */
err req_query(struct req *r, void *out, struct present *present);

/* The JSON body by the route's table; `out` is zeroed first. `present` may be NULL. */
err req_body(struct req *r, void *out, struct present *present);

/* The same for what an HTML form sends (application/x-www-form-urlencoded). */
err req_form(struct req *r, void *out, struct present *present);

/* BODY_STREAM: up to n bytes into buf, *got = 0 at the end. The client is slowed to our pace. A large body ends
 * the connection with the reply.
 * Suspends. Errors: err_deadline, err_io (client gone), err_too_large (body_max), request_timeout (408). */
err req_read(struct req *r, void *buf, size_t n, size_t *got);

/* The whole raw body of a BODY_JSON route. */
str req_body_text(const struct req *r);

/* The same error with another sentence; the code stays. */
err req_fail(struct req *r, err kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same error with further members in the envelope, by field table (the record is copied). */
err req_fail_with(struct req *r, err kind, const struct field *fields, const void *record);

/* Takes one token of `rate` for a key of the handler's own (an account, an address of the body):
 * err_rate_limited, with the headers that go with it, when there is none. The route's own rate is the
 * server's business. req_unlimit gives it back. req_limit suspends. */
err req_limit(struct req *r, const struct rate *rate, str key);
void req_unlimit(struct req *r, const struct rate *rate, str key);

/* Gives the request so many microseconds more: it was kept waiting for no fault of its own. */
void req_postpone(struct req *r, int64_t us);

/*
 * Answers as another route would, with the same body: an older name of it. Its token and limits count, the
 * deadline is still this route's. Suspends. err_internal when there is no such route.
 */
struct forward {
	enum method method;
	str path;
	const struct pair *query; /* decoded */
	size_t nquery;
};
err req_forward(struct req *r, const struct forward *to);

/* A reply header; name and value are copied. Access-Control-Allow-Origin replaces the server's own answer. */
void reply_header(struct req *r, const char *name, str value);

/* The success reply by the route's table and status. */
err reply(struct req *r, const void *record);

/* Another status or table than the route's. */
err reply_as(struct req *r, int status, const struct field *fields, const void *record);

/* {"message": "…"} with the route's status; the route's table is message_fields. */
struct message {
	str message;
};
extern const struct field message_fields[];
err reply_message(struct req *r, const char *text);

/* A writer for JSON that becomes a reply, or a piece of one, in this arena. */
void reply_writer(struct req *r, struct arena *a, size_t size_hint, struct json_writer *out);

/* Not JSON: a page, a text, a file's bytes. The body must live in the arena or for ever. */
err reply_text(struct req *r, int status, const char *content_type, str body);
err reply_redirect(struct req *r, str location);

/*
 * A reply that is sent while it is made, for what must never be in memory as a whole: begun once (not on a
 * BODY_STREAM route), then written piece by piece, each at the client's pace, and over when the handler returns.
 * An error the handler ends with cuts the connection, so that nobody takes the part for the whole.
 * reply_write suspends. Errors: err_io (client gone), err_deadline.
 */
err reply_begin(struct req *r, const char *content_type);
err reply_write(struct req *r, str piece);

/*
 * The same for somebody else's reply that is passed on, on any route: headers are those of reply_header and
 * X-Request-Id, no others; length: of the body, -1 when nobody knows it. Less than that cuts the connection, too.
 * Nothing is written when the request is a HEAD or the status has no body. Before the whole request has been read,
 * the rest of it is taken and dropped first.
 */
err reply_pass(struct req *r, int status, int64_t length);
err reply_empty(struct req *r, int status);

/*
 * A file: whole, the part that Range asks for (206, 416), or 304 when If-None-Match knows it already
 * (RFC 9110 §13, §14). The kernel copies it to the socket; memory stays the same whatever the size. Not for
 * BODY_STREAM routes.
 */
struct reply_file {
	int fd; /* the request's from now on, whatever comes of it */
	int64_t size;
	const char *content_type;
	str etag; /* with its quotes; absent: none */
};
err reply_file(struct req *r, const struct reply_file *file);

/* From now on gone(arg) is called, on the loop's own stack and at most once, when the client goes away before the
 * handler has returned. For a request whose body has been read. */
void req_on_gone(struct req *r, void (*gone)(void *arg), void *arg);

/* The request's method as sent: "HEAD", "OPTIONS", too. */
const char *req_method(const struct req *r);

/* All headers, as sent. */
const struct pair *req_headers(const struct req *r, size_t *ret_n);

/* The query as sent, without "?"; the body's length: -1 chunked, 0 none. */
str req_query_text(const struct req *r);
int64_t req_length(const struct req *r);

/* In a handler that took a request before the router was asked (server_options.divert): hands it back, to be
 * routed, authenticated and answered as if it had just come. Suspends. */
err req_route(struct req *r);
