/* What media.c keeps for the other files of this feature. Private to app/media. */
#pragma once

#include "app/media/media.h"

struct media {
	struct offload *offload;  /* files, pictures */
	struct store *shelves[2]; /* by enum media_shelf; may be the same */
	const char *buckets[2];
	char endpoint[256];
	str bases[2]; /* of addresses; absent: this server's own */
};

/* The key an address of ours is of, with whatever stands behind it; absent when it is none. */
str address_key(struct arena *a, const struct app *app, str url);

/* Whether a file lies with us: in the uploads, in the old platform's public buckets where these are served, below
 * a domain of our buckets. Compared as text, and nothing is read into it: our address with a slash behind it can
 * lead nowhere else. */
bool address_is_own(struct arena *a, const struct app *app, str url);

/* Whether MEDIA_SIGNING_SECRET is set: then addresses of ours are good for a day only. */
bool address_ends(const struct app *app);

/* What stands behind the address of a key then. */
struct address_signature {
	int64_t exp;
	str sig;
};
extern const struct field address_signature_fields[];

/* Whether the request for this key has that, if it needs to. Errors: 403 not_signed, signature_expired. */
err address_check(struct req *r, str key);
