#include "lib/base/str.h"

#include "lib/base/test.h"

#include <string.h>

static const str absent;

TEST(equality)
{
	EXPECT_TRUE(str_eq(S("abc"), str_of("abc")));
	EXPECT_FALSE(str_eq(S("abc"), S("abd")));
	EXPECT_FALSE(str_eq(S("abc"), S("ab")));
	EXPECT_TRUE(str_eq(S(""), absent));
	EXPECT_TRUE(str_ieq(S("Content-TYPE"), S("content-type")));
	EXPECT_FALSE(str_ieq(S("abc"), S("abx")));
	EXPECT_FALSE(str_ieq(S("abc"), S("abcd")));
	EXPECT_FALSE(str_ieq(S("["), S("{")));
	EXPECT_NULL(str_of(NULL).p);
	EXPECT_TRUE(str_empty(absent));
	EXPECT_FALSE(str_empty(S("x")));
}

TEST(secrets_compare_like_other_strings)
{
	EXPECT_TRUE(str_eq_secret(S("secret"), S("secret")));
	EXPECT_FALSE(str_eq_secret(S("secret"), S("secreT")));
	EXPECT_FALSE(str_eq_secret(S("Secret"), S("secret")));
	EXPECT_FALSE(str_eq_secret(S("secret"), S("secrets")));
	EXPECT_TRUE(str_eq_secret(absent, S("")));
}

TEST(prefixes_and_suffixes)
{
	EXPECT_TRUE(str_starts(S("/api/v1"), S("/api")));
	EXPECT_TRUE(str_starts(S("x"), S("")));
	EXPECT_FALSE(str_starts(S("/ap"), S("/api")));
	EXPECT_FALSE(str_starts(S("/apx"), S("/api")));
	EXPECT_TRUE(str_ends(S("photo.jpg"), S(".jpg")));
	EXPECT_TRUE(str_ends(absent, S("")));
	EXPECT_FALSE(str_ends(S("photo.png"), S(".jpg")));
	EXPECT_FALSE(str_ends(S("jpg"), S(".jpg")));
}

TEST(finding)
{
	EXPECT_EQ(2, str_find(S("a bb bb"), S("bb")));
	EXPECT_EQ(-1, str_find(S("a b"), S("bb")));
	EXPECT_EQ(0, str_find(absent, S("")));
	EXPECT_EQ(-1, str_find(absent, S("x")));
	EXPECT_EQ(3, str_find_char(S("key=value=x"), '='));
	EXPECT_EQ(-1, str_find_char(S("key"), '='));
	EXPECT_EQ(-1, str_find_char(absent, '='));
}

static void expect_str(const char *want, str got)
{
	EXPECT_EQ(strlen(want), got.n);
	EXPECT_MEM(want, got.p, got.n);
}

TEST(slices_are_clamped)
{
	expect_str("bc", str_slice(S("abcd"), 1, 3));
	expect_str("bcd", str_slice(S("abcd"), 1, 99));
	expect_str("", str_slice(S("abcd"), 5, 9));
	expect_str("", str_slice(S("abcd"), 3, 2));
	EXPECT_NULL(str_slice(absent, 0, 4).p);
}

TEST(trimming)
{
	expect_str("a b", str_trim(S(" \t\r\n a b\v\f ")));
	expect_str("", str_trim(S("   ")));
	EXPECT_TRUE(str_trim(S("   ")).p != NULL);
	EXPECT_NULL(str_trim(absent).p);
}

TEST(cutting_yields_every_piece_once)
{
	static const char *const want[] = { "a", "", "bc", "" };
	str rest = S("a,,bc,");
	int n = 0;

	while (rest.p)
		expect_str(want[n++], str_cut(&rest, ','));
	EXPECT_EQ(4, n);
	rest = S("");
	expect_str("", str_cut(&rest, ','));
	EXPECT_NULL(rest.p);
}

TEST(utf8_counts_code_points)
{
	EXPECT_EQ(0, str_utf8_length(S("")));
	EXPECT_EQ(0, str_utf8_length(absent));
	EXPECT_EQ(4, str_utf8_length(S("gr\xC3\xBC\xC3\x9F")));
	EXPECT_EQ(1, str_utf8_length(S("\xF0\x9F\x98\x80")));
	EXPECT_EQ(4, str_utf8_length(S("\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF")));
	EXPECT_EQ(2, str_utf8_length(S("\xED\x9F\xBF\xEE\x80\x80"))); /* around the surrogates */
}

TEST(what_is_no_utf8_is_refused)
{
	static const char *const bad[] = {
		"\x80",		"\xBF",		 "\xC0\x80",	     "\xC1\xBF",
		"\xC2",		"\xC2 ",	 "\xE0\x9F\xBF",     "\xE1\x80",
		"\xE1\x80 ",	"\xED\xA0\x80",	 "\xED\xBF\xBF",     "\xF0\x8F\xBF\xBF",
		"\xF1\x80\x80", "\xF1\x80\x80 ", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
		"\xFF",		"ok\xE2\x82",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_EQ(-1, str_utf8_length(str_of(bad[i])));
	EXPECT_EQ(-1, str_utf8_length(S("a\0b")));
}

TEST(utf8_decodes_each_length)
{
	str s = S("A\xC3\x9F\xE2\x82\xAC\xF0\x9F\x98\x80\xFF");
	size_t at = 0;

	EXPECT_EQ('A', str_utf8_next(s, &at));
	EXPECT_EQ(0xDF, str_utf8_next(s, &at));
	EXPECT_EQ(0x20AC, str_utf8_next(s, &at));
	EXPECT_EQ(0x1F600, str_utf8_next(s, &at));
	EXPECT_EQ(10, at);
	EXPECT_EQ(-1, str_utf8_next(s, &at));
	EXPECT_EQ(10, at);
	at = 11;
	EXPECT_EQ(-1, str_utf8_next(s, &at));
}

TEST(integers)
{
	static const struct {
		const char *text;
		int64_t v;
	} good[] = {
		{ "0", 0 },
		{ "-0", 0 },
		{ "007", 7 },
		{ "-12", -12 },
		{ "9223372036854775807", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
	};
	static const char *const bad[] = { "",
					   "-",
					   "+1",
					   " 1",
					   "1 ",
					   "1.0",
					   "0x10",
					   "1e3",
					   "--1",
					   "9223372036854775808",
					   "-9223372036854775809",
					   "99999999999999999999" };
	int64_t v;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		EXPECT_TRUE(str_to_i64(str_of(good[i].text), &v));
		EXPECT_EQ(good[i].v, v);
	}
	v = 77;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_FALSE(str_to_i64(str_of(bad[i]), &v));
	EXPECT_EQ(77, v);
}

TEST(doubles)
{
	static const struct {
		const char *text;
		double v;
	} good[] = {
		{ "0", 0 },	 { "-1.5", -1.5 },   { "52.520008", 52.520008 },
		{ "1e3", 1000 }, { "2.5E-1", 0.25 }, { "1e+2", 100 },
		{ "00.5", 0.5 }, { "1e-400", 0 },
	};
	static const char *const bad[] = { "",	    "-",     ".5",     "5.",	"1e", "1e+",
					   "e5",    "nan",   "inf",    "0x1p3", " 1", "1 ",
					   "1.5.2", "1e400", "-1e400", "+1",	"1,5" };
	char longest[200];
	double v;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		EXPECT_TRUE(str_to_f64(str_of(good[i].text), &v));
		EXPECT_TRUE(v == good[i].v);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		EXPECT_FALSE(str_to_f64(str_of(bad[i]), &v));
	memset(longest, '0', sizeof(longest));
	EXPECT_TRUE(str_to_f64((str){ longest, 127 }, &v));
	EXPECT_FALSE(str_to_f64((str){ longest, 128 }, &v));
}
