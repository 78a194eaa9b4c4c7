/* What requests that are read whole and those that flow have in common: curl on the loop. Private to lib/net. */
#pragma once

#include "lib/net/fetch.h"
#include "lib/net/loop.h"

#include <curl/curl.h>

/* One thing curl is to do. Embedded first in what knows more of it. */
struct errand {
	CURL *easy;
	CURLM *multi; /* that it was added to */
	struct curl_slist *list;
	struct waiter waiter; /* woken when it has finished */
	bool finished;
	CURLcode result;
	char problem[CURL_ERROR_SIZE];
};

/* A loop's connections, by what they are for. */
extern const struct loop_part fetchers, strangers, multiplexers, flowers;

/* http: http and https, else mail. False: no memory. */
bool errand_init(struct errand *t, struct arena *a, str url, bool http);

/* Adds to the list that the errand owns; false: no memory. */
bool errand_list(struct errand *t, const char *text);

/* No line break, no NUL. */
bool errand_is_line(str s);

/* Puts headers of a request on the list. */
err errand_headers(struct errand *t, struct arena *a, const struct pair *headers, size_t n);

err errand_start(struct errand *t, const struct loop_part *kind);

/* What has become of a finished one: OK, err_invalid (no such URL), err_io with curl's sentence. */
err errand_outcome(const struct errand *t, struct arena *a);

/* Also ends one that was given up: curl forgets it. QUICK_EXIT keeps it from waiting for the thread that
 * resolves the host's name. */
void errand_end(struct errand *t);
