/* Files as replies: whole, in parts, not at all. */
#include "lib/web/wire_test.h"

#include <stdio.h>
#include <string.h>

static void expect_part(const char *range, const char *want, const char *content_range)
{
	char lines[128];
	struct answer *a;

	snprintf(lines, sizeof(lines), "Range: %s\r\n", range);
	a = get("/digits", lines);
	EXPECT_EQ(206, a->status);
	EXPECT_CSTR(want, a->body);
	EXPECT_CSTR(content_range, header(a, "Content-Range"));
}

static void expect_whole(const char *lines)
{
	struct answer *a = get("/digits", lines);

	EXPECT_EQ(200, a->status);
	EXPECT_EQ(100000, a->n);
	EXPECT_CSTR("bytes", header(a, "Accept-Ranges"));
	EXPECT_CSTR("\"d\"", header(a, "ETag"));
	EXPECT_MEM("9012345678", a->body + 99989, 10);
}

TEST(a_file_is_sent_whole_and_in_parts)
{
	site_start();
	expect_whole("");
	expect_part("bytes=0-0", "0", "bytes 0-0/100000");
	expect_part("bytes=99990-", "0123456789", "bytes 99990-99999/100000");
	expect_part("bytes=99998-200000", "89", "bytes 99998-99999/100000");
	expect_part("bytes=-3", "789", "bytes 99997-99999/100000");
	expect_part("bytes=13-17\r\nIf-Range: \"d\"", "34567", "bytes 13-17/100000");
	site_stop();
}

TEST(what_is_no_single_range_gets_the_whole)
{
	static const char *const odd[] = {
		"bytes=5-3", "bytes=a-b", "bytes=1-2,4-5",
		"lines=1-2", "bytes=-",	  "bytes=--5",
		"bytes=1",   "bytes=",	  "bytes=1-2\r\nIf-Range: \"other\""
	};
	char lines[128];

	site_start();
	for (size_t i = 0; i < sizeof(odd) / sizeof(*odd); i++) {
		snprintf(lines, sizeof(lines), "Range: %s\r\n", odd[i]);
		expect_whole(lines);
	}
	site_stop();
}

TEST(a_range_beyond_the_end_says_where_that_is)
{
	static const char *const beyond[] = { "bytes=100000-", "bytes=-0", "bytes=99999999999-" };
	char lines[128];

	site_start();
	for (size_t i = 0; i < sizeof(beyond) / sizeof(*beyond); i++) {
		struct answer *a;

		snprintf(lines, sizeof(lines), "Range: %s\r\n", beyond[i]);
		a = get("/digits", lines);
		EXPECT_EQ(416, a->status);
		EXPECT_CSTR("bytes */100000", header(a, "Content-Range"));
	}
	site_stop();
}

TEST(a_copy_that_is_known_is_not_sent_again)
{
	site_start();
	EXPECT_EQ(304, get("/digits", "If-None-Match: \"x\", W/\"d\"\r\n")->status);
	EXPECT_EQ(304, get("/digits", "If-None-Match: *\r\n")->status);
	expect_whole("If-None-Match: \"x\"\r\n");
	site_stop();
}

TEST(a_head_of_a_file_has_its_length)
{
	struct wire *w;
	struct answer *a;

	site_start();
	w = dial();
	say(w, "HEAD /digits HTTP/1.1\r\nHost: x\r\n\r\n");
	a = hear_head(w);
	EXPECT_EQ(200, a->status);
	EXPECT_CSTR("100000", header(a, "Content-Length"));
	say(w, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(200, hear(w)->status);
	hang_up(w);
	site_stop();
}
