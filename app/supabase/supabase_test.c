/* A project of 72 people and 298 posts (test/supabase) is taken over from its dumps. The numbers are those of
 * the traps of the old platform; person 7 is 'a0000000-0000-4000-8000-000000000007'. */
#include "app/supabase/supabase_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID(kind, n) t_fmt("'%s0000000-0000-4000-8000-%012x'", kind, (unsigned)(n))
#define USER(n)	    ID("a", n)
#define POST(n)	    ID("b", n)

/* SQL goes to a database into which plain.sql has been imported; tests leave it as it is. */
static void moved(void)
{
	const char *known = t_shared_path("moved-url"), *url = read_text(known);

	if (url) {
		t_database_use(url);
		return;
	}
	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("plain.sql")));
	write_text(known, t_database_url());
}

/* The same query there, under the same settings. */
static const char *in_source(const char *sql)
{
	const char *here = t_database_url(), *value;

	t_database_use(source());
	value = t_sql("%s", sql);
	t_database_use(here);
	return value;
}

#define EXPECT_AS_IN_SOURCE(sql) EXPECT_CSTR(in_source(sql), t_sql("%s", sql))

/* All rows of schemas, table by table, but of what is random or a run's own. */
static const char *contents(const char *schemas)
{
	const char *tables = t_sql(
		"SELECT string_agg(format('%%I.%%I', table_schema, table_name), ' ' ORDER BY table_schema, table_name)"
		" FROM information_schema.tables WHERE table_schema = ANY ('%s')"
		" AND table_type = 'BASE TABLE' AND table_name NOT IN ('mfa_secrets',"
		" 'account_factors', 'schema_migrations', 'spatial_ref_sys')",
		schemas);
	const char *all = "";

	while (*tables) {
		int n = (int)strcspn(tables, " ");

		all = t_fmt(
			"%s\n%.*s %s", all, n, tables,
			t_sql("SELECT count(*) || ' ' || COALESCE(md5(string_agg(x::text, '|' ORDER BY x::text)), '')"
			      " FROM %.*s x",
			      n, tables));
		tables += n + (tables[n] == ' ');
	}
	return all;
}

#define ALL_SCHEMAS "{sojorn,auth,storage,public}"

static long long findings(const char *code)
{
	return t_sql_int("SELECT count(*) FROM supabase_move.findings WHERE code = '%s'", code);
}

/* ---- the whole ---- */

TEST(moved_people_sign_in_and_read)
{
	struct t_server *s;
	struct t_user person = { .token = NULL };
	const struct t_reply *r;

	moved();
	s = t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "ALTCHA_REQUIRED=off");
	r = EXPECT(200,
		   t_post_json(NULL, "/api/v1/auth/login",
			       "{'email':'person1@example.org','password':'old-password'}"));
	person.token = t_json(r, "access_token") ? t_json(r, "access_token") : t_json(r, "token");
	r = EXPECT(200, t_get(&person, "/api/v1/users/a0000000-0000-4000-8000-000000000005/posts"));
	EXPECT_TRUE(t_json_count(r, "posts") > 0);
	r = EXPECT(200, t_get(&person, "/api/v1/feed/personal"));
	EXPECT_TRUE(t_json_count(r, "posts") > 0);
	r = EXPECT(200, t_get(&person, "/api/v1/posts/b0000000-0000-4000-8000-000000000094"));
	EXPECT_EQ(17 * 300, strlen(t_json(r, "post.body")));
	EXPECT(200, t_get(&person, "/api/v1/profiles/a0000000-0000-4000-8000-000000000002"));
	t_server_stop(s);
}

TEST(moved_from_every_form_is_the_same)
{
	static const char same[] =
		"SELECT md5(string_agg(x::text, '|' ORDER BY x::text)) FROM"
		" (SELECT id, body, root_id, depth, status, visibility, tags, created_at FROM posts"
		" UNION ALL SELECT id, email, NULL, 0, status, encrypted_password, NULL, created_at FROM users"
		" WHERE id <> 'a0000000-0000-4000-8000-000000000008') x";
	const char *want;

	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("plain.sql")));
	want = t_sql("%s", same);
	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("roles.sql"), dump("schema.sql"), dump("data.sql")));
	EXPECT_CSTR(want, t_sql("%s", same));
	must(MOVE("verify"));
	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("roles.sql"), dump("schema.sql"),
		  dump("data-copy.sql")));
	EXPECT_CSTR(want, t_sql("%s", same));
	must(MOVE("verify"));
	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("custom.dump")));
	EXPECT_CSTR(want, t_sql("%s", same));
	must(MOVE("verify"));
	must(MOVE("import", "--dump", dump("custom.dump")));
}

/* ---- the traps ---- */

TEST(trap_01_every_statement_is_accounted_for)
{
	moved();
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM supabase_move.ledger WHERE outcome NOT IN ('done', 'skipped')"
			" OR outcome = 'skipped' AND reason = ''"));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM supabase_move.files WHERE done_to <> size"));
}

TEST(trap_01_what_nobody_knows_stops_the_import)
{
	const char *file = t_shared_path("unknown.sql");
	struct t_run r;

	write_text(file,
		   "CREATE TABLE public.a (n int);\nVACUUM;\nCREATE TABLE public.b (n int);\n");
	t_database_of_my_own();
	r = MOVE("import", "--dump", file);
	EXPECT_EQ(1, r.status);
	EXPECT_TRUE(strstr(r.err, "line 2") && strstr(r.err, "VACUUM"));
	EXPECT_EQ(1,
		  t_sql_int("SELECT count(*) FROM supabase_move.ledger WHERE outcome = 'failed'"));
	EXPECT_NULL(t_sql("SELECT to_regclass('public.b')"));
}

TEST(trap_01_a_dump_that_was_cut_off_is_refused)
{
	const char *file = t_shared_path("cut.sql");
	struct t_run r;

	t_database_of_my_own();
	if (system(t_fmt("head -c 1000000 %s > %s", dump("plain.sql"), file)) != 0)
		t_fail("head");
	r = MOVE("import", "--dump", file);
	EXPECT_EQ(1, r.status);
	EXPECT_TRUE(strstr(r.err, "cut off"));
}

TEST(trap_02_no_role_of_the_platform_has_anything_here)
{
	moved();
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
			" WHERE n.nspname IN ('public', 'auth', 'storage', 'sojorn')"
			" AND (c.relowner <> current_user::regrole OR c.relacl::text LIKE '%%anon%%')"
			" AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')"));
}

TEST(trap_03_no_row_is_hidden)
{
	moved();
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM pg_class WHERE relrowsecurity OR relforcerowsecurity"));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM pg_policy"));
	EXPECT_TRUE(strstr(must(MOVE("inventory")).out, "Posts of mutuals; and one's own"));
}

TEST(trap_04_types_of_extensions_are_found)
{
	moved();
	EXPECT_EQ(28, t_sql_int("SELECT count(*) FROM post_places"));
	EXPECT_AS_IN_SOURCE(
		"SELECT string_agg(id::text || location::text, ',' ORDER BY id) FROM public.posts");
	EXPECT_AS_IN_SOURCE("SELECT string_agg(names::text, ',' ORDER BY n) FROM public.oddities");
}

TEST(trap_05_nothing_fires_and_everybody_has_a_profile)
{
	moved();
	EXPECT_EQ(72, t_sql_int("SELECT count(*) FROM users u JOIN profiles p ON p.id = u.id"));
	EXPECT_EQ(2, findings("profile_missing"));
	EXPECT_EQ(1, findings("profile_without_user"));
	EXPECT_CSTR("person24", t_sql("SELECT handle FROM profiles WHERE id = %s", USER(24)));
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
			" WHERE NOT t.tgisinternal AND c.relnamespace::regnamespace::text IN ('public', 'auth', 'storage')"));
}

TEST(trap_06_an_account_needs_no_identity)
{
	moved();
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM supabase_move.findings WHERE code = 'identity_missing' AND key = %s",
			USER(8)));
	EXPECT_EQ(1, findings("identity_foreign"));
	EXPECT_CSTR("email person8@example.org",
		    t_sql("SELECT provider || ' ' || (data ->> 'email') FROM account_identities"
			  " WHERE user_id = %s AND provider_id = user_id::text",
			  USER(8)));
	EXPECT_EQ(70, t_sql_int("SELECT count(*) FROM account_identities"));
}

TEST(trap_07_hashes_are_kept_byte_for_byte_and_work)
{
	struct t_server *s;

	moved();
	EXPECT_EQ(72,
		  t_sql_int("SELECT count(*) FROM users u JOIN auth.users s USING (id)"
			    " WHERE u.encrypted_password = COALESCE(s.encrypted_password, '')"
			    " OR u.encrypted_password LIKE '$2b$10$%%'"));
	EXPECT_EQ(2, findings("password_unverifiable"));
	s = t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "ALTCHA_REQUIRED=off");
	for (int i = 2; i <= 5; i++)
		EXPECT(200,
		       t_post_json(NULL, "/api/v1/auth/login",
				   "{'email':'person%d@example.org','password':'%s'}", i,
				   i == 4	    ? "password"
					   : i == 5 ? "user1password"
						    : "old-password"));
	EXPECT(401,
	       t_post_json(NULL, "/api/v1/auth/login",
			   "{'email':'person3@example.org','password':'old-passwore'}"));
	t_server_stop(s);
}

TEST(trap_08_null_where_the_old_server_writes_nothing)
{
	moved();
	EXPECT_CSTR(
		"active person8@example.org",
		t_sql("SELECT status || ' ' || email FROM users WHERE id = %s AND created_at IS NOT NULL",
		      USER(8)));
}

TEST(trap_09_one_address_of_two_accounts)
{
	moved();
	EXPECT_EQ(2, findings("email_collision"));
	EXPECT_CSTR("true",
		    t_sql("SELECT duplicate_email::text FROM users WHERE id = %s", USER(10)));
	EXPECT_CSTR("false",
		    t_sql("SELECT duplicate_email::text FROM users WHERE id = %s", USER(11)));
	EXPECT_CSTR("false",
		    t_sql("SELECT duplicate_email::text FROM users WHERE id = %s", USER(12)));
	EXPECT_CSTR("person9@example.org", t_sql("SELECT email FROM users WHERE id = %s", USER(9)));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM profiles WHERE handle = 'person27'"));
	EXPECT_EQ(1, findings("handle_changed"));
}

TEST(trap_10_accounts_without_an_address)
{
	moved();
	EXPECT_EQ(3,
		  t_sql_int(
			  "SELECT count(*) FROM users WHERE email IS NULL AND status = 'active'"));
	EXPECT_EQ(0, t_sql_int("SELECT count(*) FROM users WHERE email = ''"));
	EXPECT_CSTR(
		"15550000014",
		t_sql("SELECT phone FROM account_details WHERE phone_confirmed_at IS NOT NULL"));
	EXPECT_EQ(2, t_sql_int("SELECT count(*) FROM account_details WHERE is_anonymous"));
}

TEST(trap_11_banned_deleted_and_unconfirmed_stay_so)
{
	static const char *const want[] = { "banned",	   "suspended", "active",
					    "deactivated", "pending",	"pending" };

	moved();
	for (int i = 0; i < 6; i++)
		EXPECT_CSTR(want[i], t_sql("SELECT status FROM users WHERE id = %s", USER(18 + i)));
	EXPECT_CSTR("d6a9f1c7", t_sql("SELECT email FROM users WHERE id = %s", USER(21)));
}

TEST(trap_12_sessions_and_their_tokens_live_on)
{
	struct t_server *s;

	moved();
	EXPECT_EQ(
		40,
		t_sql_int(
			"SELECT count(*) FROM sessions WHERE id::text LIKE '50000000%%' OR user_id = %s",
			USER(41)));
	EXPECT_EQ(
		5,
		t_sql_int(
			"SELECT count(*) FROM sessions WHERE refresh_counter = 3 AND length(refresh_key) = 43"));
	EXPECT_CSTR(
		t_sql("SELECT encode(sha256('newxxxxxxx25'), 'hex')"),
		t_sql("SELECT encode(replaced_by, 'hex') FROM refresh_tokens WHERE token = 'oldxxxxxxx25'"));
	s = t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()));
	EXPECT(200, t_post_json(NULL, "/api/v1/auth/refresh", "{'refresh_token':'newxxxxxxx25'}"));
	EXPECT(401, t_post_json(NULL, "/api/v1/auth/refresh", "{'refresh_token':'oldxxxxxxx25'}"));
	EXPECT(200,
	       t_post_json(NULL, "/api/v1/auth/refresh",
			   "{'refresh_token':'abcdefghijklmnopqrstuv'}"));
	t_server_stop(s);
}

TEST(trap_12_a_session_ends_when_the_old_server_would_have_ended_it)
{
	struct t_server *s;

	moved();
	t_sql("UPDATE sessions SET not_after = now() - interval '1 minute' WHERE id = %s",
	      ID("5", 24));
	s = t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()));
	EXPECT(401, t_post_json(NULL, "/api/v1/auth/refresh", "{'refresh_token':'newxxxxxxx24'}"));
	t_server_stop(s);
}

TEST(trap_12_how_a_session_was_opened_is_known)
{
	moved();
	EXPECT_CSTR(
		"password,totp",
		t_sql("SELECT string_agg(method, ',' ORDER BY method) FROM session_methods WHERE session_id = %s",
		      ID("5", 36)));
	EXPECT_EQ(40,
		  t_sql_int("SELECT count(*) FROM session_methods"
			    " WHERE session_id::text LIKE '50000000%%'"));
}

TEST(trap_12_second_factors_are_sealed_and_asked_for)
{
	struct t_server *s;
	const struct t_reply *r;

	moved();
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM mfa_secrets"));
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM mfa_secrets WHERE secret::text LIKE '%%4a4253575933%%'"));
	EXPECT_EQ(4, t_sql_int("SELECT count(*) FROM account_factors"));
	EXPECT_EQ(3, t_sql_int("SELECT count(secret) FROM account_factors"));
	EXPECT_CSTR(
		"phone app",
		t_sql("SELECT friendly_name FROM account_factors f JOIN mfa_secrets m USING (secret)"));
	EXPECT_EQ(2, findings("factor_not_moved"));
	s = t_server_start(t_fmt("DATABASE_URL=%s", t_database_url()), "ALTCHA_REQUIRED=off");
	r = EXPECT(200,
		   t_post_json(NULL, "/api/v1/auth/login",
			       "{'email':'person36@example.org','password':'old-password'}"));
	EXPECT_TRUE(t_json(r, "mfa_required") && strcmp(t_json(r, "mfa_required"), "true") == 0);
	t_server_stop(s);
}

TEST(trap_19_references_to_those_who_are_gone)
{
	moved();
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM blocks"));
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM supabase_move.findings WHERE subject = 'public.blocks'"));
	EXPECT_EQ(4, t_sql_int("SELECT count(*) FROM storage.objects WHERE owner_id = 'service'"));
}

TEST(trap_20_sequences_go_on)
{
	moved();
	EXPECT_EQ(1001, t_sql_int("SELECT nextval('auth.refresh_tokens_id_seq')"));
	EXPECT_TRUE(t_sql_int("SELECT nextval('public.audit_log_id_seq')") > 10);
}

TEST(trap_21_values_of_computed_columns_are_taken)
{
	const char *file = t_shared_path("generated.sql");

	write_text(
		file,
		"CREATE TABLE public.g (a int GENERATED ALWAYS AS IDENTITY, b int, c int GENERATED ALWAYS AS (b * 2) STORED);\n"
		"INSERT INTO public.g (a, b, c) VALUES (7, 1, 2), (8, 2, 5);\n"
		"COPY public.g (a, b, c) FROM stdin;\n9\t3\t6\n\\.\n");
	t_database_of_my_own();
	must(MOVE("import", "--dump", file));
	EXPECT_CSTR(
		"7 1 2,8 2 5,9 3 6",
		t_sql("SELECT string_agg(concat_ws(' ', a, b, c), ',' ORDER BY a) FROM public.g"));
	moved();
	EXPECT_AS_IN_SOURCE(
		"SELECT string_agg(concat(id, confirmed_at), ',' ORDER BY id) FROM auth.users");
	EXPECT_AS_IN_SOURCE(
		"SELECT string_agg(concat(id, email), ',' ORDER BY id) FROM auth.identities");
}

TEST(trap_22_a_table_without_a_key_keeps_its_doubles)
{
	moved();
	EXPECT_EQ(2, t_sql_int("SELECT count(*) FROM public.oddities WHERE n = 3"));
}

TEST(trap_23_odd_values_arrive_as_they_are)
{
	moved();
	EXPECT_AS_IN_SOURCE(
		"SELECT string_agg(md5(o::text), ',' ORDER BY md5(o::text)) FROM public.oddities o");
	EXPECT_AS_IN_SOURCE(
		"SELECT md5(string_agg(concat(id, body), ',' ORDER BY id)) FROM public.posts");
	EXPECT_AS_IN_SOURCE(
		"SELECT string_agg(o::text, ',' ORDER BY id) FROM \"Private Things\".\"Odd \"\"Name\"\"\" o");
	EXPECT_AS_IN_SOURCE(
		"SELECT md5(string_agg(payload::text, ',' ORDER BY id)) FROM auth.audit_log_entries");
	EXPECT_EQ(
		290,
		t_sql_int(
			"SELECT count(*) FROM posts p JOIN public.posts s USING (id) WHERE p.body = s.body")
			+ 1);
	EXPECT_EQ(1, findings("body_over_500"));
}

TEST(trap_24_times_without_a_zone_are_utc)
{
	moved();
	EXPECT_CSTR(
		"2026-01-01 12:00:00+00",
		t_sql("SELECT last_used_at AT TIME ZONE 'UTC' || '+00' FROM sessions WHERE id = %s",
		      ID("5", 7)));
}

TEST(trap_25_threads_and_rings)
{
	moved();
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM posts p LEFT JOIN posts c ON c.id = p.chain_parent_id"
			" WHERE p.depth > 0 AND (c.id IS NULL OR c.depth <> p.depth - 1)"));
	EXPECT_EQ(3, findings("thread_broken"));
	EXPECT_EQ(119, t_sql_int("SELECT count(*) FROM posts WHERE kind = 'comment'"));
	EXPECT_TRUE(t_sql_int("SELECT max(depth) FROM posts WHERE kind = 'comment'") > 1);
}

TEST(trap_26_orphans_are_reported_and_kept)
{
	moved();
	EXPECT_EQ(435, t_sql_int("SELECT count(*) FROM public.post_likes"));
	EXPECT_EQ(
		t_sql_int("SELECT count(*) FROM public.post_likes")
			- t_sql_int("SELECT count(*) FROM post_likes"),
		t_sql_int(
			"SELECT count(*) FROM supabase_move.findings WHERE subject = 'public.post_likes'"));
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM supabase_move.findings WHERE subject = 'public.posts.author_id'"));
}

TEST(trap_33_the_same_dump_twice_changes_nothing)
{
	const char *once;
	struct t_run r;

	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("plain.sql")));
	once = contents(ALL_SCHEMAS);
	must(MOVE("import", "--dump", dump("plain.sql")));
	must(MOVE("import", "--dump", dump("plain.sql"), "--again"));
	EXPECT_CSTR(once, contents(ALL_SCHEMAS));
	r = MOVE("import", "--dump", dump("schema.sql"));
	EXPECT_TRUE(r.status == 1 && strstr(r.err, "--replace"));
	must(MOVE("import", "--dump", dump("plain.sql"), "--replace"));
	EXPECT_EQ(72, t_sql_int("SELECT count(*) FROM users"));
	must(MOVE("verify"));
}

TEST(trap_34_the_audit_log_stays_out_of_the_app)
{
	moved();
	EXPECT_EQ(200, t_sql_int("SELECT count(*) FROM auth.audit_log_entries"));
}

TEST(trap_35_counters_are_counted_anew_and_compared)
{
	moved();
	EXPECT_EQ(0,
		  t_sql_int("SELECT count(*) FROM post_metrics m WHERE like_count <>"
			    " (SELECT count(*) FROM post_likes l WHERE l.post_id = m.post_id)"));
	EXPECT_EQ(
		1,
		t_sql_int(
			"SELECT count(*) FROM supabase_move.findings WHERE code = 'counter_differs' AND key = %s",
			POST(40)));
	EXPECT_EQ(120,
		  t_sql_int("SELECT view_count FROM post_metrics WHERE post_id = %s", POST(40)));
}

TEST(what_is_null_in_the_source_stays_null)
{
	moved();
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM posts p JOIN public.posts s USING (id) WHERE num_nulls(p.deleted_at,"
			" p.expires_at, p.edited_at) <> num_nulls(s.deleted_at, s.expires_at, s.edited_at)"));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM posts WHERE deleted_at IS NOT NULL"));
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM users u JOIN auth.users s USING (id) WHERE u.suspended_until IS NOT NULL"
			" AND s.banned_until IS NULL OR (u.last_login IS NULL) <> (s.last_sign_in_at IS NULL)"));
}

TEST(beacons_come_over_without_an_author_while_they_are_on)
{
	moved();
	EXPECT_CSTR("official_presence 44.98 -93.27",
		    t_sql("SELECT concat_ws(' ', beacon_type, lat, long) FROM beacons"));
	EXPECT_EQ(7, findings("beacon_over"));
}

TEST(keys_that_protect_come_over)
{
	moved();
	EXPECT_EQ(9, t_sql_int("SELECT count(*) FROM e2ee_identities WHERE registration_id = 7"));
	EXPECT_EQ(
		8,
		t_sql_int(
			"SELECT count(*) FROM e2ee_identities WHERE octet_length(identity_key) = 64"));
	EXPECT_EQ(8, t_sql_int("SELECT count(*) FROM signed_prekeys"));
	EXPECT_EQ(180, t_sql_int("SELECT count(*) FROM one_time_prekeys WHERE used_at IS NULL"));
	EXPECT_EQ(3, findings("key_not_moved"));
}

TEST(messages_come_over_between_those_who_wrote_them)
{
	moved();
	EXPECT_EQ(2, t_sql_int("SELECT count(*) FROM encrypted_conversations"));
	EXPECT_EQ(32, /* two of an older chat */
		  t_sql_int("SELECT count(*) FROM secure_messages WHERE conversation_id = %s",
			    ID("7", 1)));
	EXPECT_EQ(32, t_sql_int("SELECT count(*) FROM secure_messages"));
	EXPECT_EQ(6,
		  t_sql_int("SELECT count(*) FROM secure_messages WHERE reply_to_id IS NOT NULL"));
	EXPECT_EQ(10, t_sql_int("SELECT count(*) FROM secure_messages WHERE read_at IS NOT NULL"));
	EXPECT_EQ(
		3,
		t_sql_int(
			"SELECT count(*) FROM supabase_move.findings WHERE subject = 'public.secure_messages'"));
}

TEST(a_visibility_nobody_knows_is_private)
{
	moved();
	EXPECT_CSTR("private", t_sql("SELECT visibility FROM posts WHERE id = %s", POST(23)));
	EXPECT_EQ(
		0,
		t_sql_int(
			"SELECT count(*) FROM posts p JOIN public.posts s USING (id)"
			" WHERE s.visibility IN ('private', 'only_me') AND p.visibility <> 'private'"));
}

/* ---- being killed ---- */

TEST(a_killed_import_goes_on_and_ends_the_same)
{
	const char *want;
	bool done = false;

	moved();
	want = contents("{auth,storage,public}");
	t_database_of_my_own();
	for (int i = 0; i < 12 && !done; i++)
		done = killed_after(60 + 37 * i, T_LIST("import", "--dump", dump("plain.sql")));
	must(MOVE("import", "--dump", dump("plain.sql")));
	EXPECT_EQ(1, t_sql_int("SELECT count(*) FROM supabase_move.runs"));
	EXPECT_CSTR(want, contents("{auth,storage,public}"));
	must(MOVE("verify"));
}
