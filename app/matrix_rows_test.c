/* The rows of the authorization matrix: a new route joins here, with the status each kind of caller gets. */
#include "app/matrix_test.h"

/* clang-format off */
/*                                     anon  own strg foll circ blkd blkr priv susp deac bann  mod */
static const short everybody[ROLES] = { 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200 };
static const short users[ROLES]     = { 401, 200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 200 };
static const short accounts[ROLES]  = { 401, 200, 200, 200, 200, 200, 200, 200, 403, 200, 403, 200 };
static const short person[ROLES]    = { 401, 200, 200, 200, 200, 404, 404, 200, 403, 403, 403, 200 };
static const short post[ROLES]      = { 401, 200, 200, 200, 200, 404, 404, 404, 403, 403, 403, 200 };
static const short others[ROLES]    = { 401, 404, 200, 200, 200, 404, 404, 404, 403, 403, 403, 200 };
static const short own[ROLES]       = { 401, 200, 404, 404, 404, 404, 404, 404, 403, 403, 403, 404 };
static const short nobody[ROLES]    = { 401, 400, 404, 404, 404, 404, 404, 404, 403, 403, 403, 404 };
static const short mutual[ROLES]    = { 401, 200, 403, 403, 200, 404, 404, 404, 403, 403, 403, 403 };
static const short score[ROLES]     = { 401, 200, 403, 403, 403, 404, 404, 404, 403, 403, 403, 403 };
static const short open[ROLES]      = { 401, 400, 403, 403, 200, 404, 404, 403, 403, 403, 403, 403 };
static const short bundle[ROLES]    = { 401, 200, 403, 403, 200, 404, 404, 403, 403, 403, 403, 403 };
static const short saved[ROLES]     = { 401, 200, 403, 403, 403, 403, 403, 403, 403, 403, 403, 403 };
static const short follow[ROLES]    = { 401, 400, 200, 200, 200, 404, 404, 200, 403, 403, 403, 200 };
static const short block[ROLES]     = { 401, 400, 200, 200, 200, 200, 200, 200, 403, 403, 403, 200 };
static const short circle[ROLES]    = { 401, 400, 400, 200, 200, 404, 404, 400, 403, 403, 403, 400 };
static const short dropped[ROLES]   = { 401, 400, 404, 404, 200, 404, 404, 404, 403, 403, 403, 404 };
static const short health[ROLES]    = { 200, 200, 200, 200, 200, 200, 200, 200, 403, 403, 403, 200 };
static const short leave[ROLES]     = { 401, 200, 200, 200, 200, 200, 200, 200, 403, 400, 403, 200 };
/* clang-format on */

#define A "/api/v1"

const struct row matrix_rows[] = {
	{ "GET /health", .want = everybody },
	{ "GET /health/live", .want = everybody },
	{ "GET /health/ready", .want = everybody },
	{ "GET /health/detailed", .want = health },
	{ "GET /robots.txt", .want = everybody },
	{ "GET " A "/test", .want = everybody },
	{ "GET " A "/openapi.json", .want = everybody },
	{ "GET /ws", .want = users, .ok = 426 },

	{ "POST " A "/auth/register", .want = everybody, .ok = 400, .body = "{}" },
	{ "POST " A "/auth/signup", .want = everybody, .ok = 400, .body = "{}" },
	{ "POST " A "/auth/resend-verification", .want = everybody, .ok = 400, .body = "{}" },
	{ "GET " A "/auth/verify", .want = everybody, .ok = 302 },
	{ "GET " A "/auth/altcha-challenge", .want = everybody },
	{ "POST " A "/complete-onboarding", .want = users },
	{ "POST " A "/auth/login", .want = everybody, .ok = 400, .body = "{}" },
	{ "POST " A "/auth/refresh", .want = everybody, .ok = 400, .body = "{}" },
	{ "POST " A "/auth/logout", .want = accounts },
	{ "POST " A "/auth/forgot-password", .want = everybody, .ok = 400, .body = "{}" },
	{ "POST " A "/auth/reset-password", .want = everybody, .ok = 400, .body = "{}" },
	{ "POST " A "/auth/change-password", .want = users, .ok = 400, .body = "{}" },
	{ "POST " A "/auth/mfa/setup", .want = users },
	{ "POST " A "/auth/mfa/confirm", .want = users, .ok = 400, .body = "{'code': '123456'}" },
	{ "POST " A "/auth/mfa/disable", .want = users, .ok = 400, .body = "{}" },
	{ "POST " A "/auth/mfa/recovery-codes", .want = users, .ok = 400, .body = "{}" },
	{ "POST " A "/auth/mfa/verify", .want = everybody, .ok = 400, .body = "{}" },
	{ "GET /verified", .want = everybody },
	{ "GET /verify-error", .want = everybody },
	{ "GET /reset-password", .want = everybody, .ok = 400 },
	{ "POST /reset-password", .want = everybody, .ok = 400 },

	{ "GET " A "/profile", .want = person, .query = "handle=%" },
	{ "POST " A "/profile", .want = users, .ok = 400, .body = "{}" },
	{ "PATCH " A "/profile", .want = users, .body = "{'bio': 'new'}" },
	{ "GET " A "/profile/trust-state", .want = users },
	{ "GET " A "/profiles/:id", .want = person },
	{ "GET " A "/users/by-handle/:handle", .want = person },

	{ "POST " A "/users/:id/follow", .want = follow },
	{ "DELETE " A "/users/:id/follow", .want = follow },
	{ "DELETE " A "/users/:id/follower", .want = dropped },
	{ "GET " A "/users/requests", .want = users },
	{ "POST " A "/users/requests", .want = users },
	{ "POST " A "/users/:id/accept", .want = nobody },
	{ "DELETE " A "/users/:id/reject", .want = nobody },
	{ "GET " A "/users/:id/followers", .want = person },
	{ "GET " A "/users/:id/following", .want = person },
	{ "POST " A "/users/:id/block", .want = block },
	{ "DELETE " A "/users/:id/block", .want = block },
	{ "GET " A "/users/blocked", .want = users, .names_owner = true },
	{ "POST " A "/users/block_by_handle", .want = block, .body = "{'handle': '%'}" },
	{ "POST " A "/users/me/blocks/bulk", .want = users, .names_owner = true,
	  .body = "{'handles': ['%']}" },
	{ "GET " A "/mutual-follows", .want = users },
	{ "GET " A "/users/:id/mutual-followers", .want = person },
	{ "GET " A "/users/:id/is-following", .want = person },
	{ "GET " A "/users/suggested", .want = users },
	{ "POST " A "/users/circle/:id", .want = circle },
	{ "DELETE " A "/users/circle/:id", .want = users },
	{ "GET " A "/users/circle/members", .want = users },
	{ "POST " A "/users/report", .want = follow,
	  .body = "{'target_user_id': '@', 'violation_type': 'scam'}" },
	{ "GET " A "/reports/mine", .want = users },

	{ "POST " A "/posts", .want = users, .ok = 201, .body = "{'body': 'something'}" },
	{ "GET " A "/posts/:id", .want = post },
	{ "DELETE " A "/posts/:id", .want = own },
	{ "POST " A "/posts/:id/like", .want = post },
	{ "DELETE " A "/posts/:id/like", .want = users },
	{ "POST " A "/posts/:id/save", .want = post },
	{ "DELETE " A "/posts/:id/save", .want = users },
	{ "POST " A "/posts/:id/reactions/toggle", .want = post, .body = "{'emoji': '👍'}" },
	{ "POST " A "/posts/:id/hide", .want = others },
	{ "POST " A "/posts/:id/comments", .want = mutual, .ok = 201,
	  .body = "{'body': 'well said'}" },
	{ "PATCH " A "/posts/:id", .want = own, .body = "{'body': 'changed'}" },
	{ "PATCH " A "/posts/:id/visibility", .want = own, .body = "{'visibility': 'followers'}" },
	{ "POST " A "/posts/:id/pin", .want = own, .body = "{'pinned': true}" },
	{ "POST " A "/posts/:id/view", .want = post,
	  .body = "{'duration_ms': 1000, 'watch_pct': 10}" },
	{ "GET " A "/posts/:id/score", .want = score },
	{ "GET " A "/posts/:id/thread", .want = post },
	{ "GET " A "/posts/:id/chain", .want = post },
	{ "GET " A "/posts/:id/focus-context", .want = post },
	{ "GET " A "/users/:id/posts", .want = person },
	{ "GET " A "/users/:id/saved", .want = saved },
	{ "GET " A "/users/me/liked", .want = users },

	{ "GET " A "/feed", .want = users },
	{ "GET " A "/feed/personal", .want = users },
	{ "GET " A "/feed/sojorn", .want = users },

	{ "POST " A "/beacons", .want = users, .ok = 201,
	  .body = "{'body': 'ice on the road', 'beacon_type': 'hazard', 'lat': 1, 'long': 1}" },
	{ "GET " A "/beacons/nearby", .want = users, .query = "lat=1&long=1" },
	{ "GET " A "/beacons/unified", .want = users, .query = "lat=1&long=1" },
	{ "POST " A "/beacons/:id/vouch", .want = users },
	{ "DELETE " A "/beacons/:id/vouch", .want = users },
	{ "POST " A "/beacons/:id/report", .want = users },
	{ "POST " A "/beacons/:id/resolve", .want = users, .body = "{'status': 'resolved'}" },

	{ "GET " A "/search", .want = users, .query = "q=$" },
	{ "GET " A "/discover", .want = users },
	{ "POST " A "/upload", .want = users, .ok = 400, .body = "{}" },
	{ "GET " A "/media/sign", .want = users, .query = "path=uploads/a.jpg" },
	{ "GET /uploads/*path", .want = everybody, .ok = 404 },
	{ "GET " A "/safe-domains", .want = users },
	{ "GET " A "/safe-domains/check", .want = users, .query = "url=https://example.org/" },
	{ "GET " A "/image-proxy", .want = everybody, .ok = 400 },

	{ "GET " A "/hashtags/trending", .want = users },
	{ "GET " A "/hashtags/following", .want = users },
	{ "GET " A "/hashtags/:name", .want = users },
	{ "POST " A "/hashtags/:name/follow", .want = users },
	{ "DELETE " A "/hashtags/:name/follow", .want = users },

	{ "GET " A "/settings/privacy", .want = users },
	{ "POST " A "/settings/privacy", .want = users },
	{ "PATCH " A "/settings/privacy", .want = users, .body = "{'show_location': false}" },
	{ "GET " A "/settings/user", .want = users },
	{ "PATCH " A "/settings/user", .want = users, .body = "{'theme': 'dark'}" },
	{ "GET " A "/categories", .want = users },
	{ "GET " A "/categories/settings", .want = users },
	{ "POST " A "/categories/settings", .want = users, .body = "{'settings': []}" },

	{ "POST " A "/notifications/device", .want = users,
	  .body = "{'fcm_token': '#', 'platform': 'web'}" },
	{ "DELETE " A "/notifications/device", .want = users, .body = "{'fcm_token': '#'}" },
	{ "DELETE " A "/notifications/devices", .want = users },
	{ "GET " A "/notifications", .want = users },
	{ "GET " A "/notifications/unread", .want = users },
	{ "GET " A "/notifications/badge", .want = users },
	{ "PUT " A "/notifications/:id/read", .want = own },
	{ "POST " A "/notifications/read", .want = users, .body = "{'ids': ['#']}" },
	{ "PUT " A "/notifications/read-all", .want = users },
	{ "POST " A "/notifications/archive", .want = users, .body = "{'ids': ['#']}" },
	{ "POST " A "/notifications/archive-all", .want = users },
	{ "DELETE " A "/notifications/:id", .want = own },
	{ "GET " A "/notifications/preferences", .want = users },
	{ "PUT " A "/notifications/preferences", .want = users, .body = "{'push_likes': false}" },
	{ "GET " A "/users/me/activity", .want = users },

	/* the conversation is the owner's with somebody else, the message his own in it */
	{ "GET " A "/conversations", .want = users },
	{ "GET " A "/conversation", .want = open, .query = "other_user_id=@" },
	{ "DELETE " A "/conversations/:id", .want = own },
	{ "GET " A "/conversations/:id/messages", .want = own },
	{ "POST " A "/conversations/:id/read", .want = own },
	{ "POST " A "/messages", .want = own, .ok = 201,
	  .body = "{'conversation_id': '!', 'ciphertext': 'x'}" },
	{ "DELETE " A "/messages/:id", .want = own },
	{ "POST " A "/messages/:id/reactions", .want = own, .ok = 201, .body = "{'emoji': '👍'}" },
	{ "DELETE " A "/messages/:id/reactions", .want = own, .query = "emoji=x" },

	{ "POST " A "/keys", .want = users, .ok = 400, .body = "{}" },
	{ "DELETE " A "/keys", .want = own },
	{ "GET " A "/keys/:id", .want = bundle },
	{ "DELETE " A "/keys/otk/:keyId", .want = users, .ok = 400 },

	/* the owner has each of these, nobody else any */
	{ "GET " A "/capsule/escrow/status", .want = users },
	{ "POST " A "/capsule/escrow/backup", .want = users, .ok = 400, .body = "{}" },
	{ "GET " A "/capsule/escrow/backup", .want = own },
	{ "DELETE " A "/capsule/escrow/backup", .want = users },
	{ "POST " A "/backup/upload", .want = users, .ok = 400, .body = "{}" },
	{ "GET " A "/backup/download", .want = own },
	{ "GET " A "/backup/download/:backupId", .want = own },
	{ "GET " A "/backup/list", .want = users },
	{ "DELETE " A "/backup/:backupId", .want = own },
	{ "GET " A "/backup/preferences", .want = users },
	{ "PUT " A "/backup/preferences", .want = users, .body = "{}" },
	{ "GET " A "/devices", .want = users },
	{ "POST " A "/devices", .want = users, .ok = 400, .body = "{}" },
	{ "DELETE " A "/devices/:id", .want = own },

	{ "POST " A "/analysis/tone", .want = users, .body = "{'text': 'good morning'}" },
	{ "POST " A "/moderate", .want = users, .body = "{'text': 'good morning'}" },

	{ "GET " A "/account/status", .want = accounts },
	{ "GET " A "/users/me/export", .want = users, .names_owner = true },
	{ "POST " A "/users/me/export", .want = users, .names_owner = true },
	{ "POST " A "/account/deactivate", .want = leave },
	{ "DELETE " A "/account", .want = accounts },
	{ "POST " A "/account/cancel-deletion", .want = accounts, .ok = 400 },
	{ "POST " A "/account/destroy", .want = accounts },
	{ "GET " A "/account/destroy/confirm", .want = everybody, .ok = 400 },
	{ "POST " A "/account/destroy/confirm", .want = everybody, .ok = 400 },
	{ "GET /destroyed", .want = everybody },
};
const size_t matrix_size = sizeof(matrix_rows) / sizeof(*matrix_rows);
