/* What accounts, addresses and passwords must be like. Private to app/auth. */
#pragma once

#include "app/app.h"
#include "lib/web/req.h"

/* As it is looked up: trimmed, in lower case; for an address that must not be proper. */
str email_key(struct arena *a, str typed);

/* At most 72 bytes, which is what bcrypt reads, and not on PASSWORD_LIST. Error: err_invalid about `field`. */
err check_new_password(struct req *r, const char *field, str password);

/* Under 18, by month; an unknown birthday (0) is none. */
bool is_minor(int32_t birth_month, int32_t birth_year, usec now);

int32_t year_of(usec t);

/* A rate by account, for a request without a token. Error: err_rate_limited. */
err limit_account(struct req *r, const struct rate *rate, uuid user);

/* Is it the password? Hashes in the offload pool. A hash that is absent, or that nobody can check, takes
 * as long as another and is never right. Suspends. */
err password_is_right(struct req *r, str password, str hash, bool *ret_right);

/* Its hash, in the arena. Suspends. */
err password_make_hash(struct req *r, str password, str *out);

/* May this account sign in now? A suspension that has lapsed is lifted (Suspends).
 * Errors: verify_email (401), banned, suspended (403). */
err check_status(struct req *r, uuid user, str status, bool lapsed);

extern const err err_age_restricted; /* 403 */
extern const err err_banned_ip;	     /* 403 ip_banned */
