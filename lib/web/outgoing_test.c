/* Replies that are sent while they are made: amounts, pace, ends. */
#include "lib/web/wire_test.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MB = 1024 };

/* Of a chunked reply: what was in the chunks, and whether its end came. */
struct flow {
	long bytes;
	bool whole;
};

static struct wire *ask_flow_with(const char *path, const char *headers)
{
	struct wire *w = dial();
	char head[256];

	snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: x\r\n%s\r\n", path, headers);
	say(w, head);
	return w;
}

static struct wire *ask_flow(const char *path)
{
	return ask_flow_with(path, "");
}

/* The next byte, or -1 at the end or after five silent seconds. */
static int next_byte(struct wire *w)
{
	static _Thread_local char buf[64 * 1024];
	static _Thread_local ssize_t n, at;

	if (at == n) {
		struct pollfd p = { .fd = w->fd, .events = POLLIN };

		at = 0;
		n = poll(&p, 1, 5000) == 1 ? recv(w->fd, buf, sizeof buf, 0) : 0;
		if (n <= 0) {
			n = 0;
			return -1;
		}
	}
	return (unsigned char)buf[at++];
}

static bool read_line(struct wire *w, char *line, size_t size)
{
	size_t n = 0;
	int c;

	while ((c = next_byte(w)) >= 0 && c != '\n')
		if (n + 1 < size && c != '\r')
			line[n++] = (char)c;
	line[n] = '\0';
	return c == '\n';
}

static struct flow read_flow(struct wire *w)
{
	struct flow f = { 0 };
	char line[512];

	while (read_line(w, line, sizeof line) && *line)
		;
	while (read_line(w, line, sizeof line)) {
		long n = strtol(line, NULL, 16);

		for (long i = 0; i < n + 2; i++) { /* and the line's end behind it */
			if (next_byte(w) < 0)
				return f;
			f.bytes += i < n;
		}
		if (n == 0) {
			f.whole = true;
			return f;
		}
	}
	return f;
}

static struct flow flow_of(const char *path)
{
	struct wire *w = ask_flow(path);
	struct flow f = read_flow(w);

	hang_up(w);
	return f;
}

TEST(a_reply_is_sent_while_it_is_made)
{
	static const long sizes[] = { 0, 1, 7, 33, 20 * MB };
	char path[64];

	site_start();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		snprintf(path, sizeof path, "/flow/%ld/well", sizes[i]);
		struct flow f = flow_of(path);
		EXPECT_TRUE(f.whole);
		EXPECT_EQ(sizes[i] * 1024, f.bytes);
	}
	EXPECT_TRUE(flow_of("/flow/50/slowly").whole);
	EXPECT_EQ(200, seen.last_status);
	site_stop();
}

/* The end of the connection alone would say the same of both. */
TEST(a_broken_flow_is_told_from_a_whole_one_by_a_client_that_wants_no_other)
{
	static const char *const ends[] = { "well", "badly" };
	char path[64];

	site_start();
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "/flow/9/%s", ends[i]);
		struct wire *w = ask_flow_with(path, "Connection: close\r\n");
		struct flow f = read_flow(w);

		EXPECT_EQ(i == 0, f.whole);
		if (f.whole)
			EXPECT_EQ(9 * 1024, f.bytes);
		hang_up(w);
	}
	site_stop();
}

TEST(a_connection_goes_on_after_a_flow)
{
	struct wire *w;

	site_start();
	w = ask_flow("/flow/3/well");
	EXPECT_TRUE(read_flow(w).whole);
	say(w, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(200, hear(w)->status);
	hang_up(w);
	site_stop();
}

TEST(a_flow_that_fails_has_no_end)
{
	site_start();
	struct flow f = flow_of("/flow/10/badly");
	EXPECT_FALSE(f.whole);
	EXPECT_EQ(10 * 1024, f.bytes);
	EXPECT_FALSE(flow_of("/flow/0/badly").whole);
	site_stop();
}

TEST(a_slow_reader_slows_the_handler_down)
{
	struct wire *w;

	site_start();
	w = ask_flow("/flow/100000/well");
	size_t before = resident();
	usleep(500000);
	EXPECT_EQ(1, seen.running);
	EXPECT_TRUE(resident() < before + 1024 * 1024);
	EXPECT_EQ(100000 * 1024L, read_flow(w).bytes);
	hang_up(w);
	site_stop();
}

TEST(a_reader_who_goes_ends_the_handler)
{
	struct wire *w;

	site_start();
	w = ask_flow("/flow/100000/well");
	usleep(100000);
	hang_up(w);
	site_stop();
	EXPECT_EQ(0, seen.running);
	EXPECT_EQ(1, seen.io);
}

TEST(a_deadline_ends_a_flow)
{
	struct wire *w;

	site_start();
	w = ask_flow("/flow/late/100000/well");
	usleep(500000);
	EXPECT_FALSE(read_flow(w).whole);
	hang_up(w);
	site_stop();
	EXPECT_EQ(1, seen.late);
}

TEST(a_head_of_a_flow_has_no_body)
{
	struct wire *w;

	site_start();
	w = dial();
	say(w, "HEAD /flow/3/well HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(200, hear_head(w)->status);
	hang_up(w);
	site_stop();
}
