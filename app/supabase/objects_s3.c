/* See objects.h. Each of the project's buckets is a bucket there, or all are folders of one. */
#include "app/supabase/objects.h"

#include "app/supabase/objects.sql.h"
#include "lib/net/offload.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 8 << 20, PAGE = 1000, THREADS = 1, QUEUE = 8 };

/* A bucket of theirs and how it is reached. */
struct shelf {
	const char *bucket; /* of the project; NULL: any */
	str prefix;	    /* of keys, with its slash */
	struct store *store;
	struct shelf *next;
};

struct object_s3 {
	struct arena *arena; /* the move's */
	const struct store_bucket *place;
	struct offload *offload; /* nothing of ours goes to the disk, but stores want threads */
	struct shelf *shelves;
	bool one; /* there is a single one, of all buckets */
};

static struct shelf *add_shelf(struct object_s3 *s3, const char *bucket, str there, str prefix)
{
	struct store_bucket b = *s3->place;
	struct shelf *f = arena_zalloc(s3->arena, sizeof(*f));

	b.bucket = there;
	*f = (struct shelf){ bucket, prefix, store_on_s3("/nonexistent", s3->offload, &b),
			     s3->shelves };
	if (!f->store)
		return NULL;
	s3->shelves = f;
	return f;
}

/* "s3://BUCKET/PREFIX": everything is in one. */
static bool open_one(struct object_s3 *s3, str rest)
{
	struct arena *a = s3->arena;
	str bucket = str_cut(&rest, '/');

	while (str_ends(rest, S("/")))
		rest.n--;
	if (str_empty(bucket))
		return false;
	s3->one = true;
	return add_shelf(s3, NULL, arena_copy(a, bucket),
			 str_empty(rest) ? S("") : arena_printf(a, "%.*s/", (int)rest.n, rest.p));
}

/* A bucket for each that the project has. */
static bool open_each(struct object_s3 *s3, struct move *m)
{
	if (!move_do(m, &sql_move_objects_buckets, NULL))
		return false;
	for (int i = script_rows(m->db) - 1; i >= 0; i--) {
		str name = arena_copy(m->arena, str_of(script_value(m->db, i, 0)));

		if (!add_shelf(s3, arena_cstr(m->arena, name), name, S("")))
			return false;
	}
	return true;
}

struct object_s3 *object_s3_open(struct move *m, const char **problem)
{
	const struct move_options *o = m->options;
	struct object_s3 *s3 = arena_zalloc(m->arena, sizeof(*s3));
	str address = str_of(o->objects);

	*s3 = (struct object_s3){ .arena = m->arena,
				  .place = o->s3,
				  .offload = offload_new(THREADS, QUEUE) };
	*problem = "--objects is s3://BUCKET[/PREFIX], or s3: for a bucket of each name";
	if (!o->s3 || str_empty(o->s3->endpoint) || str_empty(o->s3->access_key)
	    || str_empty(o->s3->secret_key))
		*problem =
			"SUPABASE_S3_ENDPOINT, SUPABASE_S3_ACCESS_KEY and SUPABASE_S3_SECRET_KEY say where S3 is";
	else if (s3->offload
		 && (str_starts(address, S("s3://"))
			     ? open_one(s3, str_slice(address, 5, address.n))
			     : str_eq(address, S("s3:")) && open_each(s3, m)))
		return s3;
	object_s3_close(s3);
	return NULL;
}

void object_s3_close(struct object_s3 *s3)
{
	if (!s3)
		return;
	for (struct shelf *f = s3->shelves; f; f = f->next)
		store_free(f->store);
	offload_free(s3->offload);
}

/* ---- one object ---- */

static const struct shelf *shelf_of(const struct object_s3 *s3, const char *bucket)
{
	const struct shelf *f = s3->shelves;

	while (f && f->bucket && strcmp(f->bucket, bucket) != 0)
		f = f->next;
	return f;
}

/* All of a key into the spool, a piece at a time. */
static err read_key(const struct shelf *f, str key, struct spool *to)
{
	char *buf = malloc(PIECE);
	size_t got = 0;
	err e = OK;

	if (!buf)
		return err_store_unavailable;
	do {
		e = store_read(f->store, key, spool_size(to), buf, PIECE, &got);
		if (!e.info)
			e = spool_write(to, buf, got);
	} while (!e.info && got == PIECE);
	free(buf);
	return e;
}

enum object_fate object_from_s3(const struct object_source *s, struct arena *a,
				const struct object *o, struct spool *to, const char **problem)
{
	const struct shelf *f = shelf_of(s->s3, o->bucket);
	str key;
	err e = err_not_found;

	*problem = "the bucket has no such object";
	if (!f)
		return OBJECT_MISSING;
	key = s->s3->one
		? arena_printf(a, "%.*s%s/%s", (int)f->prefix.n, f->prefix.p, o->bucket, o->name)
		: str_of(o->name);
	if (o->version && s->s3->one)
		e = read_key(f, arena_printf(a, "%.*s/%s", (int)key.n, key.p, o->version), to);
	if (err_is(e, err_not_found))
		e = read_key(f, key, to);
	if (!e.info)
		return OBJECT_READ;
	if (err_is(e, err_not_found) || err_is(e, err_invalid))
		return OBJECT_MISSING;
	*problem = "S3 does not answer: its address, the keys or the bucket may be wrong";
	return OBJECT_BROKEN;
}

/* ---- what there is ---- */

struct listing {
	const struct object_s3 *s3;
	object_path_fn *fn;
	void *arg;
	const char *problem;
};

static bool take_page(struct listing *l, struct arena *a, const struct shelf *f,
		      const struct list *page)
{
	for (size_t i = 0; i < page->n; i++) {
		str key = ((struct store_object *)page->v)[i].key;
		str path = f->bucket ? arena_printf(a, "%s/%.*s", f->bucket, (int)key.n, key.p)
				     : str_slice(key, f->prefix.n, key.n);

		if (!l->fn(l->arg, arena_cstr(a, path)))
			return false;
	}
	return true;
}

static bool list_shelf(struct listing *l, const struct shelf *f)
{
	struct arena *a = arena_new(), *last = arena_new();
	struct list page = { 0 };
	str after = { 0 };
	bool good = true;

	do {
		arena_reset(a);
		good = !store_list(f->store, a, f->prefix, after, PAGE, &page).info;
		if (!good)
			l->problem = "S3 does not answer";
		good = good && take_page(l, a, f, &page);
		if (good && page.n) {
			arena_reset(last);
			after = arena_copy(last, ((struct store_object *)page.v)[page.n - 1].key);
		}
	} while (good && page.n == PAGE);
	arena_free(a);
	arena_free(last);
	return good;
}

bool object_s3_files(const struct object_source *s, object_path_fn *fn, void *arg,
		     const char **problem)
{
	struct listing l = { s->s3, fn, arg, "the list cannot be written" };
	bool good = true;

	for (const struct shelf *f = s->s3->shelves; f && good; f = f->next)
		good = list_shelf(&l, f);
	*problem = l.problem;
	return good;
}
