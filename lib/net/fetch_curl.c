/*
 * curl's multi interface on the loop. curl says which sockets and which timer it wants; the loop's callbacks
 * hand their readiness to curl_multi_socket_action; a finished errand wakes its coroutine.
 *
 * curl's callbacks run on the loop's own stack, or on that of the coroutine that continues an errand.
 */
#include "lib/net/fetch_curl.h"

#include <pthread.h>
#include <stdlib.h>

enum { CONNECTIONS_KEPT = 16, FLOWS_KEPT = 256, CONNECT_SECONDS = 10 };

/* A loop's part. */
struct fetcher {
	struct loop *loop;
	CURLM *multi;
	struct timer *timer;
};

/* One of curl's sockets. */
struct link {
	struct fetcher *fetcher;
	struct watch *watch;
	curl_socket_t fd;
};

static void wake_finished(struct fetcher *f)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left))) {
		struct errand *t = NULL;

		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		t->result = m->data.result;
		t->finished = true;
		waiter_wake(&t->waiter);
	}
}

static void act(struct fetcher *f, curl_socket_t fd, int ready)
{
	int running;

	curl_multi_socket_action(f->multi, fd, ready, &running);
	wake_finished(f);
}

static void on_ready(void *arg, int ready)
{
	struct link *k = arg;

	act(k->fetcher, k->fd, ready == WATCH_READ ? CURL_CSELECT_IN : CURL_CSELECT_OUT);
}

static void on_timer(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct fetcher *f = arg;

	(void)multi;
	if (ms < 0)
		timer_cancel(f->timer);
	else
		timer_set(f->timer, ms * MILLISECOND);
	return 0;
}

static struct link *link_new(struct fetcher *f, curl_socket_t fd)
{
	struct link *k = calloc(1, sizeof *k);

	if (!k)
		return NULL;
	*k = (struct link){ .fetcher = f, .fd = fd };
	k->watch = watch_new(f->loop, fd, on_ready, k);
	if (!k->watch) {
		free(k);
		return NULL;
	}
	curl_multi_assign(f->multi, fd, k);
	return k;
}

/* Which readiness of a socket curl wants to hear of from now on. */
static int set_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct fetcher *f = arg;
	struct link *k = known;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (k)
			watch_free(k->watch);
		free(k);
		return 0;
	}
	if (!k)
		k = link_new(f, fd);
	if (!k)
		return -1;
	watch_set(k->watch,
		  (what & CURL_POLL_IN ? WATCH_READ : 0)
			  | (what & CURL_POLL_OUT ? WATCH_WRITE : 0));
	return 0;
}

static void fetcher_free(void *part)
{
	struct fetcher *f = part;

	if (f->multi)
		curl_multi_cleanup(f->multi);
	timer_free(f->timer);
	free(f);
}

static void init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

static void *fetcher_make(struct loop *l, const struct loop_part *kind)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct fetcher *f = calloc(1, sizeof *f);

	(void)kind;
	pthread_once(&once, init_curl);
	if (!f)
		return NULL;
	f->loop = l;
	f->multi = curl_multi_init();
	f->timer = timer_new(l, on_timer, f);
	if (!f->multi || !f->timer) {
		fetcher_free(f);
		return NULL;
	}
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETFUNCTION, set_socket);
	curl_multi_setopt(f->multi, CURLMOPT_SOCKETDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(f->multi, CURLMOPT_TIMERDATA, f);
	curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_KEPT);
	return f;
}

/* One connection a host and no more: beyond that curl opens one for each request that waits, and closes the
 * oldest of them under its requests. */
static void *multiplexer_make(struct loop *l, const struct loop_part *kind)
{
	struct fetcher *f = fetcher_make(l, kind);

	if (f)
		curl_multi_setopt(f->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
	return f;
}

/* Each flow has a connection to itself while it lasts, so many may come back at once. */
static void *flower_make(struct loop *l, const struct loop_part *kind)
{
	struct fetcher *f = fetcher_make(l, kind);

	if (f)
		curl_multi_setopt(f->multi, CURLMOPT_MAXCONNECTS, (long)FLOWS_KEPT);
	return f;
}

/* Others' sites have connections of their own: one that leads to a private address, opened for somebody who
 * may, is never used for somebody who may not. */
const struct loop_part strangers = { fetcher_make, fetcher_free };
const struct loop_part fetchers = { fetcher_make, fetcher_free };
const struct loop_part multiplexers = { multiplexer_make, fetcher_free };
const struct loop_part flowers = { flower_make, fetcher_free };

/* ---- one errand ---- */

static void set_protocols(CURL *easy, bool http)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, http ? "http,https" : "smtp,smtps");
#else
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS,
			 (long)(http ? CURLPROTO_HTTP | CURLPROTO_HTTPS
				     : CURLPROTO_SMTP | CURLPROTO_SMTPS));
#endif
}

bool errand_init(struct errand *t, struct arena *a, str url, bool http)
{
	const char *url_text = arena_cstr(a, url), *authorities = getenv("SSL_CERT_FILE");

	t->easy = curl_easy_init();
	if (!t->easy)
		return false;
	set_protocols(t->easy, http);
	curl_easy_setopt(t->easy, CURLOPT_URL, url_text);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->problem);
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	if (http && authorities)
		curl_easy_setopt(t->easy, CURLOPT_CAINFO, authorities);
	return true;
}

bool errand_list(struct errand *t, const char *text)
{
	struct curl_slist *list = curl_slist_append(t->list, text);

	if (list)
		t->list = list;
	return list;
}

bool errand_is_line(str s)
{
	return str_find_char(s, '\r') < 0 && str_find_char(s, '\n') < 0
		&& str_find_char(s, '\0') < 0;
}

/* curl drops a header without a value unless it ends in a semicolon. */
err errand_headers(struct errand *t, struct arena *a, const struct pair *headers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct pair *h = &headers[i];
		str line = str_empty(h->value)
			? arena_printf(a, "%.*s;", (int)h->name.n, h->name.p)
			: arena_printf(a, "%.*s: %.*s", (int)h->name.n, h->name.p, (int)h->value.n,
				       h->value.p);

		if (!errand_is_line(line))
			return err_detail(a, err_invalid, NULL, "a header with a line break");
		if (!errand_list(t, line.p))
			return err_no_memory;
	}
	/* no waiting for a "100 Continue" that many servers never send */
	if (!errand_list(t, "Expect:"))
		return err_no_memory;
	return OK;
}

err errand_start(struct errand *t, const struct loop_part *kind)
{
	struct fetcher *f = loop_part(loop_self(), kind);

	if (!f || curl_multi_add_handle(f->multi, t->easy) != CURLM_OK)
		return err_no_memory;
	t->multi = f->multi;
	return OK;
}

err errand_outcome(const struct errand *t, struct arena *a)
{
	if (t->result == CURLE_OK)
		return OK;
	if (t->result == CURLE_UNSUPPORTED_PROTOCOL || t->result == CURLE_URL_MALFORMAT)
		return err_detail(a, err_invalid, NULL, "not a URL of this kind");
	return err_detail(a, err_io, NULL, "%s",
			  t->problem[0] ? t->problem : curl_easy_strerror(t->result));
}

void errand_end(struct errand *t)
{
	if (t->multi)
		curl_multi_remove_handle(t->multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->list);
}
