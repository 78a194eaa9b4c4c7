/* One function per statement. */
#include "app/realtime/realtime_db.h"

#include "app/realtime/realtime.sql.h"

static const struct field tail_fields[] = {
	FIELD(struct tail_row, snapshot),
	FIELD(struct tail_row, topic),
	FIELD(struct tail_row, seq),
	FIELD(struct tail_row, kind),
	FIELD(struct tail_row, type),
	FIELD(struct tail_row, payload),
	FIELD(struct tail_row, message),
	FIELD(struct tail_row, lat),
	FIELD(struct tail_row, lon),
	FIELD(struct tail_row, age),
	{ 0 },
};

err events_tail(struct db *db, str since, str until, uuid after_topic, int64_t after_seq,
		int32_t limit, struct list *out)
{
	return db_list(db, &sql_events_tail, tail_fields, sizeof(struct tail_row), out, ARG(since),
		       ARG(until), ARG(after_topic), ARG(after_seq), ARG(limit));
}

struct number {
	int64_t n;
};
static const struct field number_fields[] = {
	FIELD(struct number, n),
	{ 0 },
};

err events_head(struct db *db, uuid user, int64_t *ret_seq)
{
	struct number out;

	TRY(db_one(db, &sql_events_head, number_fields, &out, ARG(user)));
	*ret_seq = out.n;
	return OK;
}

static const struct field page_fields[] = {
	FIELD(struct page_row, head),
	FIELD(struct page_row, whole),
	FIELD(struct page_row, seq),
	FIELD(struct page_row, type),
	FIELD(struct page_row, payload),
	FIELD(struct page_row, message),
	{ 0 },
};

err events_page(struct db *db, uuid user, int64_t last, int32_t limit, struct list *out)
{
	return db_list(db, &sql_events_page, page_fields, sizeof(struct page_row), out, ARG(user),
		       ARG(last), ARG(limit));
}

err live_trim(struct db *db, int32_t limit, int64_t *ret_n)
{
	return db_exec(db, &sql_live_trim, ret_n, ARG(limit));
}

struct one_id {
	uuid id;
};
static const struct field id_fields[] = {
	FIELD(struct one_id, id),
	{ 0 },
};

err thread_root(struct db *db, uuid post, uuid viewer, uuid *out)
{
	struct one_id row;

	TRY(db_one(db, &sql_thread_root, id_fields, &row, ARG(post), ARG(viewer)));
	*out = row.id;
	return OK;
}

err activity_visible(struct db *db, uuid viewer, struct uuids people, struct list *out)
{
	return db_list(db, &sql_activity_visible, id_fields, sizeof(uuid), out, ARG(viewer),
		       ARG(people));
}

err activity_viewers(struct db *db, uuid subject, struct uuids viewers, struct list *out)
{
	return db_list(db, &sql_activity_viewers, id_fields, sizeof(uuid), out, ARG(subject),
		       ARG(viewers));
}
