/* The keys of a project: "anon" is in every app, "service_role" is its owner's. Private to app/compat. */
#pragma once

#include "lib/web/req.h"

/* Which of the old APIs a path belongs to. */
enum api { API_NONE, API_AUTH, API_FUNCTIONS, API_STORAGE };
enum api api_of(str path);

/* Is the bearer a key of the project, or is there none, rather than somebody's token? Then: the owner's? */
bool key_is_bearer(struct req *r, bool *ret_service);

/* The bearer must be the owner's key. Errors: no_authorization (401), not_admin (403). */
err key_of_service(struct req *r);
