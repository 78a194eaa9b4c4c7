/* The hubs of the process and the sockets of each: their list, their limits, what a batch does to them. */
#include "app/realtime/hub.h"

#include "app/auth/auth.h"
#include "lib/base/json.h"

#include <pthread.h>
#include <stdlib.h>

enum { CODE_TRY_LATER = 1013 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the list of hubs */
static struct realtime *hubs;
static atomic_int sockets;
static _Thread_local struct realtime *mine;

struct realtime *hub_mine(void)
{
	return mine;
}

int realtime_sockets(void)
{
	return atomic_load(&sockets);
}

/* ---- coroutines ---- */

static void check_done(struct realtime *r)
{
	if (r->stopping && r->coroutines == 0 && r->done) {
		loop_post(r->o.loop, r->done, r->done_arg);
		r->done = NULL;
	}
}

bool hub_start(struct realtime *r, void (*fn)(void *), void *arg)
{
	if (r->stopping)
		return false;
	r->coroutines++;
	if (loop_start(r->o.loop, fn, arg))
		return true;
	r->coroutines--;
	return false;
}

void hub_ended(struct realtime *r)
{
	r->coroutines--;
	check_done(r);
}

struct db *hub_db(struct realtime *r, struct arena *a)
{
	return db_open(r->o.pool, a, time_monotonic() + 10 * SECOND);
}

/* ---- calls on every loop ---- */

struct call {
	struct realtime *r;
	void (*fn)(struct realtime *r, void *note);
	_Alignas(16) char note[];
};

static void run_call(void *arg)
{
	struct call *c = arg;

	c->fn(c->r, c->note);
	free(c);
}

/* Under the lock, so that no hub goes while it is posted to. */
void hub_each(void (*fn)(struct realtime *r, void *note), void (*hold)(void *note),
	      const void *note, size_t size)
{
	pthread_mutex_lock(&lock);
	for (struct realtime *r = hubs; r; r = r->next) {
		struct call *c = malloc(sizeof *c + size);

		if (!c)
			continue; /* what is numbered shows the gap, the rest is for the moment only */
		c->r = r;
		c->fn = fn;
		memcpy(c->note, note, size);
		if (hold)
			hold(c->note);
		loop_post(r->o.loop, run_call, c);
	}
	pthread_mutex_unlock(&lock);
}

/* ---- sockets ---- */

void client_hold(struct client *c)
{
	c->holders++;
}

void client_drop(struct client *c)
{
	if (--c->holders == 0)
		free(c);
}

static str message_of(struct arena *a, const char *type, str payload)
{
	struct json_writer w;

	json_init(&w, a, 64 + payload.n);
	json_object_begin(&w);
	json_key(&w, S("type"));
	json_str(&w, str_of(type));
	if (payload.p) {
		json_key(&w, S("payload"));
		json_raw(&w, payload);
	}
	json_object_end(&w);
	return json_text(&w);
}

void client_say(struct client *c, const char *type, str payload)
{
	struct arena *a = c->socket ? arena_new() : NULL;
	struct frame *f = a ? frame_new(FRAME_TEXT, message_of(a, type, payload)) : NULL;

	if (f)
		socket_send(c->socket, f);
	frame_drop(f);
	arena_free(a);
}

void client_close(struct client *c, int code, const char *reason)
{
	if (c->socket)
		socket_close(c->socket, c->version > 1 ? code : 0,
			     c->version > 1 ? str_of(reason) : S(""));
}

/* Must read on from its number. */
static void client_fall_behind(struct client *c)
{
	c->behind = true;
	if (c->catching || !c->socket)
		return;
	c->catching = true;
	client_hold(c);
	catch_later(c);
	catch_start(c->hub);
}

struct client *client_new(struct realtime *r, const struct identity *who, int version)
{
	struct client *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	*c = (struct client){
		.entry = { .id = who->id, .owner = c },
		.hub = r,
		.session = who->session,
		.expires = who->expires,
		.version = (uint8_t)version,
		.holders = 1,
	};
	if (table_add(&r->users, &c->entry))
		return c;
	free(c);
	return NULL;
}

static void on_opened(void *arg, struct socket *s)
{
	struct client *c = arg;

	atomic_fetch_add(&sockets, 1);
	c->socket = s;
	if (c->version > 1 && !c->asks) {
		struct arena *a = arena_new();

		client_say(
			c, "hello",
			arena_printf(
				a,
				"{\"version\":2,\"seq\":%lld,\"resumed\":false,\"refetch\":false}",
				(long long)c->seq));
		arena_free(a);
	}
	if (c->asks || c->behind)
		client_fall_behind(c);
}

static void on_text(void *arg, str message)
{
	command_run(arg, message);
}

static void on_stop(void *arg)
{
	client_close(arg, 1001, "the server is ending");
}

static void on_closed(void *arg)
{
	struct client *c = arg;

	if (c->socket)
		atomic_fetch_sub(&sockets, 1);
	presence_set(c, false);
	c->socket = NULL;
	table_remove(&c->hub->users, &c->entry);
	for (enum topic_kind k = TOPIC_THREAD; k <= TOPIC_PRESENCE; k++)
		topics_remove(c, k, (uuid){ 0 });
	client_drop(c);
}

const struct socket_owner client_owner = { &socket_usual, on_opened, on_text, on_stop, on_closed };

/* ---- a batch ---- */

struct batch *batch_new(size_t n)
{
	struct batch *b = calloc(1, sizeof *b + n * sizeof(struct event));

	if (b)
		atomic_init(&b->holders, 1);
	return b;
}

static void batch_drop(struct batch *b)
{
	if (atomic_fetch_sub(&b->holders, 1) != 1)
		return;
	for (size_t i = 0; i < b->n; i++) {
		frame_drop(b->v[i].plain);
		frame_drop(b->v[i].numbered);
	}
	free(b);
}

static void batch_hold(void *note)
{
	struct batch *b = *(struct batch **)note;

	atomic_fetch_add(&b->holders, 1);
}

/* In order, once; whatever does not follow is read from the database. */
static void tell(struct client *c, const struct event *e)
{
	if (c->catching || !c->socket) {
		c->behind = true;
		return;
	}
	if (e->seq <= c->seq)
		return;
	if (e->seq > c->seq + 1) {
		client_fall_behind(c);
		return;
	}
	socket_send(c->socket, c->version > 1 ? e->numbered : e->plain);
	c->seq = e->seq;
	if (!uuid_is_nil(e->message))
		delivered(c->hub, c->entry.id, e->message);
}

static void tell_user(struct realtime *r, const struct event *e)
{
	for (struct entry *x = table_first(&r->users, e->topic); x; x = table_next(x))
		tell(x->owner, e);
	if (e->counts)
		badge_tell(r, e->topic);
}

static void deliver_event(struct realtime *r, const struct event *e)
{
	switch (e->kind) {
	case EVENT_USER:
		tell_user(r, e);
		break;
	case EVENT_ACCOUNT:
		account_check(r, e->topic);
		break;
	case EVENT_BADGE:
		badge_tell(r, e->topic);
		break;
	case EVENT_THREAD:
	case EVENT_BEACON:
		topics_tell(r, e);
		break;
	}
}

static void all_fall_behind(struct realtime *r)
{
	for (size_t i = 0; i < r->users.size; i++)
		for (struct entry *e = r->users.slots[i]; e; e = e->next)
			client_fall_behind(e->owner);
}

static void deliver(struct realtime *r, void *note)
{
	struct batch *b = *(struct batch **)note;

	for (size_t i = 0; i < b->n; i++)
		deliver_event(r, &b->v[i]);
	if (b->gap)
		all_fall_behind(r);
	batch_drop(b);
}

void batch_spread(struct batch *b)
{
	hub_each(deliver, batch_hold, &b, sizeof b);
	batch_drop(b);
}

/* ---- each second ---- */

static void on_tick(void *arg)
{
	struct realtime *r = arg;
	usec now = time_now();

	if (r->o.reads)
		presence_answer();
	for (size_t i = 0; i < r->users.size; i++)
		for (struct entry *e = r->users.slots[i]; e; e = e->next) {
			struct client *c = e->owner;

			if (c->expires.us <= now.us)
				client_close(c, CLOSE_TOKEN, "the token has expired");
		}
	timer_set(r->tick, SECOND);
}

/* ---- life ---- */

static void join(struct realtime *r)
{
	pthread_mutex_lock(&lock);
	r->next = hubs;
	hubs = r;
	pthread_mutex_unlock(&lock);
}

static void leave(struct realtime *r)
{
	pthread_mutex_lock(&lock);
	for (struct realtime **at = &hubs; *at; at = &(*at)->next)
		if (*at == r) {
			*at = r->next;
			break;
		}
	pthread_mutex_unlock(&lock);
}

struct realtime *realtime_start(const struct realtime_options *options)
{
	struct realtime *r = calloc(1, sizeof *r);

	if (!r)
		return NULL;
	r->o = *options;
	r->behind_end = &r->behind;
	r->tick = timer_new(r->o.loop, on_tick, r);
	if (r->tick)
		timer_set(r->tick, SECOND);
	mine = r;
	join(r);
	if (r->o.reads)
		r->tail = tail_start(r);
	return r;
}

void realtime_stop(struct realtime *r, void (*done)(void *), void *arg)
{
	r->stopping = true;
	r->done = done;
	r->done_arg = arg;
	leave(r); /* what was posted before this runs before `done` */
	if (r->tail)
		tail_stop(r->tail);
	check_done(r);
}

void realtime_free(struct realtime *r)
{
	if (!r)
		return;
	if (mine == r)
		mine = NULL;
	tail_free(r->tail);
	for (struct client *c = r->behind, *next; c; c = next) {
		next = c->next_behind;
		client_drop(c);
	}
	timer_free(r->tick);
	delivered_free(r);
	table_free(&r->users);
	table_free(&r->threads);
	table_free(&r->watched);
	free(r);
}
