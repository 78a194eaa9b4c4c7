/* The document as it is served. What it says is judged by lib/web/openapi_test.c and test/openapi. */
#include "test/harness/harness.h"

#include <string.h>

TEST(openapi_is_served_to_everybody)
{
	const struct t_reply *r = EXPECT(200, t_get(NULL, "/api/v1/openapi.json"));

	EXPECT_HEADER("application/json; charset=utf-8", r, "Content-Type");
	EXPECT_STR("3.1.0", r, "openapi");
	EXPECT_STR("postAnalysisTone", r, "paths./api/v1/analysis/tone.post.operationId");
	EXPECT_CSTR(r->body, t_get(NULL, "/api/v1/openapi.json")->body);
}

TEST(openapi_is_printed_as_it_is_served)
{
	const struct t_reply *served = t_get(NULL, "/api/v1/openapi.json");
	struct t_run run = t_run(NULL, "openapi");

	EXPECT_EQ(0, run.status);
	EXPECT_TRUE(strncmp(run.out, served->body, served->size) == 0);
	EXPECT_EQ(0, t_run(NULL, "routes", "--check").status);
	EXPECT_EQ(2, t_run(NULL, "routes", "--nonsense").status);
}
