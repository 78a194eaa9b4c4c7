/* The route tables of all features; a feature joins by its line here. */
#include "app/app.h"
#include "app/beacons/beacons.h"
#include "app/categories/categories.h"
#include "app/feed/feed.h"
#include "app/graph/graph.h"
#include "app/posts/posts.h"
#include "app/profiles/profiles.h"
#include "app/search/search.h"

const struct route *const app_routes[] = {
	profiles_routes, graph_routes,	posts_routes,	   feed_routes,
	beacons_routes,	 search_routes, categories_routes, NULL,
};

const struct route *const admin_routes[] = {
	NULL,
};
