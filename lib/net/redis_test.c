/* Redis: what its URL may look like, answers, channels, and what becomes of both when it is not there. */
#include "lib/net/redis.h"

#include "lib/net/redis_server_test.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the URL ---- */

static const char *problem_of(const char *url)
{
	const char *problem;
	struct redis *r = redis_new(url, &problem);

	redis_free(r);
	return problem;
}

TEST(redis_urls_that_are_fine)
{
	EXPECT_NULL(problem_of("redis://localhost"));
	EXPECT_NULL(problem_of("redis://10.0.0.1:6380/3"));
	EXPECT_NULL(problem_of("redis://:p%40ss@cache/0"));
	EXPECT_NULL(problem_of("redis://sojorn:secret@[fd00::1]:6379"));
	EXPECT_NULL(problem_of("unix:///run/redis/redis.sock?db=2"));
}

TEST(redis_urls_that_say_what_is_wrong)
{
	static const char *const bad[] = { "localhost",		 "http://localhost",
					   "redis://",		 "redis://:6379",
					   "redis://name@host",	 "redis://host:0",
					   "redis://host:65536", "redis://host/cache",
					   "redis://[fd00::1",	 "redis://[fd00::1]6379",
					   "unix://redis.sock",	 "unix:///s?database=1",
					   "redis://host:" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_non_null(strstr(problem_of(bad[i]), "must look like"));
	assert_non_null(strstr(problem_of("rediss://host"), "TLS"));
}

REDIS_TEST(a_first_try_tells_who_is_there)
{
	const char *problem;
	struct redis *plain = redis_server(""), *third = redis_server("?db=3"),
		     *beyond = redis_server("?db=99"),
		     *nobody = redis_new("redis://127.0.0.1:1", &problem);

	EXPECT_EQ(REDIS_FINE, redis_try(plain, &problem));
	EXPECT_EQ(REDIS_FINE, redis_try(third, &problem));
	EXPECT_EQ(REDIS_REFUSES, redis_try(beyond, &problem));
	EXPECT_EQ(REDIS_AWAY, redis_try(nobody, &problem));
	assert_non_null(strstr(problem, "refused"));
	redis_server_stop();
	EXPECT_EQ(REDIS_AWAY, redis_try(plain, &problem));
	redis_server_start("sesame");
	EXPECT_EQ(REDIS_REFUSES, redis_try(plain, &problem));
	assert_non_null(strstr(problem, "NOAUTH"));
	redis_free(nobody);
}

/* ---- commands ---- */

static struct redis_answer ask(struct redis *r, const char *text)
{
	str words[8], rest = str_of(text);
	size_t n = 0;

	while (rest.p)
		words[n++] = str_cut(&rest, ' ');
	return redis_ask(r, words, n, 5 * SECOND);
}

REDIS_TEST(commands_are_answered_with_numbers)
{
	struct redis *r = redis_server("");
	struct redis_answer a;

	redis_server_await(r);
	a = ask(r, "INCRBY n 41");
	EXPECT_TRUE(a.ok);
	EXPECT_EQ(1, a.n);
	EXPECT_EQ(41, a.v[0]);
	a = ask(r, "EVAL return{1,2,3,4,5} 0");
	EXPECT_EQ(4, a.n);
	EXPECT_EQ(4, a.v[3]);
	a = ask(r, "SET n x");
	EXPECT_TRUE(a.ok && a.n == 0);
	EXPECT_FALSE(ask(r, "INCR n").ok);
	EXPECT_FALSE(ask(r, "NONSENSE").ok);
}

static int answered, missing;

static void on_answer(void *arg, const struct redis_answer *a)
{
	EXPECT_PTR(&answered, arg);
	answered++;
	missing += !a->ok;
}

static bool ping(struct redis *r)
{
	const str word = S("PING");

	return redis_send(r, &word, 1, on_answer, &answered);
}

REDIS_TEST(each_command_is_answered_once_whatever_happens)
{
	struct redis *r = redis_server("");
	int sent = 0;

	redis_server_await(r);
	for (int i = 0; i < 100; i++)
		sent += ping(r);
	EXPECT_EQ(100, sent);
	REDIS_UNTIL(answered == 100);
	EXPECT_EQ(0, missing);
	redis_server_signal(SIGSTOP); /* it neither answers nor goes */
	for (int i = 0; i < 100; i++)
		sent += ping(r);
	EXPECT_EQ(200, sent);
	REDIS_UNTIL(answered == 200);
	EXPECT_EQ(100, missing);
	REDIS_UNTIL(!ping(r)); /* what counts as dead is not asked */
	redis_server_signal(SIGCONT);
	redis_server_await(r);
}

REDIS_TEST(whoever_waits_goes_on_without_an_answer)
{
	struct redis *r = redis_server("");
	const str word = S("PING");

	redis_server_await(r);
	redis_server_signal(SIGSTOP);
	EXPECT_FALSE(redis_ask(r, &word, 1, 50 * MILLISECOND).ok); /* the answer comes later */
	redis_server_signal(SIGCONT);
	redis_server_await(r);
	redis_server_stop();
	REDIS_UNTIL(!ping(r));
	EXPECT_FALSE(redis_ask(r, &word, 1, 5 * SECOND).ok);
	redis_server_start(NULL);
	redis_server_await(r);
}

/* ---- channels ---- */

struct ear {
	int began, heard;
	char last[64];
};

static void on_heard(void *arg, str message)
{
	struct ear *e = arg;

	e->began += !message.p;
	e->heard += message.p != NULL;
	if (message.p)
		snprintf(e->last, sizeof e->last, "%.*s", (int)message.n, message.p);
}

REDIS_TEST(what_is_published_is_heard_also_after_an_outage)
{
	struct redis *r = redis_server("");
	struct ear ear = { 0 }, other = { 0 };
	struct redis_ear *e = redis_hear(r, loop_self(), "news", 0, on_heard, &ear);
	struct redis_ear *o = redis_hear(r, loop_self(), "olds", 0, on_heard, &other);

	redis_server_await(r);
	REDIS_UNTIL(ear.began == 1 && other.began == 1);
	EXPECT_EQ(1, ask(r, "PUBLISH news one").v[0]);
	REDIS_UNTIL(ear.heard == 1);
	EXPECT_CSTR("one", ear.last);
	redis_server_stop();
	redis_server_start(NULL);
	redis_server_await(r);
	REDIS_UNTIL(ear.began == 2);
	EXPECT_EQ(1, ask(r, "PUBLISH news two").v[0]);
	REDIS_UNTIL(ear.heard == 2);
	EXPECT_CSTR("two", ear.last);
	EXPECT_EQ(0, other.heard);
	redis_ear_free(e);
	redis_ear_free(o);
}

REDIS_TEST(a_silent_channel_is_listened_to_anew)
{
	struct redis *r = redis_server("");
	struct ear ear = { 0 };
	struct redis_ear *e = redis_hear(r, loop_self(), "c", 300 * MILLISECOND, on_heard, &ear);

	REDIS_UNTIL(ear.began >= 2);
	redis_ear_free(e);
	redis_ear_free(NULL);
}
