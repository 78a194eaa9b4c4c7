/* Strings by pointer and length, UTF-8, and strict numbers. */
#include "lib/base/str.h"

#include "lib/base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

str str_of(const char *cstr)
{
	return cstr ? (str){ cstr, strlen(cstr) } : (str){ 0 };
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_ieq(str a, str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (lower(a.p[i]) != lower(b.p[i]))
			return false;
	return true;
}

bool str_starts(str s, str prefix)
{
	return s.n >= prefix.n && str_eq((str){ s.p, prefix.n }, prefix);
}

bool str_ends(str s, str suffix)
{
	return s.n >= suffix.n
		&& (suffix.n == 0 || memcmp(s.p + s.n - suffix.n, suffix.p, suffix.n) == 0);
}

ptrdiff_t str_find(str s, str needle)
{
	const char *hit;

	if (needle.n == 0)
		return 0;
	hit = s.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
	return hit ? hit - s.p : -1;
}

ptrdiff_t str_find_char(str s, char c)
{
	const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;

	return hit ? hit - s.p : -1;
}

str str_slice(str s, size_t from, size_t to)
{
	if (to > s.n)
		to = s.n;
	if (from > to)
		from = to;
	return s.p ? (str){ s.p + from, to - from } : s;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

str str_trim(str s)
{
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	while (s.n && is_space(*s.p)) {
		s.p++;
		s.n--;
	}
	return s;
}

str str_cut(str *rest, char sep)
{
	str all = *rest;
	ptrdiff_t at = str_find_char(all, sep);

	if (at < 0) {
		*rest = (str){ 0 };
		return all;
	}
	*rest = str_slice(all, (size_t)at + 1, all.n);
	return str_slice(all, 0, (size_t)at);
}

ptrdiff_t str_utf8_length(str s)
{
	ptrdiff_t count = 0;

	for (size_t i = 0; i < s.n; count++) {
		size_t n = s.p[i] ? utf8_sequence(s.p + i, s.n - i) : 0;

		if (n == 0)
			return -1;
		i += n;
	}
	return count;
}

int32_t str_utf8_next(str s, size_t *at)
{
	static const uint8_t lead_bits[5] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	size_t n = *at < s.n ? utf8_sequence(s.p + *at, s.n - *at) : 0;
	int32_t c;

	if (n == 0)
		return -1;
	c = (uint8_t)s.p[*at] & lead_bits[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)s.p[*at + i] & 0x3F);
	*at += n;
	return c;
}

bool str_to_i64(str s, int64_t *out)
{
	bool negative = s.n > 1 && s.p[0] == '-';
	int64_t v = 0;

	if (s.n == 0)
		return false;
	for (size_t i = negative; i < s.n; i++) {
		int digit = s.p[i] - '0';

		if (digit < 0 || digit > 9 || __builtin_mul_overflow(v, 10, &v)
		    || __builtin_sub_overflow(v, digit, &v)) /* downwards: the minimum fits */
			return false;
	}
	if (!negative && v == INT64_MIN)
		return false;
	*out = negative ? v : -v;
	return true;
}

static size_t skip_digits(str s, size_t i)
{
	while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
		i++;
	return i;
}

/* JSON's grammar of numbers, but leading zeros are fine. */
static bool is_decimal(str s)
{
	size_t i = s.n > 0 && s.p[0] == '-', from = i;

	i = skip_digits(s, i);
	if (i == from)
		return false;
	if (i < s.n && s.p[i] == '.') {
		from = ++i;
		i = skip_digits(s, i);
		if (i == from)
			return false;
	}
	if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
		i++;
		i += i < s.n && (s.p[i] == '+' || s.p[i] == '-');
		from = i;
		i = skip_digits(s, i);
		if (i == from)
			return false;
	}
	return i == s.n;
}

bool str_to_f64(str s, double *out)
{
	char text[128];
	double v;

	if (s.n >= sizeof(text) || !is_decimal(s))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	v = strtod(text, NULL);
	if (!isfinite(v))
		return false;
	*out = v;
	return true;
}

bool str_eq_secret(str a, str b)
{
	unsigned difference = 0;

	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		difference |= (unsigned)(a.p[i] ^ b.p[i]);
		__asm__("" : "+r"(difference)); /* no leaving early, whatever the compiler thinks */
	}
	return difference == 0;
}
