/*
 * A request's view of the database, and single statements on it.
 */
#include "lib/db/db.h"

#include "lib/db/run.h"

#include <assert.h>

struct db *db_open(struct db_pool *p, struct arena *a, int64_t deadline)
{
	struct db *db = arena_zalloc(a, sizeof(*db));

	db->pool = p;
	db->arena = a;
	db->deadline = deadline;
	db->waited = &db->own_waited;
	return db;
}

struct db *db_with(const struct db *db, struct arena *a)
{
	struct db *other = db_open(db->pool, a, db->deadline);

	assert(!db->is_tx);
	other->waited = db->waited;
	return other;
}

int64_t db_waited(const struct db *db)
{
	return *db->waited;
}

struct arena *db_arena(const struct db *db)
{
	return db->arena;
}

str db_constraint(const struct db *db)
{
	return db->constraint;
}

static err run(struct db *db, const struct stmt *s, const struct want *w, va_list args)
{
	struct call *call = call_new(db->arena, s, args);

	if (!call)
		return err_internal;
	calls_run(db, &call, 1);
	return take_result(db, call, w);
}

err db_one(struct db *db, const struct stmt *s, const struct field *fields, void *out, ...)
{
	struct want w = { .what = WANT_ONE, .fields = fields, .out = out };
	va_list args;
	err e;

	va_start(args, out);
	e = run(db, s, &w, args);
	va_end(args);
	return e;
}

err db_list(struct db *db, const struct stmt *s, const struct field *fields, size_t size,
	    struct list *out, ...)
{
	struct want w = { .what = WANT_LIST, .fields = fields, .out = out, .size = size };
	va_list args;
	err e;

	va_start(args, out);
	e = run(db, s, &w, args);
	va_end(args);
	return e;
}

err db_some(struct db *db, const struct stmt *s, ...)
{
	struct want w = { .what = WANT_SOME };
	va_list args;
	err e;

	va_start(args, s);
	e = run(db, s, &w, args);
	va_end(args);
	return e;
}

err db_exec(struct db *db, const struct stmt *s, int64_t *ret_affected, ...)
{
	struct want w = { .what = WANT_COUNT, .out = ret_affected };
	va_list args;
	err e;

	va_start(args, ret_affected);
	e = run(db, s, &w, args);
	va_end(args);
	return e;
}
