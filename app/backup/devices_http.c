/* The devices that somebody uses the app on, as they say themselves. */
#include "app/backup/backup.h"

#include "app/backup/backup.sql.h"
#include "app/events/events.h"
#include "lib/db/db.h"
#include "lib/web/req.h"

struct device {
	uuid id, user_id;
	str device_fingerprint, device_name, device_type;
	usec last_seen_at;
	bool is_active;
	usec created_at;
};
static const struct field device_fields[] = {
	FIELD(struct device, id),
	FIELD(struct device, user_id),
	FIELD(struct device, device_fingerprint),
	FIELD(struct device, device_name),
	FIELD(struct device, device_type, .one_of = "android|ios|web|desktop"),
	FIELD(struct device, last_seen_at),
	FIELD(struct device, is_active),
	FIELD(struct device, created_at),
	{ 0 },
};

struct devices {
	struct list devices;
};
static const struct field devices_fields[] = {
	FIELD(struct devices, devices, .of = device_fields),
	{ 0 },
};

static err list_devices(struct req *r)
{
	struct devices out;

	TRY(db_list(r->db, &sql_devices_list, device_fields, sizeof(struct device), &out.devices,
		    ARG(r->user.id)));
	return reply(r, &out);
}

struct device_form {
	str device_fingerprint, device_name, device_type;
};
static const struct field device_form_fields[] = {
	FIELD(struct device_form, device_fingerprint, .required = true, .min = 1, .max = 200),
	FIELD(struct device_form, device_name, .required = true, .min = 1, .max = 100),
	FIELD(struct device_form, device_type, .one_of = "android|ios|web|desktop"),
	{ 0 },
};

static err put_device(struct req *r)
{
	struct device_form in;
	struct device out;

	TRY(req_body(r, &in, NULL));
	TRY(db_one(r->db, &sql_device_put, device_fields, &out, ARG(r->user.id),
		   ARG(in.device_fingerprint), ARG(in.device_name),
		   ARG(in.device_type.p ? in.device_type : S("android"))));
	return reply(r, &out);
}

static err drop_device(struct req *r)
{
	uuid id;

	TRY(req_id(r, "id", &id));
	TRY(db_some(r->db, &sql_device_drop, ARG(r->user.id), ARG(id)));
	events_wake();
	return reply_message(r, "device removed");
}

#define D "/api/v1/devices"

const struct route devices_routes[] = {
	{ GET, D, list_devices, "one's devices, the last seen first", .out = devices_fields },
	{ POST, D, put_device, "say that one uses this device", .body = device_form_fields,
	  .out = device_fields },
	{ DELETE, D "/:id", drop_device, "remove a device", .out = message_fields,
	  .errors = "404" },
	{ 0 },
};
