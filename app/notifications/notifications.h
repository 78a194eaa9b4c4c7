/* Notifications: what people are told, what they are not, and where their phones are reached. Rows are written
 * by the SQL function notify(), which holds the rules of who is told what. */
#pragma once

#include "app/ops/jobs.h"
#include "lib/db/db.h"

extern const struct route notifications_routes[], inbox_routes[];

/* What the app's icon shows. Suspends. */
struct badge {
	int32_t notification_count, message_count, total_count;
};
extern const struct field badge_fields[];
err notifications_badge(struct db *db, uuid user, struct badge *out);

/* Daily: archives after 30 days, deletes after 180. */
err inbox_age(struct job *j);

/* A phone's or browser's address at the push service. */
struct device {
	str fcm_token;
	str platform; /* absent: android */
};

/* The device is this user's from now on, whoever's it was: an account left behind on a shared phone
 * must not announce its messages there. Of one user the 20 latest are kept. All suspend. */
err device_register(struct db *db, uuid user, const struct device *device);

/* Nothing happens when the token is not this user's. */
err device_remove(struct db *db, uuid user, str token);
err devices_remove(struct db *db, uuid user);
