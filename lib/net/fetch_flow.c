/*
 * One coroutine goes with a flow, so it has one waiter. Whatever curl cannot hand over, or get, at the
 * moment pauses that direction; the coroutine continues it when it comes for more.
 */
#include "lib/net/fetch_flow.h"

#include "lib/net/fetch_curl.h"

#include <stdlib.h>
#include <string.h>

enum {
	HEAD_SIZE = 32 * 1024,
	REUSED_SECONDS = 30, /* longer than that servers may not keep a silent connection */
};

static const struct err_info cancelled_info = { 500, "cancelled", "given up", NULL };
const err err_cancelled = { &cancelled_info };

struct flow {
	struct errand errand; /* first */
	struct arena *arena;
	bool cancelled;

	const char *up; /* the piece that is being written */
	size_t up_n;
	bool up_end, up_paused;

	char *head;
	size_t head_n;
	bool head_whole;

	char *down; /* what has come */
	size_t down_n;
	bool down_taken; /* and was read: room for more at the next read */
	bool down_paused;
};

/* ---- curl's side ---- */

static size_t on_upload(char *p, size_t size, size_t n, void *arg)
{
	struct flow *f = arg;
	size_t part = size * n < f->up_n ? size * n : f->up_n;

	if (part == 0) {
		f->up_paused = !f->up_end;
		return f->up_end ? 0 : CURL_READFUNC_PAUSE;
	}
	memcpy(p, f->up, part);
	f->up += part;
	f->up_n -= part;
	if (f->up_n == 0)
		waiter_wake(&f->errand.waiter);
	return part;
}

static bool is_interim(const struct flow *f)
{
	long status = 0;

	curl_easy_getinfo(f->errand.easy, CURLINFO_RESPONSE_CODE, &status);
	return status < 200 && status != 101;
}

/* A line of the head; the last one is empty. */
static size_t on_head(char *p, size_t size, size_t n, void *arg)
{
	struct flow *f = arg;

	n *= size;
	if (f->head_whole)
		return n; /* behind the body: trailers */
	if (n > HEAD_SIZE - f->head_n)
		return 0;
	memcpy(f->head + f->head_n, p, n);
	f->head_n += n;
	if (!str_empty(str_trim((str){ p, n })))
		return n;
	if (is_interim(f)) {
		f->head_n = 0;
		return n;
	}
	f->head_whole = true;
	waiter_wake(&f->errand.waiter);
	return n;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct flow *f = arg;

	n *= size;
	if (f->down_n) {
		f->down_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	memcpy(f->down, p, n);
	f->down_n = n;
	waiter_wake(&f->errand.waiter);
	return n;
}

/* Lets go on what is not paused any more; curl may call back from in here. */
static void go_on(struct flow *f)
{
	curl_easy_pause(f->errand.easy,
			(f->down_paused ? CURLPAUSE_RECV : 0)
				| (f->up_paused ? CURLPAUSE_SEND : 0));
}

/* ---- opening ---- */

static void flow_free(void *arg)
{
	struct flow *f = arg;

	errand_end(&f->errand);
	free(f->head);
}

static struct flow *flow_new(struct arena *a, str url)
{
	struct flow *f = arena_zalloc(a, sizeof *f);

	if (!errand_init(&f->errand, a, url, true))
		return NULL;
	arena_defer(a, flow_free, f);
	f->arena = a;
	f->head = malloc(HEAD_SIZE + CURL_MAX_WRITE_SIZE);
	f->down = f->head + HEAD_SIZE;
	return f->head ? f : NULL;
}

static void set_body(CURL *easy, int64_t length)
{
	if (length == FLOW_NO_BODY)
		return;
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE,
			 (curl_off_t)(length == FLOW_CHUNKED ? -1 : length));
}

static void set_callbacks(CURL *easy, struct flow *f)
{
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
	curl_easy_setopt(easy, CURLOPT_READDATA, f);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, f);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, f);
}

/* curl adds this one by itself. */
static bool leave_out_accept(struct flow *f, const struct fetch *o)
{
	for (size_t i = 0; i < o->nheaders; i++)
		if (str_ieq(o->headers[i].name, S("Accept")))
			return true;
	return errand_list(&f->errand, "Accept:");
}

/* What may not happen twice and has no body whose absence would keep curl from it. */
static bool must_not_repeat(const struct fetch *o, int64_t body)
{
	static const char *const may[] = { "GET", "HEAD", "OPTIONS", "PUT", "DELETE", NULL };

	for (int i = 0; may[i]; i++)
		if (strcmp(o->method, may[i]) == 0)
			return false;
	return body == FLOW_NO_BODY || body == 0;
}

err flow_open(struct arena *a, const struct fetch *o, int64_t body, struct flow **out)
{
	struct flow *f = flow_new(a, o->url);
	CURL *easy = f ? f->errand.easy : NULL;

	if (!f || !leave_out_accept(f, o))
		return err_no_memory;
	set_callbacks(easy, f);
	set_body(easy, body);
	curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, o->method);
	if (strcmp(o->method, "HEAD") == 0)
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)REUSED_SECONDS);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, must_not_repeat(o, body) ? 1L : 0L);
	TRY(errand_headers(&f->errand, a, o->headers, o->nheaders));
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, f->errand.list);
	TRY(errand_start(&f->errand, &flowers));
	*out = f;
	return OK;
}

/* ---- the coroutine's side ---- */

/* Until something has changed. */
static err wait_for_change(struct flow *f, int64_t deadline)
{
	if (f->cancelled)
		return err_cancelled;
	TRY(waiter_wait(&f->errand.waiter, deadline));
	return f->cancelled ? err_cancelled : OK;
}

static err failure(const struct flow *f)
{
	if (f->errand.result == CURLE_OPERATION_TIMEDOUT)
		return err_deadline;
	return errand_outcome(&f->errand, f->arena);
}

err flow_write(struct flow *f, const char *p, size_t n, int64_t deadline, bool *ret_answered)
{
	err e = OK;

	f->up = p;
	f->up_n = n;
	if (f->up_paused && !f->errand.finished) {
		f->up_paused = false;
		go_on(f);
	}
	while (!e.info && f->up_n > 0 && !f->head_whole && !f->errand.finished)
		e = wait_for_change(f, deadline);
	f->up_n = 0; /* it is the caller's memory */
	*ret_answered = f->head_whole;
	if (!e.info && f->errand.finished && !f->head_whole)
		return failure(f);
	return e;
}

void flow_end(struct flow *f)
{
	f->up_end = true;
	if (!f->up_paused || f->errand.finished)
		return;
	f->up_paused = false;
	go_on(f);
}

err flow_head(struct flow *f, int64_t deadline, struct fetch_reply *out)
{
	long status = 0;

	while (!f->head_whole && !f->errand.finished)
		TRY(wait_for_change(f, deadline));
	if (!f->head_whole)
		TRY(failure(f));
	if (!f->head_whole)
		return err_detail(f->arena, err_io, NULL, "no reply");
	curl_easy_getinfo(f->errand.easy, CURLINFO_RESPONSE_CODE, &status);
	*out = (struct fetch_reply){ .status = (int)status, .head = { f->head, f->head_n } };
	return OK;
}

err flow_read(struct flow *f, int64_t deadline, str *out)
{
	if (f->down_taken)
		f->down_n = 0;
	f->down_taken = false;
	if (f->down_n == 0 && f->down_paused && !f->errand.finished) {
		f->down_paused = false;
		go_on(f);
	}
	while (f->down_n == 0 && !f->errand.finished)
		TRY(wait_for_change(f, deadline));
	if (f->cancelled)
		return err_cancelled;
	f->down_taken = true;
	*out = (str){ f->down, f->down_n };
	return f->down_n ? OK : failure(f);
}

void flow_cancel(struct flow *f)
{
	f->cancelled = true;
	waiter_wake(&f->errand.waiter);
}
