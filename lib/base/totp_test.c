#include "lib/base/totp.h"

#include "lib/base/test.h"

#include <string.h>

/* "12345678901234567890" of RFC 6238 in base32 */
#define SECRET S("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")

static usec seconds(int64_t s)
{
	return (usec){ s * SECOND };
}

/* RFC 6238 appendix B gives eight digits; ours are the last six of them. */
TEST(codes_of_rfc_6238)
{
	static const struct {
		int64_t second;
		const char *code;
	} vectors[] = { { 59, "287082" },	  { 1111111109, "081804" },
			{ 1111111111, "050471" }, { 1234567890, "005924" },
			{ 2000000000, "279037" }, { 20000000000, "353130" } };
	char code[7] = "";

	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		EXPECT_TRUE(totp_code(SECRET, vectors[i].second / 30, code));
		EXPECT_CSTR(vectors[i].code, code);
	}
}

TEST(a_code_is_good_for_its_step_and_its_neighbours)
{
	int64_t step = 0;

	EXPECT_TRUE(totp_check(SECRET, S("005924"), seconds(1234567890), 0, &step));
	EXPECT_EQ(1234567890 / 30, step);
	EXPECT_TRUE(totp_check(SECRET, S("005924"), seconds(1234567890 + 30), 0, &step));
	EXPECT_TRUE(totp_check(SECRET, S("005924"), seconds(1234567890 - 30), 0, &step));
	EXPECT_FALSE(totp_check(SECRET, S("005924"), seconds(1234567890 + 60), 0, &step));
	EXPECT_FALSE(totp_check(SECRET, S("005924"), seconds(1234567890 - 60), 0, &step));
}

TEST(a_code_is_good_once)
{
	int64_t step = 0;

	EXPECT_TRUE(totp_check(SECRET, S("005924"), seconds(1234567890), 0, &step));
	EXPECT_FALSE(totp_check(SECRET, S("005924"), seconds(1234567890), step, &step));
	EXPECT_FALSE(totp_check(SECRET, S("005924"), seconds(1234567895), step + 1, &step));
}

TEST(other_codes_and_secrets_are_refused)
{
	int64_t step = 7;
	char code[6], longer[300];

	EXPECT_FALSE(totp_check(SECRET, S("005925"), seconds(1234567890), 0, &step));
	EXPECT_FALSE(totp_check(SECRET, S("00592"), seconds(1234567890), 0, &step));
	EXPECT_FALSE(totp_check(SECRET, S(""), seconds(1234567890), 0, &step));
	EXPECT_FALSE(totp_check(S("not base32"), S("005924"), seconds(1234567890), 0, &step));
	EXPECT_FALSE(totp_code(S(""), 1, code));
	memset(longer, 'A', sizeof(longer));
	EXPECT_FALSE(totp_code((str){ longer, sizeof(longer) }, 1, code));
	EXPECT_EQ(7, step);
}

TEST(new_secrets_are_twenty_random_bytes)
{
	struct arena *a = arena_new();
	str one = totp_secret(a), two = totp_secret(a);
	char code[6];

	EXPECT_EQ(32, one.n);
	EXPECT_FALSE(str_eq(one, two));
	EXPECT_TRUE(totp_code(one, 1, code));
	arena_free(a);
}

TEST(the_uri_is_what_apps_scan)
{
	struct arena *a = arena_new();

	EXPECT_CSTR(
		"otpauth://totp/Sojorn:ann%2Bx%40example.org?secret=JBSWY3DPEHPK3PXP&issuer=Sojorn"
		"&algorithm=SHA1&digits=6&period=30",
		totp_uri(a, S("Sojorn"), S("ann+x@example.org"), S("JBSWY3DPEHPK3PXP")).p);
	arena_free(a);
}
