/*
 * The statements of auth.sql as functions. All of them suspend. A changing one that may find nothing to
 * change says by *ret_n how much it did: 0 when somebody was faster. Private to app/auth.
 */
#pragma once

#include "app/auth/auth.h"
#include "app/auth/secrets.h"
#include "lib/db/db.h"

/* ---- who is asking ---- */

struct account {
	str status, role;
	bool lapsed;	 /* suspended, but no longer */
	bool signed_out; /* the session has ended */
	bool partial;	 /* it waits for the second factor */
};
err account_get(struct db *db, uuid user, uuid session, struct account *out);

/* ---- signing up ---- */

struct obstacles {
	bool banned_ip, reserved, email_taken, handle_taken;
};
err signup_check(struct db *db, str email, str handle, str ip, struct obstacles *out);

struct new_account {
	uuid id;
	str email, password, handle, display_name;
	int32_t birth_month, birth_year;
	bool email_newsletter, email_contact;
};
extern const err err_email_taken; /* 409 */

/* Errors: err_email_taken, err_handle_taken. */
err signup(struct db *db, const struct new_account *n, struct bytes token, struct json mail);
err verification_renew(struct db *db, str email, struct bytes token, struct json mail);

struct verified {
	uuid user;
	bool expired;
};
err email_verify(struct db *db, struct bytes token, struct verified *out); /* err_not_found */
err onboarding_complete(struct db *db, uuid user, int64_t *ret_n);

/* ---- signing in ---- */

err login_find(struct db *db, str email, str ip, struct candidate *out);
err password_rehash(struct db *db, uuid user, str old, str new);

struct signed_in { /* contract §3.1, and what the account was before */
	uuid id;
	str email;
	usec created_at, updated_at;
	str status;
	bool mfa_enabled;
	usec last_login;
	bool email_newsletter, email_contact;
	str previous_status; /* absent: active */
};
extern const struct field signed_in_fields[];

/* err_not_found: the password is another by now. token.p == NULL: a counted session. */
err session_open(struct db *db, const struct session *s, str password, struct bytes token,
		 str user_agent, str ip, struct json mail, struct signed_in *out);

struct judged { /* a refresh token, and its session after that */
	str verdict;
	uuid user, session;
	str email;
	struct json amr;
	bool mfa, partial, lapsed;
	usec since;
	int64_t counter; /* of the next token, for a counted session */
	str key;	 /* an imported session's; absent: derived */
	struct json app_metadata, user_metadata;
};
err session_refresh(struct db *db, struct bytes token, struct bytes next, str user_agent, str ip,
		    bool counted, struct judged *out);	    /* err_not_found */
err session_key(struct db *db, uuid session, str *ret_key); /* err_not_found */
err session_step(struct db *db, uuid session, int64_t counter, str user_agent, str ip,
		 struct judged *out); /* err_not_found */
err sessions_end(struct db *db, uuid user, uuid only, uuid but);
err session_close(struct db *db, uuid user, uuid session, struct bytes token, str device);

/* ---- passwords ---- */

err reset_request(struct db *db, str email, struct bytes token, struct json mail);
err reset_find(struct db *db, struct bytes token, bool *ret_expired); /* err_not_found */

struct owner {
	uuid user;
	str email;
};
err reset_use(struct db *tx, struct bytes token, str password,
	      struct owner *out); /* err_not_found */
err password_change(struct db *tx, uuid user, str old, str new, int64_t *ret_n);
err access_end(struct db *tx, uuid user, uuid but_session, struct json mail);

/* ---- second factor ---- */

struct factor {
	str email, password;
	bool mfa_enabled;
	uuid factor_id;
	struct bytes secret; /* sealed; p == NULL: none */
	int64_t last_used_step;
};
err factor_get(struct db *db, uuid user, struct factor *out);

/* err_not_found: it is on already. */
err factor_store(struct db *db, uuid user, struct bytes secret, str name, struct strs codes,
		 uuid *ret_factor);
err factor_enable(struct db *db, uuid user, int64_t step, struct json mail, int64_t *ret_n);

/* factor nil: whichever it is; step INT64_MAX: without a code. */
err factor_disable(struct db *db, uuid user, uuid factor, int64_t step, struct json mail,
		   int64_t *ret_n);

/* err_not_found: the code was used meanwhile, or the session has ended. */
err factor_pass(struct db *db, struct bytes challenge, uuid user, uuid session, int64_t step,
		struct json mail, struct judged *out);
err recovery_renew(struct db *db, uuid user, int64_t step, struct strs codes, int64_t *ret_n);

struct challenged {
	uuid user;
	str email, password, status;
	struct bytes secret;
	int64_t last_used_step;
	bool mfa_enabled, lapsed;
};
err challenge_open(struct db *db, uuid user, str password, struct bytes token, int64_t *ret_n);
err challenge_try(struct db *db, struct bytes token, struct challenged *out); /* err_not_found */
err challenge_pass(struct db *db, struct bytes token, uuid user, int64_t step, struct bytes code,
		   int64_t *ret_n);

/* ---- proof of work ---- */

err altcha_use(struct db *db, struct bytes challenge, usec expires, int64_t *ret_n);
