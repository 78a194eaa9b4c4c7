/*
 * Several statements in one round trip, in order on one connection. Outside of a transaction each
 * stands alone: what one of them changed stays, whatever becomes of the others. Inside of one they
 * fail together.
 */
#include "lib/db/db.h"

#include "lib/db/run.h"

struct entry {
	struct call *call; /* NULL: its arguments do not fit */
	struct want want;
	struct entry *next;
};

struct db_batch {
	struct db *db;
	struct entry *first, **end;
	size_t n;
	bool spoilt;
};

struct db_batch *db_batch(struct db *db)
{
	struct db_batch *b = arena_zalloc(db->arena, sizeof(*b));

	b->db = db;
	b->end = &b->first;
	return b;
}

static void add(struct db_batch *b, const struct stmt *s, struct want w, va_list args)
{
	struct entry *e = arena_zalloc(b->db->arena, sizeof(*e));

	e->want = w;
	e->call = call_new(b->db->arena, s, args);
	b->spoilt |= !e->call;
	*b->end = e;
	b->end = &e->next;
	b->n++;
}

void db_batch_one(struct db_batch *b, const struct stmt *s, const struct field *fields, void *out,
		  ...)
{
	va_list args;

	va_start(args, out);
	add(b, s, (struct want){ .what = WANT_ONE, .fields = fields, .out = out }, args);
	va_end(args);
}

void db_batch_list(struct db_batch *b, const struct stmt *s, const struct field *fields,
		   size_t size, struct list *out, ...)
{
	va_list args;

	va_start(args, out);
	add(b, s, (struct want){ .what = WANT_LIST, .fields = fields, .out = out, .size = size },
	    args);
	va_end(args);
}

void db_batch_some(struct db_batch *b, const struct stmt *s, ...)
{
	va_list args;

	va_start(args, s);
	add(b, s, (struct want){ .what = WANT_SOME }, args);
	va_end(args);
}

void db_batch_exec(struct db_batch *b, const struct stmt *s, int64_t *ret_affected, ...)
{
	va_list args;

	va_start(args, ret_affected);
	add(b, s, (struct want){ .what = WANT_COUNT, .out = ret_affected }, args);
	va_end(args);
}

err db_batch_run(struct db_batch *b)
{
	struct call **calls = arena_alloc(b->db->arena, (b->n + 1) * sizeof(struct call *));
	size_t n = 0;
	err first = OK;

	if (b->spoilt)
		return err_internal;
	for (struct entry *e = b->first; e; e = e->next)
		calls[n++] = e->call;
	if (n > 0)
		calls_run(b->db, calls, n);
	for (struct entry *e = b->first; e; e = e->next) {
		err outcome = take_result(b->db, e->call, &e->want);

		if (!first.info)
			first = outcome;
	}
	b->first = NULL;
	b->end = &b->first;
	b->n = 0;
	return first;
}
