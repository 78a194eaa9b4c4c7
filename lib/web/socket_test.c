/* WebSockets, seen by a peer that writes frames byte by byte, good ones and bad ones (RFC 6455). */
#include "lib/web/echo_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- the peer ---- */

/* A peer that sends these bytes of frames is closed with that code. */
static void refused(int code, int first, const char *payload, size_t n)
{
	struct wire *w = socket_dial();

	frame_send(w, first, payload, n);
	frame_expect_close(w, code);
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
	echo_start();
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
	echo_stop();
}

TEST(head_opens_no_socket)
{
	struct wire *w;

	echo_start();
	w = dial();
	say(w, "HEAD /socket HTTP/1.1\r\nHost: x\r\n" UPGRADE VERSION KEY "\r\n");
	EXPECT_EQ(426, hear_head(w)->status);
	hang_up(w);
	echo_stop();
}

TEST(a_page_of_another_origin_is_refused)
{
	echo_start();
	EXPECT_EQ(403, status_of(UPGRADE VERSION KEY "Origin: https://evil.example\r\n"));
	EXPECT_EQ(403, status_of(UPGRADE VERSION KEY "Origin: null\r\n"));
	EXPECT_EQ(101, status_of(UPGRADE VERSION KEY "Origin: https://app.example\r\n"));
	echo_stop();
}

TEST(a_subprotocol_is_chosen_from_those_offered)
{
	struct answer *a;

	echo_start();
	a = get("/socket", UPGRADE VERSION KEY "Sec-WebSocket-Protocol: one, two\r\n");
	EXPECT_EQ(101, a->status);
	EXPECT_CSTR("two", header(a, "Sec-WebSocket-Protocol"));
	a = get("/socket", UPGRADE VERSION KEY "Sec-WebSocket-Protocol: one, Two\r\n");
	EXPECT_EQ(101, a->status);
	EXPECT_NULL(header(a, "Sec-WebSocket-Protocol"));
	echo_stop();
}

/* ---- messages ---- */

TEST(messages_of_all_lengths_come_back)
{
	static const size_t lengths[] = { 0, 1, 125, 126, 127, 65535, 65536, 300000, 512 * 1024 };
	char *text = malloc(512 * 1024 + 1);
	struct wire *w;

	echo_start();
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
	echo_stop();
}

TEST(a_message_right_behind_the_handshake_is_heard)
{
	struct wire *w;
	char text[400];
	size_t n = (size_t)snprintf(text, sizeof text, HANDSHAKE "\r\n");

	echo_start();
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
	frame_leave(w);
	echo_stop();
}

TEST(fragments_with_control_frames_between_make_one_message)
{
	struct wire *w;

	echo_start();
	w = socket_dial();
	frame_send(w, TEXT, "one ", 4);
	frame_send(w, FIN | PING, "are you there", 13);
	frame_expect(w, FIN | PONG, "are you there");
	frame_send(w, CONTINUED, "two ", 4);
	frame_send(w, FIN | PONG, "unasked", 7);
	frame_send(w, CONTINUED, "", 0);
	frame_send(w, FIN | CONTINUED, "three", 5);
	frame_expect(w, FIN | TEXT, "one two three");
	frame_leave(w);
	echo_stop();
}

TEST(fragments_may_be_too_much_together)
{
	char *text = calloc(1, 300000);
	struct wire *w;

	memset(text, 'z', 300000);
	echo_start();
	w = socket_dial();
	frame_send(w, TEXT, text, 300000);
	frame_send(w, CONTINUED, text, 300000);
	frame_expect_close(w, 1009);
	free(text);
	echo_stop();
}

TEST(text_split_inside_of_a_character_is_whole)
{
	struct wire *w;

	echo_start();
	w = socket_dial();
	frame_send(w, TEXT, "\xe2\x82", 2);
	frame_send(w, CONTINUED, "\xac \xf0\x9f", 4);
	frame_send(w, FIN | CONTINUED, "\x98\x80", 2);
	frame_expect(w, FIN | TEXT, "\xe2\x82\xac \xf0\x9f\x98\x80");
	frame_leave(w);
	echo_stop();
}

TEST(a_message_may_come_byte_by_byte)
{
	struct wire *w;
	char bytes[200];
	size_t n;

	echo_start();
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
	frame_leave(w);
	echo_stop();
}

TEST(many_messages_in_one_piece_are_all_heard_in_order)
{
	static char bytes[100 * 40];
	struct wire *w;
	size_t n = 0;
	char text[16];

	echo_start();
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
	frame_leave(w);
	echo_stop();
}

/* ---- what RFC 6455 forbids ---- */

TEST(broken_frames_are_refused_with_1002)
{
	static const char unmasked[] = "\x81\x02hi", long_ping[126] = { 0 };
	struct wire *w;

	echo_start();
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
	echo_stop();
}

TEST(text_that_is_no_utf_8_is_refused_with_1007)
{
	static const char *const bad[] = { "\xff",	   "\xc0\xaf",
					   "\xed\xa0\x80", "\xf4\x90\x80\x80",
					   "\xe2\x82",	   "ok \x80" };
	struct wire *w;

	echo_start();
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		refused(1007, FIN | TEXT, bad[i], strlen(bad[i]));
	refused(1007, FIN | CLOSE, "\x03\xe8\xff", 3);
	w = socket_dial();
	frame_send(w, TEXT, "\xe2\x82", 2);
	frame_send(w, FIN | CONTINUED, "x", 1);
	frame_expect_close(w, 1007);
	echo_stop();
}

TEST(binary_messages_are_refused_with_1003)
{
	echo_start();
	refused(1003, FIN | BINARY, "\x00\x01", 2);
	echo_stop();
}

/* ---- goodbyes ---- */

TEST(a_goodbye_is_answered_in_kind)
{
	struct wire *w;

	echo_start();
	frame_leave(socket_dial());
	w = socket_dial();
	frame_send(w, FIN | CLOSE, "", 0);
	frame_expect_close(w, 0);
	w = socket_dial();
	frame_send(w, FIN | CLOSE, "\x0f\xa1why", 5); /* 4001 */
	frame_send_text(w, "after the end");
	frame_expect_close(w, 4001);
	echo_stop();
}

TEST(a_goodbye_of_ours_comes_after_what_was_sent)
{
	struct wire *w;

	echo_start();
	w = socket_dial();
	frame_send_text(w, "first");
	frame_send_text(w, "bye");
	frame_send_text(w, "unheard");
	frame_expect(w, FIN | TEXT, "first");
	frame_expect_close(w, 4000);
	w = socket_dial();
	frame_send_text(w, "leave");
	frame_expect_close(w, 0);
	echo_stop();
}

TEST(a_goodbye_that_is_not_answered_ends_all_the_same)
{
	struct wire *w;

	echo_limits = socket_usual;
	echo_limits.goodbye = 200 * MILLISECOND;
	echo_start();
	w = socket_dial();
	frame_send_text(w, "bye");
	EXPECT_EQ(FIN | CLOSE, frame_next(w)->first);
	EXPECT_EQ(-1, frame_next(w)->first);
	hang_up(w);
	echo_stop();
}

TEST(a_draining_server_says_1001)
{
	struct wire *w, *silent;

	echo_limits = socket_usual;
	echo_limits.goodbye = 300 * MILLISECOND;
	echo_start();
	w = socket_dial();
	silent = socket_dial();
	frame_send_text(w, "hello");
	frame_expect(w, FIN | TEXT, "hello");
	site_stop();
	frame_expect_close(w, 1001);
	hang_up(silent);
	EXPECT_EQ(2, echo_closed);
}
