/*
 * Bodies. Whole: gathered in the arena, growing as the bytes come, whatever length was announced.
 * Streamed: a ring between the connection and the handler; when it is more than half full the
 * connection is left unread, so TCP slows the client down to the handler's pace. What is large goes past the
 * ring (receive.c).
 */
#include "lib/web/request.h"

#include <string.h>

enum { USUAL_BODY_MAX = 64 * 1024, FIRST_PIECE = 2048, RING = 16 * 1024 };

size_t body_max(const struct route *route)
{
	return route->body_max ? route->body_max : USUAL_BODY_MAX;
}

err body_add(struct request *r, const char *p, size_t n)
{
	size_t need = r->body_n + n + 1, size = r->body_size ? r->body_size : FIRST_PIECE;

	if (need - 1 > body_max(r->req.route))
		return err_too_large;
	while (size < need)
		size *= 2;
	if (size > r->body_size) {
		r->body = arena_grow(r->req.arena, r->body, r->body_n, size);
		r->body_size = size;
	}
	memcpy(r->body + r->body_n, p, n);
	r->body_n += n;
	r->body[r->body_n] = '\0';
	return OK;
}

str req_body_text(const struct req *req)
{
	const struct request *r = request_of(req);

	return r->body ? (str){ r->body, r->body_n } : S("");
}

void stream_start(struct request *r)
{
	r->stream.buf = arena_alloc(r->req.arena, RING);
}

/* Copies n bytes to or from the ring at offset `at`, around its end. */
static void ring_put(char *ring, size_t at, const char *p, size_t n)
{
	size_t first = RING - at < n ? RING - at : n;

	memcpy(ring + at, p, first);
	memcpy(ring, p + first, n - first);
}

static void ring_get(const char *ring, size_t at, char *p, size_t n)
{
	size_t first = RING - at < n ? RING - at : n;

	memcpy(p, ring + at, first);
	memcpy(p + first, ring, n - first);
}

size_t stream_feed(struct request *r, const char *p, size_t n)
{
	struct stream *s = &r->stream;

	if (n > RING - s->n)
		n = RING - s->n;
	ring_put(s->buf, (s->at + s->n) % RING, p, n);
	s->n += n;
	s->total += n;
	waiter_wake(&s->reader);
	return n;
}

bool stream_is_full(const struct request *r)
{
	return r->stream.n > RING / 2;
}

void stream_end(struct request *r)
{
	r->stream.end = true;
	waiter_wake(&r->stream.reader);
}

void stream_gone(struct request *r)
{
	void (*gone)(void *) = r->gone;

	r->stream.gone = true;
	r->gone = NULL;
	waiter_wake(&r->stream.reader);
	if (gone)
		gone(r->gone_arg);
}

/* Waits until there is something in the ring, or never will be. Suspends. */
static err wait_for_more(struct request *r)
{
	struct stream *s = &r->stream;

	while (s->n == 0 && !s->end) {
		if (s->gone)
			return err_io;
		s->asked = true;
		s->reader = (struct waiter){ 0 };
		r->web->on_wanted(r);
		TRY(waiter_wait(&s->reader, r->req.deadline));
	}
	return OK;
}

err req_read(struct req *req, void *buf, size_t n, size_t *got)
{
	struct request *r = request_of(req);
	struct stream *s = &r->stream;

	*got = 0;
	if (!s->buf)
		return OK; /* no body was sent */
	if (time_monotonic() > req->deadline)
		return err_deadline;
	if (s->n == 0 && s->watch)
		return receive(r, buf, n, got);
	TRY(wait_for_more(r));
	if (s->total > body_max(req->route))
		return err_too_large;
	if (n > s->n)
		n = s->n;
	ring_get(s->buf, s->at, buf, n);
	s->at = (s->at + n) % RING;
	s->n -= n;
	*got = n;
	return OK;
}
