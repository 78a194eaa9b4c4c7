/* The route tables of all features; a feature joins by its line here. */
#include "app/account/account.h"
#include "app/app.h"
#include "app/auth/auth.h"
#include "app/backup/backup.h"
#include "app/beacons/beacons.h"
#include "app/categories/categories.h"
#include "app/chat/chat.h"
#include "app/console/console.h"
#include "app/export/export.h"
#include "app/feed/feed.h"
#include "app/graph/graph.h"
#include "app/hashtags/hashtags.h"
#include "app/keys/keys.h"
#include "app/media/media.h"
#include "app/moderation/moderation.h"
#include "app/notifications/notifications.h"
#include "app/ops/health.h"
#include "app/ops/metrics.h"
#include "app/ops/openapi.h"
#include "app/posts/posts.h"
#include "app/previews/previews.h"
#include "app/profiles/profiles.h"
#include "app/realtime/realtime.h"
#include "app/reports/reports.h"
#include "app/search/search.h"
#include "app/settings/settings.h"

const struct route *const app_routes[] = {
	health_routes, /* one a line, so that features may join side by side */
	auth_signup_routes,   auth_session_routes,
	auth_password_routes, auth_mfa_routes,
	auth_page_routes,     profiles_routes,
	graph_routes,	      people_routes,
	reports_routes,	      posts_routes,
	posts_edit_routes,    posts_list_routes,
	feed_routes,	      beacons_routes,
	search_routes,	      hashtags_routes,
	settings_routes,      categories_routes,
	notifications_routes, inbox_routes,
	moderation_routes,    account_routes,
	chat_routes,	      messages_routes,
	keys_routes,	      media_routes,
	previews_routes,      export_routes,
	vault_routes,	      backup_routes,
	devices_routes,	      openapi_routes,
	realtime_routes,      NULL,
};

const struct route *const admin_routes[] = {
	health_routes,	       metrics_routes,
	console_page_routes,   console_session_routes,
	console_watch_routes,  console_move_routes,
	console_people_routes, console_queue_routes,
	console_tuning_routes, NULL,
};
