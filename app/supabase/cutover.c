/* The cutover and the rollback: see supabase.h, and docs/decisions/0013 for the order of the steps, which the model in
 * test/model checks. Each step does nothing when it is done, so that a command which died is run again. */
#include "app/supabase/cutover.h"

#include "app/supabase/cutover.sql.h"
#include "app/supabase/follow.h"
#include "app/supabase/follow.sql.h"
#include "app/supabase/live.h"
#include "app/supabase/live.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/reverse.h"
#include "app/supabase/source.sql.h"
#include "app/supabase/supabase.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/statvfs.h>

enum {
	STEPS_MAX = 32,
	LAG_MS = 2000,	  /* more before the hold is no time to begin */
	DRAIN_MS = 10000, /* within the hold */
	SERVERS_MS = 10000,
	PLACE_TRIES = 100,
	DISK_MB = 1024,
	SHOWN = 1000 /* bytes of what differs */
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

static int64_t ms_since(int64_t monotonic)
{
	return (time_monotonic() - monotonic) / 1000;
}

/* ---- before anything is touched ---- */

/* Somebody has our place: a follower, which keeps things up to date while we look at them. It takes its place
 * again a moment after another command has given it back. */
static bool check_follower(struct cutover *c)
{
	struct move *m = &c->m;

	for (int i = 0; i < PLACE_TRIES; i++) {
		if (!move_do(m, &sql_move_follow_lock, NULL))
			return false;
		if (strcmp(script_value(m->db, 0, 0), "t") != 0)
			return cutover_step(c, "somebody follows the project", true, "at work");
		if (!move_do(m, &sql_move_follow_let_go, NULL))
			return false;
		move_pause(100);
	}
	return cutover_step(c, "somebody follows the project", false,
			    "`supabase follow` does that");
}

/* How long something takes that is written there now. */
static bool measure_lag(struct cutover *c, int64_t *ret_ms)
{
	int64_t since = time_now().us, began = time_monotonic();

	do {
		move_pause(20);
		if (!move_do(&c->m, &sql_move_follow_state, NULL))
			return false;
		*ret_ms = ms_since(began);
	} while (strtoll(script_value(c->m.db, 0, 5), NULL, 10) < since
		 && *ret_ms < c->m.options->wait_ms);
	return true;
}

/* Replication takes a moment to begin again after another command has held it up. */
static bool wait_for_lag(struct cutover *c, int64_t *ret_ms)
{
	*ret_ms = 0;
	for (int i = 0; i < 3 && (i == 0 || *ret_ms > LAG_MS); i++)
		if (!measure_lag(c, ret_ms))
			return false;
	return true;
}

static bool check_lag(struct cutover *c)
{
	int64_t ms;

	if (!wait_for_lag(c, &ms))
		return false;
	return cutover_step(c, "what is written there is here", ms <= LAG_MS,
			    "after %" PRId64 " ms", ms);
}

static bool check_shape(struct cutover *c)
{
	return follow_check_drift(&c->m)
		&& cutover_step(c, "its tables are what they were", true, "no difference");
}

static bool check_servers(struct cutover *c)
{
	const char *n;

	if (!move_do(&c->m, &sql_move_gate_servers, NULL))
		return false;
	n = script_value(c->m.db, 0, 0);
	return cutover_step(c, "servers stand at the gate", true, "%s", n);
}

/* That we may write there without firing anything, and that the function which does it is there. */
static bool check_way_back(struct cutover *c)
{
	struct move *m = &c->m;

	return move_there(m, &sql_move_source_begin, NULL)
		&& move_there(m, &sql_move_source_quiet, NULL)
		&& move_there(m, &sql_move_source_commit, NULL)
		&& cutover_step(c, "the way back is open", true,
				"its role may write as replication does");
}

/* The project's anon key is signed with its secret. */
static bool check_secret(struct cutover *c)
{
	str key = c->m.options->anon_key, signature;
	uint8_t want[SHA256_BYTES];
	char text[64];
	size_t dot;

	if (!key.p || !c->m.options->jwt_secret.p)
		return cutover_step(c, "the secrets are equal", true,
				    "not looked: SUPABASE_ANON_KEY or JWT_SECRET is not set");
	for (dot = key.n; dot > 0 && key.p[dot - 1] != '.'; dot--)
		;
	signature = str_slice(key, dot, key.n);
	hmac_sha256(c->m.options->jwt_secret, str_slice(key, 0, dot ? dot - 1 : 0), want);
	return cutover_step(c, "the secrets are equal",
			    str_eq(signature,
				   (str){ text, base64url_encode(want, sizeof(want), text) }),
			    "by the signature of the anon key");
}

static bool check_disk(struct cutover *c)
{
	struct statvfs v;
	const char *dir;
	int64_t mb;

	if (!move_do(&c->m, &sql_move_data_directory, NULL))
		return false;
	dir = script_value(c->m.db, 0, 0);
	if (!dir || statvfs(dir, &v) != 0)
		return cutover_step(c, "room on the disk", true,
				    "the database is on another machine");
	mb = (int64_t)(v.f_bavail * (v.f_frsize >> 10) >> 10);
	return cutover_step(c, "room on the disk", mb >= DISK_MB, "%" PRId64 " MB", mb);
}

/* The first of them, as the report has them. */
static const char *differences(struct cutover *c, const struct move_verdict *v)
{
	str text = move_verify_report(c->m.arena, v, MOVE_TEXT, (str){ 0 });
	ptrdiff_t at = str_find(text, S("\ndifferences\n"));

	text = at < 0 ? S("`supabase verify --source` says which are not")
		      : str_slice(text, (size_t)at + 1, (size_t)at + SHOWN);
	return arena_cstr(c->m.arena, text);
}

static bool check_rows(struct cutover *c)
{
	struct move_options o = *c->m.options;
	const struct move_verdict *v;
	const char *problem;
	int64_t ms;
	bool ok;

	if (!wait_for_lag(c, &ms) || !move_do(&c->m, &sql_move_sub_find, NULL))
		return false;
	o.source = arena_cstr(c->m.arena, str_of(script_value(c->m.db, 0, 2)));
	o.progress = NULL;
	if (!move_verify(c->m.arena, &o, &v, &ok, &problem))
		return move_fail(&c->m, "verify: %s", problem);
	return cutover_step(c, "every row is the same", ok, "%s",
			    ok ? "compared" : differences(c, v));
}

static bool all_good(const struct cutover *c)
{
	for (int i = 0; i < c->steps->n; i++)
		if (!c->steps->v[i].ok)
			return false;
	return true;
}

static bool checklist(struct cutover *c)
{
	return check_shape(c) && check_servers(c) && check_secret(c) && check_way_back(c)
		&& check_disk(c) && check_follower(c) && (!all_good(c) || check_rows(c))
		&& (!all_good(c) || check_lag(c)) /* last: the comparing has held it up */
		&& (all_good(c) || move_fail(&c->m, "not everything is ready"));
}

/* ---- steps of both directions ---- */

/* A phase that a follower sees, and its place. */
static bool take_over(struct move *m, const char *phase)
{
	return move_do(m, &sql_move_run_phase, (const char *[]){ m->run, phase })
		&& move_do(m, &sql_move_follow_wait, NULL);
}

/* Requests wait from now on, and nothing that was let through is left. */
static bool hold(struct cutover *c)
{
	struct move *m = &c->m;
	int64_t until = time_monotonic() + SERVERS_MS * 1000;
	const char *late;

	c->held_at = time_monotonic();
	if (!move_do(m, &sql_move_gate_hold, NULL))
		return false;
	for (;;) {
		if (!move_do(m, &sql_move_gate_late, NULL))
			return false;
		late = script_value(m->db, 0, 0);
		if (!late)
			return cutover_step(c, "requests are held", true, "after %" PRId64 " ms",
					    ms_since(c->held_at));
		if (time_monotonic() > until)
			return move_fail(m, "these servers do not come to an end: %s", late);
		move_pause(5);
	}
}

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

static bool compare_counts(struct cutover *c)
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

/* The project is the writer again, and followed; from any point before the flip, or behind the way back. */
static bool give_back(struct move *m)
{
	return move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "transformed" })
		&& move_there(m, &sql_move_source_open, NULL) && follow_enable(m)
		&& move_do(m, &sql_move_gate_open, (const char *[]){ "upstream" });
}

/* ---- the cutover ---- */

static bool bring_over(struct cutover *c)
{
	struct move *m = &c->m;

	return hold(c) && close_source(c) && move_do(m, &sql_move_gate_seal, NULL)
		&& follow_drain(m, DRAIN_MS) && live_reload(m)
		&& cutover_step(c, "everything has come over", true,
				"held for %" PRId64 " ms so far", ms_since(c->held_at))
		&& compare_counts(c);
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
				ms_since(c->held_at));
}

/* What has gone wrong stays the problem to be told. */
static bool undo(struct cutover *c)
{
	const char *problem = c->m.problem;

	if (!script_run(c->m.db, &sql_move_batch_undo, NULL) || !give_back(&c->m)) {
		c->m.problem =
			arena_printf(
				c->m.arena,
				"%s; and the project is not back in charge yet: `rollback` does that",
				problem ? problem : "stopped")
				.p;
		return false;
	}
	c->m.problem = problem;
	return cutover_step(c, "the project is in charge again", true,
			    "requests waited for %" PRId64 " ms", ms_since(c->held_at));
}

static bool cut_over(struct cutover *c)
{
	if (!bring_over(c)) {
		(void)undo(c);
		return false;
	}
	if (c->dry_run)
		return undo(c);
	return flip(c);
}

bool cutover_begin(struct cutover *c, struct arena *a, const struct move_options *o)
{
	struct move *m = &c->m;

	*m = (struct move){ .arena = a, .options = o };
	*c->steps =
		(struct move_steps){ .v = arena_alloc(a, STEPS_MAX * sizeof(struct move_step)) };
	if (!move_open(m) || !move_do(m, &sql_move_own_names, NULL) || !move_find_run(m))
		return false;
	if (!m->run[0])
		return move_fail(m, "nothing has been imported yet");
	return live_connect(m);
}

static bool is_phase(const struct cutover *c, const char *phase)
{
	return strcmp(c->m.phase, phase) == 0;
}

static bool cutover(struct cutover *c)
{
	if (!is_phase(c, "transformed") && !is_phase(c, "cutover"))
		return move_fail(&c->m, "the phase is %s", c->m.phase);
	if (is_phase(c, "cutover") && !give_back(&c->m))
		return false;
	return checklist(c) && take_over(&c->m, "cutover") && cut_over(c);
}

void cutover_end(struct cutover *c, const char **problem)
{
	c->steps->held_ms = c->held_at ? ms_since(c->held_at) : 0;
	script_close(c->m.source);
	script_close(c->m.db);
	*problem = c->m.problem;
}

bool move_cutover(struct arena *a, const struct move_options *o, bool dry_run,
		  struct move_steps *out, const char **problem)
{
	struct cutover c = { .steps = out, .dry_run = dry_run };
	bool good = cutover_begin(&c, a, o) && cutover(&c);

	cutover_end(&c, problem);
	return good;
}

/* ---- the rollback ---- */

/* The slot forgets what we have written there, before anybody else may write again. */
static bool skip_own(struct move *m)
{
	const char *idle;

	do {
		move_pause(5);
		if (!move_there(m, &sql_move_source_slot_idle, NULL))
			return false;
		idle = script_value(m->source, 0, 0);
	} while (idle && strcmp(idle, "t") != 0);
	return move_there(m, &sql_move_source_advance, NULL);
}

static bool take_back(struct cutover *c)
{
	struct move *m = &c->m;

	return hold(c) && move_do(m, &sql_move_gate_seal, NULL) && reverse_drain(m)
		&& compare_counts(c) && move_there(m, &sql_move_source_sequences_on, NULL)
		&& skip_own(m) && move_do(m, &sql_move_begin, NULL)
		&& move_do(m, &sql_move_sending, (const char *[]){ "f" })
		&& move_do(m, &sql_move_look_again, NULL)
		&& move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "transformed" })
		&& move_do(m, &sql_move_commit, NULL);
}

static bool rollback(struct cutover *c)
{
	struct move *m = &c->m;

	if (is_phase(c, "archived"))
		return move_fail(m, "it is archived: there is no way back any more");
	if (is_phase(c, "live") || is_phase(c, "returning")) {
		/* most of the work, while people still write here */
		if (!take_over(m, "returning") || !reverse_drain(m) || !take_back(c))
			return false;
	} else if (!is_phase(c, "cutover") && !is_phase(c, "transformed")) {
		return move_fail(m, "the phase is %s", m->phase);
	} else if (!take_over(m, "cutover")) {
		return false;
	}
	return give_back(m)
		&& cutover_step(c, "the project is in charge again", true,
				"requests waited for %" PRId64 " ms",
				c->held_at ? ms_since(c->held_at) : 0);
}

bool move_rollback(struct arena *a, const struct move_options *o, struct move_steps *out,
		   const char **problem)
{
	struct cutover c = { .steps = out };
	bool good = cutover_begin(&c, a, o) && rollback(&c);

	cutover_end(&c, problem);
	return good;
}
