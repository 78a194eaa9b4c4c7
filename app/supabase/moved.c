/* See moved.h. Keys are what the queue of changes has; the rows of a key are found on both sides, since either may have
 * some that the other lacks, and compared as verify compares suspects (suspects.h). */
#include "app/supabase/moved.h"

#include "app/supabase/live.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/moved.sql.h"
#include "app/supabase/suspects.h"
#include "app/supabase/verify.sql.h"
#include "lib/base/time.h"

#include <stdlib.h>

enum { FEW = 5000, ROUNDS = 10 }; /* keys; some thousand rows take tens of milliseconds */

struct moved {
	struct compare compare;
	struct suspects *tables;
	int n;
};

bool moved_begin(struct move *m)
{
	return move_do(m, &sql_move_moved_begin, NULL);
}

/* ---- making ready ---- */

static bool open_sides(struct moved *v, const char *url)
{
	struct compare *c = &v->compare;
	struct move *m = c->move;
	const char *there, *here;

	if (!compare_open(m, url, "the source", &c->a)
	    || !compare_open(m, m->options->url, "the database", &c->b))
		return false;
	c->plan = script_open(m->options->url, 10);
	if (!script_run(c->plan, &sql_move_verify_session, NULL)
	    || !script_run(c->plan, &sql_move_begin,
			   NULL)) /* undone, so that nobody meets the plan */
		return compare_fail(c, "the database");
	return compare_catalog(m, c->a, "", &there) && compare_catalog(m, c->b, "", &here)
		&& compare_plan(c, there, here, &v->tables, &v->n);
}

bool moved_open(struct move *m, struct moved **out)
{
	struct moved *v = arena_zalloc(m->arena, sizeof(*v));
	const char *url;

	if (!move_do(m, &sql_move_sub_find, NULL))
		return false;
	url = arena_cstr(m->arena, str_of(script_value(m->db, 0, 2)));
	v->compare = (struct compare){
		.move = m,
		.missing = "is missing here",
		.extra = "is not in the project",
		.other = "is another value here",
	};
	*out = v;
	return open_sides(v, url);
}

/* ---- comparing ---- */

/* First columns on a side, as a list without its brackets; empty: none. */
static bool pick(struct suspects *t, struct script *side, const char *text, str *out)
{
	const char *list;

	*out = S("");
	if (!script_text(side, str_of(text), NULL))
		return compare_fail(t->compare, t->table->name);
	list = script_value(side, 0, 0);
	if (list)
		*out = arena_copy(t->arena, str_slice(str_of(list), 1, strlen(list) - 1));
	return true;
}

static bool compare_table(struct suspects *t)
{
	struct compare *c = t->compare;
	str lists[2] = { S(""), S("") };

	t->v = NULL; /* of a look before */
	t->n = 0;
	for (int i = 0; i < 2; i++) {
		const char *text = compare_text(c, t->arena, &sql_move_moved_text,
						(const char *[]){ t->id, i == 0 ? "t" : "f" });

		if (!text)
			return false;
		if (*text && !pick(t, i == 0 ? c->a : c->b, text, &lists[i]))
			return false;
	}
	if (lists[0].n + lists[1].n == 0)
		return true;
	return suspects_add_rows(t,
				 arena_printf(t->arena, "[%.*s%s%.*s]", (int)lists[0].n, lists[0].p,
					      lists[0].n && lists[1].n ? "," : "", (int)lists[1].n,
					      lists[1].p)
					 .p)
		&& suspects_settle(t) && suspects_tell(t);
}

static bool compare_noted(struct moved *v, int64_t *ret_rows)
{
	struct compare *c = &v->compare;
	bool good = true;

	*ret_rows = 0;
	for (int i = 0; i < v->n && good; i++) {
		struct suspects *t = &v->tables[i];

		t->arena = arena_new();
		t->table->a_rows = 0;
		good = compare_table(t);
		arena_free(t->arena);
		*ret_rows += t->table->a_rows;
	}
	if (good && c->nlisted)
		good = move_fail(c->move, "not the same here and there: %s %s %s: %s",
				 c->list[0].table, c->list[0].key, c->list[0].column,
				 c->list[0].detail);
	return good;
}

static bool are_few(struct move *m, bool *ret_few)
{
	if (!move_do(m, &sql_move_moved_count, NULL))
		return false;
	*ret_few = strtoll(script_value(m->db, 0, 0), NULL, 10) <= FEW;
	return true;
}

bool moved_shrink(struct moved *v, int settle)
{
	struct move *m = v->compare.move;
	int64_t rows;
	bool few;

	v->compare.settle = settle * SECOND;
	for (int round = 0; round < ROUNDS; round++) {
		if (!are_few(m, &few))
			return false;
		if (few)
			return true;
		if (!move_do(m, &sql_move_moved_mark, NULL) || !compare_noted(v, &rows)
		    || !move_do(m, &sql_move_moved_forget, NULL))
			return false;
	}
	return move_fail(m, "more is written than can be compared meanwhile");
}

bool moved_compare(struct moved *v, int64_t milliseconds, int64_t *ret_rows)
{
	struct compare *c = &v->compare;
	int64_t until = time_monotonic() + milliseconds * MILLISECOND;

	c->settle = 0;
	script_deadline(c->a, until);
	script_deadline(c->b, until);
	script_deadline(c->plan, until);
	return compare_noted(v, ret_rows);
}

void moved_close(struct moved *v)
{
	if (!v)
		return;
	if (!script_is_lost(v->compare.move->db))
		(void)script_run(v->compare.move->db, &sql_move_moved_end, NULL);
	script_close(v->compare.a);
	script_close(v->compare.b);
	script_close(v->compare.plan);
}
