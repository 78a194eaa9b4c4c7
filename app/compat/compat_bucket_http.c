/* Supabase Storage: buckets, which are the project owner's, and moving and copying objects. */
#include "app/compat/compat_http.h"
#include "app/compat/key.h"
#include "app/compat/storage.h"

#include "app/compat/storage.sql.h"
#include "app/media/media.h"
#include "app/ops/jobs.h"

#include <string.h>

enum { ID_MAX = 100, BUCKETS = 100, BUCKETS_MAX = 1000, MIMES_MAX = 100, PIECE = 64 * 1024 };

static const struct err_info infos[] = {
	{ 409, "InvalidRequest", "The bucket you tried to delete is not empty", NULL },
	{ 403, "Unauthorized", "new row violates row-level security policy", NULL },
};
static const err err_not_empty = { &infos[0] };
static const err err_not_owner = { &infos[1] };

/* As under policies nobody has made: only the service key sees and makes buckets. */
static err check_owner(struct req *r)
{
	bool is_service;

	return key_is_bearer(r, &is_service) && is_service ? OK : err_not_owner;
}

struct bucket {
	str id, name, owner;
	bool public;
	int64_t file_size_limit;
	struct strs allowed_mime_types;
	usec created_at, updated_at;
};
static const struct field bucket_fields[] = {
	FIELD(struct bucket, id),
	FIELD(struct bucket, name),
	FIELD(struct bucket, owner),
	FIELD(struct bucket, public),
	FIELD(struct bucket, file_size_limit, .optional = true),
	FIELD(struct bucket, allowed_mime_types, .optional = true),
	FIELD(struct bucket, created_at),
	FIELD(struct bucket, updated_at),
	{ 0 },
};

static err find_bucket(struct req *r, struct bucket *out)
{
	err e = db_one(r->db, &sql_storage_bucket, bucket_fields, out, ARG(req_param(r, "id")));

	return err_is(e, err_not_found) ? err_no_bucket : e;
}

/* ---- GET /bucket, /bucket/:id ---- */

struct bucket_query {
	str search;
	int32_t limit, offset;
};
static const struct field bucket_query_fields[] = {
	FIELD(struct bucket_query, search, .max = 100),
	FIELD(struct bucket_query, limit, .has_range = true, .min = 1, .max = BUCKETS_MAX),
	FIELD(struct bucket_query, offset, .has_range = true, .min = 0, .max = 1000000),
	{ 0 },
};

static err list_buckets(struct req *r)
{
	struct bucket_query q;
	struct list out = { .size = sizeof(struct bucket) };
	struct json_writer w;

	TRY(req_query(r, &q, NULL));
	if (!check_owner(r).info)
		TRY(db_list(r->db, &sql_storage_buckets, bucket_fields, sizeof(struct bucket), &out,
			    ARG(str_empty(q.search) ? (str){ 0 } : q.search),
			    ARG(q.limit ? q.limit : (int32_t)BUCKETS), ARG(q.offset)));
	json_init(&w, r->arena, 4096);
	json_records(&w, bucket_fields, &out);
	return reply_text(r, 200, "application/json; charset=utf-8", json_text(&w));
}

static err get_bucket(struct req *r)
{
	struct bucket b;

	if (check_owner(r).info)
		return err_no_bucket;
	TRY(find_bucket(r, &b));
	return reply(r, &b);
}

/* ---- POST /bucket, PUT /bucket/:id ---- */

struct bucket_form {
	str id, name;
	bool public;
	struct json file_size_limit;
	struct strs allowed_mime_types;
};
static const struct field bucket_form_fields[] = {
	FIELD(struct bucket_form, id, .max = ID_MAX),
	FIELD(struct bucket_form, name, .max = ID_MAX),
	FIELD(struct bucket_form, public),
	FIELD(struct bucket_form, file_size_limit, .schema = "{\"type\":[\"integer\",\"string\"]}"),
	FIELD(struct bucket_form, allowed_mime_types, .max = MIMES_MAX),
	{ 0 },
};

/* A number of bytes, or "50MB" as the dashboard writes it. */
static bool to_bytes(str text, int64_t *out)
{
	static const struct {
		const char *unit;
		int shift;
	} units[] = { { "KB", 10 }, { "MB", 20 }, { "GB", 30 }, { "B", 0 } };
	int shift = 0;

	if (str_starts(text, S("\"")))
		text = str_slice(text, 1, text.n - 1);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		size_t n = strlen(units[i].unit);

		if (text.n <= n
		    || !str_ieq(str_slice(text, text.n - n, text.n), str_of(units[i].unit)))
			continue;
		shift = units[i].shift;
		text = str_trim(str_slice(text, 0, text.n - n));
		break;
	}
	if (!str_to_i64(text, out) || *out < 0 || *out > (INT64_C(1) << 40) >> shift)
		return false;
	*out <<= shift;
	return true;
}

/* What a bucket may be called: what fits into an address without being encoded, as there. */
static bool is_id(str id)
{
	static const char also[] = "!-_.*'()&$@=;:+,? ";

	for (size_t i = 0; i < id.n; i++) {
		char c = id.p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9')
		    && !memchr(also, c, sizeof also - 1))
			return false;
	}
	return id.n > 0 && id.n <= ID_MAX;
}

static err read_bucket(struct req *r, struct bucket_form *in, struct present *set,
		       int64_t *ret_limit)
{
	TRY(check_owner(r));
	TRY(req_body(r, in, set));
	*ret_limit = 0;
	if (in->file_size_limit.text.p && !to_bytes(in->file_size_limit.text, ret_limit))
		return req_fail(r, err_invalid, "file_size_limit must be a number of bytes");
	return OK;
}

struct bucket_name {
	str name;
};
static const struct field bucket_name_fields[] = {
	FIELD(struct bucket_name, name),
	{ 0 },
};
static const struct field bucket_id_fields[] = {
	FIELD(struct bucket, id),
	{ 0 },
};

static err create_bucket(struct req *r)
{
	struct bucket_form in;
	struct bucket row;
	struct present set;
	int64_t limit;
	err e;

	TRY(read_bucket(r, &in, &set, &limit));
	if (str_empty(in.id))
		in.id = in.name;
	if (str_empty(in.name))
		in.name = in.id;
	if (!is_id(in.id))
		return req_fail(r, err_invalid, "Bucket name invalid");
	e = db_one(r->db, &sql_storage_bucket_add, bucket_id_fields, &row, ARG(in.id), ARG(in.name),
		   ARG(in.public), ARG(limit), ARG(in.allowed_mime_types));
	if (err_is(e, err_not_found))
		return err_duplicate;
	TRY(e);
	return reply(r, &(struct bucket_name){ in.id });
}

/* Whether something was said of a member, be it null. */
static bool was_said(const struct present *set, const char *name)
{
	return present_has(set, bucket_form_fields, name)
		|| present_null(set, bucket_form_fields, name);
}

static err update_bucket(struct req *r)
{
	struct bucket_form in;
	struct present set;
	int64_t limit;
	err e;

	TRY(read_bucket(r, &in, &set, &limit));
	e = db_some(r->db, &sql_storage_bucket_set, ARG(req_param(r, "id")),
		    ARG(was_said(&set, "public")), ARG(in.public),
		    ARG(was_said(&set, "file_size_limit")), ARG(limit),
		    ARG(was_said(&set, "allowed_mime_types")), ARG(in.allowed_mime_types));
	if (err_is(e, err_not_found))
		return err_no_bucket;
	TRY(e);
	return reply_message(r, "Successfully updated");
}

/* ---- DELETE /bucket/:id, POST /bucket/:id/empty ---- */

static err delete_bucket(struct req *r)
{
	struct bucket b;
	err e;

	TRY(check_owner(r));
	TRY(find_bucket(r, &b));
	e = db_one(r->db, &sql_storage_bucket_remove, bucket_id_fields, &b, ARG(b.id));
	if (err_is(e, err_not_found) || err_is(e, err_db_foreign_key))
		return err_not_empty;
	TRY(e);
	return reply_message(r, "Successfully deleted");
}

static err empty_bucket(struct req *r)
{
	struct bucket b;

	TRY(check_owner(r));
	TRY(find_bucket(r, &b));
	TRY(db_exec(r->db, &sql_storage_bucket_empty, NULL, ARG(b.id)));
	jobs_wake();
	return reply_message(r, "Successfully emptied");
}

/* ---- POST /object/move, /object/copy ---- */

struct place_form {
	str bucketId, sourceKey, destinationKey, destinationBucket;
};
static const struct field place_form_fields[] = {
	FIELD(struct place_form, bucketId, .required = true, .max = ID_MAX),
	FIELD(struct place_form, sourceKey, .required = true, .keep_space = true, .max = 1024),
	FIELD(struct place_form, destinationKey, .required = true, .keep_space = true, .max = 1024),
	FIELD(struct place_form, destinationBucket, .max = ID_MAX),
	{ 0 },
};

/* What is to go where; `to` is the place of what is there already, or of nothing yet. */
struct transfer {
	struct place_form in;
	struct storage_caller caller;
	struct storage_object from, to;
	str bucket; /* of the destination */
};

static err read_transfer(struct req *r, struct transfer *t)
{
	TRY(storage_caller_of(r, &t->caller));
	TRY(req_body(r, &t->in, NULL));
	t->bucket = str_empty(t->in.destinationBucket) ? t->in.bucketId : t->in.destinationBucket;
	TRY(storage_find(r, t->in.bucketId, t->in.sourceKey, &t->from));
	TRY(storage_may_read(&t->from, &t->caller));
	TRY(storage_find(r, t->bucket, t->in.destinationKey, &t->to));
	return storage_may_write(&t->to, t->in.destinationKey, &t->caller);
}

/* Only its name changes: bytes lie under the id. */
static err move_object(struct req *r)
{
	struct transfer t;
	err e;

	TRY(read_transfer(r, &t));
	TRY(storage_may_write(&t.from, t.in.sourceKey, &t.caller));
	if (!uuid_is_nil(t.to.id))
		return err_duplicate;
	e = db_some(r->db, &sql_storage_move, ARG(t.from.id), ARG(t.bucket),
		    ARG(t.in.destinationKey));
	if (err_is(e, err_db_unique))
		return err_duplicate;
	if (err_is(e, err_not_found))
		return err_no_object;
	TRY(e);
	return reply_message(r, "Successfully moved");
}

static err copy_bytes(struct req *r, const struct storage_object *from, struct storage_upload *u)
{
	struct store *store = media_store(r->app, MEDIA_IMAGES);
	char *buf = arena_alloc(r->arena, PIECE);
	int64_t at = 0;
	size_t got;

	TRY(spool_open(store, r->arena, &u->spool));
	do {
		TRY(store_read(store, from->key, at, buf, PIECE, &got));
		TRY(storage_add_piece(u, (str){ buf, got }));
		at += (int64_t)got;
	} while (got == PIECE);
	return OK;
}

static err copy_object(struct req *r)
{
	struct transfer t;
	struct storage_upload u;

	TRY(read_transfer(r, &t));
	if (!uuid_is_nil(t.to.id) && !str_ieq(req_header(r, "x-upsert"), S("true")))
		return err_duplicate;
	u = (struct storage_upload){ .place = t.to,
				     .bucket = t.bucket,
				     .name = t.in.destinationKey,
				     .mime = t.from.mime,
				     .cache = t.from.cache,
				     .user_metadata = t.from.user_metadata };
	TRY(copy_bytes(r, &t.from, &u));
	TRY(storage_put(r, &u, &t.caller));
	return storage_reply_uploaded(r, &u);
}

#define B "/storage/v1/bucket"
#define O "/storage/v1/object"

const struct route compat_bucket_routes[] = {
	{ GET, B, list_buckets, "buckets; none without the service key", .auth = AUTH_KEY,
	  .query = bucket_query_fields },
	{ POST, B, create_bucket, "make a bucket", .auth = AUTH_KEY, .body = bucket_form_fields,
	  .out = bucket_name_fields },
	{ GET, B "/:id", get_bucket, "a bucket", .auth = AUTH_KEY, .out = bucket_fields },
	{ PUT, B "/:id", update_bucket, "change a bucket", .auth = AUTH_KEY,
	  .body = bucket_form_fields, .out = message_fields },
	{ DELETE, B "/:id", delete_bucket, "remove an empty bucket", .auth = AUTH_KEY,
	  .out = message_fields },
	{ POST, B "/:id/empty", empty_bucket, "remove everything in a bucket", .auth = AUTH_KEY,
	  .deadline = 60 * SECOND, .out = message_fields },
	{ POST, O "/move", move_object, "give an object another name", .auth = AUTH_KEY,
	  .body = place_form_fields, .out = message_fields },
	{ POST, O "/copy", copy_object, "copy an object", .auth = AUTH_KEY,
	  .body = place_form_fields, .deadline = 60 * SECOND, .out = storage_uploaded_fields },
	{ 0 },
};
