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
#include <stdio.h>
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
const err err_bad_request = { &bad_request };
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

/* Ours takes no memory, so that even a reply which says that there is none has an id. */
static void give_id(struct request *r)
{
	int n = snprintf(r->own_id, sizeof r->own_id, "%016llx",
			 (unsigned long long)rand_next(&r->web->ids));

	r->req.request_id = (str){ r->own_id, (size_t)n };
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
	give_id(r);
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

static void take_id(struct request *r)
{
	str theirs = req_header(&r->req, "X-Request-Id");

	if (is_good_id(theirs))
		r->req.request_id = theirs;
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

static err verdict(struct request *r, struct limit_state s)
{
	struct req *req = &r->req;

	if (s.allowed)
		return OK;
	reply_header(req, "X-RateLimit-Limit", arena_printf(req->arena, "%d", s.limit));
	reply_header(req, "X-RateLimit-Remaining", arena_printf(req->arena, "%d", s.remaining));
	seconds_header(r, "X-RateLimit-Reset", s.reset_us);
	seconds_header(r, "Retry-After", s.retry_us);
	return err_rate_limited;
}

/* The general limits, of each request: they cost no wait. */
static err limit_generally(struct request *r, const struct rate *rate, str key)
{
	struct limiter *l = r->web->options.limiter;

	return l && rate ? verdict(r, limiter_take(l, rate, key)) : OK;
}

err req_limit(struct req *req, const struct rate *rate, str key)
{
	struct request *r = request_of(req);
	struct limiter *l = r->web->options.limiter;

	return l && rate ? verdict(r, limiter_ask(l, rate, key)) : OK;
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

static err look_further(struct request *r, str method)
{
	TRY(limit_generally(r, r->web->options.rate_address, r->req.client));
	TRY(find_route(r, method));
	TRY(check_length(r));
	r->req.query = target_pairs(r->req.arena, r->query_text, &r->req.nquery);
	set_deadline(r, r->req.started + time_limit(r));
	return OK;
}

static err preflight(struct request *r)
{
	r->method = "OPTIONS";
	r->preflight = true;
	return reply_empty(&r->req, 204);
}

static void divert(struct request *r, const struct route *route, str method)
{
	r->req.route = route;
	r->req.method = POST; /* may change anything */
	r->method = arena_cstr(r->req.arena, method);
	r->req.head = str_eq(method, S("HEAD"));
	set_deadline(r, r->req.started + time_limit(r));
}

static err look(struct request *r, const struct arrival *a)
{
	const struct server_options *o = &r->web->options;
	const struct route *diverted;

	TRY(framing_check(r, a->version));
	if (!target_split(r->target, &r->req.path, &r->query_text))
		return err_bad_request;
	diverted = o->divert ? o->divert(&r->req) : NULL;
	if (diverted)
		divert(r, diverted, a->method);
	else if (str_eq(a->method, S("OPTIONS")))
		return preflight(r);
	else
		TRY(look_further(r, a->method));
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
	take_id(r);
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

bool request_is_diverted(const struct request *r)
{
	return r->req.route != r->match.route;
}

static err enter(struct request *r)
{
	const struct server_options *o = &r->web->options;

	if (!o->enter || request_is_diverted(r))
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
		TRY(limit_generally(r, o->rate_user, key));
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

/* What a handler would have found gathered, had the request not been diverted. */
static err gather_stream(struct request *r)
{
	char piece[2048];
	size_t n = 1;

	if (r->req.route->body_kind == BODY_STREAM)
		return OK;
	while (n > 0) {
		TRY(req_read(&r->req, piece, sizeof piece, &n));
		TRY(body_add(r, piece, n));
	}
	return OK;
}

err req_route(struct req *req)
{
	struct request *r = request_of(req);
	str method = str_of(r->method);
	int64_t waited = time_monotonic() - req->started;

	req->head = false;
	if (str_eq(method, S("OPTIONS")))
		return preflight(r);
	TRY(look_further(r, method));
	req_postpone(req, waited);
	TRY(gather_stream(r));
	return ask_handler(r);
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
	r->gone = NULL;
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
