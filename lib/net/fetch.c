/*
 * Requests whose replies are read whole, and mail.
 *
 * curl's callbacks run on the loop's own stack, where an arena that is out of memory could not jump back
 * to its request, so bodies grow in malloc'ed memory and are given to the arena afterwards.
 */
#include "lib/net/fetch_curl.h"

#include "lib/net/public.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	HEAD_MAX = 64 * 1024,
	BODY_MAX = 1024 * 1024,
	DEFAULT_SECONDS = 30,
};

static const struct err_info mail_refused_info = { .status = 502,
						   .code = "mail_refused",
						   .message = "the mail was refused" };
const err err_mail_refused = { &mail_refused_info };

struct text {
	char *p;
	size_t n, cap, max;
};

struct transfer {
	struct errand errand; /* first */
	struct text head, body;
	bool too_large;
	bool cut;		/* too large is good enough */
	str upload;		/* what is left of it */
	struct fetch_file file; /* the same of a file */
	int64_t file_begin;
};

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
	curl_easy_setopt(t->errand.easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(t->errand.easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)file->n);
	curl_easy_setopt(t->errand.easy, CURLOPT_READFUNCTION, on_file);
	curl_easy_setopt(t->errand.easy, CURLOPT_READDATA, t);
	curl_easy_setopt(t->errand.easy, CURLOPT_SEEKFUNCTION, on_seek);
	curl_easy_setopt(t->errand.easy, CURLOPT_SEEKDATA, t);
}

static void transfer_free(void *arg)
{
	struct transfer *t = arg;

	errand_end(&t->errand);
	free(t->head.p);
	free(t->body.p);
}

/* Owned by the arena. */
static struct transfer *transfer_new(struct arena *a, str url, bool http)
{
	struct transfer *t = arena_zalloc(a, sizeof *t);

	if (!errand_init(&t->errand, a, url, http))
		return NULL;
	arena_defer(a, transfer_free, t);
	t->head.max = HEAD_MAX;
	t->body.max = BODY_MAX;
	curl_easy_setopt(t->errand.easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(t->errand.easy, CURLOPT_WRITEDATA, t);
	return t;
}

static err run(struct arena *a, struct transfer *t, const struct loop_part *kind, int64_t deadline)
{
	if (!deadline)
		deadline = time_monotonic() + DEFAULT_SECONDS * SECOND;
	TRY(errand_start(&t->errand, kind));
	TRY(waiter_wait(&t->errand.waiter, deadline));
	if (t->too_large)
		return err_too_large;
	return t->cut && t->body.n == t->body.max ? OK : errand_outcome(&t->errand, a);
}

/* ---- HTTP ---- */

static void set_method(struct transfer *t, const struct fetch *f)
{
	if (f->body.p) {
		curl_easy_setopt(t->errand.easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)f->body.n);
		curl_easy_setopt(t->errand.easy, CURLOPT_POSTFIELDS, f->body.p);
	}
	if (f->file)
		send_file(t, f->file);
	if (f->method && strcmp(f->method, "HEAD") == 0)
		curl_easy_setopt(t->errand.easy, CURLOPT_NOBODY, 1L);
	else if (f->method)
		curl_easy_setopt(t->errand.easy, CURLOPT_CUSTOMREQUEST, f->method);
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
	curl_easy_setopt(t->errand.easy, CURLOPT_OPENSOCKETFUNCTION, open_public);
	curl_easy_setopt(t->errand.easy, CURLOPT_PROXY, "");
	return &strangers;
}

err fetch_http(struct arena *a, const struct fetch *f, int64_t deadline, struct fetch_reply *out)
{
	struct transfer *t = transfer_new(a, f->url, true);
	long status = 0;

	if (!t)
		return err_no_memory;
	if (f->reply_max)
		t->body.max = f->reply_max;
	curl_easy_setopt(t->errand.easy, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(t->errand.easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(t->errand.easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(t->errand.easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(t->errand.easy, CURLOPT_PIPEWAIT, f->multiplex ? 1L : 0L);
	if (f->socket)
		curl_easy_setopt(t->errand.easy, CURLOPT_UNIX_SOCKET_PATH, f->socket);
	set_method(t, f);
	TRY(errand_headers(&t->errand, a, f->headers, f->nheaders));
	curl_easy_setopt(t->errand.easy, CURLOPT_HTTPHEADER, t->errand.list);
	t->cut = f->cut;
	TRY(run(a, t, kind_of(t, f), deadline));
	curl_easy_getinfo(t->errand.easy, CURLINFO_RESPONSE_CODE, &status);
	*out = (struct fetch_reply){
		.status = (int)status,
		.body = t->body.p ? (str){ t->body.p, t->body.n } : S(""),
		.head = t->head.p ? (str){ t->head.p, t->head.n } : S(""),
	};
	return OK;
}

bool fetch_next_header(str *head, struct pair *out)
{
	while (head->p) {
		str value = str_cut(head, '\n'), name = str_cut(&value, ':');

		if (!value.p)
			continue; /* the status line, the empty one */
		*out = (struct pair){ name, str_trim(value) };
		return true;
	}
	return false;
}

str fetch_header(const struct fetch_reply *reply, const char *name)
{
	str rest = reply->head, found = { 0 };
	struct pair h;

	while (fetch_next_header(&rest, &h))
		if (str_ieq(h.name, str_of(name)))
			found = h.value;
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
	if (seconds < 0 || seconds > INT64_MAX / SECOND) /* before 1970, or a year of nine digits */
		seconds = 0;
	return (usec){ (int64_t)seconds * SECOND };
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

/* ---- mail ---- */

static err smtp_outcome(const struct transfer *t, err outcome)
{
	long code = 0;

	curl_easy_getinfo(t->errand.easy, CURLINFO_RESPONSE_CODE, &code);
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

	if (!errand_is_line(sender) || !errand_is_line(receiver))
		return err_detail(a, err_invalid, NULL, "an address with a line break");
	if (!t || !errand_list(&t->errand, receiver.p))
		return err_no_memory;
	t->upload = message;
	set_tls(t->errand.easy, server);
	if (server->user.p) {
		curl_easy_setopt(t->errand.easy, CURLOPT_USERNAME, arena_cstr(a, server->user));
		curl_easy_setopt(t->errand.easy, CURLOPT_PASSWORD, arena_cstr(a, server->password));
	}
	curl_easy_setopt(t->errand.easy, CURLOPT_MAIL_FROM, sender.p);
	curl_easy_setopt(t->errand.easy, CURLOPT_MAIL_RCPT, t->errand.list);
	curl_easy_setopt(t->errand.easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(t->errand.easy, CURLOPT_READFUNCTION, on_upload);
	curl_easy_setopt(t->errand.easy, CURLOPT_READDATA, t);
	curl_easy_setopt(t->errand.easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)message.n);
	return smtp_outcome(t, run(a, t, &fetchers, deadline));
}
