/*
 * Bodies of multipart/form-data (RFC 7578, RFC 2046 §5.1) as they come: parts one after the other, the
 * content of each in pieces, in 128 KiB of memory whatever the size. Names and types are the client's
 * words and prove nothing.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/err.h"

struct req;
struct multipart;

struct part {
	str name;     /* of the form's field; never absent */
	str filename; /* absent: no file */
	str mime;     /* absent: none given */
};

/* A BODY_STREAM request's body. Errors: err_invalid when its Content-Type is another. */
err multipart_open(struct req *r, struct multipart **out);

/* The same over any source: read() gets up to n bytes, 0 at the end. */
err multipart_over(struct arena *a, str content_type,
		   err (*read)(void *arg, void *buf, size_t n, size_t *got), void *arg,
		   struct multipart **out);

/* Goes on to the next part, past what was not read of this one; *more is false behind the last. Suspends.
 * Errors: err_invalid (malformed, cut off, more than 32 parts), and those of req_read. */
err multipart_next(struct multipart *m, struct part *out, bool *more);

/* The next piece of the part's content, valid until the next call; empty at its end. Suspends. */
err multipart_piece(struct multipart *m, str *out);

/* All of the part's content, in the arena. err_too_large over `max` bytes. Suspends. */
err multipart_text(struct multipart *m, size_t max, str *out);
