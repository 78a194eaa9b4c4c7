/* The job kinds and periodic jobs of all features; a feature joins by its line here. */
#include "app/account/account.h"
#include "app/auth/auth.h"
#include "app/beacons/beacons.h"
#include "app/chat/chat.h"
#include "app/compat/compat.h"
#include "app/console/console.h"
#include "app/events/events.h"
#include "app/feed/feed.h"
#include "app/hashtags/hashtags.h"
#include "app/mail/mail.h"
#include "app/media/media.h"
#include "app/moderation/moderation.h"
#include "app/notifications/notifications.h"
#include "app/ops/jobs.h"
#include "app/posts/posts.h"
#include "app/previews/previews.h"
#include "app/push/push.h"
#include "app/realtime/realtime.h"
#include "app/search/search.h"
#include "app/trust/trust.h"

const struct job_kind app_job_kinds[] = {
	{ .kind = "link_preview", .run = previews_run, .attempts = 4 },
	{ .kind = "mail", .run = mail_run },
	{ .kind = "media_delete", .run = media_delete_run },
	{ .kind = "media_frame", .run = media_frame_run, .attempts = 4 },
	{ .kind = "object_delete", .run = compat_delete_run },
	{ .kind = "push", .run = push_run },
	{ .kind = "push_send", .run = push_run },
	{ 0 },
};

const struct periodic app_periodic[] = {
	{ "account_purge_due", HOUR, account_purge_due },
	{ "auth_clean", HOUR, auth_clean },
	{ "audit_trim", DAY, console_trim_audit },
	{ "chat_purge", HOUR, chat_purge },
	{ "events_trim", HOUR, events_trim },
	{ "feed_score_all", 15 * MINUTE, feed_score_all },
	{ "feed_score_new", 10 * SECOND, feed_score_new },
	{ "feed_trim_sessions", 10 * MINUTE, feed_trim_sessions },
	{ "hashtags_score", 15 * MINUTE, hashtags_score },
	{ "inbox_age", DAY, inbox_age },
	{ "live_trim", 10 * MINUTE, realtime_trim },
	{ "media_sweep", HOUR, media_sweep },
	{ "outbox_mend", 10 * SECOND, jobs_mend },
	{ "previews_trim", DAY, previews_trim },
	{ "posts_expire", MINUTE, posts_expire },
	{ "beacons_expire", MINUTE, beacons_expire },
	{ "strikes_recount", DAY, moderation_recount_strikes },
	{ "search_refresh_lexicon", DAY, search_refresh_lexicon },
	{ "trending_score", 5 * MINUTE, trending_score },
	{ "trust_calculate", DAY, trust_calculate },
	{ 0 },
};
