/* The router: exactness before order, parameters, rests, other methods, mistakes in tables. */
#include "lib/web/route.h"

#include "lib/base/test.h"

#include <string.h>

static err run(struct req *r)
{
	(void)r;
	return OK;
}

#define ROW(m, p)                                                      \
	{                                                              \
		.method = (m), .path = (p), .run = run, .summary = "x" \
	}

static const struct route posts[] = {
	ROW(GET, "/v1/posts/:id"),
	ROW(GET, "/v1/posts/mine"),
	ROW(DELETE, "/v1/posts/:id"),
	ROW(PUT, "/v1/posts/:post/like"),
	ROW(GET, "/v1/posts/:post/chain/:depth"),
	ROW(POST, "/v1/posts"),
	{ 0 },
};
static const struct route others[] = {
	ROW(GET, "/"),
	ROW(GET, "/storage/*path"),
	ROW(GET, "/storage/v1/version"),
	ROW(GET, "/v1/:thing/settings"),
	{ 0 },
};
static const struct route *const tables[] = { posts, others, NULL };

static struct router *router;
static struct route_match m;
static unsigned allowed;

/* The row's path a request is answered by, or NULL. */
static const char *find(enum method method, const char *path)
{
	const char *row = NULL;

	router = router_new(tables);
	if (router_find(router, method, str_of(path), &m, &allowed))
		row = m.route->path;
	router_free(router);
	return row;
}

static void value_is(size_t i, const char *name, const char *value)
{
	EXPECT_TRUE(i < m.n);
	EXPECT_TRUE(str_eq(m.name[i], str_of(name)));
	EXPECT_TRUE(str_eq(m.value[i], str_of(value)));
}

TEST(routes_are_found_with_their_parameters)
{
	EXPECT_CSTR("/v1/posts/:id", find(GET, "/v1/posts/17"));
	EXPECT_EQ(1, m.n);
	value_is(0, "id", "17");
	EXPECT_CSTR("/v1/posts/:post/like", find(PUT, "/v1/posts/17/like"));
	value_is(0, "post", "17");
	EXPECT_CSTR("/v1/posts/:post/chain/:depth", find(GET, "/v1/posts/a%2Fb/chain/3"));
	value_is(0, "post", "a%2Fb");
	value_is(1, "depth", "3");
	EXPECT_CSTR("/", find(GET, "/"));
	EXPECT_EQ(0, m.n);
}

TEST(the_more_exact_row_wins)
{
	EXPECT_CSTR("/v1/posts/mine", find(GET, "/v1/posts/mine"));
	EXPECT_CSTR("/v1/posts/:id",
		    find(DELETE, "/v1/posts/mine")); /* no such method on the other */
	EXPECT_CSTR("/v1/:thing/settings", find(GET, "/v1/users/settings"));
	EXPECT_CSTR("/v1/posts/:id", find(GET, "/v1/posts/settings")); /* left to right */
}

TEST(a_rest_takes_what_nothing_else_takes)
{
	EXPECT_CSTR("/storage/v1/version", find(GET, "/storage/v1/version"));
	EXPECT_CSTR("/storage/*path", find(GET, "/storage/v1/object/a/b.jpg"));
	EXPECT_EQ(1, m.n);
	value_is(0, "path", "v1/object/a/b.jpg");
	EXPECT_CSTR("/storage/*path", find(GET, "/storage"));
	value_is(0, "path", "");
}

TEST(a_slash_at_the_end_is_ignored_and_an_empty_segment_is_not)
{
	EXPECT_CSTR("/v1/posts", find(POST, "/v1/posts/"));
	EXPECT_NULL(find(POST, "/v1//posts"));
	EXPECT_NULL(find(GET, "/v1/posts//"));
	EXPECT_NULL(find(GET, ""));
	EXPECT_NULL(find(GET, "v1/posts/1"));
}

TEST(other_methods_of_a_path_are_told)
{
	EXPECT_NULL(find(POST, "/v1/posts/mine"));
	EXPECT_EQ(1U << GET | 1U << DELETE, allowed);
	EXPECT_NULL(find(GET, "/v1/posts"));
	EXPECT_EQ(1U << POST, allowed);
	EXPECT_NULL(find(GET, "/v2/posts"));
	EXPECT_EQ(0, allowed);
	EXPECT_NULL(find(GET, "/v1/posts/1/2/3"));
	EXPECT_EQ(0, allowed);
}

static char problem[200];

static bool check(struct route row)
{
	struct route rows[] = { ROW(GET, "/a/:b"), row, { 0 } };
	const struct route *const t[] = { rows, NULL };

	return router_check(t, problem, sizeof problem);
}

static const struct field some_fields[] = { { 0 } };

TEST(mistakes_in_tables_are_named)
{
	EXPECT_TRUE(router_check(tables, problem, sizeof problem));
	EXPECT_FALSE(check((struct route)ROW(GET, "/a/:other")));
	EXPECT_CSTR("GET /a/:other: takes the same requests as /a/:b", problem);
	EXPECT_TRUE(check((struct route)ROW(POST, "/a/:other")));
	EXPECT_TRUE(check((struct route)ROW(GET, "/a/*other")));
	EXPECT_FALSE(check((struct route){ .path = "/x", .run = run }));
	EXPECT_CSTR("GET /x: no summary", problem);
	EXPECT_FALSE(check((struct route){ .path = "/x", .summary = "x" }));
	EXPECT_FALSE(check((struct route)ROW(GET, "x")));
	EXPECT_FALSE(check((struct route)ROW(GET, "/x//y")));
	EXPECT_FALSE(check((struct route)ROW(GET, "/x/:")));
	EXPECT_FALSE(check((struct route)ROW(GET, "/*all/x")));
	EXPECT_FALSE(check((struct route)ROW(GET, "/:a/:b/:c/:d/:e")));
	EXPECT_FALSE(check(
		(struct route){ .path = "/x", .run = run, .summary = "x", .body = some_fields }));
	EXPECT_FALSE(check((struct route){ .method = POST,
					   .path = "/x",
					   .run = run,
					   .summary = "x",
					   .body_max = 1 }));
	EXPECT_FALSE(check((struct route){ .method = POST,
					   .path = "/x",
					   .run = run,
					   .summary = "x",
					   .body = some_fields,
					   .body_kind = BODY_STREAM }));
	EXPECT_FALSE(
		check((struct route){ .path = "/x", .run = run, .summary = "x", .status = 404 }));
	EXPECT_FALSE(check((struct route){ .path = "/x",
					   .run = run,
					   .summary = "x",
					   .page = 20,
					   .page_max = 10 }));
}

TEST(methods_have_names)
{
	EXPECT_CSTR("GET", method_name(GET));
	EXPECT_CSTR("DELETE", method_name(DELETE));
}
