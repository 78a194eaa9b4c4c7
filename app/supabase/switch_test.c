/* A project that has come over: who refreshes sessions, what is told back, and what is left in the end. */
#include "app/supabase/live_test.h"

#define TOKEN "newxxxxxxx11" /* of person 11, as the old server gave it */
#define ANON  "apikey: anon-key-of-the-tests"

static struct t_server *server;
static pid_t follower;

/* On the project, as its auth server writes; what follows is about ours again. */
static const char *on_source(const char *project, const char *sql)
{
	const char *value = there(project, sql);

	t_server_use(server);
	return value;
}

/* Both databases are to be dropped. */
static void leave(const char *project)
{
	move_stop_follower(follower);
	t_server_stop(server);
	must(MOVE("import", "--abort", "--source", live_url(project)));
}

static const struct t_reply *refresh(const char *token)
{
	return t_send(&(struct t_request){
		.method = "POST",
		.path = "/auth/v1/token?grant_type=refresh_token",
		.headers = T_LIST(ANON, "Content-Type: application/json"),
		.body = t_fmt("{\"refresh_token\":\"%s\"}", token),
	});
}

/* As its auth server would; what the database says to it. */
static const char *refresh_there(const char *project)
{
	return on_source(
		project,
		"CREATE OR REPLACE FUNCTION pg_temp.refresh() RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
		" SET LOCAL ROLE supabase_auth_admin;"
		" UPDATE auth.refresh_tokens SET revoked = true, updated_at = now() WHERE token = '" TOKEN
		"';"
		" RETURN 'written'; EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE; END $$; SELECT pg_temp.refresh()");
}

static const char *token_there(const char *project)
{
	return on_source(project,
			 "SELECT revoked::text FROM auth.refresh_tokens WHERE token = '" TOKEN "'");
}

/* Exactly one side judges tokens at any time; the other one writes nothing, so no family is ever seen twice. A client
 * that asks the wrong one is told to wait (5xx), never to sign out (4xx). */
TEST(trap_13_a_token_is_refreshed_by_one_side_only)
{
	const char *project = move_come_over(&server, &follower);
	const struct t_reply *r;

	EXPECT(503, refresh(TOKEN));
	EXPECT_CSTR("false", token_there(project));
	EXPECT_TRUE(strstr(must(MOVE("cutover")).out, "what has changed since is the same"));
	EXPECT_CSTR("25006", refresh_there(project));
	EXPECT_CSTR("false", token_there(project));
	r = EXPECT(200, refresh(TOKEN));
	EXPECT(200, refresh(TOKEN));
	EXPECT_CSTR("25006", refresh_there(project));
	EXPECT(200, refresh(t_json(r, "refresh_token")));
	must(MOVE("rollback"));
	EXPECT(503, refresh(TOKEN));
	EXPECT_CSTR("written", refresh_there(project));
	leave(project);
}

/* ---- the end ---- */

static struct t_run command(const char *const *arguments)
{
	const char *args[8] = { "supabase" };

	for (int i = 0; arguments[i]; i++)
		args[i + 1] = arguments[i];
	return t_run_with(T_LIST(t_fmt("JWT_SECRET=%s", t_jwt_secret),
				 t_fmt("DATABASE_URL=%s", t_database_url()),
				 t_fmt("UPLOAD_DIR=%s", t_path("uploads"))),
			  args);
}
#define COMMAND(...) command(T_LIST(__VA_ARGS__))

static const char *shell(const char *line)
{
	const char *out = t_shared_path("shell-out");

	if (system(t_fmt("(%s) >%s 2>&1", line, out)) != 0)
		t_fail("%s: %s", line, read_text(out));
	return read_text(out);
}

/* The bytes of the buckets' objects that have a version: all are empty, but the rest is missing. */
static void bring_bytes(const char *project)
{
	const char *dir = t_shared_path("archived-bytes");

	shell(on_source(
		project,
		t_fmt("SELECT string_agg(format('mkdir -p %%L && : >%%L', format('%s/%%s/%%s', bucket_id, name),"
		      " format('%s/%%s/%%s/%%s', bucket_id, name, version)), ';') FROM storage.objects WHERE version IS NOT NULL",
		      dir, dir)));
	EXPECT_INT(15, t_run_json(COMMAND("objects", "--objects", dir, "--json")), "stored");
}

/* The guard of the platform lets nobody delete rows of files; we may, and only in the transaction that does it. */
static void delete_a_file(const char *project)
{
	static const char there_is[] =
		"SELECT count(*) FROM storage.objects WHERE id = md5('object1')::uuid";

	EXPECT_CSTR(
		"P0001",
		on_source(
			project,
			"CREATE OR REPLACE FUNCTION pg_temp.remove() RETURNS text LANGUAGE plpgsql AS $$ BEGIN"
			" SET session_replication_role = origin; DELETE FROM storage.objects WHERE id = md5('object1')::uuid;"
			" RETURN 'done'; EXCEPTION WHEN raise_exception THEN RETURN SQLSTATE; END $$; SELECT pg_temp.remove()"));
	EXPECT_CSTR("1", on_source(project, there_is));
	t_sql("DELETE FROM storage.objects WHERE id = md5('object1')::uuid"); /* as the way back does it */
	EXPECT_SOON(strcmp(on_source(project, there_is), "0") == 0);
}

TEST(trap_18_files_are_deleted_there_in_spite_of_its_guard)
{
	const char *project = move_come_over(&server, &follower);

	must(MOVE("cutover"));
	delete_a_file(project);
	must(MOVE("rollback"));
	leave(project);
}

/* What is in the dump, as a text of SQL. */
static bool dump_has(const char *dir, const char *what)
{
	return system(t_fmt(
		       "{ %s/pg_restore -f - %s/project.dump; cat %s/project-after.sql; } | grep -qF '%s'",
		       getenv("TEST_PG_BIN"), dir, dir, what))
		== 0;
}

static void expect_no_secrets(const char *dir)
{
	static const char *const secrets[] = {
		TOKEN,				/* a refresh token */
		"c2VjcmV0LWtleS1vZi0zMi1ieXRl", /* the key of others */
		"JBSWY3DPEHPK3PXP",		/* of an authenticator app */
		"a-mail-token",			/* of a mail that nobody has opened */
		"old-key",			/* of a webhook */
	};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++)
		if (dump_has(dir, secrets[i]))
			t_fail("%s is in the archive", secrets[i]);
	EXPECT_TRUE(dump_has(dir, "Posts of mutuals")); /* of a policy */
}

/* Into an empty cluster, references and policies included. */
static void expect_restored(const char *dir)
{
	const char *rows = shell(t_fmt(
		"test/supabase/restore %s \"SELECT (SELECT count(*) FROM auth.users) || ' ' || (SELECT count(*) FROM public.posts) || ' ' ||"
		" (SELECT count(*) FROM storage.objects) || ' ' || (SELECT count(*) FROM auth.sessions) || ' ' ||"
		" (SELECT count(*) > 0 FROM pg_policy) || ' ' || (SELECT count(*) > 10 FROM pg_constraint WHERE contype = 'f')\"",
		dir));
	const char *want = t_sql(
		"SELECT concat_ws(' ', m ->> 'auth.users', m ->> 'public.posts', m ->> 'storage.objects', '0 true true') || chr(10)"
		" FROM (SELECT %s::jsonb -> 'rows' AS m) x",
		t_lit(shell(t_fmt("cat %s/manifest.json", dir))));

	EXPECT_CSTR(want, rows);
}

static void expect_left(const char *project)
{
	EXPECT_CSTR(
		"0 0 0 1",
		on_source(
			project,
			"SELECT (SELECT count(*) FROM pg_publication WHERE pubname LIKE 'sojorn%') || ' ' ||"
			" (SELECT count(*) FROM pg_replication_slots WHERE slot_name LIKE 'sojorn%' AND database = current_database()) || ' ' ||"
			" (SELECT count(*) FROM pg_class WHERE relnamespace = to_regnamespace('sojorn_move')) || ' ' ||"
			" (SELECT count(*) FROM pg_proc WHERE pronamespace = to_regnamespace('sojorn_move'))"));
	EXPECT_CSTR(
		"true 0 0",
		t_sql("SELECT to_regclass('auth.users') IS NULL || ' ' || (SELECT count(*) FROM pg_subscription WHERE subdbid ="
		      " (SELECT oid FROM pg_database WHERE datname = current_database())) || ' ' ||"
		      " (SELECT count(*) FROM refresh_tokens WHERE token IS NOT NULL)"));
}

TEST(an_archive_can_be_restored_and_opens_nothing)
{
	const char *project = move_come_over(&server, &follower),
		   *dir = t_shared_path("the-archive"), *readme;
	struct t_run r;

	there(project,
	      "UPDATE auth.users SET recovery_token = 'a-mail-token' WHERE id = 'a0000000-0000-4000-8000-000000000001'");
	t_server_use(server);
	bring_bytes(project);
	must(MOVE("cutover"));
	EXPECT_TRUE(t_sql_int("SELECT count(*) FROM refresh_tokens WHERE token IS NOT NULL") > 0);
	move_stop_follower(follower);
	t_server_stop(server);
	r = must(COMMAND("archive", "--to", dir));
	EXPECT_TRUE(strstr(r.out, "15 of 20, 0 bytes"));
	expect_left(project);
	expect_no_secrets(dir);
	expect_restored(dir);
	readme = shell(t_fmt("cat %s/README.md", dir));
	EXPECT_TRUE(strstr(readme, "tell_old_project on public.reports")
		    && strstr(readme, "5 stored files are not here"));
	shell(t_fmt("cd %s && sha256sum --quiet -c SHA256SUMS && wc -l <objects.jsonl | grep -q 20",
		    dir));
	EXPECT_TRUE(strstr(must(COMMAND("archive", "--check", dir)).out,
			   ": 19 files, each as it was written"));
	shell(t_fmt("printf x >>%s/objects.jsonl", dir));
	r = COMMAND("archive", "--check", dir);
	EXPECT_TRUE(r.status == 1 && strstr(r.err, "objects.jsonl: is not what was written"));
	EXPECT_EQ(1, COMMAND("rollback").status);
}
