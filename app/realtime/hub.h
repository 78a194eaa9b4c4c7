/*
 * The sockets of one loop, what they follow, and how events reach them. Private to app/realtime.
 *
 * A socket is at a number: everything up to it was sent. An event with the next number is sent as it comes;
 * one further on means that something is missing, and the socket is *behind*: a coroutine reads what
 * follows its number from the database until nothing does. So delivery is right whatever the reader of the
 * log, other processes or Redis do; they only make it fast.
 */
#pragma once

#include "app/realtime/realtime.h"
#include "app/realtime/table.h"
#include "lib/db/db.h"
#include "lib/web/socket.h"

/* ---- what is told ---- */

enum event_kind { EVENT_USER, EVENT_ACCOUNT, EVENT_BADGE, EVENT_THREAD, EVENT_BEACON };

struct event {
	enum event_kind kind;
	uuid topic; /* EVENT_USER, _ACCOUNT, _BADGE: the user; else the thread's first post, the beacon */
	int64_t seq;			/* EVENT_USER only, as what follows */
	struct frame *plain, *numbered; /* for either version of the protocol */
	bool counts;			/* for the badge */
	uuid message;			/* that it brings; nil: none */
	double lat, lon;		/* EVENT_BEACON */
};

/* What the reader has found in one go, shared by all loops. */
struct batch {
	atomic_uint holders;
	bool gap; /* there was more, or something may be missing: let every socket look for itself */
	size_t n;
	struct event v[];
};

struct batch *batch_new(size_t n);  /* NULL: out of memory */
void batch_spread(struct batch *b); /* to all hubs; takes the batch over */

/* ---- a socket ---- */

enum topic_kind { TOPIC_THREAD, TOPIC_BEACONS, TOPIC_PRESENCE };

struct topic {
	struct entry entry; /* .id: the thread, who is watched; .owner: the topic */
	struct client *client;
	struct topic *next;		      /* of the socket's */
	struct topic *next_area, **area_link; /* TOPIC_BEACONS */
	enum topic_kind kind;
	double south, north, west, east; /* TOPIC_BEACONS; west > east over the date line */
};

struct client {
	struct entry entry; /* .id: the user; .owner: the client */
	struct realtime *hub;
	struct socket *socket; /* NULL before it is open and after its end */
	uuid session;
	usec expires;	 /* of its token */
	int64_t seq;	 /* all up to it was sent */
	uint8_t version; /* 1: as the first app speaks; 2: with numbers, resumed and topics */
	bool asks;	 /* a client of version 2 that gave its last number and has no answer yet */
	bool catching;	 /* a coroutine reads for it, or it is among those behind */
	bool behind;	 /* … and must look again */
	bool badge, badge_due, present;
	uint8_t commands; /* that run */
	unsigned holders;
	unsigned ntopics;
	struct topic *topics;
	struct client *next_behind;
};

/* The coroutines and callbacks that still need it; the last one frees it. */
void client_hold(struct client *c);
void client_drop(struct client *c);

/* {"type": type, "payload": payload}; payload absent: none. Does nothing once the socket has gone. */
void client_say(struct client *c, const char *type, str payload);

/* With a code for version 2, without for version 1, as the first app is used to. */
void client_close(struct client *c, int code, const char *reason);

/* Codes of version 2 (RFC 6455 §7.4.2: 4000 and up are the application's). */
enum {
	CLOSE_BAD_FRAME = 4400, /* no JSON object */
	CLOSE_TOKEN = 4401,	/* its time is over; come back with another */
	CLOSE_ACCOUNT = 4403,	/* suspended, banned, signed out */
};

/* ---- a loop's hub ---- */

struct realtime {
	struct realtime_options o;
	struct table users;   /* sockets by user */
	struct table threads; /* topics by post */
	struct table watched; /* topics by person */
	struct topic *areas;
	struct client *behind, **behind_end;
	size_t nbehind, full; /* how many; those looked at since one had room */
	int catchers;
	int coroutines;
	bool stopping;
	void (*done)(void *);
	void *done_arg;
	struct timer *tick;
	struct delivery *delivered; /* not yet in the database */
	size_t ndelivered, delivered_size;
	bool noting;	   /* a coroutine will write them down */
	struct tail *tail; /* of the loop that reads */
	struct realtime *next;
};

/* This loop's; NULL where there is none. */
struct realtime *hub_mine(void);

/* A coroutine that counts among the hub's and ends with hub_ended. False: not started. */
[[nodiscard]] bool hub_start(struct realtime *r, void (*fn)(void *), void *arg);
void hub_ended(struct realtime *r);

/* Calls fn on each hub's own loop with a copy of the note; `hold` (may be NULL) is called for each copy before,
 * fn lets go of what it holds. Any thread. */
void hub_each(void (*fn)(struct realtime *r, void *note), void (*hold)(void *note),
	      const void *note, size_t size);

/* A db view of the hub's pool for some seconds. */
struct db *hub_db(struct realtime *r, struct arena *a);

/* A socket from the moment its handshake is being answered: from then on it misses nothing. */
struct client *client_new(struct realtime *r, const struct identity *who, int version);
extern const struct socket_owner client_owner;

/* ---- catch.c ---- */

/* Puts a socket at the end of those that are behind. */
void catch_later(struct client *c);

/* Starts coroutines for the sockets that are behind. */
void catch_start(struct realtime *r);

/* ---- delivered.c ---- */

/* A message was sent to a device of its receiver: soon written down, many at once. */
void delivered(struct realtime *r, uuid user, uuid message);
void delivered_free(struct realtime *r);

/* ---- tail.c ---- */

struct tail *tail_start(struct realtime *r);
void tail_stop(struct tail *t);
void tail_free(struct tail *t);

/* There may be something new: the reader of this process looks at once. Any thread. */
void tail_ring(void);

/* ---- commands.c ---- */

/* What a client has sent. */
void command_run(struct client *c, str message);

/* Ends the sockets of this user whose account or session may not be here any more. */
void account_check(struct realtime *r, uuid user);

/* ---- topics.c ---- */

/* Follows what is like this one, in place of another of the same kind and id. False: out of memory. */
bool topic_add(struct client *c, const struct topic *like);
void topics_remove(struct client *c, enum topic_kind kind, uuid id); /* nil: all of the kind */
void topics_tell(struct realtime *r, const struct event *e);

/* The number on the badge: now and whenever it changes, or not any more. */
void badge_follow(struct client *c, bool follows);
void badge_tell(struct realtime *r, uuid user); /* it has changed */

/* ---- presence.c ---- */

/* Is here, or not any more, as far as this socket goes; tells those who watch. */
void presence_set(struct client *c, bool present);
bool presence_of(uuid user);
str presence_text(struct arena *a, uuid user, bool here);

/* Tells the receiver's sockets of version 2 on all copies; who may is the caller's business. */
void typing_say(uuid from, uuid to, uuid conversation);

/* On the bus's loop: tells the copies that have asked who is here. */
void presence_answer(void);

/* What other copies say. */
void presence_listen(void);
