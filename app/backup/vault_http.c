/* The vault: keys locked with a passphrase, without which the client does not start its chat. */
#include "app/backup/backup.h"

#include "app/backup/backup.sql.h"
#include "lib/base/codec.h"
#include "lib/db/db.h"
#include "lib/web/req.h"

enum { PAYLOAD_MAX = 1 << 20, SHORT_MAX = 1024 };

/* Whoever has a token but no passphrase may not take the ciphertext home again and again to guess. */
static const struct rate rate_open = { "vault_open", 10.0 / 3600, 10 };
static const struct rate rate_store = { "vault_store", 30.0 / 3600, 30 };

static const struct err_info info_none = { 404, "not_found", "no backup", NULL };
static const struct err_info info_changed = { 409, "vault_changed",
					      "another device has stored a newer version", NULL };

struct vault_status {
	bool has_backup;
};
static const struct field vault_status_fields[] = {
	FIELD(struct vault_status, has_backup, .required = true),
	{ 0 },
};

static err get_status(struct req *r)
{
	struct vault_status out;

	TRY(db_one(r->db, &sql_vault_status, vault_status_fields, &out, ARG(r->user.id)));
	return reply(r, &out);
}

struct vault_form {
	str salt, iv, payload, pub, backup_type;
	int32_t if_version;
};
static const struct field vault_form_fields[] = {
	FIELD(struct vault_form, salt, .required = true, .min = 1, .max = SHORT_MAX),
	FIELD(struct vault_form, iv, .required = true, .min = 1, .max = SHORT_MAX),
	FIELD(struct vault_form, payload, .required = true, .min = 1, .max = PAYLOAD_MAX),
	FIELD(struct vault_form, pub, .required = true, .min = 1, .max = SHORT_MAX),
	FIELD(struct vault_form, backup_type, .one_of = "passphrase|recovery_key",
	      .help = "default passphrase"),
	FIELD(struct vault_form, if_version, .has_range = true, .min = 0, .max = INT32_MAX,
	      .help = "only if this is what is stored; 0: only if nothing is"),
	{ 0 },
};

static bool is_base64(struct arena *a, str text)
{
	size_t n;

	return base64_decode(text, arena_alloc(a, DECODED_MAX(text.n)), &n);
}

struct stored {
	str status;
	int32_t version;
};
static const struct field stored_fields[] = {
	FIELD(struct stored, status),
	FIELD(struct stored, version),
	{ 0 },
};
static const struct field version_fields[] = {
	FIELD(struct stored, version),
	{ 0 },
};

static err store(struct req *r)
{
	struct stored out = { 0 };
	struct present present;
	struct vault_form in;
	err e;

	TRY(req_body(r, &in, &present));
	if (!is_base64(r->arena, in.salt) || !is_base64(r->arena, in.iv)
	    || !is_base64(r->arena, in.payload))
		return req_fail(r, err_invalid, "salt, iv and payload must be base64");
	bool expects = present_has(&present, vault_form_fields, "if_version");
	e = db_one(r->db, &sql_vault_put, version_fields, &out, ARG(r->user.id),
		   ARG(in.backup_type.p ? in.backup_type : S("passphrase")), ARG(in.salt),
		   ARG(in.iv), ARG(in.payload), ARG(in.pub), arg_when(expects, ARG(in.if_version)));
	if (err_is(e, err_not_found))
		return (err){ &info_changed };
	TRY(e);
	out.status = S("backup_stored");
	return reply(r, &out);
}

struct vault {
	str salt, iv, payload, pub, backup_type;
	int32_t version;
	usec updated_at;
};
static const struct field vault_fields[] = {
	FIELD(struct vault, salt, .required = true),
	FIELD(struct vault, iv, .required = true),
	FIELD(struct vault, payload, .required = true),
	FIELD(struct vault, pub, .required = true),
	FIELD(struct vault, backup_type),
	FIELD(struct vault, version),
	FIELD(struct vault, updated_at),
	{ 0 },
};
struct vault_reply {
	struct vault backup;
};
static const struct field vault_reply_fields[] = {
	FIELD(struct vault_reply, backup, .of = vault_fields, .required = true),
	{ 0 },
};

struct vault_query {
	str type;
};
static const struct field vault_query_fields[] = {
	FIELD(struct vault_query, type, .one_of = "passphrase|recovery_key",
	      .help = "default: whichever there is"),
	{ 0 },
};

static err open_vault(struct req *r)
{
	struct vault_reply out;
	struct vault_query q;
	err e;

	TRY(req_query(r, &q, NULL));
	e = db_one(r->db, &sql_vault_get, vault_fields, &out.backup, ARG(r->user.id), ARG(q.type));
	if (err_is(e, err_not_found))
		return (err){ &info_none };
	TRY(e);
	reply_header(r, "Cache-Control", S("no-store"));
	return reply(r, &out);
}

static const struct field status_fields[] = {
	FIELD(struct stored, status),
	{ 0 },
};

static err delete_vault(struct req *r)
{
	TRY(db_exec(r->db, &sql_vault_delete, NULL, ARG(r->user.id)));
	return reply(r, &(struct stored){ .status = S("backup_deleted") });
}

#define V "/api/v1/capsule/escrow"

const struct route vault_routes[] = {
	{ GET, V "/status", get_status, "whether there is a vault of keys",
	  .out = vault_status_fields },
	{ POST, V "/backup", store, "store one's keys, locked", .rate = &rate_store,
	  .body = vault_form_fields, .out = stored_fields, .body_max = 1200 << 10,
	  .errors = "409" },
	{ GET, V "/backup", open_vault, "one's keys, locked", .rate = &rate_open,
	  .query = vault_query_fields, .out = vault_reply_fields, .errors = "404" },
	{ DELETE, V "/backup", delete_vault, "delete all vaults of one's keys",
	  .out = status_fields },
	{ 0 },
};
