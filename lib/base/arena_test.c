#include "lib/base/arena.h"

#include "lib/base/test.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

TEST(allocations_are_aligned_and_do_not_overlap)
{
	enum { N = 2000 };
	static uint8_t *p[N];
	struct arena *a = arena_new();
	size_t total = 0;

	for (size_t i = 0; i < N; i++) {
		p[i] = arena_alloc(a, i % 97);
		total += i % 97;
		EXPECT_EQ(0, (uintptr_t)p[i] % 16);
		memset(p[i], (int)i, i % 97);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t k = 0; k < i % 97; k++)
			EXPECT_EQ((uint8_t)i, p[i][k]);
	EXPECT_EQ(total, arena_used(a));
	arena_free(a);
}

TEST(large_allocations_have_blocks_of_their_own)
{
	struct arena *a = arena_new();
	char *small = arena_alloc(a, 10);
	char *large = arena_zalloc(a, 3000000);
	char *next = arena_alloc(a, 10);

	memset(small, 1, 10);
	memset(next, 1, 10);
	EXPECT_EQ(0, large[0]);
	EXPECT_EQ(0, large[2999999]);
	arena_free(a);
}

TEST(grow_keeps_what_was_there)
{
	struct arena *a = arena_new();
	size_t size = 1;
	char *p = arena_alloc(a, size);

	p[0] = 'x';
	for (; size < 400000; size *= 3) {
		p = arena_grow(a, p, size, size * 3);
		memset(p + size, 'x', size * 2);
	}
	for (size_t i = 0; i < size; i++)
		EXPECT_EQ('x', p[i]);
	p = arena_grow(a, NULL, 0, 10);
	memset(p, 'y', 10);
	arena_free(a);
}

TEST(grow_moves_when_something_lies_behind)
{
	struct arena *a = arena_new();
	char *first = arena_alloc(a, 16), *second = arena_alloc(a, 16);

	memset(first, 'a', 16);
	memset(second, 'b', 16);
	first = arena_grow(a, first, 16, 64);
	memset(first + 16, 'c', 48);
	for (int i = 0; i < 16; i++) {
		EXPECT_EQ('a', first[i]);
		EXPECT_EQ('b', second[i]);
	}
	first = arena_grow(a, first, 64, 4);
	EXPECT_EQ('a', first[3]);
	arena_free(a);
}

TEST(copies_end_with_a_nul)
{
	struct arena *a = arena_new();
	str s = arena_copy(a, (str){ "abcdef", 3 });

	EXPECT_CSTR("abc", s.p);
	EXPECT_EQ(3, s.n);
	EXPECT_CSTR("ab", arena_cstr(a, (str){ "abcdef", 2 }));
	EXPECT_CSTR("", arena_copy(a, S("")).p);
	EXPECT_NULL(arena_copy(a, (str){ 0 }).p);
	EXPECT_NULL(arena_cstr(a, (str){ 0 }));
	EXPECT_CSTR("mixed case \xC3\x84", arena_lower(a, S("MiXed CASE \xC3\x84")).p);
	EXPECT_NULL(arena_lower(a, (str){ 0 }).p);
	arena_free(a);
}

TEST(printf_of_any_length)
{
	struct arena *a = arena_new();
	str s = arena_printf(a, "%d %s", 7, "dwarfs");

	EXPECT_CSTR("7 dwarfs", s.p);
	EXPECT_EQ(8, s.n);
	for (int width = 500; width < 530; width++) {
		s = arena_printf(a, "%*d", width, 5);
		EXPECT_EQ(width, s.n);
		EXPECT_EQ(width, strlen(s.p));
		EXPECT_EQ('5', s.p[width - 1]);
	}
	EXPECT_EQ(0,
		  arena_printf(a, "%lc", (wint_t)0x10FFFFFF).n); /* what printf refuses is empty */
	arena_free(a);
}

static char order[16];

static void note(void *letter)
{
	strcat(order, letter);
}

TEST(deferred_releases_run_newest_first)
{
	struct arena *a = arena_new();
	char x[] = "x", y[] = "y", z[] = "z";

	arena_defer(a, note, x);
	arena_defer(a, note, y);
	arena_defer(a, note, z);
	arena_free(a);
	EXPECT_CSTR("zyx", order);
}

TEST(undefer_takes_back_the_newest_note)
{
	struct arena *a = arena_new();
	char x[] = "x", y[] = "y";

	arena_defer(a, note, x);
	arena_defer(a, note, y);
	arena_defer(a, note, x);
	EXPECT_TRUE(arena_undefer(a, x));
	EXPECT_FALSE(arena_undefer(a, order));
	EXPECT_TRUE(arena_undefer(a, y));
	EXPECT_FALSE(arena_undefer(a, y));
	arena_free(a);
	EXPECT_CSTR("x", order);
}

static void defer_again(void *a)
{
	static char late[] = "late";

	arena_defer(a, note, late);
	arena_alloc(a, 100000);
}

TEST(a_release_may_use_the_arena)
{
	struct arena *a = arena_new();

	arena_defer(a, defer_again, a);
	arena_free(a);
	EXPECT_CSTR("late", order);
}

TEST(reset_releases_and_starts_over)
{
	struct arena *a = arena_new();
	char x[] = "x";

	arena_alloc(a, 100);
	arena_alloc(a, 100000);
	arena_defer(a, note, x);
	arena_reset(a);
	EXPECT_CSTR("x", order);
	EXPECT_EQ(0, arena_used(a));
	memset(arena_alloc(a, 5000), 1, 5000);
	arena_reset(a);
	arena_free(a);
	EXPECT_CSTR("x", order);
	arena_free(NULL);
}

static void jump(void *to)
{
	longjmp(*(jmp_buf *)to, 1);
}

/* Some work that allocates in every way there is. */
static void work(struct arena *a)
{
	static char x[] = "x";
	char *p = arena_alloc(a, 10000);

	arena_defer(a, note, x);
	p = arena_grow(a, p, 10000, 100000);
	memset(p, 1, 100000);
	arena_printf(a, "%20000d", 1);
	arena_copy(a, S("text"));
}

/* Fails the n-th allocation for n = 1, 2, …, until the work passes: each time the handler gets control
 * back, and whatever was deferred until then is released exactly once. */
TEST(running_out_of_memory_unwinds_to_the_handler)
{
	volatile bool passed = false;
	volatile int failures = 0;
	jmp_buf boundary;

	for (volatile long n = 1; !passed && n < 100; n++) {
		struct arena *volatile a = arena_new();
		char first[] = "f";

		order[0] = '\0';
		arena_defer(a, note, first);
		arena_set_oom(a, jump, &boundary);
		arena_fail_nth(n);
		if (setjmp(boundary) == 0) {
			work(a);
			passed = true;
		} else {
			failures++;
		}
		EXPECT_EQ(passed, arena_fail_nth(0));
		arena_free(a);
		EXPECT_TRUE(strcmp(order, "f") == 0 || strcmp(order, "xf") == 0);
	}
	EXPECT_TRUE(passed);
	EXPECT_TRUE(failures >= 3);
}

static void count(void *counter)
{
	++*(int *)counter;
}

TEST(a_resource_that_cannot_be_noted_is_released)
{
	static int released, deferred;
	struct arena *volatile a = arena_new();
	jmp_buf boundary;

	arena_set_oom(a, jump, &boundary);
	if (setjmp(boundary) == 0) {
		arena_fail_nth(1);
		for (; deferred < 100000; deferred++)
			arena_defer(a, count, &released);
		fail_msg("memory never ran out");
	}
	EXPECT_EQ(1, released);
	arena_free(a);
	EXPECT_EQ(1 + deferred, released);
}

TEST(an_impossible_size_is_out_of_memory)
{
	jmp_buf boundary;
	struct arena *volatile a = arena_new();

	arena_set_oom(a, jump, &boundary);
	if (setjmp(boundary) == 0) {
		arena_alloc(a, SIZE_MAX);
		fail_msg("that cannot be");
	}
	arena_alloc(a, 10);
	arena_free(a);
}

TEST(try_new_says_when_there_is_no_memory)
{
	arena_fail_nth(1);
	EXPECT_NULL(arena_try_new());
	arena_fail_nth(0);
}

static int exit_status_of(void (*run)(void))
{
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		run();
		_exit(0);
	}
	assert_true(waitpid(child, &status, 0) == child && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void short_for_a_moment(void)
{
	struct arena *a;

	arena_fail_nth(1);
	a = arena_new();
	arena_fail_nth(1);
	memset(arena_alloc(a, 1000000), 'x', 1000000);
	arena_free(a);
}

static void never_enough(void)
{
	arena_alloc(arena_new(), PTRDIFF_MAX);
}

TEST(without_a_handler_memory_is_waited_for_before_the_process_ends)
{
	EXPECT_EQ(EXIT_SUCCESS, exit_status_of(short_for_a_moment));
	EXPECT_EQ(EXIT_FAILURE, exit_status_of(never_enough));
}
