#include "lib/base/rand.h"

#include "lib/base/arena.h"
#include "lib/base/test.h"

#include <string.h>

TEST(random_bytes_fill_the_buffer)
{
	enum { N = 100000 };
	static uint8_t buffer[N];
	size_t seen[256] = { 0 };

	rand_bytes(buffer, N);
	for (size_t i = 0; i < N; i++)
		seen[buffer[i]]++;
	for (int i = 0; i < 256; i++) /* expected 391, standard deviation 20 */
		EXPECT_TRUE(seen[i] > 200 && seen[i] < 600);
}

TEST(tokens_are_url_safe)
{
	struct arena *a = arena_new();
	str one = rand_token(a, 32), two = rand_token(a, 32);

	EXPECT_EQ(43, one.n);
	EXPECT_EQ(43, strlen(one.p));
	EXPECT_EQ(43,
		  strspn(one.p,
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"));
	EXPECT_FALSE(str_eq(one, two));
	arena_free(a);
}

TEST(the_seeded_sequence_is_splitmix64)
{
	struct rand_seq r = { 1234567 };

	EXPECT_TRUE(rand_next(&r) == UINT64_C(6457827717110365317));
	EXPECT_TRUE(rand_next(&r) == UINT64_C(3203168211198807973));
	EXPECT_TRUE(rand_next(&r) == UINT64_C(9817491932198370423));
}

TEST(below_is_uniform)
{
	struct rand_seq r = { 42 };
	int seen[10] = { 0 };

	for (int i = 0; i < 100000; i++)
		seen[rand_below(&r, 10)]++;
	for (int i = 0; i < 10; i++)
		EXPECT_TRUE(seen[i] > 9500 && seen[i] < 10500);
	EXPECT_EQ(0, rand_below(&r, 1));
}
