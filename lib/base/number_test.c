#include "lib/base/number.h"

#include "lib/base/rand.h"
#include "lib/base/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *int_text(int64_t v)
{
	static char text[INT_TEXT_MAX + 1];

	text[int_format(v, text)] = '\0';
	return text;
}

static const char *double_text(double v)
{
	static char text[DOUBLE_TEXT_MAX + 1];

	text[double_format(v, text)] = '\0';
	return text;
}

TEST(integers_of_every_length)
{
	char want[32];

	EXPECT_CSTR("0", int_text(0));
	EXPECT_CSTR("-9223372036854775808", int_text(INT64_MIN));
	EXPECT_CSTR("9223372036854775807", int_text(INT64_MAX));
	for (int64_t v = 1; v < INT64_MAX / 10; v *= 10)
		for (int64_t d = -1; d <= 1; d++) {
			snprintf(want, sizeof(want), "%lld", (long long)(v + d));
			EXPECT_CSTR(want, int_text(v + d));
			snprintf(want, sizeof(want), "%lld", (long long)-(v + d));
			EXPECT_CSTR(want, int_text(-(v + d)));
		}
}

TEST(doubles_are_short)
{
	EXPECT_CSTR("0", double_text(0));
	EXPECT_CSTR("0", double_text(-0.0));
	EXPECT_CSTR("1", double_text(1));
	EXPECT_CSTR("-1.5", double_text(-1.5));
	EXPECT_CSTR("0.1", double_text(0.1));
	EXPECT_CSTR("0.30000000000000004", double_text(0.1 + 0.2));
	EXPECT_CSTR("52.520008", double_text(52.520008));
	EXPECT_CSTR("-13.404954", double_text(-13.404954));
	EXPECT_CSTR("0.00001", double_text(0.00001));
	EXPECT_CSTR("1e-06", double_text(0.000001));
	EXPECT_CSTR("999999999999999", double_text(999999999999999));
	EXPECT_CSTR("1e+15", double_text(1e15));
	EXPECT_CSTR("1.7976931348623157e+308", double_text(1.7976931348623157e308));
	EXPECT_CSTR("5e-324", double_text(5e-324));
	EXPECT_CSTR("-2.2250738585072014e-308", double_text(-2.2250738585072014e-308));
	EXPECT_CSTR("3.141592653589793", double_text(3.141592653589793));
}

TEST(what_is_no_number_is_null)
{
	EXPECT_CSTR("null", double_text(NAN));
	EXPECT_CSTR("null", double_text(INFINITY));
	EXPECT_CSTR("null", double_text(-INFINITY));
}

/* No decimal with fewer digits reads back. */
static bool is_shortest(double v, const char *text)
{
	char shorter[400];
	int digits = 0;

	for (const char *p = text; *p && *p != 'e'; p++)
		digits += *p >= '0' && *p <= '9' && (digits || *p != '0');
	if (strtod(text, NULL) != v)
		return false;
	if (digits <= 1 || fabs(v) >= 1e15) /* trailing zeros of integers count above */
		return true;
	snprintf(shorter, sizeof(shorter), "%.*g", digits - 1, v);
	return strtod(shorter, NULL) != v || strchr(text, '.') == NULL;
}

TEST(doubles_read_back_and_are_shortest)
{
	struct rand_seq r = { 7 };

	for (int i = 0; i < 200000; i++) {
		double v;
		uint64_t bits = rand_next(&r);

		memcpy(&v, &bits, sizeof(v)); /* any double */
		if (isfinite(v))
			EXPECT_TRUE(is_shortest(v, double_text(v)));
		v = (double)(int64_t)(bits % 360000000 - 180000000) / 1e6; /* a coordinate */
		EXPECT_TRUE(is_shortest(v, double_text(v)));
		v = (double)(bits >> 11) * 0x1p-53; /* a score in [0, 1) */
		EXPECT_TRUE(is_shortest(v, double_text(v)));
		v = (double)(bits >> 11) * 0x1p-43; /* a distance */
		EXPECT_TRUE(is_shortest(v, double_text(v)));
	}
}
