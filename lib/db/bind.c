/*
 * Binding. A map says for each member which column it comes from, how it is decoded and where it goes;
 * it is made once per statement and field table, and kept in the pool. Before each use the map is held
 * against the result's own names and types, since a migration may have changed them meanwhile.
 *
 * A member of a nested record (.of) comes from the column "outer.inner". A nested record without any
 * such column is left for the caller to fill, as lists of records are. One that is a pointer (.ref)
 * (.size says how big) stays NULL when all its columns are NULL.
 */
#include "lib/db/bind.h"

#include "lib/base/log.h"
#include "lib/db/decode.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_MAPS = 64, MAX_PATH = 128, MAX_REFS = 8, ROOT = -1 };

/* A nested record that is reached through a pointer. */
struct ref {
	int parent; /* another ref, or ROOT */
	size_t offset, size;
};

struct binding {
	int column;
	unsigned oid;
	decode_fn *decode;
	int base; /* ref it lies in, or ROOT */
	size_t offset;
	char *name;
};

struct bind_map {
	const struct stmt *stmt;
	const struct field *fields;
	int n, nrefs, columns; /* v has room for one a column */
	struct ref refs[MAX_REFS];
	struct binding v[];
};

/* ---- making a map ---- */

/* Where in the records a field table stands. */
struct place_in {
	char path[MAX_PATH]; /* "" or "author." */
	size_t path_n;
	int base;
	size_t offset;
};

struct making {
	struct bind_map *map;
	const PGresult *result;
};

static bool complain(const struct bind_map *m, const char *what, const char *name)
{
	log_error(what, LOG("statement", m->stmt->name), LOG("column", name));
	return false;
}

static int find_column(const PGresult *r, const char *name)
{
	for (int i = 0; i < PQnfields(r); i++)
		if (strcmp(PQfname(r, i), name) == 0)
			return i;
	return -1;
}

static bool any_below(const PGresult *r, const char *path, size_t n)
{
	for (int i = 0; i < PQnfields(r); i++)
		if (strncmp(PQfname(r, i), path, n) == 0)
			return true;
	return false;
}

static bool add_member(struct making *m, const struct place_in *in, const struct field *f,
		       const char *name)
{
	struct binding b = { .base = in->base, .offset = in->offset + f->offset };

	b.column = find_column(m->result, name);
	if (b.column < 0)
		return complain(m->map, "result lacks a column", name);
	b.oid = PQftype(m->result, b.column);
	b.decode = decoder(f->kind, b.oid);
	if (!b.decode)
		return complain(m->map, "column of a type its member cannot hold", name);
	if (m->map->n == m->map->columns)
		return complain(m->map, "two members for one column", name);
	b.name = strdup(name);
	if (!b.name)
		return false;
	m->map->v[m->map->n++] = b;
	return true;
}

static bool enter_ref(struct bind_map *m, struct place_in *in, const struct field *f)
{
	if (m->nrefs == MAX_REFS)
		return complain(m, "too many nested records", in->path);
	if (!f->size)
		return complain(m, "nested record without .size", in->path);
	m->refs[m->nrefs] = (struct ref){ in->base, in->offset, f->size };
	in->base = m->nrefs++;
	in->offset = 0;
	return true;
}

static bool add_members(struct making *m, const struct place_in *in, const struct field *fields);

static bool add_nested(struct making *m, const struct place_in *in, const struct field *f,
		       const char *name)
{
	struct place_in nested = { .base = in->base, .offset = in->offset + f->offset };
	size_t n = strlen(name);

	if (n + 2 > sizeof(nested.path))
		return complain(m->map, "column name too long", name);
	memcpy(nested.path, name, n);
	memcpy(nested.path + n, ".", 2);
	nested.path_n = n + 1;
	if (!any_below(m->result, nested.path, nested.path_n))
		return true;
	if (f->ref && !enter_ref(m->map, &nested, f))
		return false;
	return add_members(m, &nested, f->of);
}

static bool add_members(struct making *m, const struct place_in *in, const struct field *fields)
{
	char name[MAX_PATH];

	for (const struct field *f = fields; f->name; f++) {
		size_t n = strlen(f->name);
		bool ok;

		if (f->kind == K_LIST || ((f->kind == K_RECORD || f->ref) && !f->of))
			continue;
		if (in->path_n + n + 1 > sizeof(name))
			return complain(m->map, "column name too long", f->name);
		memcpy(name, in->path, in->path_n);
		memcpy(name + in->path_n, f->name, n + 1);
		if (f->kind == K_RECORD || f->ref)
			ok = add_nested(m, in, f, name);
		else
			ok = add_member(m, in, f, name);
		if (!ok)
			return false;
	}
	return true;
}

/* A column nobody takes is a misspelt one. */
static bool all_taken(const struct bind_map *m, const PGresult *r)
{
	for (int i = 0; i < PQnfields(r); i++) {
		bool taken = false;

		for (int j = 0; j < m->n && !taken; j++)
			taken = m->v[j].column == i;
		if (!taken)
			return complain(m, "column without a member", PQfname(r, i));
	}
	return true;
}

static void map_free(struct bind_map *m)
{
	for (int i = 0; m && i < m->n; i++)
		free(m->v[i].name);
	free(m);
}

static struct bind_map *map_new(const struct stmt *s, const struct field *fields, const PGresult *r)
{
	size_t columns = (size_t)PQnfields(r);
	struct bind_map *m = calloc(1, sizeof(*m) + columns * sizeof(*m->v));
	struct making making = { m, r };
	struct place_in root = { .base = ROOT };

	if (!m)
		return NULL;
	m->stmt = s;
	m->fields = fields;
	m->columns = (int)columns;
	if (!add_members(&making, &root, fields) || !all_taken(m, r)) {
		map_free(m);
		return NULL;
	}
	return m;
}

/* ---- the pool's maps ---- */

static struct bind_map **place_of(struct bind_map **maps, size_t size, const struct stmt *s,
				  const struct field *fields)
{
	size_t at =
		((uintptr_t)s / sizeof(*s) * 31 + (uintptr_t)fields / sizeof(*fields)) & (size - 1);

	while (maps[at] && (maps[at]->stmt != s || maps[at]->fields != fields))
		at = (at + 1) & (size - 1);
	return &maps[at];
}

static bool maps_grow(struct db_pool *p)
{
	size_t size = p->maps_size ? p->maps_size * 2 : FIRST_MAPS;
	struct bind_map **maps;

	if (p->maps_n * 2 < p->maps_size)
		return true;
	maps = calloc(size, sizeof(*maps));
	if (!maps)
		return false;
	for (size_t i = 0; i < p->maps_size; i++)
		if (p->maps[i])
			*place_of(maps, size, p->maps[i]->stmt, p->maps[i]->fields) = p->maps[i];
	free(p->maps);
	p->maps = maps;
	p->maps_size = size;
	return true;
}

static bool still_fits(const struct bind_map *m, const PGresult *r)
{
	if (m->columns != PQnfields(r))
		return false;
	for (int i = 0; i < m->n; i++)
		if (m->v[i].oid != PQftype(r, m->v[i].column)
		    || strcmp(m->v[i].name, PQfname(r, m->v[i].column)) != 0)
			return false;
	return true;
}

/* NULL, with a line in the log, when result and table do not match. */
static const struct bind_map *map_of(struct db_pool *p, const struct call *call,
				     const struct field *fields)
{
	struct bind_map **place;

	if (!maps_grow(p))
		return NULL;
	place = place_of(p->maps, p->maps_size, call->stmt, fields);
	if (*place && still_fits(*place, call->result))
		return *place;
	if (*place) {
		struct bind_map *better = map_new(call->stmt, fields, call->result);

		if (better) {
			map_free(*place);
			*place = better;
		}
		return better;
	}
	*place = map_new(call->stmt, fields, call->result);
	p->maps_n += *place != NULL;
	return *place;
}

void bind_maps_free(struct db_pool *p)
{
	for (size_t i = 0; i < p->maps_size; i++)
		map_free(p->maps[i]);
	free(p->maps);
	p->maps = NULL;
	p->maps_size = p->maps_n = 0;
}

/* ---- rows ---- */

/* Where a base's record is; made when first needed. */
static char *record_at(struct arena *a, const struct bind_map *m, int base, void *out)
{
	const struct ref *ref;
	void **pointer;

	if (base == ROOT)
		return out;
	ref = &m->refs[base];
	pointer = (void **)(record_at(a, m, ref->parent, out) + ref->offset);
	if (!*pointer)
		*pointer = arena_zalloc(a, ref->size);
	return *pointer;
}

/* Fills a zeroed record; NULL leaves a member as it is. */
static err fill(struct arena *a, const struct bind_map *m, const PGresult *r, int row, void *out)
{
	for (int i = 0; i < m->n; i++) {
		const struct binding *b = &m->v[i];
		char *to;

		if (PQgetisnull(r, row, b->column))
			continue;
		to = record_at(a, m, b->base, out) + b->offset;
		if (!b->decode(a, PQgetvalue(r, row, b->column), PQgetlength(r, row, b->column),
			       to)) {
			complain(m, "value its member cannot hold", b->name);
			return err_internal;
		}
	}
	return OK;
}

/* All members, those no column belongs to as well: *out may be uninitialised. */
static void clear(const struct field *fields, char *out)
{
	for (const struct field *f = fields; f->name; f++)
		if (f->ref)
			*(void **)(void *)(out + f->offset) = NULL;
		else if (f->kind == K_RECORD && f->of)
			clear(f->of, out + f->offset);
		else
			memset(out + f->offset, 0, kind_size(f->kind));
}

err bind_row(struct db *db, const struct call *call, const struct field *fields, void *out)
{
	const struct bind_map *m = map_of(db->pool, call, fields);

	if (!m)
		return err_internal;
	clear(fields, out);
	return fill(db->arena, m, call->result, 0, out);
}

err bind_list(struct db *db, const struct call *call, const struct field *fields, size_t size,
	      struct list *out)
{
	const struct bind_map *m = map_of(db->pool, call, fields);
	size_t n = (size_t)PQntuples(call->result);
	char *v;

	if (!m)
		return err_internal;
	v = arena_zalloc(db->arena, n * size);
	for (size_t i = 0; i < n; i++)
		TRY(fill(db->arena, m, call->result, (int)i, v + i * size));
	*out = (struct list){ .v = v, .n = n, .size = size };
	return OK;
}
