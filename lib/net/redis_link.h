/* One connection to Redis that keeps itself up. Private to lib/net/redis*. */
#pragma once

#include "lib/net/redis.h"

#include <hiredis/async.h>

struct redis {
	struct arena *arena;	 /* of what follows */
	const char *host, *path; /* one of them: the other is NULL */
	int port;
	const char *user, *password, *database; /* NULL: none, none, the first */
	struct loop_part part;			/* a loop's connection for commands */
};

/* Words said before anything else, in order, on each new connection; how many (at most 3). */
struct redis_words {
	int n;
	const char *v[3];
};
int redis_greeting(const struct redis *r, struct redis_words out[static 3]);

/* A loop's connection for commands: redis.c. */
extern const struct loop_part redis_part;

struct redis_link {
	const struct redis *redis;
	struct loop *loop;
	void (*on_up)(struct redis_link *l);
	int64_t silence; /* 0: only commands that wait must be answered */

	redisAsyncContext *context; /* NULL: between two attempts */
	struct watch *watch;
	int want;
	struct timer *timer;
	bool up, reported;
	int greetings;	  /* not yet answered */
	unsigned waiting; /* commands */
	int64_t heard_at; /* last sign of life, or since when one is waited for */
};

/* Begins to connect; the owner has filled in what stands first. False: out of memory. */
bool redis_link_start(struct redis_link *l);

/* For good. Commands that wait are told that no answer comes. */
void redis_link_stop(struct redis_link *l);
