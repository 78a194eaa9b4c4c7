/* See links.h. */
#include "app/links.h"

#include "lib/web/req.h"

static bool cut_end(str *s, str end)
{
	if (!str_ends(*s, end))
		return false;
	s->n -= end.n;
	return true;
}

/* Some write "https://host/api/v1/", which is the same server. */
static str base_of(str url)
{
	while (cut_end(&url, S("/")))
		;
	if (cut_end(&url, S("/api/v1")))
		while (cut_end(&url, S("/")))
			;
	return url;
}

str link_api(struct arena *a, const struct app *app)
{
	str url = base_of(config_str(app->config, "API_BASE_URL"));

	if (!str_empty(url))
		return url;
	return arena_printf(a, "http://%s:%lld", config_cstr(app->config, "BIND"),
			    (long long)config_int(app->config, "PORT"));
}

str link_app(struct arena *a, const struct app *app)
{
	str url = base_of(config_str(app->config, "APP_BASE_URL"));

	return str_empty(url) ? link_api(a, app) : url;
}

err link_check(struct req *r, const char *name, str url)
{
	if (str_empty(url) || str_starts(url, S("https://")) || str_starts(url, S("http://")))
		return OK;
	return req_fail(r, err_invalid, "%s must be an absolute http(s) address", name);
}

bool link_shows_pictures_of(const struct app *app, str host)
{
	str list = config_str(app->config, "IMAGE_PROXY_HOSTS");

	while (list.p)
		if (str_eq(str_trim(str_cut(&list, ',')), host))
			return true;
	return false;
}
