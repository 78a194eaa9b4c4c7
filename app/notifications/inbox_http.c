/* The list of notifications, its marks and preferences, and the activity log. */
#include "app/notifications/notifications.h"

#include "app/notifications/inbox.sql.h"
#include "lib/web/page.h"

#define IDS_MAX 500

struct notification {
	uuid id, user_id;
	str type;
	uuid actor_id;
	str actor_handle, actor_display_name, actor_avatar_url;
	uuid post_id, comment_id;
	bool is_read;
	usec archived_at;
	struct json metadata;
	str priority, group_key;
	usec created_at;
	str post_image_url, post_body;
	int32_t group_count, other_count;
};
static const struct field notification_fields[] = {
	FIELD(struct notification, id),
	FIELD(struct notification, user_id),
	FIELD(struct notification, type),
	FIELD(struct notification, actor_id),
	FIELD(struct notification, actor_handle),
	FIELD(struct notification, actor_display_name),
	FIELD(struct notification, actor_avatar_url, .address = true),
	FIELD(struct notification, post_id),
	FIELD(struct notification, comment_id),
	FIELD(struct notification, is_read),
	FIELD(struct notification, archived_at),
	FIELD(struct notification, metadata, .schema = "{\"type\":\"object\"}"),
	FIELD(struct notification, priority, .one_of = "low|normal|high|urgent"),
	FIELD(struct notification, group_key),
	FIELD(struct notification, created_at),
	FIELD(struct notification, post_image_url, .address = true),
	FIELD(struct notification, post_body, .help = "first 100 characters"),
	FIELD(struct notification, group_count),
	FIELD(struct notification, other_count, .help = "in the group besides this one"),
	{ 0 },
};

struct inbox_query {
	bool include_archived, grouped;
};
static const struct field inbox_query_fields[] = {
	FIELD(struct inbox_query, include_archived,
	      .help = "only archived ones, as clients know it"),
	FIELD(struct inbox_query, grouped, .help = "one a group, with their number"),
	{ 0 },
};

struct inbox_page {
	struct list notifications;
	str next_cursor;
};
static const struct field inbox_page_fields[] = {
	FIELD(struct inbox_page, notifications, .of = notification_fields),
	FIELD(struct inbox_page, next_cursor),
	{ 0 },
};

static err list_inbox(struct req *r)
{
	struct inbox_page out = { 0 };
	struct inbox_query q;
	struct page p;

	TRY(req_query(r, &q, NULL));
	TRY(page_read(r, &p));
	if (q.grouped) {
		TRY(db_list(r->db, &sql_inbox_groups, notification_fields,
			    sizeof(struct notification), &out.notifications, ARG(r->user.id),
			    ARG(p.limit), ARG(p.offset)));
		return reply(r, &out);
	}
	TRY(db_list(r->db, &sql_inbox_list, notification_fields, sizeof(struct notification),
		    &out.notifications, ARG(r->user.id), ARG(p.limit), ARG(p.offset),
		    ARG(page_time(&p)), ARG(p.id), ARG(q.include_archived)));
	out.next_cursor =
		page_after(r, &p, &out.notifications, offsetof(struct notification, created_at),
			   offsetof(struct notification, id));
	return reply(r, &out);
}

struct unread {
	int32_t count;
};
static const struct field unread_fields[] = {
	FIELD(struct unread, count),
	{ 0 },
};

static err get_unread(struct req *r)
{
	struct unread out;

	TRY(db_one(r->db, &sql_inbox_unread, unread_fields, &out, ARG(r->user.id)));
	return reply(r, &out);
}

const struct field badge_fields[] = {
	FIELD(struct badge, notification_count, .help = "at most 1000"),
	FIELD(struct badge, message_count, .help = "at most 1000"),
	FIELD(struct badge, total_count),
	{ 0 },
};

err notifications_badge(struct db *db, uuid user, struct badge *out)
{
	return db_one(db, &sql_inbox_badge, badge_fields, out, ARG(user));
}

static err get_badge(struct req *r)
{
	struct badge out;

	TRY(notifications_badge(r->db, r->user.id, &out));
	return reply(r, &out);
}

struct done {
	bool success;
};
static const struct field done_fields[] = {
	FIELD(struct done, success),
	{ 0 },
};

static err reply_done(struct req *r)
{
	return reply(r, &(struct done){ true });
}

struct ids {
	struct uuids ids;
};
static const struct field ids_fields[] = {
	FIELD(struct ids, ids, .required = true, .max = IDS_MAX),
	{ 0 },
};

/* One by its path: another user's, or none, is not found. */
static err change_one(struct req *r, bool read)
{
	int64_t changed;
	uuid id;

	TRY(req_id(r, "id", &id));
	struct uuids one = { &id, 1 };
	if (read)
		TRY(db_exec(r->db, &sql_inbox_read, &changed, ARG(r->user.id), ARG(one)));
	else
		TRY(db_exec(r->db, &sql_inbox_delete, &changed, ARG(r->user.id), ARG(id)));
	return changed ? reply_done(r) : err_not_found;
}

static err read_one(struct req *r)
{
	return change_one(r, true);
}

static err delete_one(struct req *r)
{
	return change_one(r, false);
}

static err read_many(struct req *r)
{
	struct ids in;

	TRY(req_body(r, &in, NULL));
	TRY(db_exec(r->db, &sql_inbox_read, NULL, ARG(r->user.id), ARG(in.ids)));
	return reply_done(r);
}

static err read_all(struct req *r)
{
	TRY(db_exec(r->db, &sql_inbox_read_all, NULL, ARG(r->user.id)));
	return reply_done(r);
}

static err archive_many(struct req *r)
{
	struct ids in;

	TRY(req_body(r, &in, NULL));
	TRY(db_exec(r->db, &sql_inbox_archive, NULL, ARG(r->user.id), ARG(in.ids)));
	return reply_done(r);
}

static err archive_all(struct req *r)
{
	TRY(db_exec(r->db, &sql_inbox_archive_all, NULL, ARG(r->user.id)));
	return reply_done(r);
}

struct preferences {
	bool push_enabled, push_likes, push_comments, push_replies, push_mentions, push_follows;
	bool push_follow_requests, push_messages, push_saves, push_beacons, email_enabled;
	str email_digest_frequency;
	bool quiet_hours_enabled;
	str quiet_hours_start, quiet_hours_end;
	bool show_badge_count;
};
static const struct field preferences_fields[] = {
	FIELD(struct preferences, push_enabled),
	FIELD(struct preferences, push_likes),
	FIELD(struct preferences, push_comments),
	FIELD(struct preferences, push_replies),
	FIELD(struct preferences, push_mentions),
	FIELD(struct preferences, push_follows),
	FIELD(struct preferences, push_follow_requests),
	FIELD(struct preferences, push_messages),
	FIELD(struct preferences, push_saves),
	FIELD(struct preferences, push_beacons),
	FIELD(struct preferences, email_enabled),
	FIELD(struct preferences, email_digest_frequency, .min = 1, .max = 20),
	FIELD(struct preferences, quiet_hours_enabled),
	FIELD(struct preferences, quiet_hours_start, .help = "HH:MM or HH:MM:SS, UTC"),
	FIELD(struct preferences, quiet_hours_end, .help = "HH:MM or HH:MM:SS, UTC"),
	FIELD(struct preferences, show_badge_count),
	{ 0 },
};

static err reply_preferences(struct req *r)
{
	struct preferences out;

	TRY(db_one(r->db, &sql_preferences_get, preferences_fields, &out, ARG(r->user.id)));
	return reply(r, &out);
}

/* Two digits and a colon, twice or three times, each part within its range. */
static bool is_time_of_day(str s)
{
	static const int64_t most[] = { 23, 59, 59 };
	size_t parts = 0;
	int64_t n;

	while (s.p && parts < 3) {
		str part = str_cut(&s, ':');

		if (part.n != 2 || !str_to_i64(part, &n) || n < 0 || n > most[parts++])
			return false;
	}
	return !s.p && parts >= 2;
}

static err check_time(struct req *r, const char *name, str s)
{
	if (!s.p || is_time_of_day(s))
		return OK;
	return req_fail(r, err_invalid, "%s must be a time like 22:00", name);
}

/* The body has passed the table, so it can be given to the statement as it is. */
static err put_preferences(struct req *r)
{
	struct preferences in;
	struct json changes = { str_trim(req_body_text(r)) };

	TRY(req_body(r, &in, NULL));
	TRY(check_time(r, "quiet_hours_start", in.quiet_hours_start));
	TRY(check_time(r, "quiet_hours_end", in.quiet_hours_end));
	if (!str_starts(changes.text, S("{")))
		changes.text = S("{}");
	struct db_batch *b = db_batch(r->db);
	db_batch_exec(b, &sql_preferences_make, NULL, ARG(r->user.id));
	db_batch_exec(b, &sql_preferences_put, NULL, ARG(r->user.id), ARG(changes));
	db_batch_one(b, &sql_preferences_get, preferences_fields, &in, ARG(r->user.id));
	TRY(db_batch_run(b));
	return reply(r, &in);
}

struct activity {
	str activity_type;
	uuid entity_id;
	usec created_at;
	str body, image_url, target_name, target_handle, target_avatar_url;
};
static const struct field activity_fields[] = {
	FIELD(struct activity, activity_type, .one_of = "post|reply|comment|follow"),
	FIELD(struct activity, entity_id),
	FIELD(struct activity, created_at),
	FIELD(struct activity, body),
	FIELD(struct activity, image_url, .address = true),
	FIELD(struct activity, target_name),
	FIELD(struct activity, target_handle),
	FIELD(struct activity, target_avatar_url, .address = true),
	{ 0 },
};

struct activity_page {
	struct list activities;
	str next_cursor;
};
static const struct field activity_page_fields[] = {
	FIELD(struct activity_page, activities, .of = activity_fields),
	FIELD(struct activity_page, next_cursor),
	{ 0 },
};

static err list_activity(struct req *r)
{
	struct activity_page out = { 0 };
	struct page p;

	TRY(page_read(r, &p));
	TRY(db_list(r->db, &sql_activity_list, activity_fields, sizeof(struct activity),
		    &out.activities, ARG(r->user.id), ARG(p.limit), ARG(p.offset),
		    ARG(page_time(&p)), ARG(p.id)));
	out.next_cursor = page_after(r, &p, &out.activities, offsetof(struct activity, created_at),
				     offsetof(struct activity, entity_id));
	return reply(r, &out);
}

err inbox_age(struct job *j)
{
	return db_exec(j->db, &sql_inbox_age, NULL);
}

#define N "/api/v1/notifications"

const struct route inbox_routes[] = {
	{ GET, N, list_inbox, "what happened to the caller", .query = inbox_query_fields,
	  .out = inbox_page_fields, .page = 20, .page_max = 100 },
	{ GET, N "/unread", get_unread, "how many are unread", .out = unread_fields },
	{ GET, N "/badge", get_badge, "numbers for the app's badge", .out = badge_fields },
	{ PUT, N "/:id/read", read_one, "mark one read", .out = done_fields, .errors = "404" },
	{ POST, N "/read", read_many, "mark some read", .body = ids_fields, .out = done_fields },
	{ PUT, N "/read-all", read_all, "mark all read", .out = done_fields },
	{ POST, N "/archive", archive_many, "archive some", .body = ids_fields,
	  .out = done_fields },
	{ POST, N "/archive-all", archive_all, "archive all", .out = done_fields },
	{ DELETE, N "/:id", delete_one, "delete one", .out = done_fields, .errors = "404" },
	{ GET, N "/preferences", reply_preferences, "what is pushed, and when",
	  .out = preferences_fields },
	{ PUT, N "/preferences", put_preferences, "change what is pushed, and when",
	  .body = preferences_fields, .out = preferences_fields },
	{ GET, "/api/v1/users/me/activity", list_activity, "what the caller did lately",
	  .out = activity_page_fields, .page = 30, .page_max = 100 },
	{ 0 },
};
