/* What clients can do about notifications. */
#include "app/notifications/notifications.h"
#include "lib/web/req.h"

/* The client removes a device by "token" and registers it by "fcm_token"; both are taken in both. */
static const struct field device_fields[] = {
	FIELD(struct device, fcm_token, .alias = "token", .required = true, .min = 1, .max = 4096),
	FIELD(struct device, platform, .one_of = "android|ios|web|desktop"),
	{ 0 },
};

static err register_device(struct req *r)
{
	struct device device;

	TRY(req_body(r, &device, NULL));
	TRY(device_register(r->db, r->user.id, &device));
	return reply_message(r, "Device registered");
}

static err remove_device(struct req *r)
{
	struct device device;

	TRY(req_body(r, &device, NULL));
	TRY(device_remove(r->db, r->user.id, device.fcm_token));
	return reply_message(r, "Device removed");
}

static err remove_devices(struct req *r)
{
	TRY(devices_remove(r->db, r->user.id));
	return reply_message(r, "All devices removed");
}

const struct route notifications_routes[] = {
	{
		POST,
		"/api/v1/notifications/device",
		register_device,
		"let this device receive the user's pushes, and nobody else's",
		.body = device_fields,
		.out = message_fields,
	},
	{
		DELETE,
		"/api/v1/notifications/device",
		remove_device,
		"stop pushes to this device",
		.body = device_fields,
		.out = message_fields,
	},
	{
		DELETE,
		"/api/v1/notifications/devices",
		remove_devices,
		"stop pushes to all of the user's devices",
		.out = message_fields,
	},
	{ 0 },
};
