/* What the route files of app/compat share. */
#pragma once

#include "app/compat/user.h"

struct redirect_query {
	str redirect_to;
};
extern const struct field redirect_fields[];

/* The query's redirect_to, as it was sent; also on routes with other query parameters. */
err compat_redirect(struct req *r, str *out);

/* A new password of at least six characters. Errors: err_invalid with the sentence `missing`,
 * weak_password (422). */
err compat_password(struct req *r, const char *missing, str password);

/* An object, or absent. */
struct json compat_object(struct json data);

/* Opens a session, one that waits for the second factor if the account has one, and replies with it.
 * Suspends. */
err compat_open(struct req *r, const struct candidate *c, str method);

/* Adds an account; what its metadata say of the person is taken over. *ret_taken: somebody has the address.
 * Suspends. Errors: user_under_age (403). */
err compat_add(struct req *r, struct user_new *n, bool *ret_taken);

extern const err err_email_exists; /* 422 */

extern const struct route compat_session_routes[], compat_mail_routes[], compat_factor_routes[],
	compat_admin_routes[], compat_function_routes[], compat_storage_routes[],
	compat_upload_routes[], compat_bucket_routes[], compat_invite_routes[];
