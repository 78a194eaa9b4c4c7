/* The statements of realtime.sql as functions. All of them suspend. Private to app/realtime. */
#pragma once

#include "lib/db/db.h"

struct tail_row {
	str snapshot; /* in every row; the only one of a row without a topic */
	uuid topic;
	int64_t seq;
	str kind, type;
	struct json payload;
	uuid message; /* of a new_message, else nil */
	double lat, lon;
	double age; /* seconds since it was written */
};
err events_tail(struct db *db, str since, str until, uuid after_topic, int64_t after_seq,
		int32_t limit, struct list *out);

/* The number of the newest event, 0 when there never was one. */
err events_head(struct db *db, uuid user, int64_t *ret_seq);

struct page_row {
	int64_t head;
	bool whole;  /* nothing is gone between the number asked for and the first row */
	int64_t seq; /* 0: nothing comes after it */
	str type;
	struct json payload;
	uuid message; /* of a new_message, else nil */
};
err events_page(struct db *db, uuid user, int64_t last, int32_t limit, struct list *out);

/* Deletes what is older than ten minutes, so many at once. */
err live_trim(struct db *db, int32_t limit, int64_t *ret_n);

/* The first post of a post's thread, if the viewer may see the post; err_not_found. */
err thread_root(struct db *db, uuid post, uuid viewer, uuid *out);

/* Those of the people whose activity the viewer may see; those of the viewers who may see the subject's. */
err activity_visible(struct db *db, uuid viewer, struct uuids people, struct list *out);
err activity_viewers(struct db *db, uuid subject, struct uuids viewers, struct list *out);
