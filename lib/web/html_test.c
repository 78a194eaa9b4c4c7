#include "lib/web/html.h"

#include "lib/base/test.h"

TEST(html_is_escaped_where_it_could_end_a_text_or_an_attribute)
{
	struct arena *a = arena_new();

	EXPECT_CSTR("&lt;a href=&quot;x&quot; b=&#39;y&#39;&gt;&amp;amp; ü",
		    html_escape(a, S("<a href=\"x\" b='y'>&amp; ü")).p);
	EXPECT_CSTR("", html_escape(a, S("")).p);
	arena_free(a);
}
