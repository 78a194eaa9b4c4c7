/* Integers two digits at a time; doubles by exact scaling where that works, by trial where not. */
#include "lib/base/number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char digit_pairs[] = "00010203040506070809101112131415161718192021222324"
				  "25262728293031323334353637383940414243444546474849"
				  "50515253545556575859606162636465666768697071727374"
				  "75767778798081828384858687888990919293949596979899";

static size_t uint_format(uint64_t v, char *out)
{
	char text[INT_TEXT_MAX];
	char *p = text + sizeof(text);
	size_t n;

	while (v >= 100) {
		p -= 2;
		memcpy(p, digit_pairs + v % 100 * 2, 2);
		v /= 100;
	}
	if (v >= 10) {
		p -= 2;
		memcpy(p, digit_pairs + v * 2, 2);
	} else {
		*--p = (char)('0' + v);
	}
	n = (size_t)(text + sizeof(text) - p);
	memcpy(out, p, n);
	return n;
}

size_t int_format(int64_t v, char out[static INT_TEXT_MAX])
{
	if (v >= 0)
		return uint_format((uint64_t)v, out);
	out[0] = '-';
	return 1 + uint_format(-(uint64_t)v, out + 1);
}

/*
 * A positive v below 10^15 that has a decimal form of at most 15 digits: with n = v * 10^places rounded,
 * n and 10^places are exact doubles, so n / 10^places is the double nearest to that decimal (one correctly
 * rounded operation); if it is v, the decimal reads back as v, and fewer places did not. 0 if there is none.
 */
static size_t format_scaled(double v, char *out)
{
	static const double powers[] = { 1e0, 1e1, 1e2,	 1e3,  1e4,  1e5,  1e6,	 1e7,
					 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
	static const uint64_t int_powers[] = { 1,
					       10,
					       100,
					       1000,
					       10000,
					       100000,
					       1000000,
					       10000000,
					       100000000,
					       1000000000,
					       10000000000,
					       100000000000,
					       1000000000000,
					       10000000000000,
					       100000000000000,
					       1000000000000000 };

	for (size_t places = 0; places <= 15 && v * powers[places] < 1e15; places++) {
		double scaled = nearbyint(v * powers[places]);

		if (scaled / powers[places] != v)
			continue;
		uint64_t n = (uint64_t)scaled;
		size_t length = uint_format(n / int_powers[places], out);
		if (places == 0)
			return length;
		out[length++] = '.';
		n %= int_powers[places];
		for (size_t i = places; i > 0; i--) {
			out[length + i - 1] = (char)('0' + n % 10);
			n /= 10;
		}
		return length + places;
	}
	return 0;
}

size_t double_format(double v, char out[static DOUBLE_TEXT_MAX])
{
	size_t sign = v < 0, n;
	double positive = fabs(v);

	if (!isfinite(v)) {
		memcpy(out, "null", 4);
		return 4;
	}
	out[0] = '-';
	n = positive == 0 || (positive >= 1e-5 && positive < 1e15)
		? format_scaled(positive, out + sign)
		: 0;
	if (n)
		return sign + n;
	/* Any decimal of 15 digits survives in a normal double; a subnormal one may need fewer. */
	for (int digits = positive < 0x1p-1022 ? 1 : 15; digits <= 17; digits++) {
		n = (size_t)snprintf(out, DOUBLE_TEXT_MAX, "%.*g", digits, v);
		if (strtod(out, NULL) == v) /* NOLINT(cert-err34-c): we wrote it */
			break;
	}
	return n;
}
