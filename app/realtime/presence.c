/*
 * Who is here, and who is typing. Each copy of the server knows whom its own sockets show, and by the bus
 * whom those of the others do. A copy says who comes and who goes; when something was missed of it, it is asked
 * for all of its people and says them once more. Without a bus a person is here or not as this process sees it.
 *
 * What is said of people (BUS_PRESENCE) is one character and ids of 16 bytes: '+' have come, '-' have gone, '=' are
 * here, beginning a list of all, '&' going on with it, '.' ending it; '?' asks the copy of that id for its list.
 */
#include "app/realtime/hub.h"

#include "app/bus/bus.h"
#include "app/realtime/realtime_db.h"

#include <pthread.h>
#include <stdlib.h>

enum { ID = sizeof(uuid), PIECE = 500 };

/* Another copy of the server. */
struct copy {
	struct copy *next;
	uuid id;
	struct shown *people;
	bool listing;	 /* its list is under way, whole so far */
	unsigned listed; /* counts its lists */
};

/* A person whom sockets of one copy show. */
struct shown {
	struct entry entry;
	struct copy *copy;	    /* NULL: this process */
	int sockets;		    /* of this process */
	unsigned listed;	    /* the last list that had them */
	struct shown *next, **link; /* of the copy's */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the next three: all loops use them */
static struct table shown;
static struct copy *copies;
static bool asked; /* somebody wants our list */

/* ---- what is told to those who watch, on every loop ---- */

struct arrival {
	uuid user;
	bool here;
};

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

static void tell(uuid user, bool here)
{
	const struct arrival a = { user, here };

	hub_each(on_arrival, NULL, &a, sizeof a);
}

/* ---- who is here; under the lock ---- */

static struct shown *find(uuid user, const struct copy *c)
{
	for (struct entry *e = table_first(&shown, user); e; e = table_next(e))
		if (((struct shown *)e->owner)->copy == c)
			return e->owner;
	return NULL;
}

static void link_to_copy(struct shown *s, struct copy *c)
{
	s->copy = c;
	s->next = c->people;
	s->link = &c->people;
	if (s->next)
		s->next->link = &s->next;
	c->people = s;
}

/* NULL: out of memory. */
static struct shown *come(uuid user, struct copy *c)
{
	struct shown *s = find(user, c);
	bool first = !table_first(&shown, user);

	if (s)
		return s;
	s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	s->entry = (struct entry){ .id = user, .owner = s };
	if (!table_add(&shown, &s->entry)) {
		free(s);
		return NULL;
	}
	if (c)
		link_to_copy(s, c);
	if (first)
		tell(user, true);
	return s;
}

static void go(struct shown *s)
{
	uuid user = s->entry.id;

	table_remove(&shown, &s->entry);
	if (s->link)
		*s->link = s->next;
	if (s->link && s->next)
		s->next->link = s->link;
	free(s);
	if (!table_first(&shown, user))
		tell(user, false);
}

bool presence_of(uuid user)
{
	bool here;

	pthread_mutex_lock(&lock);
	here = table_first(&shown, user);
	pthread_mutex_unlock(&lock);
	return here;
}

/* ---- our own people ---- */

/* Said under the lock, so that others hear it in the order in which it was. */
static void say_person(char what, uuid user)
{
	char text[1 + ID];

	text[0] = what;
	memcpy(text + 1, user.b, ID);
	bus_say(BUS_PRESENCE, (str){ text, sizeof text });
}

static void socket_shows(uuid user)
{
	struct shown *s = come(user, NULL);

	if (s && s->sockets++ == 0)
		say_person('+', user);
}

static void socket_shows_no_more(uuid user)
{
	struct shown *s = find(user, NULL);

	if (!s || --s->sockets > 0)
		return;
	say_person('-', user);
	go(s);
}

void presence_set(struct client *c, bool present)
{
	if (c->present == present)
		return;
	c->present = present;
	pthread_mutex_lock(&lock);
	if (present)
		socket_shows(c->entry.id);
	else
		socket_shows_no_more(c->entry.id);
	pthread_mutex_unlock(&lock);
}

/* ---- lists for other copies ---- */

struct piece {
	size_t n; /* bytes */
	char text[1 + PIECE * ID];
};

static void piece_begin(struct piece *p, char what)
{
	p->text[0] = what;
	p->n = 1;
}

static void piece_say(const struct piece *p)
{
	bus_say(BUS_PRESENCE, (str){ p->text, p->n });
}

static void list_all(struct piece *p)
{
	piece_begin(p, '=');
	for (size_t i = 0; i < shown.size; i++)
		for (struct entry *e = shown.slots[i]; e; e = e->next) {
			if (((struct shown *)e->owner)->copy)
				continue;
			memcpy(p->text + p->n, e->id.b, ID);
			p->n += ID;
			if (p->n < sizeof p->text)
				continue;
			piece_say(p);
			piece_begin(p, '&');
		}
	piece_say(p);
	piece_begin(p, '.');
	piece_say(p);
}

void presence_answer(void)
{
	struct piece *p;

	pthread_mutex_lock(&lock);
	p = asked ? malloc(sizeof *p) : NULL;
	if (p) {
		asked = false;
		list_all(p);
	}
	pthread_mutex_unlock(&lock);
	free(p);
}

/* ---- other copies' people ---- */

static struct copy *find_copy(uuid id)
{
	struct copy *c = copies;

	while (c && !uuid_eq(c->id, id))
		c = c->next;
	return c;
}

static struct copy *find_or_make_copy(uuid id)
{
	struct copy *c = find_copy(id);

	if (c || !(c = calloc(1, sizeof *c)))
		return c;
	*c = (struct copy){ .next = copies, .id = id };
	copies = c;
	return c;
}

/* Who was not on the list has gone meanwhile. */
static void end_list(struct copy *c)
{
	if (!c->listing)
		return;
	c->listing = false;
	for (struct shown *s = c->people, *next; s; s = next) {
		next = s->next;
		if (s->listed != c->listed)
			go(s);
	}
	bus_caught_up(c->id);
}

static void take_person(struct copy *c, char what, uuid user)
{
	struct shown *s = what == '-' ? find(user, c) : come(user, c);

	if (!s)
		c->listing &= what == '-'; /* else there was no memory, and the list is not whole */
	else if (what == '-')
		go(s);
	else
		s->listed = c->listed;
}

static void take_people(struct copy *c, str body)
{
	char what = body.p[0];

	if (what == '=') {
		c->listing = true;
		c->listed++;
	}
	for (size_t i = 1; i < body.n; i += ID) {
		uuid user;

		memcpy(user.b, body.p + i, ID);
		take_person(c, what, user);
	}
	if (what == '.')
		end_list(c);
}

/* Answered by the next tick, all who ask at once. */
static void take_question(str body)
{
	uuid me = bus_me();

	asked |= body.n == 1 + ID && memcmp(body.p + 1, me.b, ID) == 0;
}

static void on_presence(uuid from, str body)
{
	struct copy *c;

	if (body.n == 0 || (body.n - 1) % ID || !memchr("+-=&.?", body.p[0], 6))
		return;
	pthread_mutex_lock(&lock);
	if (body.p[0] == '?')
		take_question(body);
	else if ((c = find_or_make_copy(from)))
		take_people(c, body);
	pthread_mutex_unlock(&lock);
}

/* Whatever it was, events among it. */
static void on_missed(uuid from)
{
	struct copy *c;

	pthread_mutex_lock(&lock);
	c = find_copy(from);
	if (c)
		c->listing = false;
	pthread_mutex_unlock(&lock);
	say_person('?', from);
	tail_ring();
}

static void on_gone(uuid from)
{
	struct copy *c = NULL;

	pthread_mutex_lock(&lock);
	for (struct copy **at = &copies; *at; at = &(*at)->next)
		if (uuid_eq((*at)->id, from)) {
			c = *at;
			*at = c->next;
			break;
		}
	while (c && c->people)
		go(c->people);
	free(c);
	pthread_mutex_unlock(&lock);
}

/* ---- typing ---- */

struct typing {
	uuid from, to, conversation; /* nil: none */
};

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

static str typing_text(struct arena *a, const struct typing *t)
{
	char who[UUID_TEXT], where[UUID_TEXT];

	uuid_format(t->from, who);
	uuid_format(t->conversation, where);
	return arena_printf(a,
			    uuid_is_nil(t->conversation)
				    ? "{\"type\":\"typing\",\"payload\":{\"user_id\":\"%.*s\"}}"
				    : "{\"type\":\"typing\",\"payload\":{\"user_id\":\"%.*s\","
				      "\"conversation_id\":\"%.*s\"}}",
			    UUID_TEXT, who, UUID_TEXT, where);
}

/* To the receiver's sockets of this process. */
static void tell_typing(const struct typing *t)
{
	struct arena *a = arena_new();
	struct whisper w = { t->to, frame_new(FRAME_TEXT, typing_text(a, t)) };

	if (w.frame)
		hub_each(on_whisper, whisper_hold, &w, sizeof w);
	frame_drop(w.frame);
	arena_free(a);
}

void typing_say(uuid from, uuid to, uuid conversation)
{
	const struct typing t = { from, to, conversation };

	tell_typing(&t);
	bus_say(BUS_TYPING, (str){ (const char *)&t, sizeof t });
}

static void on_typing(uuid from, str body)
{
	struct typing t;

	(void)from;
	if (body.n != sizeof t)
		return;
	memcpy(&t, body.p, sizeof t);
	tell_typing(&t);
}

void presence_listen(void)
{
	static const struct bus_watcher watcher = { on_missed, on_gone };

	bus_listen(BUS_PRESENCE, on_presence);
	bus_listen(BUS_TYPING, on_typing);
	bus_watch(&watcher);
}
