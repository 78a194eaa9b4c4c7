/* What sockets follow besides their user's own events: threads, areas of the map, people, the badge. */
#include "app/realtime/hub.h"

#include "app/notifications/notifications.h"
#include "app/realtime/realtime_db.h"
#include "lib/base/json.h"

#include <pthread.h>
#include <stdlib.h>

/* ---- the lists ---- */

static struct table *table_of(struct topic *t)
{
	struct realtime *r = t->client->hub;

	return t->kind == TOPIC_THREAD	    ? &r->threads
		: t->kind == TOPIC_PRESENCE ? &r->watched
					    : NULL;
}

static void link_area(struct realtime *r, struct topic *t)
{
	t->next_area = r->areas;
	t->area_link = &r->areas;
	if (t->next_area)
		t->next_area->area_link = &t->next_area;
	r->areas = t;
}

static void topic_free(struct topic *t)
{
	if (table_of(t))
		table_remove(table_of(t), &t->entry);
	if (t->area_link) {
		*t->area_link = t->next_area;
		if (t->next_area)
			t->next_area->area_link = t->area_link;
	}
	t->client->ntopics--;
	free(t);
}

bool topic_add(struct client *c, const struct topic *like)
{
	struct topic *t = malloc(sizeof *t);

	topics_remove(c, like->kind, like->entry.id);
	if (!t)
		return false;
	*t = *like;
	t->client = c;
	t->entry.owner = t;
	if (table_of(t) && !table_add(table_of(t), &t->entry)) {
		free(t);
		return false;
	}
	if (t->kind == TOPIC_BEACONS)
		link_area(c->hub, t);
	t->next = c->topics;
	c->topics = t;
	c->ntopics++;
	return true;
}

void topics_remove(struct client *c, enum topic_kind kind, uuid id)
{
	for (struct topic **at = &c->topics, *t; (t = *at);) {
		if (t->kind == kind && (uuid_is_nil(id) || uuid_eq(t->entry.id, id))) {
			*at = t->next;
			topic_free(t);
		} else {
			at = &t->next;
		}
	}
}

/* ---- threads and areas ---- */

static bool is_inside(const struct topic *t, double lat, double lon)
{
	bool between = t->west <= t->east ? lon >= t->west && lon <= t->east
					  : lon >= t->west || lon <= t->east;

	return between && lat >= t->south && lat <= t->north;
}

static str place(struct arena *a, const struct event *e)
{
	char id[UUID_TEXT];

	uuid_format(e->topic, id);
	if (e->kind == EVENT_THREAD)
		return arena_printf(a, "{\"post_id\":\"%.*s\"}", UUID_TEXT, id);
	return arena_printf(a, "{\"beacon_id\":\"%.*s\",\"lat\":%.2f,\"long\":%.2f}", UUID_TEXT, id,
			    e->lat, e->lon);
}

void topics_tell(struct realtime *r, const struct event *e)
{
	struct arena *a = arena_new();
	str what = place(a, e);

	if (e->kind == EVENT_THREAD)
		for (struct entry *x = table_first(&r->threads, e->topic); x; x = table_next(x))
			client_say(((struct topic *)x->owner)->client, "thread_changed", what);
	else
		for (struct topic *t = r->areas; t; t = t->next_area)
			if (is_inside(t, e->lat, e->lon))
				client_say(t->client, "beacons_changed", what);
	arena_free(a);
}

/* ---- the badge ---- */

static void say_badge(struct client *c)
{
	struct arena *a = arena_new();
	struct badge badge;
	struct json_writer w;
	err e = notifications_badge(hub_db(c->hub, a), c->entry.id, &badge);

	json_init(&w, a, 128);
	json_record(&w, badge_fields, &badge);
	if (!e.info)
		client_say(c, "badge", json_text(&w));
	arena_free(a);
}

/* A moment later, so that a burst of changes is one answer. */
static void run_badge(void *arg)
{
	struct client *c = arg;
	struct realtime *r = c->hub;

	loop_set_slice_name(r->o.loop, "badge");
	loop_sleep(50 * MILLISECOND);
	c->badge_due = false;
	if (c->socket)
		say_badge(c);
	client_drop(c);
	hub_ended(r);
}

static void badge_due(struct client *c)
{
	if (!c->badge || c->badge_due || !c->socket)
		return;
	c->badge_due = true;
	client_hold(c);
	if (!hub_start(c->hub, run_badge, c)) {
		c->badge_due = false;
		client_drop(c);
	}
}

void badge_follow(struct client *c, bool follows)
{
	c->badge = follows;
	badge_due(c);
}

void badge_tell(struct realtime *r, uuid user)
{
	for (struct entry *x = table_first(&r->users, user); x; x = table_next(x))
		badge_due(x->owner);
}

/* ---- who is here ---- */

/* How many sockets of this process show each person; under a lock, as all loops use it. */
struct shown {
	struct entry entry;
	int sockets;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct table shown;

/* What is told to the watchers on every loop. */
struct arrival {
	uuid user;
	bool here;
};

static struct shown *find(uuid user)
{
	struct entry *e = table_first(&shown, user);

	return e ? e->owner : NULL;
}

static struct shown *find_or_make(uuid user)
{
	struct shown *s = find(user);

	if (s)
		return s;
	s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->entry = (struct entry){ .id = user, .owner = s };
	if (table_add(&shown, &s->entry))
		return s;
	free(s);
	return NULL;
}

/* True when the person has come or gone by this. */
static bool count(uuid user, int by)
{
	struct shown *s;
	bool changed = false;

	pthread_mutex_lock(&lock);
	s = by > 0 ? find_or_make(user) : find(user);
	if (s) {
		s->sockets += by;
		changed = s->sockets == (by > 0 ? 1 : 0);
	}
	if (s && s->sockets == 0) {
		table_remove(&shown, &s->entry);
		free(s);
	}
	pthread_mutex_unlock(&lock);
	return changed;
}

bool presence_of(uuid user)
{
	bool here;

	pthread_mutex_lock(&lock);
	here = find(user) != NULL;
	pthread_mutex_unlock(&lock);
	return here;
}

str presence_text(struct arena *a, uuid user, bool here)
{
	char id[UUID_TEXT];

	uuid_format(user, id);
	return arena_printf(a, "{\"user_id\":\"%.*s\",\"online\":%s}", UUID_TEXT, id,
			    here ? "true" : "false");
}

struct telling {
	struct realtime *r;
	struct arrival arrival;
};

static struct uuids watchers(struct arena *a, struct realtime *r, uuid subject)
{
	struct uuids out = { 0 };
	size_t n = 0;

	for (struct entry *x = table_first(&r->watched, subject); x; x = table_next(x))
		n++;
	out.v = arena_alloc(a, n * sizeof(uuid));
	for (struct entry *x = table_first(&r->watched, subject); x; x = table_next(x))
		out.v[out.n++] = ((struct topic *)x->owner)->client->entry.id;
	return out;
}

/* Asked again each time: a block or a setting since then counts. */
static void tell_watchers(struct realtime *r, struct arena *a, const struct arrival *what)
{
	struct list allowed = { 0 };
	const uuid *viewer;
	str text = presence_text(a, what->user, what->here);
	err e = activity_viewers(hub_db(r, a), what->user, watchers(a, r, what->user), &allowed);

	viewer = allowed.v;
	for (size_t i = 0; !e.info && i < allowed.n; i++)
		for (struct entry *x = table_first(&r->watched, what->user); x; x = table_next(x)) {
			struct client *c = ((struct topic *)x->owner)->client;

			if (uuid_eq(c->entry.id, viewer[i]))
				client_say(c, "presence", text);
		}
}

static void run_telling(void *arg)
{
	struct telling t = *(struct telling *)arg;
	struct arena *a = arena_new();

	free(arg);
	loop_set_slice_name(t.r->o.loop, "presence");
	tell_watchers(t.r, a, &t.arrival);
	arena_free(a);
	hub_ended(t.r);
}

static void on_arrival(struct realtime *r, void *note)
{
	const struct arrival *arrival = note;
	struct telling *t;

	if (!table_first(&r->watched, arrival->user) || !(t = malloc(sizeof *t)))
		return;
	*t = (struct telling){ r, *arrival };
	if (!hub_start(r, run_telling, t))
		free(t);
}

void presence_set(struct client *c, bool present)
{
	const struct arrival a = { c->entry.id, present };

	if (c->present == present)
		return;
	c->present = present;
	if (count(a.user, present ? 1 : -1))
		hub_each(on_arrival, NULL, &a, sizeof a);
}

/* ---- whispers ---- */

struct whisper {
	uuid user;
	struct frame *frame;
};

static void whisper_hold(void *note)
{
	frame_hold(((struct whisper *)note)->frame);
}

static void on_whisper(struct realtime *r, void *note)
{
	const struct whisper *w = note;

	for (struct entry *x = table_first(&r->users, w->user); x; x = table_next(x)) {
		struct client *c = x->owner;

		if (c->socket && c->version > 1)
			socket_send(c->socket, w->frame);
	}
	frame_drop(w->frame);
}

void whisper(uuid user, struct frame *f)
{
	const struct whisper w = { user, f };

	hub_each(on_whisper, whisper_hold, &w, sizeof w);
}
