/*
 * Accounts and sessions: who somebody is and how they prove it. Signing up, confirming the address, signing
 * in and out, refresh tokens, passwords, second factors, proof of work, and the small pages that mails
 * link to.
 *
 * What is handed out (links, refresh and temporary tokens) is 32 random bytes; the database has its
 * SHA-256. Keys of the server's own are derived from JWT_SECRET, one a purpose.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"
#include "lib/web/req.h"

/*
 * The server's authenticate hook: fills r->user from the bearer token. What is known of an account is
 * kept for five seconds a process, so most requests need no statement for it. Suspends.
 * Errors: 401 (no token, a bad or expired one, of nobody, of a session that has ended), 403 (banned,
 * suspended, or an account that may not do this now), 503 when the database cannot tell.
 */
err auth_authenticate(struct req *r);

/* The account's status, role or sessions have changed: look again at its next request. Whoever changes
 * one calls this after the commit; other processes see it within five seconds. Any thread. */
void auth_forget(uuid user);

extern const err err_banned;	/* 403 banned */
extern const err err_suspended; /* 403 suspended */
extern const err err_inactive;	/* 403 account_inactive: pending, deactivated or to be deleted */

extern const struct route auth_signup_routes[], auth_session_routes[], auth_password_routes[],
	auth_mfa_routes[], auth_page_routes[];

/* A TOTP secret (base32) as mfa_secrets keeps it, for accounts that come from elsewhere. */
str auth_seal_factor(struct arena *a, str jwt_secret, uuid user, str secret);

/* Hourly: tokens, challenges and sessions that are over. */
err auth_clean(struct job *j);
