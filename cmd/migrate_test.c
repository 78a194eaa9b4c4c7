/* The migrations themselves: all of them up, down and up again; and `sojorn migrate` as scripts use it. */
#include "lib/db/migrate.h"
#include "test/harness/harness.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

static const char *setting(const char *url)
{
	return t_fmt("DATABASE_URL=%s", url);
}

static struct t_run migrate(const char *url, const char *verb, const char *word)
{
	return t_run(T_LIST(setting(url)), "migrate", verb, word);
}

static void succeeds(struct t_run run)
{
	if (run.status != 0)
		t_fail("%s%s", run.out, run.err);
}

/* All rows of one query, a line each. */
static const char *all_of(const char *url, const char *sql)
{
	PGconn *c = PQconnectdb(url);
	PGresult *r = PQexec(c, sql);
	const char *text = "";

	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		t_fail("%s", PQresultErrorMessage(r));
	for (int i = 0; i < PQntuples(r); i++)
		text = t_fmt("%s%s\n", text, PQgetvalue(r, i, 0));
	PQclear(r);
	PQfinish(c);
	return text;
}

/* What the schemas of the program are made of: columns, constraints, indexes, functions, triggers, rows. */
static const char schema_sql[] =
	"WITH ours AS (SELECT oid, nspname FROM pg_namespace WHERE nspname IN ('sojorn', 'public')),"
	" tables AS (SELECT c.oid, c.oid::regclass::text AS name, c.relkind FROM pg_class c"
	"   JOIN ours ON ours.oid = c.relnamespace WHERE NOT EXISTS (SELECT FROM pg_depend d"
	"   WHERE d.objid = c.oid AND d.deptype = 'e')),"
	" functions AS (SELECT p.oid FROM pg_proc p JOIN ours ON ours.oid = p.pronamespace"
	"   WHERE p.prokind IN ('f', 'p') AND NOT EXISTS (SELECT FROM pg_depend d"
	"   WHERE d.objid = p.oid AND d.deptype = 'e'))"
	" SELECT line FROM ("
	"  SELECT format('column %s.%s %s %s %s', t.name, a.attname, format_type(a.atttypid, a.atttypmod),"
	"   a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) FROM tables t"
	"   JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped"
	"   LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum WHERE t.relkind <> 'i'"
	"  UNION ALL SELECT format('constraint %s on %s: %s', conname, t.name, pg_get_constraintdef(c.oid))"
	"   FROM pg_constraint c JOIN tables t ON t.oid = c.conrelid"
	"  UNION ALL SELECT pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN tables t ON t.oid = i.indrelid"
	"  UNION ALL SELECT pg_get_functiondef(oid) FROM functions"
	"  UNION ALL SELECT pg_get_triggerdef(g.oid) FROM pg_trigger g JOIN tables t ON t.oid = g.tgrelid"
	"   WHERE NOT g.tgisinternal"
	"  UNION ALL SELECT format('view %s: %s', name, pg_get_viewdef(oid)) FROM tables"
	"   WHERE relkind IN ('v', 'm')"
	"  UNION ALL SELECT format('extension %s', extname) FROM pg_extension"
	"  UNION ALL SELECT format('version %s %s', version, dirty) FROM sojorn.schema_migrations"
	") x (line) ORDER BY line";

/* Tables and functions that are left when nothing should be. */
static const char leftovers_sql[] =
	"SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE n.nspname = 'sojorn' AND c.relname NOT LIKE 'schema_migrations%'"
	" UNION ALL SELECT p.oid::regprocedure::text::regclass FROM pg_proc p"
	" JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'sojorn'";

TEST(all_migrations_go_up_down_and_up_again)
{
	const char *url = t_empty_database();
	const char *first, *again;

	succeeds(migrate(url, "up", NULL));
	first = all_of(url, schema_sql);
	EXPECT_TRUE(strstr(first, "column users.") || strstr(first, "column sojorn.users."));
	succeeds(migrate(url, "down", "9999"));
	EXPECT_CSTR("", all_of(url, leftovers_sql));
	EXPECT_CSTR("0\n", all_of(url, "SELECT count(*) FROM public.schema_migrations"));
	succeeds(migrate(url, "up", NULL));
	again = all_of(url, schema_sql);
	EXPECT_CSTR(first, again);
}

/* Each way down undoes exactly what its way up has done. Files that have landed do not change any more, so that only the
 * newest are looked at one by one. */
TEST(each_migration_is_undone_by_its_way_down)
{
	enum { NEWEST = 16 };
	const char *url = t_empty_database(), *problem = "";
	const char *before[NEWEST]; /* the schema, without these and newer ones */
	struct arena *a = arena_new();
	struct migrator *m;
	int n = 0;

	while (all_migrations[n].version)
		n++;
	EXPECT_TRUE(migrate_open(a, url, all_migrations, NULL, &m, &problem));
	EXPECT_TRUE(migrate_up(m, n - NEWEST, &problem));
	for (int i = 0; i < NEWEST; i++) {
		before[i] = all_of(url, schema_sql);
		EXPECT_TRUE(migrate_up(m, 1, &problem));
	}
	for (int i = NEWEST; i-- > 0;) {
		if (!migrate_down(m, 1, &problem))
			t_fail("%s", problem);
		EXPECT_CSTR(before[i], all_of(url, schema_sql));
	}
	arena_free(a);
}

TEST(migrate_speaks_to_scripts)
{
	const char *url = t_empty_database();
	struct t_run run = migrate(url, "version", "--json");

	EXPECT_EQ(0, run.status);
	EXPECT_CSTR("{\"version\":null,\"dirty\":false}\n", run.out);
	run = migrate(url, "up", "1");
	EXPECT_EQ(0, run.status);
	EXPECT_TRUE(strstr(run.out, "000001 up   ") == run.out);
	run = migrate(url, "version", NULL);
	EXPECT_CSTR("1\n", run.out);
	run = t_run(T_LIST(setting(url)), "migrate", "down", "1", "--json");
	EXPECT_EQ(0, run.status);
	EXPECT_TRUE(strstr(run.out, "{\"ok\":true,\"version\":null,") == run.out);
	run = migrate(url, "status", "--json");
	EXPECT_TRUE(strstr(run.out, "\"applied\":false") != NULL);
	EXPECT_TRUE(strstr(run.out, "\"applied\":true") == NULL);

	EXPECT_EQ(2, migrate(url, "down", NULL).status);
	EXPECT_EQ(2, migrate(url, "down", "all").status);
	EXPECT_EQ(2, migrate(url, "up", "-1").status);
	EXPECT_EQ(2, migrate(url, "sideways", NULL).status);
	EXPECT_EQ(2, migrate(url, "version", "1").status);
	EXPECT_EQ(2, migrate(url, "create", "No Name").status);
	EXPECT_EQ(1, migrate(url, "goto", "999999").status);
	EXPECT_EQ(0, t_run(NULL, "migrate", "--help").status);
	run = migrate("postgresql://127.0.0.1:1/none", "up", "--json");
	EXPECT_EQ(1, run.status);
	EXPECT_TRUE(strstr(run.out, "{\"ok\":false,\"error\":\"cannot connect") == run.out);
	run = t_run(T_LIST("DATABASE_URL="), "migrate", "up");
	EXPECT_EQ(1, run.status);
	EXPECT_TRUE(strstr(run.err, "DATABASE_URL is not set") != NULL);
}

TEST(config_masks_secrets)
{
	const char *const *settings =
		T_LIST("JWT_SECRET=" T_SECRET "-and-long-enough-to-be-taken",
		       "DATABASE_URL=postgresql://u:" T_SECRET "@127.0.0.1/d");
	struct t_run run = t_run(settings, "config");

	EXPECT_EQ(0, run.status);
	EXPECT_TRUE(strstr(run.out, "JWT_SECRET=") != NULL);
	EXPECT_TRUE(strstr(run.out, "PORT=8080") != NULL);
	EXPECT_TRUE(strstr(run.out, T_SECRET) == NULL);
	run = t_run(settings, "config", "--json");
	EXPECT_EQ(0, run.status);
	EXPECT_TRUE(strstr(run.out, T_SECRET) == NULL);
	run = t_run(T_LIST("PORT=70000"), "config");
	EXPECT_EQ(1, run.status);
	EXPECT_TRUE(strstr(run.err, "PORT") != NULL);
	EXPECT_EQ(2, t_run(settings, "config", "--xml").status);
}
