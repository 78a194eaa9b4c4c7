/*
 * One line per event, logfmt ("ts=… level=info msg=… key=value") or JSON, to stderr.
 *
 *	log_info("listening", LOG("addr", addr), LOG("loops", n));
 *
 * Values are escaped, cut at 1 KiB. Secrets, tokens, message plaintext and exact coordinates are
 * never given to it. One write(2) a line, so lines of several threads do not mix.
 */
#pragma once

#include "lib/base/field.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_LOGFMT, LOG_JSON };

struct log_pair {
	const char *key;
	enum kind kind; /* K_STR, K_I64, K_F64, K_UUID, K_BOOL */
	union {
		str s;
		int64_t i;
		double d;
		uuid u;
	} v;
};

struct log_pair log_pair_str(const char *key, str v);
struct log_pair log_pair_cstr(const char *key, const char *v);
struct log_pair log_pair_int(const char *key, int64_t v);
struct log_pair log_pair_uint(const char *key, uint64_t v);
struct log_pair log_pair_bool(const char *key, bool v);
struct log_pair log_pair_double(const char *key, double v);
struct log_pair log_pair_uuid(const char *key, uuid v);

#define LOG(key, value) \
	_Generic((value), str: log_pair_str, char *: log_pair_cstr, const char *: log_pair_cstr, \
		bool: log_pair_bool, double: log_pair_double, uuid: log_pair_uuid,               \
		unsigned: log_pair_uint, unsigned long: log_pair_uint, default: log_pair_int)(   \
		(key), (value))

/* Once, before there are threads. The defaults: LOG_INFO, LOG_LOGFMT. */
void log_setup(enum log_level level, enum log_format format);
bool log_enabled(enum log_level level);
void log_line(enum log_level level, const char *msg, const struct log_pair *pairs, size_t n);

#define log_at(level, msg, ...)                                            \
	do {                                                               \
		const struct log_pair pairs_[] = { { 0 }, ##__VA_ARGS__ }; \
		if (log_enabled(level))                                    \
			log_line((level), (msg), pairs_ + 1,               \
				 sizeof(pairs_) / sizeof(*pairs_) - 1);    \
	} while (0)
#define log_debug(msg, ...) log_at(LOG_DEBUG, msg, ##__VA_ARGS__)
#define log_info(msg, ...)  log_at(LOG_INFO, msg, ##__VA_ARGS__)
#define log_warn(msg, ...)  log_at(LOG_WARN, msg, ##__VA_ARGS__)
#define log_error(msg, ...) log_at(LOG_ERROR, msg, ##__VA_ARGS__)
