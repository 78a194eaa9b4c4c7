/*
 * Sessions of the console: an ordinary session of the account, named by a cookie that is signed with a key of its own. So
 * neither kind of token opens the other door, and whatever ends the account's sessions (a new password, "sign out
 * everywhere", a ban, a role taken away) ends this one. Private to app/console.
 */
#pragma once

#include "app/auth/auth.h"

/* Sets the cookie of a session just opened; r->user becomes its owner. */
void console_session_begin(struct req *r, const struct session *s, str role);

/* Has the browser forget it. */
void console_session_forget(struct req *r);

/* What requests of r->user's session that change something bear as X-Console-Token. */
str console_session_token(struct req *r);

/* Errors: console_token (403) for a request that another site has made a browser send. */
err console_same_site(struct req *r);

/* Errors: admin_only (403). */
err console_admin(const struct req *r);
