/* Values from another implementation: Python 3.11's hash() of bytes under PYTHONHASHSEED=0. */
#include "lib/base/hash.h"

#include "lib/base/test.h"

TEST(hash_agrees_with_another_implementation)
{
	static const struct {
		str text;
		uint64_t hash;
	} known[] = {
		{ S("a"), UINT64_C(0x407448d2b89b1813) },
		{ S("1234567"), UINT64_C(0xa33d651594fdae81) },
		{ S("12345678"), UINT64_C(0x3489982430560a87) },
		{ S("123456789"), UINT64_C(0x0fbc0f0007965fcf) },
		{ S("the quick brown fox jumps over the lazy dog"), UINT64_C(0x80a65583f613da2d) },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		EXPECT_TRUE(hash_bytes(known[i].text.p, known[i].text.n, 0) == known[i].hash);
}

TEST(hash_depends_on_seed_and_length)
{
	static const char zeros[16];

	EXPECT_TRUE(hash_bytes("a", 1, 1) != hash_bytes("a", 1, 2));
	EXPECT_TRUE(hash_bytes(NULL, 0, 1) != hash_bytes(NULL, 0, 2));
	for (size_t n = 1; n <= sizeof(zeros); n++)
		EXPECT_TRUE(hash_bytes(zeros, n, 7) != hash_bytes(zeros, n - 1, 7));
}
