/* Sessions as clients see them: an access token for a quarter of an hour, a refresh token for a month.
 * Private to app/auth. */
#pragma once

#include "app/auth/auth_db.h"
#include "lib/web/req.h"

/*
 * The token that follows another: its HMAC under a key of the server's. So a token shown twice within the
 * grace gets the same successor, from any process, without the successor being stored in clear; and only
 * the server can tell it.
 */
str session_successor(struct req *r, str token);

/* The browser or phone a request comes from, as noted with its session. */
str session_agent(const struct req *r);

/* Opens a session for an account whose password (of this hash), and second factor if it has one, were
 * right, and replies with it. Errors: err_credentials when the password was changed meanwhile. Suspends. */
err session_start(struct req *r, uuid user, str email, str password_hash, bool mfa);
extern const struct field full_session_fields[];
