/* WebSockets, seen by a peer that writes frames byte by byte, good ones and bad ones (RFC 6455). */
#include "lib/web/frames_test.h"
#include "lib/web/socket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* An owner that says everything back; some words have a meaning of their own. */
struct echo {
	struct socket *socket;
};

static struct socket_limits limits;
static _Atomic int opened, closed;

static void flood(struct socket *s, int n, size_t size)
{
	char *text = calloc(1, size);
	struct frame *f;

	memset(text, 'x', size);
	f = frame_new(FRAME_TEXT, (str){ text, size });
	for (int i = 0; i < n; i++)
		socket_send(s, f);
	frame_drop(f);
	free(text);
}

static void on_opened(void *arg, struct socket *s)
{
	struct echo *e = arg;

	e->socket = s;
	opened++;
}

static void on_text(void *arg, str message)
{
	struct echo *e = arg;
	struct frame *f;

	if (str_eq(message, S("bye")))
		socket_close(e->socket, 4000, S("as you wish"));
	else if (str_eq(message, S("leave")))
		socket_close(e->socket, 0, S(""));
	else if (str_eq(message, S("burst")))
		flood(e->socket, 1000, 10);
	else if (str_eq(message, S("flood")))
		flood(e->socket, 1000, 100000);
	f = frame_new(FRAME_TEXT, message);
	socket_send(e->socket, f);
	frame_drop(f);
}

static void on_closed(void *arg)
{
	free(arg);
	closed++;
}

static const struct socket_owner owner = { &limits, on_opened, on_text, NULL, on_closed };

static err echo(struct req *r)
{
	struct echo *e = calloc(1, sizeof *e);
	err problem;

	loop_sleep(MILLISECOND);
	problem = socket_accept(r, socket_offers(r, S("two")) ? S("two") : (str){ 0 }, &owner, e);
	if (problem.info)
		free(e);
	return problem;
}

static const struct route routes[] = {
	{ GET, "/socket", echo, "x", .auth = AUTH_NONE },
	{ 0 },
};

static void start(void)
{
	if (!limits.queue)
		limits = socket_usual;
	site.routes = routes;
	site.options.cors_origins = "https://app.example";
	site_start();
}

/* Every socket's owner hears of its end, ten seconds at most. */
static void stop(void)
{
	for (int i = 0; i < 1000 && closed < opened; i++)
		usleep(10000);
	EXPECT_EQ(opened, closed);
	site_stop();
}

/* ---- the peer ---- */

/* A peer that sends these bytes of frames is closed with that code. */
static void refused(int code, int first, const char *payload, size_t n)
{
	struct wire *w = socket_dial();

	frame_send(w, first, payload, n);
	frame_expect_close(w, code);
}

static void leave(struct wire *w)
{
	frame_send(w, FIN | CLOSE, "\x03\xe8", 2);
	frame_expect_close(w, 1000);
}

/* ---- the handshake ---- */

static int status_of(const char *headers)
{
	return get("/socket", headers)->status;
}

#define UPGRADE "Connection: Upgrade\r\nUpgrade: websocket\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

TEST(a_handshake_must_be_whole)
{
	start();
	EXPECT_EQ(426, status_of(""));
	EXPECT_EQ(426, status_of("Upgrade: websocket\r\n" VERSION KEY));
	EXPECT_EQ(426, status_of("Connection: Upgrade\r\nUpgrade: h2c\r\n" VERSION KEY));
	EXPECT_EQ(426, status_of(UPGRADE KEY));
	EXPECT_EQ(426, status_of(UPGRADE KEY "Sec-WebSocket-Version: 8\r\n"));
	EXPECT_CSTR("13", header(get("/socket", UPGRADE KEY), "Sec-WebSocket-Version"));
	EXPECT_EQ(400, status_of(UPGRADE VERSION));
	EXPECT_EQ(400, status_of(UPGRADE VERSION "Sec-WebSocket-Key: short\r\n"));
	EXPECT_EQ(400,
		  status_of(UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25j!!==\r\n"));
	EXPECT_EQ(400, status_of(UPGRADE VERSION KEY "Content-Length: 1\r\n\r\nx"));
	EXPECT_EQ(101, status_of(UPGRADE VERSION KEY));
	EXPECT_EQ(101,
		  status_of("connection: close , UPGRADE\r\nupgrade: WebSocket\r\n" VERSION KEY));
	stop();
}

TEST(head_opens_no_socket)
{
	struct wire *w;

	start();
	w = dial();
	say(w, "HEAD /socket HTTP/1.1\r\nHost: x\r\n" UPGRADE VERSION KEY "\r\n");
	EXPECT_EQ(426, hear_head(w)->status);
	hang_up(w);
	stop();
}

TEST(a_page_of_another_origin_is_refused)
{
	start();
	EXPECT_EQ(403, status_of(UPGRADE VERSION KEY "Origin: https://evil.example\r\n"));
	EXPECT_EQ(403, status_of(UPGRADE VERSION KEY "Origin: null\r\n"));
	EXPECT_EQ(101, status_of(UPGRADE VERSION KEY "Origin: https://app.example\r\n"));
	stop();
}

TEST(a_subprotocol_is_chosen_from_those_offered)
{
	struct answer *a;

	start();
	a = get("/socket", UPGRADE VERSION KEY "Sec-WebSocket-Protocol: one, two\r\n");
	EXPECT_EQ(101, a->status);
	EXPECT_CSTR("two", header(a, "Sec-WebSocket-Protocol"));
	a = get("/socket", UPGRADE VERSION KEY "Sec-WebSocket-Protocol: one, Two\r\n");
	EXPECT_EQ(101, a->status);
	EXPECT_NULL(header(a, "Sec-WebSocket-Protocol"));
	stop();
}

/* ---- messages ---- */

TEST(messages_of_all_lengths_come_back)
{
	static const size_t lengths[] = { 0, 1, 125, 126, 127, 65535, 65536, 300000, 512 * 1024 };
	char *text = malloc(512 * 1024 + 1);
	struct wire *w;

	start();
	w = socket_dial();
	memset(text, 'y', 512 * 1024 + 1);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct got *g;

		frame_send(w, FIN | TEXT, text, lengths[i]);
		g = frame_next(w);
		EXPECT_EQ(FIN | TEXT, g->first);
		EXPECT_EQ(lengths[i], g->n);
		EXPECT_MEM(text, g->payload, g->n);
	}
	frame_send(w, FIN | TEXT, text, 512 * 1024 + 1);
	frame_expect_close(w, 1009);
	free(text);
	stop();
}

TEST(a_message_right_behind_the_handshake_is_heard)
{
	struct wire *w;
	char text[400];
	size_t n = (size_t)snprintf(text, sizeof text, HANDSHAKE "\r\n");

	start();
	w = dial();
	n += frame_encode(text + n, FIN | TEXT, "at once", 7);
	say_bytes(w, text, n);
	EXPECT_EQ(101, hear(w)->status);
	if (w->n) { /* it may have come with the head */
		EXPECT_EQ(9, w->n);
		EXPECT_MEM("\x81\x07"
			   "at once",
			   w->buf, 9);
	} else {
		frame_expect(w, FIN | TEXT, "at once");
	}
	leave(w);
	stop();
}

TEST(fragments_with_control_frames_between_make_one_message)
{
	struct wire *w;

	start();
	w = socket_dial();
	frame_send(w, TEXT, "one ", 4);
	frame_send(w, FIN | PING, "are you there", 13);
	frame_expect(w, FIN | PONG, "are you there");
	frame_send(w, CONTINUED, "two ", 4);
	frame_send(w, FIN | PONG, "unasked", 7);
	frame_send(w, CONTINUED, "", 0);
	frame_send(w, FIN | CONTINUED, "three", 5);
	frame_expect(w, FIN | TEXT, "one two three");
	leave(w);
	stop();
}

TEST(fragments_may_be_too_much_together)
{
	char *text = calloc(1, 300000);
	struct wire *w;

	memset(text, 'z', 300000);
	start();
	w = socket_dial();
	frame_send(w, TEXT, text, 300000);
	frame_send(w, CONTINUED, text, 300000);
	frame_expect_close(w, 1009);
	free(text);
	stop();
}

TEST(text_split_inside_of_a_character_is_whole)
{
	struct wire *w;

	start();
	w = socket_dial();
	frame_send(w, TEXT, "\xe2\x82", 2);
	frame_send(w, CONTINUED, "\xac \xf0\x9f", 4);
	frame_send(w, FIN | CONTINUED, "\x98\x80", 2);
	frame_expect(w, FIN | TEXT, "\xe2\x82\xac \xf0\x9f\x98\x80");
	leave(w);
	stop();
}

TEST(a_message_may_come_byte_by_byte)
{
	struct wire *w;
	char bytes[200];
	size_t n;

	start();
	w = socket_dial();
	n = frame_encode(bytes, TEXT, "slow", 4);
	n += frame_encode(bytes + n, FIN | PING, "", 0);
	n += frame_encode(bytes + n, FIN | CONTINUED, " going", 6);
	n += frame_encode(bytes + n, FIN | TEXT, "fast", 4);
	for (size_t i = 0; i < n; i++) {
		say_bytes(w, bytes + i, 1);
		usleep(500);
	}
	frame_expect(w, FIN | PONG, "");
	frame_expect(w, FIN | TEXT, "slow going");
	frame_expect(w, FIN | TEXT, "fast");
	leave(w);
	stop();
}

TEST(many_messages_in_one_piece_are_all_heard_in_order)
{
	static char bytes[100 * 40];
	struct wire *w;
	size_t n = 0;
	char text[16];

	start();
	w = socket_dial();
	for (int i = 0; i < 100; i++) {
		if (i % 3 == 0)
			n += frame_encode(bytes + n, FIN | PING, "p", 1);
		n += frame_encode(bytes + n, FIN | TEXT, text, (size_t)sprintf(text, "%d", i));
	}
	say_bytes(w, bytes, n);
	for (int i = 0, pongs = 0; i < 100 || pongs < 34;) {
		struct got *g = frame_next(w);

		if (g->first == (FIN | PONG)) {
			pongs++;
			continue;
		}
		sprintf(text, "%d", i++);
		EXPECT_CSTR(text, g->payload);
	}
	leave(w);
	stop();
}

/* ---- what RFC 6455 forbids ---- */

TEST(broken_frames_are_refused_with_1002)
{
	static const char unmasked[] = "\x81\x02hi", long_ping[126] = { 0 };
	struct wire *w;

	start();
	for (int bit = 0x10; bit <= 0x40; bit <<= 1) /* reserved bits */
		refused(1002, FIN | bit | TEXT, "hi", 2);
	for (int code = 3; code <= 7; code++) /* reserved opcodes */
		refused(1002, FIN | code, "", 0);
	for (int code = 11; code <= 15; code++)
		refused(1002, FIN | code, "", 0);
	refused(1002, PING, "", 0);		      /* a control frame in fragments */
	refused(1002, FIN | PING, long_ping, 126);    /* … that is too long */
	refused(1002, FIN | CONTINUED, "nothing", 7); /* before the first fragment */
	refused(1002, FIN | CLOSE, "x", 1);	      /* half a code */
	refused(1002, FIN | CLOSE, "\x03\xed", 2);    /* 1005 is for nobody to send */
	w = socket_dial();
	say_bytes(w, unmasked, 4);
	frame_expect_close(w, 1002);
	w = socket_dial();
	frame_send(w, TEXT, "one", 3);
	frame_send(w, FIN | TEXT, "two", 3); /* the first is not at its end */
	frame_expect_close(w, 1002);
	stop();
}

TEST(text_that_is_no_utf_8_is_refused_with_1007)
{
	static const char *const bad[] = { "\xff",	   "\xc0\xaf",
					   "\xed\xa0\x80", "\xf4\x90\x80\x80",
					   "\xe2\x82",	   "ok \x80" };
	struct wire *w;

	start();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(1007, FIN | TEXT, bad[i], strlen(bad[i]));
	refused(1007, FIN | CLOSE, "\x03\xe8\xff", 3);
	w = socket_dial();
	frame_send(w, TEXT, "\xe2\x82", 2);
	frame_send(w, FIN | CONTINUED, "x", 1);
	frame_expect_close(w, 1007);
	stop();
}

TEST(binary_messages_are_refused_with_1003)
{
	start();
	refused(1003, FIN | BINARY, "\x00\x01", 2);
	stop();
}

/* ---- goodbyes ---- */

TEST(a_goodbye_is_answered_in_kind)
{
	struct wire *w;

	start();
	leave(socket_dial());
	w = socket_dial();
	frame_send(w, FIN | CLOSE, "", 0);
	frame_expect_close(w, 0);
	w = socket_dial();
	frame_send(w, FIN | CLOSE, "\x0f\xa1why", 5); /* 4001 */
	frame_send_text(w, "after the end");
	frame_expect_close(w, 4001);
	stop();
}

TEST(a_goodbye_of_ours_comes_after_what_was_sent)
{
	struct wire *w;

	start();
	w = socket_dial();
	frame_send_text(w, "first");
	frame_send_text(w, "bye");
	frame_send_text(w, "unheard");
	frame_expect(w, FIN | TEXT, "first");
	frame_expect_close(w, 4000);
	w = socket_dial();
	frame_send_text(w, "leave");
	frame_expect_close(w, 0);
	stop();
}

TEST(a_goodbye_that_is_not_answered_ends_all_the_same)
{
	struct wire *w;

	limits = socket_usual;
	limits.goodbye = 200 * MILLISECOND;
	start();
	w = socket_dial();
	frame_send_text(w, "bye");
	EXPECT_EQ(FIN | CLOSE, frame_next(w)->first);
	EXPECT_EQ(-1, frame_next(w)->first);
	hang_up(w);
	stop();
}

TEST(a_draining_server_says_1001)
{
	struct wire *w, *silent;

	limits = socket_usual;
	limits.goodbye = 300 * MILLISECOND;
	start();
	w = socket_dial();
	silent = socket_dial();
	frame_send_text(w, "hello");
	frame_expect(w, FIN | TEXT, "hello");
	site_stop();
	frame_expect_close(w, 1001);
	hang_up(silent);
	EXPECT_EQ(2, closed);
}

/* ---- limits ---- */

TEST(a_silent_peer_is_pinged_and_then_dropped)
{
	struct wire *w;

	limits = socket_usual;
	limits.ping = 100 * MILLISECOND;
	limits.silence = 350 * MILLISECOND;
	start();
	w = socket_dial();
	for (int i = 0; i < 6; i++) { /* longer than the limit, answering */
		frame_expect(w, FIN | PING, "");
		frame_send(w, FIN | PONG, "", 0);
	}
	for (int i = 0; i < 3; i++)
		frame_expect(w, FIN | PING, "");
	EXPECT_EQ(-1, frame_next(w)->first);
	hang_up(w);
	stop();
}

TEST(a_message_that_does_not_end_is_given_up)
{
	struct wire *w;

	limits = socket_usual;
	limits.silence = 300 * MILLISECOND;
	start();
	w = socket_dial();
	frame_send(w, TEXT, "begin", 5);
	for (int i = 0; i < 100; i++) {
		if (!say_bytes(w, "\x89\x80\0\0\0\0",
			       6)) /* pings keep it alive, but not for ever */
			break;
		usleep(20000);
	}
	EXPECT_EQ(1, closed);
	hang_up(w);
	stop();
}

TEST(a_slow_peer_is_dropped_when_its_queue_is_full)
{
	struct wire *w;

	start();
	w = socket_dial();
	frame_send_text(w, "burst"); /* 1,000 small ones that the kernel takes: no harm */
	for (int i = 0; i < 1000; i++)
		frame_expect(w, FIN | TEXT, "xxxxxxxxxx");
	frame_expect(w, FIN | TEXT, "burst");
	frame_send_text(w, "flood");
	for (int i = 0; i < 500 && !closed; i++)
		usleep(10000);
	EXPECT_EQ(1, closed);
	hang_up(w);
	stop();
}

TEST(a_peer_that_does_not_read_is_dropped_in_time)
{
	struct wire *w;

	limits = socket_usual;
	limits.queue = 100000;
	limits.write = 300 * MILLISECOND;
	start();
	w = socket_dial();
	frame_send_text(w, "flood");
	for (int i = 0; i < 500 && !closed; i++)
		usleep(10000);
	EXPECT_EQ(1, closed);
	hang_up(w);
	stop();
}

/* What was read before the brake was pulled is answered; what comes after waits for the next second. */
TEST(a_peer_that_sends_too_fast_is_slowed_down)
{
	struct wire *w;
	int64_t began;

	limits = socket_usual;
	limits.in_a_second = 50;
	start();
	w = socket_dial();
	began = time_monotonic();
	for (int i = 0; i < 60; i++)
		frame_send_text(w, "0123456789");
	for (int i = 0; i < 60; i++)
		frame_expect(w, FIN | TEXT, "0123456789");
	frame_send_text(w, "one more");
	frame_expect(w, FIN | TEXT, "one more");
	EXPECT_TRUE(time_monotonic() - began >= 900 * MILLISECOND);
	leave(w);
	stop();
}
