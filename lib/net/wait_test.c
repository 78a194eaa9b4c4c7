/* Waiting: wakes, deadlines, both at once, sleeping, and that others get their turn meanwhile. */
#include "lib/net/loop.h"

#include "lib/base/test.h"

static struct loop *l;
static int count;

/* Runs the loop until somebody stops it. */
static void run(void)
{
	loop_run(l);
	EXPECT_EQ(0, co_pool_active(loop_pool(l)));
	loop_free(l);
}

static struct waiter shared;

static void waits(void *arg)
{
	EXPECT_EQ(0, count++);
	EXPECT_NULL(waiter_wait(&shared, 0).info);
	EXPECT_EQ(2, count++);
	loop_stop(arg);
}

static void wakes(void *arg)
{
	waiter_wake(&shared);
	EXPECT_EQ(1, count++); /* it does not run inside of the call */
	waiter_wake(arg);      /* a second wake of the same wait changes nothing */
}

TEST(a_waiter_runs_after_the_callback_that_woke_it)
{
	l = loop_new();
	loop_post(l, wakes, &shared);
	EXPECT_TRUE(loop_start(l, waits, l));
	run();
	EXPECT_EQ(3, count);
}

static void wake_then_wait(void *arg)
{
	struct waiter w = { 0 };

	waiter_wake(&w);
	EXPECT_NULL(
		waiter_wait(&w, time_monotonic() - SECOND).info); /* although the deadline passed */
	EXPECT_TRUE(err_is(waiter_wait(&w, time_monotonic() - 1),
			   err_deadline)); /* one wake, one wait */
	(void)arg;
	loop_stop(l);
}

static void start_wake_then_wait(void *arg)
{
	EXPECT_TRUE(loop_start(l, wake_then_wait, arg));
}

TEST(a_wake_before_the_wait_counts)
{
	l = loop_new();
	loop_post(l, start_wake_then_wait, NULL);
	run();
}

static void wait_until(void *arg)
{
	int64_t us = (intptr_t)arg, start = time_monotonic();
	struct waiter w = { 0 };

	EXPECT_TRUE(err_is(waiter_wait(&w, start + us), err_deadline));
	us = time_monotonic() - start - us;
	EXPECT_TRUE(us >= 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	EXPECT_TRUE(us < 200 * MILLISECOND);
#endif
	if (--count == 0)
		loop_stop(l);
}

static void start_wait_until(void *arg)
{
	EXPECT_TRUE(loop_start(l, wait_until, arg));
}

TEST(deadlines_pass_for_each_on_its_own_time)
{
	l = loop_new();
	for (intptr_t ms = 200; ms > 0; ms--) {
		count++;
		loop_post(l, start_wait_until, (void *)(ms * MILLISECOND));
	}
	run();
}

/* Woken just before or after the deadline, by a timer: never both, never lost. */
static void race_deadline(void *arg)
{
	struct waiter w = { 0 };
	int64_t us = (intptr_t)arg % 7 * MILLISECOND;
	struct timer *t = timer_new(l, (void (*)(void *))waiter_wake, &w);
	err e;

	timer_set(t, us);
	e = waiter_wait(&w, time_monotonic() + 3 * MILLISECOND);
	EXPECT_TRUE(!e.info || err_is(e, err_deadline));
	EXPECT_TRUE(us == 0 ? !e.info : true);
	timer_free(t);
	if (--count == 0)
		loop_stop(l);
}

static void start_races(void *arg)
{
	(void)arg;
	for (intptr_t i = 0; i < 500; i++) {
		count++;
		EXPECT_TRUE(loop_start(l, race_deadline, (void *)i));
	}
}

TEST(a_wake_and_a_deadline_at_the_same_time)
{
	l = loop_new();
	loop_post(l, start_races, NULL);
	run();
}

static void sleep_some(void *arg)
{
	int64_t us = (intptr_t)arg, start = time_monotonic();

	loop_sleep(us);
	EXPECT_TRUE(time_monotonic() - start >= us);
	if (--count == 0)
		loop_stop(l);
}

static void start_sleepers(void *arg)
{
	(void)arg;
	for (int i = 0; i < 500; i++) {
		count++;
		EXPECT_TRUE(loop_start(l, sleep_some, (void *)(intptr_t)(i % 50 * MILLISECOND)));
	}
}

TEST(sleepers_sleep)
{
	l = loop_new();
	loop_post(l, start_sleepers, NULL);
	run();
}

/* Two coroutines that wake each other for ever must not keep the rest of the loop from running. */
static struct waiter ball[2];
static bool game_over;

static void play(void *arg)
{
	int me = (int)(intptr_t)arg;

	while (!game_over) {
		EXPECT_NULL(waiter_wait(&ball[me], 0).info);
		waiter_wake(&ball[!me]);
		count++;
	}
	if (game_over && me == 1)
		loop_stop(l);
}

static void end_game(void *arg)
{
	(void)arg;
	game_over = true;
}

static void start_game(void *arg)
{
	struct timer **t = arg;

	*t = timer_new(l, end_game, NULL);
	timer_set(*t, 20 * MILLISECOND);
	EXPECT_TRUE(loop_start(l, play, (void *)0));
	EXPECT_TRUE(loop_start(l, play, (void *)1));
	waiter_wake(&ball[0]);
}

TEST(coroutines_waking_each_other_leave_room_for_timers)
{
	struct timer *t = NULL;

	l = loop_new();
	loop_post(l, start_game, &t);
	loop_run(l);
	EXPECT_TRUE(count > 0);
	timer_free(t);
	loop_free(l);
}
