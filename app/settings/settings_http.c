/* Reading and changing one's settings. A member that is absent or null stays as it is. */
#include "app/settings/settings.h"

#include "app/settings/settings.sql.h"
#include "lib/web/req.h"

#define TTL_MAX 8760 /* hours */

static const struct err_info info_minor = { 403, "age_restricted_nsfw",
					    "sensitive content is for people of 18 and above",
					    NULL };

struct privacy {
	uuid user_id;
	str profile_visibility, posts_visibility, saved_visibility, follow_request_policy;
	str default_post_visibility;
	bool is_private_profile, show_location, show_interests, allow_chains;
	str who_can_message, who_can_comment;
	bool show_activity_status, show_in_search, show_in_suggestions;
	usec updated_at;
};

#define VISIBILITIES "public|followers|circle|private"
#define AUDIENCES    "everyone|followers|mutuals|nobody"

/* Read and written by the same table; what the server sets is not read. */
static const struct field privacy_fields[] = {
	FIELD(struct privacy, user_id),
	FIELD(struct privacy, profile_visibility, .one_of = VISIBILITIES),
	FIELD(struct privacy, posts_visibility, .one_of = VISIBILITIES),
	FIELD(struct privacy, saved_visibility, .one_of = VISIBILITIES),
	FIELD(struct privacy, follow_request_policy, .one_of = "everyone|manual|auto_accept"),
	FIELD(struct privacy, default_post_visibility, .alias = "default_visibility",
	      .one_of = "public|followers|circle|neighborhood|private|only_me"),
	FIELD(struct privacy, is_private_profile, .alias = "is_private"),
	FIELD(struct privacy, show_location),
	FIELD(struct privacy, show_interests),
	FIELD(struct privacy, allow_chains),
	FIELD(struct privacy, who_can_message, .one_of = AUDIENCES),
	FIELD(struct privacy, who_can_comment, .one_of = AUDIENCES),
	FIELD(struct privacy, show_activity_status),
	FIELD(struct privacy, show_in_search),
	FIELD(struct privacy, show_in_suggestions),
	FIELD(struct privacy, updated_at),
	{ 0 },
};

static err reply_privacy(struct req *r)
{
	struct privacy out;

	TRY(db_one(r->db, &sql_privacy_get, privacy_fields, &out, ARG(r->user.id)));
	return reply(r, &out);
}

static bool has(const struct present *set, const char *name)
{
	return present_has(set, privacy_fields, name);
}

static err patch_privacy(struct req *r)
{
	struct privacy in;
	struct present set;

	TRY(req_body(r, &in, &set));
	if (str_eq(in.follow_request_policy, S("auto_accept")))
		in.follow_request_policy = S("everyone");
	if (str_eq(in.default_post_visibility, S("only_me")))
		in.default_post_visibility = S("private");
	TRY(db_exec(r->db, &sql_privacy_put, NULL, ARG(r->user.id), ARG(in.profile_visibility),
		    ARG(in.posts_visibility), ARG(in.saved_visibility),
		    ARG(in.follow_request_policy), ARG(in.default_post_visibility),
		    arg_when(has(&set, "is_private_profile"), ARG(in.is_private_profile)),
		    arg_when(has(&set, "show_location"), ARG(in.show_location)),
		    arg_when(has(&set, "show_interests"), ARG(in.show_interests)),
		    arg_when(has(&set, "allow_chains"), ARG(in.allow_chains)),
		    ARG(in.who_can_message), ARG(in.who_can_comment),
		    arg_when(has(&set, "show_activity_status"), ARG(in.show_activity_status)),
		    arg_when(has(&set, "show_in_search"), ARG(in.show_in_search)),
		    arg_when(has(&set, "show_in_suggestions"), ARG(in.show_in_suggestions))));
	return reply_privacy(r);
}

struct settings {
	uuid user_id;
	str theme, language;
	bool notifications_enabled, email_notifications, push_notifications;
	str content_filter_level;
	bool auto_play_videos, data_saver_mode;
	int32_t default_post_ttl; /* hours */
	bool nsfw_enabled, nsfw_blur_enabled;
	usec updated_at;
};
static const struct field settings_fields[] = {
	FIELD(struct settings, user_id),
	FIELD(struct settings, theme),
	FIELD(struct settings, language),
	FIELD(struct settings, notifications_enabled),
	FIELD(struct settings, email_notifications),
	FIELD(struct settings, push_notifications),
	FIELD(struct settings, content_filter_level),
	FIELD(struct settings, auto_play_videos),
	FIELD(struct settings, data_saver_mode),
	FIELD(struct settings, default_post_ttl, .optional = true,
	      .help = "hours; null: posts stay"),
	FIELD(struct settings, nsfw_enabled),
	FIELD(struct settings, nsfw_blur_enabled),
	FIELD(struct settings, updated_at),
	{ 0 },
};

struct settings_change {
	str theme, language;
	bool notifications_enabled, email_notifications, push_notifications;
	str content_filter_level;
	bool auto_play_videos, data_saver_mode;
	struct json default_post_ttl;
	bool nsfw_enabled, nsfw_blur_enabled;
};
static const struct field change_fields[] = {
	FIELD(struct settings_change, theme, .min = 1, .max = 20),
	FIELD(struct settings_change, language, .min = 1, .max = 20),
	FIELD(struct settings_change, notifications_enabled),
	FIELD(struct settings_change, email_notifications),
	FIELD(struct settings_change, push_notifications),
	FIELD(struct settings_change, content_filter_level, .min = 1, .max = 20),
	FIELD(struct settings_change, auto_play_videos),
	FIELD(struct settings_change, data_saver_mode),
	FIELD(struct settings_change, default_post_ttl,
	      .schema = "{\"type\":[\"integer\",\"string\",\"null\"]}",
	      .help = "hours, or a text like \"2 days\"; null: posts stay"),
	FIELD(struct settings_change, nsfw_enabled),
	FIELD(struct settings_change, nsfw_blur_enabled),
	{ 0 },
};

static const struct {
	const char *unit;
	int64_t hours;
} units[] = { { "hour", 1 },  { "hours", 1 },  { "day", 24 },
	      { "days", 24 }, { "week", 168 }, { "weeks", 168 } };

/* Hours out of 24, "24", "1 day", "2 weeks"; false for anything else. */
static bool read_ttl(str json, int32_t *out)
{
	str text = str_starts(json, S("\"")) ? str_slice(json, 1, json.n - 1) : json;
	str number = str_cut(&text, ' ');
	int64_t n, hours = text.p ? 0 : 1;

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (text.p && str_eq(text, str_of(units[i].unit)))
			hours = units[i].hours;
	if (!hours || !str_to_i64(number, &n) || n < 1 || n > TTL_MAX || n * hours > TTL_MAX)
		return false;
	*out = (int32_t)(n * hours);
	return true;
}

static err reply_settings(struct req *r)
{
	struct settings out;

	TRY(db_one(r->db, &sql_settings_get, settings_fields, &out, ARG(r->user.id)));
	return reply(r, &out);
}

/* Months since year 0 by the UTC calendar, for an age by month. */
static int32_t this_month(void)
{
	char text[TIME_TEXT];
	int64_t year, month;

	time_format(time_now(), text);
	if (!str_to_i64((str){ text, 4 }, &year) || !str_to_i64((str){ text + 5, 2 }, &month))
		return 0;
	return (int32_t)(year * 12 + month);
}

struct allowed {
	bool allowed;
};
static const struct field allowed_fields[] = {
	FIELD(struct allowed, allowed),
	{ 0 },
};

static err put_settings(struct req *r, const struct settings_change *in, const struct present *set,
			int32_t ttl)
{
	const struct field *f = change_fields;
	int32_t month = this_month();
	struct allowed out;

	TRY(db_one(r->db, &sql_settings_put, allowed_fields, &out, ARG(r->user.id), ARG(in->theme),
		   ARG(in->language),
		   arg_when(present_has(set, f, "notifications_enabled"),
			    ARG(in->notifications_enabled)),
		   arg_when(present_has(set, f, "email_notifications"),
			    ARG(in->email_notifications)),
		   arg_when(present_has(set, f, "push_notifications"), ARG(in->push_notifications)),
		   ARG(in->content_filter_level),
		   arg_when(present_has(set, f, "auto_play_videos"), ARG(in->auto_play_videos)),
		   arg_when(present_has(set, f, "data_saver_mode"), ARG(in->data_saver_mode)),
		   arg_when(ttl, ARG(ttl)),
		   arg_when(present_has(set, f, "nsfw_enabled"), ARG(in->nsfw_enabled)),
		   arg_when(present_has(set, f, "nsfw_blur_enabled"), ARG(in->nsfw_blur_enabled)),
		   ARG(month), ARG(present_null(set, f, "default_post_ttl"))));
	return out.allowed ? OK : (err){ &info_minor };
}

static err patch_settings(struct req *r)
{
	struct settings_change in;
	struct present set;
	int32_t ttl = 0;

	TRY(req_body(r, &in, &set));
	if (present_has(&set, change_fields, "default_post_ttl")
	    && !read_ttl(in.default_post_ttl.text, &ttl))
		return req_fail(r, err_invalid, "default_post_ttl must be 1 to %d hours", TTL_MAX);
	TRY(put_settings(r, &in, &set, ttl));
	return reply_settings(r);
}

#define S_ "/api/v1/settings"

const struct route settings_routes[] = {
	{ GET, S_ "/privacy", reply_privacy, "the caller's privacy settings",
	  .out = privacy_fields },
	{ POST, S_ "/privacy", reply_privacy, "the same, as older clients ask",
	  .out = privacy_fields },
	{ PATCH, S_ "/privacy", patch_privacy, "change privacy settings", .body = privacy_fields,
	  .out = privacy_fields },
	{ GET, S_ "/user", reply_settings, "the caller's settings", .out = settings_fields },
	{ PATCH, S_ "/user", patch_settings, "change settings", .body = change_fields,
	  .out = settings_fields, .errors = "403" },
	{ 0 },
};
