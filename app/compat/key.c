/* See key.h. A key is what the options say, or any token of those roles under our secret, which is what the
 * options hold as a rule. */
#include "app/compat/key.h"

#include "app/auth/auth.h"
#include "app/compat/compat.h"
#include "lib/web/token.h"

static const struct err_info infos[] = {
	{ 401, "no_api_key", "No API key found in request", NULL },
	{ 401, "bad_api_key", "Invalid API key", NULL },
	{ 401, "no_authorization", "This endpoint requires a valid Bearer token", NULL },
	{ 403, "not_admin", "User not allowed", NULL },
};
static const err err_no_key = { &infos[0] };
static const err err_bad_key = { &infos[1] };
static const err err_no_bearer = { &infos[2] };
static const err err_not_admin = { &infos[3] };

enum api api_of(str path)
{
	if (str_starts(path, S("/auth/v1/")))
		return API_AUTH;
	if (str_starts(path, S("/functions/v1/")))
		return API_FUNCTIONS;
	return str_starts(path, S("/storage/v1/")) ? API_STORAGE : API_NONE;
}

static bool is_option(const struct req *r, const char *option, str key)
{
	str own = config_str(r->app->config, option);

	return !str_empty(own) && str_eq_secret(own, key);
}

static bool has_role(struct req *r, str key, str role)
{
	struct token t;
	err e = token_verify(r->arena, r->app->jwt_secret, key, time_now(), &t);

	return !e.info && str_eq(t.role, role);
}

static bool is_service_key(struct req *r, str key)
{
	return is_option(r, "SUPABASE_SERVICE_KEY", key) || has_role(r, key, S("service_role"));
}

static bool is_anon_key(struct req *r, str key)
{
	return is_option(r, "SUPABASE_ANON_KEY", key) || has_role(r, key, S("anon"));
}

/* In the header, or in the query as browsers' links have it. */
static str given_key(const struct req *r)
{
	str key = req_header(r, "apikey");

	for (size_t i = 0; i < r->nquery && !key.p; i++)
		if (str_eq(r->query[i].name, S("apikey")))
			key = r->query[i].value;
	return key;
}

static err check_key(struct req *r)
{
	str key = given_key(r);

	if (!key.p)
		return err_no_key;
	return is_anon_key(r, key) || is_service_key(r, key) ? OK : err_bad_key;
}

bool key_is_bearer(struct req *r, bool *ret_service)
{
	str header = req_header(r, "Authorization"), scheme = str_cut(&header, ' ');
	str key = str_ieq(scheme, S("Bearer")) ? header : given_key(r);

	*ret_service = is_service_key(r, key);
	return *ret_service || is_anon_key(r, key);
}

err key_of_service(struct req *r)
{
	str header = req_header(r, "Authorization"), scheme = str_cut(&header, ' ');

	if (!str_ieq(scheme, S("Bearer")) || str_empty(header))
		return err_no_bearer;
	return is_service_key(r, header) ? OK : err_not_admin;
}

err compat_authenticate(struct req *r)
{
	if (api_of(r->path) == API_NONE)
		return auth_authenticate(r);
	TRY(check_key(r));
	return r->route->auth == AUTH_KEY ? OK : auth_authenticate(r);
}
