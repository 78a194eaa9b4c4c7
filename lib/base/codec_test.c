#include "lib/base/codec.h"

#include "lib/base/rand.h"
#include "lib/base/test.h"

#include <string.h>

static void expect_text(const char *want, const char *got, size_t n)
{
	EXPECT_EQ(strlen(want), n);
	EXPECT_MEM(want, got, n);
}

/* RFC 4648 §10 */
static const struct {
	const char *plain, *base64, *base32, *hex;
} vectors[] = {
	{ "", "", "", "" },
	{ "f", "Zg==", "MY======", "66" },
	{ "fo", "Zm8=", "MZXQ====", "666f" },
	{ "foo", "Zm9v", "MZXW6===", "666f6f" },
	{ "foob", "Zm9vYg==", "MZXW6YQ=", "666f6f62" },
	{ "fooba", "Zm9vYmE=", "MZXW6YTB", "666f6f6261" },
	{ "foobar", "Zm9vYmFy", "MZXW6YTBOI======", "666f6f626172" },
};

TEST(vectors_of_rfc_4648)
{
	char out[64];
	size_t n;

	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		str plain = str_of(vectors[i].plain);

		expect_text(vectors[i].base64, out, base64_encode(plain.p, plain.n, out));
		expect_text(vectors[i].hex, out, hex_encode(plain.p, plain.n, out));
		n = base32_encode(plain.p, plain.n, out);
		EXPECT_EQ(strcspn(vectors[i].base32, "="), n);
		EXPECT_MEM(vectors[i].base32, out, n);

		EXPECT_TRUE(base64_decode(str_of(vectors[i].base64), out, &n));
		expect_text(vectors[i].plain, out, n);
		EXPECT_TRUE(base32_decode(str_of(vectors[i].base32), out, &n));
		expect_text(vectors[i].plain, out, n);
		EXPECT_TRUE(hex_decode(str_of(vectors[i].hex), out, &n));
		expect_text(vectors[i].plain, out, n);
	}
}

TEST(alphabets)
{
	static const uint8_t bytes[] = { 0xFB, 0xEF, 0xBE, 0xFF };
	char out[16];
	size_t n;

	expect_text("++++/w==", out, base64_encode(bytes, 4, out));
	expect_text("----_w", out, base64url_encode(bytes, 4, out));
	EXPECT_TRUE(base64_decode(S("--+-_w"), out, &n));
	EXPECT_MEM(bytes, out, 4);
	EXPECT_TRUE(base64url_decode(S("----_w"), out, &n));
	EXPECT_MEM(bytes, out, 4);
	EXPECT_TRUE(base32_decode(S("mzxw6ytb"), out, &n));
	expect_text("fooba", out, n);
	EXPECT_TRUE(hex_decode(S("Ff0A"), out, &n));
	EXPECT_MEM("\xFF\x0A", out, 2);
}

TEST(malformed_text_is_refused)
{
	static const char *const not_base64[] = { "A",	  "AAAAA", "Zg=",      "Zg===", "=",
						  "====", "Z===",  "Zm=v",     "Zm9\n", "Zm 9",
						  "Zh==", "Zm9=",  "\xC3\x84", "Zm9v=" };
	static const char *const not_base64url[] = { "A", "Zg==", "+", "ab/d", "Zh", "Zm9" };
	static const char *const not_base32[] = { "M",	     "MZX",	 "MZXW6Y",
						  "MY=====", "M=======", "1Y",
						  "8Y",	     "MZ",	 "MY======MY======" };
	static const char *const not_hex[] = { "1", "123", "0g", "g0", " 1", "0x10" };
	uint8_t out[32];
	size_t n;

	for (size_t i = 0; i < sizeof(not_base64) / sizeof(*not_base64); i++)
		EXPECT_FALSE(base64_decode(str_of(not_base64[i]), out, &n));
	for (size_t i = 0; i < sizeof(not_base64url) / sizeof(*not_base64url); i++)
		EXPECT_FALSE(base64url_decode(str_of(not_base64url[i]), out, &n));
	for (size_t i = 0; i < sizeof(not_base32) / sizeof(*not_base32); i++)
		EXPECT_FALSE(base32_decode(str_of(not_base32[i]), out, &n));
	for (size_t i = 0; i < sizeof(not_hex) / sizeof(*not_hex); i++)
		EXPECT_FALSE(hex_decode(str_of(not_hex[i]), out, &n));
}

TEST(every_length_reads_back)
{
	uint8_t bytes[100], back[DECODED_MAX(BASE32_LENGTH(100))];
	char text[HEX_LENGTH(100)];
	size_t n;

	rand_bytes(bytes, sizeof(bytes));
	for (size_t length = 0; length <= sizeof(bytes); length++) {
		EXPECT_TRUE(
			base64_decode((str){ text, base64_encode(bytes, length, text) }, back, &n));
		EXPECT_EQ(length, n);
		EXPECT_MEM(bytes, back, n);
		EXPECT_TRUE(base64url_decode((str){ text, base64url_encode(bytes, length, text) },
					     back, &n));
		EXPECT_EQ(length, n);
		EXPECT_MEM(bytes, back, n);
		EXPECT_TRUE(
			base32_decode((str){ text, base32_encode(bytes, length, text) }, back, &n));
		EXPECT_EQ(length, n);
		EXPECT_MEM(bytes, back, n);
		EXPECT_TRUE(hex_decode((str){ text, hex_encode(bytes, length, text) }, back, &n));
		EXPECT_EQ(length, n);
		EXPECT_MEM(bytes, back, n);
	}
}

/* Each byte at each place of a group, the short last one included. */
TEST(characters_outside_the_alphabets_are_refused)
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	uint8_t out[8];
	size_t n;

	for (int c = 1; c < 256; c++)
		for (size_t at = 0; at < 6; at++) {
			char text[] = "AAAAAAA";
			bool plain = strchr(alphabet, c) != NULL;

			text[at] = (char)c;
			EXPECT_EQ(plain || c == '-' || c == '_',
				  base64url_decode(str_of(text), out, &n));
			EXPECT_EQ(plain || strchr("-_+/", c), base64_decode(str_of(text), out, &n));
		}
}

TEST(percent_encoding_keeps_only_the_unreserved)
{
	char out[64];

	expect_text("a-Z_0.9~", out, percent_encode(S("a-Z_0.9~"), out));
	expect_text("%20%2B%2F%3D%26%40%C3%BC%00", out, percent_encode(S(" +/=&@\xC3\xBC\0"), out));
}

TEST(percent_decoding_leaves_what_is_no_encoding)
{
	char out[16];

	expect_text("a b+c", out, percent_decode(S("a%20b%2bc"), true, out));
	expect_text("a+b c", out, percent_decode(S("a+b%20c"), false, out));
	expect_text("a b", out, percent_decode(S("a+b"), true, out));
	expect_text("%", out, percent_decode(S("%"), false, out));
	expect_text("%2", out, percent_decode(S("%2"), false, out));
	expect_text("%zz 1", out, percent_decode(S("%zz%201"), false, out));
}
