/* Watching after the cutover, with a real server that fails, is slow, or has other rows than the project. */
#include "app/supabase/live_test.h"
#include "app/supabase/watch_numbers.h"

#include <math.h>
#include <stdatomic.h>

/* ---- reading the servers' numbers ---- */

static const char scraped[] =
	"# TYPE sojorn_http_requests_total counter\n"
	"sojorn_http_requests_total{method=\"GET\",route=\"/a\",class=\"2xx\"} 90\n"
	"sojorn_http_requests_total{method=\"GET\",route=\"/a\",class=\"5xx\"} 10\n"
	"sojorn_http_requests_total{method=\"GET\",route=\"/health/live\",class=\"2xx\"} 5000\n"
	"sojorn_http_request_duration_seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.01\"} 50\n"
	"sojorn_http_request_duration_seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.1\"} 90\n"
	"sojorn_http_request_duration_seconds_bucket{method=\"GET\",route=\"/a\",le=\"0.5\"} 100\n"
	"sojorn_http_request_duration_seconds_bucket{method=\"GET\",route=\"/a\",le=\"+Inf\"} 100\n"
	"sojorn_http_request_duration_seconds_bucket{method=\"GET\",route=\"/ws\",le=\"+Inf\"} 700\n";

TEST(the_watch_reads_what_servers_count)
{
	struct watch_counts c;

	EXPECT_TRUE(watch_counts_read(str_of(scraped), &c));
	EXPECT_EQ(100, c.requests);
	EXPECT_EQ(10, c.errors);
	EXPECT_EQ(300000, watch_p95(&c));
	EXPECT_FALSE(watch_counts_read(S("404 page not found\n"), &c));
	EXPECT_EQ(0, watch_p95(&c));
}

TEST(the_watch_adds_up_servers_and_their_restarts)
{
	struct watch_counts now, sum = { 0 };

	EXPECT_TRUE(watch_counts_read(str_of(scraped), &now));
	watch_counts_add(&sum, &now, &(struct watch_counts){ .requests = 60, .errors = 4 });
	EXPECT_EQ(40, sum.requests);
	EXPECT_EQ(6, sum.errors);
	watch_counts_add(&sum, &now, &(struct watch_counts){ .requests = 1000, .errors = 900 });
	EXPECT_EQ(140, sum.requests);
	EXPECT_EQ(16, sum.errors);
	EXPECT_EQ(4, sum.n);
	EXPECT_TRUE(isinf(sum.le[3]) && sum.below[3] == 200);
}

/* ---- a moved app that people use ---- */

static struct t_server *server;
static pid_t follower;

static void leave(void)
{
	int status;

	kill(follower, SIGTERM);
	waitpid(follower, &status, 0);
	t_server_stop(server);
	server = NULL;
}

/* SQL on the project; what follows is about the server again. */
static const char *on_source(const char *project, const char *sql)
{
	const char *value = there(project, sql);

	t_server_use(server);
	return value;
}

struct use {
	struct t_user user;
	const char *const *arguments;
	struct t_run run;
	atomic_bool over;
};

static void use_or_watch(int i, void *arg)
{
	struct use *u = arg;

	if (i == 0) {
		u->run = t_run_with(secret(), u->arguments);
		u->over = true;
	}
	while (!u->over) {
		t_get(&u->user, "/api/v1/categories");
		usleep(5000);
	}
}

static const char *own_metrics(void)
{
	return t_fmt("unix:%s", t_path("admin.sock"));
}

/* `sojorn supabase watch` with these options, while somebody uses the app. */
#define WATCH(...)        \
	watch_while_used( \
		T_LIST("supabase", "watch", "--json", "--metrics", own_metrics(), __VA_ARGS__))
static struct t_run watch_while_used(const char *const *arguments)
{
	struct use u = { .arguments = arguments };

	u.user.token = t_token("a0000000-0000-4000-8000-000000000001", 3600);
	t_parallel(2, use_or_watch, &u);
	return u.run;
}

static void expect_fired(struct t_run r, const char *rule, const char *what)
{
	if (r.status != 1 || !strstr(r.out, t_fmt("\"rule\":\"%s\"", rule)) || !strstr(r.out, what))
		t_fail("%s did not fire: %d %s%s", rule, r.status, r.out, r.err);
}

static bool tells(const char *line)
{
	return strstr(t_admin_get("/metrics")->body, t_fmt("\n%s\n", line)) != NULL;
}

TEST(the_watch_knows_what_is_usual_and_sees_that_it_is_not)
{
	struct t_run r;

	move_come_over(&server, &follower);
	must(WATCH("--window", "1", "--every", "0.3", "--for", "1.5"));
	EXPECT_TRUE(t_sql_int("SELECT baseline_us FROM supabase_move.watch") > 0);
	EXPECT_TRUE(tells("sojorn_move_gate{state=\"upstream\"} 1"));
	must(MOVE("cutover"));
	r = must(WATCH("--window", "1", "--every", "0.5", "--for", "3", "--baseline", "60000"));
	if (t_sql_int("SELECT compared FROM supabase_move.watch") < 500)
		t_fail("%s", r.out);
	EXPECT_TRUE(tells("sojorn_move_gate{state=\"here\"} 1")
		    && tells("sojorn_move_watch_fired{rule=\"errors\"} 0")
		    && tells("sojorn_move_watch_differences_total 0")
		    && tells("sojorn_move_verify_differences 0"));

	r = t_run(secret(), "supabase", "watch", "--metrics", "unix:/nowhere", "--window", "1",
		  "--every", "0.3", "--json");
	expect_fired(r, "errors", "a server does not answer");

	t_sql("ALTER TABLE categories RENAME TO categories_of_old;"
	      "CREATE VIEW categories AS SELECT c.* FROM categories_of_old c, (SELECT pg_sleep(0.1)) s");
	r = WATCH("--window", "1", "--every", "0.5", "--baseline", "20", "--webhook",
		  t_fmt("http://127.0.0.1:%d/nobody/is/here", t_port()));
	expect_fired(r, "slow", "95 % of the requests took up to");
	EXPECT_TRUE(strstr(r.err, "rule=slow") && strstr(r.err, "does not take the alarm"));
	EXPECT_CSTR("live", t_sql("SELECT phase FROM supabase_move.runs"));
	leave();
}

/* Then requests fail: the project gets back its place, with what was written here. */
TEST(the_watch_sees_rows_that_are_not_the_same_and_rolls_back)
{
	static const char person[] = "a0000000-0000-4000-8000-000000000001",
			  post[] = "b0000000-0000-4000-8000-000000000028";
	const char *project = move_come_over(&server, &follower), *told = t_shared_path("told");

	must(MOVE("cutover"));
	t_sql("SET session_replication_role = replica; UPDATE posts SET body = body || '!' WHERE id = '%s'",
	      post);
	expect_fired(WATCH("--window", "60", "--every", "0.5"), "corrupt",
		     "is not the text that came over");
	t_sql("SET session_replication_role = replica; UPDATE posts SET body = rtrim(body, '!') WHERE id = '%s'",
	      post);
	on_source(project,
		  t_fmt("SET session_replication_role = replica;"
			"UPDATE public.posts SET body = body || ' ' WHERE id = '%s'",
			post));
	expect_fired(WATCH("--window", "60", "--every", "0.5", "--settle", "1"), "corrupt",
		     t_fmt("public.posts %s body", post));
	EXPECT_TRUE(tells("sojorn_move_watch_fired{rule=\"corrupt\"} 1"));

	t_sql("UPDATE profiles SET bio = 'written here' WHERE id = '%s';"
	      "ALTER TABLE categories RENAME TO categories_of_old",
	      person);
	on_source(project,
		  t_fmt("SET session_replication_role = replica;"
			"UPDATE public.posts SET body = rtrim(body) WHERE id = '%s'",
			post));
	expect_fired(WATCH("--window", "1", "--every", "0.3", "--auto", "--on-alert",
			   t_fmt("echo $SOJORN_RULE $SOJORN_STATE >>%s", told)),
		     "errors", "\"state\":\"rolled_back\"");
	EXPECT_CSTR("errors fired\nerrors rolled_back\n", read_text(told));
	EXPECT_CSTR("transformed", t_sql("SELECT phase FROM supabase_move.runs"));
	EXPECT_SOON(tells("sojorn_move_gate{state=\"upstream\"} 1"));
	EXPECT_TRUE(tells("sojorn_move_watch_fired{rule=\"errors\"} 1"));
	EXPECT_CSTR("written here",
		    on_source(project,
			      t_fmt("SELECT bio FROM public.profiles WHERE id = '%s'", person)));
	leave();
}
