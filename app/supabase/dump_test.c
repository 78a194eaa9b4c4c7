/* The reader of dumps on the odd corners of SQL. */
#include "app/supabase/classify.h"
#include "test/harness/harness.h"

static struct piece first(const char *script)
{
	struct dump d = { str_of(script), 0 };

	return dump_next(&d);
}

static int count(const char *script)
{
	struct dump d = { str_of(script), 0 };
	struct piece p;
	int n = 0;

	while ((p = dump_next(&d)).kind != PIECE_END && p.kind != PIECE_BROKEN)
		n++;
	return p.kind == PIECE_BROKEN ? -1 : n;
}

static void expect_text(const char *want, struct piece p)
{
	EXPECT_EQ(strlen(want), p.text.n);
	EXPECT_MEM(want, p.text.p, p.text.n);
}

TEST(dump_statements_end_where_psql_ends_them)
{
	EXPECT_EQ(
		2,
		count("SELECT ';', \";\", E'\\';', $$;$$, $a$;$$;$a$ -- ;\n /* ; /* ; */ ; */; SELECT 2;"));
	EXPECT_EQ(1, count("SELECT 'a\\';"));
	EXPECT_EQ(2, count("SELECT a$b$ FROM t; SELECT $1$2 FROM x$;"));
	EXPECT_EQ(1, count("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2);"));
	EXPECT_EQ(
		1,
		count("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;"));
	EXPECT_EQ(2, count("BEGIN; END;"));
	EXPECT_EQ(0, count(" ;; -- nothing\n/* at all */ ;"));
	expect_text("SELECT 1", first("-- a\n/* b */ SELECT 1; "));
}

TEST(dump_what_is_cut_off_is_broken)
{
	EXPECT_EQ(-1, count("SELECT 1"));
	EXPECT_EQ(-1, count("SELECT 'a;"));
	EXPECT_EQ(-1, count("SELECT $x$ ; $y$;"));
	EXPECT_EQ(-1, count("/* a"));
	EXPECT_EQ(-1, count("COPY t (a) FROM stdin;\n1\n2\n"));
}

TEST(trap_23_rows_may_look_like_anything)
{
	struct piece p = first(
		"COPY t (a) FROM stdin WITH (FORMAT text);\n\\\\.\n\\.x\n;--$$\n\\.\nSELECT 1;");

	EXPECT_EQ(PIECE_SQL, p.kind);
	expect_text("COPY t (a) FROM stdin WITH (FORMAT text)", p);
	EXPECT_EQ(14, p.data.n);
	EXPECT_EQ(2, count("COPY t (a) FROM stdin;\n\\.\n\\unrestrict x\n"));
	EXPECT_EQ(2, count("COPY t (a) FROM stdin;\r\n1\r\n\\.\r\nSELECT 1;"));
}

static struct verdict judged(const char *script)
{
	static struct arena *arena; /* of the test's process */
	struct piece p = first(script);

	if (!arena)
		arena = arena_new();
	return classify(arena, &p);
}

static void expect_action(enum action want, const char *script)
{
	EXPECT_EQ(want, judged(script).action);
}

TEST(trap_02_roles_are_not_needed)
{
	expect_action(ACT_SKIP, "ALTER TABLE public.posts OWNER TO supabase_admin;");
	expect_action(
		ACT_SKIP,
		"ALTER FUNCTION f(a int, b int, c int, d int, e int, g int, h int) OWNER TO x;");
	expect_action(ACT_SKIP,
		      "GRANT \"anon\" TO \"authenticator\" GRANTED BY \"supabase_admin\";");
	expect_action(ACT_SKIP, "ALTER DEFAULT PRIVILEGES FOR ROLE a GRANT ALL ON TABLES TO b;");
	expect_action(ACT_SKIP,
		      "CREATE POLICY \"a; b\" ON public.posts TO authenticated USING (true);");
	expect_action(ACT_SKIP, "ALTER TABLE ONLY public.posts FORCE ROW LEVEL SECURITY;");
	expect_action(ACT_SKIP, "ALTER TABLE public.posts ENABLE ROW LEVEL SECURITY;");
}

TEST(dump_statements_are_told_apart)
{
	struct verdict v = judged("CREATE TABLE IF NOT EXISTS \"Odd \"\"S\"\"\".\"T t\" (a int);");

	EXPECT_EQ(ACT_RUN, v.action);
	EXPECT_TRUE(str_eq(S("Odd \"S\""), v.schema) && str_eq(S("T t"), v.name));
	expect_action(ACT_STOP, "TRUNCATE public.posts;");
	expect_action(ACT_STOP, "DO $$ BEGIN END $$;");
	expect_action(ACT_STOP, "CREATE TABLE sojorn.users (id int);");
	expect_action(ACT_STOP, "COPY public.posts FROM PROGRAM 'id';");
	expect_action(ACT_STOP, "INSERT INTO supabase_move.runs VALUES (1);");
	expect_action(ACT_SKIP, "CREATE TABLE vault.secrets (id int);");
	expect_action(ACT_SKIP, "CREATE EVENT TRIGGER x ON ddl_command_end EXECUTE FUNCTION f();");
	expect_action(ACT_RUN, "ALTER TABLE ONLY public.a ATTACH PARTITION public.b DEFAULT;");
	expect_action(ACT_TRY,
		      "ALTER TABLE ONLY public.a ADD CONSTRAINT k FOREIGN KEY (b) REFERENCES c;");
	EXPECT_CSTR("webhook",
		    judged("CREATE TRIGGER t AFTER INSERT ON public.a EXECUTE FUNCTION "
			   "supabase_functions.http_request('x');")
			    .kind);
}
