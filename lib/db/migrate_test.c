/* Migrations: up, down, failures, golang-migrate's record, and two at once. */
#include "lib/db/migrate.h"

#include "lib/db/pg_test.h"

#include "lib/base/time.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <stdlib.h>

static const struct migration three[] = {
	{ 1, "one", "CREATE TABLE one (id int); INSERT INTO one VALUES (1)", "DROP TABLE one" },
	{ 2, "two", "-- ü\nCREATE TABLE two (id int);\n", "DROP TABLE two" },
	{ 5, "five", "CREATE TABLE five (id int)", "DROP TABLE five" },
	{ 0 },
};
static const struct migration with_a_fault[] = {
	{ 1, "one", "CREATE TABLE one (id int)", "DROP TABLE one" },
	{ 2, "two", "-- ü\nCREATE TABLE two (id int);\nSELECT nonsense, 1;\n",
	  "DROP TABLE no_such" },
	{ 0 },
};

struct site {
	struct arena *arena;
	struct migrator *m;
	const char *problem;
	int waited, blocked, steps;
};

static void on_waiting(void *arg)
{
	((struct site *)arg)->waited++;
}

static void on_blocked(void *arg, [[maybe_unused]] const struct migration *m)
{
	((struct site *)arg)->blocked++;
}

static void on_step(void *arg, const struct migration *m, bool up, int64_t us)
{
	struct site *s = arg;

	EXPECT_TRUE(m->version > 0 && us >= 0 && (up || m->down));
	s->steps++;
}

static void site_open(struct site *s, const struct migration *all)
{
	struct migrate_options o = { on_waiting, on_blocked, on_step, s,
				     .lock_timeout = 20 * MILLISECOND };

	*s = (struct site){ .arena = arena_new() };
	if (!migrate_open(s->arena, pg_url(), all, &o, &s->m, &s->problem))
		print_error("%s\n", s->problem);
	assert_non_null(s->m);
}

static void site_close(struct site *s)
{
	arena_free(s->arena);
}

static void expect_version(struct site *s, int64_t want, bool want_dirty)
{
	int64_t version = -7;
	bool dirty = !want_dirty;

	EXPECT_TRUE(migrate_version(s->m, &version, &dirty, &s->problem));
	EXPECT_EQ(want, version);
	EXPECT_EQ(want_dirty, dirty);
}

static const char *tables(void)
{
	return pg_sql(pg_url(),
		      "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class "
		      "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace");
}

TEST(up_and_down_in_steps)
{
	struct site s;

	site_open(&s, three);
	expect_version(&s, MIGRATE_NONE, false);
	EXPECT_CSTR("", tables()); /* looking changes nothing */
	EXPECT_TRUE(migrate_up(s.m, 1, &s.problem));
	expect_version(&s, 1, false);
	EXPECT_CSTR("one schema_migrations", tables());
	EXPECT_TRUE(migrate_up(s.m, 0, &s.problem));
	expect_version(&s, 5, false);
	EXPECT_TRUE(migrate_up(s.m, 0, &s.problem)); /* nothing to do */
	EXPECT_EQ(3, s.steps);
	EXPECT_TRUE(migrate_down(s.m, 2, &s.problem));
	expect_version(&s, 1, false);
	EXPECT_CSTR("one schema_migrations", tables());
	EXPECT_TRUE(migrate_goto(s.m, 5, &s.problem));
	EXPECT_TRUE(migrate_goto(s.m, 2, &s.problem));
	EXPECT_CSTR("one schema_migrations two", tables());
	EXPECT_TRUE(migrate_down(s.m, 99, &s.problem));
	expect_version(&s, MIGRATE_NONE, false);
	EXPECT_CSTR("0", pg_sql(pg_url(), "SELECT count(*) FROM schema_migrations"));
	EXPECT_FALSE(migrate_goto(s.m, 3, &s.problem));
	EXPECT_CSTR("there is no migration 3", s.problem);
	EXPECT_EQ(0, s.waited);
	site_close(&s);
}

TEST(a_failure_leaves_it_dirty_until_somebody_looked)
{
	struct site s;

	site_open(&s, with_a_fault);
	EXPECT_FALSE(migrate_up(s.m, 0, &s.problem));
	EXPECT_NULL(strstr(s.problem, "\n"));
	EXPECT_TRUE(strstr(s.problem, "000002_two.up.sql:3: column \"nonsense\" does not exist")
		    != NULL);
	EXPECT_TRUE(strstr(s.problem, "migrate force 1`") != NULL);
	expect_version(&s, 2, true);
	EXPECT_CSTR("one schema_migrations", tables()); /* nothing of the file is left */
	EXPECT_FALSE(migrate_up(s.m, 0, &s.problem));
	EXPECT_TRUE(strstr(s.problem, "dirty at version 2") != NULL);
	EXPECT_FALSE(migrate_down(s.m, 1, &s.problem));
	EXPECT_FALSE(migrate_goto(s.m, 1, &s.problem));
	EXPECT_FALSE(migrate_force(s.m, 4, &s.problem));
	EXPECT_TRUE(migrate_force(s.m, 1, &s.problem));
	expect_version(&s, 1, false);
	EXPECT_TRUE(migrate_force(s.m, 2, &s.problem));
	EXPECT_FALSE(migrate_down(s.m, 1, &s.problem)); /* its way down fails, too */
	EXPECT_TRUE(strstr(s.problem, "migrate force 2`") != NULL);
	expect_version(&s, 1, true);
	EXPECT_TRUE(migrate_force(s.m, MIGRATE_NONE, &s.problem));
	expect_version(&s, MIGRATE_NONE, false);
	site_close(&s);
}

TEST(a_first_migration_taken_back_badly_keeps_its_row)
{
	static const struct migration all[] = { { 1, "one", "SELECT 1", "SELECT 1/0" }, { 0 } };
	struct site s;

	site_open(&s, all);
	EXPECT_TRUE(migrate_up(s.m, 0, &s.problem));
	EXPECT_FALSE(migrate_down(s.m, 1, &s.problem));
	EXPECT_CSTR("-1", pg_sql(pg_url(), "SELECT version FROM schema_migrations WHERE dirty"));
	EXPECT_FALSE(migrate_up(s.m, 0, &s.problem));
	site_close(&s);
}

TEST(a_newer_database_is_left_alone)
{
	struct site s;

	site_open(&s, three);
	EXPECT_TRUE(migrate_up(s.m, 0, &s.problem));
	pg_sql(pg_url(), "UPDATE schema_migrations SET version = 9");
	EXPECT_FALSE(migrate_up(s.m, 0, &s.problem));
	EXPECT_TRUE(strstr(s.problem, "at version 9, which this build does not have") != NULL);
	EXPECT_FALSE(migrate_down(s.m, 1, &s.problem));
	expect_version(&s, 9, false);
	site_close(&s);
}

/* What golang-migrate itself computes (its database/util_test.go). */
TEST(the_lock_is_golang_migrates)
{
	EXPECT_EQ(1764327054, migrate_lock_key((const char *const[]){ "database_name" }, 1));
	EXPECT_EQ(2453313553,
		  migrate_lock_key((const char *const[]){ "schema_name_1", "database_name" }, 2));
}

TEST(the_record_stays_where_current_schema_was)
{
	static const struct migration all[] = {
		{ 1, "moves", "CREATE SCHEMA s; SET search_path = s, public; CREATE TABLE t ()",
		  "DROP SCHEMA s CASCADE" },
		{ 2, "more", "CREATE TABLE s.u ()", "DROP TABLE s.u" },
		{ 0 },
	};
	struct site s;

	site_open(&s, all);
	EXPECT_TRUE(migrate_up(s.m, 0, &s.problem));
	expect_version(&s, 2, false);
	EXPECT_CSTR("2", pg_sql(pg_url(), "SELECT version FROM public.schema_migrations"));
	site_close(&s);
}

static const struct migration slow[] = {
	{ 1, "one", "CREATE TABLE one (id int); SELECT pg_sleep(0.5)", "DROP TABLE one" },
	{ 2, "two", "CREATE TABLE two (id int); SELECT pg_sleep(0.2)", "DROP TABLE two" },
	{ 0 },
};

static void *migrate_up_thread(void *arg)
{
	struct site *s = arg;

	return migrate_up(s->m, 0, &s->problem) ? s : NULL;
}

TEST(two_at_once_take_turns)
{
	struct site s[2];
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		site_open(&s[i], slow);
	for (int i = 0; i < 2; i++)
		EXPECT_EQ(0, pthread_create(&threads[i], NULL, migrate_up_thread, &s[i]));
	for (int i = 0; i < 2; i++) {
		void *done;

		pthread_join(threads[i], &done);
		EXPECT_PTR(&s[i], done);
	}
	EXPECT_EQ(2, s[0].steps + s[1].steps);
	EXPECT_EQ(1, s[0].waited + s[1].waited);
	for (int i = 0; i < 2; i++) {
		expect_version(&s[i], 2, false);
		site_close(&s[i]);
	}
}

static const struct migration in_the_way[] = {
	{ 1, "one", "CREATE TABLE one (id int)", "DROP TABLE one" },
	{ 2, "two", "CREATE TABLE two (id int); ALTER TABLE one ADD more int", "DROP TABLE two" },
	{ 0 },
};

/* Somebody whose transaction reads a table and does not end. */
static PGconn *reader_of_one(void)
{
	PGconn *c = PQconnectdb(pg_url());

	PQclear(PQexec(c, "BEGIN; SELECT * FROM one"));
	EXPECT_EQ(PQTRANS_INTRANS, PQtransactionStatus(c));
	return c;
}

TEST(a_file_that_is_blocked_for_good_leaves_everything_as_it_was)
{
	struct site s;
	PGconn *reader;

	site_open(&s, in_the_way);
	EXPECT_TRUE(migrate_up(s.m, 1, &s.problem));
	reader = reader_of_one();
	EXPECT_FALSE(migrate_up(s.m, 0, &s.problem));
	EXPECT_TRUE(strstr(s.problem, "000002_two: the locks") == s.problem);
	EXPECT_EQ(MIGRATE_TRIES - 1, s.blocked);
	expect_version(&s, 1, false);
	EXPECT_CSTR("one schema_migrations", tables());
	PQfinish(reader);
	EXPECT_TRUE(migrate_up(s.m, 0, &s.problem));
	expect_version(&s, 2, false);
	site_close(&s);
}

static void let_go(void *arg, [[maybe_unused]] const struct migration *m)
{
	PGconn **reader = arg;

	PQfinish(*reader);
	*reader = NULL;
}

TEST(a_file_that_is_blocked_for_a_while_gets_through)
{
	struct arena *a = arena_new();
	PGconn *reader = NULL;
	struct migrate_options o = { .blocked = let_go,
				     .arg = &reader,
				     .lock_timeout = 20 * MILLISECOND };
	struct migrator *m;
	const char *problem;

	EXPECT_TRUE(migrate_open(a, pg_url(), in_the_way, &o, &m, &problem));
	EXPECT_TRUE(migrate_up(m, 1, &problem));
	reader = reader_of_one();
	EXPECT_TRUE(migrate_up(m, 0, &problem));
	EXPECT_NULL(reader);
	EXPECT_CSTR("one schema_migrations two", tables());
	arena_free(a);
}

TEST(a_statement_that_takes_too_long_is_given_up)
{
	static const struct migration all[] = { { 1, "long", "SELECT pg_sleep(60)", "" }, { 0 } };
	struct arena *a = arena_new();
	struct migrate_options o = { .statement_timeout = 20 * MILLISECOND };
	struct migrator *m;
	const char *problem;

	EXPECT_TRUE(migrate_open(a, pg_url(), all, &o, &m, &problem));
	EXPECT_FALSE(migrate_up(m, 0, &problem));
	EXPECT_TRUE(strstr(problem, "statement timeout") != NULL);
	arena_free(a);
}

TEST(what_cannot_be_reached_is_said)
{
	struct arena *a = arena_new();
	struct migrator *m;
	const char *problem = NULL;

	EXPECT_FALSE(migrate_open(a, "postgresql://127.0.0.1:1/none", three, NULL, &m, &problem));
	EXPECT_TRUE(strstr(problem, "cannot connect to the database: ") == problem);
	EXPECT_FALSE(migrate_open(a, "postgresql://[", three, NULL, &m, &problem));
	arena_free(a);
}
