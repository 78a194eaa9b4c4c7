/* Replies: the record, the error envelope, texts; and the headers that every reply carries. */
#include "lib/web/request.h"

#include <stdio.h>
#include <string.h>

enum { USUAL_SIZE = 1024 };

static const char json_type[] = "application/json; charset=utf-8";

const struct field message_fields[] = {
	FIELD(struct message, message, .required = true),
	{ 0 },
};

err reply_finish(struct request *r, int status, const char *type, str text)
{
	if (r->out.begun) { /* an error after all: the connection is cut */
		r->out.failed = true;
		return OK;
	}
	r->replied = true;
	r->status = status;
	r->code = NULL;
	r->content_type = type;
	r->text = text;
	r->file = NULL;
	return OK;
}

int64_t reply_length(const struct request *r)
{
	if (r->out.begun)
		return (int64_t)r->out.total;
	return r->file ? r->file->n : (int64_t)r->text.n;
}

static str shown_address(void *arg, str stored)
{
	struct req *req = arg;

	return request_of(req)->web->options.address(req, stored);
}

void reply_writer(struct req *req, struct arena *a, size_t size_hint, struct json_writer *out)
{
	json_init(out, a, size_hint);
	if (request_of(req)->web->options.address) {
		out->address = shown_address;
		out->address_arg = req;
	}
}

err reply_as(struct req *req, int status, const struct field *fields, const void *record)
{
	struct json_writer w;

	reply_writer(req, req->arena, USUAL_SIZE, &w);
	json_record(&w, fields, record);
	return reply_finish(request_of(req), status, json_type, json_text(&w));
}

static int route_status(const struct req *req)
{
	return req->route->status ? req->route->status : 200;
}

err reply(struct req *req, const void *record)
{
	return reply_as(req, route_status(req), req->route->out, record);
}

err reply_message(struct req *req, const char *text)
{
	struct message m = { str_of(text) };

	return reply_as(req, route_status(req), message_fields, &m);
}

err reply_text(struct req *req, int status, const char *content_type, str body)
{
	return reply_finish(request_of(req), status, content_type, body);
}

err reply_redirect(struct req *req, str location)
{
	reply_header(req, "Location", location);
	return reply_empty(req, req->route->status ? req->route->status : 303);
}

err reply_empty(struct req *req, int status)
{
	return reply_finish(request_of(req), status, NULL, S(""));
}

/* ---- headers ---- */

/* A line break in a value would end the header and begin another. */
static str without_control(struct arena *a, str value)
{
	str copy = arena_copy(a, value);
	char *p = memcpy(arena_alloc(a, copy.n + 1), copy.p, copy.n + 1);

	for (size_t i = 0; i < copy.n; i++)
		if ((unsigned char)p[i] < ' ' || p[i] == 0x7f)
			p[i] = ' ';
	return (str){ p, copy.n };
}

void reply_header(struct req *req, const char *name, str value)
{
	struct request *r = request_of(req);
	struct reply_header *h = arena_alloc(req->arena, sizeof *h);

	h->next = NULL;
	h->name = arena_cstr(req->arena, str_of(name));
	h->value = without_control(req->arena, value).p;
	*r->reply_headers_end = h;
	r->reply_headers_end = &h->next;
}

static bool has_reply_header(const struct request *r, const char *name)
{
	const struct reply_header *h = r->reply_headers;

	while (h && strcasecmp(h->name, name) != 0)
		h = h->next;
	return h != NULL;
}

/* https://www.w3.org/TR/server-timing/: what a browser's tools show beside the request. */
static void server_timing(const struct request *r, char *out, size_t size)
{
	long long db = r->req.db ? db_waited(r->req.db) : 0;
	long long all = time_monotonic() - r->req.started;

	snprintf(out, size, "db;dur=%lld.%03lld, total;dur=%lld.%03lld", db / MILLISECOND,
		 db % MILLISECOND, all / MILLISECOND, all % MILLISECOND);
}

/* What a browser may do with a reply of which the handler does not say: show it, and nothing else. */
static void browser_headers(const struct request *r,
			    void (*each)(void *arg, const char *name, const char *value), void *arg)
{
	each(arg, "X-Content-Type-Options", "nosniff");
	if (!has_reply_header(r, "Content-Security-Policy"))
		each(arg, "Content-Security-Policy",
		     "default-src 'none'; base-uri 'none'; frame-ancestors 'none'");
	if (!has_reply_header(r, "Referrer-Policy"))
		each(arg, "Referrer-Policy", "no-referrer");
}

static void own_headers(const struct request *r,
			void (*each)(void *arg, const char *name, const char *value), void *arg)
{
	str origin = req_header(&r->req, "Origin");
	str wanted = req_header(&r->req, "Access-Control-Request-Headers");
	char timing[96];

	if (r->content_type)
		each(arg, "Content-Type", r->content_type);
	each(arg, "X-Request-Id", r->req.request_id.p);
	each(arg, "X-Robots-Tag", "noindex, nofollow, noarchive, nosnippet");
	browser_headers(r, each, arg);
	server_timing(r, timing, sizeof timing);
	each(arg, "Server-Timing", timing);
	each(arg, "Vary", "Origin");
	if (cors_allows(r->web->cors, origin)
	    && !has_reply_header(r, "Access-Control-Allow-Origin")) {
		each(arg, "Access-Control-Allow-Origin", origin.p);
		each(arg, "Access-Control-Allow-Credentials", "true");
		if (r->preflight) {
			each(arg, "Access-Control-Allow-Methods", CORS_METHODS);
			each(arg, "Access-Control-Allow-Headers",
			     cors_echoes(wanted) ? wanted.p : CORS_REQUEST_HEADERS);
			each(arg, "Access-Control-Max-Age", CORS_MAX_AGE);
		} else {
			each(arg, "Access-Control-Expose-Headers", CORS_EXPOSED_HEADERS);
		}
	}
	if ((r->status == 429 || r->status == 503) && !has_reply_header(r, "Retry-After"))
		each(arg, "Retry-After", "1");
	if (r->status == 401 && !has_reply_header(r, "WWW-Authenticate"))
		each(arg, "WWW-Authenticate", "Bearer");
}

void reply_headers(const struct request *r,
		   void (*each)(void *arg, const char *name, const char *value), void *arg)
{
	if (!r->out.passed)
		own_headers(r, each, arg);
	else if (!has_reply_header(r, "X-Request-Id"))
		each(arg, "X-Request-Id", r->req.request_id.p);
	for (const struct reply_header *h = r->reply_headers; h; h = h->next)
		each(arg, h->name, h->value);
}

struct head {
	char *text;
	size_t n, size;
};

/* One line, if it and the empty line at the end still fit. */
static void append(void *arg, const char *name, const char *value)
{
	struct head *h = arg;
	size_t room = h->size - h->n - 2;
	int n = snprintf(h->text + h->n, room, "%s: %s\r\n", name, value);

	if ((size_t)n < room)
		h->n += (size_t)n;
}

size_t reply_head(const struct request *r, char *out, size_t size)
{
	struct head h = { out, 0, size };
	char length[24];

	h.n = (size_t)snprintf(out, size, "HTTP/1.1 %d %s\r\n", r->status,
			       r->code ? r->code : "OK");
	snprintf(length, sizeof length, "%lld", (long long)reply_length(r));
	append(&h, "Content-Length", length);
	append(&h, "Connection", "close");
	reply_headers(r, append, &h);
	memcpy(out + h.n, "\r\n", 2);
	return h.n + 2;
}

/* ---- errors ---- */

void reply_error(struct request *r, err e)
{
	struct json_writer w;

	if (r->web->options.reply_error && r->web->options.reply_error(&r->req, e)) {
		r->code = e.info->code;
		return;
	}
	json_init(&w, r->req.arena, USUAL_SIZE / 2);
	json_object_begin(&w);
	json_key(&w, S("error"));
	json_str(&w, str_of(e.info->message));
	json_key(&w, S("code"));
	json_str(&w, str_of(e.info->code));
	if (e.info->field) {
		json_key(&w, S("field"));
		json_str(&w, str_of(e.info->field));
	}
	if (r->extra_of == e.info && r->extra.n)
		json_raw(&w, r->extra); /* members rather than a value, but commas are the same */
	json_key(&w, S("request_id"));
	json_str(&w, r->req.request_id);
	json_object_end(&w);
	err done = reply_finish(r, e.info->status, json_type, json_text(&w));
	(void)done;
	r->code = e.info->code;
}

void reply_no_memory(struct request *r)
{
	const struct err_info *e = err_no_memory.info;
	int n = snprintf(r->spare_text, sizeof r->spare_text,
			 "{\"error\":\"%s\",\"code\":\"%s\",\"request_id\":\"%.64s\"}", e->message,
			 e->code, r->req.request_id.p ? r->req.request_id.p : "");
	err done = reply_finish(r, e->status, json_type, (str){ r->spare_text, (size_t)n });

	(void)done;
	r->code = e->code;
}

err req_fail(struct req *r, err kind, const char *format, ...)
{
	va_list args;
	str text;

	va_start(args, format);
	text = arena_vprintf(r->arena, format, args);
	va_end(args);
	return err_detail(r->arena, kind, NULL, "%s", text.p);
}

err req_fail_with(struct req *req, err kind, const struct field *fields, const void *record)
{
	struct request *r = request_of(req);

	struct json_writer w;

	json_init(&w, req->arena, USUAL_SIZE / 4);
	json_members(&w, fields, record);
	r->extra_of = kind.info;
	r->extra = json_text(&w);
	return kind;
}
