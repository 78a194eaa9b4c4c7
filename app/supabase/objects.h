/* Bytes of the old project's objects, from a folder or through its Storage API. Private to app/supabase. */
#pragma once

#include "app/supabase/landing.h"
#include "lib/store/store.h"

/* One that is to be copied. */
struct object {
	const char *id, *bucket, *name, *version; /* version NULL: none */
	const char *md5, *mime, *key;
	int64_t size; /* as the source says; -1: it does not */
};

/* Where bytes come from. */
struct object_source {
	const char *dir; /* NULL: the API */
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

/* Every file below the source's folder as "bucket/name", once each, through fn; false: stopped by fn, or the
 * folder cannot be read. Links are not followed. */
bool object_files(const struct object_source *s, bool (*fn)(void *arg, const char *path),
		  void *arg);
