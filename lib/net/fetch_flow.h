/*
 * Requests whose bodies flow: for passing on what is larger than memory should hold, or has no end. The
 * order is open, write…, end, head, read…; each waits no longer than its own deadline. HTTP/1.1, a
 * connection each, so that a slow side slows down only its own other side; memory is a few buffers of 16 KB.
 *
 * Nothing is ever sent twice: a request that fails on a connection that was kept is tried again only
 * while none of its body has been sent, and only if it is one that may be (GET and the like).
 */
#pragma once

#include "lib/net/fetch.h"

struct flow;

enum { FLOW_NO_BODY = -2, FLOW_CHUNKED = -1 };

/*
 * Begins; the arena owns it. Of `f` method, url and headers count, which go out as they are, Host, lengths and
 * codings excepted: those are ours. body: its length, or one of the two above.
 * Errors: err_invalid (a header with a line break).
 */
err flow_open(struct arena *a, const struct fetch *f, int64_t body, struct flow **out);

/*
 * A piece of the body; gone to the socket's side when it returns. Suspends. When the other side has
 * answered already, the rest is not wanted: *ret_answered, and nothing more need be written.
 * Errors: err_io with curl's sentence, err_deadline (nothing moved, or no connection in time).
 */
err flow_write(struct flow *f, const char *p, size_t n, int64_t deadline, bool *ret_answered);
void flow_end(struct flow *f);

/* The reply's head: status and lines (fetch_next_header); never an interim one. Suspends. Errors as flow_write. */
err flow_head(struct flow *f, int64_t deadline, struct fetch_reply *out);

/* What has come of the body, at most 16 KB, valid until the next call; empty at its end. Suspends. */
err flow_read(struct flow *f, int64_t deadline, str *out);

/* From a callback: whoever waits in one of these gets err_cancelled, and so do later calls. */
void flow_cancel(struct flow *f);
extern const err err_cancelled;
