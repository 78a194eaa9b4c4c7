/* Setting a new password by a reset link, for the API and for the page. Private to app/auth. */
#pragma once

#include "lib/web/req.h"

#define RESET_PASSWORD_MIN 6

/* Uses up the link, sets the password, ends all sessions, tells the owner.
 * Errors: reset_unknown (404: never was, or used), reset_expired (400), err_invalid. Suspends. */
err password_reset(struct req *r, str token, str new_password);
