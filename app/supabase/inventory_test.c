/* The inventory: everything that a project has, each with a verdict, of a live one and of a dump. */
#include "app/supabase/live_test.h"

#include <string.h>

static const struct t_reply *found;

/* The place of a thing in its section; fails when there is none. */
static int thing(const char *section, const char *object)
{
	int i = t_json_find(found, section, "object", object);

	if (i < 0)
		t_fail("no %s in %s: %s", object, section, t_json(found, section));
	return i;
}

static const char *of(const char *section, const char *object, const char *member)
{
	return t_json(found, t_fmt("%s[%d].%s", section, thing(section, object), member));
}

static void is(const char *verdict, const char *section, const char *object)
{
	const char *question = of(section, object, "question");

	EXPECT_CSTR(verdict, of(section, object, "verdict"));
	EXPECT_EQ(strcmp(verdict, "needs a decision") == 0, question != NULL);
}

static void says(const char *what, const char *section, const char *object, const char *member)
{
	const char *text = of(section, object, member);

	if (!text || !strstr(text, what))
		t_fail("%s of %s: %s", member, object, text ? text : "nothing");
}

/* Each thing has one of the four verdicts, and a question when it wants one. */
static void expect_verdicts(const char *const *sections, long long more)
{
	long long questions = more;

	for (int s = 0; sections[s]; s++) {
		int n = (int)t_json_count(found, sections[s]);

		EXPECT_TRUE(n > 0);
		for (int i = 0; i < n; i++) {
			const char *verdict =
				t_json(found, t_fmt("%s[%d].verdict", sections[s], i));
			bool asks = t_json(found, t_fmt("%s[%d].question", sections[s], i)) != NULL;

			EXPECT_TRUE(strcmp(verdict, "migrated") == 0
				    || strcmp(verdict, "transformed") == 0
				    || strcmp(verdict, "archived") == 0
				    || strcmp(verdict, "needs a decision") == 0);
			EXPECT_EQ(strcmp(verdict, "needs a decision") == 0, asks);
			questions += asks;
		}
	}
	EXPECT_INT(questions, found, "decisions");
}

/* What both kinds of inventory know. */
static void expect_people_and_files(void)
{
	is("migrated", "accounts", "password: bcrypt");
	is("migrated", "accounts", "password: argon2");
	is("needs a decision", "accounts", "password: encrypted");
	is("needs a decision", "accounts", "password: unknown");
	is("needs a decision", "accounts", "by telephone only");
	is("needs a decision", "accounts", "of another site only");
	is("needs a decision", "accounts", "single sign-on");
	is("needs a decision", "accounts", "second factor: telephone or key");
	is("transformed", "accounts", "banned");
	is("transformed", "accounts", "deleted");
	is("transformed", "accounts", "without an identity");
	EXPECT_CSTR("72", of("accounts", "all", "n"));
	EXPECT_CSTR("2", of("accounts", "anonymous", "n"));
	EXPECT_CSTR("2", of("accounts", "banned", "n"));
	EXPECT_CSTR("40", of("accounts", "sessions", "n"));
	EXPECT_CSTR("2", of("same_addresses", "person11@example.org", "n"));
	EXPECT_CSTR("2", of("same_addresses", "person12@example.org", "n"));
	EXPECT_CSTR("10", of("storage", "avatars", "n"));
	says("public, 10 files", "storage", "avatars", "detail");
	is("transformed", "old_addresses", "public.profiles.avatar_url");
	EXPECT_CSTR("23", of("old_addresses", "public.profiles.avatar_url", "n"));
	is("migrated", "sequences", "auth.refresh_tokens_id_seq");
	is("needs a decision", "webhooks", "public.reports");
	says("functions/v1/on-report", "webhooks", "public.reports", "detail");
}

TEST(trap_15_an_inventory_of_a_live_project_gives_each_thing_a_verdict)
{
	static const char *const sections[] = {
		"tables",	 "extensions", "accounts", "same_addresses", "storage",
		"old_addresses", "sequences",  "policies", "triggers",	     "webhooks",
		"functions",	 "views",      "settings", "publications",   "platform",
		"elsewhere",	 NULL
	};
	const char *project = live_project();
	struct t_run r;

	there(project,
	      "CREATE TABLE cards (n integer); INSERT INTO cards VALUES (1);"
	      "CREATE POLICY nobody ON oddities USING (false); UPDATE public.posts SET body = 'see https://abcdefghij.supabase.co/x'"
	      " WHERE id = 'b0000000-0000-4000-8000-000000000002'");
	there(project,
	      t_fmt("ALTER DATABASE %s SET app.settings.jwt_secret = 'in-no-log-in-no-report'",
		    there(project, "SELECT current_database()")));
	t_database_of_my_own();
	r = must(MOVE("inventory", "--source", live_url(project), "--json"));
	found = t_run_json(r);
	expect_verdicts(sections, 0);
	expect_people_and_files();
	is("transformed", "tables", "public.posts");
	EXPECT_CSTR("298", of("tables", "public.posts", "rows"));
	EXPECT_CSTR("[\"id\"]", of("tables", "public.posts", "key"));
	EXPECT_TRUE(atoll(of("tables", "public.posts", "bytes")) > 8192);
	is("needs a decision", "tables", "public.cards");
	says("may not read", "tables", "public.cards", "question");
	is("transformed", "tables", "auth.users");
	says("followed by triggers", "tables", "auth.users", "detail");
	is("transformed", "policies", "public.posts");
	says("here: can_see_post()", "policies", "public.posts", "detail");
	is("needs a decision", "policies", "public.oddities");
	is("transformed", "triggers", "auth.users");
	is("archived", "triggers", "storage.objects");
	is("migrated", "extensions", "postgis");
	is("archived", "extensions", "pg_stat_statements");
	is("archived", "functions", "public.handle_new_user()");
	is("needs a decision", "functions", "public.has_block_between(uuid,uuid)");
	is("needs a decision", "views", "public.public_posts");
	is("needs a decision", "settings", "the database");
	is("transformed", "publications", "supabase_realtime");
	is("needs a decision", "platform", "vault.secrets");
	is("archived", "platform", "auth.audit_log_entries");
	is("needs a decision", "old_addresses", "public.posts.body");
	is("needs a decision", "elsewhere", "Edge Functions");
	says("CREATE SUBSCRIPTION wants the role", "this server", "may subscribe", "detail");
	EXPECT_CSTR("true", of("this server", "may subscribe", "ok"));
	EXPECT_CSTR("true", of("this server", "extension postgis", "ok"));
	EXPECT_FALSE(strstr(r.out, "in-no-report") || strstr(r.out, "c2VjcmV0"));
}

TEST(an_inventory_of_a_dump_gives_each_thing_a_verdict)
{
	static const char *const sections[] = {
		"accounts", "same_addresses", "storage",  "old_addresses", "sequences", "policies",
		"triggers", "webhooks",	      "platform", "elsewhere",	   NULL
	};
	const struct t_reply *r;

	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("plain.sql")));
	found = r = t_run_json(must(MOVE("inventory", "--json")));
	expect_verdicts(sections, 0);
	expect_people_and_files();
	is("transformed", "policies", "public.posts");
	says("here: can_see_post()", "policies", "public.posts", "detail");
	EXPECT_TRUE(t_json_find(r, "findings", "code", "email_collision") >= 0);
	EXPECT_TRUE(t_json_find(r, "tables", "name", "public.posts") >= 0);
}

TEST(the_doctor_says_whether_the_database_may_subscribe)
{
	const char *settings[] = { t_fmt("DATABASE_URL=%s", t_database_url()),
				   t_fmt("JWT_SECRET=%s", t_jwt_secret),
				   "SUPABASE_UPSTREAM=https://abcdefghij.supabase.co", NULL };
	const struct t_reply *r = t_run_json(t_run(settings, "doctor", "--json"));
	int i = t_json_find(r, "checks", "name", "leaving Supabase");

	EXPECT_TRUE(i >= 0);
	EXPECT_STR("ok", r, t_fmt("checks[%d].status", i));
}
