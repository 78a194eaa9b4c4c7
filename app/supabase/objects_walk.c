/* See objects.h: some workers share a list, a piece of it at a time. */
#include "app/supabase/objects.h"

#include "lib/net/loop.h"

#include <stdio.h>
#include <stdlib.h>

enum { WORKERS = 8, BATCH = 200 };

struct walk {
	const struct object_walk *w;
	struct loop *loop;
	struct arena *batch; /* of the piece of the list in work */
	struct object *v;
	int n, at, busy; /* busy: workers on an object of it */
	bool drained, failed;
	char last[40]; /* id of the last one taken from the database */
	int workers;
};

static const char *kept(struct walk *l, int row, int column)
{
	const char *v = script_value(l->w->m->db, row, column);

	return v ? arena_cstr(l->batch, str_of(v)) : NULL;
}

static struct object read_row(struct walk *l, int row)
{
	const char *size = script_value(l->w->m->db, row, 4);

	return (struct object){
		.id = kept(l, row, 0),
		.bucket = kept(l, row, 1),
		.name = kept(l, row, 2),
		.version = kept(l, row, 3),
		.size = size ? strtoll(size, NULL, 10) : -1,
		.md5 = kept(l, row, 5),
		.mime = kept(l, row, 6),
		.key = kept(l, row, 7),
		.state = kept(l, row, 8),
	};
}

/* The next piece, when nobody works on the one before any more. False: there is none. */
static bool fill(struct walk *l)
{
	const char *after = *l->last ? l->last : NULL;

	if (l->busy || l->drained || l->failed)
		return false;
	arena_reset(l->batch);
	l->n = l->at = 0;
	if (!move_do(l->w->m, l->w->list,
		     (const char *[]){ after, arena_printf(l->batch, "%d", BATCH).p })) {
		l->failed = true;
		return false;
	}
	l->n = script_rows(l->w->m->db);
	l->drained = l->n == 0;
	l->v = arena_zalloc(l->batch, (size_t)l->n * sizeof(*l->v) + 1);
	for (int i = 0; i < l->n; i++)
		l->v[i] = read_row(l, i);
	if (l->n)
		snprintf(l->last, sizeof(l->last), "%s", l->v[l->n - 1].id);
	return !l->drained;
}

static void work(void *arg)
{
	struct walk *l = arg;
	struct arena *a = arena_new();

	for (;;) {
		arena_reset(a);
		if (l->failed || (l->at == l->n && l->busy == 0 && !fill(l)))
			break;
		if (l->at == l->n) { /* the others are about to finish this piece */
			loop_sleep(MILLISECOND);
			continue;
		}
		l->busy++;
		if (!l->w->one(l->w->arg, a, &l->v[l->at++]))
			l->failed = true;
		l->busy--;
	}
	arena_free(a);
	if (--l->workers == 0)
		loop_stop(l->loop);
}

bool object_on_loop(void (*fn)(void *), void *arg)
{
	struct loop *loop = loop_new();
	bool good = loop && loop_start(loop, fn, arg);

	if (good)
		loop_run(loop);
	loop_free(loop);
	return good;
}

bool object_walk(const struct object_walk *w)
{
	struct walk l = { .w = w, .loop = loop_new(), .workers = 1 };

	if (!l.loop)
		return move_fail(w->m, "out of memory");
	l.batch = arena_new();
	for (int i = 0; i < WORKERS; i++) {
		l.workers++;
		if (!loop_start(l.loop, work, &l))
			l.workers--;
	}
	if (--l.workers > 0)
		loop_run(l.loop);
	loop_free(l.loop);
	arena_free(l.batch);
	return !l.failed;
}
