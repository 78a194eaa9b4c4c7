/* The cutover: see supabase.h, and docs/decisions/0013 for the order of the steps, which the model in test/model checks.
 * Each step does nothing when it is done, so that a command which died is run again. Whatever goes wrong while requests
 * are held ends at a side, not between: the connections are made anew, and what the database says then is what counts.
 * The rollback is in rollback.c, what is looked at before in checklist.c. */
#include "app/supabase/cutover.h"

#include "app/supabase/cutover.sql.h"
#include "app/supabase/follow.h"
#include "app/supabase/follow.sql.h"
#include "app/supabase/live.h"
#include "app/supabase/live.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/source.sql.h"
#include "app/supabase/supabase.h"
#include "lib/base/time.h"

#include <inttypes.h>

enum {
	STEPS_MAX = 32,
	HOLD_MS = 12000, /* servers let requests wait for longer: SUPABASE_HOLD */
	SERVERS_MS = 8000,
	PLACE_MS = 30000,
	REST_MS = 120000, /* tries to come to a side */
	TRY_MS = 10000
};

/* ---- telling ---- */

bool cutover_step(struct cutover *c, const char *what, bool ok, const char *format, ...)
{
	struct move_steps *s = c->steps;
	va_list args;

	va_start(args, format);
	if (s->n < STEPS_MAX)
		s->v[s->n++] =
			(struct move_step){ what, ok, arena_vprintf(c->m.arena, format, args).p };
	va_end(args);
	return true;
}

int64_t cutover_ms_since(int64_t monotonic)
{
	return (time_monotonic() - monotonic) / MILLISECOND;
}

/* ---- beginning ---- */

/* One command of a move at a time, and none while the database still works for one that was killed. */
static bool take_turn(struct move *m)
{
	for (int i = 0; i < PLACE_MS / 100; i++) {
		if (!move_do(m, &sql_move_try_lock, NULL))
			return false;
		if (strcmp(script_value(m->db, 0, 0), "t") == 0)
			return true;
		move_pause(100);
	}
	return move_fail(m, "another command of the move is at work");
}

static bool cutover_connect(struct cutover *c)
{
	struct move *m = &c->m;

	if (!move_open(m) || !move_do(m, &sql_move_own_names, NULL) || !take_turn(m)
	    || !move_find_run(m))
		return false;
	return m->run[0] || move_fail(m, "nothing has been imported yet");
}

bool cutover_begin(struct cutover *c, struct arena *a, const struct move_options *o)
{
	c->m = (struct move){ .arena = a, .options = o };
	*c->steps =
		(struct move_steps){ .v = arena_alloc(a, STEPS_MAX * sizeof(struct move_step)) };
	return cutover_connect(c);
}

void cutover_end(struct cutover *c, const char **problem)
{
	c->steps->held_ms = c->held_at ? cutover_ms_since(c->held_at) : 0;
	moved_close(c->moved);
	script_close(c->m.source);
	script_close(c->m.db);
	*problem = c->m.problem;
}

bool cutover_is(const struct cutover *c, const char *phase)
{
	return strcmp(c->m.phase, phase) == 0;
}

/* ---- steps of both directions ---- */

bool cutover_take_over(struct cutover *c, const char *phase)
{
	struct move *m = &c->m;

	if (!move_do(m, &sql_move_run_phase, (const char *[]){ m->run, phase }))
		return false;
	for (int i = 0; i < PLACE_MS / 50; i++) {
		if (!move_do(m, &sql_move_follow_lock, NULL))
			return false;
		if (strcmp(script_value(m->db, 0, 0), "t") == 0)
			return live_lock(m);
		move_pause(50);
	}
	return move_fail(m, "`supabase follow` does not let go");
}

/* How long answers are waited for from now on; 0: as long as it takes. */
static void within(struct move *m, int64_t milliseconds)
{
	int64_t until = milliseconds ? time_monotonic() + milliseconds * MILLISECOND : 0;

	script_deadline(m->db, until);
	if (m->source)
		script_deadline(m->source, until);
}

bool cutover_hold(struct cutover *c)
{
	struct move *m = &c->m;
	const char *late;

	c->held_at = time_monotonic();
	within(m, HOLD_MS);
	if (!move_do(m, &sql_move_gate_hold, NULL))
		return false;
	for (;;) {
		if (!move_do(m, &sql_move_gate_late, NULL))
			return false;
		late = script_value(m->db, 0, 0);
		if (!late)
			return cutover_step(c, "requests are held", true, "after %" PRId64 " ms",
					    cutover_ms_since(c->held_at));
		if (cutover_ms_since(c->held_at) > SERVERS_MS)
			return move_fail(m, "these servers do not come to an end: %s", late);
		move_pause(5);
	}
}

bool cutover_count(struct move *m, bool on_source, const char **ret_json)
{
	bool (*run)(struct move *, const struct stmt *, const char *const *) =
		on_source ? move_there : move_do;
	const char *tables;

	if (!move_do(m, &sql_move_live_tables, NULL))
		return false;
	tables = arena_cstr(m->arena, str_of(script_value(m->db, 0, 0)));
	if (!run(m, &sql_move_source_tables, &tables) || !run(m, &sql_move_source_count, NULL)
	    || !run(m, &sql_move_source_counts, NULL))
		return false;
	*ret_json = arena_cstr(m->arena, str_of(script_value(on_source ? m->source : m->db, 0, 0)));
	return true;
}

bool cutover_compare_counts(struct cutover *c)
{
	const char *counts[2], *differ;

	if (!cutover_count(&c->m, false, &counts[0]) || !cutover_count(&c->m, true, &counts[1])
	    || !move_do(&c->m, &sql_move_counts_differ, counts))
		return false;
	differ = script_value(c->m.db, 0, 0);
	if (differ)
		return move_fail(&c->m, "rows are missing: %s", differ);
	return cutover_step(c, "as many rows here as there", true, "counted");
}

bool cutover_give_back(struct cutover *c)
{
	struct move *m = &c->m;

	m->phase = "transformed";
	return live_lock(m)
		&& move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "transformed" })
		&& move_there(m, &sql_move_source_open, NULL) && follow_enable(m)
		&& move_do(m, &sql_move_gate_open, (const char *[]){ "upstream" })
		&& cutover_step(c, "the project is in charge again", true,
				"requests waited for %" PRId64 " ms",
				c->held_at ? cutover_ms_since(c->held_at) : 0);
}

/* This side has not let go yet: the project is still closed. */
static bool stay(struct cutover *c)
{
	struct move *m = &c->m;

	m->phase = "live";
	return move_do(m, &sql_move_begin, NULL)
		&& move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "live" })
		&& move_do(m, &sql_move_gate_open, (const char *[]){ "here" })
		&& move_do(m, &sql_move_commit, NULL);
}

static bool come_to_rest(struct cutover *c, bool *ret_live)
{
	struct move *m = &c->m;

	script_close(m->source);
	script_close(m->db);
	m->source = m->db = NULL;
	m->problem = NULL;
	if (!cutover_connect(c))
		return false;
	within(m, TRY_MS);
	*ret_live = cutover_is(c, "live") || cutover_is(c, "returning");
	if (*ret_live)
		return stay(c)
			&& cutover_step(c, "this side answers", true,
					"requests waited for %" PRId64 " ms",
					c->held_at ? cutover_ms_since(c->held_at) : 0);
	if (!live_connect(m))
		return false;
	within(m, TRY_MS);
	return cutover_give_back(c);
}

bool cutover_rest(struct cutover *c, bool *ret_live)
{
	const char *problem = c->m.problem;
	int64_t since = time_monotonic();

	while (!come_to_rest(c, ret_live)) {
		if (cutover_ms_since(since) > REST_MS) {
			c->m.problem =
				arena_printf(
					c->m.arena,
					"%s; and neither side is in charge yet: `rollback` does that (%s)",
					problem ? problem : "stopped", c->m.problem)
					.p;
			return false;
		}
		move_pause(500);
	}
	within(&c->m, 0);
	c->m.problem = problem;
	return true;
}

static bool is_held(struct cutover *c, bool *ret_held)
{
	if (!move_do(&c->m, &sql_move_gate_state, NULL))
		return false;
	*ret_held = strcmp(script_value(c->m.db, 0, 0), "held") == 0;
	return true;
}

/* ---- the cutover ---- */

/* Nobody but we writes there any more: a trigger on each table, which could not be made before all writers ended. */
static bool close_source(struct cutover *c)
{
	struct move *m = &c->m;
	const char *open;

	if (!live_tell_tables(m) || !move_there(m, &sql_move_source_patience, NULL)
	    || !move_there(m, &sql_move_source_close, NULL)
	    || !move_there(m, &sql_move_source_unfenced, NULL))
		return false;
	open = script_value(m->source, 0, 0);
	if (open)
		return move_fail(m, "these tables cannot be closed to others: %s", open);
	return cutover_step(c, "the project takes no writes", true,
			    "proven by a lock on each table");
}

/* Every row was compared while people wrote; what they have written since is compared now that nobody does. */
static bool compare_moved(struct cutover *c)
{
	int64_t rows;

	return moved_compare(c->moved, HOLD_MS, &rows)
		&& cutover_step(c, "what has changed since is the same", true,
				"%" PRId64 " rows compared again", rows);
}

static bool bring_over(struct cutover *c)
{
	struct move *m = &c->m;

	return cutover_hold(c) && close_source(c) && move_do(m, &sql_move_gate_seal, NULL)
		&& follow_drain(m, HOLD_MS) && live_reload(m)
		&& cutover_step(c, "everything has come over", true,
				"held for %" PRId64 " ms so far", cutover_ms_since(c->held_at))
		&& cutover_compare_counts(c) && compare_moved(c);
}

/* This side is the writer, and what it writes goes back: all at once. */
static bool flip(struct cutover *c)
{
	struct move *m = &c->m;
	const char *lsn;

	if (!move_there(m, &sql_move_source_lsn, NULL))
		return false;
	lsn = script_value(m->source, 0, 0);
	return move_do(m, &sql_move_begin, NULL) && move_do(m, &sql_move_live_moved_at, &lsn)
		&& move_do(m, &sql_move_sending, (const char *[]){ "t" })
		&& move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "live" })
		&& move_do(m, &sql_move_sub_disable, NULL)
		&& move_do(m, &sql_move_gate_open, (const char *[]){ "here" })
		&& move_do(m, &sql_move_commit, NULL)
		&& cutover_step(c, "this side answers", true, "requests waited for %" PRId64 " ms",
				cutover_ms_since(c->held_at));
}

/* The flip may have come through although we have not heard so. */
static bool cut_over(struct cutover *c)
{
	bool live, good = cutover_take_over(c, "cutover") && bring_over(c);

	if (good && c->dry_run)
		return cutover_give_back(c);
	if (good && flip(c))
		return true;
	if (!cutover_rest(c, &live))
		return false;
	if (live)
		c->m.problem = NULL;
	return live;
}

static bool cutover(struct cutover *c)
{
	bool held, live = false;

	if (!is_held(c, &held))
		return false;
	if ((held || cutover_is(c, "cutover") || cutover_is(c, "returning"))
	    && !cutover_rest(c, &live))
		return false;
	if (cutover_is(c, "live") && !c->dry_run)
		return live || cutover_step(c, "this side answers", true, "already");
	if (!cutover_is(c, "transformed"))
		return move_fail(&c->m, "the phase is %s", c->m.phase);
	return live_connect(&c->m) && cutover_checklist(c) && cut_over(c);
}

bool move_cutover(struct arena *a, const struct move_options *o, bool dry_run,
		  struct move_steps *out, const char **problem)
{
	struct cutover c = { .steps = out, .dry_run = dry_run };
	bool good = cutover_begin(&c, a, o) && cutover(&c);

	cutover_end(&c, problem);
	return good;
}
