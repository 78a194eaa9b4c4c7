/* The server against clients that do not behave: smuggling, floods, slowness, absence, noise. */
#include "lib/web/wire_test.h"

#include "lib/base/rand.h"
#include "lib/web/request.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define AFTER "GET /hello HTTP/1.1\r\nHost: x\r\nX-Request-Id: smuggled\r\n\r\n"

/* The request must be refused, the connection closed, and what follows it never answered. */
static void refused(const char *head, const char *rest)
{
	struct wire *w = dial();
	struct answer *a;

	say(w, head);
	say(w, rest);
	say(w, AFTER);
	a = hear(w);
	if (a && (a->status < 400 || a->status > 599))
		fail_msg("%d for: %s", a->status, head);
	if (a && strstr(a->head, "smuggled"))
		fail_msg("smuggled: %s", head);
	a = hear(w);
	if (a)
		fail_msg("answered on after: %s", head);
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
}

#define P	 "POST /echo HTTP/1.1\r\nHost: x\r\n"
#define HTTP_1_0 "POST /echo HTTP/1.0\r\nHost: x\r\nConnection: keep-alive\r\n"

TEST(lengths_that_could_be_read_differently_are_refused)
{
	static const char *const heads[] = {
		P "Content-Length: 4\r\nContent-Length: 4\r\n\r\n",
		P "Content-Length: 4\r\nContent-Length: 30\r\n\r\n",
		P "Content-Length: 4, 4\r\n\r\n",
		P "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
		P "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
		P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		P "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
		P "Transfer-Encoding: identity\r\nContent-Length: 4\r\n\r\n",
		P "Transfer-Encoding: chunked, chunked\r\n\r\n",
		P "Transfer-Encoding: gzip, chunked\r\n\r\n",
		P "Transfer-Encoding: gzip\r\n\r\n",
		P "Transfer-Encoding: xchunked\r\n\r\n",
		P "Transfer-Encoding: \"chunked\"\r\n\r\n",
		P "Transfer-Encoding: chunked;q=1\r\n\r\n",
		P "Transfer-Encoding:\r\n\r\n",
		P "Transfer-Encoding: \vchunked\r\n\r\n",
		P "Transfer-Encoding : chunked\r\n\r\n",
		P "Transfer-Encoding\t: chunked\r\n\r\n",
		P " Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
		P "Transfer-Encoding:\r\n chunked\r\nContent-Length: 4\r\n\r\n",
		P "Transfer-Encoding: x\r\n\tchunked\r\nContent-Length: 4\r\n\r\n",
		P "Content-Length: 4\r\n 0\r\n\r\n",
		P "X: y\r\n Content-Length: 4\r\n\r\n",
		P "Content-Length : 4\r\n\r\n",
		P "Content-Length: +4\r\n\r\n",
		P "Content-Length: -4\r\n\r\n",
		P "Content-Length: 0x4\r\n\r\n",
		P "Content-Length: 4.0\r\n\r\n",
		P "Content-Length: 1e1\r\n\r\n",
		P "Content-Length: 4 4\r\n\r\n",
		P "Content-Length: \r\n\r\n",
		P "Content-Length: 99999999999999999999999999\r\n\r\n",
		P "Content-Length: 18446744073709551617\r\n\r\n",
		HTTP_1_0 "Transfer-Encoding: chunked\r\n\r\n",
	};

	site_start();
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		refused(heads[i], "null");
		refused(heads[i], "0\r\n\r\n");
	}
	site_stop();
}

TEST(chunks_that_could_be_read_differently_are_refused)
{
	static const char *const chunks[] = {
		"-1\r\n",
		"0x4\r\nnull\r\n0\r\n\r\n",
		"4 \r\nnull\r\n0\r\n\r\n",
		" 4\r\nnull\r\n0\r\n\r\n",
		"+4\r\nnull\r\n0\r\n\r\n",
		"g\r\n",
		"\r\n",
		"4\r\nnullx\r\n0\r\n\r\n",
		"FFFFFFFFFFFFFFFFF\r\n",
		";x\r\nnull\r\n",
	};

	site_start();
	for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++)
		refused(P "Transfer-Encoding: chunked\r\n\r\n", chunks[i]);
	site_stop();
}

TEST(what_is_no_http_is_refused)
{
	static const char *const heads[] = {
		"GET\r\n\r\n",
		"GET /hello\r\n\r\n",
		"GET  HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /hello HTTP/2.0\r\nHost: x\r\n\r\n",
		"GET /hello HTTP/1.1x\r\nHost: x\r\n\r\n",
		"GET /hello http/1.1\r\nHost: x\r\n\r\n",
		"GET /he llo HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /he\x01llo HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /hello HTTP/1.1\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: x\r\na b: c\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: x\r\nX(y): c\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
		"GET /hello HTTP/1.1\r\nHost: x\r\nX: a\x7f\r\n\r\n",
		"\x16\x03\x01\x02\x01\x01\r\n\r\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	};

	site_start();
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		refused(heads[i], "");
	EXPECT_EQ(200, get("/hello", "")->status);
	site_stop();
}

/* ---- too much ---- */

static char flood[256 * 1024];

/* A GET whose path, or whose one header, has n bytes. */
static struct answer *ask_long(size_t path, size_t value)
{
	char *p = flood;

	p += sprintf(p, "GET /");
	memset(p, 'a', path);
	p += path;
	p += sprintf(p, " HTTP/1.1\r\nHost: x\r\nX-Long: ");
	memset(p, 'b', value);
	p += value;
	sprintf(p, "\r\n\r\n");
	return ask(flood);
}

TEST(heads_that_are_too_large)
{
	struct answer *a;

	site_start();
	EXPECT_EQ(414, ask_long(20000, 10)->status);
	EXPECT_EQ(431, ask_long(10, 20000)->status);
	EXPECT_EQ(404, ask_long(10, 4000)->status);
	EXPECT_EQ(404, ask_long(2000, 2000)->status);
	a = ask_long(10,
		     7000); /* MHD still takes it, but would have no room for the reply's head */
	EXPECT_EQ(431, a->status);
	EXPECT_TRUE(strstr(a->body, "\"code\":\"header_too_large\"") != NULL);
	EXPECT_CSTR("close", header(a, "Connection"));
	strcpy(flood, "GET /hello HTTP/1.1\r\nHost: x\r\n");
	for (int i = 0; i < 3000; i++)
		strcat(flood + 20, "a:b\r\n");
	strcat(flood, "\r\n");
	EXPECT_EQ(431, ask(flood)->status);
	site_stop();
}

TEST(a_body_over_the_limit_is_refused_before_it_is_read)
{
	struct wire *w;
	struct answer *a;

	site_start();
	w = dial();
	say(w, P "Content-Length: 65537\r\n\r\n");
	a = hear(w); /* not a byte of the body was sent */
	EXPECT_EQ(413, a->status);
	EXPECT_TRUE(strstr(a->body, "\"code\":\"too_large\"") != NULL);
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
	w = dial();
	say(w,
	    "POST /upload/1/0 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
	    "Content-Length: 999999999\r\n\r\n");
	EXPECT_EQ(413, hear(w)->status);
	hang_up(w);
	site_stop();
}

/* Sends n bytes of body, as curl or a browser would, before looking for the reply. */
static struct answer *send_blindly(const char *head, size_t n)
{
	static char block[64 * 1024];
	struct wire *w = dial();
	struct answer *a;

	say(w, head);
	for (size_t sent = 0; sent < n; sent += sizeof block)
		if (!say_bytes(w, block, sizeof block))
			fail_msg("reset while sending to: %s", head);
	a = hear(w);
	EXPECT_TRUE(a != NULL);
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
	return a;
}

TEST(a_client_that_sends_on_still_reads_413)
{
	site_start();
	EXPECT_EQ(413, send_blindly(P "Content-Length: 10000000\r\n\r\n", 10000000)->status);
	EXPECT_EQ(413,
		  send_blindly(P "Transfer-Encoding: chunked\r\n\r\n989680\r\n", 5000000)->status);
	EXPECT_EQ(404,
		  send_blindly(
			  "POST /nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n",
			  10000000)
			  ->status);
	site_stop();
}

TEST(a_chunked_body_a_little_over_the_limit_keeps_the_connection)
{
	struct wire *w;

	site_start();
	w = dial();
	say(w, P "Transfer-Encoding: chunked\r\n\r\n11170\r\n"); /* 70,000 */
	memset(flood, 'x', 70000);
	say_bytes(w, flood, 70000);
	say(w, "\r\n0\r\n\r\n");
	EXPECT_EQ(413, hear(w)->status);
	say(w, AFTER);
	EXPECT_EQ(200, hear(w)->status);
	hang_up(w);
	site_stop();
}

TEST(connections_over_the_limit_wait_until_there_is_room)
{
	struct wire *w[6];

	site.options.connections = 4;
	site_start();
	for (int i = 0; i < 6; i++) {
		w[i] = dial();
		say(w[i], AFTER);
	}
	for (int i = 0; i < 4; i++)
		EXPECT_EQ(200, hear(w[i])->status);
	EXPECT_EQ(4, server_connections(site.servers[0]));
	hang_up(w[0]);
	hang_up(w[1]);
	EXPECT_EQ(200, hear(w[4])->status);
	EXPECT_EQ(200, hear(w[5])->status);
	for (int i = 2; i < 6; i++)
		hang_up(w[i]);
	site_stop();
}

/* ---- too slow ---- */

/* Sends a byte every 100 ms; returns after how many milliseconds the server had enough. */
static int64_t dribble(const char *first, const char *byte)
{
	struct wire *w = dial();
	int64_t start = time_monotonic(), end;
	char c;

	say(w, first);
	while (time_monotonic() - start < 15 * SECOND && say(w, byte)) {
		if (recv(w->fd, &c, 1, MSG_DONTWAIT | MSG_PEEK) >= 0)
			break; /* a reply, or the end */
		usleep(100000);
	}
	end = time_monotonic();
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
	return (end - start) / MILLISECOND;
}

TEST(a_head_that_never_ends_is_cut_off)
{
	int64_t ms;

	site.options.idle_timeout = SECOND;
	site_start();
	ms = dribble("GET /hello HTTP/1.1\r\nHost: x\r\nX: ", "a");
	EXPECT_TRUE(ms >= 900 && ms < 4000);
	ms = dribble("GET /", "a");
	EXPECT_TRUE(ms >= 900 && ms < 4000);
	ms = dribble("", "\r\n"); /* some versions of the library end it after a few lines */
	EXPECT_TRUE(ms < 4000);
	site_stop();
}

TEST(an_idle_connection_is_closed)
{
	struct wire *w, *never;
	int64_t start = time_monotonic();

	site.options.idle_timeout = SECOND;
	site_start();
	never = dial();
	w = dial();
	say(w, AFTER);
	EXPECT_EQ(200, hear(w)->status);
	EXPECT_TRUE(is_closed(w));
	EXPECT_TRUE(is_closed(never));
	EXPECT_TRUE(time_monotonic() - start < 5 * SECOND);
	hang_up(w);
	hang_up(never);
	site_stop();
}

TEST(a_body_that_never_ends_is_answered_408)
{
	struct wire *w;
	struct answer *a;

	site.options.deadline = SECOND;
	site_start();
	w = dial();
	say(w, P "Content-Length: 100\r\n\r\n{");
	a = hear(w);
	EXPECT_EQ(408, a->status);
	EXPECT_TRUE(strstr(a->body, "\"code\":\"request_timeout\"") != NULL);
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
	EXPECT_TRUE(dribble(P "Content-Length: 100000\r\n\r\n{", "a") < 4000);
	site_stop();
}

TEST(a_client_that_does_not_read_its_reply_is_cut_off)
{
	struct wire *w[20];

	site.options.idle_timeout = SECOND;
	site_start();
	for (int i = 0; i < 20; i++) {
		w[i] = dial();
		for (int k = 0; k < 6; k++) /* 6 MB, more than the sockets hold */
			say(w[i], "GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	for (int i = 0; i < 60 && server_connections(site.servers[0]); i++)
		usleep(100000);
	EXPECT_EQ(0, server_connections(site.servers[0]));
	for (int i = 0; i < 20; i++)
		hang_up(w[i]);
	site_stop();
}

/* ---- gone ---- */

static void hang_up_hard(struct wire *w)
{
	struct linger hard = { 1, 0 };

	setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	hang_up(w);
}

TEST(clients_that_leave_while_their_handler_waits)
{
	site_start();
	for (int i = 0; i < 100; i++) {
		struct wire *w = dial();

		say(w, "GET /wait/50 HTTP/1.1\r\nHost: x\r\n\r\n" AFTER);
		if (i % 3)
			usleep(1000);
		if (i % 2)
			hang_up(w);
		else
			hang_up_hard(w);
	}
	EXPECT_EQ(200, get("/wait/100", "")->status);
	site_stop(); /* expects that no coroutine, request or connection is left */
}

TEST(clients_that_leave_in_the_middle_of_a_body)
{
	int uploads = 0;

	site_start();
	for (int i = 0; i < 100; i++) {
		struct wire *w = dial();

		say(w,
		    i % 4 < 2 ? P "Content-Length: 1000\r\n\r\n{\"a\":"
			      : "POST /upload/1000/0 HTTP/1.1\r\nHost: x\r\n"
				"Content-Length: 1000\r\n\r\nabc");
		if (i % 4 >= 2)
			uploads++;
		for (int k = 0; k < 5000 && seen.read < 3 * uploads; k++)
			usleep(1000);
		if (i % 2)
			hang_up(w);
		else
			hang_up_hard(w);
	}
	for (int i = 0; i < 50 && seen.io < 50; i++)
		usleep(100000);
	EXPECT_EQ(50, seen.io); /* each upload's handler was told */
	EXPECT_EQ(0, seen.running);
	site_stop();
}

/* ---- noise ---- */

static const char *const words[] = {
	"GET ",
	"POST ",
	"/hello",
	"/echo",
	"/wait/1",
	"/upload/9/0",
	" HTTP/1.1\r\n",
	"Host: x\r\n",
	"\r\n",
	"\r\n\r\n",
	"Content-Length: ",
	"4",
	"null",
	"0\r\n",
	"Transfer-Encoding: chunked\r\n",
	"Expect: 100-continue\r\n",
	"%00",
	"%zz",
	"?a=b&",
	"\t",
	"\n",
	"Connection: close\r\n",
	"\xff\xfe",
	"{\"body\":\"",
	"\"}",
	"OPTIONS ",
	"HEAD ",
	": ",
	" ",
};

TEST(noise_never_hurts)
{
	struct rand_seq seq = { 7 };

	site.options.idle_timeout = SECOND;
	site.options.deadline = SECOND;
	site_start();
	for (int i = 0; i < 1500; i++) {
		struct wire *w = dial();

		if (i % 2)
			say(w, "POST /upload/9/0 HTTP/1.1\r\nHost: x\r\n");
		for (uint64_t n = rand_below(&seq, 25); n; n--)
			say(w, words[rand_below(&seq, sizeof words / sizeof *words)]);
		shutdown(w->fd, SHUT_WR);
		if (i % 100
		    == 0) /* MHD may miss an end that comes with the last bytes: a second each */
			EXPECT_TRUE(is_closed(w));
		hang_up(w);
	}
	EXPECT_EQ(200, get("/hello", "")->status);
	site_stop();
}

TEST(memory_that_runs_out_is_503_or_the_end_of_the_connection)
{
	int answered = 0, failed_cleanly = 0;

	site_start();
	for (long n = 1; n < 40; n++) {
		struct wire *w = dial();
		struct answer *a;

		arena_fail_nth(n);
		say(w,
		    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 14\r\n"
		    "X-Request-Id: r\r\n\r\n{\"body\":\"hej\"}");
		a = hear(w);
		arena_fail_nth(0);
		if (a && a->status == 503) {
			EXPECT_TRUE(strstr(a->body, "\"code\":\"no_memory\"") != NULL);
			EXPECT_TRUE(strstr(a->body, "\"request_id\":\"\"") == NULL);
		}
		if (a && a->status == 200)
			answered++;
		else
			failed_cleanly++;
		hang_up(w);
	}
	EXPECT_TRUE(answered > 0);
	EXPECT_TRUE(failed_cleanly > 0);
	EXPECT_EQ(200, get("/hello", "")->status);
	site_stop();
}
