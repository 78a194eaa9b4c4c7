/*
 * Keeps the gate in step with its row. A coroutine looks at once, whenever NOTIFY says that there is
 * something to see, and once a second while the gate is in use; each look tells the database what this
 * server obeys. Only one is under way at a time, and what it tells of a change only grows truer, so a late
 * one does no harm.
 */
#include "app/gateway/gate.h"
#include "app/gateway/gate.sql.h"

#include "lib/base/log.h"
#include "lib/db/listen.h"
#include "lib/net/loop.h"

#include <stdlib.h>

static const int64_t beat_every = SECOND;
static const int64_t lease_time = 10 * SECOND; /* below gate_silence() of migrations/…_gate */
static const int64_t answer_within = 3 * SECOND;
static const int64_t try_again = 10 * SECOND;	    /* when the row cannot be read */
static const int64_t drain_every = 3 * MILLISECOND; /* looks for the end of what is under way */

struct gate_keeper {
	struct gate *gate;
	struct loop *loop;
	struct db_pool *db;
	struct db_listener *listener;
	struct waiter waiter;
	bool in_use, read, stopping;
	int64_t epoch;
	bool told; /* the database knows that nothing is under way in this epoch */
	bool lost; /* and we have said so */
	void (*done)(void *);
	void *done_arg;
};

struct row {
	bool in_use;
	str state;
	int64_t epoch;
};

static const struct field row_fields[] = {
	FIELD(struct row, in_use),
	FIELD(struct row, state),
	FIELD(struct row, epoch),
	{ 0 },
};

/* ---- what the row says ---- */

static enum gate_side side_of(str state)
{
	return str_eq(state, S("here"))	       ? GATE_HERE
		: str_eq(state, S("upstream")) ? GATE_UPSTREAM
					       : GATE_NEITHER;
}

static void obey(struct gate_keeper *k, const struct row *row)
{
	struct gate *g = k->gate;
	enum gate_side side = side_of(row->state);

	if (k->read && row->epoch == k->epoch && row->in_use == k->in_use)
		return;
	if (side != (enum gate_side)g->side || row->in_use != k->in_use)
		log_info("the gate has changed", LOG("state", row->state), LOG("epoch", row->epoch),
			 LOG("in_use", row->in_use));
	if (row->in_use && side == GATE_UPSTREAM && str_empty(g->upstream))
		log_warn(
			"a project moves into this database, but SUPABASE_UPSTREAM is not set here");
	if (!row->in_use && !str_empty(g->upstream))
		log_warn("SUPABASE_UPSTREAM is set, but the move is over");
	g->side = side;
	k->told = false;
	k->read = true;
	k->in_use = row->in_use;
	k->epoch = row->epoch;
}

/* ---- looking ---- */

static err beat(struct gate_keeper *k, struct db *db, struct row *out)
{
	struct gate *g = k->gate;
	int32_t in_flight = g->in_flight;
	int64_t epoch = k->epoch, sent = time_monotonic();

	TRY(db_one(db, &sql_gate_beat, row_fields, out, ARG(g->instance), ARG(str_of(g->name)),
		   ARG(epoch), ARG(in_flight), ARG((int32_t)g->waiting)));
	g->lease = sent + lease_time;
	k->told = in_flight == 0;
	return OK;
}

/* A beat tells what we obeyed before it; what it has brought is told by the next. */
static err look(struct gate_keeper *k, struct db *db)
{
	struct row row;

	if (!k->in_use) {
		if (!str_empty(k->gate->upstream) && !k->read)
			TRY(db_exec(db, &sql_gate_claim, NULL));
		TRY(db_one(db, &sql_gate_look, row_fields, &row));
		obey(k, &row);
	}
	for (int64_t told = -1; k->in_use && told != k->epoch;) {
		told = k->epoch;
		TRY(beat(k, db, &row));
		obey(k, &row);
	}
	return OK;
}

static void note(struct gate_keeper *k, err e)
{
	if (e.info && !k->lost && k->in_use)
		log_warn("the gate cannot be read", LOG("code", e.info->code));
	if (!e.info && k->lost)
		log_info("the gate can be read again");
	k->lost = e.info && k->in_use;
}

/* Requests are held and the database does not know yet that nothing is under way any more. */
static bool is_draining(const struct gate_keeper *k)
{
	return k->stopping || (k->in_use && k->gate->side == GATE_NEITHER && !k->told);
}

static int64_t rest_time(const struct gate_keeper *k, err e)
{
	if (e.info && !k->in_use)
		return try_again;
	return k->in_use || k->stopping ? beat_every : HOUR;
}

/* Until the next look is due; or until we hear something, or what was under way has ended. */
static void rest(struct gate_keeper *k, int64_t looked, err e)
{
	int64_t due = looked + rest_time(k, e);

	while (time_monotonic() < due) {
		bool draining = !e.info && is_draining(k);
		int64_t until = draining ? time_monotonic() + drain_every : due;
		err woken = waiter_wait(&k->waiter, until < due ? until : due);

		if (!woken.info || (draining && k->gate->in_flight == 0))
			return;
	}
}

/* Nobody passes any more; then the database hears that we are gone. */
static void leave(struct gate_keeper *k)
{
	struct arena *a = arena_new();
	err e;

	k->gate->ended = true;
	while (k->gate->in_flight > 0)
		loop_sleep(drain_every);
	e = db_exec(db_open(k->db, a, time_monotonic() + SECOND), &sql_gate_leave, NULL,
		    ARG(k->gate->instance));
	(void)e; /* else our silence will say it */
	arena_free(a);
}

static void keep(void *arg)
{
	struct gate_keeper *k = arg;

	loop_set_slice_name(k->loop, "gate");
	while (!k->stopping || k->gate->in_flight > 0) {
		struct arena *a = arena_new();
		int64_t now = time_monotonic();
		err e = look(k, db_open(k->db, a, now + answer_within));

		note(k, e);
		arena_free(a);
		rest(k, now, e);
	}
	if (k->in_use)
		leave(k);
	loop_post(k->loop, k->done, k->done_arg);
}

static void heard(void *arg, str payload)
{
	struct gate_keeper *k = arg;

	(void)payload; /* the row is what counts */
	waiter_wake(&k->waiter);
}

/* ---- life ---- */

struct gate_keeper *gate_keeper_start(struct gate *g, struct loop *l, struct db_pool *db,
				      const char *url)
{
	struct gate_keeper *k = calloc(1, sizeof *k);

	if (!k)
		return NULL;
	*k = (struct gate_keeper){ .gate = g, .loop = l, .db = db };
	k->listener = db_listen(l, url, "supabase_gate", heard, k);
	if (!k->listener || !loop_start(l, keep, k)) {
		gate_keeper_free(k);
		return NULL;
	}
	return k;
}

void gate_keeper_stop(struct gate_keeper *k, void (*done)(void *), void *arg)
{
	k->done = done;
	k->done_arg = arg;
	k->stopping = true;
	waiter_wake(&k->waiter);
}

void gate_keeper_free(struct gate_keeper *k)
{
	if (!k)
		return;
	db_listener_free(k->listener);
	free(k);
}
