/* Request targets (RFC 9112 §3.2) and query strings (WHATWG URL, application/x-www-form-urlencoded). */
#include "lib/base/codec.h"
#include "lib/web/request.h"

str target_decode(struct arena *a, str s, bool plus)
{
	char *out = arena_alloc(a, s.n + 1);
	size_t n = percent_decode(s, plus, out);

	out[n] = '\0';
	return (str){ out, n };
}

/* "http://host/path" is "/path" here: a server takes both forms. */
static str without_authority(str target)
{
	size_t scheme = str_starts(target, S("http://")) ? 7
		: str_starts(target, S("https://"))	 ? 8
							 : 0;
	str rest = str_slice(target, scheme, target.n);
	ptrdiff_t slash = str_find_char(rest, '/');

	if (!scheme)
		return target;
	return slash < 0 ? S("/") : str_slice(rest, (size_t)slash, rest.n);
}

bool target_split(str target, str *path, str *query)
{
	for (size_t i = 0; i < target.n; i++)
		if ((unsigned char)target.p[i] <= ' ' || target.p[i] == 0x7f)
			return false;
	*query = without_authority(target);
	*path = str_cut(query, '?');
	if (!query->p)
		*query = S("");
	return str_starts(*path, S("/"));
}

struct pair *target_pairs(struct arena *a, str query, size_t *ret_n)
{
	struct pair *pairs;
	size_t most = 1, n = 0;

	for (size_t i = 0; i < query.n; i++)
		most += query.p[i] == '&';
	pairs = arena_alloc(a, most * sizeof *pairs);
	while (query.p) {
		str value = str_cut(&query, '&'), name;

		if (value.n == 0)
			continue;
		name = str_cut(&value, '=');
		pairs[n++] = (struct pair){ target_decode(a, name, true),
					    target_decode(a, value.p ? value : S(""), true) };
	}
	*ret_n = n;
	return pairs;
}
