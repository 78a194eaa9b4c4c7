/* Builds a line in a buffer of the thread and writes it at once. */
#include "lib/base/log.h"

#include "lib/base/json.h"
#include "lib/base/number.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	VALUE_MAX = 1024,
	LINE_MAX_BYTES = 16 * 1024,
	PAIR_MAX = JSON_ESCAPED_MAX(VALUE_MAX)
		+ 128, /* value, quotes and a key of reasonable length */
};

struct line {
	char text[LINE_MAX_BYTES];
	size_t n;
};

static enum log_level lowest = LOG_INFO;
static enum log_format format = LOG_LOGFMT;

void log_setup(enum log_level level, enum log_format new_format)
{
	lowest = level;
	format = new_format;
}

bool log_enabled(enum log_level level)
{
	return level >= lowest;
}

struct log_pair log_pair_str(const char *key, str v)
{
	return (struct log_pair){ key, K_STR, { .s = v } };
}

struct log_pair log_pair_cstr(const char *key, const char *v)
{
	return log_pair_str(key, str_of(v));
}

struct log_pair log_pair_int(const char *key, int64_t v)
{
	return (struct log_pair){ key, K_I64, { .i = v } };
}

struct log_pair log_pair_uint(const char *key, uint64_t v)
{
	return log_pair_int(key, v > INT64_MAX ? INT64_MAX : (int64_t)v);
}

struct log_pair log_pair_bool(const char *key, bool v)
{
	return (struct log_pair){ key, K_BOOL, { .i = v } };
}

struct log_pair log_pair_double(const char *key, double v)
{
	return (struct log_pair){ key, K_F64, { .d = v } };
}

struct log_pair log_pair_uuid(const char *key, uuid v)
{
	return (struct log_pair){ key, K_UUID, { .u = v } };
}

/* There is room: put_pair saw to it. */
static void put(struct line *l, str s)
{
	assert(s.n <= sizeof(l->text) - l->n);
	memcpy(l->text + l->n, s.p, s.n);
	l->n += s.n;
}

/* At most VALUE_MAX bytes, not cutting a character in two. */
static str cut(str s)
{
	size_t n = VALUE_MAX;

	if (s.n <= VALUE_MAX)
		return s;
	while (n > VALUE_MAX - 4 && ((uint8_t)s.p[n] & 0xC0) == 0x80)
		n--;
	return str_slice(s, 0, n);
}

/* logfmt leaves a plain word without quotes. */
static bool needs_quotes(str s)
{
	if (s.n == 0)
		return true;
	for (size_t i = 0; i < s.n; i++)
		if ((signed char)s.p[i] <= ' ' || s.p[i] == '"' || s.p[i] == '=' || s.p[i] == '\\'
		    || s.p[i] == 0x7F)
			return true;
	return false;
}

static void put_str(struct line *l, str s)
{
	if (!s.p) {
		put(l, S("null"));
		return;
	}
	s = cut(s);
	if (format == LOG_LOGFMT && !needs_quotes(s)) {
		put(l, s);
		return;
	}
	put(l, S("\""));
	l->n += json_escape(s, l->text + l->n);
	put(l, S("\""));
}

static void put_value(struct line *l, const struct log_pair *pair)
{
	char text[UUID_TEXT];

	switch (pair->kind) {
	case K_I64:
		put(l, (str){ text, int_format(pair->v.i, text) });
		break;
	case K_F64:
		put(l, (str){ text, double_format(pair->v.d, text) });
		break;
	case K_BOOL:
		put(l, pair->v.i ? S("true") : S("false"));
		break;
	case K_UUID:
		uuid_format(pair->v.u, text);
		put_str(l, (str){ text, UUID_TEXT });
		break;
	default:
		put_str(l, pair->v.s);
	}
}

/* A pair for which there may be no room is left out whole, so the line stays well-formed. */
static void put_pair(struct line *l, struct log_pair pair)
{
	str key = str_of(pair.key);

	if (sizeof(l->text) - l->n < PAIR_MAX || key.n > 64)
		return;
	if (format == LOG_JSON) {
		put(l, l->n > 1 ? S(",\"") : S("\""));
		put(l, key);
		put(l, S("\":"));
	} else {
		put(l, l->n ? S(" ") : S(""));
		put(l, key);
		put(l, S("="));
	}
	put_value(l, &pair);
}

static void write_whole(const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(STDERR_FILENO, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return; /* there is nowhere left to complain to */
		p += done;
		n -= (size_t)done;
	}
}

void log_line(enum log_level level, const char *msg, const struct log_pair *pairs, size_t n)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	static _Thread_local struct line line;
	struct line *l = &line;
	char now[TIME_TEXT];

	time_format(time_now(), now);
	l->n = 0;
	put(l, format == LOG_JSON ? S("{") : S(""));
	put_pair(l, LOG("ts", ((str){ now, sizeof(now) })));
	put_pair(l, LOG("level", names[level]));
	put_pair(l, LOG("msg", msg));
	for (size_t i = 0; i < n; i++)
		put_pair(l, pairs[i]);
	put(l, format == LOG_JSON ? S("}\n") : S("\n"));
	write_whole(l->text, l->n);
}
