/* Firebase Cloud Messaging, HTTP v1 (firebase.google.com/docs/reference/fcm/rest/v1/projects.messages). Private
 * to app/push. */
#pragma once

#include "app/app.h"

/* Whether there is a service account to send with. */
bool fcm_configured(const struct app *app);

/* The service account, as Google's console writes it to a file; read once a process. */
struct fcm_account {
	str client_email, private_key, private_key_id, project_id, token_uri;
};
err fcm_account(const struct app *app, const struct fcm_account **out);

/*
 * An access token (RFC 7523 grant, signed RS256) into the arena: one a process, got anew before it expires or
 * when `refused` (absent: none) is the one we have. Suspends.
 * Errors: err_fcm_credentials, err_fcm_unreachable, err_deadline.
 */
err fcm_token(struct arena *a, const struct app *app, str refused, int64_t deadline, str *out);

extern const err err_fcm_credentials; /* unreadable, malformed, or refused */
extern const err err_fcm_unreachable; /* no answer, or none that makes sense */

struct fcm_answer {
	enum { FCM_TAKEN, FCM_DEAD, FCM_REFUSED } verdict; /* DEAD: forget the device */
	int64_t delay; /* with an error: microseconds FCM wants to be left alone, or 0 */
};

/*
 * Sends a message (JSON). An error, always one of these constants, means try again: err_fcm_credentials,
 * err_fcm_unreachable, err_fcm_busy (429), err_fcm_failed (5xx and what nobody foresaw). Suspends.
 */
err fcm_send(struct arena *a, const struct app *app, str message, int64_t deadline,
	     struct fcm_answer *out);

/* What a message is made of. */
struct fcm_message {
	int64_t id; /* of the job */
	str token;
	uuid notification_id;
	str type, group_key;
	uuid post_id, comment_id, actor_id;
	str actor_name, actor_handle, post_type, emoji, beacon_id, conversation_id;
	int32_t badge; /* below zero: none */
};

/* domain-rules §12.3. `web`: where the app's pages are. */
str fcm_message_json(struct arena *a, const struct fcm_message *m, str web);
