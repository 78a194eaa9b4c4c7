/* Pushes, end to end: what is sent, to whom, and what goes wrong. */
#include "app/push/push_test.h"

#include <string.h>

static bool has_device(const char *token)
{
	return t_sql_int("SELECT count(*) FROM user_fcm_tokens WHERE token = %s", t_lit(token))
		== 1;
}

/* How often the service took a message for this device. */
static int times(const char *token)
{
	int n = 0;

	for (const char *p = t_fcm_file(&fcm, "messages"); (p = strstr(p, t_quote(token))); p++)
		n++;
	return n;
}

static long long count_of(const struct t_user *user)
{
	return t_sql_int("SELECT count(*) FROM notifications WHERE user_id = '%s'", user->id);
}

static void prefer(const struct t_user *user, const char *set)
{
	t_sql("INSERT INTO notification_preferences (user_id) VALUES ('%s') ON CONFLICT DO NOTHING",
	      user->id);
	t_sql("UPDATE notification_preferences SET %s WHERE user_id = '%s'", set, user->id);
}

/* ---- what is sent ---- */

TEST(a_like_is_pushed_to_each_device_of_the_author)
{
	struct t_server *s = begin();
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *phone = device(&bob, "phone"), *web = device(&bob, "web");
	const char *post = t_new_post(&bob), *group = t_fmt("like:%s", post);
	const struct t_reply *m;

	t_sql("UPDATE profiles SET display_name = 'Ann \"A.\" Öl' WHERE id = '%s'", ann.id);
	EXPECT(200, t_post(&ann, "/api/v1/posts/%s/like", post));
	t_fcm_message(&fcm, web);
	m = t_fcm_message(&fcm, phone);
	EXPECT_STR("New like", m, "message.notification.title");
	EXPECT_STR("Ann \"A.\" Öl liked your post", m, "message.notification.body");
	EXPECT_STR("like", m, "message.data.type");
	EXPECT_STR("main_feed", m, "message.data.target");
	EXPECT_STR(post, m, "message.data.post_id");
	EXPECT_STR("standard", m, "message.data.post_type");
	EXPECT_STR(ann.handle, m, "message.data.actor_handle");
	EXPECT_STR("❤️", m, "message.data.emoji");
	EXPECT_NONE(m, "message.data.follower_id");
	EXPECT_STR("high", m, "message.android.priority");
	EXPECT_STR(group, m, "message.android.collapse_key");
	EXPECT_STR(group, m, "message.android.notification.tag");
	EXPECT_STR("sojorn_notifications", m, "message.android.notification.channel_id");
	EXPECT_STR("FLUTTER_NOTIFICATION_CLICK", m, "message.android.notification.click_action");
	EXPECT_STR("default", m, "message.android.notification.sound");
	EXPECT_INT(1, m, "message.android.notification.notification_count");
	EXPECT_STR("10", m, "message.apns.headers.apns-priority");
	EXPECT_STR(group, m, "message.apns.headers.apns-collapse-id");
	EXPECT_STR("default", m, "message.apns.payload.aps.sound");
	EXPECT_INT(1, m, "message.apns.payload.aps.badge");
	EXPECT_INT(1, m, "message.apns.payload.aps.mutable-content");
	EXPECT_INT(1, m, "message.apns.payload.aps.content-available");
	EXPECT_STR("/icons/icon-192.png", m, "message.webpush.notification.icon");
	EXPECT_STR("/icons/badge-72.png", m, "message.webpush.notification.badge");
	EXPECT_STR(t_fmt("https://app.sojorn.test/p/%s", post), m,
		   "message.webpush.fcm_options.link");
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(1, times(phone));
	end(s);
}

struct saying {
	const char *type, *details, *target, *title, *body, *path;
};

TEST(each_type_says_its_own_and_leads_to_its_own_place)
{
	static const char chat[] = "{\"conversation_id\": \"c-1\"}";
	static const struct saying sayings[] = {
		{ "follow", "{}", "profile", "New follower", "Someone followed you", "/u/%s" },
		{ "follow_request", "{}", "profile", "Follow request",
		  "Someone wants to follow you", "/u/%s" },
		{ "follow_accepted", "{}", "profile", "Request accepted",
		  "Someone accepted your follow request", "/u/%s" },
		{ "message", chat, "secure_chat", "New message", "Someone sent you a message",
		  "/secure-chat/c-1" },
		{ "quip_reaction", "{\"post_type\": \"quip\"}", "quip_feed", "New reaction",
		  "Someone reacted to your quip", "/quips" },
		{ "save", "{\"post_type\": \"beacon\"}", "beacon_map", "Post saved",
		  "Someone saved your beacon", "/beacon" },
		{ "beacon_vouch", "{\"beacon_id\": \"b-1\"}", "beacon_map", "Beacon vouched for",
		  "Someone vouched for your beacon", "/beacon" },
		{ "nsfw_warning", "{}", "main_feed", "Content warning",
		  "Your post was marked as sensitive", "/" },
		{ "content_removed", "{}", "profile_settings", "Content removed",
		  "Your post was removed by moderation", "/profile" },
	};
	struct t_server *s = begin();
	struct t_user ann = t_user("ann");

	t_sql("UPDATE profiles SET display_name = '' WHERE id = '%s'", ann.id);
	for (size_t i = 0; i < sizeof(sayings) / sizeof(*sayings); i++) {
		const struct saying *want = &sayings[i];
		bool follow = strncmp(want->type, "follow", 6) == 0;
		struct t_user bob = t_user("bob");
		const char *token = device(&bob, "phone");
		const struct t_reply *m;

		notify(&bob, &ann, want->type, NULL, NULL, want->details);
		m = t_fcm_message(&fcm, token);
		EXPECT_STR(want->type, m, "message.data.type");
		EXPECT_STR(want->target, m, "message.data.target");
		EXPECT_STR(want->title, m, "message.notification.title");
		EXPECT_STR(want->body, m, "message.notification.body");
		EXPECT_STR(t_fmt("https://app.sojorn.test%s",
				 follow ? t_fmt("/u/%s", ann.handle) : want->path),
			   m, "message.webpush.fcm_options.link");
		EXPECT_NONE(m, "message.android.collapse_key");
		if (follow)
			EXPECT_STR(ann.handle, m, "message.data.follower_id");
		if (strcmp(want->type, "message") == 0)
			EXPECT_STR("c-1", m, "message.data.conversation_id");
		if (strcmp(want->type, "beacon_vouch") == 0) {
			EXPECT_STR("b-1", m, "message.data.beacon_id");
			EXPECT_NONE(m, "message.data.actor_handle");
		}
	}
	end(s);
}

TEST(a_badge_that_is_not_wanted_is_left_out)
{
	struct t_server *s = begin();
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *token = device(&bob, "phone");
	const struct t_reply *m;

	prefer(&bob, "show_badge_count = false");
	notify(&bob, &ann, "follow", NULL, NULL, "{}");
	m = t_fcm_message(&fcm, token);
	EXPECT_NONE(m, "message.android.notification.notification_count");
	EXPECT_NONE(m, "message.apns.payload.aps.badge");
	end(s);
}

/* ---- what is not sent ---- */

static const char *const all_types[] = {
	"like",		  "comment",	   "reply",	      "mention",      "follow",
	"follow_request", "message",	   "follow_accepted", "save",	      "share",
	"beacon_vouch",	  "beacon_report", "quip_reaction",   "nsfw_warning", "content_removed",
};
enum { TYPES = sizeof(all_types) / sizeof(*all_types) };

TEST(t_not_2_without_push_no_type_is_pushed_but_each_is_listed)
{
	struct t_server *s = begin();
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *token = device(&bob, "phone");

	prefer(&bob, "push_enabled = false");
	for (int i = 0; i < TYPES; i++)
		notify(&bob, &ann, all_types[i], NULL, NULL, "{}");
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(TYPES, count_of(&bob));
	EXPECT_EQ(0, times(token));
	end(s);
}

TEST(each_preference_stops_its_types_and_no_other)
{
	static const struct {
		const char *column, *types;
	} columns[] = {
		{ "push_likes", "like,quip_reaction" },
		{ "push_comments", "comment" },
		{ "push_replies", "reply" },
		{ "push_mentions", "mention" },
		{ "push_follows", "follow,follow_accepted" },
		{ "push_follow_requests", "follow_request" },
		{ "push_messages", "message" },
		{ "push_saves", "save" },
		{ "push_beacons", "beacon_vouch,beacon_report" },
	};
	struct t_user bob;

	t_database_of_my_own();
	bob = t_user("bob");
	for (size_t c = 0; c < sizeof(columns) / sizeof(*columns); c++) {
		prefer(&bob, t_fmt("%s = false", columns[c].column));
		EXPECT_CSTR(
			columns[c].types,
			t_sql("SELECT string_agg(t, ',' ORDER BY n) FROM unnest('{like,quip_reaction,comment,reply,"
			      "mention,follow,follow_accepted,follow_request,message,save,beacon_vouch,"
			      "beacon_report,share,nsfw_warning,content_removed}'::text[])"
			      " WITH ORDINALITY AS u (t, n) WHERE NOT EXISTS (SELECT FROM is_push_wanted('%s', t, now()))",
			      bob.id));
		prefer(&bob, t_fmt("%s = true", columns[c].column));
	}
}

static bool wanted(const struct t_user *user, const char *type, const char *time)
{
	return t_sql_int("SELECT count(*) FROM is_push_wanted('%s', '%s', '2026-03-04 %s')",
			 user->id, type, time);
}

TEST(t_not_3_quiet_hours_span_midnight_with_both_ends)
{
	struct t_user bob;

	t_database_of_my_own();
	bob = t_user("bob");
	prefer(&bob,
	       "quiet_hours_enabled = true, quiet_hours_start = '22:00', quiet_hours_end = '08:00'");
	EXPECT_FALSE(wanted(&bob, "like", "23:30Z"));
	EXPECT_FALSE(wanted(&bob, "like", "07:59Z"));
	EXPECT_TRUE(wanted(&bob, "like", "12:00Z"));
	EXPECT_FALSE(wanted(&bob, "like", "22:00:00.5Z"));
	EXPECT_FALSE(wanted(&bob, "like", "08:00:00.5Z"));
	EXPECT_TRUE(wanted(&bob, "like", "21:59:59Z"));
	EXPECT_TRUE(wanted(&bob, "like", "08:00:01Z"));
	EXPECT_TRUE(wanted(&bob, "content_removed", "23:30Z"));
	prefer(&bob, "timezone = 'Asia/Tokyo'"); /* nine hours ahead */
	EXPECT_FALSE(wanted(&bob, "like", "13:00Z"));
	EXPECT_TRUE(wanted(&bob, "like", "23:30Z"));
	prefer(&bob, "timezone = 'Nowhere/Atall'");
	EXPECT_FALSE(wanted(&bob, "like", "23:30Z"));
	EXPECT_TRUE(wanted(&bob, "like", "12:00Z"));
	prefer(&bob, "quiet_hours_end = NULL");
	EXPECT_TRUE(wanted(&bob, "like", "23:30Z"));
	prefer(&bob, "quiet_hours_start = '10:00', quiet_hours_end = '11:00'");
	EXPECT_FALSE(wanted(&bob, "like", "10:30Z"));
	EXPECT_TRUE(wanted(&bob, "like", "23:30Z"));
}

/* The hours of the rule turned so that now is 23:30, then noon. */
TEST(t_not_3_quiet_hours_stop_the_push_only)
{
	struct t_server *s = begin();
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *token = device(&bob, "phone");

	prefer(&bob,
	       "quiet_hours_enabled = true,"
	       " quiet_hours_start = ((now() AT TIME ZONE 'UTC') - interval '90 min')::time,"
	       " quiet_hours_end = ((now() AT TIME ZONE 'UTC') + interval '8 h 30 min')::time");
	notify(&bob, &ann, "follow", NULL, NULL, "{}");
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(1, count_of(&bob));
	prefer(&bob,
	       "quiet_hours_start = ((now() AT TIME ZONE 'UTC') + interval '10 h')::time,"
	       " quiet_hours_end = ((now() AT TIME ZONE 'UTC') - interval '4 h')::time");
	notify(&bob, &ann, "follow_request", NULL, NULL, "{}");
	EXPECT_STR("follow_request", t_fcm_message(&fcm, token), "message.data.type");
	EXPECT_EQ(1, times(token));
	end(s);
}

/* The text with the word's one place taken by the value, if it has one. */
static const char *with(const char *text, const char *word, const char *value)
{
	const char *at = strstr(text, word);

	return at ? t_fmt("%.*s%s%s", (int)(at - text), text, value, at + strlen(word)) : text;
}

/* Each of these comes true in the moment the push is queued. */
TEST(what_is_gone_read_or_hidden_by_now_is_not_pushed)
{
	static const char *const changes[] = {
		"UPDATE notifications SET is_read = true WHERE user_id = 'BOB'",
		"UPDATE notifications SET archived_at = now() WHERE user_id = 'BOB'",
		"DELETE FROM notifications WHERE user_id = 'BOB'",
		"UPDATE users SET status = 'deactivated' WHERE id = 'BOB'",
		"UPDATE users SET status = 'banned' WHERE id = 'ANN'",
		"INSERT INTO blocks (blocker_id, blocked_id) VALUES ('BOB', 'ANN')",
		"UPDATE posts SET deleted_at = now() WHERE author_id = 'BOB'",
	};
	struct t_server *s = begin();

	for (size_t i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
		struct t_user ann = t_user("ann"), bob = t_user("bob");
		const char *token = device(&bob, "phone"), *post = t_new_post(&bob);
		const char *change = with(with(changes[i], "BOB", bob.id), "ANN", ann.id);

		t_sql("BEGIN; SELECT notify('%s', '%s', 'like', '%s', NULL, 'normal', NULL, '{}'); %s; COMMIT",
		      bob.id, ann.id, post, change);
		EXPECT_SOON(waiting() == 0);
		EXPECT_EQ(0, times(token));
	}
	end(s);
}

/* Queued for a device that another account registers before it is sent. */
TEST(d20_a_device_that_changed_hands_announces_nothing_of_its_former_user)
{
	struct t_server *s = begin();
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	const char *token = device(&bob, "phone"), *notification;

	device(&eve, "other");
	EXPECT(200,
	       t_post_json(&eve, "/api/v1/notifications/device", "{'fcm_token': %s}",
			   t_quote(token)));
	notify(&bob, &ann, "follow", NULL, NULL, "{}");
	notification = t_sql("SELECT id FROM notifications WHERE user_id = '%s'", bob.id);
	t_sql("INSERT INTO outbox (kind, payload) VALUES ('push_send',"
	      " jsonb_build_object('notification_id', '%s', 'token', %s))",
	      notification, t_lit(token));
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(0, times(token));
	end(s);
}

TEST(without_a_service_account_pushes_are_dropped)
{
	struct t_server *s = t_server_start();
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	device(&bob, "phone");
	notify(&bob, &ann, "follow", NULL, NULL, "{}");
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(1, count_of(&bob));
	EXPECT_NULL(strstr(t_log(), "push"));
	t_server_stop(s);
}

/* ---- what goes wrong ---- */

TEST(dead_tokens_are_deleted_and_others_kept)
{
	struct t_server *s = begin();
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *good = device(&bob, "phone"), *gone = device(&bob, "gone");
	const char *mismatch = device(&bob, "mismatch"), *malformed = device(&bob, "malformed");
	const char *nonsense = device(&bob, "nonsense");

	notify(&bob, &ann, "follow", NULL, NULL, "{}");
	t_fcm_message(&fcm, good);
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(1, times(good));
	EXPECT_FALSE(has_device(gone) || has_device(mismatch) || has_device(malformed));
	EXPECT_TRUE(has_device(good) && has_device(nonsense));
	end(s);
}

/* Seconds until the next try for this device. */
static long long delay_of(const char *token)
{
	return t_sql_int("SELECT extract(epoch FROM next_try_at - now())::int FROM outbox"
			 " WHERE payload->>'token' = %s",
			 t_lit(token));
}

static void expect_delay(const char *token, const char *code, int least, int most)
{
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM outbox WHERE payload->>'token' = %s"
			      " AND last_error = %s",
			      t_lit(token), t_lit(code))
		    == 1);
	EXPECT_TRUE(delay_of(token) >= least && delay_of(token) <= most);
}

TEST(failures_are_tried_again_when_fcm_wants_and_nobody_gets_a_message_twice)
{
	struct t_server *s = begin();
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	const char *good = device(&bob, "phone"), *sick = device(&bob, "sick");
	const char *busy = device(&bob, "busy"), *tired = device(&bob, "tired");
	const char *dated = device(&bob, "dated"), *broken = device(&bob, "broken");
	const char *away = device(&bob, "away");

	notify(&bob, &ann, "follow", NULL, NULL, "{}");
	expect_delay(busy, "fcm_busy", 2, 7);
	expect_delay(away, "fcm_busy", 3500, 3600); /* for no longer than any job */
	expect_delay(tired, "fcm_busy", 50, 60);
	expect_delay(dated, "fcm_failed", 20, 31);
	t_fcm_message(&fcm, sick); /* a second later */
	EXPECT_SOON(waiting() == 5);
	t_sql("UPDATE outbox SET next_try_at = now()");
	t_fcm_message(&fcm, busy);
	t_fcm_message(&fcm, away);
	t_fcm_message(&fcm, tired);
	t_fcm_message(&fcm, dated);
	EXPECT_SOON(waiting() == 1);
	EXPECT_TRUE(has_device(broken));
	EXPECT_EQ(0, times(broken));
	EXPECT_EQ(1, times(good));
	EXPECT_EQ(1, times(sick));
	EXPECT_EQ(1, times(busy));
	end(s);
}

/* FCM says that it has not looked at them. */
TEST(what_was_refused_by_http_2_is_sent_again_at_once)
{
	const char *refused, *left, *first;
	struct t_user ann, bob;
	struct t_server *s;

	fcm = t_fcm_start();
	s = t_server_start("LOOPS=1", fcm.account, fcm.base_url, fcm.authority);
	ann = t_user("ann");
	bob = t_user("bob");
	first = device(&bob, "phone"); /* a GOAWAY cannot leave out a connection's first stream */
	notify(&bob, &ann, "follow_request", NULL, NULL, "{}");
	t_fcm_message(&fcm, first);
	refused = device(&bob, "refuse");
	left = device(&bob, "leave");
	notify(&bob, &ann, "follow", NULL, NULL, "{}");
	t_fcm_message(&fcm, refused);
	t_fcm_message(&fcm, left);
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(1, times(refused));
	EXPECT_EQ(1, times(left));
	EXPECT_NULL(strstr(t_log(), "fcm_unreachable"));
	end(s);
}

/* Nobody can say whether FCM has taken them: they come again, and the phone shows one. */
TEST(what_may_have_been_taken_comes_again_under_the_same_tag)
{
	static const char *const words[] = { "drop", "cut" };
	struct t_server *s = begin();
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	for (size_t i = 0; i < 2; i++) {
		const char *token = device(&bob, words[i]);

		notify(&bob, &ann, i ? "follow" : "follow_request", NULL, NULL, "{}");
		EXPECT_SOON(times(token) >= 2 && waiting() == 0);
		EXPECT_EQ(
			1,
			t_sql_int(
				"SELECT count(DISTINCT l::jsonb->'message'->'android'->'notification'->>'tag')"
				" FROM string_to_table(%s, E'\\n') l WHERE l LIKE '%%%s%%'",
				t_lit(t_fcm_file(&fcm, "messages")), token));
		t_sql("DELETE FROM user_fcm_tokens WHERE token = %s", t_lit(token));
	}
	end(s);
}

TEST(an_access_token_is_kept_and_renewed_when_refused)
{
	struct t_server *s = begin();
	struct t_user ann = t_user("ann"), bob = t_user("bob"), eve = t_user("eve");
	const char *first = device(&bob, "phone"), *revoke = device(&eve, "revoke");

	notify(&bob, &ann, "follow", NULL, NULL, "{}");
	t_fcm_message(&fcm, first);
	notify(&bob, &ann, "follow_request", NULL, NULL, "{}");
	EXPECT_SOON(times(first) == 2);
	EXPECT_EQ(1, t_fcm_lines(&fcm, "grants"));
	notify(&eve, &ann, "follow", NULL, NULL, "{}");
	t_fcm_message(&fcm, revoke);
	EXPECT_SOON(waiting() == 0);
	EXPECT_EQ(2, t_fcm_lines(&fcm, "grants"));
	end(s);
}

TEST(an_account_that_cannot_be_used_loses_no_push)
{
	struct t_server *s = t_server_start("FIREBASE_CREDENTIALS_FILE=/dev/null");
	struct t_user ann = t_user("ann"), bob = t_user("bob");

	device(&bob, "phone");
	notify(&bob, &ann, "follow", NULL, NULL, "{}");
	EXPECT_SOON(t_sql_int("SELECT count(*) FROM outbox WHERE last_error = 'fcm_credentials'")
		    == 1);
	EXPECT_TRUE(strstr(t_log(), "no service account"));
	t_server_stop(s);
}
