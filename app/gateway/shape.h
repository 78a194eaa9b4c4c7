/* Errors of the gateway itself, as clients of the project expect them. Private to app/gateway. */
#pragma once

#include "lib/web/req.h"

/*
 * Replies to a request that could not be passed on, in the shape of the path's service: 503 when it was held for
 * too long, 504 when the project took too long, 502 when it could not be reached or broke off; with Retry-After.
 * Never a 4xx: clients take those for the end of a session. A client that went away gets nothing.
 */
err shape_failure(struct req *r, err e);
