/* Clocks, and RFC 3339 by hand (strptime knows neither fractions nor offsets, and reads the locale). */
#include "lib/base/time.h"

#include <string.h>
#include <time.h>

usec time_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (usec){ ts.tv_sec * SECOND + ts.tv_nsec / 1000 };
}

int64_t time_monotonic(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * SECOND + ts.tv_nsec / 1000;
}

usec time_add(usec t, int64_t us)
{
	return (usec){ t.us + us };
}

struct date {
	int64_t year;
	int month, day;
};

/* Days since 1970-01-01 <-> Gregorian date, by eras of 400 years that begin on 1 March
 * (H. Hinnant, "chrono-compatible low-level date algorithms"). */
static int64_t days_of_date(struct date d)
{
	int64_t y = d.year - (d.month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (d.month + (d.month > 2 ? -3 : 9)) + 2) / 5 + d.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static struct date date_of_days(int64_t days)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t doe = days - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct date d = {
		.month = (int)(mp < 10 ? mp + 3 : mp - 9),
		.day = (int)(doy - (153 * mp + 2) / 5 + 1),
	};

	d.year = yoe + era * 400 + (d.month <= 2);
	return d;
}

static void put_pair(char *out, unsigned v)
{
	out[0] = (char)('0' + v / 10);
	out[1] = (char)('0' + v % 10);
}

void time_format(usec t, char out[static TIME_TEXT])
{
	const int64_t first = INT64_C(-62167219200) * SECOND; /* 0000-01-01T00:00:00Z */
	const int64_t last = INT64_C(253402300800) * SECOND - 1;
	int64_t us = t.us < first ? first : t.us > last ? last : t.us;
	int64_t in_day = ((us % DAY) + DAY) % DAY;
	struct date d = date_of_days((us - in_day) / DAY);
	unsigned seconds = (unsigned)(in_day / SECOND), micros = (unsigned)(in_day % SECOND);

	memcpy(out, "0000-00-00T00:00:00.000000Z", TIME_TEXT);
	put_pair(out, (unsigned)d.year / 100);
	put_pair(out + 2, (unsigned)d.year % 100);
	put_pair(out + 5, (unsigned)d.month);
	put_pair(out + 8, (unsigned)d.day);
	put_pair(out + 11, seconds / 3600);
	put_pair(out + 14, seconds / 60 % 60);
	put_pair(out + 17, seconds % 60);
	put_pair(out + 20, micros / 10000);
	put_pair(out + 22, micros / 100 % 100);
	put_pair(out + 24, micros % 100);
}

/* ---- parsing: each step takes a piece off the front of *s, or fails ---- */

static bool take_digits(str *s, size_t n, int *out)
{
	int v = 0;

	if (s->n < n)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		v = v * 10 + (s->p[i] - '0');
	}
	*s = str_slice(*s, n, s->n);
	*out = v;
	return true;
}

static bool take_one_of(str *s, const char *chars, char *out)
{
	if (s->n == 0 || !s->p[0] || !strchr(chars, s->p[0]))
		return false;
	*out = s->p[0];
	*s = str_slice(*s, 1, s->n);
	return true;
}

static int days_in_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool take_date(str *s, int64_t *ret_days)
{
	int year, month, day;
	char c;

	if (!take_digits(s, 4, &year) || !take_one_of(s, "-", &c) || !take_digits(s, 2, &month)
	    || !take_one_of(s, "-", &c) || !take_digits(s, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month))
		return false;
	*ret_days = days_of_date((struct date){ year, month, day });
	return true;
}

/* ".123456789", if there is one; digits past the sixth are dropped. */
static bool take_fraction(str *s, int64_t *ret_us)
{
	int64_t us = 0, unit = SECOND / 10;
	char c;
	int digit;

	*ret_us = 0;
	if (!take_one_of(s, ".", &c))
		return true;
	if (!take_digits(s, 1, &digit))
		return false;
	do {
		us += digit * unit;
		unit /= 10;
	} while (take_digits(s, 1, &digit));
	*ret_us = us;
	return true;
}

static bool take_clock(str *s, int64_t *ret_us)
{
	int hour, minute, second;
	int64_t fraction;
	char c;

	if (!take_digits(s, 2, &hour) || !take_one_of(s, ":", &c) || !take_digits(s, 2, &minute)
	    || !take_one_of(s, ":", &c) || !take_digits(s, 2, &second)
	    || !take_fraction(s, &fraction))
		return false;
	/* 60 is a leap second: the first of the next minute, as POSIX counts. */
	if (hour > 23 || minute > 59 || second > 60)
		return false;
	*ret_us = hour * HOUR + minute * MINUTE + second * SECOND + fraction;
	return true;
}

static bool take_zone(str *s, int64_t *ret_offset)
{
	int hour, minute;
	char sign, c;

	*ret_offset = 0;
	if (take_one_of(s, "Zz", &c))
		return true;
	if (!take_one_of(s, "+-", &sign) || !take_digits(s, 2, &hour) || !take_one_of(s, ":", &c)
	    || !take_digits(s, 2, &minute) || hour > 23 || minute > 59)
		return false;
	*ret_offset = (hour * HOUR + minute * MINUTE) * (sign == '-' ? -1 : 1);
	return true;
}

bool time_parse(str s, usec *out)
{
	int64_t days, us, offset;
	char c;

	if (!take_date(&s, &days) || !take_one_of(&s, "Tt ", &c) || !take_clock(&s, &us)
	    || !take_zone(&s, &offset) || s.n != 0)
		return false;
	*out = (usec){ days * DAY + us - offset };
	return true;
}
