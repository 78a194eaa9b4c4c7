/* See supabase.h: four questions, one verdict. Was everything landed that the source has (compare.h)? Is what
 * the app has what the transform makes of it? The transform is done again, into temporary tables that stand
 * before the app's own, and both are compared like the rest; so no rule of it is written twice. Does what must
 * hold in any case hold? And does the app's role see the rows that the owner sees? */
#include "app/supabase/verify.h"

#include "app/supabase/follow.h"
#include "app/supabase/live.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/report.sql.h"
#include "app/supabase/transform.h"
#include "app/supabase/verify.sql.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const *run_of(struct move *m)
{
	const char **values = arena_alloc(m->arena, sizeof(*values));

	values[0] = m->run;
	return values;
}

/* ---- tables as the import counted them ---- */

static int64_t number(struct move *m, int row, int column)
{
	const char *v = script_value(m->db, row, column);

	return v ? strtoll(v, NULL, 10) : -1;
}

static struct verified *table_of(struct move_verdict *v, const char *name)
{
	for (int i = 0; i < v->ntables; i++)
		if (strcmp(v->tables[i].name, name) == 0)
			return &v->tables[i];
	return NULL;
}

static bool counted_tables(struct move *m, struct move_verdict *v)
{
	if (!move_do(m, &sql_move_report_counts, NULL)
	    || !move_do(m, &sql_move_report_tables, run_of(m)))
		return false;
	v->ntables = script_rows(m->db);
	v->tables = arena_zalloc(m->arena, (size_t)v->ntables * sizeof(*v->tables) + 1);
	for (int i = 0; i < v->ntables; i++)
		v->tables[i] = (struct verified){
			.name = arena_cstr(m->arena, str_of(script_value(m->db, i, 0))),
			.source = number(m, i, 1),
			.target = number(m, i, 2),
			.moved = number(m, i, 3),
			.kept_back = number(m, i, 4),
			.differences = number(m, i, 5),
		};
	return true;
}

/* What a comparison has counted, beside or in place of that. */
static void add_tables(struct move *m, struct move_verdict *v, const struct compare *c)
{
	size_t old = (size_t)v->ntables * sizeof(*v->tables);

	v->tables = arena_grow(m->arena, v->tables, old,
			       old + (size_t)c->ntables * sizeof(*v->tables) + 1);
	for (int i = 0; i < c->ntables; i++) {
		const struct compared *from = &c->tables[i];
		struct verified *t = table_of(v, from->name);

		if (!t) {
			t = &v->tables[v->ntables++];
			*t = (struct verified){ .name = from->name, .moved = -1, .kept_back = -1 };
		}
		t->source = from->a_rows;
		t->target = from->b_rows;
		t->differences += from->differences;
		t->moving += from->moving;
	}
}

/* ---- the questions ---- */

static bool check_rules(struct move *m, struct compare *c)
{
	if (!move_do(m, &sql_move_verify_rules, NULL))
		return false;
	for (int i = 0; i < script_rows(m->db); i++)
		compare_note(c, script_value(m->db, i, 0), script_value(m->db, i, 1),
			     script_value(m->db, i, 2), script_value(m->db, i, 3));
	return true;
}

static bool check_source(struct move *m, struct compare *c)
{
	const char *there, *here;

	if (!m->options->source)
		return true;
	c->missing = "is missing here";
	c->extra = "is not in the source";
	c->other = "is another value here";
	c->settle = m->options->settle_seconds * SECOND;
	return compare_open(m, m->options->source, "the source", &c->a)
		&& compare_catalog(m, c->a, "", &there) && compare_catalog(m, c->b, "", &here)
		&& compare_run(c, there, here, true);
}

/* Of a project that has been left and come back to: twice, the second time over what is here. */
static bool transform_returned(struct move *m)
{
	return move_do(m, &sql_move_verify_own_rest, NULL) && transform_tables(m)
		&& move_do(m, &sql_move_verify_keep, NULL) && transform_tables(m);
}

/* The connection has temporary tables afterwards, before those of schema sojorn. */
static bool transform_again(struct move *m, bool returned)
{
	return move_do(m, &sql_move_verify_shadow, NULL)
		&& move_do(m, &sql_move_verify_own_users, NULL)
		&& move_do(m, &sql_move_verify_own_categories, NULL)
		&& (returned ? transform_returned(m) : transform_tables(m))
		&& move_do(m, &sql_move_verify_live_profiles, NULL)
		&& move_do(m, &sql_move_verify_session, NULL);
}

static const char *nothing_if_null(const char *text)
{
	return text ? text : "";
}

static bool check_transform(struct move *m, struct compare *c)
{
	const char *wanted, *here;
	bool own, returned;

	if (strcmp(m->phase, "transformed") != 0 && strcmp(m->phase, "cutover") != 0)
		return true; /* people write here: the project is what is made of it, not the other way */
	if (!move_do(m, &sql_move_live_moved, NULL))
		return false;
	returned = *nothing_if_null(script_value(m->db, 0, 0));
	if (!move_do(m, &sql_move_verify_has_own, NULL))
		return false;
	own = *script_value(m->db, 0, 0) == 't';
	c->a = m->db;
	c->missing = "is missing: the source has it";
	c->extra = own ? NULL : "is not what the source makes";
	c->other = "is not what the source makes of it";
	c->settle = 0;
	return transform_again(m, returned) && compare_catalog(m, c->a, "temporary", &wanted)
		&& compare_catalog(m, c->b, "sojorn", &here) && compare_run(c, wanted, here, false);
}

/* What a role may not even ask for is a difference, too. */
static bool check_view(struct move *m, struct compare *c)
{
	const char *role = nothing_if_null(m->options->app_role);
	struct script *s;
	bool good = compare_open(m, m->options->url, "the database", &s)
		&& move_do(m, &sql_move_verify_visible, NULL);

	if (good
	    && (!script_run(s, &sql_move_verify_role, (const char *[]){ role })
		|| !script_run(s, &sql_move_verify_visible, NULL))) {
		compare_note(c, "", "", "",
			     arena_printf(m->arena, "the app's role: %s", script_problem(s)).p);
		script_close(s);
		return true;
	}
	for (int i = 0; good && i < script_rows(s); i++)
		if (strcmp(script_value(s, i, 1), script_value(m->db, i, 1)) != 0)
			compare_note(c, script_value(s, i, 0), "", "",
				     arena_printf(m->arena, "the app's role sees %s rows of %s",
						  script_value(s, i, 1), script_value(m->db, i, 1))
					     .p);
	script_close(s);
	return good;
}

/* ---- the verdict ---- */

static int64_t judge(struct move_verdict *v, const struct compare *c, const struct move *m)
{
	int64_t wrong = c->nlisted, rows = 0;

	for (int i = 0; i < v->ntables; i++) {
		rows += v->tables[i].differences;
		wrong += v->tables[i].differences + v->tables[i].moving;
	}
	v->list = c->list;
	v->nlisted = c->nlisted;
	v->unlisted = rows > c->nlisted ? rows - c->nlisted : 0;
	v->ok = wrong == 0 && strcmp(m->phase, "landing") != 0 && strcmp(m->phase, "landed") != 0;
	return wrong;
}

/* In this order: the last of them leaves the connection with other tables of the same names. */
static bool ask(struct move *m, struct move_verdict *v)
{
	struct compare c = { .move = m };
	struct script *source = NULL;
	char wrong[24];
	bool good = compare_open(m, m->options->url, "the database", &c.b);

	c.plan = script_open(m->options->url, 10);
	good = good
		&& (script_run(c.plan, &sql_move_verify_session, NULL)
		    || move_fail(m, "the database: %s", script_problem(c.plan)));
	good = good && check_source(m, &c);
	source = c.a;
	good = good && follow_pause(m) && counted_tables(m, v) && check_rules(m, &c)
		&& check_view(m, &c) && check_transform(m, &c) && follow_resume(m);
	add_tables(m, v, &c);
	snprintf(wrong, sizeof(wrong), "%lld", (long long)judge(v, &c, m));
	good = good && move_do(m, &sql_move_verified, (const char *[]){ m->run, wrong });
	script_close(source == m->db ? NULL : source);
	script_close(c.b);
	script_close(c.plan);
	return good;
}

/* For the console. */
static bool keep(struct move *m, const struct move_verdict *v)
{
	str report = move_verify_report(m->arena, v, MOVE_JSON, (str){ 0 });

	return move_do(m, &sql_move_verdict_keep,
		       (const char *[]){ m->run, v->ok ? "true" : "false",
					 arena_cstr(m->arena, report) });
}

bool move_verify(struct arena *a, const struct move_options *o, const struct move_verdict **out,
		 bool *ret_ok, const char **problem)
{
	struct move m = { .arena = a, .options = o };
	struct move_verdict *v = arena_zalloc(a, sizeof(*v));
	bool good = move_open(&m) && move_find_run(&m) && move_do(&m, &sql_move_own_names, NULL);

	if (good && !m.run[0])
		good = move_fail(&m, "nothing has been imported yet");
	v->at = time_now();
	v->phase = m.phase;
	good = good && ask(&m, v) && keep(&m, v);
	script_close(m.db);
	*out = v;
	*ret_ok = v->ok;
	if (!good)
		*problem = m.problem;
	return good;
}
