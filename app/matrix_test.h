/* Within the authorization matrix only: its columns, and what a row says. */
#pragma once

#include "test/harness/harness.h"

enum role {
	ANONYMOUS,
	OWNER,
	STRANGER,
	FOLLOWER,
	CIRCLE,	 /* follows and is followed, and in the owner's circle */
	BLOCKED, /* by the owner */
	BLOCKER, /* of the owner */
	PRIVATE, /* a stranger to an owner whose account is private */
	SUSPENDED,
	DEACTIVATED,
	BANNED,
	MODERATOR,
	ROLES
};

/* `ok`: what comes in the place of 200. In query and body @ is the owner's id, % his handle, # the post's,
 * $ the tag, ! the conversation's; ' stands for ". */
struct row {
	const char *route;
	const short *want;
	short ok;
	bool names_owner; /* may name him and the post, hidden or not: it is about the caller's own doing */
	const char *query, *body;
};

extern const struct row matrix_rows[];
extern const size_t matrix_size;

/* An owner with what is his, and a caller who stands to him as the column says. */
struct cast {
	struct t_user owner, caller;
	const char *post, *tag, *secret, *notification, *beacon, *conversation, *message, *backup,
		*device;
};
struct cast matrix_cast(enum role role);

/* Asks as the row says; `unknown`: of what is not there. */
const struct t_reply *matrix_ask(const struct row *row, enum role role, const struct cast *c,
				 bool unknown);
