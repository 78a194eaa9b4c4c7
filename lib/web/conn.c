/*
 * Connections are closed by ending their socket (shutdown): MHD then sees the end of the stream and
 * takes its own leave. Limits are kept by one timer that looks at all connections about once a second.
 */
#include "lib/web/conn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	HEAD_TIME = 10 * 1000 * 1000, /* for a request's head to arrive */
	SWEEP_TIME = 1000 * 1000,
	PARTING_TIME = 250 * 1000, /* for a request that is on its way to a server that ends */
};

static int64_t head_time(const struct server *s)
{
	int64_t idle = s->web.options.idle_timeout;

	return idle < HEAD_TIME ? idle : HEAD_TIME;
}

/* ---- the client's end ---- */

/* More requests may be waiting in the socket: then its end cannot be seen, as it cannot by others. */
static void on_readable(void *arg, int ready)
{
	struct web_conn *c = arg;
	char byte;
	ssize_t n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	(void)ready;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	watch_set(c->watch, 0);
	if (n > 0)
		return;
	shutdown(c->fd, SHUT_RDWR);
	if (c->request)
		stream_gone(c->request);
}

void web_conn_watch(struct request *r)
{
	struct web_conn *c = r->conn;

	if (!c)
		return;
	if (!c->watch)
		c->watch = watch_new(c->server->web.loop, c->fd, on_readable, c);
	if (c->watch)
		watch_set(c->watch, WATCH_READ);
}

/* ---- limits ---- */

void web_conn_send(struct web_conn *c, struct request *r)
{
	char head[2048];
	struct iovec iov[2] = { { head, reply_head(r, head, sizeof head) },
				{ (void *)(uintptr_t)r->text.p, r->text.n } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };

	if (sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		r->stage = STAGE_SENT;
	r->finished = time_monotonic();
	c->lingering = true;
}

static void expire(struct web_conn *c)
{
	struct request *r = c->request;

	if (r && r->stage == STAGE_BODY && !r->replied)
		request_refuse(r, err_request_timeout);
	if (r && (r->stage == STAGE_BODY || r->stage == STAGE_DONE))
		web_conn_send(c, r);
	shutdown(c->fd, SHUT_RDWR);
	c->until = 0;
}

static void sweep(void *arg)
{
	struct server *s = arg;
	int64_t now = time_monotonic();

	for (struct web_conn *c = s->conns; c; c = c->next)
		if (c->until && c->until <= now && !c->suspended)
			expire(c);
	if (s->nconns)
		timer_set(s->sweep, SWEEP_TIME);
}

void web_conn_begin(struct web_conn *c, struct request *r)
{
	r->conn = c;
	c->request = r;
	c->until = r->req.started + head_time(c->server);
}

void web_conn_end(struct web_conn *c)
{
	struct server *s = c->server;

	if (c->watch)
		watch_set(c->watch, 0);
	c->request = NULL;
	c->until = time_monotonic() + (s->web.draining ? 0 : s->web.options.idle_timeout);
}

/* ---- the list ---- */

struct web_conn *web_conn_new(struct server *s, struct MHD_Connection *mhd, int fd,
			      struct address peer)
{
	struct web_conn *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->server = s;
	c->mhd = mhd;
	c->fd = fd;
	c->peer = peer;
	c->until = time_monotonic() + head_time(s);
	c->next = s->conns;
	c->link = &s->conns;
	if (c->next)
		c->next->link = &c->next;
	s->conns = c;
	if (s->nconns++ == 0)
		timer_set(s->sweep, SWEEP_TIME);
	return c;
}

static void drained(void *arg)
{
	struct server *s = arg;
	void (*done)(void *) = s->on_drained;

	s->on_drained = NULL;
	timer_cancel(s->grace);
	if (done)
		done(s->drained_arg); /* may free s */
}

void web_conns_check(struct server *s)
{
	if (s->web.draining && s->nconns == 0 && s->nupgrades == 0)
		loop_at_turn_end(s->web.loop, &s->drained);
}

void web_conn_free(struct web_conn *c)
{
	struct server *s = c->server;
	int fd = c->lingering ? dup(c->fd) : -1;

	if (fd >= 0)
		linger_start(s->web.loop, &s->lingering, fd);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	watch_free(c->watch);
	free(c);
	s->nconns--;
	web_conns_check(s);
}

bool web_conns_open(struct server *s)
{
	s->drained = (struct hook){ .fn = drained, .arg = s };
	s->sweep = timer_new(s->web.loop, sweep, s);
	s->grace = timer_new(s->web.loop, drained, s);
	return s->sweep && s->grace;
}

void web_conns_close(struct server *s)
{
	timer_free(s->sweep);
	timer_free(s->grace);
	linger_end_all(&s->lingering);
	loop_forget(s->web.loop, &s->drained);
}

/* ---- the end ---- */

void web_conns_drain(struct server *s, int64_t grace)
{
	int64_t parting = time_monotonic() + PARTING_TIME;

	s->web.draining = true;
	for (struct web_conn *c = s->conns; c; c = c->next)
		if (!c->request)
			c->until = parting;
	timer_set(s->sweep, PARTING_TIME);
	upgrades_stop(s, false);
	timer_set(s->grace, grace);
	web_conns_check(s);
}
