/* Where Redis is, and whether it lets us in. See redis.h. */
#include "lib/net/redis_link.h"

#include "lib/base/codec.h"

#include <stdio.h>
#include <string.h>
#include <sys/time.h>

enum { PORT = 6379, PORT_MAX = 65535 };

static const char malformed[] =
	"REDIS_URL must look like redis://[:password@]host[:port][/database] or unix:///path/to.sock";

/* ---- the URL ---- */

/* NULL for what is empty. */
static const char *decoded(struct arena *a, str s)
{
	char *out = arena_alloc(a, s.n + 1);

	out[percent_decode(s, false, out)] = '\0';
	return s.n ? out : NULL;
}

static bool is_number(str s, int64_t max, int64_t *out)
{
	return str_to_i64(s, out) && *out >= 0 && *out <= max;
}

static bool take_database(struct redis *r, str s)
{
	int64_t n;

	if (str_empty(s))
		return true;
	r->database = arena_cstr(r->arena, s);
	return is_number(s, INT32_MAX, &n);
}

/* "user:password@", ":password@" or nothing; what follows it stays in *rest. */
static bool take_user(struct redis *r, str *rest)
{
	ptrdiff_t at = str_find_char(*rest, '@');
	str user, password;

	if (at < 0)
		return true;
	password = str_slice(*rest, 0, (size_t)at);
	*rest = str_slice(*rest, (size_t)at + 1, rest->n);
	user = str_cut(&password, ':');
	if (str_empty(password)) /* a name without a password lets nobody in */
		return false;
	r->user = decoded(r->arena, user);
	r->password = decoded(r->arena, password);
	return true;
}

/* An IPv6 address stands in brackets. */
static bool take_host(struct redis *r, str s)
{
	int64_t port = PORT;
	str host;

	if (str_starts(s, S("["))) {
		s = str_slice(s, 1, s.n);
		host = str_cut(&s, ']');
		if (!s.p || (s.n && !str_starts(s, S(":"))))
			return false;
		s = s.n ? str_slice(s, 1, s.n) : (str){ 0 };
	} else {
		host = str_cut(&s, ':');
	}
	if (str_empty(host) || (s.p && (!is_number(s, PORT_MAX, &port) || port == 0)))
		return false;
	r->host = arena_cstr(r->arena, host);
	r->port = (int)port;
	return true;
}

static bool take_redis(struct redis *r, str rest)
{
	return take_user(r, &rest) && take_host(r, str_cut(&rest, '/')) && take_database(r, rest);
}

static bool take_unix(struct redis *r, str rest)
{
	str path = str_cut(&rest, '?');

	r->path = decoded(r->arena, path);
	if (rest.p && !str_starts(rest, S("db=")))
		return false;
	return str_starts(path, S("/")) && take_database(r, str_slice(rest, 3, rest.n));
}

static const char *parse(struct redis *r, str url)
{
	bool good = false;

	if (str_starts(url, S("rediss://")))
		return "REDIS_URL: TLS (rediss://) is not supported; use a private network, or a tunnel "
		       "(stunnel, WireGuard) and redis://127.0.0.1";
	if (str_starts(url, S("redis://")))
		good = take_redis(r, str_slice(url, 8, url.n));
	else if (str_starts(url, S("unix://")))
		good = take_unix(r, str_slice(url, 7, url.n));
	return good ? NULL : malformed;
}

int redis_greeting(const struct redis *r, struct redis_words out[static 3])
{
	int n = 0;

	if (r->password && r->user)
		out[n++] = (struct redis_words){ 3, { "AUTH", r->user, r->password } };
	else if (r->password)
		out[n++] = (struct redis_words){ 2, { "AUTH", r->password } };
	if (r->database)
		out[n++] = (struct redis_words){ 2, { "SELECT", r->database } };
	out[n++] = (struct redis_words){ 1, { "PING" } };
	return n;
}

/* ---- a first try ---- */

static enum redis_state take_reply(const redisContext *c, const redisReply *reply, char *why,
				   size_t size)
{
	if (!reply) {
		snprintf(why, size, "%s", c->errstr);
		return REDIS_AWAY;
	}
	if (reply->type != REDIS_REPLY_ERROR)
		return REDIS_FINE;
	snprintf(why, size, "%s", reply->str);
	return strncmp(reply->str, "LOADING", 7) == 0 ? REDIS_AWAY : REDIS_REFUSES;
}

static enum redis_state converse(const struct redis *r, redisContext *c, char *why, size_t size)
{
	struct redis_words words[3];
	int n = redis_greeting(r, words);
	enum redis_state state = REDIS_FINE;

	for (int i = 0; i < n && state == REDIS_FINE; i++) {
		redisReply *reply = redisCommandArgv(c, words[i].n, words[i].v, NULL);

		state = take_reply(c, reply, why, size);
		if (reply)
			freeReplyObject(reply);
	}
	return state;
}

enum redis_state redis_try(const struct redis *r, const char **problem)
{
	static _Thread_local char why[200];
	const struct timeval limit = { .tv_sec = 2 };
	redisContext *c = r->path ? redisConnectUnixWithTimeout(r->path, limit)
				  : redisConnectWithTimeout(r->host, r->port, limit);
	enum redis_state state = REDIS_AWAY;

	*problem = why;
	snprintf(why, sizeof why, "%s", c ? c->errstr : "out of memory");
	if (c && !c->err && redisSetTimeout(c, limit) == REDIS_OK)
		state = converse(r, c, why, sizeof why);
	if (c)
		redisFree(c);
	return state;
}

/* ---- life ---- */

struct redis *redis_new(const char *url, const char **problem)
{
	struct arena *a = arena_new();
	struct redis *r = arena_zalloc(a, sizeof *r);

	*r = (struct redis){ .arena = a, .part = redis_part };
	*problem = parse(r, str_of(url));
	if (!*problem)
		return r;
	arena_free(a);
	return NULL;
}

void redis_free(struct redis *r)
{
	if (r)
		arena_free(r->arena);
}
