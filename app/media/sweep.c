/* Removes what nothing uses: the periodic job marks, a job for each object deletes. */
#include "app/media/media.h"
#include "app/media/media_db.h"

#include "app/ops/jobs.h"
#include "lib/base/json.h"

/* What a killed process may have left of an upload. */
static const int64_t spool_age = 2 * HOUR;

err media_sweep(struct job *j)
{
	int64_t n = 0;

	TRY(spool_clean(media_store(j->app, MEDIA_IMAGES), spool_age));
	TRY(media_mark(j->db, &n));
	if (n)
		jobs_wake();
	return OK;
}

struct payload {
	str key;
};
static const struct field payload_fields[] = {
	FIELD(struct payload, key, .required = true),
	{ 0 },
};

/* Files first: when this ends in between, the row is still there to find them by. */
err media_delete_run(struct job *j)
{
	struct payload in = { 0 };
	struct media_marked marked;
	struct store *store;
	err e;

	TRY(fields_from_json(j->arena, j->payload.text, payload_fields, &in, NULL));
	e = media_marked(j->db, in.key, &marked);
	if (err_is(e, err_not_found))
		return OK;
	TRY(e);
	store = media_store(j->app, media_shelf_of(in.key));
	TRY(store_delete(store, in.key));
	if (marked.thumbnail_key.p)
		TRY(store_delete(store, marked.thumbnail_key));
	return media_forget(j->db, in.key);
}
