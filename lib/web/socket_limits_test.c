/* The limits of WebSockets: peers that are silent, slow, too fast, or never finish what they begin. */
#include "lib/web/echo_test.h"

#include <unistd.h>

static void await_end(int sockets)
{
	for (int i = 0; i < 2000 && echo_closed < sockets; i++)
		usleep(10000);
	EXPECT_EQ(sockets, echo_closed);
}

/* ---- silent ---- */

TEST(a_silent_peer_is_pinged_and_then_dropped)
{
	struct wire *w;
	int pings = 0;

	echo_limits = socket_usual;
	echo_limits.ping = 200 * MILLISECOND;
	echo_limits.silence = 1500 * MILLISECOND;
	echo_start();
	w = socket_dial();
	for (int i = 0; i < 10; i++) { /* longer than the limit, answering */
		frame_expect(w, FIN | PING, "");
		frame_send(w, FIN | PONG, "", 0);
	}
	for (struct got *g; (g = frame_next(w))->first != -1; pings++)
		EXPECT_EQ(FIN | PING, g->first);
	EXPECT_TRUE(pings > 0);
	hang_up(w);
	echo_stop();
}

/* ---- never finished ---- */

TEST(a_message_that_does_not_end_is_given_up)
{
	struct wire *w;

	echo_limits = socket_usual;
	echo_limits.silence = 300 * MILLISECOND;
	echo_start();
	w = socket_dial();
	frame_send(w, TEXT, "begin", 5);
	while (say_bytes(w, "\x89\x80\0\0\0\0", 6)) /* pings keep it alive, but not for ever */
		usleep(20000);
	await_end(1);
	hang_up(w);
	echo_stop();
}

TEST(a_frame_that_drips_is_given_up)
{
	static const char head[] = "\x81\xff\0\0\0\0\0\0\xff\xff\0\0\0\0";
	struct wire *w;

	echo_limits = socket_usual;
	echo_limits.silence = 300 * MILLISECOND;
	echo_start();
	w = socket_dial();
	for (size_t i = 0; say_bytes(w, i < sizeof head - 1 ? head + i : "x", 1); i++)
		usleep(20000);
	await_end(1);
	hang_up(w);
	echo_stop();
}

/* Slowloris: a byte of a handshake now and then, from many at once, while others are served. */
TEST(handshakes_that_drip_are_cut_off_and_hold_nobody_up)
{
	enum { SLOW = 40 };
	struct wire *slow[SLOW], *w;
	int dripping = SLOW;

	site.options.idle_timeout = SECOND;
	echo_start();
	for (int i = 0; i < SLOW; i++) {
		slow[i] = dial();
		say(slow[i], "GET /socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nX: ");
	}
	w = socket_dial();
	while (dripping > 0) {
		dripping = 0;
		for (int i = 0; i < SLOW; i++)
			dripping += say_bytes(slow[i], "x", 1);
		frame_send_text(w, "hello");
		frame_expect(w, FIN | TEXT, "hello");
		usleep(50000);
	}
	EXPECT_EQ(1, echo_opened);
	for (int i = 0; i < SLOW; i++)
		hang_up(slow[i]);
	frame_leave(w);
	echo_stop();
}

/* ---- slow ---- */

TEST(a_slow_peer_is_dropped_when_its_queue_is_full)
{
	struct wire *w;

	echo_start();
	w = socket_dial();
	frame_send_text(w, "burst"); /* 1,000 small ones that the kernel takes: no harm */
	for (int i = 0; i < 1000; i++)
		frame_expect(w, FIN | TEXT, "xxxxxxxxxx");
	frame_expect(w, FIN | TEXT, "burst");
	frame_send_text(w, "flood");
	await_end(1);
	EXPECT_EQ(socket_usual.queue, echo_queued);
	hang_up(w);
	echo_stop();
}

TEST(a_peer_that_does_not_read_is_dropped_in_time)
{
	struct wire *w;

	echo_limits = socket_usual;
	echo_limits.queue = 100000;
	echo_limits.write = 300 * MILLISECOND;
	echo_start();
	w = socket_dial();
	frame_send_text(w, "flood");
	await_end(1);
	hang_up(w);
	echo_stop();
}

/* ---- too fast ---- */

/* What was read before the brake was pulled is answered; what comes after waits for the next second. */
TEST(a_peer_that_sends_too_fast_is_slowed_down)
{
	struct wire *w;
	int64_t began;

	echo_limits = socket_usual;
	echo_limits.in_a_second = 50;
	echo_start();
	w = socket_dial();
	began = time_monotonic();
	for (int i = 0; i < 60; i++)
		frame_send_text(w, "0123456789");
	for (int i = 0; i < 60; i++)
		frame_expect(w, FIN | TEXT, "0123456789");
	frame_send_text(w, "one more");
	frame_expect(w, FIN | TEXT, "one more");
	EXPECT_TRUE(time_monotonic() - began >= 900 * MILLISECOND);
	frame_leave(w);
	echo_stop();
}

/* However much is read in one go: over time the pace holds. */
TEST(a_flood_is_read_at_the_pace_and_no_faster)
{
	enum { FRAMES = 150 };
	static char bytes[FRAMES * 10];
	struct wire *w;
	int64_t began;
	size_t n = 0;

	echo_limits = socket_usual;
	echo_limits.in_a_second = 50;
	echo_start();
	w = socket_dial();
	for (int i = 0; i < FRAMES; i++)
		n += frame_encode(bytes + n, FIN | TEXT, "x", 1);
	began = time_monotonic();
	say_bytes(w, bytes, n);
	for (int i = 0; i < FRAMES; i++)
		frame_expect(w, FIN | TEXT, "x");
	frame_send_text(w, "one more");
	frame_expect(w, FIN | TEXT, "one more");
	EXPECT_TRUE(time_monotonic() - began >= (FRAMES / 50 - 1) * SECOND);
	frame_leave(w);
	echo_stop();
}
