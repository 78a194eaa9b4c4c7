/* See supabase.h: which run there is, and what is left of it. */
#include "app/supabase/supabase.h"

#include "app/supabase/landing.h"
#include "app/supabase/live.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/transform.h"
#include "lib/base/crypt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CONNECT_SECONDS = 10, PRINTED = 1 << 20 };

bool move_fail(struct move *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!m->problem)
		m->problem = arena_vprintf(m->arena, format, args).p;
	va_end(args);
	return false;
}

bool move_do(struct move *m, const struct stmt *s, const char *const *values)
{
	return script_run(m->db, s, values)
		|| move_fail(m, "%s: %s", s->name, script_problem(m->db));
}

bool move_there(struct move *m, const struct stmt *s, const char *const *values)
{
	return script_run(m->source, s, values)
		|| move_fail(m, "the source: %s: %s", s->name, script_problem(m->source));
}

void move_pause(int milliseconds)
{
	nanosleep(&(struct timespec){ milliseconds / 1000, milliseconds % 1000 * 1000000L }, NULL);
}

bool move_open(struct move *m)
{
	m->db = script_open(m->options->url, CONNECT_SECONDS);
	if (script_problem(m->db))
		return move_fail(m, "the database: %s", script_problem(m->db));
	if (!move_do(m, &sql_move_session, NULL) || !move_do(m, &sql_move_has_schema, NULL))
		return false;
	if (strcmp(script_value(m->db, 0, 0), "t") != 0)
		return move_fail(
			m,
			"the database has no tables for this yet; `sojorn migrate up` makes them");
	return true;
}

bool move_find_run(struct move *m)
{
	const char *id;

	if (!move_do(m, &sql_move_run_find, NULL))
		return false;
	id = script_value(m->db, 0, 0);
	if (id) {
		snprintf(m->run, sizeof(m->run), "%s", id);
		if (!m->phase
		    || strcmp(m->phase, script_value(m->db, 0, 1)) != 0) /* a follower asks often */
			m->phase = arena_cstr(m->arena, str_of(script_value(m->db, 0, 1)));
	}
	return true;
}

/* ---- which files ---- */

/* Tells one dump from another: its size, its beginning and its end. */
static const char *fingerprint(struct arena *a, str script)
{
	str head = str_slice(script, 0, PRINTED);
	str tail = str_slice(script, script.n > PRINTED ? script.n - PRINTED : 0, script.n);
	str one = sha256_hex(a, head), two = sha256_hex(a, tail);

	return arena_printf(a, "%.*s%.*s", (int)one.n, one.p, (int)two.n, two.p).p;
}

static const char *number(struct arena *a, size_t n)
{
	return arena_printf(a, "%zu", n).p;
}

/* pg_dump says so when it is done. */
static bool is_cut_off(str script)
{
	str head = str_slice(script, 0, 512), tail;

	tail = str_slice(script, script.n > 1024 ? script.n - 1024 : 0, script.n);
	return str_find(head, S("-- PostgreSQL database dump")) >= 0
		&& str_find(tail, S("-- PostgreSQL database dump complete")) < 0;
}

static bool map_file(struct move *m, const char *name, str *ret_content, str *ret_script)
{
	if (!dump_map(m->arena, name, ret_content, &m->problem))
		return false;
	*ret_script = *ret_content;
	if (str_empty(*ret_content))
		return move_fail(m, "%s: is empty", name);
	if (str_starts(*ret_content, S("PGDMP")))
		return custom_script(m, name, ret_script);
	if (is_cut_off(*ret_content))
		return move_fail(m, "%s: the end is missing; the dump was cut off", name);
	return true;
}

/* The files as they lie there tell one dump from another; their scripts are read. */
static bool map_all(struct move *m, str *contents)
{
	size_t n = (size_t)m->options->nfiles;

	m->scripts = arena_zalloc(m->arena, n * sizeof(*m->scripts) + 1);
	for (size_t i = 0; i < n; i++)
		if (!map_file(m, m->options->files[i], &contents[i], &m->scripts[i]))
			return false;
	return true;
}

static bool is_same(struct move *m, const str *contents, bool *ret_same)
{
	int n = m->options->nfiles;

	if (!move_do(m, &sql_move_files, (const char *[]){ m->run }))
		return false;
	*ret_same = script_rows(m->db) == n;
	for (int i = 0; *ret_same && i < n; i++)
		*ret_same = strtoull(script_value(m->db, i, 2), NULL, 10) == m->scripts[i].n
			&& strcmp(script_value(m->db, i, 3), fingerprint(m->arena, contents[i]))
				== 0;
	return true;
}

static bool begin_run(struct move *m, const str *contents)
{
	if (!move_do(m, &sql_move_begin, NULL) || !move_do(m, &sql_move_run_new, NULL))
		return false;
	snprintf(m->run, sizeof(m->run), "%s", script_value(m->db, 0, 0));
	m->phase = "landing";
	for (int i = 0; i < m->options->nfiles; i++)
		if (!move_do(m, &sql_move_file_put,
			     (const char *[]){ m->run, number(m->arena, (size_t)i),
					       m->options->files[i],
					       number(m->arena, m->scripts[i].n),
					       fingerprint(m->arena, contents[i]) }))
			return false;
	return move_do(m, &sql_move_commit, NULL);
}

/* The first import into a database that people use already would mix two worlds. */
static bool check_is_empty(struct move *m)
{
	if (!move_do(m, &sql_move_has_accounts, NULL))
		return false;
	if (strcmp(script_value(m->db, 0, 0), "t") == 0 && !m->options->force)
		return move_fail(
			m, "the database has accounts of its own; --force imports beside them");
	return true;
}

/* The run of these files, new or to be gone on with. */
static bool choose_run(struct move *m)
{
	str *contents = arena_zalloc(m->arena, (size_t)m->options->nfiles * sizeof(*contents) + 1);
	bool same;

	if (!map_all(m, contents) || !move_find_run(m))
		return false;
	if (!m->run[0])
		return check_is_empty(m) && begin_run(m, contents);
	if (!is_same(m, contents, &same))
		return false;
	if (same && !m->options->replace)
		return true;
	if (!m->options->replace)
		return move_fail(
			m, "another dump has been imported; --replace takes this one in its place");
	return move_do(m, &sql_move_landing_drop, NULL) && begin_run(m, contents);
}

/* ---- the import ---- */

/* From now on addresses of the old project become this server's; a run keeps what it was told. */
static bool set_addresses(struct move *m)
{
	const struct move_options *o = m->options;

	return !o->old_url
		|| move_do(m, &sql_move_run_addresses,
			   (const char *[]){ m->run, o->old_url, o->new_url });
}

static bool import(struct move *m)
{
	bool live = m->options->source != NULL;

	if (!move_open(m) || !move_do(m, &sql_move_lock, NULL)
	    || !(live ? live_choose_run(m) : choose_run(m)) || !set_addresses(m))
		return false;
	if (strcmp(m->phase, "landing") == 0) {
		if (!(live ? live_run(m) : landing_run(m)))
			return false;
		m->phase = "landed";
	}
	if (strcmp(m->phase, "transformed") == 0 && !m->options->again)
		return true;
	return move_do(m, &sql_move_own_names, NULL) && transform_run(m)
		&& move_do(m, &sql_move_analyze, NULL);
}

bool move_import(struct arena *a, const struct move_options *o, const char **problem)
{
	struct move m = { .arena = a, .options = o };
	bool good = import(&m);

	script_close(m.source);
	script_close(m.db);
	if (!good)
		*problem = m.problem ? m.problem : "the database does not answer";
	return good;
}
