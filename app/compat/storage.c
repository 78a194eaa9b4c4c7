/*
 * See storage.h. A project's policies cannot be taken over as they are; these are the ones its own examples
 * give: what is in a public bucket may be read by anybody, everything else by its owner, and people write
 * below a folder named after themselves.
 */
#include "app/compat/storage.h"

#include "app/auth/auth.h"
#include "app/compat/compat.h"
#include "app/compat/key.h"
#include "app/compat/storage.sql.h"
#include "app/media/media.h"
#include "lib/base/codec.h"

static const struct err_info infos[] = {
	{ 404, "Bucket not found", "Bucket not found", NULL },
	{ 404, "not_found", "Object not found", NULL },
	{ 403, "Unauthorized", "new row violates row-level security policy", NULL },
};
const err err_no_bucket = { &infos[0] };
const err err_no_object = { &infos[1] };
static const err err_not_yours = { &infos[2] };

enum { NAME_MAX_BYTES = 1024 };

err storage_caller_of(struct req *r, struct storage_caller *out)
{
	char *id = arena_alloc(r->arena, UUID_TEXT);

	*out = (struct storage_caller){ 0 };
	if (key_is_bearer(r, &out->is_service))
		return OK;
	TRY(auth_authenticate(r));
	uuid_format(r->user.id, id);
	out->user = (str){ id, UUID_TEXT };
	return OK;
}

static const struct field object_fields[] = {
	FIELD(struct storage_object, is_public),
	FIELD(struct storage_object, id),
	FIELD(struct storage_object, key),
	FIELD(struct storage_object, owner_id),
	FIELD(struct storage_object, size),
	FIELD(struct storage_object, mime),
	FIELD(struct storage_object, etag),
	FIELD(struct storage_object, cache),
	FIELD(struct storage_object, metadata),
	FIELD(struct storage_object, user_metadata),
	FIELD(struct storage_object, is_stored),
	FIELD(struct storage_object, created_at),
	FIELD(struct storage_object, updated_at),
	FIELD(struct storage_object, last_accessed_at),
	FIELD(struct storage_object, size_limit),
	FIELD(struct storage_object, mimes),
	{ 0 },
};

/* A path of something: no control characters, no empty end. */
static bool is_name(str name)
{
	for (size_t i = 0; i < name.n; i++)
		if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
			return false;
	return name.n > 0 && name.n <= NAME_MAX_BYTES && name.p[0] != '/'
		&& name.p[name.n - 1] != '/' && str_utf8_length(name) > 0;
}

err storage_find(struct req *r, str bucket, str name, struct storage_object *out)
{
	err e;

	if (!is_name(name))
		return req_fail(r, err_invalid, "Invalid key: %.*s",
				(int)(name.n < 200 ? name.n : 200), name.p ? name.p : "");
	e = db_one(r->db, &sql_storage_find, object_fields, out, ARG(bucket), ARG(name));
	return err_is(e, err_not_found) ? err_no_bucket : e;
}

static bool is_owner(const struct storage_object *o, const struct storage_caller *c)
{
	return c->is_service || (c->user.p && str_eq(o->owner_id, c->user));
}

err storage_may_read(const struct storage_object *o, const struct storage_caller *c)
{
	bool may = o->is_public || is_owner(o, c);

	return may && !uuid_is_nil(o->id) && o->is_stored ? OK : err_no_object;
}

err storage_may_write(const struct storage_object *o, str name, const struct storage_caller *c)
{
	str rest = name, folder = str_cut(&rest, '/');

	if (c->is_service)
		return OK;
	if (!uuid_is_nil(o->id))
		return is_owner(o, c) ? OK : err_not_yours;
	return c->user.p && rest.p && str_ieq(folder, c->user) ? OK : err_not_yours;
}

str storage_path(struct arena *a, str place)
{
	char *out = arena_alloc(a, PERCENT_MAX(place.n) + 1);
	size_t n = 0;

	while (place.p) {
		n += percent_encode(str_cut(&place, '/'), out + n);
		if (place.p)
			out[n++] = '/';
	}
	return (str){ out, n };
}

struct payload {
	str key;
};
static const struct field payload_fields[] = {
	FIELD(struct payload, key, .required = true),
	{ 0 },
};

err compat_delete_run(struct job *j)
{
	struct payload in = { 0 };

	TRY(fields_from_json(j->arena, j->payload.text, payload_fields, &in, NULL));
	return store_delete(media_store(j->app, MEDIA_IMAGES), in.key);
}
