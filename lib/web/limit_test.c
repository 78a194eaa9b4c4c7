/* Token buckets: what is allowed, what the numbers say, what a full table forgets. */
#include "lib/web/limit.h"

#include "lib/base/test.h"
#include "lib/base/time.h"
#include "lib/net/redis_server_test.h"

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

/* ---- buckets that copies share ---- */

static struct limiter *sharing(struct redis *r, const char *secret)
{
	struct limiter *l = limiter_new(1000);

	limiter_share(l, r, str_of(secret), NULL);
	return l;
}

static int allowed_of(struct limiter *l, const struct rate *rate, int n)
{
	int allowed = 0;

	while (n-- > 0)
		allowed += limiter_ask(l, rate, S("ann")).allowed;
	return allowed;
}

REDIS_TEST(limit_is_one_over_all_copies)
{
	static const struct rate ten = { "ten", 10.0 / 3600, 10 };
	struct redis *r = redis_server("");
	struct limiter *a = sharing(r, "s"), *b = sharing(r, "s"), *other = sharing(r, "t");
	struct limit_state s;

	redis_server_await(r);
	EXPECT_EQ(4, allowed_of(a, &ten, 4));
	EXPECT_EQ(6, allowed_of(b, &ten, 20));
	s = limiter_ask(a, &ten, S("ann"));
	EXPECT_FALSE(s.allowed);
	EXPECT_EQ(0, s.remaining);
	EXPECT_NEAR((double)(6 * MINUTE), (double)s.retry_us, (double)(20 * SECOND));
	EXPECT_TRUE(limiter_ask(a, &ten, S("bob")).allowed);
	EXPECT_EQ(10, allowed_of(other, &ten, 20)); /* another installation */
	limiter_return(b, &ten, S("ann"));
	REDIS_UNTIL(limiter_ask(a, &ten, S("ann")).allowed);
	EXPECT_EQ(0, allowed_of(b, &ten, 1));
	limiter_free(a);
	limiter_free(b);
	limiter_free(other);
}

/* Taken without waiting: the other copy knows a moment later, and never grants more than is there. */
REDIS_TEST(limit_hears_of_what_others_took)
{
	static const struct rate ten = { "ten", 10.0 / 3600, 10 };
	struct redis *r = redis_server("");
	struct limiter *a = sharing(r, "s"), *b = sharing(r, "s");
	const str words[] = { S("DBSIZE") };

	redis_server_await(r);
	for (int i = 0; i < 10; i++)
		EXPECT_TRUE(limiter_take(a, &ten, S("ann")).allowed);
	REDIS_UNTIL(redis_ask(r, words, 1, SECOND).v[0] == 1); /* behind what was told */
	EXPECT_TRUE(limiter_take(b, &ten, S("ann")).allowed);  /* which it cannot know of */
	REDIS_UNTIL(!limiter_take(b, &ten, S("ann")).allowed);
	EXPECT_FALSE(limiter_ask(a, &ten, S("ann")).allowed);
	limiter_free(a);
	limiter_free(b);
}

static int copies;

static int other_copies(void)
{
	return copies;
}

/* … until somebody is, who then hears of all that was taken before. */
REDIS_TEST(limit_tells_nobody_when_nobody_is_there)
{
	static const struct rate ten = { "ten", 10.0 / 3600, 10 };
	struct redis *r = redis_server("");
	struct limiter *a = limiter_new(1000), *b = sharing(r, "s");
	const str words[] = { S("DBSIZE") };

	limiter_share(a, r, S("s"), other_copies);
	redis_server_await(r);
	for (int i = 0; i < 5; i++)
		EXPECT_TRUE(limiter_take(a, &ten, S("ann")).allowed);
	EXPECT_EQ(0, redis_ask(r, words, 1, 10 * SECOND).v[0]);
	copies = 1;
	EXPECT_TRUE(limiter_take(a, &ten, S("ann")).allowed);
	REDIS_UNTIL(redis_ask(r, words, 1, SECOND).v[0] == 1);
	EXPECT_EQ(4, allowed_of(b, &ten, 20));
	limiter_free(a);
	limiter_free(b);
}

REDIS_TEST(limit_stays_right_when_redis_is_gone)
{
	static const struct rate ten = { "ten", 10.0 / 3600, 10 };
	struct redis *r = redis_server("");
	struct limiter *a = sharing(r, "s"), *b = sharing(r, "s");
	const str ping = S("PING");

	redis_server_await(r);
	EXPECT_EQ(4, allowed_of(a, &ten, 4));
	EXPECT_EQ(3, allowed_of(b, &ten, 3));
	redis_server_stop();
	REDIS_UNTIL(!redis_send(r, &ping, 1, NULL, NULL));
	EXPECT_EQ(3, allowed_of(b, &ten, 20)); /* goes on from what it knew of both */
	EXPECT_EQ(6, allowed_of(a, &ten, 20));
	redis_server_start(NULL); /* and has forgotten, but not everybody has */
	redis_server_await(r);
	EXPECT_EQ(0, allowed_of(a, &ten, 20));
	EXPECT_EQ(0, allowed_of(b, &ten, 20));
	limiter_free(a);
	limiter_free(b);
}
