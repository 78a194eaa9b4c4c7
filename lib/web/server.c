/*
 * The seam to libmicrohttpd, the only file that includes it. Its epoll descriptor is watched by the
 * loop; MHD_run handles what is ready, and once more at the turn's end when a coroutine has finished.
 *
 * A connection is suspended in MHD's sense while its coroutine runs (MHD then leaves its socket
 * alone) and resumed when the reply is there. A streamed body is the exception: the connection goes
 * on reading while the handler waits for data, and is suspended while the handler is behind.
 *
 * MHD can send a reply at two moments only: before the body is read, which ends the connection, and
 * after the whole body. A reply that comes in between either waits until the rest is read and dropped,
 * or, when that is too much, is written to the socket past MHD and the connection is closed. So is the reply to a
 * body that was read past MHD (receive.c).
 */
#include "lib/web/server.h"

#include "lib/base/log.h"
#include "lib/web/conn.h"

#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MEMORY_LIMIT = 8192,		   /* of a connection: its request's head and the reply's */
	HEAD_MAX = 6144,		   /* … of which the request may take this much */
	SEND_SIZE = 32 * 1024,		   /* of a streamed reply at once */
	DROP_TIME = 5 * 1000 * 1000,	   /* for the rest of a body that nobody wants */
	PASS_DROP_TIME = 60 * 1000 * 1000, /* … that somebody else does not want */
};

/* ---- MHD and the loop ---- */

static void run(void *arg)
{
	struct server *s = arg;
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(s->daemon);
	if (MHD_get_timeout(s->daemon, &ms) != MHD_YES)
		timer_cancel(s->timer);
	else if (ms == 0)
		loop_at_turn_end(s->web.loop, &s->run);
	else
		timer_set(s->timer, (int64_t)ms * MILLISECOND);
}

static void on_ready(void *arg, int ready)
{
	(void)ready;
	run(arg);
}

/* MHD may call once more for the next chunk of a body though it was told to stop; told twice, it loses track of
 * the connection. */
static void suspend(struct web_conn *c)
{
	if (c->suspended)
		return;
	c->suspended = true;
	MHD_suspend_connection(c->mhd);
}

static void resume(struct web_conn *c)
{
	if (!c->suspended)
		return;
	c->suspended = false;
	MHD_resume_connection(c->mhd);
	loop_at_turn_end(c->server->web.loop, &c->server->run);
}

/* ---- replies ---- */

static void add_header(void *response, const char *name, const char *value)
{
	if (MHD_add_response_header(response, name, value) != MHD_YES)
		log_error("reply header refused", LOG("name", name));
}

/* MHD gets its connection back at once, see upgrade.c; `request` is NULL for one that is over. */
static void on_upgrade(void *cls, struct MHD_Connection *mhd, void *request, const char *early,
		       size_t n, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
	struct server *s = cls;

	(void)mhd;
	if (request)
		upgrade_begin(request, fd, (str){ early, n });
	MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
	loop_at_turn_end(s->web.loop, &s->run);
}

/* MHD wants more of a streamed reply; where there is none yet, the connection waits for it. */
static ssize_t read_outgoing(void *arg, uint64_t at, char *buf, size_t size)
{
	struct request *r = arg;
	size_t n = outgoing_take(r, buf, size);

	(void)at;
	if (n)
		return (ssize_t)n;
	if (r->out.failed)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (r->out.end)
		return MHD_CONTENT_READER_END_OF_STREAM;
	suspend(r->conn);
	return 0;
}

/* A text stays ours: it is in the request's arena, which outlives the response. A file becomes MHD's. */
static struct MHD_Response *make_body(const struct web_conn *c, struct request *r)
{
	struct file_part *f = r->file;
	struct MHD_Response *m;

	if (r->status == 101)
		return MHD_create_response_for_upgrade(on_upgrade, c->server);
	if (r->out.begun)
		return MHD_create_response_from_callback(r->out.passed && r->out.length >= 0
								 ? (uint64_t)r->out.length
								 : MHD_SIZE_UNKNOWN,
							 SEND_SIZE, read_outgoing, r, NULL);
	if (!f)
		return MHD_create_response_from_buffer(r->text.n, (void *)(uintptr_t)r->text.p,
						       MHD_RESPMEM_PERSISTENT);
	m = MHD_create_response_from_fd_at_offset64((uint64_t)f->n, f->fd, (uint64_t)f->at);
	if (m)
		f->fd = -1;
	return m;
}

static struct MHD_Response *make_response(const struct web_conn *c, struct request *r)
{
	struct MHD_Response *m = make_body(c, r);

	if (!m)
		return NULL;
	reply_headers(r, add_header, m);
	if (r->status != 101 && (c->server->web.draining || r->close))
		add_header(m, "Connection", "close");
	return m;
}

static enum MHD_Result send_reply(struct web_conn *c, struct request *r)
{
	struct MHD_Response *m = make_response(c, r);
	enum MHD_Result queued = MHD_NO;

	if (m) {
		queued = MHD_queue_response(c->mhd, (unsigned)r->status, m);
		MHD_destroy_response(m);
	}
	if (queued == MHD_YES)
		r->stage = r->stage == STAGE_RUN ? STAGE_SEND : STAGE_SENT;
	if (r->stream.buf && !r->stream.open)
		c->lingering = true; /* MHD closes: the body was not asked for, but may be coming */
	c->until = 0;		     /* from here on MHD's own timeout */
	return queued;
}

/* ---- a request's way ---- */

static void release(struct request *r)
{
	struct server *s = (struct server *)r->web;

	upgrade_never(r);
	if (r->stage != STAGE_HEAD) {
		request_log(r);
		s->active--;
	}
	request_put(r);
}

/* On the request's coroutine, which ends after this. */
static void on_finished(struct request *r)
{
	struct web_conn *c = r->conn;

	r->stage = r->stage == STAGE_SEND && c ? STAGE_SENT : STAGE_DONE;
	r->finished = time_monotonic();
	if (!c) {
		release(r);
		return;
	}
	if (r->out.begun)
		outgoing_end(r);
	if (r->stage == STAGE_SENT)
		return;
	if (r->stream.watch)
		receive_end(c, r);
	c->until = r->finished + DROP_TIME;
	if (!c->starting)
		resume(c);
}

/* Nothing more will come from there. */
static bool has_ended(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

/* On the request's coroutine, in req_read or while a reply is written. MHD, which takes a short read for the
 * last one until epoll speaks again, misses an end that came together with a body's data; it hears of this
 * one. A connection that is suspended may still have something in MHD's buffer and is told by its return to
 * epoll. */
static void on_wanted(struct request *r)
{
	struct web_conn *c = r->conn;

	if (!c || c->starting)
		return;
	if (c->suspended)
		resume(c);
	else if (r->stream.buf && has_ended(c->fd))
		shutdown(c->fd, SHUT_RDWR);
}

static enum MHD_Result start(struct web_conn *c, struct request *r)
{
	bool started;

	r->stage = STAGE_RUN;
	c->until = 0;
	c->starting = true;
	started = loop_start(r->web->loop, request_run, r);
	c->starting = false;
	if (!started) {
		reply_no_memory(r);
		r->stage = STAGE_DONE;
	}
	if (r->stage == STAGE_DONE || r->out.begun)
		return send_reply(c, r);
	if (r->stream.asked)
		r->stream.open = true;
	else
		suspend(c);
	return MHD_YES;
}

static enum MHD_Result collect_header(void *arg, enum MHD_ValueKind kind, const char *name,
				      size_t name_n, const char *value, size_t value_n)
{
	struct server *s = arg;

	(void)kind;
	if (s->nheaders == HEADERS_MAX)
		return MHD_NO;
	s->headers[s->nheaders++] =
		(struct pair){ { name, name_n }, { value ? value : "", value_n } };
	return MHD_YES;
}

/* A head so large leaves MHD no room for the reply's. */
static bool head_is_too_large(const struct web_conn *c)
{
	size_t most = c->server->web.options.head_max;

	return MHD_get_connection_info(c->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE)->header_size
		> (most ? most : HEAD_MAX);
}

static const struct err_info head_too_large = { 431, "header_too_large",
						"the request's headers are too large", NULL };

static enum MHD_Result on_head(struct web_conn *c, struct request *r, const char *method,
			       const char *version)
{
	struct server *s = c->server;
	enum plan plan;

	s->active++;
	s->nheaders = 0;
	MHD_get_connection_values_n(c->mhd, MHD_HEADER_KIND, collect_header, s);
	plan = request_plan(r,
			    &(struct arrival){ str_of(method), str_of(version), c->peer, s->headers,
					       s->nheaders });
	r->stage = STAGE_BODY;
	if (head_is_too_large(c)) {
		request_refuse(r, (err){ &head_too_large });
		web_conn_send(c, r);
		return MHD_NO;
	}
	if (plan == PLAN_STREAM)
		return start(c, r);
	if (plan == PLAN_REFUSE) {
		c->lingering = true;
		return send_reply(c, r);
	}
	c->until = r->req.started + s->web.options.deadline;
	return MHD_YES;
}

/* Past a body that nobody wants; false when it is too long for that. */
static bool drop(struct request *r, size_t n)
{
	r->dropped += n;
	return r->dropped <= DROP_MAX;
}

static enum MHD_Result on_data(struct web_conn *c, struct request *r, const char *data,
			       size_t *size)
{
	size_t n = *size;

	if (r->out.passed) {
		*size = 0; /* the rest is not wanted, but the reply cannot go out before it has come */
		c->until = time_monotonic() + PASS_DROP_TIME;
		return MHD_YES;
	}
	if (r->stage == STAGE_RUN) {
		*size -= stream_feed(r, data, n);
		if (*size || stream_is_full(r) || receive_begin(c, r))
			suspend(c);
		return MHD_YES;
	}
	*size = 0;
	if (r->stage == STAGE_BODY && !r->replied && request_gather(r, data, n))
		return MHD_YES;
	if ((r->stage == STAGE_BODY || r->stage == STAGE_DONE) && drop(r, n))
		return MHD_YES;
	if (r->stage != STAGE_SENT)
		web_conn_send(c, r);
	return MHD_NO;
}

/* The second call for a running request: its stream may open, or has ended. */
static enum MHD_Result on_again(struct web_conn *c, struct request *r)
{
	if (r->out.begun)
		return send_reply(c, r);
	if (r->stream.asked && !r->stream.open) {
		r->stream.open = true;
		return MHD_YES;
	}
	stream_end(r);
	suspend(c);
	return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *url,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **request)
{
	struct request *r = *request;

	(void)cls, (void)mhd, (void)url;
	if (!r)
		return MHD_NO;
	if (*size)
		return on_data(r->conn, r, data, size);
	switch (r->stage) {
	case STAGE_HEAD:
		return on_head(r->conn, r, method, version);
	case STAGE_BODY:
		return r->replied ? send_reply(r->conn, r) : start(r->conn, r);
	case STAGE_RUN:
		return on_again(r->conn, r);
	case STAGE_DONE:
		return send_reply(r->conn, r);
	default:
		return MHD_NO;
	}
}

static struct web_conn *conn_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* The request line has come; what is returned is the `request` of the calls to follow. */
static void *on_uri(void *cls, const char *uri, struct MHD_Connection *mhd)
{
	struct server *s = cls;
	struct web_conn *c = conn_of(mhd);
	struct request *r;

	loop_new_slice(s->web.loop); /* MHD handles many connections in one callback */
	r = c ? request_take(&s->web, uri ? uri : "") : NULL;
	if (r)
		web_conn_begin(c, r);
	return r;
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **request,
			 enum MHD_RequestTerminationCode how)
{
	struct request *r = *request;

	(void)cls, (void)mhd, (void)how;
	if (!r)
		return;
	web_conn_end(r->conn);
	r->conn = NULL;
	if (r->stage == STAGE_RUN || r->stage == STAGE_SEND) {
		stream_gone(r); /* the coroutine releases it at its end */
		outgoing_gone(r);
	} else {
		release(r);
	}
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct server *s = cls;
	const union MHD_ConnectionInfo *info;
	int fd;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (*context)
			web_conn_free(*context);
		/* MHD stops listening at its limits and looks for room only when it runs */
		loop_at_turn_end(s->web.loop, &s->run);
		return;
	}
	fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	*context = web_conn_new(s, mhd, fd, address_of(info->client_addr));
	if (!*context)
		shutdown(fd, SHUT_RDWR);
}

/* ---- the server ---- */

__attribute__((format(printf, 2, 0))) static void log_mhd(void *arg, const char *format,
							  va_list args)
{
	char text[256];

	(void)arg;
	if (!log_enabled(LOG_DEBUG))
		return;
	vsnprintf(text, sizeof text, format, args);
	log_debug("libmicrohttpd", LOG("detail", (const char *)text));
}

/* Paths are decoded here, segment by segment after routing. */
static size_t leave_escaped(void *cls, struct MHD_Connection *mhd, char *text)
{
	(void)cls, (void)mhd;
	return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct server *s, int fd)
{
	const struct server_options *o = &s->web.options;
	int64_t idle = (o->idle_timeout + SECOND - 1) / SECOND;
	int64_t memory = o->head_max ? 2 * (int64_t)o->head_max : MEMORY_LIMIT;
	struct MHD_OptionItem items[] = {
		{ MHD_OPTION_LISTEN_SOCKET, fd, NULL },
		{ MHD_OPTION_CONNECTION_LIMIT, o->connections, NULL },
		{ MHD_OPTION_CONNECTION_MEMORY_LIMIT, memory, NULL },
		{ MHD_OPTION_CONNECTION_TIMEOUT, idle, NULL },
		{ MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL },
		{ MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL },
		{ MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, s },
		{ MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)on_completed, s },
		{ MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)on_uri, s },
		{ MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)leave_escaped, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	signal(SIGPIPE, SIG_IGN);
	return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE
					| MHD_USE_ERROR_LOG,
				0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, log_mhd,
				NULL, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
}

/* Everything but the daemon; false when memory is short or an option is wrong. */
static bool set_up(struct server *s, const char **problem)
{
	const struct server_options *o = &s->web.options;

	s->web.on_finished = on_finished;
	s->web.on_watch = web_conn_watch;
	s->web.on_wanted = on_wanted;
	s->web.on_offered = on_wanted;
	rand_bytes(&s->web.ids, sizeof s->web.ids);
	s->web.cors = cors_new(o->cors_origins, o->cors_localhost);
	s->web.proxies = proxies_new(o->trusted_proxies, problem);
	s->timer = timer_new(s->web.loop, run, s);
	return web_conns_open(s) && s->web.cors && s->web.proxies && s->timer;
}

static bool open_daemon(struct server *s, int fd, const char **problem)
{
	const union MHD_DaemonInfo *info;

	*problem = "out of memory";
	if (!set_up(s, problem))
		return false;
	*problem = "libmicrohttpd does not start";
	s->daemon = start_daemon(s, fd);
	info = s->daemon ? MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	s->watch = info ? watch_new(s->web.loop, info->epoll_fd, on_ready, s) : NULL;
	return s->watch != NULL;
}

struct server *server_new(struct loop *l, int listen_fd, const struct server_options *options)
{
	struct server *s = calloc(1, sizeof *s);
	const char *problem = "out of memory";

	if (s) {
		s->web.loop = l;
		s->run = (struct hook){ .fn = run, .arg = s };
		s->web.options = *options;
	}
	if (!s || !open_daemon(s, listen_fd, &problem)) {
		log_error("no server", LOG("problem", problem));
		if (!s || !s->daemon)
			close(listen_fd);
		server_free(s);
		return NULL;
	}
	watch_set(s->watch, WATCH_READ);
	return s;
}

void server_free(struct server *s)
{
	if (!s || s->active)
		return;
	upgrades_stop(s, true);
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	watch_free(s->watch);
	timer_free(s->timer);
	web_conns_close(s);
	loop_forget(s->web.loop, &s->run);
	request_free_spare(&s->web);
	cors_free(s->web.cors);
	proxies_free(s->web.proxies);
	free(s);
}

void server_drain(struct server *s, int64_t grace, void (*done)(void *), void *arg)
{
	int fd;

	s->on_drained = done;
	s->drained_arg = arg;
	MHD_run(s->daemon); /* whoever waits to be accepted is */
	fd = MHD_quiesce_daemon(s->daemon);
	if (fd >= 0)
		close(fd);
	web_conns_drain(s, grace);
}

int server_active(const struct server *s)
{
	return s->active;
}

int server_connections(const struct server *s)
{
	return s->nconns + s->nupgrades;
}
