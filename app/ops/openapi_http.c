/* Serves the OpenAPI document, which is made at the first request and kept. */
#include "app/ops/openapi.h"

#include "lib/web/openapi.h"
#include "lib/web/req.h"
#include "version.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const struct openapi_tag tags[] = {
	{ "account", "The account as a whole: status, deactivation, deletion" },
	{ "analysis", "Checks of a text before it is published" },
	{ "auth", "Signing up, signing in, tokens, second factor, passwords" },
	{ "beacons", "What happens around here: anonymous, placed on the map, vouched for" },
	{ "blocks", "Who is blocked" },
	{ "categories", "What posts are about, and which of it one wants to see" },
	{ "circle", "The people one trusts most" },
	{ "complete-onboarding", "The last step of a new account" },
	{ "feed", "Posts of others: followed, ranked, videos" },
	{ "hashtags", "Words that posts are filed under" },
	{ "health", "Is the server well?" },
	{ "moderate", "Checks of a message before it is sent" },
	{ "notifications", "What happened to one's own, and the devices to tell" },
	{ "openapi", "This document" },
	{ "posts", "Posts, comments, chains, and what people do with them" },
	{ "profile", "One's own profile" },
	{ "profiles", "Other people's profiles" },
	{ "reports", "Telling the moderators" },
	{ "reset-password", "Page: a new password, by the link of a mail" },
	{ "robots", "For search engines" },
	{ "search", "People, tags and posts by words" },
	{ "settings", "What one has chosen" },
	{ "test", "Is anybody there?" },
	{ "users", "Following, and what belongs to a user" },
	{ "verified", "Page: an address has been confirmed" },
	{ "verify-error", "Page: a link of a mail is no longer good" },
	{ NULL, NULL },
};

static const char description[] =
	"The API of Sojorn. Times are RFC 3339 in UTC, ids lower-case UUIDs, lists never null. Unknown "
	"members of a body are ignored; a body that is the literal null counts as empty. Lists take "
	"`limit` and `offset`, or the opaque `cursor` that the page before returned. Every reply carries "
	"X-Request-Id; an error is {error, code, request_id}, of which code is stable.";

str openapi_of_product(struct arena *a, const char *server_url)
{
	const struct openapi_info info = {
		.title = "Sojorn",
		.version = SOJORN_VERSION,
		.description = description,
		.server_url = server_url,
		.contact_name = "Sojorn",
		.contact_url = "https://sojorn.net",
		.license_name = "All rights reserved",
		.license_id = "LicenseRef-All-Rights-Reserved",
		.tags = tags,
	};

	return openapi_document(a, app_routes, &info);
}

static str document; /* for as long as the process lives */

static void make_document(void)
{
	struct arena *a = arena_new();
	str made = openapi_of_product(a, NULL);
	char *kept = malloc(made.n);

	if (!kept)
		abort();
	document = (str){ memcpy(kept, made.p, made.n), made.n };
	arena_free(a);
}

static err get_document(struct req *r)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_document);
	return reply_text(r, 200, "application/json; charset=utf-8", document);
}

const struct route openapi_routes[] = {
	{ GET, "/api/v1/openapi.json", get_document, "get this document", .auth = AUTH_NONE },
	{ 0 },
};
