/*
 * What a push says: domain-rules §12.3. Never more than that something happened: no text of posts, comments or
 * messages.
 */
#include "app/push/fcm.h"

#include "lib/base/json.h"

enum words { BY_SOMEBODY, BY_SOMEBODY_TO_POST, AS_IT_IS };

/* Where a push leads; `by post type` when it has none of its own. */
struct saying {
	const char *type, *target, *title, *body;
	enum words words; /* "Ann " before the body; "your post" behind it */
};

static const struct saying sayings[] = {
	{ "like", NULL, "New like", "liked", BY_SOMEBODY_TO_POST },
	{ "quip_reaction", "quip_feed", "New reaction", "reacted to", BY_SOMEBODY_TO_POST },
	{ "comment", NULL, "New comment", "commented on", BY_SOMEBODY_TO_POST },
	{ "reply", NULL, "New reply", "replied to you", BY_SOMEBODY },
	{ "mention", NULL, "New mention", "mentioned you", BY_SOMEBODY },
	{ "share", NULL, "New share", "shared", BY_SOMEBODY_TO_POST },
	{ "save", NULL, "Post saved", "saved", BY_SOMEBODY_TO_POST },
	{ "follow", "profile", "New follower", "followed you", BY_SOMEBODY },
	{ "follow_request", "profile", "Follow request", "wants to follow you", BY_SOMEBODY },
	{ "follow_accepted", "profile", "Request accepted", "accepted your follow request",
	  BY_SOMEBODY },
	{ "message", "secure_chat", "New message", "sent you a message", BY_SOMEBODY },
	{ "beacon_vouch", "beacon_map", "Beacon vouched for", "vouched for your beacon",
	  BY_SOMEBODY },
	{ "beacon_report", "beacon_map", "Beacon reported", "reported your beacon", BY_SOMEBODY },
	{ "nsfw_warning", "main_feed", "Content warning", "Your post was marked as sensitive",
	  AS_IT_IS },
	{ "content_removed", "profile_settings", "Content removed",
	  "Your post was removed by moderation", AS_IT_IS },
	{ "keys_low", "secure_chat", "Secure chat", "Open the app to keep receiving messages",
	  AS_IT_IS },
};

/* A type of a later version. */
static const struct saying unknown = { "", NULL, "Sojorn", "Something new for you", AS_IT_IS };

static const struct saying *saying_of(str type)
{
	for (size_t i = 0; i < sizeof(sayings) / sizeof(*sayings); i++)
		if (str_eq(type, str_of(sayings[i].type)))
			return &sayings[i];
	return &unknown;
}

static const char *target_of(const struct saying *s, str post_type)
{
	if (s->target)
		return s->target;
	if (str_eq(post_type, S("beacon")))
		return "beacon_map";
	return str_eq(post_type, S("quip")) ? "quip_feed" : "main_feed";
}

static const char *noun_of(str post_type)
{
	if (str_eq(post_type, S("beacon")))
		return "beacon";
	return str_eq(post_type, S("quip")) ? "quip" : "post";
}

static str body_of(struct arena *a, const struct fcm_message *m, const struct saying *s)
{
	str name = str_empty(m->actor_name) ? S("Someone") : m->actor_name;

	if (s->words == AS_IT_IS)
		return str_of(s->body);
	if (s->words == BY_SOMEBODY)
		return arena_printf(a, "%.*s %s", (int)name.n, name.p, s->body);
	return arena_printf(a, "%.*s %s your %s", (int)name.n, name.p, s->body,
			    noun_of(m->post_type));
}

static bool is_follow(const struct fcm_message *m)
{
	return str_starts(m->type, S("follow"));
}

static str uuid_str(struct arena *a, uuid id)
{
	char *text;

	if (uuid_is_nil(id))
		return (str){ 0 };
	text = arena_alloc(a, UUID_TEXT + 1);
	uuid_format(id, text);
	return (str){ text, UUID_TEXT };
}

static str follower_of(struct arena *a, const struct fcm_message *m)
{
	if (!is_follow(m))
		return (str){ 0 };
	return str_empty(m->actor_handle) ? uuid_str(a, m->actor_id) : m->actor_handle;
}

/* ---- JSON ---- */

static void text(struct json_writer *w, const char *key, str value)
{
	json_key(w, str_of(key));
	json_str(w, value);
}

static void number(struct json_writer *w, const char *key, int64_t value)
{
	json_key(w, str_of(key));
	json_int(w, value);
}

static void begin(struct json_writer *w, const char *key)
{
	json_key(w, str_of(key));
	json_object_begin(w);
}

static void text_if(struct json_writer *w, const char *key, str value)
{
	if (!str_empty(value))
		text(w, key, value);
}

static void write_data(struct json_writer *w, const struct fcm_message *m, const struct saying *s)
{
	begin(w, "data");
	text(w, "type", m->type);
	text(w, "target", str_of(target_of(s, m->post_type)));
	text_if(w, "post_id", uuid_str(w->arena, m->post_id));
	text_if(w, "comment_id", uuid_str(w->arena, m->comment_id));
	if (!uuid_is_nil(m->post_id))
		text_if(w, "post_type", m->post_type);
	text_if(w, "actor_handle", m->actor_handle);
	text_if(w, "follower_id", follower_of(w->arena, m));
	text_if(w, "beacon_id", m->beacon_id);
	text_if(w, "conversation_id", m->conversation_id);
	text_if(w, "emoji", m->emoji);
	json_object_end(w);
}

/* Two messages of one tag are shown as one: a group's, or the same sent again after a crash. */
static str tag_of(struct arena *a, const struct fcm_message *m)
{
	return str_empty(m->group_key) ? uuid_str(a, m->notification_id) : m->group_key;
}

/* A phone that is off keeps messages of four collapse keys only, so what has no group has no key. */
static void write_android(struct json_writer *w, const struct fcm_message *m)
{
	begin(w, "android");
	text(w, "priority", S("high"));
	text_if(w, "collapse_key", m->group_key);
	begin(w, "notification");
	text(w, "channel_id", S("sojorn_notifications"));
	text(w, "click_action", S("FLUTTER_NOTIFICATION_CLICK"));
	text(w, "sound", S("default"));
	text(w, "tag", tag_of(w->arena, m));
	if (m->badge >= 0)
		number(w, "notification_count", m->badge);
	json_object_end(w);
	json_object_end(w);
}

static void write_apns(struct json_writer *w, const struct fcm_message *m)
{
	begin(w, "apns");
	begin(w, "headers");
	text(w, "apns-priority", S("10"));
	text(w, "apns-collapse-id", tag_of(w->arena, m));
	json_object_end(w);
	begin(w, "payload");
	begin(w, "aps");
	text(w, "sound", S("default"));
	if (m->badge >= 0)
		number(w, "badge", m->badge);
	number(w, "mutable-content", 1);
	number(w, "content-available", 1);
	json_object_end(w);
	json_object_end(w);
	json_object_end(w);
}

/* The part of a link behind the address of the app. */
static str path_of(struct arena *a, const struct fcm_message *m, const char *target)
{
	str t = str_of(target), follower = follower_of(a, m), post = uuid_str(a, m->post_id);

	if (str_eq(t, S("secure_chat")))
		return str_empty(m->conversation_id)
			? S("/secure-chat")
			: arena_printf(a, "/secure-chat/%.*s", (int)m->conversation_id.n,
				       m->conversation_id.p);
	if (str_eq(t, S("profile")) && !str_empty(follower))
		return arena_printf(a, "/u/%.*s", (int)follower.n, follower.p);
	if (str_starts(t, S("profile")))
		return S("/profile");
	if (str_eq(t, S("beacon_map")))
		return S("/beacon");
	if (str_eq(t, S("quip_feed")))
		return S("/quips");
	return post.p ? arena_printf(a, "/p/%.*s", (int)post.n, post.p) : S("/");
}

static void write_webpush(struct json_writer *w, const struct fcm_message *m,
			  const struct saying *s, str web)
{
	str path = path_of(w->arena, m, target_of(s, m->post_type));

	begin(w, "webpush");
	begin(w, "notification");
	text(w, "icon", S("/icons/icon-192.png"));
	text(w, "badge", S("/icons/badge-72.png"));
	text(w, "tag", tag_of(w->arena, m));
	json_object_end(w);
	begin(w, "fcm_options");
	text(w, "link", arena_printf(w->arena, "%.*s%.*s", (int)web.n, web.p, (int)path.n, path.p));
	json_object_end(w);
	json_object_end(w);
}

str fcm_message_json(struct arena *a, const struct fcm_message *m, str web)
{
	const struct saying *s = saying_of(m->type);
	struct json_writer w;

	json_init(&w, a, 2048);
	json_object_begin(&w);
	begin(&w, "message");
	text(&w, "token", m->token);
	begin(&w, "notification");
	text(&w, "title", str_of(s->title));
	text(&w, "body", body_of(a, m, s));
	json_object_end(&w);
	write_data(&w, m, s);
	write_android(&w, m);
	write_apns(&w, m);
	write_webpush(&w, m, s, web);
	json_object_end(&w);
	json_object_end(&w);
	return json_text(&w);
}
