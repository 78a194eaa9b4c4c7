/* Who is asking. */
#pragma once

#include "lib/web/req.h"

extern const err err_banned;	/* 403 banned */
extern const err err_suspended; /* 403 suspended */
extern const err err_inactive;	/* 403 account_inactive: pending, deactivated or to be deleted */

/* server_options.authenticate: fills r->user from the bearer token, whose account must exist and may
 * act; without a token on an AUTH_OPTIONAL route it stays nobody. Suspends. */
err auth_authenticate(struct req *r);
