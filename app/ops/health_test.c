/* Health answers by contract, with and without a database. */
#include "test/harness/harness.h"

#include <stdio.h>
#include <stdlib.h>
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
	EXPECT_TRUE(t_json(EXPECT(200, t_get(NULL, "/api/v1/test")), "message"));
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

/* Each is named from the first look on, so that an alert can tell zero from nobody counting. */
TEST(metrics_tell_of_sockets_pushes_and_the_lag_of_events)
{
	static const char *const lines[] = {
		"\nsojorn_sockets ",
		"\nsojorn_push_messages_total{result=\"taken\"} ",
		"\nsojorn_push_messages_total{result=\"failed\"} ",
		"\nsojorn_realtime_lag_seconds_bucket{le=\"0.00025\"} ",
		"\nsojorn_realtime_lag_seconds_count ",
	};
	const struct t_reply *r = EXPECT(200, t_admin_get("/metrics"));

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		if (!strstr(r->body, lines[i]))
			t_fail("no %s in the metrics", lines[i]);
}

static long long metric(const char *name)
{
	const char *at = strstr(EXPECT(200, t_admin_get("/metrics"))->body, t_fmt("\n%s ", name));

	return at ? strtoll(at + strlen(name) + 2, NULL, 10) : -1;
}

TEST(an_event_told_to_a_socket_counts_with_its_lag)
{
	struct t_server *s = t_server_start();
	struct t_user ann = t_user("ann");
	struct t_socket *socket = t_socket_open(&ann, NULL);

	EXPECT_SOON(metric("sojorn_sockets") == 1);
	t_sql("SELECT emit('%s', 'test', '{}')", ann.id);
	t_socket_wait(socket, "test");
	EXPECT_SOON(metric("sojorn_realtime_lag_seconds_count") > 0);
	t_socket_cut(socket);
	EXPECT_SOON(metric("sojorn_sockets") == 0);
	t_server_stop(s);
}

TEST(replies_say_how_long_they_took_and_how_long_the_database)
{
	struct t_user ann = t_user("ann");
	const char *timing = t_header(EXPECT(200, t_get(&ann, "/api/v1/profile")), "Server-Timing");
	double db = -1, total = -1;

	EXPECT_TRUE(timing && sscanf(timing, "db;dur=%lf, total;dur=%lf", &db, &total) == 2);
	EXPECT_TRUE(db > 0 && total >= db);
	EXPECT_EQ(0,
		  strncmp("db;dur=0.000, total;dur=",
			  t_header(t_get(NULL, "/health"), "Server-Timing"), 24));
}

TEST(metrics_are_for_the_admin_address_only)
{
	EXPECT(404, t_get(NULL, "/metrics"));
}
