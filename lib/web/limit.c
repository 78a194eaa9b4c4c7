/*
 * A bucket is one point in time: when it will be full again (the "virtual scheduling" form of the
 * generic cell rate algorithm, ITU-T I.371, which decides as a token bucket does). Taking a token
 * moves that point one period on; it may lie at most `burst` periods ahead of now.
 *
 * The table is an array of shards, each under a mutex held for one look at a set of eight slots: the
 * key's hash names shard and set. An unused slot is full since the start of time, so the slot with
 * the earliest time is the one to give away, used or not.
 *
 * In Redis a bucket is the same point in time by the clock of Redis, which all copies see, so that their own
 * clocks do not matter; it goes when the bucket is full.
 */
#include "lib/web/limit.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/hash.h"
#include "lib/base/number.h"
#include "lib/base/rand.h"
#include "lib/base/time.h"

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdio.h>
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
	struct redis *redis; /* NULL: buckets are ours alone */
	int (*others)(void);
	uint8_t secret[SHA256_BYTES];
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

static struct limit_state state_of(const struct rate *rate, bool allowed, int64_t reset)
{
	int64_t period = period_of(rate), room = period * rate->burst;
	struct limit_state s = { .allowed = allowed, .limit = rate->burst, .reset_us = reset };

	s.remaining = (int)((room - reset) / period);
	if (!allowed)
		s.retry_us = reset + period - room;
	return s;
}

static struct limit_state take_here(struct limiter *l, const struct rate *rate, uint64_t hash)
{
	int64_t period = period_of(rate), reset;
	bool allowed;

	reset = take(l, hash, period, period * rate->burst, &allowed);
	return state_of(rate, allowed, reset);
}

/* How far from full the bucket is here. */
static int64_t distance(struct limiter *l, uint64_t hash)
{
	struct shard *shard = shard_of(l, hash);
	int64_t now = time_monotonic(), full_at;

	pthread_mutex_lock(&shard->lock);
	const struct slot *s = find(l, shard, hash);
	full_at = s->key == hash ? later(s->full_at, now) : now;
	pthread_mutex_unlock(&shard->lock);
	return full_at - now;
}

/* The bucket is so far from full, as Redis has it. */
static void correct(struct limiter *l, uint64_t hash, int64_t reset)
{
	struct shard *shard = shard_of(l, hash);
	int64_t full_at = time_monotonic() + reset;

	pthread_mutex_lock(&shard->lock);
	struct slot *s = find(l, shard, hash);
	if (s->key == hash || s->full_at < full_at)
		*s = (struct slot){ .key = hash, .full_at = full_at };
	pthread_mutex_unlock(&shard->lock);
}

static void give_back_here(struct limiter *l, const struct rate *rate, uint64_t hash)
{
	struct shard *shard = shard_of(l, hash);

	pthread_mutex_lock(&shard->lock);
	struct slot *s = find(l, shard, hash);
	if (s->key == hash)
		s->full_at -= period_of(rate);
	pthread_mutex_unlock(&shard->lock);
}

/* ---- in Redis ---- */

static const int64_t patience = 250 * MILLISECOND;

/* KEYS: the bucket. ARGV: its period, its room, then "take", "taken" (somebody has it already: the bucket may be
 * empty, but not more than that) or "back", and how far from full it was here, for a Redis that has forgotten.
 * Answers whether, and how far from full. */
static const char script[] =
	"local t = redis.call('TIME')\n"
	"local now = t[1] * 1000000 + t[2]\n"
	"local period, room, what = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3]\n"
	"local full = math.max(tonumber(redis.call('GET', KEYS[1]) or now + ARGV[4]), now)\n"
	"local ok = full - now + period <= room\n"
	"if what == 'back' then full = full - period\n"
	"elseif ok then full = full + period\n"
	"elseif what == 'taken' then full = now + room end\n"
	"if full > now then redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX',\n"
	"  math.ceil((full - now) / 1000))\n"
	"else redis.call('DEL', KEYS[1]); full = now end\n"
	"return { ok and 1 or 0, full - now }";

enum { BUCKET_NAME_MAX = 128, DIGEST = 16 };

struct question {
	char name[BUCKET_NAME_MAX], period[INT_TEXT_MAX], room[INT_TEXT_MAX], known[INT_TEXT_MAX];
	str words[8];
};

static str number(int64_t n, char text[static INT_TEXT_MAX])
{
	return (str){ text, int_format(n, text) };
}

/* An address or an e-mail is nobody's business there. */
static str bucket_name(const struct limiter *l, const struct rate *rate, str key,
		       char out[static BUCKET_NAME_MAX])
{
	uint8_t digest[SHA256_BYTES];
	char hex[HEX_LENGTH(DIGEST)];
	int n;

	hmac_sha256((str){ (const char *)l->secret, sizeof l->secret }, key, digest);
	hex_encode(digest, DIGEST, hex);
	n = snprintf(out, BUCKET_NAME_MAX, "sojorn:rate:%s:%.*s", rate->name, (int)sizeof hex, hex);
	assert(n < BUCKET_NAME_MAX);
	return (str){ out, (size_t)n };
}

static void put_question(struct question *q, const struct limiter *l, const struct rate *rate,
			 str key, const char *what, int64_t known)
{
	int64_t period = period_of(rate);

	q->words[0] = S("EVAL");
	q->words[1] = (str){ script, sizeof script - 1 };
	q->words[2] = S("1");
	q->words[3] = bucket_name(l, rate, key, q->name);
	q->words[4] = number(period, q->period);
	q->words[5] = number(period * rate->burst, q->room);
	q->words[6] = str_of(what);
	q->words[7] = number(known, q->known);
}

/* What was told without waiting. */
struct told {
	struct limiter *limiter;
	uint64_t hash;
};

static void on_told(void *arg, const struct redis_answer *a)
{
	struct told *t = arg;

	if (a->ok && a->n == 2)
		correct(t->limiter, t->hash, a->v[1]);
	free(t);
}

static void tell(struct limiter *l, const struct rate *rate, str key, uint64_t hash,
		 const char *what, int64_t known)
{
	struct question q;
	struct told *t;

	if (!l->redis || !(t = malloc(sizeof *t)))
		return;
	*t = (struct told){ l, hash };
	put_question(&q, l, rate, key, what, known);
	if (!redis_send(l->redis, q.words, sizeof q.words / sizeof *q.words, on_told, t))
		free(t);
}

/* ---- for all ---- */

void limiter_share(struct limiter *l, struct redis *r, str secret, int (*others)(void))
{
	l->redis = r;
	l->others = others;
	hkdf_sha256(secret, S(""), S("sojorn rate limits"), l->secret, sizeof l->secret);
}

/* As long as nobody else is there, nobody else needs to know; the next to be told gets all of it. */
static bool has_others(const struct limiter *l)
{
	return l->redis && (!l->others || l->others() > 0);
}

struct limit_state limiter_take(struct limiter *l, const struct rate *rate, str key)
{
	uint64_t hash = hash_key(l, rate, key);
	struct limit_state s = take_here(l, rate, hash);

	if (s.allowed && has_others(l))
		tell(l, rate, key, hash, "taken", s.reset_us - period_of(rate));
	return s;
}

struct limit_state limiter_ask(struct limiter *l, const struct rate *rate, str key)
{
	uint64_t hash = hash_key(l, rate, key);
	struct redis_answer a = { 0 };
	struct question q;

	if (l->redis) {
		put_question(&q, l, rate, key, "take", distance(l, hash));
		a = redis_ask(l->redis, q.words, sizeof q.words / sizeof *q.words, patience);
	}
	if (!a.ok || a.n != 2)
		return take_here(l, rate, hash);
	correct(l, hash, a.v[1]);
	return state_of(rate, a.v[0], a.v[1]);
}

void limiter_return(struct limiter *l, const struct rate *rate, str key)
{
	uint64_t hash = hash_key(l, rate, key);

	int64_t known = distance(l, hash);

	give_back_here(l, rate, hash);
	tell(l, rate, key, hash, "back", known);
}
