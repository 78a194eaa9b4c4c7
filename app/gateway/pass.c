/*
 * Passing a request on to the project: method, path, query, headers and body go as they came, status,
 * headers and body come back as they are; what belongs to a connection (RFC 9110 §7.6.1) does not. Both
 * bodies flow, each side at the other's pace.
 *
 * The gate counts a request as under way from the moment the project may hear of it, so the beginning of
 * a body is read first: a small one from a slow phone does not hold up a switch.
 */
#include "app/gateway/gate.h"
#include "app/gateway/record.h"
#include "app/gateway/shape.h"
#include "app/gateway/tunnel.h"

#include "lib/net/fetch_flow.h"
#include "lib/web/req.h"

#include <string.h>

enum {
	FIRST = 64 * 1024, /* of a body that is read before anything is sent */
	PIECE = 16 * 1024,
	HEADERS_MAX = 200,
};

static const size_t largest = (size_t)1 << 50;

struct passing {
	struct req *r;
	struct gate *gate;
	bool counted; /* the gate waits for us */
	char *first;
	size_t first_n;
	bool whole; /* first is all of the body */
	struct flow *flow;
};

static int64_t soon(const struct passing *p)
{
	return time_monotonic() + p->gate->silence;
}

/* ---- headers ---- */

static bool is_one_of(str name, const char *const *list)
{
	while (*list && !str_ieq(name, str_of(*list)))
		list++;
	return *list;
}

/* Named by Connection, or always of the connection. */
static bool is_hop(str name, str connection)
{
	static const char *const hops[] = { "Connection",
					    "Keep-Alive",
					    "Proxy-Connection",
					    "TE",
					    "Trailer",
					    "Transfer-Encoding",
					    "Upgrade",
					    "Proxy-Authenticate",
					    "Content-Length",
					    "Proxy-Authorization",
					    NULL };

	while (connection.p)
		if (str_ieq(name, str_trim(str_cut(&connection, ','))))
			return true;
	return is_one_of(name, hops);
}

/* The request's headers as the project gets them. The client's address is told as proxies do, and as the
 * project's own gateway lets a server with a secret key say whose rate limit is meant. */
static void set_headers(struct passing *p, struct fetch *f)
{
	static const char *const ours[] = { "Host", "Expect", "X-Forwarded-For", "Sb-Forwarded-For",
					    NULL };
	struct req *r = p->r;
	size_t n;
	const struct pair *h = req_headers(r, &n);
	struct pair *out = arena_alloc(r->arena, (n + 2) * sizeof *out);
	str connection = req_header(r, "Connection");

	f->headers = out;
	for (size_t i = 0; i < n; i++)
		if (!is_hop(h[i].name, connection) && !is_one_of(h[i].name, ours))
			out[f->nheaders++] = h[i];
	out[f->nheaders++] = (struct pair){ S("X-Forwarded-For"), r->client };
	out[f->nheaders++] = (struct pair){ S("Sb-Forwarded-For"), r->client };
}

static void take_headers(struct req *r, str head, int64_t *ret_length)
{
	const struct fetch_reply all = { .head = head };
	str connection = fetch_header(&all, "Connection");
	struct pair h;

	*ret_length = -1;
	while (fetch_next_header(&head, &h))
		if (str_ieq(h.name, S("Content-Length")))
			*ret_length = str_to_i64(h.value, ret_length) ? *ret_length : -1;
		else if (!is_hop(h.name, connection) && h.value.n > 0)
			reply_header(r, arena_cstr(r->arena, h.name), h.value);
}

/* ---- the request's way there ---- */

static err read_first(struct passing *p)
{
	size_t n = 0;

	p->whole = req_length(p->r) == 0;
	if (p->whole)
		return OK;
	p->first = arena_alloc(p->r->arena, FIRST);
	while (p->first_n < FIRST) {
		TRY(req_read(p->r, p->first + p->first_n, FIRST - p->first_n, &n));
		p->first_n += n;
		if (n == 0)
			break;
	}
	p->whole = n == 0;
	return OK;
}

/* A length of zero is said where a body would be usual. */
static int64_t body_length(const struct passing *p)
{
	static const char *const bare[] = { "GET", "HEAD", "OPTIONS", "DELETE", NULL };
	int64_t length = req_length(p->r);

	if (length == 0 && is_one_of(str_of(req_method(p->r)), bare))
		return FLOW_NO_BODY;
	return length < 0 ? FLOW_CHUNKED : length;
}

static err send_body(struct passing *p, bool *ret_answered)
{
	char *piece;
	size_t n = 1;

	*ret_answered = false;
	if (p->first_n)
		TRY(flow_write(p->flow, p->first, p->first_n, soon(p), ret_answered));
	if (p->whole || *ret_answered)
		return OK;
	piece = arena_alloc(p->r->arena, PIECE);
	while (!*ret_answered) {
		TRY(req_read(p->r, piece, PIECE, &n));
		if (n == 0)
			return OK;
		TRY(flow_write(p->flow, piece, n, soon(p), ret_answered));
	}
	return OK;
}

static struct fetch request_of_project(struct passing *p)
{
	struct req *r = p->r;
	str query = req_query_text(r), base = p->gate->upstream;
	struct fetch f = {
		.method = req_method(r),
		.url = arena_printf(r->arena, "%.*s%.*s%s%.*s", (int)base.n, base.p, (int)r->path.n,
				    r->path.p, query.n ? "?" : "", (int)query.n, query.p),
	};

	set_headers(p, &f);
	return f;
}

static err begin(struct passing *p)
{
	struct fetch f = request_of_project(p);

	return flow_open(p->r->arena, &f, body_length(p), &p->flow);
}

/* ---- the reply's way back ---- */

static void on_gone(void *arg)
{
	flow_cancel(arg);
}

static err send_reply(struct passing *p, const struct fetch_reply *head)
{
	struct req *r = p->r;
	int64_t length;
	str piece;

	take_headers(r, head->head, &length);
	TRY(reply_pass(r, head->status, length));
	for (;;) {
		TRY(flow_read(p->flow, soon(p), &piece));
		if (piece.n == 0)
			return OK;
		TRY(reply_write(r, piece));
	}
}

static err relay(struct passing *p)
{
	struct fetch_reply head;
	bool answered;
	err e = begin(p);

	if (!e.info)
		e = send_body(p, &answered);
	if (!e.info) {
		flow_end(p->flow);
		if (!answered)
			req_on_gone(p->r, on_gone, p->flow);
		e = flow_head(p->flow, soon(p), &head);
	}
	if (e.info)
		return shape_failure(p->r, e);
	return send_reply(p, &head);
}

static err open_tunnel(struct passing *p)
{
	struct fetch f = request_of_project(p);
	err e = tunnel_open(p->r, p->gate, f.url, f.headers, f.nheaders);

	return e.info ? shape_failure(p->r, e) : OK;
}

/* ---- at the gate ---- */

static void leave(void *arg)
{
	struct passing *p = arg;

	if (p->counted)
		gate_leave(p->gate);
	p->counted = false;
}

/* What cannot change anything is not waited for. Sign-in pages and links write although they are GET, and
 * functions may do anything. */
static bool only_reads(const struct req *r)
{
	static const char *const reading[] = { "GET", "HEAD", "OPTIONS", NULL };

	return is_one_of(str_of(req_method(r)), reading)
		&& !(str_starts(r->path, S("/auth/")) || str_starts(r->path, S("/functions/")));
}

static err enter(struct passing *p, enum gate_side *out)
{
	int64_t since = time_monotonic();
	err e = gate_enter(p->gate, out);

	if (e.info)
		return e;
	p->counted = true;
	req_postpone(p->r, time_monotonic() - since);
	if (*out == GATE_HERE || only_reads(p->r))
		leave(p);
	return OK;
}

static err pass_on(struct req *r)
{
	struct passing *p = arena_zalloc(r->arena, sizeof *p);
	enum gate_side side;
	err e;

	p->r = r;
	p->gate = r->app->gate;
	arena_defer(r->arena, leave, p); /* also when memory runs out */
	if (gate_side(p->gate)
	    == GATE_UPSTREAM) /* else it may be answered here, with the body unread */
		TRY(read_first(p));
	e = enter(p, &side);
	if (e.info)
		return shape_failure(r, e);
	if (side == GATE_HERE)
		return req_route(r);
	record_get(p->gate, r);
	e = tunnel_wanted(r) ? open_tunnel(p) : relay(p);
	leave(p);
	return e;
}

static const struct route passed_on = {
	.method = POST,
	.path = "(passed on)",
	.run = pass_on,
	.summary = "pass a request on to the project",
	.auth = AUTH_NONE,
	.body_kind = BODY_STREAM,
	.body_max = largest,
	.deadline = DAY,
};

const struct route *gate_divert(const struct req *r)
{
	static const char *const paths[] = { "/auth/v1",    "/rest/v1",	    "/functions/v1",
					     "/storage/v1", "/realtime/v1", "/graphql/v1",
					     NULL };
	const struct gate *g = r->app->gate;

	if (str_empty(g->upstream) || gate_side(g) == GATE_HERE)
		return NULL;
	for (const char *const *p = paths; *p; p++) {
		str rest = str_slice(r->path, strlen(*p), r->path.n);

		if (str_starts(r->path, str_of(*p)) && (rest.n == 0 || rest.p[0] == '/'))
			return &passed_on;
	}
	return NULL;
}
