#include "lib/base/log.h"

#include "lib/base/test.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static char captured[64 * 1024];

/* What stderr got since capture_begin. */
static FILE *capture_begin(int *saved)
{
	FILE *f = tmpfile();

	EXPECT_TRUE(f != NULL);
	*saved = dup(STDERR_FILENO);
	dup2(fileno(f), STDERR_FILENO);
	return f;
}

static char *capture_end(FILE *f, int saved)
{
	size_t n;

	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(f);
	n = fread(captured, 1, sizeof(captured) - 1, f);
	captured[n] = '\0';
	fclose(f);
	return captured;
}

/* The line without its time, which is checked to be one. */
static const char *without_time(char *line, const char *before)
{
	size_t n = strlen(before);
	usec t;

	EXPECT_EQ(0, strncmp(line, before, n));
	EXPECT_TRUE(time_parse((str){ line + n, TIME_TEXT }, &t));
	return line + n + TIME_TEXT;
}

static void log_everything(void)
{
	uuid id = { { 0x11, 0x22 } };

	log_info("all kinds", LOG("str", S("plain")), LOG("cstr", "two words"), LOG("int", -5),
		 LOG("big", INT64_C(1) << 40), LOG("size", sizeof(int)), LOG("yes", (bool)true),
		 LOG("no", (bool)false), LOG("ratio", 0.25), LOG("id", id), LOG("none", (str){ 0 }),
		 LOG("empty", ""), LOG("huge", UINT64_MAX), LOG("unsigned", 7u),
		 LOG("odd", "a\"b\\c=d\n\t\x1b"), LOG("utf8", "gr\xC3\xBC\xC3\x9F"),
		 LOG("bytes", "\xFF"));
}

TEST(logfmt_quotes_only_what_needs_it)
{
	int saved;
	FILE *f = capture_begin(&saved);

	log_everything();
	EXPECT_CSTR(
		" level=info msg=\"all kinds\" str=plain cstr=\"two words\" int=-5 big=1099511627776"
		" size=4 yes=true no=false ratio=0.25 id=11220000-0000-0000-0000-000000000000 none=null"
		" empty=\"\" huge=9223372036854775807 unsigned=7 odd=\"a\\\"b\\\\c=d\\n\\t\\u001b\""
		" utf8=\"gr\xC3\xBC\xC3\x9F\" bytes=\"\xEF\xBF\xBD\"\n",
		without_time(capture_end(f, saved), "ts="));
}

TEST(json_lines_are_json)
{
	int saved;
	FILE *f = capture_begin(&saved);

	log_setup(LOG_INFO, LOG_JSON);
	log_everything();
	EXPECT_CSTR(
		"\",\"level\":\"info\",\"msg\":\"all kinds\",\"str\":\"plain\",\"cstr\":\"two words\","
		"\"int\":-5,\"big\":1099511627776,\"size\":4,\"yes\":true,\"no\":false,\"ratio\":0.25,"
		"\"id\":\"11220000-0000-0000-0000-000000000000\",\"none\":null,\"empty\":\"\","
		"\"huge\":9223372036854775807,\"unsigned\":7,\"odd\":\"a\\\"b\\\\c=d\\n\\t\\u001b\","
		"\"utf8\":\"gr\xC3\xBC\xC3\x9F\",\"bytes\":\"\xEF\xBF\xBD\"}\n",
		without_time(capture_end(f, saved), "{\"ts\":\""));
}

TEST(lower_levels_are_silent)
{
	int saved;
	FILE *f = capture_begin(&saved);

	log_setup(LOG_WARN, LOG_LOGFMT);
	log_debug("quiet");
	log_info("quiet");
	log_warn("loud");
	log_error("louder");
	capture_end(f, saved);
	EXPECT_NULL(strstr(captured, "quiet"));
	EXPECT_TRUE(strstr(captured, "level=warn msg=loud\n") != NULL);
	EXPECT_TRUE(strstr(captured, "level=error msg=louder\n") != NULL);
}

/* A cut value keeps whole characters; pairs that may not fit the line are left out whole. */
TEST(long_values_are_cut)
{
	static char text[5000];
	int saved;
	FILE *f = capture_begin(&saved);

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text + 1022, "\xF0\x9F\x98\x80", 4);
	log_setup(LOG_INFO, LOG_JSON);
	log_info("cut", LOG("value", text));
	capture_end(f, saved);
	EXPECT_TRUE(strstr(captured, "x\"}\n") != NULL);
	EXPECT_NULL(strchr(captured, '\xF0'));
	EXPECT_NULL(strchr(captured, '\xEF'));
	EXPECT_EQ(1022, strlen(strstr(captured, "\"xx") + 1) - strlen("\"}\n"));
}

TEST(a_full_line_stays_well_formed)
{
	static char text[2000];
	int saved;
	FILE *f = capture_begin(&saved);

	memset(text, 1, sizeof(text) - 1); /* six characters each once escaped */
	log_setup(LOG_INFO, LOG_JSON);
	log_info("full", LOG("a", text), LOG("b", text), LOG("c", text), LOG("d", text));
	capture_end(f, saved);
	EXPECT_TRUE(strstr(captured, "\"b\":\"") != NULL);
	EXPECT_NULL(strstr(captured, "\"d\":\""));
	EXPECT_TRUE(strlen(captured) < 16 * 1024);
	EXPECT_CSTR("\\u0001\"}\n", captured + strlen(captured) - 9);
}

TEST(a_closed_stderr_is_survived)
{
	int saved = dup(STDERR_FILENO);

	close(STDERR_FILENO);
	log_error("nobody hears");
	dup2(saved, STDERR_FILENO);
	EXPECT_TRUE(log_enabled(LOG_ERROR));
}
