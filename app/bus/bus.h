/*
 * What the copies of the server tell each other, through Redis, when REDIS_URL is set. These are hints and
 * things of the moment: whoever misses one finds out from the database, only later, or asks again. So nothing is
 * sent twice, but each message has a number, and a gap is noticed.
 */
#pragma once

#include "lib/base/uuid.h"
#include "lib/net/redis.h"

enum bus_kind {
	BUS_BEAT,     /* the bus's own: this copy is there */
	BUS_BYE,      /* the bus's own: it ends */
	BUS_EVENTS,   /* events were committed: app/realtime */
	BUS_PRESENCE, /* who comes and goes there: app/realtime */
	BUS_TYPING,   /* app/realtime */
	BUS_ACCOUNT,  /* an account or its sessions have changed: app/auth */
	BUS_KINDS,
};

/* All of these run on the bus's loop's own stack; set before it starts. */
void bus_listen(enum bus_kind kind, void (*heard)(uuid from, str body));

struct bus_watcher {
	void (*missed)(
		uuid from); /* something of this copy, which may be new; each second, until bus_caught_up */
	void (*gone)(uuid from); /* this copy has ended or cannot be heard */
};
void bus_watch(const struct bus_watcher *w);

/* All that was missed of this copy is known by now. On the bus's loop. */
void bus_caught_up(uuid from);

/* The bus of this process, on this loop, whose thread calls. False: out of memory. */
[[nodiscard]] bool bus_start(struct redis *r, struct loop *l, str secret);

/* Says goodbye to the others. On its loop, before that ends. Without a bus nothing happens. */
void bus_stop(void);

/* Any thread; heard in the order of the calls. Lost when nobody can be reached, and without a bus. */
void bus_say(enum bus_kind kind, str body);

/* A message without a body, of which one that waits is enough. Any thread. */
void bus_hint(enum bus_kind kind);

/* What others know this copy by; nil without a bus. On its loop. */
uuid bus_me(void);

/* Other copies that can be heard. Any thread. */
int bus_others(void);
