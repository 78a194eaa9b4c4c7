/* The statements of app/graph/graph.sql, one function each. */
#include "app/graph/graph_db.h"

#include "app/graph/graph.sql.h"

const struct field person_fields[] = {
	FIELD(struct person, id),
	FIELD(struct person, handle, .required = true),
	FIELD(struct person, display_name, .required = true),
	FIELD(struct person, avatar_url, .address = true),
	FIELD(struct person, tier, .alias = "harmony_tier"),
	FIELD(struct person, followed_at),
	{ 0 },
};

const struct field request_fields[] = {
	FIELD(struct request, follower_id, .required = true),
	FIELD(struct request, handle, .required = true),
	FIELD(struct request, display_name, .required = true),
	FIELD(struct request, avatar_url, .address = true),
	FIELD(struct request, requested_at),
	{ 0 },
};

const struct field blocked_fields[] = {
	FIELD(struct blocked, id),
	FIELD(struct blocked, handle, .required = true),
	FIELD(struct blocked, display_name, .required = true),
	FIELD(struct blocked, avatar_url, .address = true),
	FIELD(struct blocked, blocked_at),
	{ 0 },
};

static const struct field owner_fields[] = {
	FIELD(struct people_owner, followers_count),
	FIELD(struct people_owner, following_count),
	{ 0 },
};

static const struct field outcome_fields[] = {
	FIELD(struct block_outcome, id),
	FIELD(struct block_outcome, handle),
	FIELD(struct block_outcome, fresh),
	{ 0 },
};

struct follow {
	str status;
};
static const struct field follow_fields[] = {
	FIELD(struct follow, status),
	{ 0 },
};

/* Adds the lock that follows and blocks share to a batch of the transaction. */
static void lock_people(struct db_batch *b, uuid me, struct uuids ids, struct strs handles)
{
	db_batch_exec(b, &sql_people_lock, NULL, ARG(me), ARG(ids), ARG(handles));
}

err follow_put(struct db *db, uuid me, uuid target, str *ret_status)
{
	struct follow f;
	struct db *tx;

	TRY(db_begin(db, &tx));
	struct db_batch *b = db_batch(tx);
	lock_people(b, me, (struct uuids){ &target, 1 }, (struct strs){ 0 });
	db_batch_one(b, &sql_follow_put, follow_fields, &f, ARG(me), ARG(target));
	TRY(db_batch_run(b));
	TRY(db_commit(tx));
	*ret_status = f.status;
	return OK;
}

/* A statement about me and another, who are held meanwhile. */
static err change_between(struct db *db, const struct stmt *change, uuid me, uuid other)
{
	struct db *tx;

	TRY(db_begin(db, &tx));
	struct db_batch *b = db_batch(tx);
	lock_people(b, me, (struct uuids){ &other, 1 }, (struct strs){ 0 });
	db_batch_some(b, change, ARG(me), ARG(other));
	TRY(db_batch_run(b));
	return db_commit(tx);
}

err follow_delete(struct db *db, uuid me, uuid target)
{
	return change_between(db, &sql_follow_delete, me, target);
}

err follower_delete(struct db *db, uuid me, uuid follower)
{
	return change_between(db, &sql_follower_delete, me, follower);
}

err request_accept(struct db *db, uuid me, uuid requester)
{
	return change_between(db, &sql_request_accept, me, requester);
}

err request_reject(struct db *db, uuid me, uuid requester)
{
	return db_some(db, &sql_request_reject, ARG(me), ARG(requester));
}

err block_put(struct db *db, uuid me, struct uuids ids, struct strs handles, str address,
	      struct list *out)
{
	struct db *tx;

	TRY(db_begin(db, &tx));
	struct db_batch *b = db_batch(tx);
	lock_people(b, me, ids, handles);
	db_batch_list(b, &sql_block_put, outcome_fields, sizeof(struct block_outcome), out, ARG(me),
		      ARG(ids), ARG(handles), ARG(address));
	TRY(db_batch_run(b));
	return db_commit(tx);
}

err block_delete(struct db *db, uuid me, uuid target)
{
	return db_exec(db, &sql_block_delete, NULL, ARG(me), ARG(target));
}

err requests_list(struct db *db, uuid me, const struct page *p, struct list *out)
{
	return db_list(db, &sql_requests_list, request_fields, sizeof(struct request), out, ARG(me),
		       ARG(p->limit), ARG(p->offset), ARG(page_time(p)), ARG(p->id));
}

err blocks_list(struct db *db, uuid me, const struct page *p, struct list *out)
{
	return db_list(db, &sql_blocks_list, blocked_fields, sizeof(struct blocked), out, ARG(me),
		       ARG(p->limit), ARG(p->offset), ARG(page_time(p)), ARG(p->id));
}

err people_list(struct db *db, bool followers, uuid viewer, uuid owner, const struct page *p,
		struct people_owner *ret_owner, struct list *out)
{
	struct db_batch *b = db_batch(db);

	db_batch_one(b, &sql_people_owner, owner_fields, ret_owner, ARG(viewer), ARG(owner));
	if (followers)
		db_batch_list(b, &sql_followers_list, person_fields, sizeof(struct person), out,
			      ARG(viewer), ARG(owner), ARG(p->limit), ARG(p->offset),
			      ARG(page_time(p)), ARG(p->id));
	else
		db_batch_list(b, &sql_following_list, person_fields, sizeof(struct person), out,
			      ARG(viewer), ARG(owner), ARG(p->limit), ARG(p->offset),
			      ARG(page_time(p)), ARG(p->id));
	return db_batch_run(b);
}
