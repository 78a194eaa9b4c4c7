/*
 * What a *_test.c needs: TEST(name) { … } and checks.
 *
 * Each test runs in a process of its own, forked from the runner (test.c), so a crash, a leak or a hang
 * fails that test and no other. What it prints is shown only if it fails. cmocka's own asserts work, too.
 * Values go in the order (expected, actual); an argument is evaluated once.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct test {
	const char *file, *name;
	void (*run)(void **state);
	struct test *next;
};

/* Adds a test to the runner's list; TEST does it before main. */
void test_register(struct test *t);

/* Leaves the test at once, neither passed nor failed: for what this machine truly cannot do. */
[[gnu::noreturn]] void test_skip(const char *reason);

/* Called once in the runner before the first and after the last test; the default does nothing.
 * test_begin returns false when no test can run, test_end when what all tests shared has gone wrong, which
 * counts as one more failure; both have said why on stderr. */
bool test_begin(void);
bool test_end(void);

#define TEST(name_)                                                                        \
	static void name_(void **state);                                                   \
	[[gnu::constructor]] static void register_##name_(void)                            \
	{                                                                                  \
		static struct test t = { .file = __FILE__, .name = #name_, .run = name_ }; \
		test_register(&t);                                                         \
	}                                                                                  \
	static void name_([[maybe_unused]] void **state)

#define EXPECT_TRUE(x)		 assert_true(x)
#define EXPECT_FALSE(x)		 assert_false(x)
#define EXPECT_NULL(x)		 assert_null(x)
#define EXPECT_PTR(want, got)	 assert_ptr_equal(want, got)
#define EXPECT_CSTR(want, got)	 assert_string_equal(got, want)
#define EXPECT_MEM(want, got, n) test_expect_mem(want, got, n, __FILE__, __LINE__)
#define EXPECT_EQ(want, got) \
	test_expect_eq((long long)(want), (long long)(got), #got, __FILE__, __LINE__)
#define EXPECT_NEAR(want, got, eps) test_expect_near(want, got, eps, #got, __FILE__, __LINE__)

/* Behind the macros above: compare, or print both values and leave the test. */
void test_expect_eq(long long want, long long got, const char *what, const char *file, int line);
void test_expect_near(double want, double got, double eps, const char *what, const char *file,
		      int line);
void test_expect_mem(const void *want, const void *got, size_t n, const char *file, int line);
