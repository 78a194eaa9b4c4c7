/* See qualify.h. Texts within a statement, bodies of functions among them, are not touched: what is in them is looked
 * up when it runs, by the session's path. */
#include "app/supabase/qualify.h"

#include "app/supabase/dump.h"
#include "app/supabase/move.sql.h"

#include <stdlib.h>
#include <string.h>

struct renamed {
	const char *name, *from, *to;
};
struct qualifiers {
	struct renamed *v;
	size_t n;
};

bool qualifiers_read(struct move *m, struct arena *a, struct qualifiers **out)
{
	struct qualifiers *q = arena_zalloc(a, sizeof(*q));

	if (!move_do(m, &sql_move_renamed, NULL))
		return false;
	q->n = (size_t)script_rows(m->db);
	q->v = arena_zalloc(a, q->n * sizeof(*q->v) + 1);
	for (size_t i = 0; i < q->n; i++)
		q->v[i] = (struct renamed){
			.name = arena_cstr(a, str_of(script_value(m->db, (int)i, 0))),
			.from = arena_cstr(a, str_of(script_value(m->db, (int)i, 1))),
			.to = arena_cstr(a, str_of(script_value(m->db, (int)i, 2))),
		};
	*out = q;
	return true;
}

bool qualifiers_add(struct move *m, const char *extension, const char *schema)
{
	return move_do(m, &sql_move_rename, (const char *[]){ extension, schema });
}

static int compare(const void *a, const void *b)
{
	const struct renamed *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);

	return by_name ? by_name : strcmp(x->from, y->from);
}

/* An operator is as many tokens as it has signs: "OPERATOR(public.<=)". */
static str whole_operator(str text, str first, size_t end)
{
	static const char signs[] = "+-*/<>=~!@#%^&|`?";
	const char *from = first.p;

	if (!strchr(signs, *from))
		return first;
	while (end < text.n && strchr(signs, text.p[end]))
		end++;
	return (str){ from, (size_t)(text.p + end - from) };
}

static const struct renamed *find(struct arena *a, const struct qualifiers *q, str schema, str name)
{
	struct renamed key = { arena_cstr(a, dump_name(a, name)),
			       arena_cstr(a, dump_name(a, schema)), NULL };

	return bsearch(&key, q->v, q->n, sizeof(*q->v), compare);
}

/* A schema, a point and a name that is elsewhere begin at `at`: which, or NULL. */
static const struct renamed *at_name(struct arena *a, const struct qualifiers *q, str text,
				     str schema, size_t at)
{
	str point = dump_token(text, &at), name;

	if (!str_eq(point, S(".")))
		return NULL;
	name = dump_token(text, &at);
	return name.n ? find(a, q, schema, whole_operator(text, name, at)) : NULL;
}

str qualifiers_apply(struct arena *a, const struct qualifiers *q, str text)
{
	str out = S(""), token;
	size_t at = 0, done = 0;

	if (!q->n)
		return text;
	while ((token = dump_token(text, &at)).p) {
		const struct renamed *r = at_name(a, q, text, token, at);
		size_t from = (size_t)(token.p - text.p);

		if (!r)
			continue;
		out = arena_printf(a, "%.*s%.*s\"%s\"", (int)out.n, out.p, (int)(from - done),
				   text.p + done, r->to);
		done = at;
	}
	return done ? arena_printf(a, "%.*s%.*s", (int)out.n, out.p, (int)(text.n - done),
				   text.p + done)
		    : text;
}
