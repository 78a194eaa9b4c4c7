/*
 * Routes in a tree, one level per path segment. At each node fixed segments are tried before a
 * parameter and that before a rest ("*name"), with a step back when a branch leads nowhere, so the
 * more exact row wins whatever the order of the tables. A slash at the end of a path is ignored.
 */
#include "lib/web/route.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	const struct route *route;
	size_t n;
	str name[ROUTE_PARAMS];
};

struct node {
	str segment;
	struct node *fixed, *next; /* fixed children; their list */
	struct node *param, *rest;
	struct entry *entries[METHODS];
};

struct router {
	struct arena *arena;
	struct node root;
};

/* One search: where the values go, and what else the path allows. */
struct search {
	enum method method;
	unsigned allowed;
	size_t n;
	str value[ROUTE_PARAMS];
	const struct entry *found;
};

static const char *const method_names[METHODS] = { "GET", "POST", "PUT", "PATCH", "DELETE" };

const char *method_name(enum method m)
{
	return method_names[m];
}

/* Takes the next segment off an absolute path; false at its end. */
static bool next_segment(str *path, str *segment)
{
	if (path->n == 0 || (path->n == 1 && path->p[0] == '/'))
		return false;
	str rest = str_slice(*path, 1, path->n);
	ptrdiff_t end = str_find_char(rest, '/');

	*segment = end < 0 ? rest : str_slice(rest, 0, (size_t)end);
	*path = str_slice(rest, segment->n, rest.n);
	return true;
}

/* ---- building ---- */

static struct node *fixed_child(struct router *r, struct node *n, str segment)
{
	struct node *c = n->fixed;

	while (c && !str_eq(c->segment, segment))
		c = c->next;
	if (!c) {
		c = arena_zalloc(r->arena, sizeof *c);
		c->segment = segment;
		c->next = n->fixed;
		n->fixed = c;
	}
	return c;
}

static struct node *only_child(struct router *r, struct node **place)
{
	if (!*place)
		*place = arena_zalloc(r->arena, sizeof **place);
	return *place;
}

static void add_route(struct router *r, const struct route *route)
{
	struct entry *e = arena_zalloc(r->arena, sizeof *e);
	struct node *n = &r->root;
	str path = str_of(route->path), segment;

	e->route = route;
	while (next_segment(&path, &segment)) {
		char kind = segment.n ? segment.p[0] : 0;

		if (kind != ':' && kind != '*') {
			n = fixed_child(r, n, segment);
			continue;
		}
		assert(e->n < ROUTE_PARAMS);
		e->name[e->n++] = str_slice(segment, 1, segment.n);
		n = only_child(r, kind == ':' ? &n->param : &n->rest);
	}
	n->entries[route->method] = e;
}

struct router *router_new(const struct route *const *tables)
{
	struct arena *a = arena_new();
	struct router *r = arena_zalloc(a, sizeof *r);

	r->arena = a;
	for (; *tables; tables++)
		for (const struct route *route = *tables; route->path; route++)
			add_route(r, route);
	return r;
}

void router_free(struct router *r)
{
	if (r)
		arena_free(r->arena);
}

/* ---- finding ---- */

/* The end of the path: the method's row, or a note of the others. */
static bool try_entries(const struct node *n, struct search *s)
{
	s->found = n->entries[s->method];
	if (s->found)
		return true;
	for (unsigned m = 0; m < METHODS; m++)
		if (n->entries[m])
			s->allowed |= 1U << m;
	return false;
}

static bool descend(const struct node *n, str path, struct search *s);

static bool with_value(const struct node *n, str value, str path, struct search *s)
{
	s->value[s->n++] = value;
	if (descend(n, path, s))
		return true;
	s->n--;
	return false;
}

static bool descend(const struct node *n, str path, struct search *s)
{
	str here = path, segment;

	if (!next_segment(&path, &segment))
		return try_entries(n, s) || (n->rest && with_value(n->rest, S(""), path, s));
	for (const struct node *c = n->fixed; c; c = c->next)
		if (str_eq(c->segment, segment) && descend(c, path, s))
			return true;
	if (n->param && segment.n && with_value(n->param, segment, path, s))
		return true;
	return n->rest && with_value(n->rest, str_slice(here, 1, here.n), S(""), s);
}

bool router_find(const struct router *r, enum method method, str path, struct route_match *out,
		 unsigned *ret_allowed)
{
	struct search s = { .method = method };

	if (!str_starts(path, S("/")) || !descend(&r->root, path, &s)) {
		*ret_allowed = s.allowed;
		return false;
	}
	out->route = s.found->route;
	out->n = s.n;
	for (size_t i = 0; i < s.n; i++) {
		out->name[i] = s.found->name[i];
		out->value[i] = s.value[i];
	}
	return true;
}

/* ---- checking ---- */

/* What is wrong with a path by itself, or NULL. */
static const char *path_mistake(const char *path)
{
	str rest = str_of(path), segment;
	size_t params = 0;

	if (path[0] != '/')
		return "the path does not begin with a slash";
	while (next_segment(&rest, &segment)) {
		bool named = segment.n && (segment.p[0] == ':' || segment.p[0] == '*');

		if (segment.n == 0 || (named && segment.n == 1))
			return "a segment of the path is empty";
		if (segment.p[0] == '*' && rest.n)
			return "something follows the rest of the path";
		if (named && ++params > ROUTE_PARAMS)
			return "the path has too many parameters";
	}
	return NULL;
}

static const char *row_mistake(const struct route *r)
{
	bool may_have_body =
		r->method == POST || r->method == PUT || r->method == PATCH || r->method == DELETE;

	if (!r->run)
		return "no handler";
	if (!r->summary || !*r->summary)
		return "no summary";
	if (r->body && !may_have_body)
		return "a GET with a body";
	if (r->body && r->body_kind == BODY_STREAM)
		return "a streamed body has no field table";
	if (r->body_max && !r->body && r->body_kind != BODY_STREAM)
		return "a body limit but no field table";
	if (r->status && r->status != 101 && (r->status < 200 || r->status > 399))
		return "the status is no success";
	if (r->page_max && (!r->page || r->page_max < r->page))
		return "page_max is below page";
	return path_mistake(r->path);
}

/* Same segments, whatever the parameters are called: both match the same requests. */
static bool same_shape(str a, str b)
{
	str x, y;

	for (;;) {
		bool more_a = next_segment(&a, &x), more_b = next_segment(&b, &y);

		if (!more_a || !more_b)
			return more_a == more_b;
		if ((x.p[0] == ':' || x.p[0] == '*') && x.p[0] == y.p[0])
			continue;
		if (!str_eq(x, y))
			return false;
	}
}

/* An earlier row that takes the same requests, or NULL. */
static const struct route *double_of(const struct route *const *tables, const struct route *row)
{
	for (; *tables; tables++)
		for (const struct route *r = *tables; r->path; r++) {
			if (r == row)
				return NULL;
			if (r->method == row->method
			    && same_shape(str_of(r->path), str_of(row->path)))
				return r;
		}
	return NULL;
}

bool router_check(const struct route *const *tables, char *problem, size_t size)
{
	for (const struct route *const *t = tables; *t; t++)
		for (const struct route *r = *t; r->path; r++) {
			const char *mistake = row_mistake(r);
			const struct route *other = mistake ? NULL : double_of(tables, r);

			if (mistake)
				snprintf(problem, size, "%s %s: %s", method_name(r->method),
					 r->path, mistake);
			if (other)
				snprintf(problem, size, "%s %s: takes the same requests as %s",
					 method_name(r->method), r->path, other->path);
			if (mistake || other)
				return false;
		}
	return true;
}
