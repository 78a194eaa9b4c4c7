/* OpenAPI 3.1 out of the route tables. */
#pragma once

#include "lib/web/route.h"

struct openapi_info {
	const char *title, *version, *description, *server_url;
};

/* The document as JSON in the arena. Deterministic: tables' order, then fields' order. */
str openapi_document(struct arena *a, const struct route *const *tables,
		     const struct openapi_info *info);
