/* See html.h. */
#include "lib/web/html.h"

#include <string.h>

enum { LONGEST = 6 }; /* &quot; */

static str reference(char c)
{
	switch (c) {
	case '&':
		return S("&amp;");
	case '<':
		return S("&lt;");
	case '>':
		return S("&gt;");
	case '"':
		return S("&quot;");
	case '\'':
		return S("&#39;");
	default:
		return (str){ 0 };
	}
}

str html_escape(struct arena *a, str text)
{
	char *out = arena_alloc(a, LONGEST * text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		str s = reference(text.p[i]);

		if (!s.p)
			s = str_slice(text, i, i + 1);
		memcpy(out + n, s.p, s.n);
		n += s.n;
	}
	out[n] = '\0';
	return (str){ out, n };
}
