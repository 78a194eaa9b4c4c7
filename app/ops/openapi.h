/* The OpenAPI document of the product: its route tables and what there is to say about them. */
#pragma once

#include "app/app.h"

/* The document in the arena; server_url NULL: paths begin where the document came from. */
str openapi_of_product(struct arena *a, const char *server_url);

/* GET /api/v1/openapi.json */
extern const struct route openapi_routes[];
