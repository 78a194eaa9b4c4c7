/* The statements of media.sql. Private to app/media. All suspend. */
#pragma once

#include "lib/db/db.h"

struct media_object {
	str key, bucket;
	uuid owner_id;
	str mime;
	int64_t size;
	int32_t width, height; /* 0: not known */
	struct bytes sha256;
	str thumbnail_key; /* absent: none */
};

/* Writes the row of an object whose file is about to be put. *taken is false when an object of that key is
 * being deleted: then it needs another. */
err media_add(struct db *db, const struct media_object *o, bool *taken);

/* Marks what nothing uses for deletion and queues jobs for it; how many. */
err media_mark(struct db *db, int64_t *ret_n);

/* The keys of an object that is marked; err_not_found when it is not. */
struct media_marked {
	str thumbnail_key;
};
err media_marked(struct db *db, str key, struct media_marked *out);

/* Its files are gone: its row may go. */
err media_forget(struct db *db, str key);

/* Queues the job that makes a film's first frame. */
err media_want_frame(struct db *db, str key);

/* The frame is stored: the object and the posts that show the film say so. */
err media_framed(struct db *db, str key, str frame);
