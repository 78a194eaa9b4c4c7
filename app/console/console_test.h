/* Somebody at the console, for its tests. */
#pragma once

#include "test/harness/harness.h"

struct t_operator {
	struct t_user user;
	const char *cookie, *token; /* "Cookie: …", "X-Console-Token: …" */
};

/* A new account with this role, signed in. */
struct t_operator t_operator(const char *role);

/* As this operator; NULL: nobody. */
const struct t_reply *t_console_get(const struct t_operator *o, const char *path, ...)
	T_PRINTF(2, 3);

/* With a JSON body, in which a ' becomes a ". */
T_PRINTF(3, 4)
const struct t_reply *t_console_post(const struct t_operator *o, const char *path, const char *json,
				     ...);

/* How many rows the record has of this action by this operator on this target. */
long long t_on_record(const struct t_operator *o, const char *action, const char *target);
