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

enum { CONNECT_SECONDS = 10, POLL_MS = 100, SYNC_ERRORS = 5, SLOT_TRIES = 100 };

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

bool live_catalog(struct move *m, const char **ret_json)
{
	if (!move_there(m, &sql_move_source_catalog, NULL))
		return false;
	*ret_json = script_value(m->source, 0, 0);
	return true;
}

/* ---- leaving ---- */

static bool unsubscribe(struct move *m)
{
	if (!move_do(m, &sql_move_sub_find, NULL))
		return false;
	if (!script_rows(m->db))
		return true;
	return move_do(m, &sql_move_sub_disable, NULL)
		&& move_do(m, &sql_move_sub_forget_slot, NULL)
		&& move_do(m, &sql_move_sub_drop, NULL);
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

bool live_leave_source(struct move *m, bool fenced)
{
	return live_connect(m) && unsubscribe(m) && drop_slots(m)
		&& move_there(m, fenced ? &sql_move_source_unmake_rest : &sql_move_source_unmake,
			      NULL);
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
	return live_leave_source(m, false) && move_do(m, &sql_move_landing_drop, NULL)
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
	return whole || move_do(m, &sql_move_sub_tables, NULL);
}

/* PostgreSQL copies several tables at once, and goes on by itself should this program be killed. */
static bool wait_for_copies(struct move *m)
{
	for (;;) {
		if (!move_do(m, &sql_move_sub_progress, NULL))
			return false;
		if (strcmp(script_value(m->db, 0, 0), script_value(m->db, 0, 1)) == 0)
			return true;
		if (strtoll(script_value(m->db, 0, 4), NULL, 10) > SYNC_ERRORS)
			return move_fail(
				m,
				"copying fails again and again; the log of PostgreSQL here says why");
		tell(m, "copying tables", strtoll(script_value(m->db, 0, 2), NULL, 10),
		     strtoll(script_value(m->db, 0, 3), NULL, 10));
		move_pause(POLL_MS);
	}
}

bool live_run(struct move *m)
{
	return make_landing(m) && make_on_source(m) && copy_ours(m) && subscribe(m)
		&& wait_for_copies(m) && move_do(m, &sql_move_index_landing, NULL)
		&& move_do(m, &sql_move_capture, (const char *[]){ "changed" })
		&& move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "landed" });
}

bool move_abort(struct arena *a, const struct move_options *o, const char **problem)
{
	struct move m = { .arena = a, .options = o };
	bool good = move_open(&m) && move_do(&m, &sql_move_lock, NULL)
		&& live_leave_source(&m, false) && move_do(&m, &sql_move_live_drop, NULL)
		&& move_do(&m, &sql_move_runs_forget, NULL);

	script_close(m.source);
	script_close(m.db);
	*problem = m.problem;
	return good;
}
