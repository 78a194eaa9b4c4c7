/* WebSockets of the project's realtime service, passed on. Private to app/gateway. */
#pragma once

#include "app/gateway/gate.h"
#include "lib/base/json.h"
#include "lib/web/req.h"

/* Does the request ask for one? */
bool tunnel_wanted(const struct req *r);

/*
 * Asks the project for the same and, if it agrees, connects the two sockets until either ends, or until this side
 * is the writer: then the client must look for a socket here. Else its refusal is the reply. Suspends. Errors as
 * raw_open.
 */
err tunnel_open(struct req *r, struct gate *g, str url, const struct pair *headers, size_t n);
