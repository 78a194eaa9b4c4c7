/* Going where strangers' links lead. Private to app/previews. */
#pragma once

#include "app/app.h"
#include "lib/net/fetch.h"

struct visit {
	str url;	/* where it ended */
	str body, mime; /* the type without its parameters, in lower case */
	str charset;	/* absent: not said */
};

/* Fetches a page, following up to four redirects, in 8 s at most; of its body the first megabyte. Suspends.
 * Errors: err_not_found when there is no page for the public (a status, an address that is not public), err_io
 * and err_deadline when there may be one later. */
err visit_page(struct arena *a, const struct app *app, str url, struct visit *out);

/* One picture, without redirects, of at most 10 MiB. Errors as above, err_too_large. */
err visit_picture(struct arena *a, const struct app *app, str url, struct visit *out);
