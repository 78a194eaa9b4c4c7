/*
 * The old platform's API on the same accounts and data, so that apps which are out there go on working with
 * Supabase's own client libraries, unmodified (SUPABASE_COMPAT=on):
 *
 *	/auth/v1/...       its Auth server
 *	/functions/v1/...  the nine functions the app had, each a route of /api/v1
 *	/storage/v1/...    objects
 *
 * What it says on the wire, and why, is in docs/decisions/0011-compat.md.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"
#include "lib/web/req.h"

/* The route tables, NULL-terminated; served beside app_routes when the option is on. */
extern const struct route *const compat_routes[];

/* The server's hooks when it is on: on the old paths a request needs one of the project's keys and errors
 * have the old shapes; elsewhere all is as usual. */
err compat_authenticate(struct req *r);
bool compat_reply_error(struct req *r, err e);

/* The job that removes an object's bytes when its row is gone. Suspends. */
err compat_delete_run(struct job *j);
