/*
 * Whole requests, byte by byte, against the real server: libmicrohttpd, framing, routing, queries, bodies of each
 * kind, cursors, the start of a WebSocket. What comes back is HTTP: a status, a length that is kept, and for an
 * error the envelope. When the client has left, nothing of its request is left.
 */
#include "lib/base/log.h"
#include "lib/web/page.h"
#include "lib/web/server.h"
#include "lib/web/socket.h"
#include "test/fuzz/fuzz.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { TURNS = 16, TURNS_MOST = 20000, REPLY_MAX = 1 << 20 };

/* ---- the routes ---- */

struct thing {
	str q;
	int32_t n;
	uuid id;
	struct strs words;
};
static const struct field thing_fields[] = {
	FIELD(struct thing, q, .omit_absent = true, .max = 100),
	FIELD(struct thing, n, .has_range = true, .min = -5, .max = 5),
	FIELD(struct thing, id),
	FIELD(struct thing, words, .max = 4),
	{ 0 },
};

static err by_query(struct req *r)
{
	struct thing t = { 0 };
	struct page p;

	TRY(req_query(r, &t, NULL));
	TRY(page_read(r, &p));
	t.n = p.limit;
	return reply(r, &t);
}

static err by_body(struct req *r)
{
	struct thing t = { 0 };

	TRY(req_body(r, &t, NULL));
	return reply(r, &t);
}

static err by_form(struct req *r)
{
	struct thing t = { 0 };

	TRY(req_form(r, &t, NULL));
	return reply(r, &t);
}

static err by_stream(struct req *r)
{
	struct thing t = { .q = req_param(r, "q") };
	char piece[64];
	size_t n = 1;

	while (n) {
		TRY(req_read(r, piece, sizeof piece, &n));
		t.n += (int32_t)n;
	}
	return reply(r, &t);
}

static err by_id(struct req *r)
{
	struct thing t = { 0 };

	TRY(req_id(r, "id", &t.id));
	return reply(r, &t);
}

static void on_socket(void *arg, struct socket *s)
{
	(void)arg, (void)s;
}

static void on_text(void *arg, str message)
{
	(void)arg, (void)message;
}

static void on_end(void *arg)
{
	(void)arg;
}

static const struct socket_owner owner = { &socket_usual, on_socket, on_text, NULL, on_end };

static err by_socket(struct req *r)
{
	return socket_accept(r, (str){ 0 }, &owner, NULL);
}

static const struct route routes[] = {
	{ GET, "/q", by_query, "x", .auth = AUTH_NONE, .query = thing_fields, .out = thing_fields,
	  .page = 20 },
	{ POST, "/b", by_body, "x", .auth = AUTH_NONE, .body = thing_fields, .out = thing_fields,
	  .body_max = 300 },
	{ POST, "/f", by_form, "x", .auth = AUTH_NONE, .body = thing_fields, .out = thing_fields,
	  .body_kind = BODY_FORM },
	{ POST, "/s/:q", by_stream, "x", .auth = AUTH_NONE, .out = thing_fields,
	  .body_kind = BODY_STREAM, .body_max = 1000 },
	{ DELETE, "/i/:id", by_id, "x", .auth = AUTH_NONE, .out = thing_fields },
	{ GET, "/ws", by_socket, "x", .auth = AUTH_NONE },
	{ 0 },
};

/* ---- the server, in this thread ---- */

static struct loop *loop;
static struct server *server;
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static void forget_socket(void)
{
	unlink(address.sun_path);
}

static void start(void)
{
	static const struct route *const tables[] = { routes, NULL };
	struct server_options options = {
		.router = router_new(tables),
		.connections = 100,
		.idle_timeout = 60 * SECOND,
		.deadline = 60 * SECOND,
		.trusted_proxies = "127.0.0.1",
		.cors_origins = "https://a.example",
	};
	char where[128];
	const char *problem;
	int fd;

	signal(SIGPIPE, SIG_IGN);
	log_setup(LOG_ERROR + 1, LOG_LOGFMT);
	snprintf(address.sun_path, sizeof address.sun_path, "/tmp/sojorn-fuzz-%d", (int)getpid());
	snprintf(where, sizeof where, "unix:%s", address.sun_path);
	loop = loop_new();
	if (!loop || !server_listen(where, 1, &fd, &problem))
		abort();
	atexit(forget_socket);
	server = server_new(loop, fd, &options);
	if (!server)
		abort();
}

static int turns_left;

static void turn(void *arg)
{
	(void)arg;
	if (--turns_left <= 0)
		loop_stop(loop);
	else
		loop_post(loop, turn, NULL);
}

/* What is ready is done in each turn; none of them waits. */
static void run_turns(int n)
{
	turns_left = n;
	loop_post(loop, turn, NULL);
	loop_run(loop);
}

/* ---- the client ---- */

static int dial(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
		abort();
	return fd;
}

static size_t hear(int fd, char *out, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size && (got = read(fd, out + n, size - n)) > 0)
		n += (size_t)got;
	return n;
}

/* The first reply: those behind it may be cut off, or of requests that have no body. */
static void judge(str reply, bool has_body)
{
	ptrdiff_t end = str_find(reply, S("\r\n\r\n")), at;
	int status;
	str head, body;

	assert(str_starts(reply, S("HTTP/1.1 ")) || str_starts(reply, S("HTTP/1.0 ")));
	assert(end > 0 && reply.n > 12);
	status = atoi(reply.p + 9);
	assert(status >= 100 && status <= 599 && status != 500);
	head = str_slice(reply, 0, (size_t)end + 2);
	body = str_slice(reply, (size_t)end + 4, reply.n);
	at = str_find(head, S("\r\nContent-Length: "));
	if (at < 0 || !has_body)
		return;
	assert(body.n >= (size_t)atoi(head.p + at + 18));
	if (status >= 400 && str_find(head, S("application/json")) >= 0)
		assert(str_find(body, S("\"code\":\"")) > 0
		       && str_find(body, S("\"request_id\":\"")) > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char heard[REPLY_MAX + 1];
	str sent = { (const char *)data, size };
	size_t n;
	int fd;

	if (!server)
		start();
	fd = dial();
	if (send(fd, data, size, MSG_NOSIGNAL) < 0 && size > 0)
		abort();
	run_turns(TURNS);
	n = hear(fd, heard, REPLY_MAX);
	if (n && str_find(sent, S("HEAD ")) < 0)
		judge((str){ heard, n }, true);
	close(fd);
	for (int i = 0; server_connections(server) > 0 || server_active(server) > 0; i++) {
		assert(i < TURNS_MOST);
		run_turns(1);
	}
	return 0;
}
