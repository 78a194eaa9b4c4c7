/* Objects as the old platform's storage has them: who may do what with which. Private to app/compat. */
#pragma once

#include "lib/store/store.h"
#include "lib/web/req.h"

/* Who asks: somebody, nobody with the key of the apps, or the project's owner, who may everything. */
struct storage_caller {
	bool is_service;
	str user; /* absent: nobody */
};

/* Suspends. Errors: those of a token. */
err storage_caller_of(struct req *r, struct storage_caller *out);

struct storage_object {
	bool is_public; /* its bucket */
	uuid id;	/* nil: there is none of this name */
	str key, owner_id;
	int64_t size;
	str mime, etag, cache;
	struct json metadata, user_metadata;
	bool is_stored; /* its bytes are here */
	usec created_at, updated_at, last_accessed_at;
	int64_t size_limit; /* of the bucket; 0: none */
	struct strs mimes;  /* that the bucket takes; v == NULL: any */
};

extern const err err_no_bucket; /* 404 Bucket not found */
extern const err err_no_object; /* 404 Object not found */

/* An object, or the place of one that is to be. Suspends. Errors: err_no_bucket, err_invalid (a name that can
 * be none). */
err storage_find(struct req *r, str bucket, str name, struct storage_object *out);

/* One that is there and may be read by the caller; else err_no_object, as if there were none. */
err storage_may_read(const struct storage_object *o, const struct storage_caller *c);

/* May the caller put something under this name, in place of what is there? Error: Unauthorized (403). */
err storage_may_write(const struct storage_object *o, str name, const struct storage_caller *c);

/* "bucket/name" as part of an address: each step encoded, the slashes kept. */
str storage_path(struct arena *a, str place);

/* ---- putting ---- */

extern const err err_duplicate; /* 409 Duplicate */

struct storage_upload {
	struct storage_object place; /* of storage_find; its id is set afterwards */
	str bucket, name;
	struct spool *spool;
	str mime, cache;	   /* may be empty */
	struct json user_metadata; /* absent: what was there stays */
};

/* Appends to the spool, as much as the bucket takes. Suspends. Errors: Payload too large (413). */
err storage_add_piece(struct storage_upload *u, str piece);

/* What is in the spool becomes the object of that place, new ones the caller's. Suspends. Errors: invalid_mime_type (415),
 * err_duplicate when somebody was faster, those of the store. */
err storage_put(struct req *r, struct storage_upload *u, const struct storage_caller *c);

/* The reply to it. */
struct storage_uploaded {
	str Key;
	uuid Id;
};
extern const struct field storage_uploaded_fields[];
err storage_reply_uploaded(struct req *r, const struct storage_upload *u);
