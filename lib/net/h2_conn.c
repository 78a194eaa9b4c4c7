/*
 * One connection. What nghttp2 has to say is gathered and goes out at the end of a loop's turn, many frames in one
 * record of TLS. A connection that is told to go (GOAWAY) takes no new requests, and lives until its last has ended.
 */
#include "lib/net/h2_conn.h"

#include "lib/net/fetch_raw.h"
#include "lib/net/tls.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>

enum {
	FRAME_MAX = 16 * 1024 + 64,
	HEADERS_MAX = 16,
	CONNECT_TIME = 10 * 1000 * 1000,
};

/* ---- the end ---- */

static void flush(void *arg);

static void conn_free(struct h2_conn *c)
{
	loop_forget(c->host->loop, &c->flush);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	if (c->host->conn == c)
		c->host->conn = NULL;
	nghttp2_session_del(c->session);
	watch_free(c->watch);
	tls_free(c->tls);
	raw_free(c->raw);
	free(c);
}

void h2_conn_free_all(struct h2_host *host)
{
	while (host->all)
		conn_free(host->all);
}

/* It takes no further requests. */
static void retire(struct h2_conn *c)
{
	c->up = false;
	if (c->host->conn == c)
		c->host->conn = NULL;
}

/* What had not gone out whole goes out again elsewhere; of the rest nobody knows. */
static void conn_break(struct h2_conn *c, const char *why)
{
	struct h2_stream *s, *next, *all = c->streams;

	retire(c);
	for (s = all; s; s = next) {
		next = s->next;
		if (s->sent)
			h2_end(s, why);
		else
			h2_send_again(s);
	}
	conn_free(c);
}

/* ---- what the other side says ---- */

static struct h2_stream *stream_of(nghttp2_session *session, int32_t id)
{
	return nghttp2_session_get_stream_user_data(session, id);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
		     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *arg)
{
	struct h2_stream *s = stream_of(session, frame->hd.stream_id);
	size_t room = s ? s->head_max - s->head_n : 0;
	int n;

	(void)flags, (void)arg;
	if (!s)
		return 0;
	if (name_n == 7 && memcmp(name, ":status", 7) == 0) {
		s->status =
			atoi((const char *)value); /* nghttp2 has seen to its being three digits */
		s->head_n = 0;			   /* the one before was an interim reply's */
		return 0;
	}
	n = snprintf(s->head + s->head_n, room, "%.*s: %.*s\r\n", (int)name_n, (const char *)name,
		     (int)value_n, (const char *)value);
	if ((size_t)n < room)
		s->head_n += (size_t)n;
	return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *data,
		   size_t n, void *arg)
{
	struct h2_stream *s = stream_of(session, id);

	(void)flags, (void)arg;
	if (!s)
		return 0;
	s->too_large |= n > s->reply_max - s->body_n;
	if (s->too_large)
		return 0;
	memcpy(s->reply + s->body_n, data, n);
	s->body_n += n;
	return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_conn *c = arg;
	struct h2_stream *s;

	if (frame->hd.type == NGHTTP2_GOAWAY)
		retire(c);
	if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	s = stream_of(session, frame->hd.stream_id);
	if (s && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
		s->complete = true;
	return 0;
}

/* Also for those that a GOAWAY leaves out: nghttp2 ends them as refused. */
static int on_close(nghttp2_session *session, int32_t id, uint32_t code, void *arg)
{
	struct h2_stream *s = stream_of(session, id);

	(void)arg;
	if (!s)
		return 0;
	if (s->complete)
		h2_end(s, NULL);
	else if (code == NGHTTP2_REFUSED_STREAM || !s->sent)
		h2_send_again(s);
	else
		h2_end(s, nghttp2_http2_strerror(code));
	return 0;
}

/* ---- what we say ---- */

/* A stream without a request is one that was given up. */
static ssize_t read_body(nghttp2_session *session, int32_t id, uint8_t *buf, size_t n,
			 uint32_t *flags, nghttp2_data_source *source, void *arg)
{
	struct h2_stream *s = stream_of(session, id);
	size_t left;

	(void)source, (void)arg;
	if (!s)
		return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
	left = s->body.n - s->body_at;
	n = n < left ? n : left;
	memcpy(buf, s->body.p + s->body_at, n);
	s->body_at += n;
	if (n == left) {
		*flags |= NGHTTP2_DATA_FLAG_EOF;
		s->sent = true;
	}
	return (ssize_t)n;
}

static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *arg)
{
	struct h2_stream *s;

	(void)arg;
	if (frame->hd.type != NGHTTP2_HEADERS)
		return 0;
	s = stream_of(session, frame->hd.stream_id);
	if (s && !s->body.p)
		s->sent = true;
	return 0;
}

static nghttp2_session *session_new(struct h2_conn *c)
{
	nghttp2_session_callbacks *calls;
	nghttp2_session *session = NULL;

	if (nghttp2_session_callbacks_new(&calls) != 0)
		return NULL;
	nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
	nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
	nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_sent);
	nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
	if (nghttp2_session_client_new(&session, calls, c) != 0)
		session = NULL;
	nghttp2_session_callbacks_del(calls);
	return session;
}

static nghttp2_nv field_of(const struct pair *h)
{
	return (nghttp2_nv){ .name = (uint8_t *)(uintptr_t)h->name.p,
			     .value = (uint8_t *)(uintptr_t)h->value.p,
			     .namelen = h->name.n,
			     .valuelen = h->value.n };
}

void h2_conn_send(struct h2_conn *c, struct h2_stream *s)
{
	nghttp2_data_provider body = { .read_callback = read_body };
	nghttp2_nv fields[HEADERS_MAX];
	size_t n = 0;

	while (n < s->nheaders && n < HEADERS_MAX) {
		fields[n] = field_of(&s->headers[n]);
		n++;
	}
	h2_link(&c->streams, s);
	s->conn = c;
	s->id = nghttp2_submit_request(c->session, NULL, fields, n, s->body.p ? &body : NULL, s);
	if (s->id < 0)
		h2_end(s, nghttp2_strerror(s->id));
	loop_at_turn_end(c->host->loop, &c->flush);
}

void h2_conn_cancel(struct h2_stream *s)
{
	struct h2_conn *c = s->conn;

	h2_unlink(s);
	nghttp2_session_set_stream_user_data(c->session, s->id, NULL);
	nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, s->id, NGHTTP2_CANCEL);
	if (c->heard < s->begun)
		retire(c);
	loop_at_turn_end(c->host->loop, &c->flush);
}

/* Frames, as long as there is room; false when nghttp2 gives up. */
static bool gather(struct h2_conn *c)
{
	const uint8_t *p;
	ssize_t n = 1;

	while (n > 0 && sizeof c->out - c->out_n >= FRAME_MAX) {
		n = nghttp2_session_mem_send(c->session, &p);
		if (n > (ssize_t)(sizeof c->out - c->out_n))
			return false;
		if (n > 0) {
			memcpy(c->out + c->out_n, p, (size_t)n);
			c->out_n += (size_t)n;
		}
	}
	return n >= 0;
}

static bool is_over(const struct h2_conn *c)
{
	return !c->up && !c->streams;
}

/* May free c. */
static void flush(void *arg)
{
	struct h2_conn *c = arg;
	ssize_t n = 1;

	while (n > 0) {
		if (!gather(c)) {
			conn_break(c, "HTTP/2 went wrong");
			return;
		}
		if (c->out_n == 0)
			break;
		n = tls_write(c->tls, c->out, c->out_n);
		if (n > 0) {
			c->out_n -= (size_t)n;
			memmove(c->out, c->out + n, c->out_n);
		}
	}
	watch_set(c->watch, c->out_n ? WATCH_READ | WATCH_WRITE : WATCH_READ);
	if (n == TLS_BROKEN || is_over(c))
		conn_break(c, "the connection broke");
}

/* Everything that has come. NULL, or why there will be no more. */
static const char *take_in(struct h2_conn *c)
{
	ssize_t n;

	while ((n = tls_read(c->tls, c->in, sizeof c->in)) > 0) {
		c->heard = time_monotonic();
		if (nghttp2_session_mem_recv(c->session, c->in, (size_t)n) < 0)
			return "the server does not speak HTTP/2 well";
	}
	return n == TLS_LATER ? NULL : "the connection broke";
}

static void on_ready(void *arg, int ready)
{
	struct h2_conn *c = arg;
	const char *broken;

	if (!c->session) {
		watch_set(c->watch, 0);
		waiter_wake(&c->shaken);
		return;
	}
	broken = ready == WATCH_READ ? take_in(c) : NULL;
	if (broken)
		conn_break(c, broken);
	else
		loop_at_turn_end(c->host->loop, &c->flush);
}

/* ---- the beginning ---- */

static err shake(struct h2_conn *c, struct arena *a, int64_t deadline)
{
	int want;

	while ((want = tls_shake(c->tls)) > 0) {
		c->shaken = (struct waiter){ 0 };
		watch_set(c->watch, want);
		TRY(waiter_wait(&c->shaken, deadline));
	}
	if (want == TLS_BROKEN)
		return err_detail(a, err_io, NULL, "%s", tls_problem(c->tls));
	return OK;
}

/* Suspends. */
static err connect_to(struct h2_conn *c, struct arena *a)
{
	static const nghttp2_settings_entry settings = { NGHTTP2_SETTINGS_ENABLE_PUSH, 0 };
	int64_t deadline = time_monotonic() + CONNECT_TIME;
	str name = str_of(c->host->name);

	TRY(raw_connect(a, name, str_of(c->host->port), deadline, &c->raw));
	c->tls = tls_new(raw_fd(c->raw), name);
	c->watch = c->tls ? watch_new(c->host->loop, raw_fd(c->raw), on_ready, c) : NULL;
	if (!c->watch)
		return err_no_memory;
	TRY(shake(c, a, deadline));
	c->session = session_new(c);
	if (!c->session
	    || nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, &settings, 1) != 0)
		return err_no_memory;
	return OK;
}

static void connect_run(void *arg)
{
	struct h2_conn *c = arg;
	struct h2_host *host = c->host;
	struct arena *a = arena_new();
	err e = connect_to(c, a);
	struct h2_stream *waiting = host->waiting, *next;

	c->up = !e.info;
	c->heard = time_monotonic();
	host->waiting = NULL;
	if (e.info)
		conn_free(c);
	for (struct h2_stream *s = waiting; s; s = next) {
		next = s->next;
		s->link = NULL;
		if (e.info)
			h2_end(s, e.info->message);
		else
			h2_conn_send(c, s);
	}
	if (!e.info)
		loop_at_turn_end(host->loop, &c->flush);
	arena_free(a);
}

void h2_conn_open(struct h2_host *host)
{
	struct h2_conn *c = calloc(1, sizeof *c);

	if (c) {
		c->host = host;
		c->flush = (struct hook){ .fn = flush, .arg = c };
		c->next = host->all;
		c->link = &host->all;
		if (c->next)
			c->next->link = &c->next;
		host->all = host->conn = c;
	}
	if (c && loop_start(host->loop, connect_run, c))
		return;
	if (c)
		conn_free(c);
	while (host->waiting)
		h2_end(host->waiting, "out of memory");
}
