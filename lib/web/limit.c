/*
 * A bucket is one point in time: when it will be full again (the "virtual scheduling" form of the
 * generic cell rate algorithm, ITU-T I.371, which decides as a token bucket does). Taking a token
 * moves that point one period on; it may lie at most `burst` periods ahead of now.
 *
 * The table is an array of shards, each under a mutex held for one look at a set of eight slots: the
 * key's hash names shard and set. An unused slot is full since the start of time, so the slot with
 * the earliest time is the one to give away, used or not.
 */
#include "lib/web/limit.h"

#include "lib/base/hash.h"
#include "lib/base/rand.h"
#include "lib/base/time.h"

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdlib.h>

enum { SHARDS = 64, WAYS = 8 };

struct slot {
	uint64_t key;
	int64_t full_at; /* monotonic microseconds */
};

struct shard {
	alignas(64) pthread_mutex_t lock;
	struct slot *slots; /* sets × WAYS */
};

struct limiter {
	struct shard shards[SHARDS];
	uint64_t seed;
	size_t sets; /* of each shard, a power of two */
	struct slot *memory;
};

struct limiter *limiter_new(size_t buckets)
{
	struct limiter *l = aligned_alloc(alignof(struct limiter), sizeof(*l));
	size_t sets = 1;

	while (sets * SHARDS * WAYS < buckets)
		sets *= 2;
	struct slot *memory = calloc(sets * SHARDS * WAYS, sizeof(*memory));
	if (!l || !memory) {
		free(l);
		free(memory);
		return NULL;
	}
	l->memory = memory;
	l->sets = sets;
	rand_bytes(&l->seed, sizeof(l->seed));
	for (size_t i = 0; i < SHARDS; i++) {
		pthread_mutex_init(&l->shards[i].lock, NULL);
		l->shards[i].slots = memory + i * sets * WAYS;
	}
	return l;
}

void limiter_free(struct limiter *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_destroy(&l->shards[i].lock);
	free(l->memory);
	free(l);
}

static uint64_t hash_key(const struct limiter *l, const struct rate *rate, str key)
{
	str name = str_of(rate->name);

	return hash_bytes(key.p, key.n, hash_bytes(name.p, name.n, l->seed));
}

static struct shard *shard_of(struct limiter *l, uint64_t hash)
{
	return &l->shards[hash % SHARDS];
}

/* The key's slot, else the one to give away. */
static struct slot *find(const struct limiter *l, const struct shard *shard, uint64_t hash)
{
	struct slot *set = shard->slots + (hash / SHARDS & (l->sets - 1)) * WAYS;
	struct slot *earliest = set;

	for (struct slot *s = set; s < set + WAYS; s++) {
		if (s->key == hash)
			return s;
		if (s->full_at < earliest->full_at)
			earliest = s;
	}
	return earliest;
}

/* Microseconds in which one token comes back. */
static int64_t period_of(const struct rate *rate)
{
	assert(rate->per_second > 0 && rate->burst > 0);
	int64_t period = (int64_t)((double)SECOND / rate->per_second);

	return period > 0 ? period : 1;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Takes a token if one is there; returns how far the bucket is from full. *ret_allowed says which. */
static int64_t take(struct limiter *l, uint64_t hash, int64_t period, int64_t room,
		    bool *ret_allowed)
{
	struct shard *shard = shard_of(l, hash);
	int64_t now = time_monotonic();

	pthread_mutex_lock(&shard->lock);
	struct slot *s = find(l, shard, hash);
	int64_t full_at = s->key == hash ? later(s->full_at, now) : now;
	*ret_allowed = full_at - now + period <= room;
	if (*ret_allowed) {
		full_at += period;
		*s = (struct slot){ .key = hash, .full_at = full_at };
	}
	pthread_mutex_unlock(&shard->lock);
	return full_at - now;
}

struct limit_state limiter_take(struct limiter *l, const struct rate *rate, str key)
{
	int64_t period = period_of(rate), room = period * rate->burst;
	struct limit_state state = { .limit = rate->burst };

	state.reset_us = take(l, hash_key(l, rate, key), period, room, &state.allowed);
	state.remaining = (int)((room - state.reset_us) / period);
	if (!state.allowed)
		state.retry_us = state.reset_us + period - room;
	return state;
}

void limiter_return(struct limiter *l, const struct rate *rate, str key)
{
	uint64_t hash = hash_key(l, rate, key);
	struct shard *shard = shard_of(l, hash);

	pthread_mutex_lock(&shard->lock);
	struct slot *s = find(l, shard, hash);
	if (s->key == hash)
		s->full_at -= period_of(rate);
	pthread_mutex_unlock(&shard->lock);
}
