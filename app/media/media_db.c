/* See media_db.h. */
#include "app/media/media_db.h"

#include "app/media/media.sql.h"

err media_add(struct db *db, const struct media_object *o, bool *taken)
{
	int64_t n;

	TRY(db_exec(db, &sql_media_add, &n, ARG(o->key), ARG(o->bucket), ARG(o->owner_id),
		    ARG(o->mime), ARG(o->size), ARG(o->width), ARG(o->height), ARG(o->sha256),
		    ARG(o->thumbnail_key)));
	*taken = n == 1;
	return OK;
}

err media_mark(struct db *db, int64_t *ret_n)
{
	return db_exec(db, &sql_media_mark, ret_n);
}

static const struct field marked_fields[] = {
	FIELD(struct media_marked, thumbnail_key),
	{ 0 },
};

err media_marked(struct db *db, str key, struct media_marked *out)
{
	return db_one(db, &sql_media_marked, marked_fields, out, ARG(key));
}

err media_forget(struct db *db, str key)
{
	return db_exec(db, &sql_media_forget, NULL, ARG(key));
}

err media_want_frame(struct db *db, str key)
{
	return db_exec(db, &sql_media_want_frame, NULL, ARG(key));
}

err media_framed(struct db *db, str key, str frame)
{
	return db_exec(db, &sql_media_framed, NULL, ARG(key), ARG(frame));
}
