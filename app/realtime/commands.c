/*
 * What clients send. Version 1 knows "ping" and nothing else that is answered; version 2 renews its token,
 * follows topics, shows and watches presence, and tells that somebody is typing. What needs the
 * database runs on a coroutine of its own, a few a socket at a time.
 */
#include "app/realtime/hub.h"

#include "app/auth/auth.h"
#include "app/realtime/realtime_db.h"
#include "lib/base/json.h"
#include "lib/web/token.h"

#include <math.h>
#include <stdlib.h>

enum {
	COMMANDS = 8, /* of a socket at once */
	TOPICS = 100, /* of a socket */
	PEOPLE = 500, /* in one message */
};

static const double radius_max = 100000, metres_a_degree = 111320;

static const struct err_info too_many_info = { 429, "too_many", "too much at once", NULL };
static const err err_too_many = { &too_many_info };

struct incoming {
	str type;
	struct json payload;
};
static const struct field incoming_fields[] = {
	FIELD(struct incoming, type, .required = true, .max = 64),
	FIELD(struct incoming, payload),
	{ 0 },
};

struct auth_in {
	str token;
};
static const struct field auth_in_fields[] = {
	FIELD(struct auth_in, token, .required = true),
	{ 0 },
};

struct topic_in {
	str topic;
	uuid id;
	double lat, lon, radius;
};
static const struct field topic_in_fields[] = {
	FIELD(struct topic_in, topic, .required = true, .one_of = "thread|badge|beacons"),
	FIELD(struct topic_in, id),
	FIELD(struct topic_in, lat, .has_range = true, .min = -90, .max = 90),
	FIELD(struct topic_in, lon, .alias = "long", .has_range = true, .min = -180, .max = 180),
	FIELD(struct topic_in, radius, .has_range = true, .min = 0, .max = 100000),
	{ 0 },
};

struct presence_in {
	bool show;
	struct uuids watch;
};
static const struct field presence_in_fields[] = {
	FIELD(struct presence_in, show),
	FIELD(struct presence_in, watch, .max = PEOPLE),
	{ 0 },
};

struct typing_in {
	uuid user_id, conversation_id;
};
static const struct field typing_in_fields[] = {
	FIELD(struct typing_in, user_id, .required = true),
	FIELD(struct typing_in, conversation_id),
	{ 0 },
};

/* A command that waits for something. */
struct command {
	struct client *client;
	struct arena *arena;
	struct db *db;
	str type;
	str payload;
	err (*run)(struct command *k);
};

/* ---- answers ---- */

struct failure {
	str code, error, about;
};
static const struct field failure_fields[] = {
	FIELD(struct failure, code),
	FIELD(struct failure, error),
	FIELD(struct failure, about),
	{ 0 },
};

static str record(struct arena *a, const struct field *fields, const void *r)
{
	struct json_writer w;

	json_init(&w, a, 256);
	json_record(&w, fields, r);
	return json_text(&w);
}

static void say_error(struct client *c, struct arena *a, str about, err e)
{
	const struct failure f = { str_of(e.info->code), str_of(e.info->message), about };

	if (c->version > 1)
		client_say(c, "error", record(a, failure_fields, &f));
}

/* ---- the token ---- */

/* A new one of the same user goes on where the old one ends; anything else ends the socket. */
static err renew(struct command *k)
{
	struct client *c = k->client;
	struct auth_in in = { 0 };
	struct token t;

	TRY(fields_from_json(k->arena, k->payload, auth_in_fields, &in, NULL));
	const struct app *app = c->hub->o.app;
	err e = token_verify_any(k->arena, app->jwt_secret, app->jwks, in.token, time_now(), &t);
	if (!e.info && !uuid_eq(t.sub, c->entry.id))
		e = err_token_invalid;
	if (!e.info)
		e = auth_still(k->db, t.sub, t.session);
	if (e.info) {
		if (e.info->status == 503)
			return e;
		client_close(c, e.info->status == 403 ? CLOSE_ACCOUNT : CLOSE_TOKEN,
			     e.info->message);
		return OK;
	}
	c->session = t.session;
	c->expires = t.expires;
	client_say(c, "auth",
		   arena_printf(k->arena, "{\"expires_at\":%lld}",
				(long long)(t.expires.us / SECOND)));
	return OK;
}

/* ---- topics ---- */

static void say_topic(struct command *k, const char *type, const struct topic_in *in)
{
	struct json_writer w;

	json_init(&w, k->arena, 128);
	json_object_begin(&w);
	json_key(&w, S("topic"));
	json_str(&w, in->topic);
	if (!uuid_is_nil(in->id)) {
		json_key(&w, S("id"));
		json_uuid(&w, in->id);
	}
	json_object_end(&w);
	client_say(k->client, type, json_text(&w));
}

/* A box around the circle; the map asks for circles, and a little more does no harm. */
static struct topic area_of(const struct topic_in *in)
{
	double radius = in->radius > 0 && in->radius < radius_max ? in->radius : radius_max;
	double up = radius / metres_a_degree;
	double shrunk = cos(in->lat * M_PI / 180);
	double across = shrunk > 0.01 ? up / shrunk : 180;
	struct topic t = { .kind = TOPIC_BEACONS, .south = in->lat - up, .north = in->lat + up };

	t.west = across >= 180 ? -180 : in->lon - across;
	t.east = across >= 180 ? 180 : in->lon + across;
	t.west += t.west < -180 ? 360 : 0;
	t.east -= t.east > 180 ? 360 : 0;
	return t;
}

static err follow_thread(struct command *k, struct topic_in *in)
{
	struct topic t = { .kind = TOPIC_THREAD };

	if (uuid_is_nil(in->id))
		return err_detail(k->arena, err_invalid, "id", "id is required");
	TRY(thread_root(k->db, in->id, k->client->entry.id, &t.entry.id));
	in->id = t.entry.id;
	return topic_add(k->client, &t) ? OK : err_no_memory;
}

static err subscribe(struct command *k)
{
	struct topic_in in = { .lat = NAN, .lon = NAN };
	struct present present;

	TRY(fields_from_json(k->arena, k->payload, topic_in_fields, &in, &present));
	if (k->client->ntopics >= TOPICS)
		return err_too_many;
	if (str_eq(in.topic, S("thread"))) {
		TRY(follow_thread(k, &in));
	} else if (str_eq(in.topic, S("beacons"))) {
		if (!present_has(&present, topic_in_fields, "lat")
		    || !present_has(&present, topic_in_fields, "lon"))
			return err_detail(k->arena, err_invalid, "lat",
					  "lat and long are required");
		struct topic t = area_of(&in);
		if (!topic_add(k->client, &t))
			return err_no_memory;
	}
	say_topic(k, "subscribed", &in);
	if (str_eq(in.topic, S("badge")))
		badge_follow(k->client, true);
	return OK;
}

static err unsubscribe(struct command *k)
{
	struct topic_in in = { 0 };

	TRY(fields_from_json(k->arena, k->payload, topic_in_fields, &in, NULL));
	if (str_eq(in.topic, S("thread")))
		topics_remove(k->client, TOPIC_THREAD, in.id);
	else if (str_eq(in.topic, S("beacons")))
		topics_remove(k->client, TOPIC_BEACONS, (uuid){ 0 });
	else
		badge_follow(k->client, false);
	say_topic(k, "unsubscribed", &in);
	return OK;
}

/* ---- presence and typing ---- */

static err watch(struct command *k, struct uuids people)
{
	struct list seen;
	const uuid *person;

	topics_remove(k->client, TOPIC_PRESENCE, (uuid){ 0 });
	TRY(activity_visible(k->db, k->client->entry.id, people, &seen));
	person = seen.v;
	for (size_t i = 0; i < seen.n && k->client->socket; i++) {
		const struct topic t = { .kind = TOPIC_PRESENCE, .entry = { .id = person[i] } };

		if (!topic_add(k->client, &t))
			return err_no_memory;
		client_say(k->client, "presence",
			   presence_text(k->arena, person[i], presence_of(person[i])));
	}
	return OK;
}

/* Whoever hides their activity in the settings is not shown, whatever the app says: those who watch are
 * asked about each time. */
static err presence(struct command *k)
{
	struct presence_in in = { 0 };
	struct present present;

	TRY(fields_from_json(k->arena, k->payload, presence_in_fields, &in, &present));
	if (present_has(&present, presence_in_fields, "show"))
		presence_set(k->client, in.show);
	if (present_has(&present, presence_in_fields, "watch"))
		TRY(watch(k, in.watch));
	return OK;
}

static err typing(struct command *k)
{
	struct typing_in in = { 0 };
	struct list seen;

	TRY(fields_from_json(k->arena, k->payload, typing_in_fields, &in, NULL));
	TRY(activity_visible(k->db, k->client->entry.id, (struct uuids){ &in.user_id, 1 }, &seen));
	if (seen.n == 0)
		return err_not_found;
	typing_say(k->client->entry.id, in.user_id, in.conversation_id);
	return OK;
}

/* ---- accounts ---- */

static err check(struct command *k)
{
	err e = auth_still(k->db, k->client->entry.id, k->client->session);

	if (e.info && e.info->status < 500)
		client_close(k->client, CLOSE_ACCOUNT, e.info->message);
	return e.info && e.info->status >= 500 ? e : OK;
}

/* ---- running them ---- */

static void run(void *arg)
{
	struct command *k = arg;
	struct client *c = k->client;
	struct realtime *r = c->hub;

	loop_set_slice_name(r->o.loop, "command");
	err e = k->run(k);
	if (e.info)
		say_error(c, k->arena, k->type, e);
	arena_free(k->arena);
	c->commands--;
	client_drop(c);
	hub_ended(r);
}

static bool start(struct client *c, str type, str payload, err (*fn)(struct command *k))
{
	struct arena *a = arena_new();
	struct command *k = arena_alloc(a, sizeof *k);

	*k = (struct command){ .client = c,
			       .arena = a,
			       .db = hub_db(c->hub, a),
			       .type = arena_copy(a, type),
			       .payload = arena_copy(a, payload),
			       .run = fn };
	c->commands++;
	client_hold(c);
	if (hub_start(c->hub, run, k))
		return true;
	c->commands--;
	client_drop(c);
	arena_free(a);
	return false;
}

void account_check(struct realtime *r, uuid user)
{
	for (struct entry *x = table_first(&r->users, user); x; x = table_next(x))
		start(x->owner, S("account"), S(""), check);
}

static void dispatch(struct client *c, struct arena *a, const struct incoming *m)
{
	static const struct {
		const char *type;
		err (*run)(struct command *k);
	} commands[] = {
		{ "auth", renew },
		{ "subscribe", subscribe },
		{ "unsubscribe", unsubscribe },
		{ "presence", presence },
		{ "typing", typing },
	};

	if (str_eq(m->type, S("ping")))
		client_say(c, "pong", (str){ 0 });
	for (size_t i = 0; c->version > 1 && i < sizeof commands / sizeof *commands; i++) {
		if (!str_eq(m->type, str_of(commands[i].type)))
			continue;
		if (c->commands >= COMMANDS || !start(c, m->type, m->payload.text, commands[i].run))
			say_error(c, a, m->type, err_too_many);
	}
}

void command_run(struct client *c, str text)
{
	struct arena *a = arena_new();
	struct incoming m = { 0 };
	err e = fields_from_json(a, text, incoming_fields, &m, NULL);

	if (e.info)
		client_close(c, CLOSE_BAD_FRAME, "this is no message");
	else
		dispatch(c, a, &m);
	arena_free(a);
}
