/*
 * Refresh tokens with a counter, in the form Supabase's server gives them since 2025 (its "v2"): a zero byte,
 * the session's id, the counter as unsigned LEB128, half of an HMAC-SHA256 of all that, four bytes of a
 * SHA-256 of all that, in base64url. Nothing of a single token is stored: the session has the counter of its
 * current one. So a session opened here can go on over there, given its key and counter. Private to app/auth.
 */
#pragma once

#include "app/auth/auth_db.h"

/* The key of a session: its own in base64url, or derived from the server's secret when it has none (absent).
 * False: its own is something else, which the old server has encrypted. */
[[nodiscard]] bool counted_key(const struct app *app, uuid session, str own,
			       uint8_t key[static KEY_BYTES]);

/* The next tokens of a counted session. */
void refreshed_of(struct req *r, const struct judged *j, struct refreshed *out);

str counted_token(struct arena *a, const uint8_t key[static KEY_BYTES], uuid session,
		  int64_t counter);
