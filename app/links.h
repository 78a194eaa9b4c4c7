/* Where links in mails and redirects lead. The addresses are the operator's (API_BASE_URL,
 * APP_BASE_URL) and never a request's Host header, which anybody can send. */
#pragma once

#include "app/app.h"

struct req;

/* Of this server as the world sees it, without a slash at the end: "https://api.example.org". */
str link_api(struct arena *a, const struct app *app);

/* Of the web app that shows the results; the server itself, which has small pages for them, when there is
 * none. */
str link_app(struct arena *a, const struct app *app);

/* What people give as an address of a page: an absolute http(s) address, or empty. err_invalid names the
 * member. */
err link_check(struct req *r, const char *name, str url);

/* Whether pictures of another host may be shown and passed on: IMAGE_PROXY_HOSTS. */
bool link_shows_pictures_of(const struct app *app, str host);
