/* A project that is alive is taken over and followed, as the limited role that hosted ones have. */
#include "app/supabase/live_test.h"

/* All rows of a table there and here, by their text; what PostgreSQL computes by itself included. */
static void expect_same_rows(const char *project, const char *table)
{
	const char *sql = t_fmt(
		"SELECT count(*) || ' ' || COALESCE(md5(string_agg(x::text, '|' ORDER BY x::text)), '') FROM %s x",
		table);

	if (strcmp(there(project, sql), t_sql("%s", sql)) != 0)
		t_fail("%s: %s there, %s here", table, there(project, sql), t_sql("%s", sql));
}

static const char *const landed[] = {
	"auth.users",	      "auth.identities",	"auth.sessions",     "auth.refresh_tokens",
	"auth.mfa_factors",   "storage.buckets",	"storage.objects",   "public.profiles",
	"public.posts",	      "public.post_likes",	"public.post_saves", "public.post_metrics",
	"public.comments",    "public.follows",		"public.blocks",     "public.notifications",
	"public.trust_state", "public.user_fcm_tokens", "public.reports",    "public.audit_log",
};

static void expect_same(const char *project)
{
	for (size_t i = 0; i < sizeof(landed) / sizeof(*landed); i++)
		expect_same_rows(project, landed[i]);
}

/* Tables of the app that the transform fills, without what is a run's own. */
static const char *app_contents(void)
{
	const char *all = "";
	static const char *const parts[] = {
		"SELECT id, email, encrypted_password, status, duplicate_email, last_login FROM users",
		"SELECT id, handle, display_name, bio, followers_count, following_count FROM profiles",
		"SELECT id, user_id, last_used_at FROM sessions",
		"SELECT token_hash, family_id FROM refresh_tokens",
		"SELECT id, author_id, kind, status, visibility, body, chain_parent_id, root_id, depth, pinned_at, tags, deleted_at FROM posts",
		"SELECT post_id, like_count, save_count, comment_count, view_count FROM post_metrics",
		"SELECT post_id, user_id FROM post_likes",
		"SELECT post_id, user_id FROM post_saves",
		"SELECT follower_id, following_id, status FROM follows",
		"SELECT blocker_id, blocked_id FROM blocks",
		"SELECT id, user_id, type, is_read FROM notifications",
		"SELECT id, status, description FROM reports",
		"SELECT token, user_id FROM user_fcm_tokens",
		"SELECT user_id, category_id, enabled FROM user_category_settings",
		"SELECT user_id, harmony_score, tier, posts_count FROM trust_state",
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		all = t_fmt(
			"%s\n%zu %s", all, i,
			t_sql("SELECT count(*) || ' ' || COALESCE(md5(string_agg(x::text, '|' ORDER BY x::text)), '') FROM (%s) x",
			      parts[i]));
	return all;
}

/* Leaves the project, so that both databases can be dropped. */
static void leave(const char *project)
{
	must(MOVE("import", "--abort", "--source", live_url(project)));
}

static const char *taken_over(void)
{
	const char *project = live_project();

	t_database_of_my_own();
	must(MOVE("import", "--source", live_url(project)));
	return project;
}

TEST(a_live_project_is_looked_at_and_left_as_it_was)
{
	const char *project = live_project(), *before;
	struct t_run r;

	t_database_of_my_own();
	before = there(project, "SELECT count(*) FROM pg_trigger");
	r = must(MOVE("inventory", "--source", live_url(project)));
	EXPECT_TRUE(strstr(r.out, "auth.users")
		    && strstr(r.out, "Posts of mutuals; and one's own"));
	EXPECT_TRUE(strstr(r.out, "public.oddities") && strstr(r.out, "copied again"));
	EXPECT_TRUE(strstr(r.out, "webhook") && strstr(r.out, "argon2"));
	EXPECT_CSTR(before, there(project, "SELECT count(*) FROM pg_trigger"));
}

TEST(a_live_project_is_taken_over_as_a_dump_would_be)
{
	const char *project = taken_over(), *want;

	expect_same(project);
	expect_same_rows(project, "\"Private Things\".\"Odd \"\"Name\"\"\"");
	expect_same_rows(project, "public.oddities");
	want = app_contents();
	leave(project);
	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("plain.sql")));
	EXPECT_CSTR(app_contents(), want);
}

TEST(trap_31_nothing_is_left_on_the_source)
{
	static const char left[] =
		"SELECT (SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'sojorn%')"
		" + (SELECT count(*) FROM pg_publication WHERE pubname LIKE 'sojorn%')"
		" + (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'sojorn%')"
		" + (SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'sojorn%' AND database = current_database())";
	const char *project = taken_over();
	struct t_run r = must(MOVE("inventory", "--source", live_url(project)));

	EXPECT_TRUE(strstr(r.out, "slot sojorn_move")
		    && strstr(r.out, "sojorn_move on auth.users"));
	EXPECT_TRUE(strcmp(there(project, left), "0") != 0);
	r = must(MOVE("import", "--abort", "--source", live_url(project)));
	EXPECT_TRUE(strstr(r.out, "slot sojorn_move_")
		    && strstr(r.out, "trigger sojorn_move on auth.users")
		    && strstr(r.out, "publication sojorn_move_tables")
		    && strstr(r.out, "schema sojorn_move"));
	EXPECT_CSTR("0", there(project, left));
	EXPECT_NULL(t_sql("SELECT to_regclass('auth.users')"));
}

TEST(what_changes_is_followed)
{
	const char *project = taken_over(), *followed;

	there(project,
	      "UPDATE auth.users SET email = 'swap@example.org' WHERE id = 'a0000000-0000-4000-8000-000000000032';"
	      "UPDATE auth.users SET email = 'person50@example.org' WHERE id = 'a0000000-0000-4000-8000-000000000033';"
	      "UPDATE auth.users SET email = 'person51@example.org' WHERE id = 'a0000000-0000-4000-8000-000000000032';"
	      "DELETE FROM auth.users WHERE id = 'a0000000-0000-4000-8000-000000000003';"
	      "UPDATE public.posts SET chain_parent_id = 'b0000000-0000-4000-8000-000000000064'"
	      " WHERE id = 'b0000000-0000-4000-8000-000000000009';"
	      "UPDATE public.posts SET pinned_at = CASE WHEN pinned_at IS NULL THEN now() END"
	      " WHERE author_id = 'a0000000-0000-4000-8000-000000000022';"
	      "UPDATE public.profiles SET handle = 'person30' || id WHERE handle = 'person30';"
	      "UPDATE public.profiles SET handle = 'person30' WHERE handle = 'person31';"
	      "INSERT INTO public.post_likes VALUES ('b0000000-0000-4000-8000-000000000028', 'a0000000-0000-4000-8000-000000000001');"
	      "DELETE FROM public.comments WHERE id IN (SELECT id FROM public.comments ORDER BY id LIMIT 10);"
	      "UPDATE public.notifications SET is_read = true;"
	      "UPDATE public.trust_state SET harmony_score = 7 WHERE user_id = 'a0000000-0000-4000-8000-000000000005';"
	      "TRUNCATE public.post_saves;"
	      "SET storage.allow_delete_query = 'true'; DELETE FROM storage.objects WHERE name LIKE '%3%';"
	      "UPDATE auth.refresh_tokens SET revoked = true WHERE token = 'newxxxxxxxx5'");
	must(MOVE("follow", "--once"));
	expect_same(project);
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM post_saves"));
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM users WHERE id = 'a0000000-0000-4000-8000-000000000003'"));
	followed = app_contents();
	must(MOVE("import", "--source", live_url(project), "--again"));
	EXPECT_CSTR(app_contents(), followed);
	leave(project);
}

/* A move's "now" is that of the import for as long as it takes: rows that nobody touches must not become wrong. */
TEST(rows_are_right_days_after_the_import)
{
	const char *project = taken_over();

	t_sql("UPDATE supabase_move.runs SET as_of = as_of - interval '3 days'");
	must(MOVE("import", "--source", live_url(project), "--again"));
	there(project,
	      "UPDATE public.posts SET body = 'three days later'"
	      " WHERE id = 'b0000000-0000-4000-8000-000000000001'");
	must(MOVE("follow", "--once"));
	must(MOVE("verify", "--source", live_url(project)));
	leave(project);
}

TEST(a_project_that_people_use_is_taken_over_and_followed)
{
	const char *project = live_project(), *followed;
	pid_t churn, follower;
	int status;

	t_database_of_my_own();
	churn = churn_start(project, 150, 6);
	must(MOVE("import", "--source", live_url(project)));
	follower = MOVE_START("follow");
	churn_wait(churn);
	sleep(1);
	kill(follower, SIGTERM);
	waitpid(follower, &status, 0);
	EXPECT_EQ(0, status);
	must(MOVE("follow", "--once"));
	expect_same(project);
	followed = app_contents();
	must(MOVE("import", "--source", live_url(project), "--again"));
	EXPECT_CSTR(app_contents(), followed);
	leave(project);
}

TEST(a_killed_import_of_a_live_project_goes_on)
{
	const char *project = live_project();
	pid_t churn;

	t_database_of_my_own();
	churn = churn_start(project, 100, 5);
	for (int i = 0; i < 8; i++) {
		pid_t pid = MOVE_START("import", "--source", live_url(project));
		int status;

		usleep((useconds_t)(80 + 90 * i) * 1000);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	must(MOVE("import", "--source", live_url(project)));
	churn_wait(churn);
	must(MOVE("follow", "--once"));
	expect_same(project);
	leave(project);
}

TEST(a_copy_whose_slot_a_crash_has_taken_is_made_anew)
{
	const char *project = taken_over();

	t_sql("UPDATE pg_subscription_rel SET srsubstate = 'f', srsublsn = NULL WHERE srrelid = 'public.posts'::regclass");
	t_sql("UPDATE supabase_move.runs SET phase = 'landing'");
	must(MOVE("import", "--source", live_url(project)));
	expect_same(project);
	there(project,
	      "UPDATE public.posts SET body = 'still followed'"
	      " WHERE id = 'b0000000-0000-4000-8000-000000000001'");
	must(MOVE("follow", "--once"));
	expect_same(project);
	leave(project);
}

TEST(trap_36_another_shape_of_the_source_stops_it)
{
	const char *project = taken_over();
	struct t_run r;

	there(project, "ALTER TABLE public.posts ADD COLUMN mood text");
	r = MOVE("follow", "--once");
	EXPECT_EQ(1, r.status);
	EXPECT_TRUE(strstr(r.err, "public.posts has got mood text"));
	there(project, "ALTER TABLE public.posts DROP COLUMN mood");
	must(MOVE("follow", "--once"));
	leave(project);
}

TEST(trap_28_what_cannot_be_followed_is_said_at_once)
{
	const char *project = live_project();
	struct t_run r;

	t_database_of_my_own();
	there(project, "ALTER ROLE supabase_auth_admin LOGIN");
	r = MOVE("import", "--source",
		 t_fmt("postgresql://supabase_auth_admin%s",
		       strchr(strstr(project, "//") + 2, '@')));
	EXPECT_EQ(1, r.status);
	EXPECT_TRUE(strstr(r.err, "REPLICATION"));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM supabase_move.runs"));
}
