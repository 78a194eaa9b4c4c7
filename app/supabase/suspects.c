/* See suspects.h. */
#include "app/supabase/suspects.h"

#include "app/supabase/verify.sql.h"
#include "lib/base/json.h"
#include "lib/base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { BATCH = 500, LOOK_MS = 200, PATIENCE_SECONDS = 60 };

struct seen {
	char hash[HASH_TEXT];
	struct seen *next;
};

static const char *value(struct script *s, int row, int column)
{
	const char *v = script_value(s, row, column);

	return v ? v : "";
}

/* ---- two ordered lists side by side ---- */

/* One row of each side; -1: that side has none. Both at the end: false. */
static bool next_pair(struct compare *c, int *a, int *b, int *at)
{
	bool has_a = at[0] < script_rows(c->a), has_b = at[1] < script_rows(c->b);
	int order = 0;

	if (!has_a && !has_b)
		return false;
	if (has_a && has_b)
		order = strcmp(value(c->a, at[0], 0), value(c->b, at[1], 0));
	*a = has_a && (!has_b || order <= 0) ? at[0]++ : -1;
	*b = has_b && (!has_a || order >= 0) ? at[1]++ : -1;
	return true;
}

/* ---- finding them ---- */

static void add(struct suspects *t, int a, int b)
{
	struct compare *c = t->compare;
	struct script *where = a >= 0 ? c->a : c->b;
	int row = a >= 0 ? a : b;
	struct suspect *s;

	if (t->n == COMPARE_LISTED) {
		t->unlisted++;
		return;
	}
	if (!t->v)
		t->v = arena_zalloc(t->arena, COMPARE_LISTED * sizeof(*t->v));
	s = &t->v[t->n++];
	s->key = arena_cstr(t->arena, str_of(value(where, row, 0)));
	s->first = arena_cstr(t->arena, str_of(value(where, row, 1)));
	s->since = time_monotonic();
	snprintf(s->a, HASH_TEXT, "%s", a >= 0 ? value(c->a, a, 2) : "");
	snprintf(s->b, HASH_TEXT, "%s", b >= 0 ? value(c->b, b, 2) : "");
}

/* The same query for either side. */
static bool ask_rows(struct suspects *t, const char *bounds, const char *range, const char *firsts,
		     const char *columns)
{
	struct compare *c = t->compare;
	const char *texts[2];

	for (int i = 0; i < 2; i++)
		texts[i] = compare_text(c, t->arena, &sql_move_verify_rows_text,
					(const char *[]){ t->id, i == 0 ? "t" : "f", bounds, range,
							  firsts, columns });
	return compare_ask(c, texts[0], texts[1]);
}

/* Adds what differs of the rows now read. */
static void add_differing(struct suspects *t)
{
	struct compare *c = t->compare;
	int at[2] = { 0, 0 }, a, b;

	while (next_pair(c, &a, &b, at))
		if (a < 0 || b < 0 || strcmp(value(c->a, a, 2), value(c->b, b, 2)) != 0)
			if (b < 0 || a >= 0 || c->extra)
				add(t, a, b);
}

bool suspects_add_range(struct suspects *t, int range)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", range);
	if (!ask_rows(t, t->bounds, number, NULL, "f"))
		return false;
	add_differing(t);
	return true;
}

bool suspects_add_rows(struct suspects *t, const char *firsts)
{
	if (!ask_rows(t, NULL, NULL, firsts, "f"))
		return false;
	t->table->a_rows += script_rows(t->compare->a);
	add_differing(t);
	return true;
}

/* ---- looking again ---- */

static int by_key(const void *x, const void *y)
{
	return strcmp(((const struct suspect *)x)->key, ((const struct suspect *)y)->key);
}

static struct suspect *find(struct suspects *t, const char *key)
{
	struct suspect wanted = { .key = key };

	return bsearch(&wanted, t->v, (size_t)t->n, sizeof(*t->v), by_key);
}

/* First columns of up to BATCH unsettled suspects from *at on, as JSON; NULL: there are no more. */
static const char *firsts_from(struct suspects *t, int *at)
{
	struct json_writer w;
	int n = 0;

	json_init(&w, t->arena, 4096);
	json_array_begin(&w);
	for (; *at < t->n && n < BATCH; ++*at) {
		if (t->v[*at].settled)
			continue;
		json_str(&w, str_of(t->v[*at].first));
		n++;
	}
	json_array_end(&w);
	return n ? arena_cstr(t->arena, json_text(&w)) : NULL;
}

static bool was_seen(const struct suspect *s, const char *hash)
{
	for (const struct seen *o = s->seen; o; o = o->next)
		if (strcmp(o->hash, hash) == 0)
			return true;
	return false;
}

/* What a suspect is now. */
static void judge(struct suspects *t, struct suspect *s, const char *a, const char *b)
{
	if (strcmp(s->a, a) != 0) {
		struct seen *before = arena_zalloc(t->arena, sizeof(*before));

		memcpy(before->hash, s->a, HASH_TEXT);
		before->next = s->seen;
		s->seen = before;
	}
	if (strcmp(s->a, a) != 0 || strcmp(s->b, b) != 0)
		s->since = time_monotonic();
	snprintf(s->a, HASH_TEXT, "%s", a);
	snprintf(s->b, HASH_TEXT, "%s", b);
	s->settled = strcmp(a, b) == 0 || was_seen(s, b);
}

/* Without a key there is nothing to look up; the table is read once more. */
static bool look_at(struct suspects *t, const char *firsts, int from, int to)
{
	struct compare *c = t->compare;
	int at[2] = { 0, 0 }, a, b;
	bool *met = arena_zalloc(t->arena, (size_t)t->n + 1);

	if (!ask_rows(t, NULL, NULL, firsts, "f"))
		return false;
	while (next_pair(c, &a, &b, at)) {
		const char *key = a >= 0 ? value(c->a, a, 0) : value(c->b, b, 0);
		struct suspect *s = find(t, key);

		if (!s || s->settled)
			continue;
		met[s - t->v] = true;
		judge(t, s, a >= 0 ? value(c->a, a, 2) : "", b >= 0 ? value(c->b, b, 2) : "");
	}
	for (int i = from; i < to; i++)
		if (!met[i] && !t->v[i].settled)
			judge(t, &t->v[i], "", "");
	return true;
}

static bool look_again(struct suspects *t)
{
	const char *firsts;

	for (int from = 0, to = 0; (firsts = firsts_from(t, &to)); from = to)
		if (!look_at(t, firsts, from, to))
			return false;
	return true;
}

/* None is left that is neither settled nor has stood still for long enough. */
static bool all_stand(const struct suspects *t)
{
	int64_t now = time_monotonic();

	for (int i = 0; i < t->n; i++)
		if (!t->v[i].settled && now - t->v[i].since < t->compare->settle)
			return false;
	return true;
}

bool suspects_settle(struct suspects *t)
{
	int64_t until = time_monotonic() + t->compare->settle + PATIENCE_SECONDS * SECOND;

	if (t->n == 0)
		return true;
	qsort(t->v, (size_t)t->n, sizeof(*t->v), by_key);
	if (!t->compare->settle)
		return true;
	while (!all_stand(t) && time_monotonic() < until) {
		nanosleep(&(struct timespec){ 0, LOOK_MS * 1000000L }, NULL);
		if (!look_again(t))
			return false;
	}
	return true;
}

/* ---- telling ---- */

/* The columns by which the rows now read differ; a row that is the same by now has none. */
static bool tell_columns(struct suspects *t, int a, int b)
{
	struct compare *c = t->compare;

	if (!script_run(c->plan, &sql_move_verify_columns,
			(const char *[]){ t->id, value(c->a, a, 2), value(c->b, b, 2) }))
		return compare_fail(c, t->table->name);
	for (int i = 0; i < script_rows(c->plan); i++)
		compare_note(c, t->table->name, value(c->a, a, 0), script_value(c->plan, i, 0),
			     c->other);
	t->table->differences += script_rows(c->plan) > 0;
	return true;
}

static void tell_row(struct suspects *t, const char *key, bool missing)
{
	struct compare *c = t->compare;

	if (!missing && !c->extra)
		return;
	compare_note(c, t->table->name, key, "", missing ? c->missing : c->extra);
	t->table->differences++;
}

static void tell_counts(struct suspects *t)
{
	struct compare *c = t->compare;

	for (int i = 0; i < t->n; i++) {
		const struct suspect *s = &t->v[i];
		str text =
			arena_printf(c->move->arena, "a row with this hash: %s times, and %s here",
				     *s->a ? s->a : "0", *s->b ? s->b : "0");

		if (s->settled)
			continue;
		compare_note(c, t->table->name, s->key, "", text.p);
		t->table->differences++;
	}
}

static bool tell_batch(struct suspects *t, const char *firsts)
{
	struct compare *c = t->compare;
	int at[2] = { 0, 0 }, a, b;

	if (!ask_rows(t, NULL, NULL, firsts, "t"))
		return false;
	while (next_pair(c, &a, &b, at)) {
		const char *key = a >= 0 ? value(c->a, a, 0) : value(c->b, b, 0);
		const struct suspect *s = find(t, key);

		if (!s || s->settled)
			continue;
		if (a >= 0 && b >= 0 && !tell_columns(t, a, b))
			return false;
		if (a < 0 || b < 0)
			tell_row(t, key, b < 0);
	}
	return true;
}

/* Rows that would not stand still are counted by themselves: nobody can say yet. */
static void put_moving_aside(struct suspects *t)
{
	int64_t now = time_monotonic();

	for (int i = 0; i < t->n; i++) {
		if (t->v[i].settled || now - t->v[i].since >= t->compare->settle)
			continue;
		t->v[i].settled = true;
		t->table->moving++;
	}
}

bool suspects_tell(struct suspects *t)
{
	const char *firsts;
	int at = 0;

	put_moving_aside(t);
	t->table->differences += t->unlisted;
	if (!t->has_key) {
		tell_counts(t);
		return true;
	}
	while ((firsts = firsts_from(t, &at)))
		if (!tell_batch(t, firsts))
			return false;
	return true;
}
