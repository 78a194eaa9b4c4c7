/* Supabase Storage: uploads, as a form with one file or as the bare bytes, by whoever may or with a signed address. */
#include "app/compat/compat_http.h"
#include "app/compat/storage.h"

#include "app/media/media.h"
#include "lib/base/codec.h"
#include "lib/web/multipart.h"
#include "lib/web/token.h"

enum {
	PIECE = 16 * 1024,
	FIELD_MAX = 1024,
	METADATA_MAX = 16 * 1024,
	SIGNED_SECONDS = 7200 /* as there */
};

#define UPLOAD_MAX ((size_t)50 << 20) /* as a project has it unless told otherwise */

static const struct rate rate_upload = { "compat_upload", 60.0 / 3600, 60 };

static const struct err_info infos[] = {
	{ 400, "InvalidSignature", "The signed address is not valid, or has expired", NULL },
	{ 501, "NotImplemented",
	  "Resumable uploads are not supported by this server: send the file in one request",
	  NULL },
};
static const err err_signature = { &infos[0] };
static const err err_resumable = { &infos[1] };

/* ---- what is sent ---- */

static err read_bare(struct req *r, struct storage_upload *u)
{
	char *buf = arena_alloc(r->arena, PIECE);
	size_t got;

	u->mime = req_header(r, "Content-Type");
	for (;;) {
		TRY(req_read(r, buf, PIECE, &got));
		if (!got)
			return OK;
		TRY(storage_add_piece(u, (str){ buf, got }));
	}
}

static err read_part(struct multipart *m, const struct part *part, struct storage_upload *u)
{
	str piece;

	u->mime = part->mime;
	for (;;) {
		TRY(multipart_piece(m, &piece));
		if (str_empty(piece))
			return OK;
		TRY(storage_add_piece(u, piece));
	}
}

/* What the app keeps with its file: an object. */
static err take_metadata(struct req *r, struct storage_upload *u, str text)
{
	static const struct field none[] = { { 0 } };

	if (fields_from_json(r->arena, text, none, NULL, NULL).info)
		return req_fail(r, err_invalid, "metadata must be a JSON object");
	u->user_metadata = (struct json){ arena_copy(r->arena, text) };
	return OK;
}

static err read_field(struct req *r, struct multipart *m, const struct part *part,
		      struct storage_upload *u)
{
	str text;

	if (str_eq(part->name, S("cacheControl"))) {
		TRY(multipart_text(m, FIELD_MAX, &text));
		u->cache = arena_printf(r->arena, "max-age=%.*s", (int)text.n, text.p);
	} else if (str_eq(part->name, S("metadata"))) {
		TRY(multipart_text(m, METADATA_MAX, &text));
		return take_metadata(r, u, text);
	}
	return OK;
}

/* The file is in the field without a name. */
static err read_form(struct req *r, struct storage_upload *u)
{
	struct multipart *m;
	bool more, found = false;
	struct part part;

	TRY(multipart_open(r, &m));
	for (;;) {
		TRY(multipart_next(m, &part, &more));
		if (!more)
			return found ? OK : req_fail(r, err_invalid, "the form has no file");
		if (part.filename.p || str_empty(part.name)) {
			TRY(read_part(m, &part, u));
			found = true;
		} else {
			TRY(read_field(r, m, &part, u));
		}
	}
}

static err metadata_header(struct req *r, struct storage_upload *u)
{
	str coded = req_header(r, "x-metadata");
	char *text;
	size_t n;

	if (str_empty(coded))
		return OK;
	text = arena_alloc(r->arena, DECODED_MAX(coded.n));
	if (!base64_decode(coded, text, &n))
		return req_fail(r, err_invalid, "x-metadata must be base64");
	return take_metadata(r, u, (str){ text, n });
}

static err read_upload(struct req *r, struct storage_upload *u)
{
	str type = req_header(r, "Content-Type");

	u->cache = req_header(r, "Cache-Control");
	TRY(metadata_header(r, u));
	TRY(spool_open(media_store(r->app, MEDIA_IMAGES), r->arena, &u->spool));
	return str_starts(arena_lower(r->arena, type), S("multipart/form-data")) ? read_form(r, u)
										 : read_bare(r, u);
}

/* ---- POST and PUT /object/:bucket/NAME ---- */

static err receive(struct req *r, const struct storage_caller *c, bool replaces, bool must_be_there)
{
	struct storage_upload u = { .bucket = req_param(r, "bucket"),
				    .name = req_param(r, "name") };
	bool is_there;

	TRY(storage_find(r, u.bucket, u.name, &u.place));
	is_there = !uuid_is_nil(u.place.id);
	TRY(storage_may_write(&u.place, u.name, c));
	if (is_there && !replaces)
		return err_duplicate;
	if (!is_there && must_be_there)
		return err_no_object;
	TRY(read_upload(r, &u));
	TRY(storage_put(r, &u, c));
	return storage_reply_uploaded(r, &u);
}

static bool wants_upsert(struct req *r)
{
	return str_ieq(req_header(r, "x-upsert"), S("true"));
}

static err upload(struct req *r)
{
	struct storage_caller caller;

	TRY(storage_caller_of(r, &caller));
	TRY(req_limit(r, caller.is_service ? NULL : &rate_upload,
		      caller.user.p ? caller.user : r->client));
	return receive(r, &caller, r->method == PUT || wants_upsert(r), r->method == PUT);
}

/* ---- signed uploads: /object/upload/sign/:bucket/NAME ---- */

struct ticket {
	str owner, url, scope;
	bool upsert;
	int64_t iat, exp;
};
static const struct field ticket_fields[] = {
	FIELD(struct ticket, owner),
	FIELD(struct ticket, url),
	FIELD(struct ticket, scope),
	FIELD(struct ticket, upsert),
	FIELD(struct ticket, iat),
	FIELD(struct ticket, exp),
	{ 0 },
};

/* "bucket/name" of the address. */
static str place_of(struct req *r)
{
	str bucket = req_param(r, "bucket"), name = req_param(r, "name");

	return arena_printf(r->arena, "%.*s/%.*s", (int)bucket.n, bucket.p, (int)name.n, name.p);
}

/* Whether the caller may is settled here, for whoever comes with it. */
static str sign(struct req *r, const struct storage_caller *c)
{
	int64_t now = time_now().us / SECOND;
	struct ticket t = { c->user,	     place_of(r), S("upload"),
			    wants_upsert(r), now,	  now + SIGNED_SECONDS };
	struct json_writer w;

	json_init(&w, r->arena, 256);
	json_record(&w, ticket_fields, &t);
	return token_sign(r->arena, r->app->jwt_secret, json_text(&w));
}

struct signed_upload {
	str url, token;
};
static const struct field signed_upload_fields[] = {
	FIELD(struct signed_upload, url),
	FIELD(struct signed_upload, token),
	{ 0 },
};

static err sign_upload(struct req *r)
{
	str bucket = req_param(r, "bucket"), name = req_param(r, "name"), way, token;
	struct storage_caller caller;
	struct storage_object place;

	TRY(storage_caller_of(r, &caller));
	TRY(storage_find(r, bucket, name, &place));
	TRY(storage_may_write(&place, name, &caller));
	if (!uuid_is_nil(place.id) && !wants_upsert(r))
		return err_duplicate;
	token = sign(r, &caller);
	way = storage_path(r->arena, place_of(r));
	return reply(r,
		     &(struct signed_upload){
			     arena_printf(r->arena, "/object/upload/sign/%.*s?token=%.*s",
					  (int)way.n, way.p, (int)token.n, token.p),
			     token });
}

struct signed_query {
	str token;
};
static const struct field signed_query_fields[] = {
	FIELD(struct signed_query, token, .required = true, .max = 8192),
	{ 0 },
};

static err signed_put(struct req *r)
{
	struct signed_query q;
	struct ticket t = { 0 };
	str json;

	TRY(req_query(r, &q, NULL));
	if (!token_open(r->arena, r->app->jwt_secret, q.token, time_now(), &json)
	    || fields_from_json(r->arena, json, ticket_fields, &t, NULL).info || !t.exp
	    || !str_eq(t.scope, S("upload")) || !str_eq(t.url, place_of(r)))
		return err_signature;
	TRY(req_limit(r, t.owner.p ? &rate_upload : NULL, t.owner));
	return receive(r, &(struct storage_caller){ .is_service = true, .user = t.owner }, t.upsert,
		       false);
}

/* ---- /upload/resumable ---- */

/* A client of that protocol (tus.io) gives up and says why. */
static err resumable(struct req *r)
{
	(void)r;
	return err_resumable;
}

#define O      "/storage/v1/object"
#define STREAM .body_kind = BODY_STREAM, .body_max = UPLOAD_MAX, .deadline = 300 * SECOND
#define RESUME "/storage/v1/upload/resumable"

const struct route compat_upload_routes[] = {
	{ POST, O "/:bucket/*name", upload, "store an object", .auth = AUTH_KEY, STREAM,
	  .out = storage_uploaded_fields },
	{ PUT, O "/:bucket/*name", upload, "replace an object", .auth = AUTH_KEY, STREAM,
	  .out = storage_uploaded_fields },
	{ POST, O "/upload/sign/:bucket/*name", sign_upload,
	  "an address that takes one upload for two hours", .auth = AUTH_KEY,
	  .out = signed_upload_fields },
	{ PUT, O "/upload/sign/:bucket/*name", signed_put, "store an object by such an address",
	  .auth = AUTH_NONE, .query = signed_query_fields, STREAM, .out = storage_uploaded_fields },
	{ POST, RESUME, resumable, "resumable uploads: not here", .auth = AUTH_KEY,
	  .errors = "501" },
	{ POST, RESUME "/sign", resumable, "the same with a signed address", .auth = AUTH_NONE,
	  .errors = "501" },
	{ 0 },
};
