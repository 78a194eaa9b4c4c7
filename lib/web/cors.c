/* Origins are compared whole, by scheme, host and port; a host is never matched by its beginning. */
#include "lib/web/cors.h"

#include "lib/base/arena.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { ECHOED_MAX = 1000 };

struct cors {
	struct arena *arena;
	bool any, localhost;
	size_t n;
	str *origins;
};

/* "https://app.example/" as people write it is the origin "https://app.example". */
static str as_origin(str s)
{
	s = str_trim(s);
	return str_ends(s, S("/")) ? str_slice(s, 0, s.n - 1) : s;
}

struct cors *cors_new(const char *origins, bool localhost)
{
	struct arena *a = arena_new();
	struct cors *c = arena_zalloc(a, sizeof *c);
	str list = arena_copy(a, str_of(origins ? origins : ""));

	c->arena = a;
	c->localhost = localhost;
	c->origins = arena_alloc(a, (list.n + 1) * sizeof *c->origins);
	while (list.p) {
		str origin = as_origin(str_cut(&list, ','));

		if (str_eq(origin, S("*")))
			c->any = true;
		else if (origin.n)
			c->origins[c->n++] = origin;
	}
	return c;
}

void cors_free(struct cors *c)
{
	if (c)
		arena_free(c->arena);
}

static bool is_port(str s)
{
	int64_t port;

	return s.n > 0 && s.n <= 5 && s.p[0] >= '0' && s.p[0] <= '9' && str_to_i64(s, &port)
		&& port > 0 && port < 65536;
}

static bool is_localhost(str origin)
{
	str host = str_starts(origin, S("http://")) ? str_slice(origin, 7, origin.n)
		: str_starts(origin, S("https://")) ? str_slice(origin, 8, origin.n)
						    : S("");
	str name = str_cut(&host, ':');

	if (!str_eq(name, S("localhost")) && !str_eq(name, S("127.0.0.1")))
		return false;
	return !host.p || is_port(host);
}

bool cors_allows(const struct cors *c, str origin)
{
	if (str_empty(origin))
		return false;
	if (c->any || (c->localhost && is_localhost(origin)))
		return true;
	for (size_t i = 0; i < c->n; i++)
		if (str_ieq(c->origins[i], origin))
			return true;
	return false;
}

bool cors_echoes(str headers)
{
	for (size_t i = 0; i < headers.n; i++)
		if (!isalnum((unsigned char)headers.p[i]) && !strchr("-_, ", headers.p[i]))
			return false;
	return headers.n > 0 && headers.n <= ECHOED_MAX;
}
