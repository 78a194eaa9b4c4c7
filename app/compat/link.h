/* Links and codes that are mailed, and where links lead to. Private to app/compat. */
#pragma once

#include "app/auth/auth.h"

enum link {
	LINK_SIGNUP,
	LINK_MAGICLINK,
	LINK_RECOVERY,
	LINK_EMAIL_CHANGE,
	LINK_INVITE,
	LINK_NONCE, /* a code alone: that it is they who ask */
};

/* What a request says of the link it asks for. */
struct link_wish {
	str redirect_to; /* of the query */
	str code_challenge, code_challenge_method;
};

/* SHA-256 of the verifier in base64url, absent when none was sent. Errors: err_invalid. */
err link_challenge(struct req *r, const struct link_wish *w, str *out);

/* Mails a link and a code. new_email: the address it goes to, of a change; else absent. At most one a minute
 * to an address. Suspends. Errors: over_email_send_rate_limit, err_invalid. */
err link_send(struct req *r, enum link link, uuid user, str email, str new_email,
	      const struct link_wish *w);

/* The same without a mail and a limit, for an admin who brings it to them. */
struct link_made {
	str token, code;
	str address; /* of the link */
	str target;  /* where it leads to */
};
err link_make(struct req *r, enum link link, uuid user, str email, str new_email,
	      const struct link_wish *w, struct link_made *out);

/* Uses up the code of a LINK_NONCE. Suspends. Error: reauthentication_not_valid (422). */
err link_nonce(struct req *r, str email, str code);

/* The same limit for an address that nobody has, so that it tells nothing. */
err link_limit(struct req *r, str email);

/* Whom a link or a code has proven, and how it was meant. */
struct link_used {
	struct candidate who;
	enum link link;
	str challenge; /* absent: none */
};

/* Uses one up. `type` as clients say it: signup, magiclink, recovery, email_change, email, invite.
 * Suspends. Errors: otp_expired (403), err_invalid, err_db_unique when a new address is taken. */
err link_use(struct req *r, struct db *db, str type, str token, struct link_used *out);
err link_use_code(struct req *r, str type, str email, str code, struct link_used *out);

/* As the claim amr has it. */
str link_method(enum link link);

/* As a value in a query or a fragment. */
str link_encoded(struct arena *a, str s);

/* Where a link may lead: the wish when the options allow it, else the app. */
str link_target(struct req *r, str wish);
