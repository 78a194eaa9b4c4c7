/*
 * How tests of pushes begin: a server, its database, and a push service that speaks what FCM speaks
 * (test/harness/fcm.mjs), which notes every request FCM would not understand.
 */
#pragma once

#include "test/harness/harness.h"

static struct t_fcm fcm;

static inline struct t_server *begin(void)
{
	fcm = t_fcm_start();
	return t_server_start(fcm.account, fcm.base_url, fcm.authority);
}

/* Every request must have been one FCM understands. */
static inline void end(struct t_server *s)
{
	t_server_stop(s);
	EXPECT_CSTR("", t_fcm_file(&fcm, "problems"));
}

/* A device whose token begins with a word that the push service knows. */
static inline const char *device(const struct t_user *user, const char *word)
{
	const char *token = t_fmt("%s:%s", word, t_unique("device"));

	EXPECT(200,
	       t_post_json(user, "/api/v1/notifications/device", "{'fcm_token': %s}",
			   t_quote(token)));
	return token;
}

/* A notification by the function that all features use; `details` is JSON. */
static inline void notify(const struct t_user *to, const struct t_user *from, const char *type,
			  const char *post, const char *group, const char *details)
{
	t_sql("SELECT notify('%s', '%s', %s, %s, NULL, 'normal', %s, %s)", to->id, from->id,
	      t_lit(type), t_lit(post), t_lit(group), t_lit(details));
}

static inline long long waiting(void)
{
	return t_sql_int("SELECT count(*) FROM outbox WHERE kind LIKE 'push%%'");
}
