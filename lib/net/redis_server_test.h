/* For tests: a redis-server of the test's own, on a socket in a directory of its own; ends with the process. */
#pragma once

#include "lib/base/test.h"
#include "lib/net/redis.h"

/* A test whose body runs in a coroutine beside such a server. */
#define REDIS_TEST(name_)                       \
	static void name_##_body(void);         \
	TEST(name_)                             \
	{                                       \
		redis_server_run(name_##_body); \
	}                                       \
	static void name_##_body(void)

void redis_server_run(void (*body)(void));

/* Where it is: a new struct redis, freed behind the loop; with settings behind the path ("?db=3"). */
struct redis *redis_server(const char *more);

/* Waits until it takes connections; `password`: what it asks for, NULL: nothing. */
void redis_server_start(const char *password);
void redis_server_stop(void);

/* It is there, but says nothing: SIGSTOP, SIGCONT. */
void redis_server_signal(int sig);

/* Suspends until the condition holds; fails after 20 s. */
#define REDIS_UNTIL(condition_)                                            \
	for (int64_t end_ = time_monotonic() + 20 * SECOND; !(condition_); \
	     loop_sleep(5 * MILLISECOND))                                  \
	assert_true(time_monotonic() < end_)

/* This loop's connection is there. Suspends. */
void redis_server_await(struct redis *r);
