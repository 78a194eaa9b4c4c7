/* The loop: posts, ends of turns, timers, readiness, stalls. */
#include "lib/net/loop.h"

#include "lib/base/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *l;
static int count;

static void stop(void *arg)
{
	(void)arg;
	loop_stop(l);
}

/* Runs the loop until somebody stops it. */
static void run(void)
{
	loop_run(l);
	EXPECT_EQ(0, co_pool_active(loop_pool(l)));
	loop_free(l);
}

/* ---- posts ---- */

static void in_order(void *arg)
{
	EXPECT_EQ(count, (intptr_t)arg);
	EXPECT_PTR(l, loop_self());
	EXPECT_NULL(co_self());
	count++;
}

TEST(posts_run_in_order_on_the_loop)
{
	l = loop_new();
	for (intptr_t i = 0; i < 1000; i++)
		loop_post(l, in_order, (void *)i);
	loop_post(l, stop, NULL);
	EXPECT_NULL(loop_self());
	run();
	EXPECT_EQ(1000, count);
	EXPECT_NULL(loop_self());
}

static void post_again(void *arg)
{
	if (++count == 100)
		loop_stop(l);
	else
		loop_post(l, post_again, arg);
}

TEST(a_post_may_post)
{
	l = loop_new();
	loop_post(l, post_again, NULL);
	run();
	EXPECT_EQ(100, count);
}

enum { SENDERS = 4, POSTS = 20000 };
static int next_of[SENDERS];

static void storm_arrives(void *arg)
{
	int sender = (int)((intptr_t)arg / POSTS), number = (int)((intptr_t)arg % POSTS);

	EXPECT_EQ(next_of[sender], number);
	next_of[sender]++;
	if (++count == SENDERS * POSTS)
		loop_stop(l);
}

static void *storm(void *arg)
{
	for (intptr_t i = 0; i < POSTS; i++)
		loop_post(l, storm_arrives, (void *)((intptr_t)arg * POSTS + i));
	return NULL;
}

TEST(a_storm_of_posts_from_other_threads_loses_none_and_keeps_each_senders_order)
{
	pthread_t t[SENDERS];

	l = loop_new();
	for (intptr_t i = 0; i < SENDERS; i++)
		pthread_create(&t[i], NULL, storm, (void *)i);
	loop_run(l);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(t[i], NULL);
	loop_free(l);
	EXPECT_EQ(SENDERS * POSTS, count);
}

TEST(posts_not_run_are_dropped_with_the_loop)
{
	l = loop_new();
	loop_post(l, in_order, NULL);
	loop_free(l);
	EXPECT_EQ(0, count);
}

static void *run_other_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

static struct loop *other;

static void pong(void *arg)
{
	(void)arg;
	if (++count == 2000)
		loop_stop(l);
}

static void ping(void *arg)
{
	EXPECT_PTR(other, loop_self());
	loop_post(l, pong, arg);
}

TEST(two_loops_talk_through_their_mailboxes)
{
	pthread_t t;

	l = loop_new();
	other = loop_new();
	pthread_create(&t, NULL, run_other_loop, other);
	for (int i = 0; i < 2000; i++)
		loop_post(other, ping, NULL);
	loop_run(l);
	loop_stop(other);
	pthread_join(t, NULL);
	loop_free(other);
	loop_free(l);
	EXPECT_EQ(2000, count);
}

TEST(a_stop_before_the_run_is_not_lost)
{
	l = loop_new();
	loop_stop(l);
	run();
}

/* ---- ends of turns ---- */

static void at_end(void *arg)
{
	++*(int *)arg;
}

static void flushes(void *arg)
{
	struct hook *end = arg;
	int *flushed = end->arg;

	for (int i = 0; i < 10; i++) {
		loop_at_turn_end(l, end);
		EXPECT_EQ(0, *flushed);
	}
}

static void flushed_once(void *arg)
{
	EXPECT_EQ(1, *(int *)((struct hook *)arg)->arg);
	loop_stop(l);
}

static void flush_and_check(void *arg)
{
	flushes(arg);
	loop_post(l, flushed_once, arg);
}

TEST(a_hook_runs_once_at_the_end_of_the_turn)
{
	int flushed = 0;
	struct hook end = { .fn = at_end, .arg = &flushed };

	l = loop_new();
	loop_post(l, flush_and_check, &end);
	run();
	EXPECT_EQ(1, flushed);
}

static void hook_again(void *arg)
{
	if (++count == 50)
		loop_stop(l);
	else
		loop_at_turn_end(l, arg);
}

TEST(a_hook_may_ask_for_the_next_turns_end_which_does_not_wait)
{
	int64_t start = time_monotonic();
	struct hook again = { .fn = hook_again, .arg = &again };

	l = loop_new();
	loop_at_turn_end(l, &again);
	run();
	EXPECT_EQ(50, count);
	EXPECT_TRUE(time_monotonic() - start < 5 * SECOND);
}

static void stop_at_end(void *arg)
{
	(void)arg;
	loop_stop(l);
}

static void forget_the_other(void *arg)
{
	loop_forget(l, arg);
	loop_forget(l, arg);
	loop_stop(l);
}

TEST(a_hook_can_be_taken_back_even_while_hooks_run)
{
	int ends = 0, kept = 0;
	struct hook other_end = { .fn = at_end, .arg = &ends },
		    keeps = { .fn = at_end, .arg = &kept },
		    forgets = { .fn = forget_the_other, .arg = &other_end };

	l = loop_new();
	loop_at_turn_end(l, &forgets);
	loop_at_turn_end(l, &other_end);
	loop_at_turn_end(l, &keeps);
	run();
	EXPECT_EQ(0, ends);
	EXPECT_EQ(1, kept);
}

/* The last one waiting, and then the only one. */
TEST(hooks_that_were_taken_back_leave_no_hole)
{
	int ends = 0;
	struct hook first = { .fn = at_end, .arg = &ends }, last = { .fn = at_end, .arg = &ends },
		    stops = { .fn = stop_at_end, .arg = NULL };

	l = loop_new();
	loop_at_turn_end(l, &first);
	loop_at_turn_end(l, &last);
	loop_forget(l, &last);
	loop_forget(l, &first);
	loop_at_turn_end(l, &last);
	loop_at_turn_end(l, &stops);
	run();
	EXPECT_EQ(1, ends);
}

/* What coroutines queue while they run is flushed in the same turn. */
static void queue_then_wait(void *arg)
{
	struct hook *end = arg;

	loop_sleep(MILLISECOND);
	loop_at_turn_end(l, end);
	loop_sleep(MILLISECOND);
	EXPECT_EQ(1, *(int *)end->arg);
	loop_stop(l);
}

static void start_queue(void *arg)
{
	EXPECT_TRUE(loop_start(l, queue_then_wait, arg));
}

TEST(a_coroutines_hook_runs_in_its_turn)
{
	int flushed = 0;
	struct hook end = { .fn = at_end, .arg = &flushed };

	l = loop_new();
	loop_post(l, start_queue, &end);
	run();
}

/* ---- timers, readiness ---- */

static struct timer *timers[3];

static void free_own_timer(void *arg)
{
	struct timer **t = arg;

	timer_free(*t);
	*t = NULL;
	loop_stop(l);
}

static void never(void *arg)
{
	(void)arg;
	fail();
}

TEST(timers_fire_once_can_be_cancelled_and_freed_inside)
{
	l = loop_new();
	timers[0] = timer_new(l, never, NULL);
	timer_set(timers[0], 5 * MILLISECOND);
	timer_cancel(timers[0]);
	timers[1] = timer_new(l, free_own_timer, &timers[1]);
	timer_set(timers[1], 20 * MILLISECOND);
	timer_set(timers[1], 10 * MILLISECOND);
	timers[2] = timer_new(l, at_end, &count);
	timer_set(timers[2], 0);
	loop_run(l);
	EXPECT_NULL(timers[1]);
	EXPECT_EQ(1, count);
	timer_free(timers[0]);
	timer_free(timers[2]);
	loop_free(l);
}

struct pipe_end {
	int fd, peer;
	struct watch *w;
};

static void on_ready(void *arg, int ready)
{
	struct pipe_end *p = arg;
	char c;

	if (ready == WATCH_WRITE) {
		EXPECT_EQ(1, write(p->fd, "x", 1));
		watch_set(p->w, WATCH_READ);
		EXPECT_EQ(1, write(p->peer, "y", 1));
		return;
	}
	EXPECT_EQ(WATCH_READ, ready);
	EXPECT_EQ(1, read(p->fd, &c, 1));
	EXPECT_EQ('y', c);
	watch_free(p->w);
	count++;
	loop_stop(l);
}

TEST(a_watch_reports_reading_and_writing)
{
	int fd[2];
	struct pipe_end p;

	l = loop_new();
	EXPECT_EQ(0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd));
	p = (struct pipe_end){ fd[0], fd[1], watch_new(l, fd[0], on_ready, &p) };
	watch_set(p.w, WATCH_READ | WATCH_WRITE);
	run();
	EXPECT_EQ(1, count);
	close(fd[0]);
	close(fd[1]);
}

/* ---- stalls ---- */

static char stalls[128];

static void note_stall(const char *name, int64_t us)
{
	EXPECT_TRUE(us > 10 * MILLISECOND);
	strcat(stalls, name ? name : "?");
	strcat(stalls, " ");
}

static void hog(void *arg)
{
	loop_set_slice_name(l, arg);
	loop_sleep(MILLISECOND);
	usleep(30000); /* the name given before the wait is still this coroutine's */
	loop_sleep(MILLISECOND);
	if (--count == 0)
		loop_stop(l);
}

static void start_hogs(void *arg)
{
	(void)arg;
	count = 2;
	EXPECT_TRUE(loop_start(l, hog, "one"));
	EXPECT_TRUE(loop_start(l, hog, "two"));
	loop_set_slice_name(l, NULL);
	usleep(30000);
}

static void two_things(void *arg)
{
	(void)arg;
	loop_set_slice_name(l, "first");
	usleep(20000);
	loop_new_slice(l);
	loop_set_slice_name(l, "second");
	usleep(20000);
	loop_stop(l);
}

TEST(a_callback_may_split_its_work_into_slices)
{
	l = loop_new();
	loop_on_stall(l, note_stall);
	loop_post(l, two_things, NULL);
	run();
	EXPECT_CSTR("first second ", stalls);
}

static void long_hook(void *arg)
{
	(void)arg;
	usleep(20000);
	loop_stop(l);
}

TEST(a_hook_is_a_slice)
{
	struct hook h = { .fn = long_hook, .arg = NULL };

	l = loop_new();
	loop_on_stall(l, note_stall);
	loop_at_turn_end(l, &h);
	run();
	EXPECT_CSTR("? ", stalls);
}

TEST(stalls_are_reported_with_the_slices_name)
{
	l = loop_new();
	loop_on_stall(l, note_stall);
	loop_post(l, start_hogs, NULL);
	run();
	EXPECT_CSTR("? one two ", stalls);
}

/* ---- parts ---- */

static char parts[64];

static void *make_part(struct loop *of, const struct loop_part *kind)
{
	(void)kind;
	EXPECT_PTR(l, of);
	strcat(parts, "+");
	return timer_new(of, stop, NULL);
}

static void free_part(void *part)
{
	strcat(parts, "-");
	timer_free(part);
}

static void *make_none(struct loop *of, const struct loop_part *kind)
{
	(void)of, (void)kind;
	strcat(parts, "0");
	return NULL;
}

TEST(a_loop_makes_a_part_once_and_frees_it)
{
	static const struct loop_part kind = { make_part, free_part },
				      none = { make_none, free_part };
	void *part;

	l = loop_new();
	part = loop_part(l, &kind);
	EXPECT_TRUE(part);
	EXPECT_NULL(loop_part(l, &none));
	EXPECT_NULL(loop_part(l, &none));
	EXPECT_PTR(part, loop_part(l, &kind));
	loop_free(l);
	EXPECT_CSTR("+00-", parts);
}
