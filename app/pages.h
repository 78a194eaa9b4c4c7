/* The few pages that this server shows itself, for links in mails. Nothing but HTML and one style: no
 * script, nothing from elsewhere, and a policy that says so. */
#pragma once

#include "lib/web/req.h"

/* A page with a heading; `body` is HTML. Not kept by caches, nor shown in a frame, nor its address told to
 * others. */
err page_reply(struct req *r, int status, const char *title, str body);
