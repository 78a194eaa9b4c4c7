/* Accounts as the old platform shows them. Private to app/compat. */
#pragma once

#include "app/auth/auth.h"

struct user_factor {
	uuid id;
	usec created_at, updated_at;
	str status, friendly_name, factor_type;
};

struct user {
	uuid id;
	str aud, role, email;
	usec email_confirmed_at;
	str phone;
	usec phone_confirmed_at, invited_at, confirmation_sent_at, confirmed_at, recovery_sent_at;
	str new_email;
	usec email_change_sent_at, last_sign_in_at;
	struct json app_metadata, user_metadata;
	struct json identities;
	struct list factors;
	usec created_at, updated_at, banned_until;
	bool is_anonymous;
};
extern const struct field user_fields[], user_factor_fields[];

/* All suspend. err_not_found: nobody. */
err user_get(struct db *db, struct arena *a, uuid id, struct user *out);

/* A page of all, the newest first, and how many there are, roughly when they are many. */
err user_list(struct db *db, struct arena *a, int32_t limit, int32_t offset, struct list *out,
	      int64_t *ret_total);

/* A new session, or a refreshed one, and its account: the reply of every sign-in. */
err user_reply_session(struct req *r, const struct session *s, str refresh_token);

/* A new account with a profile. metadata: absent, or objects. Its handle is the wish when it is free, else
 * made of the id. *ret_taken: somebody has the address, nothing was done. */
struct user_new {
	uuid id;
	str email, password; /* hash, may be empty */
	struct json user_metadata, app_metadata;
	str handle, display_name; /* wishes */
	int32_t birth_month, birth_year;
	bool is_confirmed;
};
err user_add(struct req *r, const struct user_new *n, bool *ret_taken);

/* What a sign-up says about the person: handle, name, birthday; what is no use is left out. */
err user_wishes(struct req *r, struct json data, struct user_new *out);

/* Members of `data` take the place of those of the same name, null removes one. err_invalid: that is more
 * than 64 KB. */
err user_merge(struct req *r, uuid id, struct json user_metadata, struct json app_metadata);
