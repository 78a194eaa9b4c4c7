/* Where links may lead. */
#include "app/compat/redirect.h"
#include "lib/base/test.h"

static bool allowed(const char *address, const char *patterns)
{
	return redirect_is_allowed(str_of(address), S("https://app.example.org/start"),
				   str_of(patterns));
}

TEST(the_apps_own_origin_and_this_machine_are_allowed)
{
	EXPECT_TRUE(allowed("https://app.example.org/deep/link?x=1", ""));
	EXPECT_TRUE(allowed("https://APP.example.org", ""));
	EXPECT_TRUE(allowed("http://127.0.0.1:3000/x", ""));
	EXPECT_TRUE(allowed("http://[::1]:3000/x", ""));
	EXPECT_FALSE(allowed("http://app.example.org/", ""));
	EXPECT_FALSE(allowed("https://app.example.org:8443/", ""));
	EXPECT_FALSE(allowed("https://app.example.org.evil.example/", ""));
	EXPECT_FALSE(allowed("https://app.example.org@evil.example/", ""));
	EXPECT_FALSE(allowed("https://app.example.org\\@evil.example/", ""));
	EXPECT_FALSE(allowed("http://127.0.0.1.evil.example/", ""));
	EXPECT_FALSE(allowed("javascript://127.0.0.1/%0aalert(1)", ""));
	EXPECT_FALSE(allowed("//evil.example", ""));
	EXPECT_FALSE(allowed("javascript:alert(1)", ""));
	EXPECT_FALSE(allowed("", ""));
}

TEST(patterns_stop_at_dots_and_slashes)
{
	EXPECT_TRUE(allowed("sojorn://login", "https://x.example/, sojorn://login"));
	EXPECT_TRUE(allowed("sojorn://login#fragment", "sojorn://login"));
	EXPECT_FALSE(allowed("sojorn://login/more", "sojorn://login"));
	EXPECT_TRUE(allowed("https://a.example.com/x", "https://*.example.com/*"));
	EXPECT_FALSE(allowed("https://a.b.example.com/x", "https://*.example.com/*"));
	EXPECT_FALSE(allowed("https://a.example.com/x/y", "https://*.example.com/*"));
	EXPECT_TRUE(allowed("https://a.example.com/x/y", "https://*.example.com/**"));
	EXPECT_TRUE(allowed("https://a1.example.com", "https://a?.example.com"));
	EXPECT_FALSE(allowed("https://a..example.com", "https://a?.example.com"));
	EXPECT_FALSE(allowed("https://evil/example.com/x", "https://*.example.com/*"));
}
