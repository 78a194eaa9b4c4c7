/*
 * One channel, which all copies of an installation listen to; its name is made of their common secret. A message is
 *
 *	version 1 byte, kind 1 byte, who 16 bytes, number 8 bytes (big-endian), body
 *
 * A copy says every second that it is there and hears itself doing so, which is how it knows that its ear works.
 * Who was not heard of for some seconds is gone.
 */
#include "app/bus/bus.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { VERSION = 1, AT_KIND = 1, AT_WHO = 2, AT_NUMBER = 18, HEAD = 26 };

static const int64_t beat_every = SECOND, gone_after = 5 * SECOND;

/* Another copy. */
struct peer {
	struct peer *next;
	uuid id;
	uint64_t number; /* of its last message */
	int64_t heard_at;
	bool missed;
};

struct bus {
	struct loop *loop;
	struct redis *redis;
	struct redis_ear *ear;
	struct timer *timer;
	uuid id; /* of this copy, as long as it runs */
	uint64_t number;
	char channel[64];
	struct peer *peers;
};

static void (*listeners[BUS_KINDS])(uuid from, str body);
static struct bus_watcher watcher;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the_bus, for other threads */
static struct bus *the_bus;
static atomic_bool hinted[BUS_KINDS];
static atomic_int others;

void bus_listen(enum bus_kind kind, void (*heard)(uuid from, str body))
{
	listeners[kind] = heard;
}

void bus_watch(const struct bus_watcher *w)
{
	watcher = *w;
}

int bus_others(void)
{
	return atomic_load(&others);
}

/* ---- saying ---- */

static void put_number(uint8_t *to, uint64_t n)
{
	for (int i = 7; i >= 0; i--, n >>= 8)
		to[i] = (uint8_t)n;
}

static uint64_t get_number(const char *from)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | (uint8_t)from[i];
	return n;
}

/* The number is spent even when nobody can be reached: then others see that they have missed something. */
static void publish(struct bus *b, enum bus_kind kind, str body)
{
	uint8_t *text = try_malloc(HEAD + body.n);
	const str words[] = { S("PUBLISH"),
			      str_of(b->channel),
			      { (const char *)text, HEAD + body.n } };
	bool sent;

	b->number++;
	if (!text)
		return;
	text[0] = VERSION;
	text[AT_KIND] = (uint8_t)kind;
	memcpy(text + AT_WHO, b->id.b, sizeof b->id.b);
	put_number(text + AT_NUMBER, b->number);
	if (body.n)
		memcpy(text + HEAD, body.p, body.n);
	sent = redis_send(b->redis, words, sizeof words / sizeof *words, NULL, NULL);
	(void)sent; /* who misses it sees the gap */
	free(text);
}

/* What another thread says. */
struct letter {
	enum bus_kind kind;
	size_t n;
	char body[];
};

static void send_letter(void *arg)
{
	struct letter *l = arg;

	if (the_bus)
		publish(the_bus, l->kind, (str){ l->body, l->n });
	free(l);
}

/* Under the lock, so that its loop does not go meanwhile. */
static bool post(void (*fn)(void *), void *arg)
{
	bool posted;

	pthread_mutex_lock(&lock);
	posted = the_bus != NULL;
	if (posted)
		loop_post(the_bus->loop, fn, arg);
	pthread_mutex_unlock(&lock);
	return posted;
}

void bus_say(enum bus_kind kind, str body)
{
	struct letter *l = try_malloc(sizeof *l + body.n);

	if (!l)
		return;
	l->kind = kind;
	l->n = body.n;
	memcpy(l->body, body.p, body.n);
	if (!post(send_letter, l))
		free(l);
}

static void send_hint(void *arg)
{
	atomic_bool *hint = arg;

	atomic_store(hint, false);
	if (the_bus)
		publish(the_bus, (enum bus_kind)(hint - hinted), S(""));
}

void bus_hint(enum bus_kind kind)
{
	if (bus_others() == 0 || atomic_exchange(&hinted[kind], true))
		return;
	if (!post(send_hint, &hinted[kind]))
		atomic_store(&hinted[kind], false);
}

/* ---- hearing ---- */

static struct peer *find(struct bus *b, uuid id)
{
	struct peer *p = b->peers;

	while (p && !uuid_eq(p->id, id))
		p = p->next;
	return p;
}

static struct peer *meet(struct bus *b, uuid id, uint64_t number)
{
	struct peer *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	*p = (struct peer){ .next = b->peers, .id = id, .number = number, .missed = true };
	b->peers = p;
	atomic_fetch_add(&others, 1);
	log_info("another copy is there", LOG("copy", id));
	return p;
}

static void part_with(struct peer **at, const char *why)
{
	struct peer *p = *at;

	*at = p->next;
	atomic_fetch_sub(&others, 1);
	log_info("another copy is gone", LOG("copy", p->id), LOG("why", why));
	if (watcher.gone)
		watcher.gone(p->id);
	free(p);
}

static void say_goodbye_to(struct bus *b, uuid id)
{
	for (struct peer **at = &b->peers; *at; at = &(*at)->next)
		if (uuid_eq((*at)->id, id)) {
			part_with(at, "it has ended");
			return;
		}
}

/* Once when something is missing, and with each beat until it is not. */
static void note_number(struct peer *p, uint64_t number, enum bus_kind kind)
{
	bool fresh = !p->heard_at, gap = !fresh && number != p->number + 1;

	p->number = number;
	p->heard_at = time_monotonic();
	p->missed |= gap;
	if (watcher.missed && p->missed && (fresh || gap || kind == BUS_BEAT))
		watcher.missed(p->id);
}

uuid bus_me(void)
{
	return the_bus ? the_bus->id : (uuid){ 0 };
}

void bus_caught_up(uuid from)
{
	struct peer *p = the_bus ? find(the_bus, from) : NULL;

	if (p)
		p->missed = false;
}

static void take_message(struct bus *b, str m)
{
	unsigned kind = (uint8_t)m.p[AT_KIND];
	uint64_t number = get_number(m.p + AT_NUMBER);
	struct peer *p;
	uuid from;

	memcpy(from.b, m.p + AT_WHO, sizeof from.b);
	if (uuid_eq(from, b->id))
		return;
	if (kind == BUS_BYE) {
		say_goodbye_to(b, from);
		return;
	}
	p = find(b, from);
	if (!p)
		p = meet(b, from, number);
	if (!p)
		return;
	note_number(p, number, (enum bus_kind)kind);
	if (kind < BUS_KINDS && listeners[kind])
		listeners[kind](from, str_slice(m, HEAD, m.n));
}

/* What a newer version says is not understood, and not counted either. */
static void on_heard(void *arg, str message)
{
	if (message.p && message.n >= HEAD && message.p[0] == VERSION)
		take_message(arg, message);
}

/* ---- life ---- */

static void on_tick(void *arg)
{
	struct bus *b = arg;
	int64_t oldest = time_monotonic() - gone_after;

	for (struct peer **at = &b->peers; *at;) {
		if ((*at)->heard_at < oldest)
			part_with(at, "nothing is heard of it");
		else
			at = &(*at)->next;
	}
	publish(b, BUS_BEAT, S(""));
	timer_set(b->timer, beat_every);
}

static void name_channel(struct bus *b, str secret)
{
	uint8_t name[16];
	char hex[HEX_LENGTH(sizeof name)];

	hkdf_sha256(secret, S(""), S("sojorn bus"), name, sizeof name);
	hex_encode(name, sizeof name, hex);
	snprintf(b->channel, sizeof b->channel, "sojorn:%.*s", (int)sizeof hex, hex);
}

static void bus_free(struct bus *b)
{
	redis_ear_free(b->ear);
	timer_free(b->timer);
	while (b->peers) {
		struct peer *p = b->peers;

		b->peers = p->next;
		free(p);
	}
	free(b);
}

bool bus_start(struct redis *r, struct loop *l, str secret)
{
	struct bus *b = calloc(1, sizeof *b);

	if (!b)
		return false;
	*b = (struct bus){ .loop = l, .redis = r, .id = uuid_random() };
	name_channel(b, secret);
	b->timer = timer_new(b->loop, on_tick, b);
	b->ear = redis_hear(r, b->loop, b->channel, gone_after, on_heard, b);
	if (!b->timer || !b->ear) {
		bus_free(b);
		return false;
	}
	timer_set(b->timer, 0);
	pthread_mutex_lock(&lock);
	the_bus = b;
	pthread_mutex_unlock(&lock);
	return true;
}

void bus_stop(void)
{
	struct bus *b = the_bus;

	if (!b)
		return;
	publish(b, BUS_BYE, S(""));
	pthread_mutex_lock(&lock);
	the_bus = NULL;
	pthread_mutex_unlock(&lock);
	atomic_store(&others, 0);
	bus_free(b);
}
