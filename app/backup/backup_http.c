/* Encrypted backups of a client's data: the three newest of an account are kept. */
#include "app/backup/backup.h"

#include "app/backup/backup.sql.h"
#include "lib/db/db.h"
#include "lib/web/req.h"

enum { BLOB_MAX = 10 << 20, PART_MAX = 1024, BODY_MAX = 14 << 20 };

static const struct rate rate_upload = { "backup_upload", 12.0 / 3600, 12 };
static const struct rate rate_download = { "backup_download", 12.0 / 3600, 12 };

static const struct err_info info_none = { 404, "not_found", "no backup", NULL };
static const struct err_info info_password = { 400, "password_refused",
					       "a backup's password must not leave the device",
					       "backup_password" };

/* ---- upload ---- */

struct upload {
	struct bytes encrypted_blob, salt, nonce, mac;
	int32_t version;
	str device_name;
};
static const struct field upload_fields[] = {
	FIELD(struct upload, encrypted_blob, .required = true, .help = "at most 10 MiB"),
	FIELD(struct upload, salt, .required = true),
	FIELD(struct upload, nonce, .required = true),
	FIELD(struct upload, mac, .required = true),
	FIELD(struct upload, version, .has_range = true, .min = 0, .max = INT32_MAX),
	FIELD(struct upload, device_name, .max = 100),
	{ 0 },
};

struct uploaded {
	uuid backup_id;
	usec uploaded_at;
	int32_t size;
};
static const struct field uploaded_fields[] = {
	FIELD(struct uploaded, backup_id),
	FIELD(struct uploaded, uploaded_at),
	FIELD(struct uploaded, size),
	{ 0 },
};

static err check(struct req *r, const struct upload *in)
{
	if (in->encrypted_blob.n == 0)
		return req_fail(r, err_invalid, "encrypted_blob is empty");
	if (in->encrypted_blob.n > BLOB_MAX)
		return req_fail(r, err_too_large, "a backup has at most 10 MiB");
	if (in->salt.n > PART_MAX || in->nonce.n > PART_MAX || in->mac.n > PART_MAX)
		return req_fail(r, err_invalid, "salt, nonce and mac have at most 1024 bytes each");
	return OK;
}

static err upload(struct req *r)
{
	struct uploaded out;
	struct upload in;
	struct db *tx;

	TRY(req_body(r, &in, NULL));
	TRY(check(r, &in));
	TRY(db_begin(r->db, &tx));
	struct db_batch *b = db_batch(tx);
	db_batch_exec(b, &sql_backup_lock, NULL, ARG(r->user.id));
	db_batch_one(b, &sql_backup_insert, uploaded_fields, &out, ARG(r->user.id),
		     ARG(in.encrypted_blob), ARG(in.salt), ARG(in.nonce), ARG(in.mac),
		     ARG(in.version ? in.version : 1),
		     ARG(in.device_name.p ? in.device_name : S("")));
	db_batch_exec(b, &sql_backup_prune, NULL, ARG(r->user.id));
	TRY(db_batch_run(b));
	TRY(db_commit(tx));
	return reply(r, &out);
}

/* ---- download, list, delete ---- */

struct backup {
	struct bytes encrypted_blob, salt, nonce, mac;
	int32_t version;
	str device_name;
	usec created_at;
};
static const struct field backup_fields[] = {
	FIELD(struct backup, encrypted_blob, .required = true),
	FIELD(struct backup, salt, .required = true),
	FIELD(struct backup, nonce, .required = true),
	FIELD(struct backup, mac, .required = true),
	FIELD(struct backup, version, .required = true),
	FIELD(struct backup, device_name),
	FIELD(struct backup, created_at),
	{ 0 },
};

static err send_backup(struct req *r, uuid id)
{
	struct backup out;
	err e = db_one(r->db, &sql_backup_get, backup_fields, &out, ARG(r->user.id), ARG(id));

	if (err_is(e, err_not_found))
		return (err){ &info_none };
	TRY(e);
	reply_header(r, "Cache-Control", S("no-store"));
	return reply(r, &out);
}

static err download_newest(struct req *r)
{
	return send_backup(r, (uuid){ 0 });
}

static err download(struct req *r)
{
	uuid id;

	TRY(req_id(r, "backupId", &id));
	return uuid_is_nil(id) ? (err){ &info_none } : send_backup(r, id);
}

struct entry {
	uuid id, user_id;
	int32_t version;
	str device_name;
	int32_t size_bytes;
	usec created_at;
};
static const struct field entry_fields[] = {
	FIELD(struct entry, id),
	FIELD(struct entry, user_id),
	FIELD(struct entry, version),
	FIELD(struct entry, device_name),
	FIELD(struct entry, size_bytes),
	FIELD(struct entry, created_at),
	{ 0 },
};
struct entries {
	struct list backups;
};
static const struct field entries_fields[] = {
	FIELD(struct entries, backups, .of = entry_fields, .required = true),
	{ 0 },
};

static err list(struct req *r)
{
	struct entries out;

	TRY(db_list(r->db, &sql_backup_list, entry_fields, sizeof(struct entry), &out.backups,
		    ARG(r->user.id)));
	return reply(r, &out);
}

static err delete (struct req *r)
{
	uuid id;

	TRY(req_id(r, "backupId", &id));
	TRY(db_some(r->db, &sql_backup_delete, ARG(r->user.id), ARG(id)));
	return reply_message(r, "backup deleted");
}

/* ---- preferences ---- */

struct preferences {
	bool cloud_backup_enabled, auto_backup_enabled;
	int32_t backup_frequency_hours;
	usec last_backup_at;
};
static const struct field preferences_fields[] = {
	FIELD(struct preferences, cloud_backup_enabled),
	FIELD(struct preferences, auto_backup_enabled),
	FIELD(struct preferences, backup_frequency_hours),
	FIELD(struct preferences, last_backup_at),
	{ 0 },
};

static err get_preferences(struct req *r)
{
	struct preferences out;

	TRY(db_one(r->db, &sql_backup_preferences_get, preferences_fields, &out, ARG(r->user.id)));
	return reply(r, &out);
}

struct changes {
	bool cloud_backup_enabled, auto_backup_enabled;
	int32_t backup_frequency_hours;
	struct json backup_password;
};
static const struct field changes_fields[] = {
	FIELD(struct changes, cloud_backup_enabled),
	FIELD(struct changes, auto_backup_enabled),
	FIELD(struct changes, backup_frequency_hours, .has_range = true, .min = 1, .max = 8760),
	FIELD(struct changes, backup_password, .help = "refused: it must not leave the device"),
	{ 0 },
};

static err put_preferences(struct req *r)
{
	struct changes in;
	struct present p;

	TRY(req_body(r, &in, &p));
	if (present_has(&p, changes_fields, "backup_password"))
		return (err){ &info_password };
	TRY(db_exec(r->db, &sql_backup_preferences_put, NULL, ARG(r->user.id),
		    arg_when(present_has(&p, changes_fields, "cloud_backup_enabled"),
			     ARG(in.cloud_backup_enabled)),
		    arg_when(present_has(&p, changes_fields, "auto_backup_enabled"),
			     ARG(in.auto_backup_enabled)),
		    arg_when(present_has(&p, changes_fields, "backup_frequency_hours"),
			     ARG(in.backup_frequency_hours))));
	return reply_message(r, "preferences saved");
}

#define B "/api/v1/backup"

const struct route backup_routes[] = {
	{ POST, B "/upload", upload, "store an encrypted backup", .rate = &rate_upload,
	  .body = upload_fields, .out = uploaded_fields, .body_max = BODY_MAX,
	  .deadline = 60 * SECOND },
	{ GET, B "/download", download_newest, "the newest backup", .rate = &rate_download,
	  .out = backup_fields, .deadline = 60 * SECOND, .errors = "404" },
	{ GET, B "/download/:backupId", download, "a backup", .rate = &rate_download,
	  .out = backup_fields, .deadline = 60 * SECOND, .errors = "400 404" },
	{ GET, B "/list", list, "what backups there are", .out = entries_fields },
	{ DELETE, B "/:backupId", delete, "delete a backup", .out = message_fields,
	  .errors = "400 404" },
	{ GET, B "/preferences", get_preferences, "when backups are made",
	  .out = preferences_fields },
	{ PUT, B "/preferences", put_preferences, "change when backups are made",
	  .body = changes_fields, .out = message_fields },
	{ 0 },
};
