/* Objects as the old platform's storage has them: who may do what with which. Private to app/compat. */
#pragma once

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
	struct json metadata;
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
