/*
 * Access tokens: compact JWTs (RFC 7519) signed HS256 with the shared secret, used as the raw bytes of
 * the configured string. They carry our own claims (sub, role, exp) and the set Supabase clients read, so
 * tokens of either issuer work with either kind of client.
 */
#pragma once

#include "lib/base/field.h"

struct token {
	uuid sub;     /* the user; nil when the token names none */
	uuid session; /* claim session_id; nil when the token names none */
	usec expires, issued;
	str role;     /* "authenticated"; "anon" and "service_role" are API keys, no users */
	str audience; /* the first, when there are several */
	str aal;      /* "aal1", "aal2" after a second factor */
	bool is_anonymous;

	/* Written by token_issue, not read by token_verify. Absent: "", {} or []; no issuer, no claim. */
	str issuer, email, phone;
	struct json app_metadata, user_metadata;
	struct json amr; /* [{"method":"password","timestamp":1700000000}], newest first */
};

extern const err
	err_token_invalid; /* 401: not a token, not signed with this secret, not yet valid */
extern const err err_token_expired; /* 401 */

/* A clock may be that far behind the issuer's, or ahead of it. */
#define TOKEN_LEEWAY (30 * SECOND)

/*
 * Reads and checks a token; strings of *out are in the arena. Only HS256 is accepted, whatever the header
 * says about other ways. A nil sub or the role of an API key is for the caller to judge.
 */
err token_verify(struct arena *a, str secret, str token, usec now, struct token *out);

/* The same, and of the keys of another issuer, too, whose tokens are still good; NULL: there is none. */
struct jwks;
err token_verify_any(struct arena *a, str secret, const struct jwks *keys, str token, usec now,
		     struct token *out);

/* A token of other claims, given as JSON. */
str token_sign(struct arena *a, str secret, str claims);

/* The claims of one, when it is signed by this secret (HS256) and has neither ended nor still to begin. */
[[nodiscard]] bool token_open(struct arena *a, str secret, str token, usec now, str *ret_claims);

/* Writes and signs. */
str token_issue(struct arena *a, str secret, const struct token *t);
