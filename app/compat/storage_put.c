/* See storage.h: bytes into the store, and a row about them as the old server would write it. */
#include "app/compat/storage.h"

#include "app/compat/storage.sql.h"
#include "app/media/media.h"
#include "lib/base/codec.h"
#include "lib/base/crypt.h"

enum { MIME_MAX = 255 };

static const struct err_info infos[] = {
	{ 409, "Duplicate", "The resource already exists", NULL },
	{ 413, "Payload too large", "The object exceeded the maximum allowed size", NULL },
	{ 415, "invalid_mime_type", "mime type is not supported", NULL },
};
const err err_duplicate = { &infos[0] };
static const err err_too_big = { &infos[1] };
static const err err_mime = { &infos[2] };

err storage_add_piece(struct storage_upload *u, str piece)
{
	TRY(spool_write(u->spool, piece.p, piece.n));
	if (u->place.size_limit && spool_size(u->spool) > u->place.size_limit)
		return err_too_big;
	return OK;
}

/* Without parameters: "text/plain;charset=UTF-8" is text/plain. */
static bool takes_mime(const struct storage_object *o, str mime)
{
	str kind = str_trim(str_cut(&mime, ';'));

	for (size_t i = 0; i < o->mimes.n; i++) {
		str allowed = o->mimes.v[i];

		if (str_ieq(allowed, kind) || str_eq(allowed, S("*/*")))
			return true;
		if (str_ends(allowed, S("/*")) && kind.n >= allowed.n - 1
		    && str_ieq(str_slice(kind, 0, allowed.n - 1),
			       str_slice(allowed, 0, allowed.n - 1)))
			return true;
	}
	return o->mimes.n == 0;
}

/* What the old server keeps with an object, so that it could take this one over. */
struct metadata {
	str eTag;
	int64_t size;
	str mimetype, cacheControl;
	usec lastModified;
	int64_t contentLength;
	int32_t httpStatusCode;
};
static const struct field metadata_fields[] = {
	FIELD(struct metadata, eTag),		FIELD(struct metadata, size),
	FIELD(struct metadata, mimetype),	FIELD(struct metadata, cacheControl),
	FIELD(struct metadata, lastModified),	FIELD(struct metadata, contentLength),
	FIELD(struct metadata, httpStatusCode), { 0 },
};

static struct json metadata_of(struct req *r, const struct storage_upload *u, str etag)
{
	int64_t size = spool_size(u->spool);
	struct metadata m = { arena_printf(r->arena, "\"%.*s\"", (int)etag.n, etag.p),
			      size,
			      u->mime,
			      u->cache,
			      time_now(),
			      size,
			      200 };
	struct json_writer w;

	json_init(&w, r->arena, 512);
	json_record(&w, metadata_fields, &m);
	return (struct json){ json_text(&w) };
}

struct stored {
	uuid id;
};
static const struct field stored_fields[] = {
	FIELD(struct stored, id),
	{ 0 },
};

static str key_of(struct req *r, uuid id)
{
	char text[UUID_TEXT];

	uuid_format(id, text);
	return arena_printf(r->arena, "storage/%.2s/%.36s", text, text);
}

/* Bytes first: a row without them would be an object that cannot be read. */
static err add_object(struct req *r, struct storage_upload *u, const struct storage_caller *c,
		      str etag)
{
	struct store *store = media_store(r->app, MEDIA_IMAGES);
	struct json metadata = metadata_of(r, u, etag);
	int64_t size = spool_size(u->spool);
	struct stored row;
	err e;

	u->place.id = uuid_random();
	TRY(store_put(store, u->spool, key_of(r, u->place.id), u->mime));
	e = db_one(r->db, &sql_storage_add, stored_fields, &row, ARG(u->place.id), ARG(u->bucket),
		   ARG(u->name), ARG(c->user), ARG(size), ARG(u->mime), ARG(etag), ARG(metadata),
		   ARG(u->user_metadata));
	if (!e.info)
		return OK;
	TRY(store_delete(store, key_of(r, u->place.id)));
	return err_is(e, err_not_found) ? err_duplicate : e;
}

static err replace_object(struct req *r, struct storage_upload *u, str etag)
{
	struct json metadata = metadata_of(r, u, etag);
	int64_t size = spool_size(u->spool);

	TRY(store_put(media_store(r->app, MEDIA_IMAGES), u->spool, u->place.key, u->mime));
	return db_some(r->db, &sql_storage_replace, ARG(u->place.id), ARG(size), ARG(u->mime),
		       ARG(etag), ARG(metadata), ARG(u->user_metadata));
}

struct digest {
	int fd;
	uint8_t md5[MD5_BYTES];
	bool done;
};

static void run_digest(void *arg)
{
	struct digest *d = arg;

	d->done = md5_file(d->fd, d->md5);
}

/* The MD5 of the content, as the old server has it. */
static err etag_of(struct req *r, struct spool *spool, str *out)
{
	struct digest d = { 0 };
	char *hex = arena_alloc(r->arena, HEX_LENGTH(MD5_BYTES));

	TRY(spool_flush(spool, &d.fd));
	TRY(offload_run(r->app->offload, run_digest, &d));
	if (!d.done)
		return err_io;
	*out = (str){ hex, hex_encode(d.md5, MD5_BYTES, hex) };
	return OK;
}

err storage_put(struct req *r, struct storage_upload *u, const struct storage_caller *c)
{
	str etag;

	if (str_empty(u->mime) || u->mime.n > MIME_MAX)
		u->mime = S("application/octet-stream");
	if (str_empty(u->cache))
		u->cache = S("no-cache");
	if (!takes_mime(&u->place, u->mime))
		return err_mime;
	TRY(etag_of(r, u->spool, &etag));
	return uuid_is_nil(u->place.id) ? add_object(r, u, c, etag) : replace_object(r, u, etag);
}

const struct field storage_uploaded_fields[] = {
	FIELD(struct storage_uploaded, Key),
	FIELD(struct storage_uploaded, Id),
	{ 0 },
};

err storage_reply_uploaded(struct req *r, const struct storage_upload *u)
{
	return reply(r,
		     &(struct storage_uploaded){ arena_printf(r->arena, "%.*s/%.*s",
							      (int)u->bucket.n, u->bucket.p,
							      (int)u->name.n, u->name.p),
						 u->place.id });
}
