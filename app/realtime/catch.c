/* Sockets that are behind: a few coroutines read what follows a socket's number and send it, a page for each in turn. */
#include "app/realtime/hub.h"

#include "app/realtime/realtime_db.h"
#include "lib/base/json.h"

enum {
	CATCHERS = 16,
	PAGE = 200,		 /* events a statement */
	FRAME_BYTES = 64 * 1024, /* of events in a frame, about */
	QUEUE_LOW = 32,		 /* frames that may wait before more is read */
};

static const int64_t pause_when_full = 20 * MILLISECOND, pause_when_down = SECOND;

/* ---- what is sent ---- */

static void say_state(struct client *c, struct arena *a, const char *type, bool resumed,
		      bool refetch)
{
	client_say(c, type,
		   arena_printf(a, "{\"version\":2,\"seq\":%lld,\"resumed\":%s,\"refetch\":%s}",
				(long long)c->seq, resumed ? "true" : "false",
				refetch ? "true" : "false"));
}

static void write_event(struct json_writer *w, const struct page_row *e)
{
	json_object_begin(w);
	json_key(w, S("type"));
	json_str(w, e->type);
	json_key(w, S("seq"));
	json_int(w, e->seq);
	json_key(w, S("payload"));
	json_raw(w, e->payload.text);
	json_object_end(w);
}

/* As many of the n events as fit a frame; how many. */
static size_t say_some(struct client *c, struct arena *a, const struct page_row *e, size_t n)
{
	struct json_writer w;
	size_t i = 0;

	json_init(&w, a, 4096);
	json_object_begin(&w);
	json_key(&w, S("events"));
	json_array_begin(&w);
	do
		write_event(&w, &e[i++]);
	while (i < n && json_text(&w).n < FRAME_BYTES);
	json_array_end(&w);
	json_object_end(&w);
	client_say(c, "events", json_text(&w));
	return i;
}

static void say_events(struct client *c, struct arena *a, const struct page_row *e, size_t n)
{
	for (size_t i = 0; i < n;) {
		if (c->version > 1)
			i += say_some(c, a, e + i, n - i);
		else
			client_say(c, arena_cstr(a, e[i].type), e[i].payload.text), i++;
	}
	if (n)
		c->seq = e[n - 1].seq;
	for (size_t i = 0; i < n && c->socket; i++)
		if (!uuid_is_nil(e[i].message))
			delivered(c->hub, c->entry.id, e[i].message);
}

/* ---- one page ---- */

/* A client's own number is answered once: it goes on from there, or must fetch everything anew. */
static void greet(struct client *c, struct arena *a, const struct page_row *first)
{
	if (!c->asks)
		return;
	c->asks = false;
	if (!first->whole)
		c->seq = first->head;
	say_state(c, a, "hello", first->whole, !first->whole);
}

/* A socket that fell behind so far that events are gone by now. */
static void give_up(struct client *c, struct arena *a, const struct page_row *first)
{
	c->seq = first->head;
	if (c->version > 1)
		say_state(c, a, "refetch", false, true);
}

static err send_page(struct client *c, struct arena *a, bool *ret_more)
{
	struct list page;
	const struct page_row *e;
	size_t n;

	TRY(events_page(hub_db(c->hub, a), c->entry.id, c->seq, PAGE, &page));
	*ret_more = page.n == PAGE;
	if (page.n == 0) {
		client_close(c, CLOSE_ACCOUNT, "this account is gone");
		return OK;
	}
	e = page.v;
	n = e[0].seq ? page.n : 0;
	if (!e[0].whole && !c->asks)
		give_up(c, a, &e[0]);
	else if (!e[0].whole || n == 0)
		greet(c, a, &e[0]);
	else {
		greet(c, a, &e[0]);
		say_events(c, a, e, n);
	}
	return OK;
}

/* ---- coroutines ---- */

/* One page; whether it must look again. */
static bool advance(struct client *c)
{
	struct arena *a = arena_new();
	bool more = false;

	c->behind = false;
	err e = send_page(c, a, &more);
	arena_free(a);
	if (e.info) {
		c->behind = true;
		loop_sleep(pause_when_down);
	}
	return c->socket && (more || c->behind);
}

void catch_later(struct client *c)
{
	struct realtime *r = c->hub;

	c->next_behind = NULL;
	*r->behind_end = c;
	r->behind_end = &c->next_behind;
	r->nbehind++;
}

static struct client *take(struct realtime *r)
{
	struct client *c = r->behind;

	r->behind = c->next_behind;
	if (!r->behind)
		r->behind_end = &r->behind;
	r->nbehind--;
	return c;
}

/* Until peers have taken something, when all that are behind have enough to take. */
static void wait_for_room(struct realtime *r)
{
	if (++r->full <= r->nbehind)
		return;
	loop_sleep(pause_when_full);
	r->full = 0;
}

static bool is_full(const struct client *c)
{
	return c->socket && socket_queued(c->socket) > QUEUE_LOW;
}

/* A page for each in turn: whoever takes it slowly holds nobody else up. It is done when it has room for what comes by
 * itself from then on. */
static void step(struct realtime *r, struct client *c)
{
	if (is_full(c)) {
		catch_later(c);
		wait_for_room(r);
		return;
	}
	r->full = 0;
	if (c->socket && (advance(c) || is_full(c))) {
		catch_later(c);
		return;
	}
	c->catching = false;
	client_drop(c);
}

static void run(void *arg)
{
	struct realtime *r = arg;

	loop_set_slice_name(r->o.loop, "realtime");
	while (r->behind && !r->stopping)
		step(r, take(r));
	r->catchers--;
	hub_ended(r);
}

void catch_start(struct realtime *r)
{
	if (r->catchers >= CATCHERS)
		return;
	r->catchers++;
	if (!hub_start(r, run, r))
		r->catchers--;
}
