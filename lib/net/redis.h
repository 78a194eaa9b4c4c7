/*
 * Redis, or what speaks its protocol (Valkey), by hiredis on our loops: for what several copies of the server
 * share for speed. Each loop has one connection for commands, made by its first use; a listener has one of its
 * own. Both come back by themselves. Whoever asks must be right without an answer, too.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/net/loop.h"

/* Where it is; shared by all loops, and outlives them. */
struct redis;

/* redis://[[user]:password@]host[:port][/database] or unix:///path[?db=database], names and passwords
 * percent-encoded. NULL, and *problem (static text) says what is wrong with the URL. */
struct redis *redis_new(const char *url, const char **problem);
void redis_free(struct redis *r); /* NULL-safe */

/* Is somebody there who lets us in? For a start: blocks, some seconds at most. *problem (valid until this thread's
 * next call): what was answered, or why nobody was reached. */
enum redis_state {
	REDIS_FINE,
	REDIS_AWAY,    /* nobody there, or not yet: it may come */
	REDIS_REFUSES, /* it will not do what it is asked to, before somebody changes something */
};
enum redis_state redis_try(const struct redis *r, const char **problem);

/* What a command was answered: a number, or up to four of a list. */
enum { REDIS_NUMBERS = 4 };
struct redis_answer {
	bool ok; /* false: an error, or none came */
	size_t n;
	int64_t v[REDIS_NUMBERS];
};

/*
 * Sends a command by this loop's connection. fn(arg, answer) is called once, on the loop's own stack, when the
 * answer is there or certainly will not come; NULL: nobody cares. False: there is no connection now, and fn is
 * not called. The words are copied.
 */
[[nodiscard]] bool redis_send(struct redis *r, const str *words, size_t n,
			      void (*fn)(void *arg, const struct redis_answer *a), void *arg);

/* The same, waiting for the answer at most so many microseconds. Suspends. */
struct redis_answer redis_ask(struct redis *r, const str *words, size_t n, int64_t patience);

/*
 * Hears what is published on a channel. heard(arg, message) runs on the loop's own stack, with an absent message
 * first and after each return of the connection: what was said meanwhile is lost. The connection is taken for
 * dead when nothing comes for `silence` microseconds, so somebody must talk, oneself for instance. NULL: out
 * of memory.
 */
struct redis_ear;
struct redis_ear *redis_hear(struct redis *r, struct loop *l, const char *channel, int64_t silence,
			     void (*heard)(void *arg, str message), void *arg);

/* Not from within heard. NULL-safe. */
void redis_ear_free(struct redis_ear *e);
