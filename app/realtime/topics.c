/* What sockets follow besides their user's own events: threads, areas of the map, people (presence.c), the badge. */
#include "app/realtime/hub.h"

#include "app/notifications/notifications.h"
#include "app/realtime/realtime_db.h"
#include "lib/base/json.h"

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
