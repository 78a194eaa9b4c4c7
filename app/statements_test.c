/*
 * Every statement of the program against the migrated schema: it is prepared with the types its parameters
 * declare, each column has a type some kind of member can hold, and its generic plan reads no growing table
 * from end to end.
 *
 * An empty database has no costs worth looking at, so sequential scans are forbidden to the planner there: one
 * that remains means that no index could serve. With TEST_LARGE_DATABASE_URL, the URL of a large seeded
 * database, the plans are those of real statistics, and reading a whole index counts as well.
 */
#include "lib/db/call.h"
#include "lib/db/decode.h"
#include "test/harness/harness.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tables of settings, which do not grow with use. */
static const char *const small_tables[] = {
	"algorithm_config", "categories",	 "gate",
	"safe_domains",	    "schema_migrations", "trending_overrides",
};

static PGconn *connection;
static bool large;
static int bad;

static void complain(const struct stmt *s, const char *what, const char *detail)
{
	print_error("%s: %s %s\n", s->name, what, detail);
	bad++;
}

static PGresult *run(const char *sql)
{
	return PQexec(connection, sql);
}

static bool succeeded(const PGresult *r)
{
	return PQresultStatus(r) == PGRES_TUPLES_OK || PQresultStatus(r) == PGRES_COMMAND_OK;
}

static void must(const char *sql)
{
	PGresult *r = run(sql);

	if (!succeeded(r))
		t_fail("%s: %s", sql, PQresultErrorMessage(r));
	PQclear(r);
}

static void open_database(void)
{
	const char *url = getenv("TEST_LARGE_DATABASE_URL");
	struct t_run migrated;

	large = url != NULL;
	if (!large) {
		url = t_empty_database();
		migrated = t_run(T_LIST(t_fmt("DATABASE_URL=%s", url)), "migrate", "up");
		if (migrated.status != 0)
			t_fail("%s", migrated.err);
	}
	connection = PQconnectdb(url);
	if (PQstatus(connection) != CONNECTION_OK)
		t_fail("%s", PQerrorMessage(connection));
	must("SET plan_cache_mode = force_generic_plan");
	must("SET jit = off");
	if (!large)
		must("SET enable_seqscan = off");
}

/* ---- columns ---- */

/* Enums and citext are sent as their text, other types of extensions are not. */
static bool is_sent_as_text(Oid oid)
{
	PGresult *r = run(t_fmt("SELECT 1 FROM pg_type t LEFT JOIN pg_type e ON e.oid = t.typelem"
				" WHERE t.oid = %u AND (t.typtype = 'e' OR e.typtype = 'e'"
				" OR t.typname = 'citext' OR e.typname = 'citext')",
				oid));
	bool yes = PQntuples(r) == 1;

	PQclear(r);
	return yes;
}

static bool some_member_holds(Oid oid)
{
	if (oid >= 16384 && !is_sent_as_text(oid))
		return false;
	for (enum kind k = K_BOOL; k < K_DATE; k++)
		if (decoder(k, oid))
			return true;
	return false;
}

static void check_columns(const struct stmt *s)
{
	const Oid nothing = 2278; /* void */
	PGresult *r = PQdescribePrepared(connection, s->name);

	for (int i = 0; i < PQnfields(r); i++)
		if (PQftype(r, i) != nothing && !some_member_holds(PQftype(r, i)))
			complain(s, "no member holds the type of column", PQfname(r, i));
	PQclear(r);
}

/* ---- plans ---- */

static bool is_small(const char *table)
{
	for (size_t i = 0; i < sizeof(small_tables) / sizeof(*small_tables); i++)
		if (strcmp(table, small_tables[i]) == 0)
			return true;
	return false;
}

/* The word behind " on " of a plan's line: the table it reads. */
static const char *table_of(const char *line)
{
	const char *on = strstr(line, " on ");

	return on ? t_fmt("%.*s", (int)strcspn(on + 4, " "), on + 4) : "";
}

/* The node on this line reads its whole index: none of the properties below it says where to look. */
static bool reads_whole_index(const PGresult *plan, int line)
{
	for (int i = line + 1; i < PQntuples(plan); i++) {
		const char *text = PQgetvalue(plan, i, 0);

		if (strstr(text, "->") || strstr(text, "Index Cond:") || strstr(text, "Order By:"))
			return strstr(text, "->") != NULL;
	}
	return true;
}

static bool is_under_limit(const PGresult *plan, int line)
{
	size_t depth = strspn(PQgetvalue(plan, line, 0), " ");

	for (int i = line - 1; i >= 0; i--) {
		const char *text = PQgetvalue(plan, i, 0);

		if ((strstr(text, "->") || i == 0) && strspn(text, " ") < depth) {
			depth = strspn(text, " ");
			if (strstr(text, "Limit  (cost"))
				return true;
		}
	}
	return false;
}

static void check_line(const struct stmt *s, const PGresult *plan, int line)
{
	const char *text = PQgetvalue(plan, line, 0);
	bool sequential = strstr(text, "Seq Scan on ") != NULL;
	bool index = strstr(text, "Index Scan using") || strstr(text, "Index Only Scan using");

	if (is_small(table_of(text)))
		return;
	if (sequential
	    || (large && index && reads_whole_index(plan, line) && !is_under_limit(plan, line)))
		complain(s, "reads all of", table_of(text));
}

/* The seed and the move fill empty tables, and mean all of them. */
static bool may_read_all(const struct stmt *s)
{
	return strncmp(s->name, "seed_", 5) == 0 || strncmp(s->name, "move_", 5) == 0;
}

static bool can_be_explained(const struct stmt *s)
{
	static const char *const verbs[] = { "SELECT", "INSERT", "UPDATE", "DELETE",
					     "WITH",   "MERGE",	 "VALUES" };

	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (strncasecmp(s->text, verbs[i], strlen(verbs[i])) == 0)
			return true;
	return false;
}

static void check_plan(const struct stmt *s)
{
	const char *sql = t_fmt("EXPLAIN EXECUTE %s%s", s->name, s->nparams ? "(NULL" : "");
	PGresult *plan;

	for (int i = 1; i < s->nparams; i++)
		sql = t_fmt("%s, NULL", sql);
	plan = run(s->nparams ? t_fmt("%s)", sql) : sql);
	if (!succeeded(plan))
		complain(s, "EXPLAIN:", PQresultErrorMessage(plan));
	for (int i = 0; i < PQntuples(plan) && !may_read_all(s); i++)
		check_line(s, plan, i);
	PQclear(plan);
}

static void check_statement(const struct stmt *s)
{
	Oid types[STMT_PARAMS];
	PGresult *r;

	stmt_types(s, types);
	r = PQprepare(connection, s->name, s->text, s->nparams, types);
	if (!succeeded(r)) {
		complain(s, "PREPARE:", PQresultErrorMessage(r));
	} else {
		check_columns(s);
		if (can_be_explained(s))
			check_plan(s);
	}
	PQclear(r);
}

TEST(every_statement_fits_the_schema_and_its_indexes)
{
	open_database();
	for (const struct stmt *const *s = all_statements; *s; s++)
		check_statement(*s);
	PQfinish(connection);
	EXPECT_EQ(0, bad);
}
