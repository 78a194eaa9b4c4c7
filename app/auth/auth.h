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

/* The same for a token that came in another way; r->user stays nobody's on an error. Suspends. */
err auth_by_token(struct req *r, str token);

/* The same for a session that was proved in another way, by a cookie of another front. Suspends. */
err auth_by_session(struct req *r, uuid user, uuid session, usec expires);

/* May this session still be here? Asks the database. Suspends. Errors as of auth_authenticate. */
err auth_still(struct db *db, uuid user, uuid session);

/* The account's status, role or sessions have changed: look again at its next request. Whoever changes
 * one calls this after the commit; other copies hear of it by the bus, else from the log of events within a
 * second. Any thread. */
void auth_forget(uuid user);

/* The same for this process only: another one has changed it. */
void auth_forget_here(uuid user);

/* Listens to other copies. Before threads start. */
void auth_listen(void);

extern const err err_banned;	/* 403 banned */
extern const err err_suspended; /* 403 suspended */
extern const err err_inactive;	/* 403 account_inactive: pending, deactivated or to be deleted */

extern const struct route auth_signup_routes[], auth_session_routes[], auth_password_routes[],
	auth_mfa_routes[], auth_page_routes[];

/* A TOTP secret (base32) as mfa_secrets keeps it, for accounts that come from elsewhere. */
str auth_seal_factor(struct arena *a, str jwt_secret, uuid user, str secret);

/* The other way, for accounts that go back there; false: it was sealed with another JWT_SECRET. */
[[nodiscard]] bool auth_open_factor(struct arena *a, str jwt_secret, uuid user, str sealed,
				    str *ret_secret);

/* The key of a session's counted refresh tokens (refresh.h) when it has none of its own, in base64url. */
str auth_session_key(struct arena *a, str jwt_secret, uuid session);

/*
 * ---- accounts and sessions for another front than /api/v1 ----
 *
 * app/compat speaks another protocol about the same accounts. All of these suspend but where they say not.
 */

/* What one sign-in opened. */
struct session {
	uuid id, user;
	str email;
	str method; /* how it is opened: password, otp, recovery, …, as Supabase's claim amr has it */
	struct json amr; /* how it was opened and what came later; absent: that, now */
	bool mfa;	 /* with a second factor */
	bool partial;	 /* waits for the second factor that its account has: good for that only */
	bool counted;	 /* its refresh tokens carry a counter instead of being rows (refresh.h) */
	usec since;
	struct json app_metadata, user_metadata; /* for the access token; absent: the usual, {} */
};

/* An access token is good for so long. */
#define AUTH_ACCESS_SECONDS 900

/* Does not suspend. */
str auth_access_token(struct req *r, const struct session *s);

/* Somebody who may be about to sign in. */
struct candidate {
	bool banned_ip;
	uuid id; /* nil: nobody has this address */
	str email, password, status;
	bool mfa_enabled, lapsed;
	int32_t birth_month, birth_year;
};
extern const struct field candidate_fields[];

/* Who has this address; nobody is no error. Errors: err_banned_ip. */
err auth_find(struct req *r, str email, struct candidate *out);

/* May they sign in? A suspension that has lapsed is lifted. Errors: age_restricted, verify_email, banned,
 * suspended. */
err auth_admit(struct req *r, const struct candidate *c);

/* Both, for an address as typed and its password, limits on wrong tries included. A weak hash is renewed.
 * Errors: those, err_credentials, err_rate_limited. */
err auth_check_password(struct req *r, str email, str password, struct candidate *out);
extern const err err_credentials; /* 401 invalid_credentials */

/* For an account with a second factor, between its password and that: a temporary token, good for five minutes
 * and some tries; and then, with a code of the app or a recovery code (the other one absent or empty), whose
 * sign-in it was: out->id, email and password. Errors: err_credentials when the password was changed
 * meanwhile; mfa_token_invalid, mfa_code_wrong, err_rate_limited, and those of auth_admit for the status. */
err auth_ask_factor(struct req *r, const struct candidate *c, str *ret_token);
err auth_pass_factor(struct req *r, str token, str code, str recovery_code, struct candidate *out);

/* Opens a session, in the transaction `db` if it is one: .method, .mfa, .partial and .counted are given,
 * the rest is filled. Its owner hears of it when that has brought a deactivated account back. Errors:
 * err_credentials when the password was changed meanwhile. */
err auth_open(struct req *r, struct db *db, const struct candidate *c, struct session *s,
	      str *ret_refresh_token);

/* Takes a refresh token, of either kind, and gives the next one; `counted`: of the kind with a counter, and
 * by its rules (docs/decisions/0011). When the verdict is neither "fresh" nor "again" there is none: reused,
 * dead, unknown (a counter nobody gave out), or the status that forbids it. Errors: err_not_found, and
 * err_invalid for what can be no token. */
struct refreshed {
	str verdict;
	struct session session;
	str token;
};
err auth_refresh(struct req *r, str token, bool counted, struct refreshed *out);

/* Ends sessions of an account: one, or all but one (nil: all). */
err auth_end_session(struct req *r, uuid user, uuid session);
err auth_end_sessions(struct req *r, uuid user, uuid but);

/* A new password, which ends all sessions but one (nil: all); tells the owner. Errors: err_invalid about
 * "password", err_same_password. */
err auth_set_password(struct req *r, uuid user, uuid but_session, str password);
extern const err err_same_password; /* 422 same_password */

/* The hash of a new password. Errors: err_invalid about "password". */
err auth_hash_password(struct req *r, str password, str *out);

/* Under 18, by month; an unknown birthday (0) is none. Does not suspend. */
bool auth_is_minor(int32_t birth_month, int32_t birth_year);

/* ---- the second factor, one an account ---- */

/* A new one, not yet confirmed; takes the place of another that is not. Error: mfa_enabled (409). */
struct new_factor {
	uuid id;
	str secret, uri; /* base32; otpauth://… */
};
err auth_factor_enroll(struct req *r, str name, struct new_factor *out);

/* Opens a try of five minutes. err_not_found: there is no such factor of this account. */
err auth_factor_challenge(struct req *r, uuid factor, uuid *ret_challenge);

/* Gives the code of the app: confirms the factor, and makes the session one of two factors, with new tokens;
 * sessions without it end. Errors: err_not_found, mfa_token_invalid (no such challenge any more),
 * mfa_code_wrong, err_rate_limited. */
err auth_factor_verify(struct req *r, uuid factor, uuid challenge, str code, struct refreshed *out);

/* err_not_found: there is no such factor of this account. */
err auth_factor_remove(struct req *r, uuid user, uuid factor);

/* "address@host.name", trimmed and in lower case. Does not suspend. Error: err_invalid about "email". */
err auth_email(struct req *r, str typed, str *out);

/* What the database has of a token that was handed out: its SHA-256. Does not suspend. */
struct bytes secret_hash(struct arena *a, str text);

/* HMAC-SHA256 under a key of the server's own for this purpose. Does not suspend. */
struct bytes auth_mac(struct arena *a, const struct app *app, str purpose, str text);

/* Hourly: tokens, challenges and sessions that are over. */
err auth_clean(struct job *j);
