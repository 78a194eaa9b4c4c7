/*
 * The life of a request between its headers and its reply. First what needs no waiting, on the loop's
 * stack: is this proper HTTP, who sends it, which route, how large a body. Then, on the request's
 * coroutine: who is asking, may they, the handler. Either part may end in a reply.
 *
 * When memory runs out anywhere in it, the arena jumps back to the guard of the running part.
 */
#include "lib/web/request.h"

#include "lib/base/log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SPARE_MAX = 64, ID_MAX = 64 };

/* Errors that only arise before a handler is found. */
static const struct err_info bad_request = { 400, "bad_request",
					     "this is not a proper HTTP request", NULL };
static const struct err_info route_not_found = { 404, "route_not_found", "route not found", NULL };
static const struct err_info method_not_allowed = { 405, "method_not_allowed",
						    "route not found for this method", NULL };
static const struct err_info not_implemented = { 501, "not_implemented", "no such method", NULL };
static const struct err_info request_timeout = { 408, "request_timeout",
						 "the request took too long to arrive", NULL };
static const err err_bad_request = { &bad_request };
static const err err_route_not_found = { &route_not_found };
static const err err_method_not_allowed = { &method_not_allowed };
static const err err_not_implemented = { &not_implemented };
const err err_request_timeout = { &request_timeout };

struct request *request_of(const struct req *r)
{
	return (struct request *)(uintptr_t)r;
}

/* ---- memory ---- */

static void no_memory(void *arg)
{
	struct request *r = arg;

	longjmp(*r->out_of_memory, 1);
}

/* Runs one part of the request; without memory the reply says so. */
static void guard(struct request *r, void (*part)(struct request *))
{
	jmp_buf here, *outer = r->out_of_memory;

	r->out_of_memory = &here;
	if (setjmp(here) == 0)
		part(r);
	else
		reply_no_memory(r);
	r->out_of_memory = outer;
}

static struct request *request_new(void)
{
	struct request *r = calloc(1, sizeof *r);

	if (r && !(r->req.arena = arena_try_new())) {
		free(r);
		return NULL;
	}
	if (r)
		arena_set_oom(r->req.arena, no_memory, r);
	return r;
}

static struct request *take_spare(struct web *w)
{
	struct request *r = w->spare;
	struct arena *arena = r->req.arena;

	w->spare = r->next_spare;
	w->nspare--;
	memset(r, 0, sizeof *r);
	r->req.arena = arena;
	return r;
}

static void copy_target(struct request *r)
{
	r->target = arena_copy(r->req.arena, r->target);
}

struct request *request_take(struct web *w, const char *target)
{
	struct request *r = w->spare ? take_spare(w) : request_new();

	if (!r)
		return NULL;
	r->web = w;
	r->method = "-";
	r->content_length = -1;
	r->reply_headers_end = &r->reply_headers;
	r->req.loop = w->loop;
	r->req.app = w->options.app;
	r->req.started = time_monotonic();
	r->target = str_of(target);
	guard(r, copy_target);
	return r;
}

void request_put(struct request *r)
{
	struct web *w = r->web;

	if (w->nspare >= SPARE_MAX) {
		arena_free(r->req.arena);
		free(r);
		return;
	}
	arena_reset(r->req.arena);
	r->next_spare = w->spare;
	w->spare = r;
	w->nspare++;
}

void request_free_spare(struct web *w)
{
	while (w->spare) {
		struct request *r = w->spare;

		w->spare = r->next_spare;
		arena_free(r->req.arena);
		free(r);
	}
}

/* ---- headers ---- */

str req_header(const struct req *req, const char *name)
{
	const struct request *r = request_of(req);
	str wanted = str_of(name);

	for (size_t i = 0; i < r->nheaders; i++)
		if (str_ieq(r->headers[i].name, wanted))
			return r->headers[i].value;
	return (str){ 0 };
}

/* tchar of RFC 9110 §5.6.2. */
static bool is_token(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (c < '0' || c > '9') && !strchr("!#$%&'*+-.^_`|~", c))
			return false;
	}
	return s.n > 0;
}

static bool has_control(str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

static err read_length(struct request *r, str value)
{
	if (r->content_length >= 0 || value.n == 0 || value.n > 18)
		return err_bad_request;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return err_bad_request;
	return str_to_i64(value, &r->content_length) ? OK : err_bad_request;
}

static err read_encoding(struct request *r, str value)
{
	if (r->chunked || !str_ieq(value, S("chunked")))
		return err_bad_request;
	r->chunked = true;
	return OK;
}

/* libmicrohttpd 0.9 appends a continued line to the header's name: "Transfer-Encoding:\r\n chunked" comes
 * as "Transfer-Encodingchunked". Elsewhere that does no harm. */
static bool is_folded_framing(str name)
{
	str length = S("Content-Length"), encoding = S("Transfer-Encoding");

	return (name.n > length.n && str_ieq(str_slice(name, 0, length.n), length))
		|| (name.n > encoding.n && str_ieq(str_slice(name, 0, encoding.n), encoding));
}

/*
 * What two servers in a row could understand differently is refused (RFC 9112 §6.3, §11.2): lengths that
 * are given twice, or twice differently, codings other than chunked, names that are no names.
 */
static err check_framing(struct request *r, str version)
{
	bool host = false;

	for (size_t i = 0; i < r->nheaders; i++) {
		str name = r->headers[i].name, value = r->headers[i].value;

		if (!is_token(name) || is_folded_framing(name) || has_control(value))
			return err_bad_request;
		value = str_trim(value); /* of blanks: no other white space is left */
		if (str_ieq(name, S("Content-Length")))
			TRY(read_length(r, value));
		if (str_ieq(name, S("Transfer-Encoding")))
			TRY(read_encoding(r, value));
		if (str_ieq(name, S("Host")) && host)
			return err_bad_request;
		host = host || str_ieq(name, S("Host"));
	}
	if (r->chunked && (r->content_length >= 0 || !str_eq(version, S("HTTP/1.1"))))
		return err_bad_request;
	r->expects = str_ieq(req_header(&r->req, "Expect"), S("100-continue"));
	return OK;
}

/* ---- who and where ---- */

static bool is_good_id(str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!letter && (c < '0' || c > '9') && c != '.' && c != '_' && c != '-')
			return false;
	}
	return s.n > 0 && s.n <= ID_MAX;
}

static void set_id(struct request *r)
{
	str theirs = req_header(&r->req, "X-Request-Id");

	r->req.request_id = is_good_id(theirs)
		? theirs
		: arena_printf(r->req.arena, "%016llx",
			       (unsigned long long)rand_next(&r->web->ids));
}

static void set_client(struct request *r, struct address peer)
{
	struct address client = proxies_client(r->web->proxies, peer, r->headers, r->nheaders);

	r->req.client = address_text(r->req.arena, &client);
}

struct no_route {
	str path, method;
};
static const struct field no_route_fields[] = {
	FIELD(struct no_route, path),
	FIELD(struct no_route, method),
	{ 0 },
};

static err no_route(struct request *r, str method, unsigned allowed)
{
	struct no_route record = { r->req.path, method };
	str list = S("OPTIONS");

	if (!allowed)
		return req_fail_with(&r->req, err_route_not_found, no_route_fields, &record);
	for (unsigned m = 0; m < METHODS; m++)
		if (allowed >> m & 1)
			list = arena_printf(r->req.arena, "%s, %s", list.p, method_name(m));
	reply_header(&r->req, "Allow", list);
	return req_fail_with(&r->req, err_method_not_allowed, no_route_fields, &record);
}

/* HEAD is GET here; the connection leaves the body out. */
static err find_method(struct request *r, str name)
{
	for (enum method m = 0; m < METHODS; m++)
		if (str_eq(name, str_of(method_name(m)))) {
			r->req.method = m;
			r->method = method_name(m);
			return OK;
		}
	if (!str_eq(name, S("HEAD")))
		return err_not_implemented;
	r->method = "HEAD";
	r->req.head = true;
	return OK;
}

/* Parameters are text: UTF-8 without NUL. */
static err decode_params(struct request *r)
{
	for (size_t i = 0; i < r->match.n; i++) {
		str *value = &r->match.value[i];

		*value = target_decode(r->req.arena, *value, false);
		if (str_utf8_length(*value) < 0)
			return err_bad_request;
	}
	return OK;
}

static err find_route(struct request *r, str method)
{
	unsigned allowed = 0;

	TRY(find_method(r, method));
	if (!router_find(r->web->options.router, r->req.method, r->req.path, &r->match, &allowed))
		return no_route(r, method, allowed);
	r->req.route = r->match.route;
	return decode_params(r);
}

static err check_length(const struct request *r)
{
	return r->content_length > (int64_t)body_max(r->req.route) ? err_too_large : OK;
}

/* ---- limits ---- */

static void seconds_header(struct request *r, const char *name, int64_t us)
{
	reply_header(&r->req, name,
		     arena_printf(r->req.arena, "%lld", (long long)((us + SECOND - 1) / SECOND)));
}

err req_limit(struct req *req, const struct rate *rate, str key)
{
	struct request *r = request_of(req);
	struct limit_state s;

	if (!r->web->options.limiter || !rate)
		return OK;
	s = limiter_take(r->web->options.limiter, rate, key);
	if (s.allowed)
		return OK;
	reply_header(req, "X-RateLimit-Limit", arena_printf(req->arena, "%d", s.limit));
	reply_header(req, "X-RateLimit-Remaining", arena_printf(req->arena, "%d", s.remaining));
	seconds_header(r, "X-RateLimit-Reset", s.reset_us);
	seconds_header(r, "Retry-After", s.retry_us);
	return err_rate_limited;
}

void req_unlimit(struct req *req, const struct rate *rate, str key)
{
	struct limiter *l = request_of(req)->web->options.limiter;

	if (l)
		limiter_return(l, rate, key);
}

/* ---- the plan ---- */

static void set_deadline(struct request *r, int64_t deadline)
{
	struct db_pool *db = r->web->options.db;

	r->req.deadline = deadline;
	if (db)
		r->req.db = db_open(db, r->req.arena, deadline);
}

static int64_t time_limit(const struct request *r)
{
	return r->req.route->deadline ? r->req.route->deadline : r->web->options.deadline;
}

void req_postpone(struct req *req, int64_t us)
{
	set_deadline(request_of(req), req->deadline + us);
}

static err look(struct request *r, const struct arrival *a)
{
	str query;

	TRY(check_framing(r, a->version));
	if (!target_split(r->target, &r->req.path, &query))
		return err_bad_request;
	if (str_eq(a->method, S("OPTIONS"))) {
		r->method = "OPTIONS";
		r->preflight = true;
		return reply_empty(&r->req, 204);
	}
	TRY(req_limit(&r->req, r->web->options.rate_address, r->req.client));
	TRY(find_route(r, a->method));
	TRY(check_length(r));
	r->req.query = target_pairs(r->req.arena, query, &r->req.nquery);
	set_deadline(r, r->req.started + time_limit(r));
	if (r->req.route->body_kind == BODY_STREAM && (r->chunked || r->content_length > 0))
		stream_start(r);
	return OK;
}

/* The connection's buffer goes with the connection, and the handler may outlive that. */
static void copy_headers(struct request *r, const struct arrival *a)
{
	struct arena *arena = r->req.arena;

	r->headers = arena_alloc(arena, a->nheaders * sizeof *r->headers);
	for (size_t i = 0; i < a->nheaders; i++)
		r->headers[i] = (struct pair){ arena_copy(arena, a->headers[i].name),
					       arena_copy(arena, a->headers[i].value) };
	r->nheaders = a->nheaders;
}

static void plan(struct request *r)
{
	const struct arrival *a = r->arrival;

	copy_headers(r, a);
	set_id(r);
	set_client(r, a->peer);
	err e = look(r, a);
	if (e.info)
		reply_error(r, e);
	r->close = err_is(e, err_bad_request);
}

enum plan request_plan(struct request *r, const struct arrival *a)
{
	r->arrival = a;
	if (!r->replied) /* there was no memory for the target */
		guard(r, plan);
	r->arrival = NULL;
	if (!r->replied)
		return r->stream.buf ? PLAN_STREAM : PLAN_BODY;
	return r->close || r->expects || r->content_length > DROP_MAX ? PLAN_REFUSE : PLAN_BODY;
}

/* ---- the handler ---- */

static err enter(struct request *r)
{
	const struct server_options *o = &r->web->options;

	if (!o->enter)
		return OK;
	TRY(o->enter(&r->req));
	r->entered = true;
	return OK;
}

static void leave(struct request *r)
{
	if (r->entered)
		r->web->options.leave(&r->req);
	r->entered = false;
}

/* What the route asks for, then its handler. */
static err run_route(struct request *r)
{
	const struct server_options *o = &r->web->options;
	const struct route *route = r->req.route;
	char user[UUID_TEXT];
	str key = r->req.client;

	if (route->auth != AUTH_NONE)
		TRY(o->authenticate(&r->req));
	if (!uuid_is_nil(r->req.user.id)) {
		uuid_format(r->req.user.id, user);
		key = (str){ user, sizeof user };
		TRY(req_limit(&r->req, o->rate_user, key));
	}
	TRY(req_limit(&r->req, route->rate, key));
	return route->run(&r->req);
}

static err ask_handler(struct request *r)
{
	TRY(enter(r));
	return run_route(r);
}

err req_forward(struct req *req, const struct forward *to)
{
	struct request *r = request_of(req);
	enum method own = req->method;
	unsigned allowed;
	err e;

	if (!router_find(r->web->options.router, to->method, to->path, &r->match, &allowed))
		return err_internal;
	req->route = r->match.route;
	req->method = to->method;
	req->query = to->query;
	req->nquery = to->nquery;
	e = run_route(r);
	req->method = own; /* as whoever let it enter knows it */
	return e;
}

static void answer(struct request *r)
{
	err e = ask_handler(r);

	if (!e.info && !r->replied) {
		log_error("handler without a reply", LOG("route", r->req.route->path));
		e = err_internal;
	}
	if (e.info)
		reply_error(r, e);
}

void request_run(void *arg)
{
	struct request *r = arg;

	loop_set_slice_name(r->web->loop, r->req.route->path);
	guard(r, answer);
	leave(r);
	r->web->on_finished(r);
}

static void refuse(struct request *r)
{
	reply_error(r, r->refusal);
}

void request_refuse(struct request *r, err e)
{
	r->refusal = e;
	guard(r, refuse);
}

static void gather(struct request *r)
{
	err e = body_add(r, r->piece.p, r->piece.n);

	if (e.info)
		reply_error(r, e);
}

bool request_gather(struct request *r, const char *p, size_t n)
{
	r->piece = (str){ p, n };
	guard(r, gather);
	return !r->replied;
}

/* ---- afterwards ---- */

void request_log(const struct request *r)
{
	const struct server_options *o = &r->web->options;
	const struct req *q = &r->req;
	int64_t us = (r->finished ? r->finished : time_monotonic()) - q->started;
	int status = r->stage == STAGE_SENT ? r->status : 499; /* as nginx: the client went away */
	const char *route = q->route ? q->route->path : "-";

	if (o->on_done)
		o->on_done(q, status, us, (size_t)reply_length(r));
	if (!o->access_log && status < 500)
		return;
	log_at(status < 500 ? LOG_INFO : LOG_WARN, "request", LOG("method", r->method),
	       LOG("route", route), LOG("status", status), LOG("us", us),
	       LOG("bytes", reply_length(r)), LOG("request_id", q->request_id),
	       LOG("code", r->code ? r->code : "-"));
}
