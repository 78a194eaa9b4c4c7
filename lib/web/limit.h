/*
 * Rate limits: token buckets in memory, shared by the loops of this process. Keys are hashed with a
 * secret of the process, the table is bounded: when a place is taken, the bucket nearest to full,
 * whose loss matters least, makes room. Needs no clean-up: a full bucket is the same as none.
 *
 * Copies of the server share their buckets in Redis (limiter_share). What is there is true; what is here is
 * brought up to it by each answer, and decides when none comes.
 */
#pragma once

#include "lib/net/redis.h"
#include "lib/web/route.h"

struct limiter;

/* Room for about so many keys at once, 16 bytes each. NULL when there is no memory. */
struct limiter *limiter_new(size_t buckets);
void limiter_free(struct limiter *l);

/* From now on with all copies that have the same secret; keys are kept there as digests under it. `others` says how
 * many other copies there are, for limiter_take, which tells none when there is none; NULL: there may be some.
 * Before loops start; r outlives l. */
void limiter_share(struct limiter *l, struct redis *r, str secret, int (*others)(void));

struct limit_state {
	bool allowed;
	int limit, remaining; /* X-RateLimit-Limit, -Remaining */
	int64_t reset_us;     /* until the bucket is full: X-RateLimit-Reset */
	int64_t retry_us;     /* until one token is there, 0 when allowed: Retry-After */
};

/* Takes one token of `rate` for this key (a user's id, an address, an account's e-mail). Rates of
 * one name share their buckets. A refused call costs nothing. Decided here; other copies hear of it, and at
 * most what is under way at one moment is granted too much. */
struct limit_state limiter_take(struct limiter *l, const struct rate *rate, str key);

/* The same, exact over all copies: for what must not be guessed by asking them all at once. Suspends, for a
 * quarter of a second at most, when buckets are shared. */
struct limit_state limiter_ask(struct limiter *l, const struct rate *rate, str key);

/* Gives one back: what it was taken for did not happen. */
void limiter_return(struct limiter *l, const struct rate *rate, str key);
