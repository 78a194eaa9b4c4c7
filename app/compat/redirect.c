/* See redirect.h. The rules are those of Supabase's server, whose settings are copied over. */
#include "app/compat/redirect.h"

#include "app/compat/link.h"
#include "app/links.h"

/* Scheme, host and port: all before the path. Absent when there is no authority, or a user in it. */
static str origin_of(str url)
{
	ptrdiff_t at = str_find(url, S("://"));
	size_t end;

	if (at <= 0)
		return (str){ 0 };
	end = (size_t)at + 3;
	while (end < url.n && url.p[end] != '/' && url.p[end] != '?' && url.p[end] != '#')
		end++;
	if (str_find_char(str_slice(url, 0, end), '@') >= 0
	    || str_find_char(str_slice(url, 0, end), '\\') >= 0)
		return (str){ 0 };
	return str_slice(url, 0, end);
}

static bool is_loopback(str origin)
{
	str rest = str_slice(origin, (size_t)str_find(origin, S("://")) + 3, origin.n);
	str host = str_starts(rest, S("[::1]")) ? S("[::1]") : str_cut(&rest, ':');

	return (str_starts(origin, S("http://")) || str_starts(origin, S("https://")))
		&& (str_eq(host, S("127.0.0.1")) || str_eq(host, S("[::1]")));
}

static bool is_separator(char c)
{
	return c == '.' || c == '/';
}

/* Patterns are the operator's and short, so trying each length is good enough. */
static bool matches(str p, str s)
{
	while (p.n && p.p[0] != '*') {
		if (!s.n || (p.p[0] == '?' ? is_separator(s.p[0]) : p.p[0] != s.p[0]))
			return false;
		p = str_slice(p, 1, p.n);
		s = str_slice(s, 1, s.n);
	}
	if (!p.n)
		return !s.n;
	bool any = str_starts(p, S("**"));

	p = str_slice(p, any ? 2 : 1, p.n);
	for (size_t i = 0;; i++) {
		if (matches(p, str_slice(s, i, s.n)))
			return true;
		if (i == s.n || (!any && is_separator(s.p[i])))
			return false;
	}
}

bool redirect_is_allowed(str address, str site, str patterns)
{
	str origin = origin_of(address), bare = address, rest = patterns;

	if (origin.p && (str_ieq(origin, origin_of(site)) || is_loopback(origin)))
		return true;
	bare = str_cut(&bare, '#');
	while (rest.p) {
		str pattern = str_trim(str_cut(&rest, ','));

		if (pattern.n && matches(pattern, bare))
			return true;
	}
	return false;
}

str link_target(struct req *r, str wish)
{
	str site = link_app(r->arena, r->app);
	str patterns = config_str(r->app->config, "SUPABASE_REDIRECT_URLS");

	return !str_empty(wish) && redirect_is_allowed(wish, site, patterns) ? wish : site;
}
