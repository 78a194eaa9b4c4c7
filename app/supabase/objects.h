/* Bytes of the old project's objects, from a folder or through its Storage API. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"
#include "lib/store/store.h"

/* One that is to be copied. */
struct object {
	const char *id, *bucket, *name, *version; /* version NULL: none */
	const char *md5, *mime, *key;
	const char *state; /* of the app's row: pending, stored, missing or different */
	int64_t size;	   /* as the source says; -1: it does not */
};

/* Calls `one` for each object of a list (objects.sql), eight at a time on a loop of its own: `one` may suspend, and ends
 * all by false, with the problem told to the move. */
struct object_walk {
	struct move *m;
	const struct stmt *list; /* $1: behind this id, $2: so many */
	bool (*one)(void *arg, struct arena *a, const struct object *o);
	void *arg;
};
bool object_walk(const struct object_walk *w);

/* Where bytes come from: a folder, S3, or the project's Storage API. */
struct object_source {
	const char *dir;      /* NULL: not from there */
	struct object_s3 *s3; /* the same */
	str url, service_key;
};

/* What came of fetching one. */
enum object_fate {
	OBJECT_READ,	/* all of it is in the spool */
	OBJECT_MISSING, /* there is none */
	OBJECT_BROKEN,	/* the source cannot be used at all, or not now: *problem says why */
};

/* Gathers an object's bytes in a spool. Suspends. */
enum object_fate object_fetch(const struct object_source *s, struct arena *a,
			      const struct object *o, struct spool *to, const char **problem);

/* Everything that the source has as "bucket/name" (a folder and a bucket of S3: as they lie there, versions behind the
 * names), once each, through fn. False: stopped by fn, or *problem says why it cannot be listed. Suspends. */
typedef bool object_path_fn(void *arg, const char *path);
bool object_files(const struct object_source *s, struct arena *a, object_path_fn *fn, void *arg,
		  const char **problem);

/* Runs fn(arg) in a coroutine of a loop of its own until it calls loop_stop. False: out of memory. */
bool object_on_loop(void (*fn)(void *), void *arg);

/*
 * S3 under the options' endpoint: one bucket laid out as a folder ("s3://BUCKET/PREFIX"), or a bucket for each of the
 * project's, as its own S3 endpoint has them ("s3:"). NULL and *problem: that is no such address. The arena's.
 */
struct object_s3 *object_s3_open(struct move *m, const char **problem);
void object_s3_close(struct object_s3 *s3); /* NULL-safe */

/* ---- of the kinds of source ---- */

enum object_fate object_from_api(const struct object_source *s, struct arena *a,
				 const struct object *o, struct spool *to, const char **problem);
enum object_fate object_from_s3(const struct object_source *s, struct arena *a,
				const struct object *o, struct spool *to, const char **problem);
bool object_api_files(const struct object_source *s, struct arena *a, object_path_fn *fn, void *arg,
		      const char **problem);
bool object_s3_files(const struct object_source *s, object_path_fn *fn, void *arg,
		     const char **problem);
