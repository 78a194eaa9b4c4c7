/* Addresses, by libcurl's own reading of them: what is fetched is what was looked at. See fetch.h. */
#include "lib/net/fetch.h"

#include <curl/curl.h>
#include <string.h>

static str part_of(struct arena *a, CURLU *u, CURLUPart part)
{
	char *text = NULL;
	str copy = { 0 };

	if (curl_url_get(u, part, &text, part == CURLUPART_PORT ? CURLU_DEFAULT_PORT : 0)
	    == CURLUE_OK)
		copy = arena_copy(a, str_of(text));
	curl_free(text);
	return copy;
}

static bool is_web(struct arena *a, CURLU *u)
{
	str scheme = part_of(a, u, CURLUPART_SCHEME);

	return str_eq(scheme, S("http")) || str_eq(scheme, S("https"));
}

/* NULL: no such address. A CURLU takes a relative one for what it is relative to what it holds. */
static CURLU *parse(struct arena *a, str base, str link)
{
	CURLU *u = curl_url();
	const char *from = arena_cstr(a, base), *to = arena_cstr(a, link);

	if (u && curl_url_set(u, CURLUPART_URL, from, 0) == CURLUE_OK
	    && curl_url_set(u, CURLUPART_URL, to, 0) == CURLUE_OK
	    && curl_url_set(u, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK)
		return u;
	curl_url_cleanup(u);
	return NULL;
}

str fetch_host(struct arena *a, str url)
{
	CURLU *u = parse(a, url, url);
	str host = { 0 };

	if (u && is_web(a, u))
		host = arena_lower(a, part_of(a, u, CURLUPART_HOST));
	curl_url_cleanup(u);
	return host;
}

bool fetch_place(struct arena *a, str url, struct fetch_place *out)
{
	CURLU *u = parse(a, url, url);
	bool secure = u && str_eq(part_of(a, u, CURLUPART_SCHEME), S("https"));
	str query;

	if (secure) {
		query = part_of(a, u, CURLUPART_QUERY);
		out->host = part_of(a, u, CURLUPART_HOST);
		out->port = part_of(a, u, CURLUPART_PORT);
		out->path = part_of(a, u, CURLUPART_PATH);
		if (query.p)
			out->path = arena_printf(a, "%s?%s", out->path.p, query.p);
	}
	curl_url_cleanup(u);
	return secure;
}

str fetch_resolve(struct arena *a, str base, str link)
{
	CURLU *u = parse(a, base, link);
	str url = { 0 };

	if (u && is_web(a, u))
		url = part_of(a, u, CURLUPART_URL);
	curl_url_cleanup(u);
	return url;
}
