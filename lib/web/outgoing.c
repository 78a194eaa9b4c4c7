/*
 * Replies that are sent while they are made. The handler lends its piece and sleeps until all of it has been
 * taken, so nothing is copied twice and nothing piles up however slow the client is.
 */
#include "lib/web/request.h"

#include <assert.h>
#include <string.h>

err reply_begin(struct req *req, const char *content_type)
{
	struct request *r = request_of(req);

	assert(!r->stream.buf && !r->out.begun);
	r->status = req->route->status ? req->route->status : 200;
	r->content_type = content_type;
	r->replied = true;
	r->out.begun = true;
	r->web->on_offered(r);
	return OK;
}

static bool has_no_body(const struct request *r)
{
	return r->req.head || r->status == 204 || r->status == 304;
}

err reply_pass(struct req *req, int status, int64_t length)
{
	struct request *r = request_of(req);

	assert(!r->out.begun);
	r->status = status;
	r->replied = true;
	r->out.passed = true;
	r->out.length = has_no_body(r) && !req->head ? 0 : length;
	r->out.begun = true;
	r->web->on_offered(r);
	return OK;
}

err reply_write(struct req *req, str piece)
{
	struct request *r = request_of(req);
	struct outgoing *o = &r->out;
	err e = OK;

	if (o->passed && has_no_body(r))
		return OK;
	o->left = piece;
	while (o->left.n && !e.info) {
		if (o->gone)
			return err_io;
		o->writer = (struct waiter){ 0 };
		r->web->on_offered(r);
		e = waiter_wait(&o->writer, req->deadline);
	}
	o->left = (str){ 0 };
	return e;
}

size_t outgoing_take(struct request *r, char *buf, size_t size)
{
	struct outgoing *o = &r->out;
	size_t n = o->left.n < size ? o->left.n : size;

	if (n == 0)
		return 0;
	memcpy(buf, o->left.p, n);
	o->left = (str){ o->left.p + n, o->left.n - n };
	o->total += n;
	if (o->left.n == 0)
		waiter_wake(&o->writer);
	return n;
}

void outgoing_end(struct request *r)
{
	struct outgoing *o = &r->out;

	if (o->passed && o->length > (int64_t)o->total && !has_no_body(r))
		o->failed = true;
	r->out.end = true;
	r->web->on_offered(r);
}

void outgoing_gone(struct request *r)
{
	r->out.gone = true;
	waiter_wake(&r->out.writer);
}
