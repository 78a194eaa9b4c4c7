/* One-time codes from an authenticator app: TOTP (RFC 6238) with SHA-1, six digits, 30 seconds. */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/time.h"

/* A new secret of 20 random bytes, in base32 as apps take it. */
str totp_secret(struct arena *a);

/* otpauth://totp/… for the QR code. */
str totp_uri(struct arena *a, str issuer, str account, str secret);

/* The code of one step (seconds since 1970 / 30) as six digits; false when the secret is no base32. */
[[nodiscard]] bool totp_code(str secret, int64_t step, char out[static 6]);

/* Is it the code of this step, the one before or the one after, and newer than `last_step`? Then
 * *ret_step is its step, to be kept as the next last_step: a code is good once. */
[[nodiscard]] bool totp_check(str secret, str code, usec now, int64_t last_step, int64_t *ret_step);
