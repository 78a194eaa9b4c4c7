/* See live.h. Tables of the project's own role come by a publication. Those of the platform (auth, storage) it
 * may not publish: triggers write their rows to a journal, which the same publication carries, so that one
 * stream has everything in the order of commits. The slot is made before those are copied, and what a journal
 * says is put by key: it does no harm that a row was in the copy already. */
#include "app/supabase/live.h"

#include "app/supabase/live.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/source.sql.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	CONNECT_SECONDS = 10,
	POLL_MS = 100,
	SYNC_ERRORS = 5,
	SLOT_TRIES = 100,
	LOCK_TRIES = 300,
	ORPHAN_LOOKS = 30,
	CAPTURE_TRIES = 20
};

static const char *copied(struct move *m, const char *text)
{
	return text ? arena_cstr(m->arena, str_of(text)) : NULL;
}

static bool is_true(const char *value)
{
	return value && strcmp(value, "t") == 0;
}

/* ---- the source ---- */

/* NULL: there is no subscription either. */
static bool source_url(struct move *m, const char **ret_url)
{
	*ret_url = m->options->source;
	if (*ret_url)
		return true;
	if (!move_do(m, &sql_move_sub_find, NULL))
		return false;
	*ret_url = copied(m, script_value(m->db, 0, 2));
	return *ret_url || move_fail(m, "no live project is being followed; --source names it");
}

bool live_connect(struct move *m)
{
	const char *url;

	if (m->source)
		return true;
	if (!source_url(m, &url))
		return false;
	m->source = script_open(url, CONNECT_SECONDS);
	if (script_problem(m->source))
		return move_fail(m, "the source: %s", script_problem(m->source));
	if (!move_there(m, &sql_move_source_session, NULL)
	    || !move_there(m, &sql_move_source_obstacles, NULL))
		return false;
	if (script_rows(m->source))
		return move_fail(m, "the source cannot be followed: %s",
				 script_value(m->source, 0, 0));
	return true;
}

bool live_lock(struct move *m)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!move_there(m, &sql_move_source_lock, NULL))
			return false;
		if (is_true(script_value(m->source, 0, 0)))
			return true;
		move_pause(POLL_MS);
	}
	return move_fail(m, "the source: another command of the move is still at work");
}

bool live_catalog(struct move *m, const char **ret_json)
{
	if (!move_there(m, &sql_move_source_catalog, NULL))
		return false;
	*ret_json = script_value(m->source, 0, 0);
	return true;
}

/* ---- leaving ---- */

/* The subscription lets go of its slot, but knows the source until everything there is gone. */
static bool unsubscribe(struct move *m, bool wholly)
{
	if (!move_do(m, &sql_move_sub_find, NULL))
		return false;
	if (!script_rows(m->db))
		return true;
	return move_do(m, &sql_move_sub_disable, NULL)
		&& move_do(m, &sql_move_sub_forget_slot, NULL)
		&& (!wholly || move_do(m, &sql_move_sub_drop, NULL));
}

/* The server there notices after a moment that nobody reads from a slot any more. */
static bool drop_slots(struct move *m)
{
	for (int i = 0; i < SLOT_TRIES; i++) {
		if (!move_there(m, &sql_move_source_unmake_slots, NULL)
		    || !move_there(m, &sql_move_source_slots_left, NULL))
			return false;
		if (strcmp(script_value(m->source, 0, 0), "0") == 0)
			return true;
		move_pause(POLL_MS);
	}
	return move_fail(m, "the source: somebody still reads from our slot");
}

static bool leave_source(struct move *m, bool fenced)
{
	return live_connect(m) && live_lock(m) && unsubscribe(m, false) && drop_slots(m)
		&& move_there(m, fenced ? &sql_move_source_unmake_rest : &sql_move_source_unmake,
			      NULL)
		&& unsubscribe(m, true);
}

/* Whether something of it may still be on the source: this side remembers where that is until it is not. */
static bool may_be_there(struct move *m, bool *ret_there)
{
	if (!move_do(m, &sql_move_sub_find, NULL))
		return false;
	*ret_there = m->options->source || script_rows(m->db) > 0;
	return true;
}

bool live_leave(struct move *m, bool fenced)
{
	bool there;

	return may_be_there(m, &there) && (!there || leave_source(m, fenced))
		&& move_do(m, &sql_move_live_drop, NULL);
}

/* ---- the run ---- */

static bool begin_run(struct move *m)
{
	const char *name, *catalog, *taken;

	if (!move_there(m, &sql_move_source_name, NULL))
		return false;
	name = copied(m, script_value(m->source, 0, 0));
	if (!live_catalog(m, &catalog) || !move_do(m, &sql_move_begin, NULL)
	    || !move_do(m, &sql_move_live_begin, (const char *[]){ name }))
		return false;
	snprintf(m->run, sizeof(m->run), "%s", script_value(m->db, 0, 0));
	m->phase = "landing";
	if (!move_do(m, &sql_move_live_plan, (const char *[]){ catalog })
	    || !move_do(m, &sql_move_live_plan_keys, NULL)
	    || !move_do(m, &sql_move_live_collisions, NULL))
		return false;
	taken = script_value(m->db, 0, 0);
	if (taken)
		return move_fail(m, "this database has tables of these names already: %s", taken);
	return move_do(m, &sql_move_gate_begin, NULL) && move_do(m, &sql_move_commit, NULL);
}

static bool check_target(struct move *m)
{
	if (!move_do(m, &sql_move_sub_allowed, NULL))
		return false;
	if (!is_true(script_value(m->db, 0, 0)))
		return move_fail(
			m,
			"DATABASE_URL's role may not subscribe; make it a superuser for the time of the move");
	if (!move_do(m, &sql_move_has_accounts, NULL))
		return false;
	if (is_true(script_value(m->db, 0, 0)) && !m->options->force)
		return move_fail(
			m, "the database has accounts of its own; --force imports beside them");
	return true;
}

bool live_choose_run(struct move *m)
{
	bool live;

	if (!live_connect(m) || !move_find_run(m))
		return false;
	if (!m->run[0])
		return check_target(m) && begin_run(m);
	if (!move_do(m, &sql_move_live_source, NULL))
		return false;
	live = *script_value(m->db, 0, 0) != '\0';
	if (live && !m->options->replace)
		return true;
	if (!m->options->replace)
		return move_fail(
			m,
			"a dump has been imported; --replace takes the live project in its place");
	return leave_source(m, false) && move_do(m, &sql_move_landing_drop, NULL)
		&& move_do(m, &sql_move_live_drop, NULL) && begin_run(m);
}

/* ---- room for it here ---- */

static bool make_extensions(struct move *m)
{
	if (!move_there(m, &sql_move_source_extensions, NULL))
		return false;
	for (int i = 0; i < script_rows(m->source); i++)
		if (!move_do(m, &sql_move_begin, NULL)
		    || !move_do(m, &sql_move_extension_name,
				(const char *[]){ script_value(m->source, i, 0) })
		    || !move_do(m, &sql_move_extension_make, NULL)
		    || !move_do(m, &sql_move_commit, NULL))
			return false;
	return true;
}

/* A statement that another one has put together, here or there. */
static bool run_text(struct move *m, struct script *where, const char *text)
{
	return script_text(where, str_of(text), NULL)
		|| move_fail(m, "%s: %.60s", script_problem(where), text);
}

static bool make_types(struct move *m)
{
	if (!move_there(m, &sql_move_source_types, NULL))
		return false;
	for (int i = 0; i < script_rows(m->source); i++) {
		const char *name = script_value(m->source, i, 1);
		const char *schema = script_value(m->source, i, 0);

		if (!move_do(m, &sql_move_live_type_known, (const char *[]){ name }))
			return false;
		if (is_true(script_value(m->db, 0, 0)))
			continue;
		if (!run_text(m, m->db,
			      arena_printf(m->arena, "CREATE SCHEMA IF NOT EXISTS %s", schema).p)
		    || !run_text(m, m->db, script_value(m->source, i, 2)))
			return false;
	}
	return true;
}

static bool make_apply_function(struct move *m, bool on_source)
{
	const char *text;

	if (!move_do(m, &sql_move_live_apply_function, (const char *[]){ on_source ? "t" : "f" }))
		return false;
	text = copied(m, script_value(m->db, 0, 0));
	return !text || run_text(m, on_source ? m->source : m->db, text);
}

static bool make_landing(struct move *m)
{
	return make_extensions(m) && make_types(m) && move_do(m, &sql_move_live_landing, NULL)
		&& make_apply_function(m, false);
}

/* ---- what has to be on the source ---- */

bool live_tell_tables(struct move *m)
{
	const char *tables;

	if (!move_do(m, &sql_move_live_tables, NULL))
		return false;
	tables = script_value(m->db, 0, 0);
	return move_there(m, &sql_move_source_tables, (const char *[]){ tables ? tables : "[]" });
}

static bool make_on_source(struct move *m)
{
	return move_there(m, &sql_move_source_schema, NULL) && live_tell_tables(m)
		&& move_there(m, &sql_move_source_capture, NULL) && make_apply_function(m, true)
		&& move_there(m, &sql_move_source_slot, NULL);
}

/* ---- copying ---- */

static void tell(const struct move *m, const char *what, int64_t done, int64_t total)
{
	if (m->options->progress)
		m->options->progress(m->options->progress_arg, what, done, total);
}

static bool copy_table(struct move *m, const char *const name[2], const char *there,
		       const char *here)
{
	int64_t rows;

	if (!move_do(m, &sql_move_begin, NULL) || !move_do(m, &sql_move_live_emptying, name)
	    || !move_do(m, &sql_move_live_empty, NULL))
		return false;
	if (!script_pipe(m->source, str_of(there), m->db, str_of(here), &rows))
		return move_fail(m, "%s.%s: %s", name[0], name[1],
				 script_problem(m->source) ? script_problem(m->source)
							   : script_problem(m->db));
	return move_do(m, &sql_move_live_copied, name) && move_do(m, &sql_move_commit, NULL);
}

/* Each table is a transaction: after a kill, the next ones are left. */
static bool copy_ours(struct move *m)
{
	for (int done = 0;; done++) {
		const char *name[2], *there, *here;
		int left;

		if (!move_do(m, &sql_move_live_uncopied, NULL))
			return false;
		left = script_rows(m->db);
		if (!left)
			return true;
		tell(m, "copying accounts and files", done, done + left);
		name[0] = copied(m, script_value(m->db, 0, 0));
		name[1] = copied(m, script_value(m->db, 0, 1));
		there = copied(m, script_value(m->db, 0, 2));
		here = copied(m, script_value(m->db, 0, 3));
		if (!copy_table(m, name, there, here))
			return false;
	}
}

bool live_reload(struct move *m)
{
	return move_do(m, &sql_move_live_reload, NULL) && copy_ours(m);
}

/* ---- the subscription ---- */

static bool empty(struct move *m, const char *const name[2])
{
	return move_do(m, &sql_move_begin, NULL) && move_do(m, &sql_move_live_emptying, name)
		&& move_do(m, &sql_move_live_empty, NULL) && move_do(m, &sql_move_commit, NULL);
}

/* Tables are copied into nothing. */
static bool refresh(struct move *m)
{
	const char *(*names)[2];
	int n;

	if (!move_do(m, &sql_move_sub_unknown, NULL))
		return false;
	n = script_rows(m->db);
	names = arena_alloc(m->arena, (size_t)n * sizeof(*names) + 1);
	for (int i = 0; i < n; i++)
		for (int j = 0; j < 2; j++)
			names[i][j] = copied(m, script_value(m->db, i, j));
	for (int i = 0; i < n; i++)
		if (!empty(m, names[i]))
			return false;
	return move_do(m, &sql_move_sub_refresh, NULL);
}

static bool subscribe(struct move *m)
{
	const char *url = m->options->source;
	bool known, whole;

	if (!move_do(m, &sql_move_sub_find, NULL)
	    || !move_there(m, &sql_move_source_slot_name, NULL))
		return false;
	known = script_rows(m->db) > 0;
	whole = is_true(script_value(m->db, 0, 1));
	if (!known
	    && (!move_do(m, &sql_move_sub_source,
			 (const char *[]){ url, script_value(m->source, 0, 0) })
		|| !move_do(m, &sql_move_sub_make, NULL)))
		return false;
	return (whole || move_do(m, &sql_move_sub_tables, NULL)) && refresh(m);
}

/* How far copying was when we last looked. */
struct copying {
	int64_t bytes, errors, stuck; /* stuck: errors since something has arrived */
	int whole;
	const char *orphan; /* a table whose slot was missing … */
	int missing;	    /* … so often in a row */
};

static bool look_at_copies(struct move *m, struct copying *c, bool *ret_done)
{
	struct copying now = *c;

	if (!move_do(m, &sql_move_sub_progress, NULL))
		return false;
	now.whole = atoi(script_value(m->db, 0, 0));
	now.bytes = strtoll(script_value(m->db, 0, 2), NULL, 10);
	now.errors = strtoll(script_value(m->db, 0, 4), NULL, 10);
	*ret_done = now.whole == atoi(script_value(m->db, 0, 1));
	tell(m, "copying tables", now.bytes, strtoll(script_value(m->db, 0, 3), NULL, 10));
	now.stuck = c->errors >= 0 && !c->orphan && now.whole == c->whole && now.bytes <= c->bytes
		? c->stuck + now.errors - c->errors
		: 0;
	*c = now;
	return now.stuck <= SYNC_ERRORS
		|| move_fail(m,
			     "copying fails again and again; the log of PostgreSQL here says why");
}

/* Out of the publication and into it again, as if it were new. */
static bool copy_anew(struct move *m, const char *const name[2])
{
	return move_there(m, &sql_move_source_publish_which,
			  (const char *[]){ name[0], name[1], "f" })
		&& move_there(m, &sql_move_source_publish, NULL)
		&& move_do(m, &sql_move_sub_refresh, NULL) && empty(m, name)
		&& move_there(m, &sql_move_source_publish_which,
			      (const char *[]){ name[0], name[1], "t" })
		&& move_there(m, &sql_move_source_publish, NULL) && refresh(m);
}

/* PostgreSQL drops the slot of a table's copy before it has written down that the copy is whole: after a crash between
 * the two its worker waits for the slot for ever. */
static bool mind_orphans(struct move *m, struct copying *c)
{
	const char *name[2], *slot;
	bool same;

	if (!move_do(m, &sql_move_sub_catching_up, NULL))
		return false;
	for (int i = 0; i < script_rows(m->db); i++) {
		slot = script_value(m->db, i, 2);
		if (!move_there(m, &sql_move_source_has_slot, &slot))
			return false;
		if (is_true(script_value(m->source, 0, 0)))
			continue;
		same = c->orphan && strcmp(c->orphan, slot) == 0;
		c->missing = same ? c->missing + 1 : 1;
		c->orphan = same ? c->orphan : copied(m, slot);
		if (c->missing < ORPHAN_LOOKS)
			return true;
		c->orphan = NULL;
		name[0] = copied(m, script_value(m->db, i, 0));
		name[1] = copied(m, script_value(m->db, i, 1));
		return copy_anew(m, name);
	}
	c->orphan = NULL;
	return true;
}

/* PostgreSQL copies several tables at once, and goes on by itself should this program be killed, or the line
 * break: only errors without anything between them count. */
static bool wait_for_copies(struct move *m)
{
	struct copying c = { .errors = -1 };
	bool done;

	for (;;) {
		if (!look_at_copies(m, &c, &done))
			return false;
		if (done)
			return true;
		if (!mind_orphans(m, &c))
			return false;
		move_pause(POLL_MS);
	}
}

/* Its triggers stand on all tables at once, while replication writes them in the order of its transactions: the two
 * may lock each other out, and the one that has waited for longer is sent away. */
static bool capture(struct move *m)
{
	const char *queue = "changed";

	for (int i = 1; i < CAPTURE_TRIES && !script_is_lost(m->db); i++)
		if (script_run(m->db, &sql_move_capture, &queue))
			return true;
	return move_do(m, &sql_move_capture, &queue);
}

bool live_run(struct move *m)
{
	return make_landing(m) && make_on_source(m) && copy_ours(m) && subscribe(m)
		&& wait_for_copies(m) && move_do(m, &sql_move_index_landing, NULL) && capture(m)
		&& move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "landed" });
}

/* Notes what of ours is on the source, before it goes. */
static bool list_made(struct move *m, struct move_steps *out)
{
	bool there;

	*out = (struct move_steps){ 0 };
	if (!may_be_there(m, &there))
		return false;
	if (!there)
		return true;
	if (!live_connect(m) || !move_there(m, &sql_move_source_made, NULL))
		return false;
	out->v = arena_alloc(m->arena, (size_t)script_rows(m->source) * sizeof(*out->v) + 1);
	for (; out->n < script_rows(m->source); out->n++)
		out->v[out->n] = (struct move_step){
			.what = "removed from the source",
			.ok = true,
			.detail =
				arena_printf(m->arena, "%s %s", script_value(m->source, out->n, 0),
					     script_value(m->source, out->n, 1))
					.p,
		};
	return true;
}

/* What is still there after all counts as not removed. */
static bool check_gone(struct move *m, struct move_steps *out)
{
	if (!m->source)
		return true;
	if (!move_there(m, &sql_move_source_made, NULL))
		return false;
	if (!script_rows(m->source))
		return true;
	for (int i = 0; i < out->n; i++)
		out->v[i].ok = false;
	return move_fail(m, "the source: %s %s is still there", script_value(m->source, 0, 0),
			 script_value(m->source, 0, 1));
}

bool move_abort(struct arena *a, const struct move_options *o, struct move_steps *out,
		const char **problem)
{
	struct move m = { .arena = a, .options = o };
	bool good = move_open(&m) && move_do(&m, &sql_move_lock, NULL) && list_made(&m, out)
		&& live_leave(&m, false) && check_gone(&m, out)
		&& move_do(&m, &sql_move_runs_forget, NULL);

	script_close(m.source);
	script_close(m.db);
	*problem = m.problem;
	return good;
}
