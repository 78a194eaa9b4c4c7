/* Which messages have reached a device: noted as they are sent, written down a moment later for all of them. */
#include "app/realtime/hub.h"

#include "app/chat/chat.h"
#include "app/events/events.h"
#include "lib/base/log.h"

#include <stdlib.h>

enum { AT_ONCE = 500 };

static const int64_t moment = 50 * MILLISECOND;

struct delivery {
	uuid user, message;
};

static int by_user(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct delivery));
}

/* One statement a receiver: those of one device are together, and none twice. */
static err write_down(struct realtime *r, struct arena *a, struct delivery *d, size_t n)
{
	struct db_batch *b = db_batch(hub_db(r, a));

	qsort(d, n, sizeof *d, by_user);
	for (size_t i = 0; i < n;) {
		struct uuids ids = { arena_alloc(a, (n - i) * sizeof(uuid)), 0 };
		uuid user = d[i].user;

		for (; i < n && uuid_eq(d[i].user, user); i++)
			if (ids.n == 0 || !uuid_eq(ids.v[ids.n - 1], d[i].message))
				ids.v[ids.n++] = d[i].message;
		chat_delivered(b, user, ids);
	}
	return db_batch_run(b);
}

/* What cannot be written is left to the next time the conversation is read. */
static void write_some(struct realtime *r)
{
	struct arena *a = arena_new();
	size_t n = r->ndelivered < AT_ONCE ? r->ndelivered : AT_ONCE;
	struct delivery *d = arena_alloc(a, n * sizeof *d);

	memcpy(d, r->delivered, n * sizeof *d);
	r->ndelivered -= n;
	memmove(r->delivered, r->delivered + n, r->ndelivered * sizeof *d);
	err e = write_down(r, a, d, n);
	if (e.info)
		log_warn("deliveries not noted", LOG("code", e.info->code));
	arena_free(a);
	events_wake(); /* their senders are told */
}

static void run(void *arg)
{
	struct realtime *r = arg;

	loop_set_slice_name(r->o.loop, "delivered");
	loop_sleep(moment);
	while (r->ndelivered)
		write_some(r);
	r->noting = false;
	hub_ended(r);
}

static bool make_room(struct realtime *r)
{
	size_t size = r->delivered_size ? r->delivered_size * 2 : 64;
	struct delivery *d;

	if (r->ndelivered < r->delivered_size)
		return true;
	d = realloc(r->delivered, size * sizeof *d);
	if (!d)
		return false;
	r->delivered = d;
	r->delivered_size = size;
	return true;
}

void delivered(struct realtime *r, uuid user, uuid message)
{
	if (!make_room(r))
		return;
	r->delivered[r->ndelivered++] = (struct delivery){ user, message };
	if (!r->noting)
		r->noting = hub_start(r, run, r);
}

void delivered_free(struct realtime *r)
{
	free(r->delivered);
}
