/* The examples of Amazon's own documentation: "Authenticating Requests", header and query string. */
#include "lib/store/sigv4.h"

#include "lib/base/test.h"

static const struct store_bucket example = {
	.region = S("us-east-1"),
	.access_key = S("AKIAIOSFODNN7EXAMPLE"),
	.secret_key = S("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
};

static struct sigv4 request(const char *query)
{
	struct sigv4 q = {
		.method = "GET",
		.host = S("examplebucket.s3.amazonaws.com"),
		.path = S("/"),
		.query = str_of(query),
		.payload = S("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
	};

	EXPECT_TRUE(time_parse(S("2013-05-24T00:00:00Z"), &q.at));
	return q;
}

static void expect_end(const char *want, str got)
{
	EXPECT_TRUE(str_ends(got, str_of(want)));
}

TEST(requests_are_signed_as_amazon_shows_it)
{
	struct arena *a = arena_new();
	struct sigv4 lifecycle = request("lifecycle="), list = request("max-keys=2&prefix=J");

	expect_end("Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
		   sigv4_header(a, &example, &lifecycle));
	expect_end("Signature=34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
		   sigv4_header(a, &example, &list));
	EXPECT_TRUE(str_starts(sigv4_header(a, &example, &list),
			       S("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/"
				 "us-east-1/s3/aws4_request, ")));
	arena_free(a);
}

TEST(addresses_are_signed_as_amazon_shows_it)
{
	struct arena *a = arena_new();
	struct sigv4 q = request("");

	q.path = S("/test.txt");
	EXPECT_CSTR(
		"X-Amz-Algorithm=AWS4-HMAC-SHA256"
		"&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
		"&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
		"&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404",
		sigv4_query(a, &example, &q, 86400).p);
	EXPECT_CSTR("a/b%20%2B%25%C3%A9~", sigv4_encode(a, S("a/b +%\xc3\xa9~"), true).p);
	EXPECT_CSTR("a%2Fb", sigv4_encode(a, S("a/b"), false).p);
	arena_free(a);
}
