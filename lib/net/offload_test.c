/* The offload pool: many jobs, a full queue, closing with work queued, no coroutine. */
#include "lib/net/offload.h"

#include "lib/base/test.h"
#include "lib/net/loop.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct loop *l;
static struct offload *pool;
static int left, refused;
static atomic_int ran;
static sem_t gate;

struct sum {
	int from, result;
	pthread_t thread;
	int nice;
};

static void add_up(void *arg)
{
	struct sum *s = arg;

	for (int i = 0; i < 1000; i++)
		s->result += s->from;
	s->thread = pthread_self();
	s->nice = getpriority(PRIO_PROCESS, (id_t)gettid());
	ran++;
}

static void one_job(void *arg)
{
	struct sum s = { .from = (int)(intptr_t)arg };

	EXPECT_NULL(offload_run(pool, add_up, &s).info);
	EXPECT_EQ(1000 * (intptr_t)arg, s.result);
	EXPECT_FALSE(pthread_equal(s.thread, pthread_self()));
	EXPECT_EQ(OFFLOAD_NICE, s.nice);
	if (--left == 0)
		loop_stop(l);
}

static void start_jobs(void *arg)
{
	left = (int)(intptr_t)arg;
	for (intptr_t i = 0; i < (intptr_t)arg; i++)
		EXPECT_TRUE(loop_start(l, one_job, (void *)i));
}

TEST(five_hundred_jobs_come_back_to_their_coroutines)
{
	l = loop_new();
	pool = offload_new(3, 500);
	loop_post(l, start_jobs, (void *)500);
	loop_run(l);
	EXPECT_EQ(500, ran);
	offload_free(pool);
	loop_free(l);
}

static void wait_at_gate(void *arg)
{
	(void)arg;
	sem_wait(&gate);
	ran++;
}

static void gated_job(void *arg)
{
	err e = offload_run(pool, wait_at_gate, arg);

	if (err_is(e, err_unavailable))
		refused++;
	else
		EXPECT_NULL(e.info);
	if (--left == 0)
		loop_stop(l);
}

static void fill_the_queue(void *arg)
{
	(void)arg;
	left = 20;
	EXPECT_TRUE(loop_start(l, gated_job, NULL));
	loop_sleep(50 * MILLISECOND); /* the worker holds the first, so five fit in the queue */
	for (int i = 1; i < 20; i++)
		EXPECT_TRUE(loop_start(l, gated_job, NULL));
	EXPECT_EQ(14, refused);
	for (int i = 0; i < 6; i++)
		sem_post(&gate);
}

static void start_filling(void *arg)
{
	EXPECT_TRUE(loop_start(l, fill_the_queue, arg));
}

TEST(a_full_queue_refuses)
{
	sem_init(&gate, 0, 0);
	l = loop_new();
	pool = offload_new(1, 5);
	loop_post(l, start_filling, NULL);
	loop_run(l);
	EXPECT_EQ(6, ran);
	EXPECT_EQ(14, refused);
	offload_free(pool);
	loop_free(l);
}

static void *free_pool(void *arg)
{
	offload_free(arg);
	return NULL;
}

static void jobs_then_free(void *arg)
{
	start_jobs((void *)100);
	pthread_create(arg, NULL, free_pool, pool);
}

TEST(closing_finishes_what_is_queued)
{
	pthread_t closer;

	l = loop_new();
	pool = offload_new(2, 100);
	loop_post(l, jobs_then_free, &closer);
	loop_run(l);
	pthread_join(closer, NULL);
	EXPECT_EQ(100, ran);
	loop_free(l);
}

TEST(without_a_coroutine_the_job_runs_at_once)
{
	struct sum s = { .from = 2 };

	pool = offload_new(1, 1);
	EXPECT_NULL(offload_run(pool, add_up, &s).info);
	EXPECT_EQ(2000, s.result);
	EXPECT_TRUE(pthread_equal(s.thread, pthread_self()));
	offload_free(pool);
	offload_free(NULL);
}

static void *second_loop(void *arg)
{
	loop_run(arg);
	return NULL;
}

static struct loop *second;
static atomic_int second_left;

static void on_second(void *arg)
{
	struct sum s = { .from = (int)(intptr_t)arg };

	EXPECT_NULL(offload_run(pool, add_up, &s).info);
	EXPECT_PTR(second, loop_self());
	if (--second_left == 0)
		loop_stop(second);
}

static void start_on_second(void *arg)
{
	second_left = 100;
	for (intptr_t i = 0; i < 100; i++)
		EXPECT_TRUE(loop_start(second, on_second, (void *)i));
	(void)arg;
}

TEST(two_loops_share_a_pool)
{
	pthread_t t;

	l = loop_new();
	second = loop_new();
	pool = offload_new(2, 1000);
	loop_post(l, start_jobs, (void *)100);
	loop_post(second, start_on_second, NULL);
	pthread_create(&t, NULL, second_loop, second);
	loop_run(l);
	pthread_join(t, NULL);
	EXPECT_EQ(200, ran);
	offload_free(pool);
	loop_free(l);
	loop_free(second);
}
