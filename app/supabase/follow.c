/* See follow.h. Replication brings rows into the landing zone in the order of commits; triggers there note keys
 * in that order. A batch reads the landing zone as it is, which may be further on than the keys it takes: their
 * own turn comes, and finds nothing left to do. */
#include "app/supabase/follow.h"

#include "app/supabase/cutover.sql.h"
#include "app/supabase/follow.sql.h"
#include "app/supabase/live.h"
#include "app/supabase/live.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/reverse.h"
#include "app/supabase/source.sql.h"
#include "app/supabase/transform.h"
#include "lib/base/time.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	BATCH = 20000,
	TRIES = 20,
	AGAIN_MS = 500,
	IDLE_MS = 15,
	BEAT_MS = 200,
	LOOK_MS = 2000,
	PRUNE_MS = 20000,
	FAILING = 8
};

static bool follow_begin(struct move *m)
{
	if (!move_do(m, &sql_move_follow_lock, NULL))
		return false;
	return strcmp(script_value(m->db, 0, 0), "t") == 0
		|| move_fail(m, "another one is following this project already");
}

/* ---- a batch ---- */

static bool take_keys(struct move *m, struct arena *a, const char *keys[KEYS_LISTS],
		      const char **ret_beat, int64_t *ret_changes)
{
	char most[16];

	snprintf(most, sizeof(most), "%d", BATCH);
	if (!move_do(m, &sql_move_batch_take, (const char *[]){ most }))
		return false;
	for (int i = 0; i < KEYS_LISTS; i++) {
		const char *list = script_value(m->db, 0, i);

		keys[i] = list ? arena_cstr(a, str_of(list)) : NULL;
	}
	*ret_beat = script_value(m->db, 0, KEYS_LISTS);
	if (*ret_beat)
		*ret_beat = arena_cstr(a, str_of(*ret_beat));
	*ret_changes = strtoll(script_value(m->db, 0, KEYS_LISTS + 1), NULL, 10);
	return true;
}

static bool batch(struct move *m, struct arena *a, int64_t *ret_changes)
{
	const char *keys[KEYS_LISTS], *beat;

	if (!move_do(m, &sql_move_batch_begin, NULL) || !take_keys(m, a, keys, &beat, ret_changes))
		return false;
	if (*ret_changes && !transform_keys(m, a, keys))
		return false;
	return (!beat || move_do(m, &sql_move_batch_beat, &beat))
		&& move_do(m, &sql_move_commit, NULL);
}

static bool try_batch(struct move *m, int64_t *ret_changes)
{
	struct arena *a = arena_new();
	bool good = false;

	for (int i = 0; i < TRIES && !good; i++) {
		m->problem = NULL;
		arena_reset(a);
		good = batch(m, a, ret_changes);
		if (!good && !script_run(m->db, &sql_move_batch_undo, NULL))
			break;
	}
	arena_free(a);
	return good;
}

static bool follow_batch(struct move *m, int64_t *ret_changes)
{
	bool good = move_do(m, &sql_move_batch_enter, NULL) && try_batch(m, ret_changes);

	return script_run(m->db, &sql_move_batch_leave, NULL) && good;
}

/* ---- standing still ---- */

/* Two who say it at the same moment are in each other's way. */
bool follow_enable(struct move *m)
{
	for (int i = 0; i < TRIES; i++) {
		if (!move_do(m, &sql_move_sub_find, NULL))
			return false;
		if (!script_rows(m->db) || strcmp(script_value(m->db, 0, 0), "t") == 0
		    || script_run(m->db, &sql_move_sub_enable, NULL))
			return true;
		move_pause(20);
	}
	return move_fail(m, "the subscription: %s", script_problem(m->db));
}

bool follow_pause(struct move *m)
{
	int64_t changes;

	if (!move_do(m, &sql_move_sub_find, NULL))
		return false;
	if (!script_rows(m->db) || strcmp(m->phase, "transformed") != 0)
		return true;
	if (!move_do(m, &sql_move_still_enter, NULL) || !move_do(m, &sql_move_sub_disable, NULL))
		return false;
	do {
		move_pause(5);
		if (!move_do(m, &sql_move_sub_works, NULL))
			return false;
	} while (strcmp(script_value(m->db, 0, 0), "t") == 0);
	do
		if (!try_batch(m, &changes))
			return false;
	while (changes);
	return move_do(m, &sql_move_begin, NULL) && transform_findings(m)
		&& move_do(m, &sql_move_commit, NULL);
}

bool follow_resume(struct move *m)
{
	if (!move_do(m, &sql_move_sub_find, NULL))
		return false;
	if (!script_rows(m->db) || strcmp(m->phase, "transformed") != 0)
		return true;
	return follow_enable(m) && move_do(m, &sql_move_still_leave, NULL);
}

/* ---- the source ---- */

static bool write_beat(struct move *m, int64_t at)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, at);
	return move_there(m, &sql_move_source_beat, (const char *[]){ "1", text });
}

bool follow_check_drift(struct move *m)
{
	const char *catalog, *what;

	if (!live_catalog(m, &catalog)
	    || !move_do(m, &sql_move_live_drift, (const char *[]){ catalog }))
		return false;
	what = script_value(m->db, 0, 0);
	if (!what)
		return true;
	what = arena_printf(m->arena,
			    "the source has changed since it was taken over: %s. Take that back, "
			    "or begin again with `import --source URL --replace`",
			    what)
		       .p;
	return move_do(m, &sql_move_live_stopped, (const char *[]){ what })
		&& move_fail(m, "%s", what);
}

/* Keeps the journal there short: what has arrived here is done. */
static bool prune(struct move *m)
{
	const char *done;

	if (!move_do(m, &sql_move_journal_done, NULL))
		return false;
	done = script_value(m->db, 0, 0);
	return strcmp(done, "0") == 0 || move_there(m, &sql_move_source_prune, &done);
}

bool follow_drain(struct move *m, int64_t milliseconds)
{
	int64_t beat = time_now().us, until = time_monotonic() + milliseconds * 1000, changes;

	if (!write_beat(m, beat))
		return false;
	for (;;) {
		if (!follow_batch(m, &changes) || !move_do(m, &sql_move_follow_state, NULL))
			return false;
		if (strtoll(script_value(m->db, 0, 5), NULL, 10) >= beat)
			return true;
		if (time_monotonic() > until)
			return move_fail(m,
					 "what has been written on the source does not come "
					 "through; the log of PostgreSQL here may say why");
		if (!changes)
			move_pause(2);
	}
}

/* ---- following ---- */

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

/* Which way changes go now. */
enum way { RESTING, FORWARD, BACK };

struct follower {
	struct move *m;
	enum way way;
	int64_t phase_at, beat_at, look_at, prune_at; /* when next; monotonic */
	int64_t errors; /* of the subscription when we last looked; -1: not looked yet */
	int failing;	/* looks in a row that found new ones; a restart alone brings some */
};

static bool is_due(int64_t *at, int64_t every_ms)
{
	int64_t now = time_monotonic();

	if (now < *at)
		return false;
	*at = now + every_ms * 1000;
	return true;
}

/* Whoever carries changes back writes on the source, and ends there before somebody else goes on. */
static bool give_place(struct move *m, enum way way)
{
	return (way != BACK || move_there(m, &sql_move_source_unlock, NULL))
		&& move_do(m, &sql_move_follow_let_go, NULL);
}

/* If nobody else has it. */
static bool take_place(struct follower *f, enum way way)
{
	struct move *m = f->m;
	bool ours;

	if (!move_do(m, &sql_move_follow_lock, NULL))
		return false;
	ours = strcmp(script_value(m->db, 0, 0), "t") == 0;
	if (ours && way == BACK) {
		if (!move_there(m, &sql_move_source_lock, NULL))
			return false;
		ours = strcmp(script_value(m->source, 0, 0), "t") == 0;
		if (!ours && !move_do(m, &sql_move_follow_let_go, NULL))
			return false;
	}
	if (ours)
		f->way = way;
	return true;
}

/* Goes the way of the phase. While a cutover or a rollback is at work, it has our place. */
static bool mind_phase(struct follower *f)
{
	struct move *m = f->m;
	const char *phase;
	enum way way;

	if (!move_find_run(m))
		return false;
	phase = m->phase;
	way = strcmp(phase, "transformed") == 0 ? FORWARD
		: strcmp(phase, "live") == 0	? BACK
						: RESTING;
	if (strcmp(phase, "archived") == 0)
		ended = 1;
	if (way == f->way)
		return true;
	if (f->way != RESTING && !give_place(m, f->way))
		return false;
	f->way = RESTING;
	f->errors = -1;
	return way == RESTING || take_place(f, way);
}

/* Somebody may have been killed while things stood still for him. */
static bool wake(struct move *m)
{
	return move_do(m, &sql_move_batch_enter, NULL) && follow_enable(m)
		&& move_do(m, &sql_move_batch_leave, NULL);
}

/* What somebody watching wants to know. */
static bool look(struct follower *f)
{
	struct move *m = f->m;
	const struct move_options *o = m->options;
	int64_t errors;

	if (f->way == FORWARD && (!follow_check_drift(m) || !wake(m)))
		return false;
	if (!move_do(m, &sql_move_follow_state, NULL))
		return false;
	errors = strtoll(script_value(m->db, 0, 2), NULL, 10);
	f->failing = f->errors >= 0 && errors > f->errors ? f->failing + 1 : 0;
	f->errors = errors;
	if (f->failing >= FAILING)
		return move_fail(m,
				 "rows of the source cannot be put here; the log of PostgreSQL "
				 "here says why");
	if (o->following && f->way == FORWARD)
		o->following(o->progress_arg, strtoll(script_value(m->db, 0, 4), NULL, 10),
			     strtoll(script_value(m->db, 0, 3), NULL, 10));
	return true;
}

static bool turn(struct follower *f, int64_t *ret_changes)
{
	struct move *m = f->m;

	*ret_changes = 0;
	if (is_due(&f->phase_at, BEAT_MS) && !mind_phase(f))
		return false;
	if (f->way == RESTING)
		return true;
	if (is_due(&f->look_at, LOOK_MS) && !look(f))
		return false;
	if (f->way == BACK) {
		if (is_due(&f->prune_at, PRUNE_MS)
		    && !move_there(m, &sql_move_source_advance, NULL))
			return false;
		return reverse_batch(m, ret_changes);
	}
	if (is_due(&f->beat_at, BEAT_MS) && !write_beat(m, time_now().us))
		return false;
	if (is_due(&f->prune_at, PRUNE_MS) && !prune(m))
		return false;
	return follow_batch(m, ret_changes);
}

static bool follow(struct move *m)
{
	struct follower f = { .m = m, .way = RESTING, .errors = -1 };
	int64_t changes;

	signal(SIGINT, end);
	signal(SIGTERM, end);
	while (!ended) {
		if (!turn(&f, &changes))
			return false;
		if (!changes)
			move_pause(IDLE_MS);
	}
	return true;
}

/* Until everything that is there now has come through, in the direction of the phase. */
static bool follow_now(struct move *m)
{
	if (!follow_begin(m))
		return false;
	if (strcmp(m->phase, "live") == 0)
		return reverse_drain(m);
	if (strcmp(m->phase, "transformed") != 0)
		return move_fail(m, "there is nothing to follow: the phase is %s", m->phase);
	return follow_check_drift(m) && follow_drain(m, m->options->wait_ms);
}

static bool find_followed(struct move *m)
{
	if (!move_find_run(m))
		return false;
	if (!m->run[0] || strcmp(m->phase, "landing") == 0 || strcmp(m->phase, "landed") == 0)
		return move_fail(m, "`import --source URL` comes first");
	return true;
}

static bool connect_both(struct move *m)
{
	return move_open(m) && move_do(m, &sql_move_own_names, NULL) && find_followed(m)
		&& live_connect(m);
}

static void disconnect(struct move *m)
{
	script_close(m->source);
	script_close(m->db);
	m->source = m->db = NULL;
}

/* Whether one of the databases has gone away, or the line to it: it comes back. */
static bool is_cut(const struct move *m)
{
	return !m->db || script_is_lost(m->db) || (m->source && script_is_lost(m->source));
}

/* As long as it takes, and says why once. */
static bool connect_again(struct move *m)
{
	const struct move_options *o = m->options;

	if (o->waiting)
		o->waiting(o->progress_arg, m->problem);
	while (!ended) {
		disconnect(m);
		m->problem = NULL;
		if (connect_both(m))
			return true;
		if (!is_cut(m))
			return false;
		move_pause(AGAIN_MS);
	}
	return false;
}

/* A line that breaks is no reason to stop. */
static bool follow_on(struct move *m)
{
	while (!follow(m)) {
		if (!is_cut(m))
			return false;
		if (!connect_again(m))
			return ended;
	}
	return true;
}

bool move_follow(struct arena *a, const struct move_options *o, bool once, const char **problem)
{
	struct move m = { .arena = a, .options = o };
	bool good = connect_both(&m) && move_do(&m, &sql_move_live_stopped, (const char *[]){ "" })
		&& (once ? follow_now(&m) : follow_on(&m));

	disconnect(&m);
	*problem = m.problem;
	return good;
}
