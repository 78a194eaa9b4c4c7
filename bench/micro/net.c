/*
 * What the concurrency layer costs, in nanoseconds an operation. Prints one line each; the best of
 * five runs, since the machine is shared.
 *
 *	make micro
 */
#include "lib/net/loop.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMES = 1000000, RUNS = 5 };

static struct loop *l;
static struct co *other;
static struct waiter ball[2];
static int64_t deadline;
static int left;
static struct timer *timer;

static void suspends(void *arg)
{
	(void)arg;
	other = co_self();
	for (int i = 0; i < TIMES; i++)
		co_suspend();
}

static void switch_round_trip(void)
{
	if (!co_start(loop_pool(l), suspends, NULL))
		abort();
	for (int i = 0; i < TIMES; i++)
		co_resume(other);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void start_and_end(void)
{
	for (int i = 0; i < TIMES; i++)
		if (!co_start(loop_pool(l), nothing, NULL))
			abort();
}

static void play(void *arg)
{
	int me = (int)(intptr_t)arg;

	while (left > 0) {
		err e = waiter_wait(&ball[me], deadline);

		(void)e;
		left--;
		waiter_wake(&ball[!me]);
	}
	if (me == 0)
		loop_stop(l);
}

static void wake_and_wait(void)
{
	left = TIMES;
	deadline = 0;
	if (!loop_start(l, play, (void *)0) || !loop_start(l, play, (void *)1))
		abort();
	waiter_wake(&ball[0]);
	loop_run(l);
	ball[0] = ball[1] = (struct waiter){ 0 };
}

static void wake_and_wait_with_deadline(void)
{
	left = TIMES;
	deadline = time_monotonic() + 100 * SECOND;
	if (!loop_start(l, play, (void *)0) || !loop_start(l, play, (void *)1))
		abort();
	waiter_wake(&ball[0]);
	loop_run(l);
	ball[0] = ball[1] = (struct waiter){ 0 };
}

static void set_and_cancel_timer(void)
{
	for (int i = 0; i < TIMES; i++) {
		timer_set(timer, 100 * SECOND);
		timer_cancel(timer);
	}
}

static void clock_read(void)
{
	for (int i = 0; i < TIMES; i++)
		time_monotonic();
}

static void countdown(void *arg)
{
	if (--left > 0)
		loop_post(l, countdown, arg);
	else
		loop_stop(l);
}

static void post_and_turn(void)
{
	left = TIMES;
	loop_post(l, countdown, NULL);
	loop_run(l);
}

static void measure(const char *name, void (*run)(void))
{
	int64_t best = INT64_MAX;

	for (int i = 0; i < RUNS; i++) {
		int64_t start = time_monotonic();

		run();
		start = time_monotonic() - start;
		if (start < best)
			best = start;
	}
	printf("%-34s %8.1f ns\n", name, (double)best * 1000 / TIMES);
}

int main(void)
{
	l = loop_new();
	timer = timer_new(l, nothing, NULL);
	measure("resume + suspend", switch_round_trip);
	measure("start + end, pooled stack", start_and_end);
	measure("wake + wait", wake_and_wait);
	measure("wake + wait with a deadline", wake_and_wait_with_deadline);
	measure("libevent timer, set + cancel", set_and_cancel_timer);
	measure("clock", clock_read);
	measure("post to oneself + turn", post_and_turn);
	timer_free(timer);
	loop_free(l);
}
