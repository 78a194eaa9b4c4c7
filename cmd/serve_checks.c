/* See serve_checks.h. Strict in production, friendly in development. */
#include "cmd/serve_checks.h"
#include "lib/base/log.h"

enum { SECRET_MIN = 32 };

/* "*" among the origins would let any page act with its visitor's credentials. */
static bool any_origin(const struct config *c)
{
	str list = config_str(c, "CORS_ORIGINS");

	while (list.p)
		if (str_eq(str_trim(str_cut(&list, ',')), S("*")))
			return true;
	return false;
}

const char *serve_refusal(const struct config *c)
{
	bool production = config_is(c, "ENV", "production");

	if (str_empty(config_str(c, "DATABASE_URL")))
		return "DATABASE_URL is not set; it says where PostgreSQL is, as in "
		       "postgresql://sojorn@localhost/sojorn";
	if (!config_is(c, "ENV", "development") && config_str(c, "JWT_SECRET").n < SECRET_MIN)
		return "JWT_SECRET must be at least 32 bytes outside development; "
		       "`openssl rand -base64 48` makes one";
	if (!str_empty(config_str(c, "REDIS_URL")) && str_empty(config_str(c, "JWT_SECRET")))
		return "REDIS_URL is for several copies of the server, which need the same JWT_SECRET; "
		       "`openssl rand -base64 48` makes one, set it for all of them";
	if (production && !config_bool(c, "RATE_LIMITS"))
		return "RATE_LIMITS=off is for benches and tests, not for ENV=production";
	if (production && config_bool(c, "PREVIEW_PRIVATE"))
		return "PREVIEW_PRIVATE=on is for tests: with it, links of strangers reach private addresses";
	if (production && any_origin(c))
		return "CORS_ORIGINS=* lets every web page act as its visitor; "
		       "with ENV=production list the origins";
	return NULL;
}

void serve_warnings(const struct config *c)
{
	size_t secret = config_str(c, "JWT_SECRET").n;

	if (secret == 0)
		log_warn("JWT_SECRET is not set: sessions end when the server does");
	else if (secret < SECRET_MIN)
		log_warn("JWT_SECRET is shorter than 32 bytes: do not use it in production");
	if (!config_bool(c, "RATE_LIMITS"))
		log_warn("rate limits are off");
}
