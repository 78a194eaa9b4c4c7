/* See sample.h. The rows of a look are read by their keys on both sides as verify reads suspects (suspects.h), so
 * one bit that differs is seen; only which rows they are is left to chance. */
#include "app/supabase/sample.h"

#include "app/supabase/live.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/suspects.h"
#include "app/supabase/verify.sql.h"
#include "app/supabase/watch.sql.h"
#include "lib/base/time.h"

#include <stdlib.h>

enum { BUDGET_MS = 1000, ARRIVE_MS = 30000, POLL_MS = 50 };

/* ---- on the way ---- */

static bool is_true(const char *value)
{
	return value && value[0] == 't';
}

/* Waits until what has changed here so far is there; false in *ret_arrived: it takes too long. */
static bool wait_for_way_back(struct move *m, bool *ret_arrived)
{
	int64_t until = time_monotonic() + ARRIVE_MS * MILLISECOND;
	const char *newest[2];

	*ret_arrived = false;
	for (int step = 0; step < 2; step++) { /* a key becomes a row of the second queue */
		if (!move_do(m, &sql_move_back_newest, NULL))
			return false;
		for (int i = 0; i < 2; i++)
			newest[i] = arena_cstr(m->arena, str_of(script_value(m->db, 0, i)));
		do {
			if (!move_do(m, &sql_move_back_left, newest))
				return false;
			*ret_arrived = !is_true(script_value(m->db, 0, 0));
			if (!*ret_arrived)
				move_pause(POLL_MS);
		} while (!*ret_arrived && time_monotonic() < until);
	}
	return true;
}

/* ---- a table ---- */

/* First columns of some rows of a side, as a list without its brackets; empty: none. */
static bool pick(struct suspects *t, bool on_a, str *out)
{
	struct compare *c = t->compare;
	struct script *side = on_a ? c->a : c->b;
	const char *text = compare_text(c, t->arena, &sql_move_sample_text,
					(const char *[]){ t->id, on_a ? "t" : "f" });

	*out = S("");
	if (!text)
		return false;
	if (!*text)
		return true;
	if (!script_text(side, str_of(text), NULL))
		return compare_fail(c, t->table->name);
	if (script_value(side, 0, 0))
		*out = arena_copy(t->arena, str_of(script_value(side, 0, 0)));
	*out = str_slice(*out, 1, out->n ? out->n - 1 : 0);
	return true;
}

/* Rows of both sides, since each may have some that the other lacks. */
static bool pick_rows(struct suspects *t, int64_t *ret_rows)
{
	str a, b;

	if (!pick(t, true, &a) || !pick(t, false, &b))
		return false;
	if (a.n + b.n == 0)
		return true;
	if (!suspects_add_rows(t,
			       arena_printf(t->arena, "[%.*s%s%.*s]", (int)a.n, a.p,
					    a.n && b.n ? "," : "", (int)b.n, b.p)
				       .p))
		return false;
	*ret_rows += t->table->a_rows;
	return true;
}

static bool sample_table(struct suspects *t, struct sample *out)
{
	bool arrived = true;

	if (!pick_rows(t, &out->rows) || (t->n && !wait_for_way_back(t->compare->move, &arrived)))
		return false;
	if (!arrived) {
		out->unknown = "what goes back to the project is too far behind";
		return true;
	}
	return suspects_settle(t) && suspects_tell(t);
}

static bool sample_tables(struct compare *c, int *turn, struct sample *out)
{
	const char *there, *here;
	struct suspects *all;
	int64_t until;
	int n;

	if (!compare_catalog(c->move, c->a, "", &there)
	    || !compare_catalog(c->move, c->b, "", &here)
	    || !compare_plan(c, there, here, &all, &n))
		return false;
	until = time_monotonic() + BUDGET_MS * MILLISECOND;
	for (int i = 0; i < n && !out->unknown && time_monotonic() < until; i++) {
		struct suspects *t = &all[(*turn)++ % n];
		bool good;

		t->arena = arena_new();
		good = sample_table(t, out);
		arena_free(t->arena);
		if (!good)
			return false;
	}
	return true;
}

static bool sample_rules(struct compare *c)
{
	if (!move_do(c->move, &sql_move_sample_rules, NULL))
		return false;
	for (int i = 0; i < script_rows(c->move->db); i++)
		compare_note(c, script_value(c->move->db, i, 0), script_value(c->move->db, i, 1),
			     script_value(c->move->db, i, 2), script_value(c->move->db, i, 3));
	return true;
}

static const char *source_url(struct move *m)
{
	if (m->options->source)
		return m->options->source;
	if (!move_do(m, &sql_move_sub_find, NULL))
		return NULL;
	return script_rows(m->db) ? arena_cstr(m->arena, str_of(script_value(m->db, 0, 2))) : "";
}

/* The plan is written where everybody's is; in a transaction that is undone, so that nobody else meets it. */
bool sample_take(struct move *m, int *turn, struct sample *out)
{
	struct compare c = {
		.move = m,
		.missing = "is missing here",
		.extra = "is not in the project",
		.other = "is another value here",
		.settle = m->options->settle_seconds * SECOND,
	};
	const char *url = source_url(m);
	bool good = url && compare_open(m, url, "the source", &c.a)
		&& compare_open(m, m->options->url, "the database", &c.b);

	*out = (struct sample){ 0 };
	c.plan = script_open(m->options->url, 10);
	good = good
		&& ((script_run(c.plan, &sql_move_verify_session, NULL)
		     && script_run(c.plan, &sql_move_begin, NULL))
		    || compare_fail(&c, "the database"));
	good = good && sample_tables(&c, turn, out) && sample_rules(&c);
	script_close(c.a);
	script_close(c.b);
	script_close(c.plan);
	out->list = c.list;
	out->nlisted = c.nlisted;
	return good;
}
