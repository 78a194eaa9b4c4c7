/* The second factor: the sealed secret of an authenticator app, and recovery codes. Private to app/auth. */
#pragma once

#include "lib/web/req.h"

extern const err err_mfa_enabled; /* 409 mfa_enabled */
extern const err err_mfa_code;	  /* 401 mfa_code_wrong */
extern const err err_mfa_token;	  /* 401 mfa_token_invalid */

/* Tries by account, beside those by address. */
extern const struct rate rate_mfa_account;

/* Sealed for this account alone. */
struct bytes mfa_seal(struct req *r, uuid user, str secret);

/* Is it a code of the app, newer than the last one used? *ret_step is to be kept as the last one.
 * Error: err_internal when the secret does not open (JWT_SECRET is another now). */
err mfa_check(struct req *r, uuid user, struct bytes sealed, int64_t last_step, str code,
	      bool *ret_right, int64_t *ret_step);

/* New recovery codes "xxxxx-xxxxx", and what is stored of them, in hex. */
void mfa_recovery_codes(struct req *r, uuid user, struct strs *out_codes, struct strs *out_hashes);

/* What is stored of one; dashes, blanks and case do not matter. */
struct bytes mfa_recovery_hash(struct req *r, uuid user, str code);
