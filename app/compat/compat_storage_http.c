/* Supabase Storage: reading objects, signed addresses, lists, removal. Uploads are in compat_upload_http.c. */
#include "app/compat/compat_http.h"
#include "app/compat/storage.h"

#include "app/compat/storage.sql.h"
#include "app/media/media.h"
#include "lib/base/codec.h"
#include "lib/web/token.h"

#include <string.h>

enum { NAMES_MAX = 1000, LIST_USUAL = 100, LIST_MAX = 1000 };

static const struct err_info infos[] = {
	{ 400, "InvalidJWT", "The signed address is not valid, or has expired", NULL },
};
static const err err_signature = { &infos[0] };

/* ---- reading ---- */

struct read_query {
	str download, token;
};
static const struct field read_query_fields[] = {
	FIELD(struct read_query, download, .max = 512),
	FIELD(struct read_query, token, .max = 8192),
	{ 0 },
};

/* RFC 6266 with RFC 5987: any name, in ASCII. */
static void as_download(struct req *r, str name, str as)
{
	ptrdiff_t slash = -1;
	char *text;

	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '/')
			slash = (ptrdiff_t)i;
	if (str_empty(as))
		as = str_slice(name, (size_t)(slash + 1), name.n);
	text = arena_alloc(r->arena, PERCENT_MAX(as.n) + 1);
	reply_header(r, "Content-Disposition",
		     arena_printf(r->arena, "attachment; filename*=UTF-8''%.*s",
				  (int)percent_encode(as, text), text));
}

static err send(struct req *r, const struct storage_object *o, str name)
{
	const char *mime = o->mime.p ? arena_cstr(r->arena, o->mime) : "application/octet-stream";
	struct read_query q;
	struct present set;

	TRY(fields_from_pairs(r->arena, r->query, r->nquery, read_query_fields,
			      memset(&q, 0, sizeof q), &set));
	if (present_has(&set, read_query_fields, "download"))
		as_download(r, name, q.download);
	return media_reply(r, MEDIA_IMAGES, o->key, mime, o->cache);
}

static err find(struct req *r, struct storage_object *out)
{
	return storage_find(r, req_param(r, "bucket"), req_param(r, "name"), out);
}

static err read_public(struct req *r)
{
	struct storage_object o;

	TRY(find(r, &o));
	if (!o.is_public)
		return err_no_bucket;
	TRY(storage_may_read(&o, &(struct storage_caller){ 0 }));
	return send(r, &o, req_param(r, "name"));
}

static err read_own(struct req *r)
{
	struct storage_caller caller;
	struct storage_object o;

	TRY(storage_caller_of(r, &caller));
	TRY(find(r, &o));
	TRY(storage_may_read(&o, &caller));
	return send(r, &o, req_param(r, "name"));
}

struct info {
	uuid id;
	str name, bucket_id, version;
	int64_t size;
	str content_type, cache_control, etag;
	struct json metadata;
	usec last_modified, created_at;
};
static const struct field info_fields[] = {
	FIELD(struct info, id),
	FIELD(struct info, name),
	FIELD(struct info, bucket_id),
	FIELD(struct info, version),
	FIELD(struct info, size),
	FIELD(struct info, content_type),
	FIELD(struct info, cache_control),
	FIELD(struct info, etag),
	FIELD(struct info, metadata),
	FIELD(struct info, last_modified),
	FIELD(struct info, created_at),
	{ 0 },
};

static err get_info(struct req *r)
{
	struct storage_caller caller;
	struct storage_object o;

	TRY(storage_caller_of(r, &caller));
	TRY(find(r, &o));
	TRY(storage_may_read(&o, &caller));
	return reply(r,
		     &(struct info){
			     .id = o.id,
			     .name = req_param(r, "name"),
			     .bucket_id = req_param(r, "bucket"),
			     .size = o.size,
			     .content_type = o.mime,
			     .cache_control = o.cache,
			     .etag = o.etag,
			     .metadata = o.user_metadata,
			     .last_modified = o.updated_at,
			     .created_at = o.created_at,
		     });
}

/* ---- signed addresses ---- */

struct sign_form {
	int64_t expiresIn;
	struct strs paths;
};
static const struct field sign_form_fields[] = {
	FIELD(struct sign_form, expiresIn, .required = true, .has_range = true, .min = 1,
	      .max = 315360000),
	FIELD(struct sign_form, paths, .max = NAMES_MAX),
	{ 0 },
};

struct signature {
	str url;
	int64_t iat, exp;
	str scope;
};
static const struct field signature_fields[] = {
	FIELD(struct signature, url),
	FIELD(struct signature, iat),
	FIELD(struct signature, exp),
	FIELD(struct signature, scope, .omit_absent = true),
	{ 0 },
};

/* "bucket/name", as the token binds it. */
static str place(struct req *r, str bucket, str name)
{
	return arena_printf(r->arena, "%.*s/%.*s", (int)bucket.n, bucket.p, (int)name.n, name.p);
}

/* The client encodes the address, so it must not be encoded yet. */
static str sign_address(struct req *r, str bucket, str name, int64_t seconds)
{
	int64_t now = time_now().us / SECOND;
	struct signature claims = { place(r, bucket, name), now, now + seconds, S("download") };
	str token;
	struct json_writer w;

	json_init(&w, r->arena, 256);
	json_record(&w, signature_fields, &claims);
	token = token_sign(r->arena, r->app->jwt_secret, json_text(&w));
	return arena_printf(r->arena, "/object/sign/%.*s?token=%.*s", (int)claims.url.n,
			    claims.url.p, (int)token.n, token.p);
}

struct signed_one {
	str signedURL;
};
static const struct field signed_one_fields[] = {
	FIELD(struct signed_one, signedURL),
	{ 0 },
};

static err sign_one(struct req *r)
{
	str bucket = req_param(r, "bucket"), name = req_param(r, "name");
	struct storage_caller caller;
	struct storage_object o;
	struct sign_form in;

	TRY(storage_caller_of(r, &caller));
	TRY(req_body(r, &in, NULL));
	TRY(storage_find(r, bucket, name, &o));
	TRY(storage_may_read(&o, &caller));
	return reply(r, &(struct signed_one){ sign_address(r, bucket, name, in.expiresIn) });
}

struct signed_many {
	str error, path, signedURL;
};
static const struct field signed_many_fields[] = {
	FIELD(struct signed_many, error),
	FIELD(struct signed_many, path),
	FIELD(struct signed_many, signedURL),
	{ 0 },
};

static err reply_list(struct req *r, const struct field *fields, const struct list *list)
{
	struct json_writer w;

	json_init(&w, r->arena, 4096);
	json_records(&w, fields, list);
	return reply_text(r, 200, "application/json; charset=utf-8", json_text(&w));
}

static err sign_many(struct req *r)
{
	str bucket = req_param(r, "bucket");
	struct storage_caller caller;
	struct signed_many *out;
	struct sign_form in;

	TRY(storage_caller_of(r, &caller));
	TRY(req_body(r, &in, NULL));
	out = arena_zalloc(r->arena, (in.paths.n + 1) * sizeof *out);
	for (size_t i = 0; i < in.paths.n; i++) {
		struct storage_object o;
		err e = storage_find(r, bucket, in.paths.v[i], &o);

		if (!e.info)
			e = storage_may_read(&o, &caller);
		out[i].path = in.paths.v[i];
		if (!e.info)
			out[i].signedURL = sign_address(r, bucket, in.paths.v[i], in.expiresIn);
		else if (e.info->status < 500)
			out[i].error = S("Either the object does not exist or you do not have "
					 "access to it");
		else
			return e;
	}
	return reply_list(r, signed_many_fields, &(struct list){ out, in.paths.n, sizeof *out });
}

/* Tokens of before have no scope; one for an upload opens nothing here. */
static err check_signature(struct req *r, str token)
{
	str here = place(r, req_param(r, "bucket"), req_param(r, "name")), json;
	struct signature s = { 0 };

	if (!token_open(r->arena, r->app->jwt_secret, token, time_now(), &json)
	    || fields_from_json(r->arena, json, signature_fields, &s, NULL).info)
		return err_signature;
	if (!str_eq(s.url, here) || !s.exp || (s.scope.p && !str_eq(s.scope, S("download"))))
		return err_signature;
	return OK;
}

static err read_signed(struct req *r)
{
	struct storage_object o;
	struct read_query q;

	TRY(req_query(r, &q, NULL));
	TRY(check_signature(r, q.token));
	TRY(find(r, &o));
	TRY(storage_may_read(&o, &(struct storage_caller){ .is_service = true }));
	return send(r, &o, req_param(r, "name"));
}

/* ---- POST /object/list/:bucket ---- */

struct sort_by {
	str column, order;
};
static const struct field sort_by_fields[] = {
	FIELD(struct sort_by, column, .one_of = "name|created_at|updated_at|last_accessed_at"),
	FIELD(struct sort_by, order, .one_of = "asc|desc"),
	{ 0 },
};

struct list_form {
	str prefix, search;
	int32_t limit, offset;
	struct sort_by sortBy;
};
static const struct field list_form_fields[] = {
	FIELD(struct list_form, prefix, .keep_space = true, .max = 1024),
	FIELD(struct list_form, search, .max = 200),
	FIELD(struct list_form, limit, .has_range = true, .min = 0, .max = LIST_MAX),
	FIELD(struct list_form, offset, .has_range = true, .min = 0, .max = 1000000),
	FIELD(struct list_form, sortBy, .of = sort_by_fields),
	{ 0 },
};

struct entry {
	str name;
	uuid id;
	usec updated_at, created_at, last_accessed_at;
	struct json metadata;
};
static const struct field entry_fields[] = {
	FIELD(struct entry, name),
	FIELD(struct entry, id),
	FIELD(struct entry, updated_at),
	FIELD(struct entry, created_at),
	FIELD(struct entry, last_accessed_at),
	FIELD(struct entry, metadata),
	{ 0 },
};

static str as_folder(struct arena *a, str prefix)
{
	if (str_empty(prefix) || str_ends(prefix, S("/")))
		return prefix.p ? prefix : S("");
	return arena_printf(a, "%.*s/", (int)prefix.n, prefix.p);
}

/* Nobody sees nothing, as under policies: an empty list is no error. */
static err list_objects(struct req *r)
{
	struct storage_caller caller;
	struct list_form in;
	struct list out;
	str owner;

	TRY(storage_caller_of(r, &caller));
	TRY(req_body(r, &in, NULL));
	owner = caller.is_service ? (str){ 0 } : caller.user.p ? caller.user : S("-");
	TRY(db_list(r->db, &sql_storage_list, entry_fields, sizeof(struct entry), &out,
		    ARG(req_param(r, "bucket")), ARG(as_folder(r->arena, in.prefix)),
		    ARG(str_empty(in.search) ? (str){ 0 } : in.search), ARG(owner),
		    ARG(in.limit ? in.limit : (int32_t)LIST_USUAL), ARG(in.offset),
		    ARG(in.sortBy.column), ARG((bool)str_eq(in.sortBy.order, S("desc")))));
	return reply_list(r, entry_fields, &out);
}

/* ---- DELETE /object/:bucket ---- */

struct remove_form {
	struct strs prefixes;
};
static const struct field remove_form_fields[] = {
	FIELD(struct remove_form, prefixes, .required = true, .max = NAMES_MAX),
	{ 0 },
};

struct removed {
	uuid id;
	str name, key;
	struct json metadata;
	usec created_at, updated_at, last_accessed_at;
};
static const struct field removed_fields[] = {
	FIELD(struct removed, id),
	FIELD(struct removed, name),
	FIELD(struct removed, key, .hidden = true),
	FIELD(struct removed, metadata),
	FIELD(struct removed, created_at),
	FIELD(struct removed, updated_at),
	FIELD(struct removed, last_accessed_at),
	{ 0 },
};

/* Rows first: bytes without a row harm nobody. */
static err remove_names(struct req *r, struct strs names, struct list *out)
{
	struct storage_caller caller;
	str owner;

	TRY(storage_caller_of(r, &caller));
	owner = caller.is_service ? (str){ 0 } : caller.user.p ? caller.user : S("-");
	TRY(db_list(r->db, &sql_storage_remove, removed_fields, sizeof(struct removed), out,
		    ARG(req_param(r, "bucket")), ARG(names), ARG(owner)));
	for (size_t i = 0; i < out->n; i++)
		TRY(store_delete(media_store(r->app, MEDIA_IMAGES),
				 ((struct removed *)out->v)[i].key));
	return OK;
}

static err remove_many(struct req *r)
{
	struct remove_form in;
	struct list out;

	TRY(req_body(r, &in, NULL));
	TRY(remove_names(r, in.prefixes, &out));
	return reply_list(r, removed_fields, &out);
}

static err remove_one(struct req *r)
{
	str name = req_param(r, "name");
	struct list out;

	TRY(remove_names(r, (struct strs){ &name, 1 }, &out));
	return out.n ? reply_message(r, "Successfully deleted") : err_no_object;
}

#define O "/storage/v1/object"
#define I "/storage/v1/render/image"

/* Pictures in another size come as they are: an app shows them smaller by itself. */
const struct route compat_storage_routes[] = {
	{ GET, I "/public/:bucket/*name", read_public, "a picture of a public bucket, as it is",
	  .auth = AUTH_NONE },
	{ GET, I "/authenticated/:bucket/*name", read_own, "a picture, as it is",
	  .auth = AUTH_KEY },
	{ GET, I "/sign/:bucket/*name", read_signed, "a picture by a signed address, as it is",
	  .auth = AUTH_NONE, .query = read_query_fields },
	{ GET, O "/public/:bucket/*name", read_public, "an object of a public bucket",
	  .auth = AUTH_NONE },
	{ GET, O "/authenticated/:bucket/*name", read_own, "an object", .auth = AUTH_KEY },
	{ GET, O "/:bucket/*name", read_own, "an object", .auth = AUTH_KEY },
	{ GET, O "/info/:bucket/*name", get_info, "what is known of an object", .auth = AUTH_KEY,
	  .out = info_fields },
	{ POST, O "/sign/:bucket/*name", sign_one, "an address that is good for a while",
	  .auth = AUTH_KEY, .body = sign_form_fields, .out = signed_one_fields },
	{ POST, O "/sign/:bucket", sign_many, "many such addresses", .auth = AUTH_KEY,
	  .body = sign_form_fields },
	{ GET, O "/sign/:bucket/*name", read_signed, "an object by such an address",
	  .auth = AUTH_NONE, .query = read_query_fields },
	{ POST, O "/list/:bucket", list_objects, "what is below a prefix", .auth = AUTH_KEY,
	  .body = list_form_fields },
	{ DELETE, O "/:bucket", remove_many, "remove objects", .auth = AUTH_KEY,
	  .body = remove_form_fields },
	{ DELETE, O "/:bucket/*name", remove_one, "remove an object", .auth = AUTH_KEY,
	  .out = message_fields },
	{ 0 },
};
