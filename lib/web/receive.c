/*
 * Large bodies past MHD, which reads 4 KiB at a time: once it has handed over what came with the head, its
 * connection stays suspended, and what the handler reads comes from the socket straight into the handler's
 * memory. MHD never learns that the body is over, so the reply is written to the socket, too, and ends the
 * connection; from a quarter of a megabyte on nobody notices.
 */
#include "lib/web/conn.h"

#include <errno.h>
#include <sys/socket.h>

enum {
	WORTH_IT = 256 * 1024, /* bytes still to come */
	BURST = 512 * 1024,    /* … that are read before others get their turn */
};

static void on_ready(void *arg, int ready)
{
	struct stream *s = arg;

	(void)ready;
	watch_set(s->watch, 0);
	waiter_wake(&s->reader);
}

/* Whose reply may be of any kind stays with MHD. */
bool receive_begin(struct web_conn *c, struct request *r)
{
	struct stream *s = &r->stream;
	int64_t left = r->content_length - (int64_t)s->total;

	if (left < WORTH_IT || request_is_diverted(r))
		return false;
	s->watch = watch_new(r->web->loop, c->fd, on_ready, s);
	s->fd = c->fd;
	s->left = left;
	return s->watch;
}

/* Until there is something to read; a client that is silent for as long as a connection may be idle is given
 * up. Suspends. */
static err wait_ready(struct request *r)
{
	struct stream *s = &r->stream;
	int64_t idle = time_monotonic() + r->web->options.idle_timeout, end = r->req.deadline;
	err e;

	s->burst = 0;
	s->reader = (struct waiter){ 0 };
	watch_set(s->watch, WATCH_READ);
	e = waiter_wait(&s->reader, idle < end ? idle : end);
	watch_set(s->watch, 0);
	return e.info && idle < end ? err_request_timeout : e;
}

err receive(struct request *r, void *buf, size_t n, size_t *got)
{
	struct stream *s = &r->stream;
	ssize_t here;

	if ((int64_t)n > s->left)
		n = (size_t)s->left;
	if (n == 0)
		return OK;
	if (s->burst >= BURST)
		TRY(wait_ready(r));
	while ((here = recv(s->fd, buf, n, MSG_DONTWAIT)) <= 0) {
		s->gone = here == 0 || (errno != EAGAIN && errno != EINTR);
		if (s->gone)
			return err_io;
		TRY(wait_ready(r));
	}
	s->left -= here;
	s->burst += (size_t)here;
	*got = (size_t)here;
	return OK;
}

void receive_end(struct web_conn *c, struct request *r)
{
	struct stream *s = &r->stream;

	watch_free(s->watch);
	s->watch = NULL;
	if (!s->gone)
		web_conn_send(c, r);
	if (s->gone || s->left == 0) /* else MHD reads on, and closes at the next piece */
		shutdown(c->fd, SHUT_RDWR);
}
