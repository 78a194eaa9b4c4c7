/* Coroutines: order of execution, nesting, reuse of stacks, the guard page, numbers. */
#include "lib/net/co.h"

#include "lib/base/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __has_feature
#if __has_feature(thread_sanitizer)
#define UNDER_TSAN 1
#endif
#endif
#ifdef __SANITIZE_THREAD__
#define UNDER_TSAN 1
#endif
#if defined(UNDER_TSAN) || defined(SOJORN_PAINT_STACKS)
enum { MANY = 500 }; /* a fiber costs TSan about a megabyte, paint touches the whole stack */
#else
enum { MANY = 10000 };
#endif

static char trace[64];
static struct co *remembered[MANY];

static void say(const char *what)
{
	strncat(trace, what, sizeof trace - strlen(trace) - 1);
}

static void two_steps(void *arg)
{
	(void)arg;
	say("a");
	remembered[0] = co_self();
	co_suspend();
	say("b");
	co_suspend();
	say("c");
}

TEST(a_coroutine_runs_until_it_yields_and_goes_on_when_resumed)
{
	struct co_pool *p = co_pool_new(0, 4);

	EXPECT_NULL(co_self());
	EXPECT_TRUE(co_start(p, two_steps, NULL));
	say("1");
	EXPECT_EQ(1, co_pool_active(p));
	co_resume(remembered[0]);
	say("2");
	co_resume(remembered[0]);
	say("3");
	EXPECT_CSTR("a1b2c3", trace);
	EXPECT_EQ(0, co_pool_active(p));
	EXPECT_NULL(co_self());
	co_pool_free(p);
}

static void inner(void *arg)
{
	say("i");
	*(struct co **)arg = co_self();
	co_suspend();
	say("I");
}

static struct co_pool *nest_pool;

static void outer(void *arg)
{
	struct co *me = co_self();

	say("o");
	EXPECT_TRUE(co_start(nest_pool, inner, arg));
	EXPECT_PTR(me, co_self());
	say("O");
}

TEST(a_coroutine_may_start_another_and_end_before_it)
{
	struct co *left;

	nest_pool = co_pool_new(0, 4);
	EXPECT_TRUE(co_start(nest_pool, outer, &left));
	EXPECT_CSTR("oiO", trace);
	EXPECT_EQ(1, co_pool_active(nest_pool));
	co_resume(left);
	EXPECT_CSTR("oiOI", trace);
	EXPECT_EQ(0, co_pool_active(nest_pool));
	co_pool_free(nest_pool);
}

static void keep_bytes(void *arg)
{
	char local[256];

	memset(local, *(char *)arg, sizeof local);
	remembered[*(int *)arg] = co_self();
	co_suspend();
	for (size_t i = 0; i < sizeof local; i++)
		EXPECT_EQ(*(char *)arg, local[i]);
}

TEST(thousands_keep_their_own_stacks)
{
	struct co_pool *p = co_pool_new(0, 100);
	static int number[MANY];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			number[i] = i;
			EXPECT_TRUE(co_start(p, keep_bytes, &number[i]));
		}
		EXPECT_EQ(MANY, co_pool_active(p));
		for (int i = 0; i < MANY; i++)
			co_resume(remembered[(i * 7919) % MANY]); /* 7919 is prime: each once */
		EXPECT_EQ(0, co_pool_active(p));
	}
	co_pool_free(p);
}

struct walker {
	unsigned steps;
	struct co *co;
};

static void random_walk(void *arg)
{
	struct walker *w = arg;

	w->co = co_self();
	while (w->steps--) {
		char *heap = malloc(32); /* seen by LeakSanitizer only through this stack */

		memset(heap, 1, 32);
		co_suspend();
		free(heap);
	}
	w->steps = 0;
	w->co = NULL;
}

TEST(stress_of_starting_resuming_and_ending)
{
	enum { SLOTS = 64, TURNS = 200000 };
	struct co_pool *p = co_pool_new(0, SLOTS / 2);
	static struct walker walkers[SLOTS];
	unsigned seed = 1;

	for (int i = 0; i < TURNS; i++) {
		struct walker *w =
			&walkers[(seed = seed * 1664525 + 1013904223) >> 8 & (SLOTS - 1)];

		if (w->co) {
			co_resume(w->co);
			continue;
		}
		w->steps = 1 + (seed >> 20) % 9;
		EXPECT_TRUE(co_start(p, random_walk, w));
	}
	for (int i = 0; i < SLOTS; i++)
		while (walkers[i].co)
			co_resume(walkers[i].co);
	EXPECT_EQ(0, co_pool_active(p));
	co_pool_free(p);
}

static double half(double x)
{
	co_suspend();
	return x / 2;
}

static void floats(void *arg)
{
	double x = *(double *)arg;

	remembered[0] = co_self();
	*(double *)arg = half(x) + half(x + 1);
}

TEST(floating_point_survives_a_switch)
{
	struct co_pool *p = co_pool_new(0, 0);
	double x = 3.5;

	EXPECT_TRUE(co_start(p, floats, &x));
	co_resume(remembered[0]);
	co_resume(remembered[0]);
	EXPECT_NEAR(4.0, x, 0);
	co_pool_free(p);
}

[[gnu::noinline]] static int deeper(volatile char *above, int depth)
{
	volatile char block[1024];

	block[0] = above ? above[0] : 1;
	if (depth == 0)
		return block[0];
	return deeper(block, depth - 1) + block[0];
}

static void dive(void *arg)
{
	*(int *)arg = deeper(NULL, *(int *)arg);
}

TEST(a_stack_overflow_hits_the_guard_page)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct co_pool *p = co_pool_new(0, 0);
		struct rlimit none = { 0 };
		int forever = 1 << 30;

		setrlimit(RLIMIT_CORE, &none);
		if (co_start(p, dive, &forever))
			_exit(0);
		_exit(0);
	}
	EXPECT_EQ(child, waitpid(child, &status, 0));
	EXPECT_TRUE((WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
		    || (WIFEXITED(status)
			&& WEXITSTATUS(status) != 0)); /* sanitizers report, then exit */
}

TEST(deepest_use_is_measured_where_stacks_are_painted)
{
	struct co_pool *p = co_pool_new(0, 4);
	int depth = 30;

	EXPECT_TRUE(co_start(p, dive, &depth));
#ifdef SOJORN_PAINT_STACKS
	size_t deep = co_pool_deepest(p);

	EXPECT_TRUE(deep > 30 * 1024 && deep < 128 * 1024);
	depth = 10;
	EXPECT_TRUE(co_start(p, dive, &depth)); /* on the same stack, painted again */
	EXPECT_EQ(deep, co_pool_deepest(p));
	depth = 40;
	EXPECT_TRUE(co_start(p, dive, &depth));
	EXPECT_TRUE(co_pool_deepest(p) > deep);
#else
	EXPECT_EQ(0, co_pool_deepest(p));
#endif
	co_pool_free(p);
}

TEST(no_stack_to_be_had_is_reported)
{
	struct co_pool *p = co_pool_new((size_t)1 << 48, 0); /* wider than the address space */
	int x = 0;

	EXPECT_FALSE(co_start(p, dive, &x));
	EXPECT_EQ(0, co_pool_active(p));
	co_pool_free(p);
}
