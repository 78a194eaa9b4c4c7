#include "lib/base/time.h"

#include "lib/base/test.h"

static int64_t parsed(const char *text)
{
	usec t;

	EXPECT_TRUE(time_parse(str_of(text), &t));
	return t.us;
}

static void expect_format(const char *want, int64_t us)
{
	char text[TIME_TEXT + 1] = "";

	time_format((usec){ us }, text);
	EXPECT_CSTR(want, text);
}

TEST(times_are_written_in_utc)
{
	expect_format("1970-01-01T00:00:00.000000Z", 0);
	expect_format("2026-01-25T10:00:00.123456Z", 1769335200123456);
	expect_format("1969-12-31T23:59:59.999999Z", -1);
	expect_format("2000-02-29T12:34:56.000001Z", 951827696000001);
	expect_format("1900-03-01T00:00:00.000000Z", -2203891200 * SECOND);
	expect_format("0000-01-01T00:00:00.000000Z", -62167219200 * SECOND);
	expect_format("9999-12-31T23:59:59.999999Z", 253402300800 * SECOND - 1);
}

TEST(years_outside_are_clamped)
{
	expect_format("9999-12-31T23:59:59.999999Z", INT64_MAX);
	expect_format("0000-01-01T00:00:00.000000Z", INT64_MIN);
}

TEST(times_are_read_in_every_zone)
{
	EXPECT_EQ(1769335200000000, parsed("2026-01-25T10:00:00Z"));
	EXPECT_EQ(1769335200000000, parsed("2026-01-25t12:30:00+02:30"));
	EXPECT_EQ(1769335200000000, parsed("2026-01-25 02:00:00.0-08:00"));
	EXPECT_EQ(1769335200123456, parsed("2026-01-25T10:00:00.123456789z"));
	EXPECT_EQ(1769335200100000, parsed("2026-01-25T10:00:00.1Z"));
	EXPECT_EQ(-1, parsed("1969-12-31T23:59:59.999999Z"));
	EXPECT_EQ(parsed("2017-01-01T00:00:00Z"), parsed("2016-12-31T23:59:60Z"));
	EXPECT_EQ(parsed("2024-03-01T00:00:00Z") - DAY, parsed("2024-02-29T00:00:00Z"));
}

TEST(what_is_no_time_is_refused)
{
	static const char *const bad[] = {
		"",
		"now",
		"2026-01-25",
		"2026-01-25T10:00:00",
		"2026-01-25T10:00Z",
		"2026-1-25T10:00:00Z",
		"2026-13-01T00:00:00Z",
		"2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z",
		"2026-01-00T00:00:00Z",
		"2026-01-25T24:00:00Z",
		"2026-01-25T10:60:00Z",
		"2026-01-25T10:00:61Z",
		"2026-01-25T10:00:00.Z",
		"2026-01-25T10:00:00+0200",
		"2026-01-25T10:00:00+24:00",
		"2026-01-25T10:00:00+02:60",
		"2026-01-25T10:00:00Zx",
		"2026-01-25X10:00:00Z",
		"2026/01/25T10:00:00Z",
		"2026-01-25T10:00:00,5Z",
		"2026-01-25T10:0a:00Z",
		"2026-01-25T10-00-00Z",
		"2026-01-25T10:00:00 Z",
		"+026-01-25T10:00:00Z",
	};
	usec t;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_FALSE(time_parse(str_of(bad[i]), &t));
	EXPECT_FALSE(time_parse(S("2026-01-25\00010:00:00Z"), &t));
}

TEST(every_day_of_four_centuries_reads_back)
{
	usec t = { 946684800 * SECOND }, again;
	char text[TIME_TEXT];

	for (int day = 0; day < 146097; day++) {
		time_format(t, text);
		EXPECT_TRUE(time_parse((str){ text, TIME_TEXT }, &again));
		EXPECT_EQ(t.us, again.us);
		t = time_add(t, DAY);
	}
}

TEST(clocks_run)
{
	int64_t before = time_monotonic();

	EXPECT_TRUE(time_now().us > 1700000000 * SECOND);
	EXPECT_TRUE(time_monotonic() >= before);
}
