/*
 * Rate limits: token buckets in memory, shared by the loops of this process. Keys are hashed, the
 * table is bounded; when it is full the stalest bucket goes.
 */
#pragma once

#include "lib/base/uuid.h"
#include "lib/web/route.h"

struct limiter;

struct limiter *limiter_new(size_t buckets);
void limiter_free(struct limiter *l);

struct limit_state {
	bool allowed;
	int limit, remaining; /* X-RateLimit-Limit, -Remaining */
	int64_t reset_us;     /* until the bucket is full: X-RateLimit-Reset */
	int64_t retry_us;     /* until one token is there: Retry-After */
};

/* Takes one token of `rate` for this key (a user's id, an address, an account's e-mail). */
struct limit_state limiter_take(struct limiter *l, const struct rate *rate, str key);

/* Gives one back: what it was taken for did not happen. */
void limiter_return(struct limiter *l, const struct rate *rate, str key);
