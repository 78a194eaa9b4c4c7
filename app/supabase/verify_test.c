/* That verify finds what differs, wherever it is, and nothing else. The source here is a database of our own
 * with a table of everything a column can hold, dumped and imported as a project would be. */
#include "app/supabase/supabase_test.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 400, ROUNDS = 6 };

/* ---- a small project ---- */

static const char nasty[] =
	"CREATE EXTENSION citext;"
	"CREATE TYPE public.mood AS ENUM ('calm', 'cross');"
	"CREATE DOMAIN public.word AS text CHECK (VALUE <> '');"
	"CREATE TABLE public.nasty (id integer PRIMARY KEY, flag boolean, small smallint, big bigint, ratio float8,"
	" share real, amount numeric, price money, letters text, code varchar(20), fixed char(5), nick citext,"
	" feeling mood, term word, raw bytea, doc json, docb jsonb, at timestamptz, local timestamp, day date,"
	" clock time, zoned timetz, span interval, who uuid, host inet, list integer[], names text[], nicks citext[],"
	" spread int4range, bits bit varying(9), spot point, markup xml);"
	"INSERT INTO public.nasty SELECT i, i % 2 = 0, i, i * 4294967297::bigint, CASE i % 5 WHEN 0 THEN 0 WHEN 1 THEN"
	" 'NaN' ELSE i / 7.0 END, i / 3.0, i + 0.10, i::numeric::money, 'text ' || i, 'code' || i, 'f' || i % 9,"
	" 'Nick' || i, 'calm', 'word' || i, decode(lpad(to_hex(i), 8, '0'), 'hex'), '{\"a\": 1}', '{\"a\": 1.0}',"
	" timestamptz '2025-01-01 00:00:00.000001+00' + i * interval '1 hour', timestamp '2025-01-01' + i * interval '1 hour',"
	" date '2025-01-01' + i, time '00:00' + i * interval '1 minute', '12:00:00+02', interval '1 mon', md5(i::text)::uuid,"
	" '192.0.2.1', ARRAY[i, NULL, 3], ARRAY['a', NULL], ARRAY['A']::citext[], int4range(i, i + 2), B'101', point(i, 1.5),"
	" '<a>1</a>' FROM generate_series(1, 400) i;"
	"CREATE TABLE public.pairs (a uuid, b text, n integer, PRIMARY KEY (a, b));"
	"INSERT INTO public.pairs SELECT md5((i / 3)::text)::uuid, 'b ' || i, i FROM generate_series(1, 300) i;"
	"CREATE TABLE public.keyless (n integer, t text);"
	"INSERT INTO public.keyless SELECT i % 7, 'double' FROM generate_series(1, 50) i;";

/* One small change a column, to what another value of the type would be like or to what looks the same. */
static const char *const flips[][2] = {
	{ "flag", "NOT flag" },
	{ "small", "small # 1::smallint" },
	{ "big", "big # 4294967297" }, /* both halves: a folded hash would not see it */
	{ "ratio",
	  "CASE WHEN ratio = 0 THEN '-0' WHEN ratio = 'NaN' THEN 0 ELSE ratio * (1 + 2.3e-16::float8) END" },
	{ "share", "share * (1 + 1.2e-7::real)" },
	{ "amount", "(amount::text || '0')::numeric" },
	{ "price", "price + '0.01'::float8::numeric::money" },
	{ "letters", "overlay(letters PLACING 'u' FROM 1)" },
	{ "code", "code || ' '" },
	{ "fixed", "translate(fixed, 'f', 'g')" },
	{ "nick", "lower(nick::text)::citext" },
	{ "feeling", "'cross'" },
	{ "term", "term || '.'" },
	{ "raw", "set_bit(raw, id % 32, 1 - get_bit(raw, id % 32))" },
	{ "doc", "'{\"a\":1}'" },
	{ "docb", "'{\"a\": 1.00}'" },
	{ "at", "at + interval '1 microsecond'" },
	{ "local", "'infinity'" },
	{ "day", "day + 1" },
	{ "clock", "'24:00'" },
	{ "zoned", "'11:00:00+01'" },
	{ "span", "'30 days'" },
	{ "who",
	  "overlay(who::text PLACING translate(right(who::text, 1), '0123456789abcdef', '1032547698badcfe')"
	  " FROM 36)::uuid" },
	{ "host", "'192.0.2.1/24'" },
	{ "list", "('[0:2]=' || list::text)::integer[]" },
	{ "names", "ARRAY['a', 'NULL']" },
	{ "nicks", "ARRAY['a']::citext[]" },
	{ "spread", "int4range(lower(spread), upper(spread) + 1)" },
	{ "bits", "B'100'" },
	{ "spot", "point(spot[0], spot[1] + 1e-15::float8)" },
	{ "markup", "'<a>2</a>'" },
	{ "letters", "NULL" },
	{ "names", "'{}'" },
};
enum { FLIPS = sizeof(flips) / sizeof(*flips) };

/* Runs SQL on another database and comes back. */
static void there(const char *url, const char *sql)
{
	const char *here = t_database_url();

	t_database_use(url);
	t_sql("%s", sql);
	t_database_use(here);
}

static struct t_run compare_with(const char *url)
{
	return MOVE("verify", "--source", url, "--settle", "0", "--json");
}

static bool names(const struct t_reply *r, const char *table, const char *key, const char *column)
{
	for (size_t i = 0; i < t_json_count(r, "differences"); i++)
		if (strcmp(t_json(r, t_fmt("differences[%zu].table", i)), table) == 0
		    && strcmp(t_json(r, t_fmt("differences[%zu].key", i)), key) == 0
		    && strcmp(t_json(r, t_fmt("differences[%zu].column", i)), column) == 0)
			return true;
	return false;
}

/* ---- row by row ---- */

TEST(a_project_and_what_landed_of_it_are_the_same)
{
	const char *url = source();
	struct t_run r;

	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("plain.sql")));
	r = must(MOVE("verify", "--source", url));
	EXPECT_TRUE(strstr(r.out, "nothing differs"));
	EXPECT_TRUE(strstr(r.out, "\"Private Things\".\"Odd \"\"Name\"\"\""));
}

TEST(tables_that_landed_as_text_are_compared_by_their_values)
{
	const char *url = source();

	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("roles.sql"), dump("schema.sql"),
		  dump("data-copy.sql")));
	EXPECT_CSTR("text", t_sql("SELECT pg_typeof(created_at) FROM auth.users LIMIT 1"));
	must(MOVE("verify", "--source", url, "--settle", "0"));
	t_sql("UPDATE auth.users SET last_sign_in_at = (last_sign_in_at::timestamptz + interval '1 us')::text"
	      " WHERE email = 'person1@example.org'");
	EXPECT_TRUE(names(t_run_json(compare_with(url)), "auth.users",
			  "a0000000-0000-4000-8000-000000000001", "last_sign_in_at"));
}

/* The same people and posts, from tables of before, in both forms of a dump. */
TEST(a_project_of_two_years_ago_comes_over_as_well)
{
	static const char people[] =
		"SELECT count(*) || ' ' || count(DISTINCT handle) FROM users u JOIN profiles p USING (id)";
	const char *url = source_of("old");

	t_database_of_my_own();
	must(MOVE("import", "--dump", dump_of("old", "plain.sql")));
	must(MOVE("verify", "--source", url));
	EXPECT_CSTR("72 72", t_sql("%s", people));
	EXPECT_EQ(289, t_sql_int("SELECT count(*) FROM posts WHERE kind = 'post'"));
	EXPECT_CSTR("google 1142",
		    t_sql("SELECT provider || ' ' || provider_id FROM account_identities"
			  " WHERE provider NOT IN ('email', 'phone')"));
	EXPECT_EQ(40, t_sql_int("SELECT count(*) FROM sessions"));
	EXPECT_EQ(2,
		  t_sql_int("SELECT count(secret) FROM account_factors WHERE status = 'verified'"));
	EXPECT_EQ(20, t_sql_int("SELECT count(*) FROM storage_objects WHERE owner_id IS NOT NULL"));
	t_database_of_my_own();
	must(MOVE("import", "--dump", dump_of("old", "roles.sql"), dump_of("old", "schema.sql"),
		  dump_of("old", "data.sql")));
	must(MOVE("verify"));
	EXPECT_CSTR("72 72", t_sql("%s", people));
}

/* Changes one value a column, each in a row of its own, on either side by turns; all are named, and no other. */
TEST(a_changed_bit_is_found_wherever_it_is)
{
	const char *url = small_project(nasty), *here = t_database_url();

	EXPECT_EQ(0, compare_with(url).status);
	there(url,
	      "CREATE SCHEMA sojorn_kept; CREATE TABLE sojorn_kept.nasty AS TABLE public.nasty");
	t_sql("CREATE SCHEMA sojorn_kept; CREATE TABLE sojorn_kept.nasty AS TABLE public.nasty");
	for (int round = 0; round < ROUNDS; round++) {
		const struct t_reply *r;

		t_database_use(round % 2 ? url : here);
		t_sql("SET search_path = public, extensions");
		for (int i = 0; i < FLIPS; i++) {
			int row = 1 + (i * 37 + round * 101 + 13 * i * round) % ROWS;

			t_sql("UPDATE public.nasty SET %s = %s WHERE id = %d", flips[i][0],
			      flips[i][1], row);
		}
		t_database_use(here);
		r = t_run_json(compare_with(url));
		t_database_use(round % 2 ? url : here);
		EXPECT_EQ(1, r->status);
		for (int i = 0; i < FLIPS; i++) {
			int row = 1 + (i * 37 + round * 101 + 13 * i * round) % ROWS;

			if (!names(r, "public.nasty", t_fmt("%d", row), flips[i][0]))
				t_fail("round %d: %s of row %d was not named", round, flips[i][0],
				       row);
		}
		EXPECT_TRUE(t_json_count(r, "differences") <= FLIPS);
		t_sql("TRUNCATE public.nasty; INSERT INTO public.nasty SELECT * FROM sojorn_kept.nasty");
		t_database_use(here);
		EXPECT_EQ(0, compare_with(url).status);
	}
}

TEST(rows_that_are_missing_or_too_many_are_named)
{
	const char *url = small_project(nasty);
	const struct t_reply *r;

	t_sql("DELETE FROM public.nasty WHERE id = 77; INSERT INTO public.nasty (id) VALUES (9001);"
	      " DELETE FROM public.pairs WHERE b = 'b 30'; UPDATE public.pairs SET n = 0 WHERE b = 'b 31';"
	      " UPDATE public.keyless SET t = 'single' WHERE ctid = (SELECT min(ctid) FROM public.keyless)");
	r = t_run_json(compare_with(url));
	EXPECT_TRUE(names(r, "public.nasty", "77", ""));
	EXPECT_TRUE(names(r, "public.nasty", "9001", ""));
	EXPECT_TRUE(
		names(r, "public.pairs", "(d3d94468-02a4-4259-755d-38e6d163e820,\"b 30\")", ""));
	EXPECT_TRUE(
		names(r, "public.pairs", "(d3d94468-02a4-4259-755d-38e6d163e820,\"b 31\")", "n"));
	EXPECT_EQ(2,
		  t_json_int(r,
			     t_fmt("tables[%d].differences",
				   t_json_find(r, "tables", "name", "public.keyless"))));
}

/* The hash of 200,000 rows in ranges, and one of them is another. */
TEST(one_row_of_many_is_found_by_its_range)
{
	const char *url = small_project(
		"CREATE TABLE public.many (id uuid PRIMARY KEY, n bigint, t text);"
		"INSERT INTO public.many SELECT md5(i::text)::uuid, i, 'row ' || i FROM generate_series(1, 200000) i");
	const char *id = t_sql("SELECT id FROM public.many WHERE n = 123456");
	const struct t_reply *r;

	t_sql("ANALYZE public.many");
	EXPECT_EQ(0, compare_with(url).status);
	t_sql("UPDATE public.many SET t = t || ' ' WHERE n = 123456");
	r = t_run_json(compare_with(url));
	EXPECT_EQ(1, t_json_count(r, "differences"));
	EXPECT_TRUE(names(r, "public.many", id, "t"));
}

/* The smallest change there is, wherever it is; VERIFY_ROWS=1000000 for a larger haystack. */
TEST(one_bit_is_found_every_time)
{
	static const char *const bits[] = {
		"n = n # (1::bigint << (i % 63))",
		"t = overlay(t PLACING chr(ascii(substr(t, 1 + i % 10, 1)) # 1) FROM 1 + i % 10 FOR 1)",
		"b = set_bit(b, i % 256, 1 - get_bit(b, i % 256))",
		"d = d + interval '1 microsecond'",
		"f = CASE WHEN f = 0 THEN -f ELSE f + f * 2.3e-16 END",
		"j = jsonb_set(j, '{deep,0}', to_jsonb(i % 7 + 1e-30))",
	};
	int rows = getenv("VERIFY_ROWS") ? atoi(getenv("VERIFY_ROWS")) : 40000;
	const char *url = small_project(t_fmt(
		"CREATE TABLE public.many (i integer PRIMARY KEY, n bigint, t text, b bytea, d timestamptz, f float8, j jsonb);"
		"INSERT INTO public.many SELECT i, i, md5(i::text), sha256(i::text::bytea), '2026-01-01'::timestamptz + i * interval '1 s', i / 7.0,"
		" jsonb_build_object('deep', jsonb_build_array(i %% 7)) FROM generate_series(0, %d) i",
		rows - 1));
	const struct t_reply *r;

	t_sql("ANALYZE public.many");
	for (int round = 0; round < 6; round++) {
		int i = (round * 7919 + 13 * (int)getpid()) % rows;
		const char *id = t_fmt("%d", i), *column = t_fmt("%.1s", bits[round]);

		t_sql("CREATE TABLE supabase_move.kept AS SELECT * FROM public.many WHERE i = %d",
		      i);
		t_sql("UPDATE public.many SET %s WHERE i = %d", bits[round], i);
		r = t_run_json(compare_with(url));
		if (t_json_count(r, "differences") != 1 || !names(r, "public.many", id, column))
			t_fail("%s of row %d: %s", column, i, t_json(r, "differences"));
		t_sql("DELETE FROM public.many WHERE i = %d; INSERT INTO public.many SELECT * FROM supabase_move.kept;"
		      "DROP TABLE supabase_move.kept",
		      i);
	}
	EXPECT_EQ(0, compare_with(url).status);
}

TEST(trap_04_an_extension_is_where_the_dump_looks_for_it)
{
	small_project(nasty);
	EXPECT_CSTR(
		"public",
		t_sql("SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'citext'"));
}

TEST(trap_30_settings_of_a_newer_pg_dump_do_no_harm)
{
	const char *file = t_shared_path("newer.sql");

	write_text(
		file,
		"\\restrict Zk3\nSET transaction_timeout = 0;\nSET a_setting_of_tomorrow = on;\n"
		"SELECT pg_catalog.set_config('search_path', '', false);\n"
		"CREATE TABLE public.newer (n integer);\nCOPY public.newer (n) FROM stdin;\n1\n\\.\n\\unrestrict Zk3\n");
	t_database_of_my_own();
	must(MOVE("import", "--dump", file));
	EXPECT_EQ(1, t_sql_int("SELECT n FROM public.newer"));
	EXPECT_EQ(
		3,
		t_sql_int(
			"SELECT count(*) FROM supabase_move.ledger WHERE kind = 'setting' AND outcome = 'skipped'"));
}

TEST(trap_15_what_no_dump_has_is_asked_of_the_project)
{
	const char *url = source();
	struct t_run r = must(MOVE("inventory", "--source", url));

	EXPECT_TRUE(strstr(r.out, "functions/v1/on-report"));
	EXPECT_TRUE(strstr(r.out, "vault.secrets"));
	EXPECT_TRUE(strstr(r.out, "supabase_realtime"));
}

TEST(trap_36_columns_and_tables_that_came_later_are_named)
{
	const char *url = small_project(nasty);
	const struct t_reply *r;

	there(url,
	      "ALTER TABLE public.pairs ADD COLUMN later text; CREATE TABLE public.new (n int)");
	t_sql("ALTER TABLE public.nasty ADD COLUMN ours text");
	r = t_run_json(compare_with(url));
	EXPECT_EQ(3, t_json_count(r, "differences"));
	EXPECT_TRUE(names(r, "public.pairs", "", "later"));
	EXPECT_TRUE(names(r, "public.new", "", ""));
	EXPECT_TRUE(names(r, "public.nasty", "", "ours"));
}

/* ---- a source that moves ---- */

static const char churn[] =
	"DO $$ BEGIN FOR i IN 1..1200 LOOP"
	" UPDATE public.moving SET n = n + 1 WHERE id IN (i %% 40, 41 + i %% 3);"
	" INSERT INTO public.moving VALUES (1000 + i, 0); DELETE FROM public.moving WHERE id = 900 + i;"
	" COMMIT; PERFORM pg_sleep(0.003); END LOOP; END $$";

/* PostgreSQL itself carries the changes over, some behind, while we compare. */
TEST(rows_that_are_on_their_way_are_no_differences)
{
	const char *url = small_project(
		"CREATE TABLE public.moving (id integer PRIMARY KEY, n integer);"
		"INSERT INTO public.moving SELECT i, 0 FROM generate_series(0, 899) i");
	struct t_run r;
	const struct t_reply *reply;
	int status;
	pid_t pid;

	there(url, "CREATE PUBLICATION moving FOR TABLE public.moving");
	there(url, "SELECT pg_create_logical_replication_slot('verify_moving', 'pgoutput')");
	t_sql("CREATE SUBSCRIPTION moving CONNECTION '%s' PUBLICATION moving WITH (create_slot = false,"
	      " copy_data = false, slot_name = 'verify_moving')",
	      url);
	t_sql("INSERT INTO public.moving VALUES (-1, 0)");
	pid = fork();
	if (pid == 0) {
		execl(t_fmt("%s/psql", getenv("TEST_PG_BIN")), "psql", "-qX", "-d", url, "-c",
		      t_fmt("%s", t_fmt(churn)), (char *)NULL);
		_exit(127);
	}
	r = MOVE("verify", "--source", url, "--settle", "1", "--json");
	waitpid(pid, &status, 0);
	t_sql("ALTER SUBSCRIPTION moving DISABLE; ALTER SUBSCRIPTION moving SET (slot_name = NONE)");
	t_sql("DROP SUBSCRIPTION moving");
	EXPECT_EQ(0, status);
	reply = t_run_json(r);
	EXPECT_EQ(1, t_json_count(reply, "differences"));
	EXPECT_TRUE(names(reply, "public.moving", "-1", ""));
	for (int i = 0; i < 50; i++) {
		usleep(100000);
		there(url,
		      "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots"
		      " WHERE slot_name = 'verify_moving' AND NOT active");
	}
}

/* ---- what the app has ---- */

TEST(what_the_app_has_is_what_the_transform_makes)
{
	const struct t_reply *r;

	t_database_of_my_own();
	must(MOVE("import", "--dump", dump("plain.sql")));
	must(MOVE("verify"));
	t_sql("UPDATE posts SET image_url = 'https://elsewhere.example/' WHERE id = 'b0000000-0000-4000-8000-000000000001';"
	      " UPDATE follows SET created_at = created_at + interval '1 us' WHERE ctid = (SELECT min(ctid) FROM follows);"
	      " DELETE FROM post_likes WHERE ctid = (SELECT min(ctid) FROM post_likes);"
	      " UPDATE users SET status = 'active' WHERE id = 'a0000000-0000-4000-8000-000000000012'");
	r = t_run_json(MOVE("verify", "--json"));
	EXPECT_EQ(1, r->status);
	EXPECT_TRUE(names(r, "sojorn.posts", "b0000000-0000-4000-8000-000000000001", "image_url"));
	EXPECT_TRUE(t_json_find(r, "differences", "table", "sojorn.follows") >= 0);
	EXPECT_TRUE(t_json_find(r, "differences", "table", "sojorn.post_likes") >= 0);
	EXPECT_TRUE(names(r, "sojorn.users", "a0000000-0000-4000-8000-000000000012", "status"));
	EXPECT_TRUE(names(r, "sojorn.profiles", "a0000000-0000-4000-8000-000000000012", "is_live"));
}

TEST(trap_03_a_role_that_sees_less_is_noticed)
{
	const char *role = t_unique("app_role");
	struct t_run r;

	small_project("CREATE TABLE public.one (n integer)");
	t_sql("CREATE ROLE %s; GRANT USAGE ON SCHEMA sojorn TO %s; GRANT SELECT ON ALL TABLES IN SCHEMA sojorn TO %s",
	      role, role, role);
	must(MOVE("verify", "--app-role", role));
	t_sql("ALTER TABLE categories ENABLE ROW LEVEL SECURITY");
	r = MOVE("verify", "--app-role", role);
	EXPECT_EQ(1, r.status);
	EXPECT_TRUE(strstr(r.out, "sojorn.categories") && strstr(r.out, "sees 0 rows of"));
	t_sql("REVOKE SELECT ON ALL TABLES IN SCHEMA sojorn FROM %s", role);
	r = MOVE("verify", "--app-role", role);
	EXPECT_TRUE(r.status == 1 && strstr(r.out, "permission denied"));
	t_sql("DROP OWNED BY %s; DROP ROLE %s", role, role);
}

/* ---- connecting ---- */

/* The URL of a database with another role's name in it. */
static const char *url_as(const char *role, const char *url)
{
	return t_fmt("%s%cuser=%s&password=pw", url, strchr(url, '?') ? '&' : '?', role);
}

TEST(trap_27_a_role_that_rows_are_hidden_from_is_refused)
{
	const char *role = t_unique("narrow"), *url = small_project(nasty);
	struct t_run r;

	t_sql("CREATE ROLE %s LOGIN PASSWORD 'pw'", role);
	there(url, t_fmt("GRANT SELECT ON ALL TABLES IN SCHEMA public TO %s", role));
	r = MOVE("verify", "--source", url_as(role, url));
	EXPECT_TRUE(r.status == 1 && strstr(r.err, "BYPASSRLS"));
	t_sql("ALTER ROLE %s BYPASSRLS", role);
	must(MOVE("verify", "--source", url_as(role, url)));
	there(url, t_fmt("DROP OWNED BY %s", role));
	t_sql("DROP ROLE %s", role);
}

TEST(trap_29_the_time_limit_of_a_role_does_not_cut_us_off)
{
	const char *role = t_unique("hasty"), *url = small_project(nasty);

	t_sql("CREATE ROLE %s LOGIN PASSWORD 'pw' BYPASSRLS", role);
	t_sql("ALTER ROLE %s SET statement_timeout = '100ms'", role);
	there(url, t_fmt("GRANT SELECT ON ALL TABLES IN SCHEMA public TO %s", role));
	there(url,
	      "INSERT INTO public.keyless SELECT i, repeat('x', 50) FROM generate_series(1, 400000) i");
	EXPECT_TRUE(strstr(MOVE("verify", "--source", url_as(role, url), "--settle", "0").out,
			   "public.keyless"));
	there(url, t_fmt("DROP OWNED BY %s", role));
	t_sql("DROP ROLE %s", role);
}

/* ---- reports ---- */

static void change_a_byte(const char *file)
{
	FILE *f = fopen(file, "r+");
	int c;

	if (!f || fseek(f, 40, SEEK_SET) != 0 || (c = fgetc(f)) == EOF)
		t_fail("%s", file);
	fseek(f, 40, SEEK_SET);
	fputc(c ^ 1, f);
	fclose(f);
}

TEST(reports_are_signed_in_every_form)
{
	static const char *const forms[] = { "txt", "json", "html" };

	small_project("CREATE TABLE public.\"<b>&\" (n integer)");
	for (size_t i = 0; i < 3; i++) {
		const char *file = t_fmt("%s.%s", t_shared_path("report"), forms[i]);

		must(MOVE("verify", "--report", file));
		EXPECT_EQ(0, MOVE("verify", "--check", file).status);
		EXPECT_EQ(1,
			  t_run(T_LIST("JWT_SECRET=another-secret-of-32-bytes-or-more",
				       t_fmt("DATABASE_URL=%s", t_database_url())),
				"supabase", "verify", "--check", file)
				  .status);
		change_a_byte(file);
		EXPECT_EQ(1, MOVE("verify", "--check", file).status);
	}
	EXPECT_TRUE(strstr(read_text(t_fmt("%s.html", t_shared_path("report"))),
			   "<td>public.&lt;b&gt;&amp;</td>"));
	EXPECT_EQ(1, MOVE("verify", "--check", t_shared_path("no-such-report")).status);
}
