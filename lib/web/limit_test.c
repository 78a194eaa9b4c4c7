/* Token buckets: what is allowed, what the numbers say, what a full table forgets. */
#include "lib/web/limit.h"

#include "lib/base/test.h"
#include "lib/base/time.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static const struct rate hourly = { "hourly", 3.0 / 3600, 3 };
static const struct rate quick = { "quick", 20, 2 };

TEST(limit_allows_the_burst_and_no_more)
{
	struct limiter *l = limiter_new(1000);

	for (int i = 0; i < 3; i++) {
		struct limit_state s = limiter_take(l, &hourly, S("ann"));
		EXPECT_TRUE(s.allowed);
		EXPECT_EQ(3, s.limit);
		EXPECT_EQ(2 - i, s.remaining);
		EXPECT_EQ(0, s.retry_us);
		EXPECT_NEAR((double)((i + 1) * 20 * MINUTE), (double)s.reset_us, (double)SECOND);
	}
	struct limit_state s = limiter_take(l, &hourly, S("ann"));
	EXPECT_FALSE(s.allowed);
	EXPECT_EQ(0, s.remaining);
	EXPECT_NEAR((double)(20 * MINUTE), (double)s.retry_us, (double)SECOND);
	EXPECT_NEAR((double)HOUR, (double)s.reset_us, (double)SECOND);
	limiter_free(l);
}

TEST(limit_refills_with_time_and_refusals_cost_nothing)
{
	struct limiter *l = limiter_new(1000);
	struct limit_state s;

	while ((s = limiter_take(l, &quick, S("ann"))).allowed)
		continue;
	for (int i = 0; i < 100; i++)
		s = limiter_take(l, &quick, S("ann"));
	EXPECT_TRUE(s.retry_us > 0 && s.retry_us <= 50 * MILLISECOND);
	usleep((useconds_t)s.retry_us + 1000);
	EXPECT_TRUE(limiter_take(l, &quick, S("ann")).allowed);
	limiter_free(l);
}

TEST(limit_keeps_keys_and_rates_apart)
{
	static const struct rate other = { "other", 3.0 / 3600, 1 },
				 same = { "hourly", 3.0 / 3600, 3 };
	struct limiter *l = limiter_new(1000);

	while (limiter_take(l, &hourly, S("ann")).allowed)
		continue;
	EXPECT_TRUE(limiter_take(l, &hourly, S("bob")).allowed);
	EXPECT_TRUE(limiter_take(l, &hourly, S("")).allowed);
	EXPECT_TRUE(limiter_take(l, &other, S("ann")).allowed);
	EXPECT_FALSE(limiter_take(l, &same, S("ann")).allowed);
	limiter_free(l);
}

TEST(limit_return_gives_one_back)
{
	struct limiter *l = limiter_new(1000);

	limiter_return(l, &hourly, S("ann"));
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(limiter_take(l, &hourly, S("ann")).allowed);
	limiter_return(l, &hourly, S("bob"));
	EXPECT_FALSE(limiter_take(l, &hourly, S("ann")).allowed);
	limiter_return(l, &hourly, S("ann"));
	EXPECT_TRUE(limiter_take(l, &hourly, S("ann")).allowed);
	EXPECT_FALSE(limiter_take(l, &hourly, S("ann")).allowed);
	limiter_free(l);
}

TEST(limit_returns_never_fill_above_the_burst)
{
	struct limiter *l = limiter_new(1000);

	EXPECT_TRUE(limiter_take(l, &hourly, S("ann")).allowed);
	for (int i = 0; i < 10; i++)
		limiter_return(l, &hourly, S("ann"));
	for (int i = 0; i < 3; i++)
		EXPECT_TRUE(limiter_take(l, &hourly, S("ann")).allowed);
	EXPECT_FALSE(limiter_take(l, &hourly, S("ann")).allowed);
	limiter_free(l);
}

/* Whoever used a limit up stays refused while a flood of new keys passes through a small table. */
TEST(limit_table_is_bounded_and_forgets_the_fullest)
{
	struct limiter *l = limiter_new(1);
	char key[16];

	while (limiter_take(l, &hourly, S("ann")).allowed)
		continue;
	for (int i = 0; i < 100000; i++) {
		int n = snprintf(key, sizeof(key), "%d", i);
		EXPECT_TRUE(limiter_take(l, &hourly, (str){ key, (size_t)n }).allowed);
	}
	EXPECT_FALSE(limiter_take(l, &hourly, S("ann")).allowed);
	limiter_free(l);
}

struct taker {
	struct limiter *l;
	int allowed;
};

static const struct rate shared = { "shared", 1.0 / 3600, 5000 };

static void *take_many(void *arg)
{
	struct taker *t = arg;

	for (int i = 0; i < 4000; i++)
		t->allowed += limiter_take(t->l, &shared, S("everyone")).allowed;
	return NULL;
}

TEST(limit_counts_exactly_between_threads)
{
	struct taker takers[4] = { 0 };
	pthread_t threads[4];
	int allowed = 0;
	struct limiter *l = limiter_new(1000);

	for (int i = 0; i < 4; i++) {
		takers[i].l = l;
		EXPECT_EQ(0, pthread_create(&threads[i], NULL, take_many, &takers[i]));
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		allowed += takers[i].allowed;
	}
	EXPECT_EQ(5000, allowed);
	limiter_free(l);
}
