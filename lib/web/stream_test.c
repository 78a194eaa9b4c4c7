/* Bodies that the handler reads as they come: amounts, pace, ends. */
#include "lib/web/wire_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BLOCK = 64 * 1024 };
static char block[BLOCK];

#define AFTER "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

/* Begins an upload: the handler takes `most` bytes, waiting `ms` after each piece. */
static struct wire *begin(const char *path, long length, const char *headers)
{
	struct wire *w = dial();
	char head[512];

	snprintf(head, sizeof head, "POST %s HTTP/1.1\r\nHost: x\r\n%s", path, headers);
	if (length >= 0)
		snprintf(head + strlen(head), 64, "Content-Length: %ld\r\n", length);
	strcat(head, "\r\n");
	say(w, head);
	return w;
}

static void send_blocks(struct wire *w, long n)
{
	for (; n > 0; n -= BLOCK)
		EXPECT_TRUE(say_bytes(w, block, (size_t)(n < BLOCK ? n : BLOCK)));
}

static void expect_total(struct wire *w, long total)
{
	struct answer *a = hear(w);
	char want[64];

	snprintf(want, sizeof want, "{\"total\":%ld}", total);
	EXPECT_TRUE(a != NULL);
	EXPECT_EQ(200, a->status);
	EXPECT_CSTR(want, a->body);
}

TEST(a_large_body_arrives_whole_in_little_memory)
{
	enum { SIZE = 20 * 1024 * 1024 + 17 };
	struct wire *w;

	site_start();
	w = begin("/upload/99999999/0", SIZE, "");
	send_blocks(w, SIZE);
	expect_total(w, SIZE);
	EXPECT_TRUE(is_closed(w)); /* so large a body is read past MHD */
	hang_up(w);
	EXPECT_TRUE(seen.most < 64 * 1024);
	site_stop();
}

TEST(a_body_of_some_size_keeps_its_connection)
{
	enum { SIZE = 200000 };
	struct wire *w;

	site_start();
	w = begin("/upload/99999999/0", SIZE, "");
	send_blocks(w, SIZE);
	expect_total(w, SIZE);
	say(w, AFTER);
	EXPECT_EQ(200, hear(w)->status);
	hang_up(w);
	site_stop();
}

/* In pieces of which some are smaller than what is asked for, and with pauses. */
TEST(a_large_body_may_come_in_drops)
{
	enum { SIZE = 400000 };
	struct wire *w;

	site_start();
	w = begin("/upload/99999999/0", SIZE, "");
	for (long left = SIZE, i = 1; left > 0; i = i * 2 % 65537) {
		long n = i < left ? i : left;

		EXPECT_TRUE(say_bytes(w, block, (size_t)n));
		left -= n;
		if (i % 3 == 0)
			usleep(2000);
	}
	expect_total(w, SIZE);
	hang_up(w);
	site_stop();
}

TEST(a_client_that_falls_silent_in_a_large_body_is_given_up)
{
	struct wire *w;

	site.options.idle_timeout = 300 * MILLISECOND;
	site_start();
	w = begin("/upload/99999999/0", 3000000, "");
	send_blocks(w, 1000000);
	EXPECT_EQ(408, hear(w)->status);
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
	site_stop();
}

TEST(a_large_body_has_a_deadline)
{
	struct wire *w;

	site_start();
	w = begin("/upload/late/99999999/0", 3000000, "");
	send_blocks(w, 1000000);
	EXPECT_EQ(503, hear(w)->status);
	EXPECT_EQ(1, seen.late);
	hang_up(w);
	site_stop();
}

TEST(a_chunked_body_arrives_whole)
{
	struct wire *w;
	char size[32];
	long total = 0;

	site_start();
	w = begin("/upload/99999999/0", -1, "Transfer-Encoding: chunked\r\n");
	for (int n = 1; n < 20000; n = n * 3 + 1) {
		snprintf(size, sizeof size, "%x\r\n", (unsigned)n);
		say(w, size);
		say_bytes(w, block, (size_t)n);
		say(w, "\r\n");
		total += n;
	}
	say(w, "0\r\n\r\n" AFTER);
	expect_total(w, total);
	EXPECT_EQ(200, hear(w)->status);
	hang_up(w);
	site_stop();
}

/* MHD goes on with the next chunk though it was told to stop. */
TEST(a_chunked_body_waits_for_its_handler)
{
	struct wire *w;

	site_start();
	w = begin("/upload/99999999/1", -1, "Transfer-Encoding: chunked\r\n");
	for (int i = 0; i < 300; i++) {
		say(w, "7d0\r\n");
		say_bytes(w, block, 2000);
		say(w, "\r\n");
	}
	say(w, "0\r\n\r\n" AFTER);
	expect_total(w, 600000);
	EXPECT_EQ(200, hear(w)->status);
	hang_up(w);
	site_stop();
}

TEST(an_empty_body_is_the_end_at_once)
{
	struct wire *w;

	site_start();
	w = begin("/upload/100/0", 0, "");
	expect_total(w, 0);
	say(w,
	    "POST /upload/100/0 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
	expect_total(w, 0);
	say(w, "POST /upload/100/0 HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_total(w, 0);
	hang_up(w);
	site_stop();
}

/* Sends until the socket takes no more for half a second; returns how much it took. */
static long send_until_stuck(struct wire *w, long most)
{
	long sent = 0;

	fcntl(w->fd, F_SETFL, O_NONBLOCK);
	for (int idle = 0; idle < 10 && sent < most;) {
		ssize_t n = send(w->fd, block, BLOCK, MSG_NOSIGNAL);

		idle = n > 0 ? 0 : idle + 1;
		sent += n > 0 ? n : 0;
		if (n <= 0)
			usleep(50000);
	}
	fcntl(w->fd, F_SETFL, 0);
	return sent;
}

TEST(a_slow_handler_slows_the_client_down)
{
	enum { SIZE = 60 * 1024 * 1024 };
	struct wire *w;
	size_t before;
	long sent;

	site_start();
	w = begin("/upload/late/99999999/400", SIZE, "");
	before = resident();
	sent = send_until_stuck(w, SIZE);
	EXPECT_TRUE(sent < 12L * 1024 * 1024); /* what the two sockets buffer */
	EXPECT_TRUE(seen.read <= 6 * 2000);
	EXPECT_TRUE(resident() < before + 2 * 1024 * 1024);
	EXPECT_TRUE(seen.most < 64 * 1024);
	EXPECT_EQ(200, get("/hello", "")->status); /* nobody else is kept waiting */
	hang_up(w);
	site_stop();
	EXPECT_EQ(0, seen.running);
}

TEST(a_handler_at_some_pace_gets_everything)
{
	enum { SIZE = 600000 };
	struct wire *w;

	site_start();
	w = begin("/upload/99999999/1", SIZE, "");
	send_blocks(w, SIZE);
	expect_total(w, SIZE);
	hang_up(w);
	site_stop();
}

TEST(a_client_that_leaves_right_after_its_last_byte_is_missed_at_once)
{
	enum { TIMES = 100 };
	int64_t begun;

	site_start();
	begun = time_monotonic();
	for (int i = 0; i < TIMES; i++) {
		struct wire *w = begin("/upload/99999999/0", 1000000, "");

		send_blocks(w, 3 * BLOCK - i);
		hang_up(w);
	}
	while (seen.io < TIMES && time_monotonic() < begun + 10 * SECOND)
		usleep(1000);
	EXPECT_EQ(TIMES, seen.io);
	site_stop();
}

TEST(many_uploads_at_once)
{
	enum { N = 50, SIZE = 300000 };
	struct wire *w[N];

	site_start();
	for (int i = 0; i < N; i++)
		w[i] = begin(i % 2 ? "/upload/99999999/0" : "/upload/99999999/1", SIZE, "");
	for (int k = 0; k < SIZE; k += 30000)
		for (int i = 0; i < N; i++)
			say_bytes(w[i], block, 30000);
	for (int i = 0; i < N; i++) {
		expect_total(w[i], SIZE);
		hang_up(w[i]);
	}
	site_stop();
}

/* ---- replies in the middle ---- */

TEST(a_handler_that_needs_no_more_replies_and_the_rest_is_dropped)
{
	struct wire *w;

	site_start();
	w = begin("/upload/2000/0", 50000, "");
	send_blocks(w, 50000);
	expect_total(w, 2000);
	say(w, AFTER); /* the connection is still good */
	EXPECT_EQ(200, hear(w)->status);
	hang_up(w);
	site_stop();
}

TEST(a_rest_that_is_too_long_to_drop_ends_the_connection_after_the_reply)
{
	struct wire *w;

	site_start();
	w = begin("/upload/2000/0", 30 * 1024 * 1024, "");
	send_blocks(w, 10 * 1024 * 1024);
	expect_total(w, 2000);
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
	site_stop();
}

TEST(a_rest_that_does_not_come_does_not_keep_the_reply)
{
	struct wire *w;

	site_start();
	w = begin("/upload/2000/0", 50000, "");
	say_bytes(w, block, 3000);
	expect_total(w, 2000);
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
	site_stop();
}

TEST(a_token_is_checked_before_a_byte_is_read)
{
	struct wire *w;

	site_start();
	w = begin("/upload/mine/99999999/0", 1000000, "Expect: 100-continue\r\n");
	EXPECT_EQ(401, hear(w)->status);
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
	w = begin("/upload/mine/99999999/0", 1000000,
		  "Expect: 100-continue\r\nAuthorization: Bearer good\r\n");
	EXPECT_EQ(100, hear(w)->status);
	send_blocks(w, 1000000);
	expect_total(w, 1000000);
	hang_up(w);
	w = begin("/upload/mine/99999999/0", 5000000, "");
	send_blocks(w, 5000000); /* not told to wait: sends all, and still reads the reply */
	EXPECT_EQ(401, hear(w)->status);
	hang_up(w);
	EXPECT_EQ(1000000, seen.read);
	site_stop();
}

TEST(a_chunked_stream_over_the_limit_is_refused)
{
	struct wire *w;

	site_start();
	w = begin("/upload/short/99999999/0", -1, "Transfer-Encoding: chunked\r\n");
	say(w, "1e8480\r\n");
	send_blocks(w, 2000000);
	EXPECT_EQ(413, hear(w)->status);
	EXPECT_TRUE(is_closed(w));
	hang_up(w);
	EXPECT_TRUE(seen.read <= 100000);
	w = begin("/upload/short/99999999/0", 100001, "");
	EXPECT_EQ(413, hear(w)->status);
	hang_up(w);
	site_stop();
}

TEST(a_stream_that_stops_runs_into_the_deadline)
{
	struct wire *w;
	struct answer *a;

	site_start();
	w = begin("/upload/short/99999999/0", 90000, "");
	say_bytes(w, block, 5000);
	a = hear(w);
	EXPECT_TRUE(a != NULL);
	EXPECT_EQ(503, a->status);
	EXPECT_TRUE(strstr(a->body, "\"code\":\"deadline\"") != NULL);
	EXPECT_TRUE(is_closed(w));
	EXPECT_EQ(1, seen.late);
	hang_up(w);
	site_stop();
}
