/* Health answers by contract, with and without a database. */
#include "test/harness/harness.h"

#include <string.h>

TEST(health_answers_get_and_head)
{
	const struct t_request head = { .method = "HEAD", .path = "/health" };

	EXPECT_STR("ok", EXPECT(200, t_get(NULL, "/health")), "status");
	EXPECT_EQ(0, EXPECT(200, t_send(&head))->size);
}

TEST(live_and_ready_answer_in_plain_text)
{
	EXPECT_CSTR("alive", EXPECT(200, t_get(NULL, "/health/live"))->body);
	EXPECT_CSTR("ready", EXPECT(200, t_get(NULL, "/health/ready"))->body);
	EXPECT_CSTR("ready", EXPECT(200, t_admin_get("/health/ready"))->body);
}

TEST(robots_are_turned_away)
{
	EXPECT_CSTR("User-agent: *\nDisallow: /\n", EXPECT(200, t_get(NULL, "/robots.txt"))->body);
	EXPECT_HEADER("noindex, nofollow, noarchive, nosnippet", t_get(NULL, "/health"),
		      "X-Robots-Tag");
}

TEST(the_test_path_greets)
{
	EXPECT_TRUE(t_json(EXPECT(200, t_get(NULL, "/test")), "message"));
}

TEST(details_say_what_is_well)
{
	const struct t_reply *r = EXPECT(200, t_get(NULL, "/health/detailed"));

	EXPECT_STR("healthy", r, "checks.database.status");
	EXPECT_STR("healthy", r, "checks.migrations.status");
	EXPECT_STR("development", r, "environment");
	EXPECT_TRUE(t_json(r, "timestamp") && t_json(r, "uptime") && t_json(r, "version"));
	EXPECT_TRUE(t_json_int(r, "system.resident_bytes") > 0);
}

/* The harness connects from a trusted proxy's address, so it may name another client. */
TEST(details_are_hidden_from_other_machines)
{
	static const char *const headers[] = { "X-Forwarded-For: 203.0.113.7", NULL };
	const struct t_request q = { .method = "GET",
				     .path = "/health/detailed",
				     .headers = headers };

	EXPECT(404, t_send(&q));
}

TEST(an_administrator_sees_details_from_anywhere)
{
	static const char *const headers[] = { "X-Forwarded-For: 203.0.113.7", NULL };
	struct t_user ann = t_user("ann");
	struct t_request q = { .method = "GET",
			       .path = "/health/detailed",
			       .headers = headers,
			       .user = &ann };

	EXPECT(404, t_send(&q));
	t_sql("UPDATE profiles SET role = 'admin' WHERE id = '%s'", ann.id);
	EXPECT_SOON(t_send(&q)->status == 200); /* the role is cached for some seconds */
}

/* A schema from which the newest migration is missing, or that one left half done. */
TEST(a_schema_that_is_behind_is_not_ready)
{
	struct t_server *s = t_server_start();

	EXPECT(200, t_get(NULL, "/health/ready"));
	t_sql("UPDATE schema_migrations SET version = version - 1");
	EXPECT_CSTR("not ready", EXPECT(503, t_get(NULL, "/health/ready"))->body);
	EXPECT_STR("unhealthy", EXPECT(503, t_get(NULL, "/health/detailed")),
		   "checks.migrations.status");
	EXPECT(200, t_get(NULL, "/health"));
	t_sql("UPDATE schema_migrations SET version = version + 1, dirty = true");
	EXPECT(503, t_get(NULL, "/health/ready"));
	t_server_stop(s);
}

TEST(without_a_database_it_lives_but_is_not_ready)
{
	struct t_server *s = t_server_start("DATABASE_URL=postgresql://nobody@127.0.0.1:1/none");
	const struct t_reply *r;

	EXPECT(200, t_get(NULL, "/health"));
	EXPECT(200, t_get(NULL, "/health/live"));
	r = EXPECT(503, t_get(NULL, "/health/ready"));
	EXPECT_CSTR("not ready", r->body);
	EXPECT_TRUE(t_header(r, "Retry-After"));
	EXPECT_STR("unhealthy", EXPECT(503, t_get(NULL, "/health/detailed")),
		   "checks.database.status");
	t_server_stop(s);
}

TEST(metrics_count_requests_by_route)
{
	const char *line =
		"sojorn_http_requests_total{method=\"GET\",route=\"/health/live\",class=\"2xx\"}";

	EXPECT(200, t_get(NULL, "/health/live"));
	EXPECT_SOON(strstr(EXPECT(200, t_admin_get("/metrics"))->body, line));
	EXPECT_TRUE(strstr(
		t_admin_get("/metrics")->body,
		"sojorn_http_request_duration_seconds_bucket{method=\"GET\",route=\"/health/live\",le=\"+Inf\"}"));
	EXPECT_TRUE(strstr(t_admin_get("/metrics")->body, "\nsojorn_jobs_waiting "));
}

TEST(metrics_are_for_the_admin_address_only)
{
	EXPECT(404, t_get(NULL, "/metrics"));
}
