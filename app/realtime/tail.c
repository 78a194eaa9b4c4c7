/*
 * The reader of the log: one coroutine of the process asks for what is new since its position whenever somebody
 * rings, and once a second. However many ring, one statement answers them all.
 */
#include "app/realtime/hub.h"

#include "app/auth/auth.h"
#include "app/bus/bus.h"
#include "app/events/events.h"
#include "app/ops/metrics.h"
#include "app/realtime/realtime_db.h"
#include "lib/base/json.h"
#include "lib/base/log.h"

#include <pthread.h>
#include <stdlib.h>

enum { ROWS = 1000 };

static const int64_t look_every = SECOND;

struct tail {
	struct realtime *r;
	struct waiter bell;
	bool stopping, down;
	bool missed;	    /* something could not be told: all sockets must look for themselves */
	int64_t reconnects; /* of the pool, at the last look */
	char since[8192];   /* a snapshot: two numbers and the transactions under way; "" none */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the next two */
static struct tail *the_tail;
static bool rung;

/* ---- ringing ---- */

static void ring(void *arg)
{
	struct tail *t = arg;

	pthread_mutex_lock(&lock);
	rung = false;
	pthread_mutex_unlock(&lock);
	waiter_wake(&t->bell);
}

/* Without sockets the look of each second is enough: it keeps the position near. */
void tail_ring(void)
{
	if (realtime_sockets() == 0)
		return;
	pthread_mutex_lock(&lock);
	if (the_tail && !rung) {
		rung = true;
		loop_post(the_tail->r->o.loop, ring, the_tail);
	}
	pthread_mutex_unlock(&lock);
}

void realtime_wake(void)
{
	tail_ring();
	bus_hint(BUS_EVENTS);
}

static void on_events(uuid from, str body)
{
	(void)from, (void)body;
	tail_ring();
}

/* ---- events ---- */

static struct frame *encode(struct arena *a, const struct tail_row *row, bool numbered)
{
	struct json_writer w;

	json_init(&w, a, 128 + row->payload.text.n);
	json_object_begin(&w);
	json_key(&w, S("type"));
	json_str(&w, row->type);
	if (numbered) {
		json_key(&w, S("seq"));
		json_int(&w, row->seq);
	}
	json_key(&w, S("payload"));
	json_raw(&w, row->payload.text);
	json_object_end(&w);
	return frame_new(FRAME_TEXT, json_text(&w));
}

static enum event_kind kind_of(str kind)
{
	static const char *const kinds[] = { "user", "account", "badge", "thread", "beacon" };

	for (int i = EVENT_ACCOUNT; i <= EVENT_BEACON; i++)
		if (str_eq(kind, str_of(kinds[i])))
			return (enum event_kind)i;
	return EVENT_USER;
}

static bool counts_for_badge(str type)
{
	return str_eq(type, S("notification")) || str_eq(type, S("new_message"))
		|| str_eq(type, S("messages_read"));
}

/* False: out of memory. */
static bool take_row(struct arena *a, const struct tail_row *row, struct event *out)
{
	*out = (struct event){
		.kind = kind_of(row->kind),
		.topic = row->topic,
		.seq = row->seq,
		.message = row->message,
		.lat = row->lat,
		.lon = row->lon,
	};
	if (out->kind == EVENT_ACCOUNT)
		auth_forget_here(row->topic);
	if (out->kind != EVENT_USER)
		return true;
	out->counts = counts_for_badge(row->type);
	out->plain = encode(a, row, false);
	out->numbered = encode(a, row, true);
	return out->plain && out->numbered;
}

static void spread(struct tail *t, struct arena *a, const struct tail_row *rows, size_t n, bool gap)
{
	struct batch *b = batch_new(n);

	if (!b) {
		t->missed = true;
		return;
	}
	b->gap = gap;
	b->n = n;
	for (size_t i = 0; i < n; i++) {
		if (!take_row(a, &rows[i], &b->v[i]))
			b->gap = true;
		metrics_realtime((int64_t)(rows[i].age * 1e6));
	}
	batch_spread(b);
}

/* ---- reading ---- */

static void note_position(struct tail *t, str snapshot)
{
	size_t n = snapshot.n < sizeof t->since ? snapshot.n : 0; /* none, if it does not fit */

	memcpy(t->since, snapshot.p, n);
	t->since[n] = '\0';
}

/* One page of what is new: after *after, which moves on, and up to the snapshot *until, which the first one
 * finds. *ret_n: rows, ROWS when there may be more. */
static err read_page(struct tail *t, struct arena *a, struct tail_row *after, str *until,
		     size_t *ret_n)
{
	str since = t->since[0] ? str_of(t->since) : (str){ 0 };
	struct list list;
	const struct tail_row *rows;
	size_t n;

	TRY(events_tail(hub_db(t->r, a), since, *until, after->topic, after->seq, ROWS, &list));
	rows = list.v;
	n = uuid_is_nil(rows[0].topic) ? 0 : list.n;
	if (!until->p)
		*until = rows[0].snapshot;
	if (n)
		*after = rows[n - 1];
	if (n || !since.p) /* without a position before this something may have been missed */
		spread(t, a, rows, n, !since.p);
	*ret_n = n;
	return OK;
}

/* A server that has crashed may give numbers of transactions out again that it had not written down: then a
 * position from before says nothing. */
static void check_position(struct tail *t)
{
	int64_t reconnects = db_pool_stats(t->r->o.pool).reconnects;

	if (t->missed || reconnects != t->reconnects)
		t->since[0] = '\0';
	t->missed = false;
	t->reconnects = reconnects;
}

static err read_new(struct tail *t, struct arena *a)
{
	struct tail_row after = { .seq = INT64_MIN };
	str until = { 0 };
	size_t n;

	check_position(t);
	do
		TRY(read_page(t, a, &after, &until, &n));
	while (n == ROWS);
	note_position(t, until);
	return OK;
}

static void look(struct tail *t)
{
	struct arena *a = arena_new();
	err e = read_new(t, a);

	if ((e.info != NULL) != t->down)
		log_warn(e.info ? "events wait for the database" : "events are read again",
			 LOG("code", e.info ? e.info->code : "-"));
	t->down = e.info != NULL;
	arena_free(a);
}

static void run(void *arg)
{
	struct tail *t = arg;

	loop_set_slice_name(t->r->o.loop, "events");
	while (!t->stopping) {
		look(t);
		if (!t->stopping) {
			err e = waiter_wait(&t->bell, time_monotonic() + look_every);

			(void)e; /* either is reason to look */
		}
	}
	hub_ended(t->r);
}

/* ---- life ---- */

void realtime_listen(void)
{
	bus_listen(BUS_EVENTS, on_events);
	presence_listen();
	events_listen(realtime_wake);
}

struct tail *tail_start(struct realtime *r)
{
	struct tail *t = calloc(1, sizeof *t);

	if (!t)
		return NULL;
	t->r = r;
	pthread_mutex_lock(&lock);
	the_tail = t;
	rung = false;
	pthread_mutex_unlock(&lock);
	if (!hub_start(r, run, t))
		log_error("events cannot be read");
	return t;
}

void tail_stop(struct tail *t)
{
	pthread_mutex_lock(&lock);
	the_tail = NULL; /* what was posted before runs before the hub's end */
	pthread_mutex_unlock(&lock);
	t->stopping = true;
	waiter_wake(&t->bell);
}

void tail_free(struct tail *t)
{
	free(t);
}
