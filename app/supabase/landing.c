/* See landing.h. An entry of the ledger and what it tells of are one transaction; rows of a table that take
 * long are several, the entry then says how far they have come. */
#include "app/supabase/landing.h"

#include "app/supabase/classify.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { COMMIT_EVERY = 64, TEXT_KEPT = 4000 };

/* ---- the ledger ---- */

static const char *number(struct arena *a, int64_t n)
{
	return arena_printf(a, "%" PRId64, n).p;
}

/* The text is kept only of what was not done: what was is in the database. */
static bool ledger_put(struct landing *l, const char *outcome, const char *reason)
{
	struct arena *a = l->arena;
	bool done = strcmp(outcome, "done") == 0 || strcmp(outcome, "partial") == 0;
	str text = done ? S("") : str_slice(l->piece.text, 0, TEXT_KEPT);
	const char *object = "";

	while (text.n && str_utf8_length(text) < 0)
		text.n--;
	if (l->verdict.name.p)
		object = arena_printf(a, "%.*s.%.*s", (int)l->verdict.schema.n, l->verdict.schema.p,
				      (int)l->verdict.name.n, l->verdict.name.p)
				 .p;
	return move_do(l->move, &sql_move_ledger_put,
		       (const char *[]){ l->move->run, number(a, l->file),
					 number(a, (int64_t)l->piece.from), l->verdict.kind, object,
					 outcome, reason, number(a, l->rows),
					 number(a, (int64_t)l->row_at), arena_cstr(a, text) });
}

static bool commit(struct landing *l, size_t done_to)
{
	struct move *m = l->move;
	const struct move_options *o = m->options;

	if (!move_do(m, &sql_move_file_done,
		     (const char *[]){ m->run, number(l->arena, l->file),
				       number(l->arena, (int64_t)done_to) })
	    || !move_do(m, &sql_move_commit, NULL))
		return false;
	if (o->progress)
		o->progress(o->progress_arg, "reading", l->bytes_before + (int64_t)l->dump.at,
			    l->bytes_total);
	l->pending = 0;
	return move_do(m, &sql_move_begin, NULL);
}

bool landing_checkpoint(struct landing *l)
{
	return ledger_put(l, "partial", "") && commit(l, l->piece.from)
		&& move_do(l->move, &sql_move_savepoint, NULL);
}

/* ---- doing ---- */

static bool make_schema(struct landing *l)
{
	struct move *m = l->move;
	const char *name = arena_cstr(l->arena, l->verdict.name);

	return script_run(m->db, &sql_move_schema_make, (const char *[]){ name })
		&& script_run(m->db, &sql_move_schema_make_now, NULL);
}

/* What the app's own columns and functions may need; all else is the platform's. */
static bool is_allowed_extension(str name)
{
	static const char *const names[] = {
		"postgis",	 "pg_trgm",  "uuid-ossp",   "pgcrypto",	  "citext",
		"hstore",	 "ltree",    "btree_gin",   "btree_gist", "unaccent",
		"fuzzystrmatch", "intarray", "tablefunc",   "cube",	  "earthdistance",
		"isn",		 "seg",	     "moddatetime", "vector",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(name, str_of(names[i])))
			return true;
	return false;
}

/* WITH SCHEMA "name": where the dump looks for its types and functions. */
static const char *schema_of_extension(struct landing *l)
{
	struct words w = dump_words(l->arena, l->piece.text);

	for (int i = 0; i + 1 < w.n; i++)
		if (str_eq(w.w[i], S("schema")))
			return arena_cstr(l->arena, w.w[i + 1]);
	return "extensions";
}

/* One that is here already, and perhaps elsewhere: then the dump's names for it are read as ours. */
static bool find_extension(struct landing *l, const char *name, const char *schema)
{
	struct move *m = l->move;

	if (!script_run(m->db, &sql_move_extension_elsewhere, (const char *[]){ name, schema }))
		return false;
	return !script_rows(m->db)
		|| (qualifiers_add(m, name, schema)
		    && qualifiers_read(m, m->arena, &l->qualifiers));
}

/* *ret_skip: why it is passed over. */
static bool make_extension(struct landing *l, const char **ret_skip)
{
	struct script *db = l->move->db;
	const char *name = arena_cstr(l->arena, l->verdict.name);
	const char *schema = schema_of_extension(l);

	if (!is_allowed_extension(l->verdict.name)) {
		*ret_skip =
			"an extension of the platform; should a column need it, its table says so";
		return true;
	}
	if (!script_run(db, &sql_move_extension_known, (const char *[]){ name }))
		return false;
	if (strcmp(script_value(db, 0, 0), "t") == 0)
		return find_extension(l, name, schema);
	if (strcmp(script_value(db, 0, 1), "t") != 0) {
		*ret_skip =
			"not installed on this machine; should a column need it, its table says so";
		return true;
	}
	return script_run(db, &sql_move_extension_name, (const char *[]){ name })
		&& script_run(db, &sql_move_extension_schema, (const char *[]){ schema })
		&& script_run(db, &sql_move_extension_make, NULL);
}

static bool act(struct landing *l, const char **ret_skip)
{
	struct script *db = l->move->db;

	switch (l->verdict.action) {
	case ACT_SCHEMA:
		return make_schema(l);
	case ACT_EXTENSION:
		return make_extension(l, ret_skip);
	case ACT_COPY:
		return rows_copy(l);
	case ACT_INSERT:
		return rows_insert(l);
	default:
		return script_text(db, qualifiers_apply(l->arena, l->qualifiers, l->piece.text),
				   NULL);
	}
}

/* Line of the file, for people. */
static int64_t line_of(const struct landing *l)
{
	int64_t line = 1;

	for (const char *p = l->dump.script.p, *end = p + l->piece.from;
	     (p = memchr(p, '\n', (size_t)(end - p))); p++)
		line++;
	return line;
}

/* The statement did not work: what it has begun is undone, the ledger tells, and the import stops. */
static bool stop(struct landing *l, const char *reason)
{
	struct move *m = l->move;
	str text = str_slice(l->piece.text, 0, 120);

	l->row_at = 0;
	if (ledger_put(l, "failed", reason) && commit(l, l->piece.from))
		move_fail(m, "%s, line %" PRId64 ": %s: %.*s", m->options->files[l->file],
			  line_of(l), reason, (int)strcspn(arena_cstr(l->arena, text), "\n"),
			  text.p);
	return false;
}

/* Runs the statement behind a savepoint. */
static bool attempt(struct landing *l)
{
	struct move *m = l->move;
	const char *skip = NULL, *problem;

	if (!move_do(m, &sql_move_savepoint, NULL))
		return false;
	if (act(l, &skip))
		return move_do(m, &sql_move_release, NULL)
			&& ledger_put(l, skip ? "skipped" : "done", skip ? skip : "");
	if (m->problem)
		return false;
	problem = script_problem(m->db);
	problem = arena_cstr(l->arena, str_of(problem ? problem : l->problem));
	if (!move_do(m, &sql_move_undo, NULL))
		return false;
	if (l->verdict.action == ACT_TRY)
		return ledger_put(l, "skipped",
				  arena_printf(l->arena, "does not work here: %s", problem).p);
	return stop(l, problem);
}

static bool take(struct landing *l)
{
	l->rows = 0;
	l->row_at = 0;
	l->problem = "";
	if (l->piece.kind == PIECE_BROKEN) {
		l->verdict = (struct verdict){ .kind = "unknown" };
		return stop(l, l->piece.problem);
	}
	l->verdict = classify(l->arena, &l->piece);
	if (l->verdict.action == ACT_STOP)
		return stop(l, l->verdict.reason);
	if (l->verdict.action != ACT_SKIP)
		return attempt(l);
	l->rows = rows_count(&l->piece);
	return ledger_put(l, "skipped", l->verdict.reason);
}

/* ---- files ---- */

static bool read_file(struct landing *l)
{
	while ((l->piece = dump_next(&l->dump)).kind != PIECE_END) {
		bool large = l->piece.text.n + l->piece.data.n > COMMIT_EVERY * 1024;

		arena_reset(l->arena);
		if (!take(l))
			return false;
		if ((++l->pending >= COMMIT_EVERY || large) && !commit(l, l->piece.to))
			return false;
	}
	arena_reset(l->arena);
	return commit(l, l->dump.script.n);
}

/* Without the platform's own schemas, what the app's SQL calls of them has to be there all the same. */
static bool prepare(struct move *m, const str *scripts)
{
	for (int i = 0; i < m->options->nfiles; i++)
		if (str_find(scripts[i], S("FUNCTION auth.uid()")) >= 0
		    || str_find(scripts[i], S("FUNCTION \"auth\".\"uid\"()")) >= 0)
			return true;
	return move_do(m, &sql_move_auth_stubs, NULL);
}

bool landing_run(struct move *m)
{
	const struct move_options *o = m->options;
	struct landing l = { .move = m, .arena = arena_new() };
	const str *scripts = m->scripts;
	size_t *from = arena_zalloc(m->arena, (size_t)o->nfiles * sizeof(*from));
	bool good = move_do(m, &sql_move_files, (const char *[]){ m->run });

	for (int i = 0; good && i < o->nfiles; i++)
		from[i] = strtoull(script_value(m->db, i, 4), NULL, 10);
	for (int i = 0; good && i < o->nfiles; i++)
		l.bytes_total += (int64_t)scripts[i].n;
	good = good && prepare(m, scripts) && qualifiers_read(m, m->arena, &l.qualifiers)
		&& move_do(m, &sql_move_without_triggers, NULL)
		&& move_do(m, &sql_move_begin, NULL);
	for (l.file = 0; good && l.file < o->nfiles; l.file++) {
		l.dump = (struct dump){ scripts[l.file], from[l.file] };
		good = read_file(&l);
		l.bytes_before += (int64_t)scripts[l.file].n;
	}
	arena_free(l.arena);
	return good && move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "landed" })
		&& move_do(m, &sql_move_commit, NULL) && move_do(m, &sql_move_with_triggers, NULL)
		&& move_do(m, &sql_move_own_names, NULL);
}
