/*
 * The OpenAPI 3.1 document of the routes, made of the tables the server itself runs on: paths,
 * parameters and statuses from the rows, schemas from their field tables.
 *
 * A schema is called after its struct ("struct new_post" is NewPost, NewPostInput as a body). In replies
 * a text, id or time may be null unless its field is .required; numbers only when .optional.
 * Routes that answer 101 are left out.
 */
#pragma once

#include "lib/web/route.h"

/* A tag is the path's first segment behind /api/v1: "posts". */
struct openapi_tag {
	const char *name, *description;
};

struct openapi_info {
	const char *title, *version, *description;
	const char *server_url; /* where the paths begin; NULL: where the document came from */
	const char *contact_name, *contact_url;
	const char *license_name, *license_id; /* SPDX expression */
	const struct openapi_tag
		*tags; /* ends with NULL; a tag without an entry says where it is */
};

/* The document as JSON in the arena. Deterministic: tables' order, then fields' order. */
str openapi_document(struct arena *a, const struct route *const *tables,
		     const struct openapi_info *info);
