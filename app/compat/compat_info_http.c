/* Supabase Auth: what it says of itself, and the list of all routes of app/compat. */
#include "app/compat/compat.h"
#include "app/compat/compat_http.h"
#include "lib/web/jwks.h"

struct settings {
	struct json external;
	bool disable_signup, mailer_autoconfirm, phone_autoconfirm;
	str sms_provider;
	bool saml_enabled;
};
static const struct field settings_fields[] = {
	FIELD(struct settings, external),
	FIELD(struct settings, disable_signup),
	FIELD(struct settings, mailer_autoconfirm),
	FIELD(struct settings, phone_autoconfirm),
	FIELD(struct settings, sms_provider),
	FIELD(struct settings, saml_enabled),
	{ 0 },
};

/* All that its clients know of: a button is shown for each that is true. */
static const char providers[] =
	"{\"anonymous_users\":false,\"apple\":false,\"azure\":false,\"bitbucket\":false,\"discord\":false,"
	"\"facebook\":false,\"figma\":false,\"fly\":false,\"github\":false,\"gitlab\":false,\"google\":false,"
	"\"kakao\":false,\"keycloak\":false,\"linkedin\":false,\"linkedin_oidc\":false,\"notion\":false,"
	"\"slack\":false,\"slack_oidc\":false,\"snapchat\":false,\"spotify\":false,\"twitch\":false,"
	"\"twitter\":false,\"workos\":false,\"zoom\":false,\"email\":true,\"phone\":false}";

static err get_settings(struct req *r)
{
	struct settings out = { .external = { str_of(providers) }, .sms_provider = S("") };

	return reply(r, &out);
}

struct health {
	str version, name, description;
};
static const struct field health_fields[] = {
	FIELD(struct health, version),
	FIELD(struct health, name),
	FIELD(struct health, description),
	{ 0 },
};

static err health(struct req *r)
{
	struct health out = { S("v2"), S("GoTrue"),
			      S("Sojorn answers as the user registration and authentication API "
				"that was here") };

	return reply(r, &out);
}

struct keys {
	struct json keys;
};
static const struct field keys_fields[] = {
	FIELD(struct keys, keys),
	{ 0 },
};

/* Ours are signed with a shared secret, which is never listed: clients then ask GET /user. Those that the project
 * signed by keys of its own are good as long as these are known. */
static err jwks(struct req *r)
{
	struct keys out = { { r->app->jwks ? jwks_list(r->app->jwks) : S("[]") } };

	reply_header(r, "Cache-Control", S("public, max-age=600"));
	return reply(r, &out);
}

/* What a project says that has these switched off. */
static const struct err_info infos[] = {
	{ 400, "validation_failed", "Unsupported provider: provider is not enabled", NULL },
	{ 404, "manual_linking_disabled", "Manual linking is disabled", NULL },
	{ 422, "saml_provider_disabled", "SAML 2.0 is disabled", NULL },
};

static err authorize(struct req *r)
{
	(void)r;
	return (err){ &infos[0] };
}

static err link_identity(struct req *r)
{
	(void)r;
	return (err){ &infos[1] };
}

static err sign_in_sso(struct req *r)
{
	(void)r;
	return (err){ &infos[2] };
}

#define A "/auth/v1"

static const struct route compat_info_routes[] = {
	{ GET, A "/settings", get_settings, "which ways of signing in there are", .auth = AUTH_KEY,
	  .out = settings_fields },
	{ GET, A "/health", health, "the Auth server answers", .auth = AUTH_KEY,
	  .out = health_fields },
	{ GET, A "/.well-known/jwks.json", jwks, "public keys of tokens", .auth = AUTH_NONE,
	  .out = keys_fields },
	{ GET, A "/authorize", authorize, "accounts of other sites: there are none",
	  .auth = AUTH_NONE },
	{ GET, A "/user/identities/authorize", link_identity, "linking them: neither",
	  .auth = AUTH_ACCOUNT },
	{ DELETE, A "/user/identities/:id", link_identity, "unlinking them: neither",
	  .auth = AUTH_ACCOUNT },
	{ POST, A "/sso", sign_in_sso, "a company's own sign-in: there is none", .auth = AUTH_KEY },
	{ 0 },
};

const struct route *const compat_routes[] = {
	compat_session_routes,
	compat_mail_routes,
	compat_factor_routes,
	compat_admin_routes,
	compat_function_routes,
	compat_storage_routes,
	compat_upload_routes,
	compat_bucket_routes,
	compat_invite_routes,
	compat_info_routes,
	NULL,
};
