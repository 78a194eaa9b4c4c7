/* See supabase.h. Each object is a transaction of its own, so a killed run goes on where it was. Three lists tell what
 * did not come over, as objects. */
#include "app/supabase/objects.h"

#include "app/supabase/move.sql.h"
#include "app/supabase/objects.sql.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/json.h"
#include "lib/net/loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATHS = 2000 };

struct copy {
	struct move *m;
	struct object_source source;
	struct store *store;
	int64_t done, total;
};

/* ---- one object ---- */

static bool done(struct copy *c, const struct object *o, const char *state, const char *problem,
		 int64_t size)
{
	char number[24];
	const struct move_options *opts = c->m->options;

	snprintf(number, sizeof(number), "%" PRId64, size);
	if (!move_do(c->m, &sql_move_object_done,
		     (const char *[]){ o->id, state, problem, number }))
		return false;
	c->done++;
	if (opts->progress)
		opts->progress(opts->progress_arg, "copying objects", c->done, c->total);
	return true;
}

/* Why what was read is not what the source has told of it; NULL: it is. */
static const char *difference(struct arena *a, const struct object *o, struct spool *spool)
{
	uint8_t md5[MD5_BYTES];
	char text[HEX_LENGTH(MD5_BYTES)];
	int fd;

	if (o->size >= 0 && spool_size(spool) != o->size)
		return arena_printf(a, "%" PRId64 " bytes, not %" PRId64, spool_size(spool),
				    o->size)
			.p;
	if (!o->md5)
		return NULL;
	if (spool_flush(spool, &fd).info || !md5_file(fd, md5))
		return "cannot be read back";
	hex_encode(md5, sizeof(md5), text);
	return memcmp(text, o->md5, sizeof(text)) == 0 ? NULL : "the MD5 is another one";
}

static bool broken(struct copy *c, const struct object *o, const char *problem)
{
	return move_fail(c->m, "%s/%s: %s", o->bucket, o->name, problem);
}

static bool copy_one(void *arg, struct arena *a, const struct object *o)
{
	struct copy *c = arg;
	struct spool *spool;
	const char *problem = "the store fails";
	enum object_fate fate;
	int64_t size;
	err e;

	if (spool_open(c->store, a, &spool).info)
		return broken(c, o, problem);
	fate = object_fetch(&c->source, a, o, spool, &problem);
	if (fate == OBJECT_BROKEN)
		return broken(c, o, problem);
	if (fate == OBJECT_MISSING)
		return done(c, o, "missing", problem, 0);
	problem = difference(a, o, spool);
	if (problem)
		return done(c, o, "different", problem, 0);
	size = spool_size(spool);
	e = store_put(c->store, spool, str_of(o->key), str_of(o->mime));
	return e.info ? broken(c, o, e.info->message) : done(c, o, "stored", "", size);
}

static bool copy_all(struct copy *c)
{
	struct object_walk w = { .m = c->m,
				 .list = &sql_move_objects_left,
				 .one = copy_one,
				 .arg = c };

	return object_walk(&w);
}

/* ---- the three lists ---- */

struct paths {
	struct copy *c;
	struct arena *arena;
	struct json_writer w;
	int n, extra;
	struct spool *to;
	bool failed;
};

static bool say(struct spool *to, str text)
{
	return !spool_write(to, text.p, text.n).info && !spool_write(to, "\n", 1).info;
}

/* Asks which of the paths gathered so far are about nothing. */
static bool sort_out(struct paths *p)
{
	struct move *m = p->c->m;

	json_array_end(&p->w);
	if (!move_do(m, &sql_move_objects_extra,
		     (const char *[]){ arena_cstr(p->arena, json_text(&p->w)) }))
		return false;
	for (int i = 0; i < script_rows(m->db); i++, p->extra++)
		if (!say(p->to, str_of(script_value(m->db, i, 0))))
			return move_fail(m, "the store fails");
	arena_reset(p->arena);
	json_init(&p->w, p->arena, 65536);
	json_array_begin(&p->w);
	p->n = 0;
	return true;
}

static bool take_path(void *arg, const char *path)
{
	struct paths *p = arg;

	json_str(&p->w, str_of(path));
	return ++p->n < PATHS || sort_out(p);
}

static bool list_extra(struct copy *c, struct spool *to, int *ret_n)
{
	struct paths p = { .c = c, .arena = arena_new(), .to = to };
	const char *problem;
	bool good;

	json_init(&p.w, p.arena, 65536);
	json_array_begin(&p.w);
	good = (object_files(&c->source, c->m->arena, take_path, &p, &problem)
		|| move_fail(c->m, "the list of what is there: %s", problem))
		&& sort_out(&p);
	arena_free(p.arena);
	*ret_n = p.extra;
	return good;
}

static bool list_state(struct copy *c, struct spool *to, const char *state, int *ret_n)
{
	struct move *m = c->m;

	if (!move_do(m, &sql_move_objects_list, (const char *[]){ state }))
		return false;
	*ret_n = script_rows(m->db);
	for (int i = 0; i < *ret_n; i++)
		if (!say(to,
			 arena_printf(m->arena, "%s\t%s", script_value(m->db, i, 0),
				      script_value(m->db, i, 1))))
			return move_fail(m, "the store fails");
	return true;
}

static bool write_list(struct copy *c, const char *name, int *ret_n)
{
	struct move *m = c->m;
	struct spool *spool;
	str key = arena_printf(m->arena, "storage-lists/%s.txt", name);

	if (spool_open(c->store, m->arena, &spool).info)
		return move_fail(m, "the store fails");
	if (!(strcmp(name, "extra") == 0 ? list_extra(c, spool, ret_n)
					 : list_state(c, spool, name, ret_n)))
		return false;
	return !store_put(c->store, spool, key, S("text/plain; charset=utf-8")).info
		|| move_fail(m, "the store fails");
}

struct lists {
	struct copy *c;
	struct move_objects *out;
	bool good;
};

static void write_lists(void *arg)
{
	struct lists *l = arg;

	l->good = write_list(l->c, "missing", &l->out->missing)
		&& write_list(l->c, "different", &l->out->different)
		&& write_list(l->c, "extra", &l->out->extra);
	loop_stop(loop_self());
}

/* ---- the step ---- */

static bool count(struct copy *c, struct move_objects *out)
{
	struct move *m = c->m;

	if (!move_do(m, &sql_move_objects_count, NULL))
		return false;
	for (int i = 0; i < script_rows(m->db); i++) {
		int64_t n = strtoll(script_value(m->db, i, 1), NULL, 10);

		if (strcmp(script_value(m->db, i, 0), "stored") == 0) {
			out->stored = n;
			out->bytes = strtoll(script_value(m->db, i, 2), NULL, 10);
		} else {
			c->total += n;
		}
	}
	return true;
}

static bool open_source(struct copy *c)
{
	const struct move_options *o = c->m->options;
	const char *problem;

	c->source = (struct object_source){ .url = str_of(o->source_storage),
					    .service_key = o->service_key };
	if (!o->objects)
		return true;
	if (!str_starts(str_of(o->objects), S("s3:"))) {
		c->source.dir = o->objects;
		return true;
	}
	c->source.s3 = object_s3_open(c->m, &problem);
	return c->source.s3 || move_fail(c->m, "%s", problem);
}

static bool copy_objects(struct copy *c, struct move_objects *out)
{
	struct lists lists = { .c = c, .out = out };
	struct move *m = c->m;

	if (!move_open(m) || !move_do(m, &sql_move_lock, NULL) || !move_find_run(m)
	    || !move_do(m, &sql_move_own_names, NULL))
		return false;
	if (!m->run[0] || strcmp(m->phase, "landing") == 0 || strcmp(m->phase, "landed") == 0)
		return move_fail(m, "the rows of the project come first: `sojorn supabase import`");
	if (!open_source(c) || !count(c, out) || !copy_all(c))
		return false;
	if (!object_on_loop(write_lists, &lists))
		return move_fail(m, "out of memory");
	return lists.good && count(c, out);
}

bool move_objects(struct arena *a, const struct move_options *o, struct store *store,
		  struct move_objects *out, const char **problem)
{
	struct move m = { .arena = a, .options = o };
	struct copy c = { .m = &m, .store = store };
	bool good = copy_objects(&c, out);

	object_s3_close(c.source.s3);
	script_close(m.db);
	*problem = m.problem;
	return good;
}
