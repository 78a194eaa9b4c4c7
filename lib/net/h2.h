/*
 * Many small requests to a server that speaks HTTP/2 (RFC 9113) with TLS, at once over one connection a loop, for
 * coroutines. By nghttp2 itself and not through curl, for two reasons. It takes a tenth of the time. And it says what
 * became of each request when the connection or a stream is ended from the other side: one that the server says it has
 * not looked at (REFUSED_STREAM, a GOAWAY that names an earlier stream), or that had not gone out whole, is sent
 * again, over a new connection if need be; one that it may have acted on never is.
 */
#pragma once

#include "lib/net/fetch.h"

/*
 * As fetch_http, for https only; of `f` it takes method, url, headers, body and reply_max (0: 4 KiB). Suspends.
 * Errors: err_io (among them: the request may have been acted on, or not), err_deadline, err_too_large, err_invalid.
 */
err h2_fetch(struct arena *a, const struct fetch *f, int64_t deadline, struct fetch_reply *out);
