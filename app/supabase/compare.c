/* See compare.h. */
#include "app/supabase/compare.h"

#include "app/supabase/suspects.h"
#include "app/supabase/verify.sql.h"

#include <stdio.h>
#include <stdlib.h>

enum { CONNECT_SECONDS = 10 };

bool compare_fail(struct compare *c, const char *what)
{
	struct script *all[] = { c->a, c->b, c->plan };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (script_problem(all[i]))
			return move_fail(c->move, "%s: %s", what, script_problem(all[i]));
	return move_fail(c->move, "%s", what);
}

bool compare_open(struct move *m, const char *url, const char *who, struct script **ret)
{
	struct script *s = *ret = script_open(url, CONNECT_SECONDS);

	if (script_problem(s) || !script_run(s, &sql_move_verify_session, NULL)
	    || !script_run(s, &sql_move_verify_read_only, NULL)
	    || !script_run(s, &sql_move_verify_obstacles, NULL))
		return move_fail(m, "%s: %s", who, script_problem(s));
	return script_rows(s) == 0
		|| move_fail(m, "%s cannot be compared: %s", who, script_value(s, 0, 0));
}

bool compare_catalog(struct move *m, struct script *side, const char *scope, const char **ret_json)
{
	if (!script_run(side, &sql_move_verify_catalog, (const char *[]){ scope }))
		return move_fail(m, "the catalog: %s", script_problem(side));
	*ret_json = arena_cstr(m->arena, str_of(script_value(side, 0, 0)));
	return true;
}

void compare_note(struct compare *c, const char *table, const char *key, const char *column,
		  const char *detail)
{
	struct arena *a = c->move->arena;

	if ((c->nlisted & (c->nlisted - 1)) == 0) {
		size_t size = (size_t)c->nlisted * sizeof(*c->list);

		c->list = arena_grow(a, c->list, size, size ? 2 * size : sizeof(*c->list));
	}
	c->list[c->nlisted++] = (struct difference){
		arena_cstr(a, str_of(table)),
		arena_cstr(a, str_of(key)),
		arena_cstr(a, str_of(column)),
		arena_cstr(a, str_of(detail)),
	};
}

/* ---- both sides at the same time ---- */

const char *compare_text(struct compare *c, struct arena *a, const struct stmt *s,
			 const char *const *values)
{
	if (!script_run(c->plan, s, values)) {
		(void)compare_fail(c, s->name);
		return NULL;
	}
	return arena_cstr(a, str_of(script_value(c->plan, 0, 0)));
}

bool compare_ask(struct compare *c, const char *a_text, const char *b_text)
{
	bool sent_a, good;

	if (!a_text || !b_text)
		return false;
	sent_a = script_send(c->a, str_of(a_text));
	good = script_send(c->b, str_of(b_text)) && script_wait(c->b);
	good = sent_a && script_wait(c->a) && good;
	return good || compare_fail(c, "comparing");
}

/* ---- ranges ---- */

struct range {
	const char *a_rows, *a_sum, *b_rows, *b_sum; /* NULL: no row */
};

static bool is_same(const char *x, const char *y)
{
	return x && y ? strcmp(x, y) == 0 : x == y;
}

static bool find_bounds(struct suspects *t)
{
	struct compare *c = t->compare;
	char ranges[16];
	const char *text;

	t->bounds = NULL;
	if (t->ranges <= 1)
		return true;
	snprintf(ranges, sizeof(ranges), "%d", t->ranges);
	text = compare_text(c, t->arena, &sql_move_verify_bounds_text,
			    (const char *[]){ t->id, ranges });
	if (!text || !script_text(c->b, str_of(text), NULL))
		return compare_fail(c, t->table->name);
	if (script_value(c->b, 0, 0))
		t->bounds = arena_cstr(t->arena, str_of(script_value(c->b, 0, 0)));
	return true;
}

/* Takes numbers and sums of one side into the ranges. */
static int64_t take_digest(struct suspects *t, struct script *s, struct range *ranges, bool is_a)
{
	int64_t all = 0;

	for (int i = 0; i < script_rows(s); i++) {
		const char *number = script_value(s, i, 0);
		int n = number ? atoi(number) : 0;
		const char *rows = script_value(s, i, 1), *sum = script_value(s, i, 2);

		if (n < 0 || n > t->ranges)
			n = 0;
		all += strtoll(rows, NULL, 10);
		*(is_a ? &ranges[n].a_rows : &ranges[n].b_rows) = rows;
		*(is_a ? &ranges[n].a_sum : &ranges[n].b_sum) = sum;
	}
	return all;
}

static bool look_at_ranges(struct suspects *t, bool *ret_differs)
{
	struct compare *c = t->compare;
	struct range *r = arena_zalloc(t->arena, (size_t)(t->ranges + 1) * sizeof(*r));
	const char *a = compare_text(c, t->arena, &sql_move_verify_digest_text,
				     (const char *[]){ t->id, "t", t->bounds });
	const char *b = compare_text(c, t->arena, &sql_move_verify_digest_text,
				     (const char *[]){ t->id, "f", t->bounds });

	if (!compare_ask(c, a, b))
		return false;
	t->table->a_rows = take_digest(t, c->a, r, true);
	t->table->b_rows = take_digest(t, c->b, r, false);
	for (int i = 0; i <= t->ranges; i++)
		ret_differs[i] =
			!is_same(r[i].a_rows, r[i].b_rows) || !is_same(r[i].a_sum, r[i].b_sum);
	return true;
}

/* ---- a table ---- */

static bool compare_table(struct suspects *t)
{
	bool *differs = arena_zalloc(t->arena, (size_t)t->ranges + 1);

	if (!find_bounds(t) || !look_at_ranges(t, differs))
		return false;
	for (int i = 0; i <= t->ranges; i++)
		if (differs[i] && !suspects_add_range(t, i))
			return false;
	return suspects_settle(t) && suspects_tell(t);
}

/* What the plan has, one after the other. */
static bool take_plan(struct compare *c, struct suspects **out, int *ret_n)
{
	struct arena *kept = c->move->arena;
	int n;
	struct suspects *all;

	if (!script_run(c->plan, &sql_move_verify_tables, NULL))
		return compare_fail(c, "the plan");
	n = script_rows(c->plan);
	all = arena_zalloc(kept, (size_t)n * sizeof(*all) + 1);
	c->tables = arena_grow(kept, c->tables, (size_t)c->ntables * sizeof(*c->tables),
			       (size_t)(c->ntables + n) * sizeof(*c->tables) + 1);
	for (int i = 0; i < n; i++) {
		struct compared *t = &c->tables[c->ntables + i];

		*t = (struct compared){ arena_cstr(kept, str_of(script_value(c->plan, i, 1))), 0, 0,
					0, 0 };
		all[i] = (struct suspects){
			.compare = c,
			.table = t,
			.id = arena_cstr(kept, str_of(script_value(c->plan, i, 0))),
			.has_key = *script_value(c->plan, i, 2) == 't',
			.ranges = atoi(script_value(c->plan, i, 3)),
		};
	}
	c->ntables += n;
	*out = all;
	*ret_n = n;
	return true;
}

bool compare_plan(struct compare *c, const char *a_catalog, const char *b_catalog,
		  struct suspects **out, int *ret_n)
{
	if (!script_run(c->plan, &sql_move_verify_forget, NULL)
	    || !script_run(c->plan, &sql_move_verify_plan,
			   (const char *[]){ a_catalog, b_catalog }))
		return compare_fail(c, "the plan");
	return take_plan(c, out, ret_n);
}

static bool compare_tables(struct compare *c, struct suspects *all, int n)
{
	const struct move_options *o = c->move->options;

	for (int i = 0; i < n; i++) {
		bool good;

		if (o->progress)
			o->progress(o->progress_arg, all[i].table->name, i, n);
		all[i].arena = arena_new();
		good = compare_table(&all[i]);
		arena_free(all[i].arena);
		if (!good)
			return false;
	}
	return true;
}

static bool note_drift(struct compare *c, const char *const *catalogs)
{
	if (!script_run(c->plan, &sql_move_verify_drift, catalogs))
		return compare_fail(c, "the catalogs");
	for (int i = 0; i < script_rows(c->plan); i++)
		compare_note(c, script_value(c->plan, i, 0), "", script_value(c->plan, i, 2),
			     script_value(c->plan, i, 3));
	return true;
}

bool compare_run(struct compare *c, const char *a_catalog, const char *b_catalog, bool drift)
{
	struct suspects *all;
	int n;

	return compare_plan(c, a_catalog, b_catalog, &all, &n)
		&& (!drift || note_drift(c, (const char *[]){ a_catalog, b_catalog }))
		&& compare_tables(c, all, n);
}
