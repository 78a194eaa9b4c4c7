/* The usual routes, the server's threads and the client of the tests of lib/web. */
#include "lib/web/wire_test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct site site;
struct seen seen;
static pthread_t threads[SITE_LOOPS];

/* ---- routes ---- */

static err hello(struct req *r)
{
	return reply_message(r, "hello");
}

struct echo {
	str body, id, q, client;
};
static const struct field echo_fields[] = {
	FIELD(struct echo, body, .omit_absent = true, .max = 100000),
	FIELD(struct echo, id, .omit_absent = true),
	FIELD(struct echo, q, .omit_absent = true),
	FIELD(struct echo, client),
	{ 0 },
};

static err echo(struct req *r)
{
	struct echo e = { 0 };

	if (r->route->query)
		TRY(req_query(r, &e, NULL));
	if (r->route->body)
		TRY(req_body(r, &e, NULL));
	e.id = req_param(r, "id");
	e.client = r->client;
	return reply(r, &e);
}

static err form(struct req *r)
{
	struct echo e = { 0 };

	TRY(req_form(r, &e, NULL));
	return reply(r, &e);
}

/* Two of each id; for "kept" they are given back. */
static err by_id(struct req *r)
{
	static const struct rate two = { "two", 0.1, 2 };
	str id = req_param(r, "id");

	TRY(req_limit(r, &two, id));
	if (str_eq(id, S("kept")))
		req_unlimit(r, &two, id);
	reply_header(r, "X-Head", r->head ? S("yes") : S("no"));
	return reply_message(r, "hello");
}

static err wait_ms(struct req *r)
{
	int64_t ms = 0;

	str_to_i64(req_param(r, "ms"), &ms);
	seen.running++;
	loop_sleep(ms * MILLISECOND);
	seen.running--;
	return reply_message(r, "waited");
}

static err until_deadline(struct req *r)
{
	struct waiter w = { 0 };

	return waiter_wait(&w, r->deadline);
}

static err fail_by_id(struct req *r)
{
	uuid id;

	TRY(req_id(r, "id", &id));
	return req_fail(r, err_conflict, "%s is taken", "this");
}

static err blocked(struct req *r)
{
	struct message m = { S("slur") };

	return req_fail_with(r, err_forbidden, message_fields, &m);
}

static err no_reply(struct req *r)
{
	(void)r;
	return OK;
}

static err headers_back(struct req *r)
{
	reply_header(r, "X-Evil", S("a\r\nSet-Cookie: b\x7f"));
	return reply_text(r, 200, "text/plain; charset=utf-8", req_header(r, "x-mine"));
}

static err elsewhere(struct req *r)
{
	return reply_redirect(r, S("/hello"));
}

static err nothing(struct req *r)
{
	return reply_empty(r, 204);
}

static err large(struct req *r)
{
	char *p = arena_alloc(r->arena, 1 << 20);

	memset(p, 'x', 1 << 20);
	return reply_text(r, 200, "text/plain", (str){ p, 1 << 20 });
}

static err who(struct req *r)
{
	char id[UUID_TEXT];

	uuid_format(r->user.id, id);
	return reply_text(r, 200, "text/plain", arena_copy(r->arena, (str){ id, sizeof id }));
}

struct total {
	int64_t total;
};
static const struct field total_fields[] = {
	FIELD(struct total, total),
	{ 0 },
};

/* Reads its body, `most` bytes at most, with a pause of `ms` after each piece. */
static err upload(struct req *r)
{
	int64_t ms = 0, most = 0;
	struct total t = { 0 };
	char piece[4000 / 2];
	size_t n = 1;
	err e = OK;

	str_to_i64(req_param(r, "ms"), &ms);
	str_to_i64(req_param(r, "most"), &most);
	seen.running++;
	while (n && t.total < most && !e.info) {
		e = req_read(r, piece, sizeof piece, &n);
		t.total += (int64_t)n;
		seen.read += (int64_t)n;
		if (seen.most < (int64_t)arena_used(r->arena))
			seen.most = (int64_t)arena_used(r->arena);
		if (ms)
			loop_sleep(ms * MILLISECOND);
	}
	seen.running--;
	seen.io += err_is(e, err_io);
	seen.late += err_is(e, err_deadline);
	TRY(e);
	return reply(r, &t);
}

/* Writes so many pieces of a kilobyte, and ends well or badly. */
static err flow(struct req *r)
{
	char piece[1024];
	int64_t n = 0;

	str_to_i64(req_param(r, "kb"), &n);
	memset(piece, 'x', sizeof piece);
	seen.running++;
	err e = reply_begin(r, "text/plain");
	for (int64_t i = 0; i < n && !e.info; i++) {
		e = reply_write(r, (str){ piece, sizeof piece });
		if (str_eq(req_param(r, "end"), S("slowly")))
			loop_sleep(MILLISECOND);
	}
	seen.running--;
	seen.io += err_is(e, err_io);
	seen.late += err_is(e, err_deadline);
	TRY(e);
	return str_eq(req_param(r, "end"), S("badly")) ? err_internal : OK;
}

static const struct rate twice = { "twice", 0.1, 2 };

/* 100,000 digits in a file, which is gone from the disk while it is sent. */
static err digits(struct req *r)
{
	struct reply_file file = { .size = 100000,
				   .content_type = "text/plain",
				   .etag = S("\"d\"") };
	char name[] = "/tmp/sojorn-digits.XXXXXX";

	file.fd = mkstemp(name);
	unlink(name);
	for (int i = 0; i < 10000; i++)
		if (write(file.fd, "0123456789", 10) != 10)
			return err_io;
	return reply_file(r, &file);
}

static const struct route routes[] = {
	{ GET, "/digits", digits, "a file", .auth = AUTH_NONE },
	{ GET, "/hello", hello, "x", .auth = AUTH_NONE, .out = message_fields },
	{ GET, "/echo/:id", echo, "x", .auth = AUTH_NONE, .query = echo_fields,
	  .out = echo_fields },
	{ POST, "/echo", echo, "x", .auth = AUTH_NONE, .body = echo_fields, .out = echo_fields },
	{ POST, "/echo/large", echo, "x", .auth = AUTH_NONE, .body = echo_fields,
	  .out = echo_fields, .body_max = 200000 },
	{ DELETE, "/echo/:id", echo, "x", .auth = AUTH_NONE, .body = echo_fields,
	  .out = echo_fields },
	{ POST, "/form", form, "x", .auth = AUTH_NONE, .body = echo_fields, .out = echo_fields },
	{ GET, "/by/:id", by_id, "x", .auth = AUTH_NONE, .out = message_fields },
	{ GET, "/wait/:ms", wait_ms, "x", .auth = AUTH_NONE, .out = message_fields },
	{ GET, "/deadline", until_deadline, "x", .auth = AUTH_NONE, .deadline = 300 * MILLISECOND },
	{ GET, "/fail/:id", fail_by_id, "x", .auth = AUTH_NONE },
	{ GET, "/blocked", blocked, "x", .auth = AUTH_NONE },
	{ GET, "/noreply", no_reply, "x", .auth = AUTH_NONE },
	{ GET, "/headers", headers_back, "x", .auth = AUTH_NONE },
	{ GET, "/elsewhere", elsewhere, "x", .auth = AUTH_NONE },
	{ GET, "/nothing", nothing, "x", .auth = AUTH_NONE },
	{ GET, "/large", large, "x", .auth = AUTH_NONE },
	{ GET, "/flow/:kb/:end", flow, "x", .auth = AUTH_NONE },
	{ GET, "/flow/late/:kb/:end", flow, "x", .auth = AUTH_NONE, .deadline = 300 * MILLISECOND },
	{ GET, "/who", who, "x", .auth = AUTH_USER },
	{ GET, "/maybe", who, "x", .auth = AUTH_OPTIONAL },
	{ GET, "/twice", hello, "x", .auth = AUTH_NONE, .rate = &twice, .out = message_fields },
	{ POST, "/upload/:most/:ms", upload, "x", .auth = AUTH_NONE, .body_kind = BODY_STREAM,
	  .body_max = 64 << 20, .out = total_fields, .deadline = 20 * SECOND },
	{ POST, "/upload/short/:most/:ms", upload, "x", .auth = AUTH_NONE, .body_kind = BODY_STREAM,
	  .body_max = 100000, .out = total_fields, .deadline = 500 * MILLISECOND },
	{ POST, "/upload/late/:most/:ms", upload, "x", .auth = AUTH_NONE, .body_kind = BODY_STREAM,
	  .body_max = 64 << 20, .out = total_fields, .deadline = 2 * SECOND },
	{ POST, "/upload/mine/:most/:ms", upload, "x", .body_kind = BODY_STREAM,
	  .body_max = 64 << 20, .out = total_fields },
	{ 0 },
};

/* "Bearer good" is user 1; it is found out after a moment, as with a database. */
static err authenticate(struct req *r)
{
	str header = req_header(r, "Authorization");

	loop_sleep(MILLISECOND);
	if (str_eq(header, S("Bearer good")))
		r->user.id.b[15] = 1;
	else if (header.p || r->route->auth != AUTH_OPTIONAL)
		return err_unauthorized;
	return OK;
}

static void on_done(const struct req *r, int status, int64_t us, size_t bytes)
{
	(void)r, (void)bytes;
	EXPECT_TRUE(us >= 0);
	seen.done++;
	seen.last_status = status;
}

/* ---- the site ---- */

static void *run_loop(void *l)
{
	loop_run(l);
	return NULL;
}

static int port_of(int fd)
{
	struct sockaddr_in sa;
	socklen_t n = sizeof sa;

	if (getsockname(fd, (struct sockaddr *)&sa, &n) < 0 || sa.sin_family != AF_INET)
		return 0;
	return ntohs(sa.sin_port);
}

static void set_options(struct server_options *o)
{
	const struct route *const tables[] = { routes, site.routes, NULL };

	o->router = site.router = router_new(tables);
	o->connections = o->connections ? o->connections : 10000;
	o->idle_timeout = o->idle_timeout ? o->idle_timeout : 60 * SECOND;
	o->deadline = o->deadline ? o->deadline : 10 * SECOND;
	o->trusted_proxies = o->trusted_proxies ? o->trusted_proxies : "127.0.0.0/8";
	o->authenticate = authenticate;
	o->on_done = on_done;
}

void site_start(void)
{
	char address[64];
	const char *problem = NULL;
	int fds[SITE_LOOPS], first = -1;

	if (!site.n)
		site.n = 1;
	set_options(&site.options);
	if (site.n > 1) { /* all must bind the same port: let the kernel choose it once */
		EXPECT_TRUE(server_listen("127.0.0.1:0", 2, fds, &problem));
		site.port = port_of(fds[0]);
		close(fds[0]);
		close(fds[1]);
	}
	(void)first;
	snprintf(address, sizeof address, "127.0.0.1:%d", site.port);
	if (!server_listen(site.address ? site.address : address, site.n, fds, &problem))
		fail_msg("%s", problem);
	site.port = port_of(fds[0]);
	for (int i = 0; i < site.n; i++) {
		site.loops[i] = loop_new();
		site.servers[i] = server_new(site.loops[i], fds[i], &site.options);
		EXPECT_TRUE(site.servers[i] != NULL);
		pthread_create(&threads[i], NULL, run_loop, site.loops[i]);
	}
}

static void stop_loop(void *l)
{
	loop_stop(l);
}

static void drain(void *arg)
{
	struct server *s = arg;

	server_drain(s, 20 * SECOND, stop_loop, loop_self());
}

void site_stop(void)
{
	for (int i = 0; i < site.n; i++)
		loop_post(site.loops[i], drain, site.servers[i]);
	site_join();
}

void site_join(void)
{
	for (int i = 0; i < site.n; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(0, server_active(site.servers[i]));
		EXPECT_EQ(0, server_connections(site.servers[i]));
		server_free(site.servers[i]);
		EXPECT_EQ(0, co_pool_active(loop_pool(site.loops[i])));
		loop_free(site.loops[i]);
	}
	router_free(site.router);
	limiter_free(site.options.limiter);
}

/* ---- the client ---- */

static int dial_unix(const char *path)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(sa.sun_path, path, sizeof sa.sun_path - 1);
	EXPECT_EQ(0, connect(fd, (struct sockaddr *)&sa, sizeof sa));
	return fd;
}

/* -1: refused. */
static int dial_tcp(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)site.port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	EXPECT_TRUE(fd >= 0);
	if (connect(fd, (struct sockaddr *)&sa, sizeof sa) == 0)
		return fd;
	close(fd);
	return -1;
}

bool dial_refused(void)
{
	int fd = dial_tcp();

	if (fd >= 0)
		close(fd);
	return fd < 0;
}

struct wire *dial(void)
{
	struct wire *w = malloc(sizeof *w);
	bool local = site.address && strncmp(site.address, "unix:", 5) == 0;

	w->n = 0;
	w->fd = local ? dial_unix(site.address + 5) : dial_tcp();
	EXPECT_TRUE(w->fd >= 0);
	return w;
}

void hang_up(struct wire *w)
{
	close(w->fd);
	free(w);
}

bool say_bytes(struct wire *w, const char *p, size_t n)
{
	while (n) {
		ssize_t sent = send(w->fd, p, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

bool say(struct wire *w, const char *text)
{
	return say_bytes(w, text, strlen(text));
}

/* Reads something more; false at the end, or when nothing comes. */
static bool more(struct wire *w)
{
	struct pollfd p = { w->fd, POLLIN, 0 };
	ssize_t n;

	if (w->n == sizeof w->buf - 1 || poll(&p, 1, 10000) <= 0)
		return false;
	n = recv(w->fd, w->buf + w->n, sizeof w->buf - 1 - w->n, 0);
	if (n <= 0)
		return false;
	w->n += (size_t)n;
	w->buf[w->n] = '\0';
	return true;
}

static void used(struct wire *w, size_t n)
{
	memmove(w->buf, w->buf + n, w->n - n);
	w->n -= n;
	w->buf[w->n] = '\0';
}

const char *header(const struct answer *a, const char *name)
{
	static _Thread_local char value[4096];
	size_t n = strlen(name);

	for (const char *line = strchr(a->head, '\n'); line; line = strchr(line, '\n')) {
		line++;
		if (strncasecmp(line, name, n) != 0 || line[n] != ':')
			continue;
		line += n + 1 + strspn(line + n + 1, " ");
		snprintf(value, sizeof value, "%.*s", (int)strcspn(line, "\r\n"), line);
		return value;
	}
	return NULL;
}

static bool read_body(struct wire *w, struct answer *a, bool head)
{
	const char *length = header(a, "Content-Length");
	size_t left = length && !head ? strtoul(length, NULL, 10) : 0;

	a->n = 0;
	while (left) {
		size_t n = w->n < left ? w->n : left;

		EXPECT_TRUE(a->n + n < sizeof a->body);
		memcpy(a->body + a->n, w->buf, n);
		a->n += n;
		left -= n;
		used(w, n);
		if (left && !more(w))
			return false;
	}
	a->body[a->n] = '\0';
	return true;
}

static struct answer *hear_one(struct wire *w, bool head)
{
	static _Thread_local struct answer one;
	struct answer *a = &one;
	char *end;

	w->buf[w->n] = '\0';
	while (!(end = strstr(w->buf, "\r\n\r\n")))
		if (!more(w))
			return NULL;
	snprintf(a->head, sizeof a->head, "%.*s\r\n", (int)(end - w->buf), w->buf);
	used(w, (size_t)(end - w->buf) + 4);
	if (sscanf(a->head, "HTTP/1.1 %d ", &a->status) != 1)
		fail_msg("no status line: %s", a->head);
	return read_body(w, a, head || a->status < 200) ? a : NULL;
}

struct answer *hear(struct wire *w)
{
	return hear_one(w, false);
}

struct answer *hear_head(struct wire *w)
{
	return hear_one(w, true);
}

bool is_closed(struct wire *w)
{
	struct pollfd p = { w->fd, POLLIN, 0 };
	ssize_t n;

	do {
		if (poll(&p, 1, 10000) <= 0)
			return false;
		n = recv(w->fd, w->buf, sizeof w->buf, 0);
	} while (n > 0);
	return true;
}

struct answer *ask(const char *text)
{
	struct wire *w = dial();
	struct answer *a;

	EXPECT_TRUE(say(w, text));
	a = hear(w);
	hang_up(w);
	if (!a)
		fail_msg("no reply to %s", text);
	return a;
}

struct answer *get(const char *path, const char *headers)
{
	static _Thread_local char text[8192];

	snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, headers);
	return ask(text);
}

size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t pages = 0, total = 0;

	if (f) {
		if (fscanf(f, "%zu %zu", &total, &pages) != 2)
			pages = 0;
		fclose(f);
	}
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}
