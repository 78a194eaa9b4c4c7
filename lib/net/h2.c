/*
 * Requests and what becomes of them; the connections are h2_conn.c's. A request waits with its host until there is a
 * connection, is then a stream of it, and either ends or, if the server has certainly not acted on it, waits again.
 */
#include "lib/net/h2_conn.h"

#include "lib/net/fetch_curl.h"

#include <stdio.h>

enum { REPLY_MAX = 4096, HEAD_MAX = 2048, TRIES = 3 };

/* ---- hosts ---- */

static void h2_free(void *part)
{
	struct h2 *h = part;

	while (h->hosts) {
		struct h2_host *host = h->hosts;

		h->hosts = host->next;
		h2_conn_free_all(host);
		free(host->name);
		free(host->port);
		free(host);
	}
	free(h);
}

static void *h2_make(struct loop *l, const struct loop_part *kind)
{
	struct h2 *h = calloc(1, sizeof *h);

	(void)kind;
	if (!h || !loop_part(l, &flowers)) { /* curl's, which connects, must outlive it */
		free(h);
		return NULL;
	}
	h->loop = l;
	return h;
}

static const struct loop_part h2_part = { h2_make, h2_free };

static char *copy_of(str s)
{
	return strndup(s.p, s.n);
}

/* NULL: out of memory. */
static struct h2_host *host_of(const struct fetch_place *place)
{
	struct h2 *h = loop_part(loop_self(), &h2_part);
	struct h2_host *host = h ? h->hosts : NULL;

	for (; host; host = host->next)
		if (str_eq(str_of(host->name), place->host)
		    && str_eq(str_of(host->port), place->port))
			return host;
	host = h ? calloc(1, sizeof *host) : NULL;
	if (!host)
		return NULL;
	host->loop = h->loop;
	host->name = copy_of(place->host);
	host->port = copy_of(place->port);
	host->next = h->hosts;
	h->hosts = host;
	return host;
}

/* ---- the list a request is on ---- */

void h2_link(struct h2_stream **list, struct h2_stream *s)
{
	s->next = *list;
	s->link = list;
	if (s->next)
		s->next->link = &s->next;
	*list = s;
}

void h2_unlink(struct h2_stream *s)
{
	if (!s->link)
		return;
	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
	s->link = NULL;
}

/* ---- what becomes of a request ---- */

void h2_end(struct h2_stream *s, const char *problem)
{
	h2_unlink(s);
	s->conn = NULL;
	s->failed = problem;
	snprintf(s->problem, sizeof s->problem, "%s", problem ? problem : "");
	waiter_wake(&s->waiter);
}

/* Sends it, or lets it wait for a connection. */
static void send_stream(struct h2_stream *s)
{
	struct h2_host *host = s->host;

	s->sent = false;
	s->complete = false;
	s->body_at = 0;
	s->status = 0;
	s->head_n = s->body_n = 0;
	if (host->conn && host->conn->up) {
		h2_conn_send(host->conn, s);
		return;
	}
	h2_link(&host->waiting, s);
	if (!host->conn)
		h2_conn_open(host);
}

void h2_send_again(struct h2_stream *s)
{
	h2_unlink(s);
	s->conn = NULL;
	if (++s->tries < TRIES)
		send_stream(s);
	else
		h2_end(s, "the server refuses its requests");
}

/* ---- one request ---- */

static void add(struct h2_stream *s, str name, str value)
{
	s->headers[s->nheaders++] = (struct pair){ name, value };
}

/* Fields' names are in lower case here (RFC 9113 §8.2). */
static struct h2_stream *stream_of(struct arena *a, const struct fetch *f,
				   const struct fetch_place *place)
{
	struct h2_stream *s = arena_zalloc(a, sizeof *s);
	str port = str_eq(place->port, S("443")) ? S("") : arena_printf(a, ":%s", place->port.p);

	s->headers = arena_alloc(a, (f->nheaders + 5) * sizeof *s->headers);
	add(s, S(":method"), f->method ? str_of(f->method) : f->body.p ? S("POST") : S("GET"));
	add(s, S(":scheme"), S("https"));
	add(s, S(":authority"), arena_printf(a, "%s%s", place->host.p, port.p));
	add(s, S(":path"), place->path);
	for (size_t i = 0; i < f->nheaders; i++)
		add(s, arena_lower(a, f->headers[i].name), f->headers[i].value);
	if (f->body.p)
		add(s, S("content-length"), arena_printf(a, "%zu", f->body.n));
	s->body = f->body;
	s->reply_max = f->reply_max ? f->reply_max : REPLY_MAX;
	s->reply = arena_alloc(a, s->reply_max);
	s->head_max = HEAD_MAX;
	s->head = arena_alloc(a, HEAD_MAX);
	return s;
}

/* Nobody waits for it any more. A connection that has said nothing in all that time is taken for dead. */
static void give_up(struct h2_stream *s)
{
	if (s->conn)
		h2_conn_cancel(s);
	else
		h2_unlink(s);
}

err h2_fetch(struct arena *a, const struct fetch *f, int64_t deadline, struct fetch_reply *out)
{
	struct fetch_place place;
	struct h2_stream *s;
	err e;

	if (!fetch_place(a, f->url, &place))
		return err_detail(a, err_invalid, NULL, "not an https URL");
	for (size_t i = 0; i < f->nheaders; i++)
		if (!errand_is_line(f->headers[i].value))
			return err_detail(a, err_invalid, NULL, "a header with a line break");
	s = stream_of(a, f, &place);
	s->host = host_of(&place);
	if (!s->host)
		return err_no_memory;
	s->begun = time_monotonic();
	send_stream(s);
	e = waiter_wait(&s->waiter, deadline);
	if (e.info) {
		give_up(s);
		return e;
	}
	if (s->failed)
		return err_detail(a, err_io, NULL, "%s", s->problem);
	if (s->too_large)
		return err_too_large;
	*out = (struct fetch_reply){ s->status, { s->reply, s->body_n }, { s->head, s->head_n } };
	return OK;
}
