/*
 * libcurl on the loop. curl says which sockets and which timer it wants; the loop's callbacks hand their
 * readiness to curl_multi_socket_action; a finished transfer wakes its coroutine.
 *
 * curl's callbacks run on the loop's own stack, where an arena that is out of memory could not jump back
 * to its request, so bodies grow in malloc'ed memory and are given to the arena afterwards.
 */
#include "lib/net/fetch.h"

#include "lib/net/loop.h"
#include "lib/net/public.h"

#include <assert.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	CONNECTIONS_KEPT = 16,
	HEAD_MAX = 64 * 1024,
	BODY_MAX = 1024 * 1024,
	DEFAULT_SECONDS = 30,
	CONNECT_SECONDS = 10,
};

static const struct err_info mail_refused_info = { .status = 502,
						   .code = "mail_refused",
						   .message = "the mail was refused" };
const err err_mail_refused = { &mail_refused_info };

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

struct text {
	char *p;
	size_t n, cap, max;
};

struct transfer {
	CURL *easy;
	CURLM *multi; /* that it was added to */
	struct curl_slist *list;
	struct waiter done;
	CURLcode result;
	struct text head, body;
	bool too_large;
	bool cut;		/* too large is good enough */
	str upload;		/* what is left of it */
	struct fetch_file file; /* the same of a file */
	int64_t file_begin;
	char problem[CURL_ERROR_SIZE];
};

/* ---- curl and the loop ---- */

static void wake_finished(struct fetcher *f)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(f->multi, &left))) {
		struct transfer *t = NULL;

		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&t);
		t->result = m->data.result;
		waiter_wake(&t->done);
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

static void *fetcher_make(struct loop *l)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct fetcher *f = calloc(1, sizeof *f);

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
static void *multiplexer_make(struct loop *l)
{
	struct fetcher *f = fetcher_make(l);

	if (f)
		curl_multi_setopt(f->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 1L);
	return f;
}

/* Others' sites have connections of their own: one that leads to a private address, opened for somebody who
 * may, is never used for somebody who may not. */
static const struct loop_part strangers = { fetcher_make, fetcher_free };
static const struct loop_part fetchers = { fetcher_make, fetcher_free };
static const struct loop_part multiplexers = { multiplexer_make, fetcher_free };

/* ---- one transfer ---- */

/* Appends; false when it would be too much, or there is no memory. */
static bool text_add(struct text *t, const char *p, size_t n)
{
	if (n > t->max - t->n)
		return false;
	if (t->cap - t->n <= n) {
		size_t cap = t->cap * 2 > t->n + n + 1 ? t->cap * 2 : t->n + n + 1;
		char *grown = realloc(t->p, cap);

		if (!grown)
			return false;
		t->p = grown;
		t->cap = cap;
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
	t->p[t->n] = '\0';
	return true;
}

static size_t on_head(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	if (str_starts((str){ p, size * n }, S("HTTP/")))
		t->head.n = 0; /* the one before was an interim reply */
	return text_add(&t->head, p, size * n) ? size * n : 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;

	if (text_add(&t->body, p, size * n))
		return size * n;
	t->too_large = !t->cut || !text_add(&t->body, p, t->body.max - t->body.n);
	return 0;
}

static size_t on_upload(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	size_t room = size * n, part = t->upload.n < room ? t->upload.n : room;

	memcpy(p, t->upload.p, part);
	t->upload = str_slice(t->upload, part, t->upload.n);
	return part;
}

/* From the page cache as a rule: whoever sends a file has just written it. */
static size_t on_file(char *p, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	int64_t left = t->file_begin + t->file.n - t->file.at;
	size_t room = size * n, part = left < (int64_t)room ? (size_t)left : room;
	ssize_t got = pread(t->file.fd, p, part, t->file.at);

	if (got < 0 || (got == 0 && part > 0))
		return CURL_READFUNC_ABORT;
	t->file.at += got;
	return (size_t)got;
}

/* curl begins anew when a kept connection turns out to be dead. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
	struct transfer *t = arg;

	if (origin != SEEK_SET)
		return CURL_SEEKFUNC_CANTSEEK;
	t->file.at = t->file_begin + offset;
	return CURL_SEEKFUNC_OK;
}

static void send_file(struct transfer *t, const struct fetch_file *file)
{
	t->file = *file;
	t->file_begin = file->at;
	curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)file->n);
	curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_file);
	curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(t->easy, CURLOPT_SEEKDATA, t);
}

/* Also what ends a transfer that was given up: curl forgets it. QUICK_EXIT keeps it from waiting for the
 * thread that resolves the host's name. */
static void transfer_free(void *arg)
{
	struct transfer *t = arg;

	if (t->multi)
		curl_multi_remove_handle(t->multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->list);
	free(t->head.p);
	free(t->body.p);
}

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

/* Owned by the arena. */
static struct transfer *transfer_new(struct arena *a, str url, bool http)
{
	struct transfer *t = arena_zalloc(a, sizeof *t);
	const char *url_text = arena_cstr(a, url);

	t->easy = curl_easy_init();
	if (!t->easy)
		return NULL;
	arena_defer(a, transfer_free, t);
	t->head.max = HEAD_MAX;
	t->body.max = BODY_MAX;
	set_protocols(t->easy, http);
	curl_easy_setopt(t->easy, CURLOPT_URL, url_text);
	curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->easy, CURLOPT_ERRORBUFFER, t->problem);
	curl_easy_setopt(t->easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	curl_easy_setopt(t->easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	curl_easy_setopt(t->easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
	curl_easy_setopt(t->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->easy, CURLOPT_WRITEDATA, t);
	return t;
}

/* Adds to the list that the transfer owns; false: no memory. */
static bool list_add(struct transfer *t, const char *text)
{
	struct curl_slist *list = curl_slist_append(t->list, text);

	if (list)
		t->list = list;
	return list;
}

static err run(struct arena *a, struct transfer *t, const struct loop_part *kind, int64_t deadline)
{
	struct fetcher *f = loop_part(loop_self(), kind);

	if (!f || curl_multi_add_handle(f->multi, t->easy) != CURLM_OK)
		return err_no_memory;
	t->multi = f->multi;
	if (!deadline)
		deadline = time_monotonic() + DEFAULT_SECONDS * SECOND;
	TRY(waiter_wait(&t->done, deadline));
	if (t->too_large)
		return err_too_large;
	if (t->result == CURLE_OK || (t->cut && t->body.n == t->body.max))
		return OK;
	if (t->result == CURLE_UNSUPPORTED_PROTOCOL || t->result == CURLE_URL_MALFORMAT)
		return err_detail(a, err_invalid, NULL, "not a URL of this kind");
	return err_detail(a, err_io, NULL, "%s",
			  t->problem[0] ? t->problem : curl_easy_strerror(t->result));
}

static bool one_line(str s)
{
	return str_find_char(s, '\r') < 0 && str_find_char(s, '\n') < 0
		&& str_find_char(s, '\0') < 0;
}

/* ---- HTTP ---- */

/* curl drops a header without a value unless it ends in a semicolon. */
static err set_headers(struct arena *a, struct transfer *t, const struct fetch *f)
{
	for (size_t i = 0; i < f->nheaders; i++) {
		const struct pair *h = &f->headers[i];
		str line = str_empty(h->value)
			? arena_printf(a, "%.*s;", (int)h->name.n, h->name.p)
			: arena_printf(a, "%.*s: %.*s", (int)h->name.n, h->name.p, (int)h->value.n,
				       h->value.p);

		if (!one_line(line))
			return err_detail(a, err_invalid, NULL, "a header with a line break");
		if (!list_add(t, line.p))
			return err_no_memory;
	}
	/* no waiting for a "100 Continue" that many servers never send */
	if (!list_add(t, "Expect:"))
		return err_no_memory;
	curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->list);
	return OK;
}

static void set_method(struct transfer *t, const struct fetch *f)
{
	if (f->body.p) {
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)f->body.n);
		curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, f->body.p);
	}
	if (f->file)
		send_file(t, f->file);
	if (f->method && strcmp(f->method, "HEAD") == 0)
		curl_easy_setopt(t->easy, CURLOPT_NOBODY, 1L);
	else if (f->method)
		curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, f->method);
}

/* Looks at the address itself, after the name was resolved, so no name can lead astray. */
static curl_socket_t open_public(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	(void)arg, (void)purpose;
	if (!address_is_public(&to->addr))
		return CURL_SOCKET_BAD;
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static const struct loop_part *kind_of(struct transfer *t, const struct fetch *f)
{
	if (!f->public_only)
		return f->multiplex ? &multiplexers : &fetchers;
	curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, open_public);
	curl_easy_setopt(t->easy, CURLOPT_PROXY, "");
	return &strangers;
}

err fetch_http(struct arena *a, const struct fetch *f, int64_t deadline, struct fetch_reply *out)
{
	struct transfer *t = transfer_new(a, f->url, true);
	const char *authorities = getenv("SSL_CERT_FILE");
	long status = 0;

	if (!t)
		return err_no_memory;
	if (f->reply_max)
		t->body.max = f->reply_max;
	curl_easy_setopt(t->easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(t->easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(t->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, f->multiplex ? 1L : 0L);
	if (authorities)
		curl_easy_setopt(t->easy, CURLOPT_CAINFO, authorities);
	set_method(t, f);
	TRY(set_headers(a, t, f));
	t->cut = f->cut;
	TRY(run(a, t, kind_of(t, f), deadline));
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	*out = (struct fetch_reply){
		.status = (int)status,
		.body = t->body.p ? (str){ t->body.p, t->body.n } : S(""),
		.head = t->head.p ? (str){ t->head.p, t->head.n } : S(""),
	};
	return OK;
}

str fetch_header(const struct fetch_reply *reply, const char *name)
{
	str rest = reply->head, found = { 0 };

	while (rest.p) {
		str value = str_cut(&rest, '\n'), key = str_cut(&value, ':');

		if (value.p && str_ieq(key, str_of(name)))
			found = str_trim(value);
	}
	return found;
}

usec fetch_date(str text)
{
	char copy[64];
	time_t seconds;

	if (str_empty(text) || text.n >= sizeof copy)
		return (usec){ 0 };
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	seconds = curl_getdate(copy, NULL);
	return (usec){ seconds > 0 ? (int64_t)seconds * SECOND : 0 };
}

int64_t fetch_retry_after(const struct fetch_reply *reply)
{
	str value = fetch_header(reply, "Retry-After");
	int64_t seconds;

	if (!str_to_i64(value, &seconds))
		seconds = (fetch_date(value).us - time_now().us) / SECOND;
	if (seconds < 0)
		return 0;
	return (seconds < DAY / SECOND ? seconds : DAY / SECOND) * SECOND;
}

/* ---- addresses ---- */

static str part_of(struct arena *a, CURLU *u, CURLUPart part)
{
	char *text = NULL;
	str copy = { 0 };

	if (curl_url_get(u, part, &text, 0) == CURLUE_OK)
		copy = arena_copy(a, str_of(text));
	curl_free(text);
	return copy;
}

static bool is_web(struct arena *a, CURLU *u)
{
	str scheme = part_of(a, u, CURLUPART_SCHEME);

	return str_eq(scheme, S("http")) || str_eq(scheme, S("https"));
}

/* NULL: no such address. A CURLU takes a relative one for what it is relative to what it holds. */
static CURLU *parse(struct arena *a, str base, str link)
{
	CURLU *u = curl_url();
	const char *from = arena_cstr(a, base), *to = arena_cstr(a, link);

	if (u && curl_url_set(u, CURLUPART_URL, from, 0) == CURLUE_OK
	    && curl_url_set(u, CURLUPART_URL, to, 0) == CURLUE_OK
	    && curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK)
		return u;
	curl_url_cleanup(u);
	return NULL;
}

str fetch_host(struct arena *a, str url)
{
	CURLU *u = parse(a, url, url);
	str host = { 0 };

	if (u && is_web(a, u))
		host = arena_lower(a, part_of(a, u, CURLUPART_HOST));
	curl_url_cleanup(u);
	return host;
}

str fetch_resolve(struct arena *a, str base, str link)
{
	CURLU *u = parse(a, base, link);
	str url = { 0 };

	if (u && is_web(a, u))
		url = part_of(a, u, CURLUPART_URL);
	curl_url_cleanup(u);
	return url;
}

/* ---- mail ---- */

static err smtp_outcome(const struct transfer *t, err outcome)
{
	long code = 0;

	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &code);
	return outcome.info && code >= 550 && code <= 559 ? err_mail_refused : outcome;
}

/* TLS with a valid certificate or not at all; or as mail servers do among themselves: when it is
 * offered, whoever the other side is. */
static void set_tls(CURL *easy, const struct smtp *server)
{
	curl_easy_setopt(easy, CURLOPT_USE_SSL,
			 (long)(server->require_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY));
	if (server->require_tls)
		return;
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
}

err fetch_smtp(struct arena *a, const struct smtp *server, str from, str to, str message,
	       int64_t deadline)
{
	struct transfer *t = transfer_new(a, server->url, false);
	str sender = arena_printf(a, "<%.*s>", (int)from.n, from.p);
	str receiver = arena_printf(a, "<%.*s>", (int)to.n, to.p);

	if (!one_line(sender) || !one_line(receiver))
		return err_detail(a, err_invalid, NULL, "an address with a line break");
	if (!t || !list_add(t, receiver.p))
		return err_no_memory;
	t->upload = message;
	set_tls(t->easy, server);
	if (server->user.p) {
		curl_easy_setopt(t->easy, CURLOPT_USERNAME, arena_cstr(a, server->user));
		curl_easy_setopt(t->easy, CURLOPT_PASSWORD, arena_cstr(a, server->password));
	}
	curl_easy_setopt(t->easy, CURLOPT_MAIL_FROM, sender.p);
	curl_easy_setopt(t->easy, CURLOPT_MAIL_RCPT, t->list);
	curl_easy_setopt(t->easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(t->easy, CURLOPT_READFUNCTION, on_upload);
	curl_easy_setopt(t->easy, CURLOPT_READDATA, t);
	curl_easy_setopt(t->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)message.n);
	return smtp_outcome(t, run(a, t, &fetchers, deadline));
}
