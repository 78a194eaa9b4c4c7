/* The route tables of all features; a feature joins by its line here. */
#include "app/moderation/moderation.h"
#include "app/ops/openapi.h"

const struct route *const app_routes[] = {
	moderation_routes,
	openapi_routes,
	NULL,
};

const struct route *const admin_routes[] = {
	NULL,
};
