/* One function per statement. */
#include "app/notifications/notifications.h"
#include "app/notifications/notifications.sql.h"

err device_register(struct db *db, uuid user, const struct device *device)
{
	return db_exec(db, &sql_device_register, NULL, ARG(user), ARG(device->fcm_token),
		       ARG(device->platform));
}

err device_remove(struct db *db, uuid user, str token)
{
	return db_exec(db, &sql_device_remove, NULL, ARG(user), ARG(token));
}

err devices_remove(struct db *db, uuid user)
{
	return db_exec(db, &sql_devices_remove, NULL, ARG(user));
}
