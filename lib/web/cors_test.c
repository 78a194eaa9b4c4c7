/* Which origins are allowed (domain rules §19). */
#include "lib/web/cors.h"

#include "lib/base/test.h"

static bool allows(const char *list, bool localhost, const char *origin)
{
	struct cors *c = cors_new(list, localhost);
	bool yes = cors_allows(c, str_of(origin));

	cors_free(c);
	return yes;
}

TEST(listed_origins_are_allowed_whole)
{
	const char *list = " https://app.example , https://Admin.example:8443/,";

	EXPECT_TRUE(allows(list, false, "https://app.example"));
	EXPECT_TRUE(allows(list, false, "https://admin.example:8443"));
	EXPECT_FALSE(allows(list, false, "http://app.example"));
	EXPECT_FALSE(allows(list, false, "https://app.example:8443"));
	EXPECT_FALSE(allows(list, false, "https://app.example.evil.example"));
	EXPECT_FALSE(allows(list, false, "https://evil.example/https://app.example"));
	EXPECT_FALSE(allows(list, false, "null"));
	EXPECT_FALSE(allows(list, false, ""));
	EXPECT_FALSE(allows(NULL, false, "https://app.example"));
	EXPECT_FALSE(allows("", false, "https://app.example"));
}

TEST(a_star_allows_any_origin)
{
	EXPECT_TRUE(allows("https://app.example, *", false, "https://anything.example"));
	EXPECT_FALSE(allows("*", false, "")); /* a request without an Origin */
	EXPECT_FALSE(allows("https://*.example", false, "https://app.example"));
}

TEST(localhost_is_allowed_in_development_by_its_exact_host)
{
	EXPECT_TRUE(allows("", true, "http://localhost"));
	EXPECT_TRUE(allows("", true, "https://localhost:3000"));
	EXPECT_TRUE(allows("", true, "http://127.0.0.1:65535"));
	EXPECT_FALSE(allows("", false, "http://localhost:3000"));
	EXPECT_FALSE(allows("", true, "http://localhost.evil.example"));
	EXPECT_FALSE(allows("", true, "http://localhost:3000.evil.example"));
	EXPECT_FALSE(allows("", true, "http://localhost:"));
	EXPECT_FALSE(allows("", true, "http://localhost:0"));
	EXPECT_FALSE(allows("", true, "http://localhost:65536"));
	EXPECT_FALSE(allows("", true, "http://localhost:+80"));
	EXPECT_FALSE(allows("", true, "http://evil.example@localhost"));
	EXPECT_FALSE(allows("", true, "http://127.0.0.1.evil.example"));
	EXPECT_FALSE(allows("", true, "ftp://localhost"));
}
