/* HTTP requests against a small server of this test's own, byte by byte over real sockets. */
#include "lib/net/fetch.h"

#include "lib/base/test.h"
#include "lib/net/loop.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the other side: answers each request by its path, one thread a connection ---- */

enum { CONNECTIONS = 64 };
static int port, listener, connections;
static pthread_t acceptor, threads[CONNECTIONS];

static void say(int fd, const char *text)
{
	EXPECT_EQ(strlen(text), write(fd, text, strlen(text)));
}

/* The request sent back as the reply's body: what curl put on the wire. */
static void echo(int fd, const char *request)
{
	char head[128];

	snprintf(head, sizeof head,
		 "HTTP/1.1 201 Created\r\nContent-Length: %zu\r\nX-A: 1\r\nx-a:  two \r\n\r\n",
		 strlen(request));
	say(fd, head);
	say(fd, request);
}

static bool answer(int fd, const char *request)
{
	if (strstr(request, " /silent "))
		return true;
	if (strstr(request, " /broken ")) {
		say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
		return false;
	}
	if (strstr(request, " /empty "))
		say(fd,
		    "HTTP/1.1 103 Early Hints\r\nX-A: no\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
	else if (strstr(request, " /moved "))
		say(fd, "HTTP/1.1 302 Found\r\nLocation: /silent\r\nContent-Length: 0\r\n\r\n");
	else
		echo(fd, request);
	return true;
}

/* Whole when its head has ended and as many bytes follow as it said. */
static bool whole(const char *request)
{
	const char *end = strstr(request, "\r\n\r\n"),
		   *length = strstr(request, "Content-Length: ");

	return end && (!length || strlen(end + 4) >= (size_t)atoi(length + 16));
}

static void *serve_one(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char request[49152];
	size_t n = 0;
	ssize_t got;

	while ((got = read(fd, request + n, sizeof request - 1 - n)) > 0) {
		n += (size_t)got;
		request[n] = '\0';
		if (!whole(request))
			continue;
		if (!answer(fd, request))
			break;
		n = 0;
	}
	close(fd);
	return NULL;
}

static void *serve(void *arg)
{
	int fd;

	while (connections < CONNECTIONS && (fd = accept(listener, NULL, NULL)) >= 0)
		EXPECT_EQ(0,
			  pthread_create(&threads[connections++], NULL, serve_one,
					 (void *)(intptr_t)fd));
	return arg;
}

static void start_server(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof at;

	listener = socket(AF_INET, SOCK_STREAM, 0);
	EXPECT_EQ(0, bind(listener, (struct sockaddr *)&at, size));
	EXPECT_EQ(0, listen(listener, 64));
	EXPECT_EQ(0, getsockname(listener, (struct sockaddr *)&at, &size));
	port = ntohs(at.sin_port);
	EXPECT_EQ(0, pthread_create(&acceptor, NULL, serve, NULL));
}

/* Once nobody holds a connection any more. */
static void stop_server(void)
{
	shutdown(listener, SHUT_RD);
	pthread_join(acceptor, NULL);
	for (int i = 0; i < connections; i++)
		pthread_join(threads[i], NULL);
	close(listener);
}

/* ---- this side ---- */

static struct loop *l;
static int running;

static void run_body(void *arg)
{
	void (*body)(struct arena *) = (void (*)(struct arena *))arg;
	struct arena *a = arena_new();

	body(a);
	arena_free(a);
	if (--running == 0)
		loop_stop(l);
}

static void on_loop(void (*body)(struct arena *), int times)
{
	start_server();
	l = loop_new();
	running = times;
	for (int i = 0; i < times; i++)
		EXPECT_TRUE(loop_start(l, run_body, (void *)body));
	loop_run(l);
	loop_free(l);
	stop_server();
}

static struct fetch to(struct arena *a, const char *path)
{
	return (struct fetch){ .url = arena_printf(a, "http://127.0.0.1:%d%s", port, path) };
}

static bool has(str text, const char *part)
{
	return str_find(text, str_of(part)) >= 0;
}

static err get(struct arena *a, const char *path, struct fetch_reply *out)
{
	struct fetch f = to(a, path);

	return fetch_http(a, &f, 0, out);
}

static void get_one(struct arena *a)
{
	struct fetch_reply r;

	EXPECT_NULL(get(a, "/hello?x=1", &r).info);
	EXPECT_EQ(201, r.status);
	EXPECT_TRUE(str_starts(r.body, S("GET /hello?x=1 HTTP/1.1\r\n")));
	EXPECT_TRUE(str_eq(fetch_header(&r, "X-A"), S("two")));
	EXPECT_NULL(fetch_header(&r, "x-b").p);
	EXPECT_FALSE(has(r.body, "Expect"));
}

TEST(a_request_gets_status_headers_and_body)
{
	on_loop(get_one, 1);
}

static void post_one(struct arena *a)
{
	const struct pair headers[] = { { S("Content-Type"), S("application/json") },
					{ S("X-Empty"), S("") } };
	struct fetch f = to(a, "/things");
	struct fetch_reply r;

	f.headers = headers;
	f.nheaders = 2;
	f.body = (str){ memset(arena_alloc(a, 40000), 'x', 40000), 40000 };
	EXPECT_NULL(fetch_http(a, &f, 0, &r).info);
	EXPECT_TRUE(str_starts(r.body, S("POST /things")));
	EXPECT_TRUE(has(r.body, "Content-Type: application/json\r\n"));
	EXPECT_TRUE(has(r.body, "X-Empty:\r\n"));
	EXPECT_TRUE(str_ends(r.body, f.body));

	f.method = "PUT";
	f.body = S("");
	EXPECT_NULL(fetch_http(a, &f, 0, &r).info);
	EXPECT_TRUE(str_starts(r.body, S("PUT /things")));
	EXPECT_TRUE(has(r.body, "Content-Length: 0\r\n"));

	f.method = "DELETE";
	f.body = (str){ 0 };
	EXPECT_NULL(fetch_http(a, &f, 0, &r).info);
	EXPECT_TRUE(str_starts(r.body, S("DELETE /things")));
}

TEST(bodies_methods_and_headers_arrive_as_given)
{
	on_loop(post_one, 1);
}

static void get_odd(struct arena *a)
{
	struct fetch_reply r;

	EXPECT_NULL(get(a, "/empty", &r).info);
	EXPECT_EQ(204, r.status);
	EXPECT_TRUE(r.body.p && r.body.n == 0);
	EXPECT_NULL(fetch_header(&r, "X-A").p); /* of the interim reply */

	EXPECT_NULL(get(a, "/moved", &r).info);
	EXPECT_EQ(302, r.status);
	EXPECT_TRUE(str_eq(fetch_header(&r, "location"), S("/silent")));
}

TEST(interim_replies_are_dropped_and_redirects_not_followed)
{
	on_loop(get_odd, 1);
}

static void get_failing(struct arena *a)
{
	const struct pair smuggled = { S("X"), S("1\r\nY: 2") };
	struct fetch f = to(a, "/x");
	struct fetch_reply r = { .status = -1 };
	int64_t from = time_monotonic();

	EXPECT_TRUE(err_is(get(a, "/broken", &r), err_io));
	f.reply_max = 10;
	EXPECT_TRUE(err_is(fetch_http(a, &f, 0, &r), err_too_large));
	f.headers = &smuggled;
	f.nheaders = 1;
	EXPECT_TRUE(err_is(fetch_http(a, &f, 0, &r), err_invalid));
	f = (struct fetch){ .url = S("http://127.0.0.1:1/") };
	EXPECT_TRUE(err_is(fetch_http(a, &f, 0, &r), err_io));
	f.url = S("file:///etc/passwd");
	EXPECT_TRUE(err_is(fetch_http(a, &f, 0, &r), err_invalid));
	EXPECT_TRUE(time_monotonic() - from < 10 * SECOND);
	EXPECT_EQ(-1, r.status);
}

TEST(failures_are_told_apart)
{
	on_loop(get_failing, 1);
}

static void get_as_a_stranger(struct arena *a)
{
	struct fetch f = to(a, "/x");
	struct fetch_reply r;

	EXPECT_NULL(fetch_http(a, &f, 0, &r).info); /* a connection is there to be used again */
	f.public_only = true;
	EXPECT_TRUE(err_is(fetch_http(a, &f, 0, &r), err_io));
	f.url = arena_printf(a, "http://localhost:%d/x", port);
	EXPECT_TRUE(err_is(fetch_http(a, &f, 0, &r), err_io));
}

TEST(what_must_be_public_never_reaches_this_machine)
{
	on_loop(get_as_a_stranger, 1);
}

static void get_the_beginning(struct arena *a)
{
	struct fetch f = to(a, "/x");
	struct fetch_reply r;

	f.reply_max = 10;
	f.cut = true;
	EXPECT_NULL(fetch_http(a, &f, 0, &r).info);
	EXPECT_EQ(10, r.body.n);
	EXPECT_MEM("GET /x HTT", r.body.p, 10);
	f.reply_max = 100000;
	EXPECT_NULL(fetch_http(a, &f, 0, &r).info);
	EXPECT_TRUE(r.body.n > 10);
}

TEST(the_beginning_of_a_body_may_be_enough)
{
	on_loop(get_the_beginning, 1);
}

TEST(links_lead_where_browsers_would_go)
{
	struct arena *a = arena_new();
	str base = S("https://Example.org/a/b?c=d#e");

	EXPECT_CSTR("example.org", fetch_host(a, base).p);
	EXPECT_CSTR("1.2.3.4", fetch_host(a, S("http://user@1.2.3.4:80/")).p);
	EXPECT_NULL(fetch_host(a, S("ftp://example.org/")).p);
	EXPECT_NULL(fetch_host(a, S("javascript:alert(1)")).p);
	EXPECT_NULL(fetch_host(a, S("nonsense")).p);
	EXPECT_CSTR("https://Example.org/a/x.png", fetch_resolve(a, base, S("x.png")).p);
	EXPECT_CSTR("https://Example.org/x", fetch_resolve(a, base, S("/x#y")).p);
	EXPECT_CSTR("https://other.org/z", fetch_resolve(a, base, S("//other.org/z")).p);
	EXPECT_CSTR("http://other.org/z", fetch_resolve(a, base, S("http://other.org/z")).p);
	EXPECT_NULL(fetch_resolve(a, base, S("javascript:alert(1)")).p);
	EXPECT_NULL(fetch_resolve(a, base, S("data:text/html,x")).p);
	EXPECT_NULL(fetch_resolve(a, base, S("file:///etc/passwd")).p);
	arena_free(a);
}

TEST(a_date_that_no_clock_reaches_is_none)
{
	EXPECT_EQ(INT64_C(784111777) * SECOND, fetch_date(S("Sun, 06 Nov 1994 08:49:37 GMT")).us);
	EXPECT_EQ(0, fetch_date(S("999999990Nov7")).us);
	EXPECT_EQ(0, fetch_date(S("Sun, 06 Nov 1894 08:49:37 GMT")).us);
	EXPECT_EQ(0, fetch_date(S("soon")).us);
}

static void get_silent(struct arena *a)
{
	struct fetch f = to(a, "/silent");
	struct fetch_reply r;
	int64_t from = time_monotonic();

	EXPECT_TRUE(err_is(fetch_http(a, &f, from + 100 * MILLISECOND, &r), err_deadline));
	EXPECT_TRUE(time_monotonic() - from >= 100 * MILLISECOND);
	EXPECT_TRUE(time_monotonic() - from < 5 * SECOND);
}

TEST(a_silent_server_costs_no_more_than_the_deadline)
{
	on_loop(get_silent, 20);
}

static void get_thrice(struct arena *a)
{
	struct fetch_reply r;

	for (int i = 0; i < 3; i++)
		EXPECT_NULL(get(a, "/again", &r).info);
}

TEST(a_connection_is_used_again)
{
	on_loop(get_thrice, 1);
	EXPECT_EQ(1, connections);
}

static void mail_smuggled(struct arena *a)
{
	struct smtp server = { .url = S("smtp://127.0.0.1:1") };

	EXPECT_TRUE(err_is(fetch_smtp(a, &server, S("a@x.org"), S("b@x.org>\r\nRCPT TO:<c@x.org"),
				      S("\r\n"), 0),
			   err_invalid));
	EXPECT_TRUE(
		err_is(fetch_smtp(a, &server, S("a@x.org"), S("b@x.org"), S("\r\n"), 0), err_io));
}

TEST(an_address_cannot_carry_commands)
{
	on_loop(mail_smuggled, 1);
}
