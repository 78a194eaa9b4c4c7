/* See visit.h. */
#include "app/previews/visit.h"

enum { REDIRECTS_MAX = 4, PAGE_MAX = 1024 * 1024, PICTURE_MAX = 10 * 1024 * 1024 };

static const int64_t patience = 8 * SECOND;

/* What some sites ask of whoever fetches previews; a name without a version ages well. */
static const struct pair headers[] = {
	{ { "User-Agent", 10 }, { "Sojorn (link preview)", 21 } },
	{ { "Accept-Language", 15 }, { "en, *;q=0.5", 11 } },
};

static err get(struct arena *a, const struct app *app, str url, struct fetch f, int64_t deadline,
	       struct fetch_reply *out)
{
	f.url = url;
	f.headers = headers;
	f.nheaders = sizeof(headers) / sizeof(*headers);
	f.public_only = !config_bool(app->config, "PREVIEW_PRIVATE");
	return fetch_http(a, &f, deadline, out);
}

/* "text/html; charset=utf-8" */
static void read_type(struct arena *a, const struct fetch_reply *reply, struct visit *out)
{
	str rest = fetch_header(reply, "Content-Type");
	str type = str_cut(&rest, ';');

	out->mime = type.p ? arena_lower(a, str_trim(type)) : S("");
	while (rest.p) {
		str value = str_cut(&rest, ';'), name = str_cut(&value, '=');

		value = str_trim(value);
		if (value.n > 2 && *value.p == '"')
			value = str_slice(value, 1, value.n - 1);
		if (value.p && str_ieq(str_trim(name), S("charset")))
			out->charset = value;
	}
}

static err take(struct arena *a, str url, const struct fetch_reply *reply, struct visit *out)
{
	if (reply->status >= 500)
		return err_io;
	if (reply->status != 200)
		return err_not_found;
	*out = (struct visit){ .url = url, .body = reply->body };
	read_type(a, reply, out);
	return OK;
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

err visit_page(struct arena *a, const struct app *app, str url, struct visit *out)
{
	const struct fetch f = { .reply_max = PAGE_MAX, .cut = true };
	int64_t deadline = time_monotonic() + patience;
	struct fetch_reply reply;

	for (int i = 0; i <= REDIRECTS_MAX; i++) {
		TRY(get(a, app, url, f, deadline, &reply));
		if (!is_redirect(reply.status))
			return take(a, url, &reply, out);
		url = fetch_resolve(a, url, fetch_header(&reply, "Location"));
		if (!url.p)
			return err_not_found;
	}
	return err_not_found;
}

err visit_picture(struct arena *a, const struct app *app, str url, struct visit *out)
{
	const struct fetch f = { .reply_max = PICTURE_MAX };
	struct fetch_reply reply;

	TRY(get(a, app, url, f, time_monotonic() + patience, &reply));
	return take(a, url, &reply, out);
}
