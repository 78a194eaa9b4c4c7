/*
 * Proof of work at sign-up and sign-in, as ALTCHA clients speak it: the server names a hash, the client
 * finds the number it was made of. Nothing is stored for a challenge: it is signed, says when it expires,
 * and only a solved one is noted, so that it counts once. Private to app/auth.
 */
#pragma once

#include "lib/web/req.h"

struct challenge {
	str algorithm, challenge, salt, signature;
	int64_t maxnumber;
};
extern const struct field challenge_fields[];

/* A new one, good for five minutes. */
void altcha_new(struct req *r, struct challenge *out);

/* Accepts the solution in a body's altcha_token, or anything when none is required.
 * Errors: altcha_required, altcha_invalid (400). Suspends when one is required. */
err altcha_check(struct req *r, str token);
