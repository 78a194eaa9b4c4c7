/*
 * The request's coroutine connects and reads the project's answer; from the 101 on callbacks move bytes between
 * the two sockets, a buffer each way, so that neither side can outrun the other.
 */
#include "app/gateway/tunnel.h"

#include "lib/net/fetch.h"
#include "lib/net/fetch_raw.h"
#include "lib/web/upgrade.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { LANE = 16 * 1024 };

static const int64_t open_within = 20 * SECOND;
static const int64_t look_every = SECOND; /* at the gate */

/* Bytes on their way. */
struct lane {
	char buf[LANE];
	size_t at, n;
};

struct tunnel {
	const struct gate *gate;
	struct loop *loop;
	struct raw *there;
	struct watch *there_watch;
	struct upgrade *upgrade; /* NULL before the 101 */
	int fd;			 /* the client's */
	struct watch *here_watch;
	struct timer *timer;
	struct lane up, down;
	struct waiter waiter; /* of the coroutine */
};

static void tunnel_free(struct tunnel *t)
{
	watch_free(t->there_watch);
	watch_free(t->here_watch);
	timer_free(t->timer);
	raw_free(t->there);
	if (t->upgrade)
		upgrade_end(t->upgrade, true);
	free(t);
}

/* ---- moving bytes ---- */

static ssize_t receive_here(struct tunnel *t, void *p, size_t n)
{
	ssize_t got = recv(t->fd, p, n, MSG_DONTWAIT);

	return got >= 0 ? got : errno == EAGAIN || errno == EINTR ? RAW_LATER : RAW_BROKEN;
}

static ssize_t send_here(struct tunnel *t, const void *p, size_t n)
{
	ssize_t sent = send(t->fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);

	return sent >= 0 ? sent : errno == EAGAIN || errno == EINTR ? RAW_LATER : RAW_BROKEN;
}

static ssize_t receive_there(struct tunnel *t, void *p, size_t n)
{
	return raw_receive(t->there, p, n);
}

static ssize_t send_there(struct tunnel *t, const void *p, size_t n)
{
	return raw_send(t->there, p, n);
}

/* Moves what goes now; false when this lane has done all it ever will. */
static bool move(struct tunnel *t, struct lane *l,
		 ssize_t (*receive)(struct tunnel *, void *, size_t),
		 ssize_t (*deliver)(struct tunnel *, const void *, size_t))
{
	for (;;) {
		ssize_t n = l->n ? deliver(t, l->buf + l->at, l->n) : receive(t, l->buf, LANE);

		if (n == RAW_LATER)
			return true;
		if (n <= 0)
			return false;
		if (l->n) {
			l->at += (size_t)n;
			l->n -= (size_t)n;
		} else {
			l->at = 0;
			l->n = (size_t)n;
		}
	}
}

/* A lane waits for its beginning while it is empty, for its end while it is not. */
static void watch_both(struct tunnel *t)
{
	watch_set(t->here_watch, (t->up.n ? 0 : WATCH_READ) | (t->down.n ? WATCH_WRITE : 0));
	watch_set(t->there_watch, (t->down.n ? 0 : WATCH_READ) | (t->up.n ? WATCH_WRITE : 0));
}

static void pump(struct tunnel *t)
{
	if (move(t, &t->up, receive_here, send_there)
	    && move(t, &t->down, receive_there, send_here))
		watch_both(t);
	else
		tunnel_free(t);
}

static void on_ready(void *arg, int ready)
{
	struct tunnel *t = arg;

	(void)ready;
	if (t->upgrade)
		pump(t);
	else
		waiter_wake(&t->waiter);
}

static void look(void *arg)
{
	struct tunnel *t = arg;

	if (t->upgrade && gate_side(t->gate) == GATE_HERE)
		tunnel_free(t);
	else
		timer_set(t->timer, look_every);
}

/* ---- once the client has its 101 ---- */

static void on_begin(void *arg, struct upgrade *u, int fd, str early)
{
	struct tunnel *t = arg;

	t->upgrade = u;
	t->fd = fd;
	t->here_watch = watch_new(t->loop, fd, on_ready, t);
	if (!t->here_watch || early.n > LANE) {
		tunnel_free(t);
		return;
	}
	memcpy(t->up.buf, early.n ? early.p : "", early.n);
	t->up.n = early.n;
	pump(t);
}

static void on_never(void *arg)
{
	tunnel_free(arg);
}

/* The client connects anew, to another server or to this one when it is back. */
static void on_stop(void *arg, bool now)
{
	(void)now;
	tunnel_free(arg);
}

static const struct upgrade_owner owner = { on_begin, on_never, on_stop };

/* ---- before ---- */

bool tunnel_wanted(const struct req *r)
{
	return str_ieq(req_header(r, "Upgrade"), S("websocket"))
		&& strcmp(req_method(r), "GET") == 0 && req_length(r) == 0;
}

static err wait_for(struct tunnel *t, int want, int64_t deadline)
{
	err e;

	watch_set(t->there_watch, want);
	e = waiter_wait(&t->waiter, deadline);
	watch_set(t->there_watch, 0);
	return e;
}

static err send_all(struct tunnel *t, str text, int64_t deadline)
{
	while (text.n > 0) {
		ssize_t n = raw_send(t->there, text.p, text.n);

		if (n == RAW_LATER)
			TRY(wait_for(t, WATCH_WRITE, deadline));
		else if (n <= 0)
			return err_io;
		else
			text = str_slice(text, (size_t)n, text.n);
	}
	return OK;
}

/* Where the head in the lane ends, or 0. */
static size_t head_end(const struct lane *l)
{
	const char *end = memmem(l->buf, l->n, "\r\n\r\n", 4);

	return end ? (size_t)(end - l->buf) + 4 : 0;
}

static err receive_head(struct tunnel *t, int64_t deadline, size_t *ret_n)
{
	struct lane *l = &t->down;

	while (!(*ret_n = head_end(l))) {
		ssize_t n = l->n < LANE ? raw_receive(t->there, l->buf + l->n, LANE - l->n)
					: RAW_BROKEN;

		if (n == RAW_LATER)
			TRY(wait_for(t, WATCH_READ, deadline));
		else if (n <= 0)
			return err_io;
		else
			l->n += (size_t)n;
	}
	return OK;
}

static str request_text(struct req *r, str url, const struct pair *headers, size_t n)
{
	str rest = url, host;
	str text;

	str_cut(&rest, '/');
	str_cut(&rest, '/');
	host = str_cut(&rest, '/');
	text = arena_printf(
		r->arena,
		"GET /%.*s HTTP/1.1\r\nHost: %.*s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
		(int)rest.n, rest.p, (int)host.n, host.p);
	for (size_t i = 0; i < n; i++)
		text = arena_printf(r->arena, "%.*s%.*s: %.*s\r\n", (int)text.n, text.p,
				    (int)headers[i].name.n, headers[i].name.p,
				    (int)headers[i].value.n, headers[i].value.p);
	return arena_printf(r->arena, "%.*s\r\n", (int)text.n, text.p);
}

static err ask(struct tunnel *t, struct req *r, str text, size_t *ret_head)
{
	int64_t deadline = time_monotonic() + open_within;
	err e = send_all(t, text, deadline);

	if (!e.info)
		e = receive_head(t, deadline, ret_head);
	return e.info ? err_detail(r->arena, e, NULL, "the project's socket service broke off")
		      : OK;
}

/* "HTTP/1.1 101 …" */
static int status_of(str head)
{
	int64_t status = 0;

	str_cut(&head, ' ');
	return str_to_i64(str_slice(head, 0, 3), &status) ? (int)status : 0;
}

static void take_headers(struct req *r, str head)
{
	struct pair h;

	while (fetch_next_header(&head, &h))
		if (!str_ieq(h.name, S("Connection")) && !str_ieq(h.name, S("Upgrade"))
		    && !str_ieq(h.name, S("Transfer-Encoding"))
		    && !str_ieq(h.name, S("Content-Length")) && h.value.n > 0)
			reply_header(r, arena_cstr(r->arena, h.name), h.value);
}

/* What the project said, as far as it came along with the head: refusals are short. */
static err refuse(struct tunnel *t, struct req *r, int status, str head)
{
	const struct fetch_reply all = { .head = head };
	bool plain = !fetch_header(&all, "Transfer-Encoding").p;
	str body = arena_copy(r->arena, (str){ t->down.buf + t->down.at, plain ? t->down.n : 0 });

	tunnel_free(t);
	TRY(reply_pass(r, status < 200 ? 502 : status, (int64_t)body.n));
	return reply_write(r, body);
}

static err answer(struct tunnel *t, struct req *r, size_t head_n)
{
	str head = arena_copy(r->arena, (str){ t->down.buf, head_n });
	int status = status_of(head);
	err e;

	t->down.at = head_n;
	t->down.n -= head_n;
	take_headers(r, head);
	if (status != 101)
		return refuse(t, r, status, head);
	e = reply_upgrade(r, "websocket", &owner, t);
	if (e.info)
		tunnel_free(t);
	return e;
}

err tunnel_open(struct req *r, struct gate *g, str url, const struct pair *headers, size_t n)
{
	str text = request_text(r, url, headers, n); /* before there is something to free */
	struct raw *there;
	struct tunnel *t;
	size_t head_n;
	err e = raw_open(r->arena, url, time_monotonic() + open_within, &there);

	if (e.info)
		return e;
	t = calloc(1, sizeof *t);
	if (!t) {
		raw_free(there);
		return err_no_memory;
	}
	t->gate = g;
	t->loop = r->loop;
	t->there = there;
	t->there_watch = watch_new(r->loop, raw_fd(there), on_ready, t);
	t->timer = timer_new(r->loop, look, t);
	e = t->there_watch && t->timer ? ask(t, r, text, &head_n) : err_no_memory;
	if (e.info) {
		tunnel_free(t);
		return e;
	}
	timer_set(t->timer, look_every);
	return answer(t, r, head_n);
}
