/*
 * What links in posts lead to: the first one of a post gets a preview (title, text, picture, site), fetched
 * by the server after the post was written. Strangers say where to connect, so only addresses of the public
 * internet are connected to, looked at after names were resolved and again at every redirect.
 *
 * Also the list of domains the operator calls safe or not, and the proxy for pictures of a few hosts.
 */
#pragma once

#include "app/ops/jobs.h"

extern const struct route previews_routes[];

/* The job that the trigger on posts queues. Suspends. */
err previews_run(struct job *j);

/* Once a day. Suspends. */
err previews_trim(struct job *j);
