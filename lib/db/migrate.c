/*
 * See migrate.h. Two advisory locks are held: golang-migrate's own for this database and table, so that
 * its tool waits for us and we for it, and one by a fixed number, because the former depends on
 * current_schema(), which the first migration changes for later sessions.
 */
#include "lib/db/migrate.h"

#include "lib/base/time.h"
#include "lib/db/peer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "sojorn" in ASCII */
#define OUR_LOCK INT64_C(0x736f6a6f726e)

struct migrator {
	struct arena *arena;
	PGconn *pg;
	const struct migration *all;
	struct migrate_options options;
	const char *table;   /* quoted, with its schema */
	const char *literal; /* the same as a string literal */
	int64_t keys[2];     /* of the locks */
	bool told;	     /* that we wait for one */
	const char **problem;
};

/* ---- talking ---- */

static bool fail(struct migrator *m, str problem)
{
	*m->problem = problem.p;
	return false;
}

static str first_line(const char *message)
{
	return str_trim((str){ message, strcspn(message, "\n") });
}

static bool fail_by_server(struct migrator *m, const char *doing)
{
	str why = first_line(PQerrorMessage(m->pg));

	return fail(m, arena_printf(m->arena, "%s: %.*s", doing, (int)why.n, why.p));
}

static void clear_result(void *r)
{
	PQclear(r);
}

/* Runs one statement; its values are texts that live as long as the arena. NULL: failed, reported. */
static PGresult *ask(struct migrator *m, const char *doing, str sql)
{
	PGresult *r = PQexec(m->pg, sql.p);
	ExecStatusType status = PQresultStatus(r);

	arena_defer(m->arena, clear_result, r);
	if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
		return r;
	fail_by_server(m, doing);
	return NULL;
}

static bool tell(struct migrator *m, const char *doing, str sql)
{
	return ask(m, doing, sql) != NULL;
}

/* ---- opening ---- */

static void close_connection(void *pg)
{
	PQfinish(pg);
}

static void ignore_notice(void *arg, const char *message)
{
	(void)arg, (void)message;
}

/* CRC-32 (IEEE 802.3) of the names, a NUL between them, times golang-migrate's salt. */
uint32_t migrate_lock_key(const char *const names[], int n)
{
	uint32_t crc = UINT32_MAX;

	for (int i = 0; i < n; i++)
		for (const char *p = names[i]; *p || i < n - 1; p++) {
			crc ^= (uint8_t)*p;
			for (int bit = 0; bit < 8; bit++)
				crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xedb88320) : 0);
			if (!*p)
				break;
		}
	return ~crc * UINT32_C(1486364155);
}

static bool find_table(struct migrator *m)
{
	PGresult *r =
		ask(m, "looking around",
		    S("SELECT current_schema(), '/' || current_database(), "
		      "quote_ident(current_schema()) || '.schema_migrations', "
		      "quote_literal(quote_ident(current_schema()) || '.schema_migrations')"));

	if (!r)
		return false;
	if (PQgetisnull(r, 0, 0))
		return fail(m, S("no schema of the search_path exists"));
	m->table = PQgetvalue(r, 0, 2);
	m->literal = PQgetvalue(r, 0, 3);
	m->keys[0] = OUR_LOCK;
	m->keys[1] =
		migrate_lock_key((const char *const[]){ PQgetvalue(r, 0, 0), "schema_migrations",
							PQgetvalue(r, 0, 1) },
				 3);
	return true;
}

/* Whatever role or database say of it. */
static bool limit_statements(struct migrator *m)
{
	return tell(m, "setting up",
		    arena_printf(m->arena, "SET statement_timeout = %lld",
				 (long long)(m->options.statement_timeout / MILLISECOND)));
}

bool migrate_open(struct arena *a, const char *url, const struct migration *all,
		  const struct migrate_options *o, struct migrator **out, const char **problem)
{
	const char *const keywords[] = { "dbname", "fallback_application_name", "client_encoding",
					 NULL };
	const char *const values[] = { url, "sojorn migrate", "UTF8", NULL };
	struct migrator *m = arena_zalloc(a, sizeof(*m));

	m->arena = a;
	m->all = all;
	m->problem = problem;
	if (o)
		m->options = *o;
	m->pg = peer_connect(keywords, values);
	arena_defer(a, close_connection, m->pg);
	if (PQstatus(m->pg) != CONNECTION_OK)
		return fail_by_server(m, "cannot connect to the database");
	PQsetNoticeProcessor(m->pg, ignore_notice, NULL);
	if (!limit_statements(m) || !find_table(m))
		return false;
	*out = m;
	return true;
}

/* ---- the record ---- */

static bool table_exists(struct migrator *m, bool *exists)
{
	PGresult *r = ask(m, "looking for schema_migrations",
			  arena_printf(m->arena, "SELECT to_regclass(%s) IS NOT NULL", m->literal));

	if (!r)
		return false;
	*exists = PQgetvalue(r, 0, 0)[0] == 't';
	return true;
}

static bool create_table(struct migrator *m)
{
	bool exists;

	if (!table_exists(m, &exists))
		return false;
	return exists
		|| tell(m, "creating schema_migrations",
			arena_printf(
				m->arena,
				"CREATE TABLE IF NOT EXISTS %s "
				"(version bigint not null primary key, dirty boolean not null)",
				m->table));
}

static bool read_version(struct migrator *m, int64_t *version, bool *dirty)
{
	PGresult *r =
		ask(m, "reading schema_migrations",
		    arena_printf(m->arena, "SELECT version, dirty FROM %s LIMIT 1", m->table));

	if (!r)
		return false;
	*version = PQntuples(r) ? strtoll(PQgetvalue(r, 0, 0), NULL, 10) : MIGRATE_NONE;
	*dirty = PQntuples(r) && PQgetvalue(r, 0, 1)[0] == 't';
	return true;
}

/* "No migration" is no row, but a dirty one keeps its row. Several statements in one are one
 * transaction. */
static bool write_version(struct migrator *m, int64_t version, bool dirty)
{
	str sql = arena_printf(m->arena, "TRUNCATE %s", m->table);

	if (version >= 0 || dirty)
		sql = arena_printf(m->arena,
				   "%s; INSERT INTO %s (version, dirty) VALUES (%lld, %s)", sql.p,
				   m->table, (long long)version, dirty ? "true" : "false");
	return tell(m, "writing schema_migrations", sql);
}

bool migrate_version(struct migrator *m, int64_t *version, bool *dirty, const char **problem)
{
	bool exists;

	m->problem = problem;
	if (!table_exists(m, &exists))
		return false;
	*version = MIGRATE_NONE;
	*dirty = false;
	return !exists || read_version(m, version, dirty);
}

/* ---- one step ---- */

static int64_t version_before(const struct migrator *m, int at)
{
	return at > 0 ? m->all[at - 1].version : MIGRATE_NONE;
}

/* Line of a character position (from 1) in the text. */
static int line_of(const char *text, long position)
{
	int line = 1;

	for (long at = 1; *text && at < position; text++) {
		line += *text == '\n';
		at += ((unsigned char)*text & 0xc0) != 0x80; /* bytes that begin a character */
	}
	return line;
}

static bool fail_in_file(struct migrator *m, const struct migration *mig, bool up,
			 const PGresult *r)
{
	const char *way = up ? "up" : "down";
	const char *position = PQresultErrorField(r, PG_DIAG_STATEMENT_POSITION);
	const char *message = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
	str why = first_line(PQerrorMessage(m->pg));
	str at = position
		? arena_printf(m->arena, ":%d",
			       line_of(up ? mig->up : mig->down, strtol(position, NULL, 10)))
		: S("");

	if (message)
		why = arena_printf(m->arena, "%s (%s)", message, state ? state : "");
	return fail(
		m,
		arena_printf(
			m->arena,
			"%06lld_%s.%s.sql%s: %.*s; nothing of this file was kept, and the database is "
			"marked dirty: mend the cause, then `migrate force %lld` and go on",
			(long long)mig->version, mig->name, way, at.p, (int)why.n, why.p,
			(long long)(up ? version_before(m, (int)(mig - m->all)) : mig->version)));
}

static bool limit_locks(struct migrator *m, int64_t us)
{
	return tell(m, "setting up",
		    arena_printf(m->arena, "SET lock_timeout = %lld",
				 (long long)(us / MILLISECOND)));
}

static bool is_good(const PGresult *r)
{
	ExecStatusType status = PQresultStatus(r);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
		|| status == PGRES_EMPTY_QUERY;
}

static bool is_blocked(const PGresult *r)
{
	const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);

	return state && strcmp(state, "55P03") == 0; /* lock_not_available */
}

/* Runs one file, which the server takes as one transaction. NULL: failed, reported. */
static PGresult *run_file(struct migrator *m, const char *text)
{
	PGresult *r;

	if (!limit_locks(m, m->options.lock_timeout))
		return NULL;
	r = PQexec(m->pg, text);
	arena_defer(m->arena, clear_result, r);
	return is_good(r) && !limit_locks(m, 0) ? NULL : r;
}

static bool fail_blocked(struct migrator *m, const struct migration *mig)
{
	return fail(
		m,
		arena_printf(
			m->arena,
			"%06lld_%s: the locks it takes were not to be had within %lld ms in %d "
			"tries; nothing was changed. Long transactions are in its way: SELECT pid, "
			"xact_start, query FROM pg_stat_activity ORDER BY xact_start",
			(long long)mig->version, mig->name,
			(long long)(m->options.lock_timeout / MILLISECOND), MIGRATE_TRIES));
}

/* Runs one file until nobody stands in its way. */
static bool run_unblocked(struct migrator *m, const struct migration *mig, bool up, int64_t before,
			  int64_t target)
{
	PGresult *r;

	for (int tries = 1;; tries++) {
		if (!write_version(m, target, true))
			return false;
		r = run_file(m, up ? mig->up : mig->down);
		if (!r || is_good(r))
			return r;
		if (!is_blocked(r))
			return fail_in_file(m, mig, up, r);
		if (!limit_locks(m, 0) || !write_version(m, before, false))
			return false;
		if (tries == MIGRATE_TRIES)
			return fail_blocked(m, mig);
		if (m->options.blocked)
			m->options.blocked(m->options.arg, mig);
		usleep((useconds_t)m->options.lock_timeout);
	}
}

static bool step(struct migrator *m, int at, bool up)
{
	const struct migration *mig = &m->all[at];
	int64_t before = up ? version_before(m, at) : mig->version;
	int64_t target = up ? mig->version : version_before(m, at);
	int64_t begun = time_monotonic();

	if (!run_unblocked(m, mig, up, before, target) || !write_version(m, target, false))
		return false;
	if (m->options.done)
		m->options.done(m->options.arg, mig, up, time_monotonic() - begun);
	return true;
}

/* ---- locks ---- */

static bool lock_one(struct migrator *m, int64_t key)
{
	PGresult *r =
		ask(m, "taking the lock",
		    arena_printf(m->arena, "SELECT pg_try_advisory_lock(%lld)", (long long)key));

	if (!r)
		return false;
	if (PQgetvalue(r, 0, 0)[0] == 't')
		return true;
	if (m->options.waiting && !m->told)
		m->options.waiting(m->options.arg);
	m->told = true;
	return tell(m, "waiting for the lock",
		    arena_printf(m->arena, "SELECT pg_advisory_lock(%lld)", (long long)key));
}

static bool lock(struct migrator *m, const char **problem)
{
	m->problem = problem;
	m->told = false;
	return lock_one(m, m->keys[0]) && lock_one(m, m->keys[1]) && create_table(m);
}

/* Hands the outcome through; what cannot be unlocked goes with the connection. */
static bool unlock(struct migrator *m, bool outcome)
{
	PQclear(PQexec(m->pg, "SELECT pg_advisory_unlock_all()"));
	return outcome;
}

/* ---- operations ---- */

/* Index of a version; -1 for MIGRATE_NONE. False: there is no such migration. */
static bool find(const struct migrator *m, int64_t version, int *at)
{
	*at = -1;
	if (version == MIGRATE_NONE)
		return true;
	for (int i = 0; m->all[i].version; i++)
		if (m->all[i].version == version) {
			*at = i;
			return true;
		}
	return false;
}

/* Index of the migration the database is at, if it is in order. */
static bool find_current(struct migrator *m, int *at)
{
	int64_t version;
	bool dirty;

	if (!read_version(m, &version, &dirty))
		return false;
	if (dirty)
		return fail(
			m,
			arena_printf(
				m->arena,
				"the database is dirty at version %lld: a migration failed there. Look at "
				"what it left, then tell by `migrate force VERSION` where the database is",
				(long long)version));
	if (!find(m, version, at))
		return fail(
			m,
			arena_printf(
				m->arena,
				"the database is at version %lld, which this build does not have: a newer "
				"one has migrated it",
				(long long)version));
	return true;
}

static bool go_up(struct migrator *m, int from, int64_t steps)
{
	for (int at = from + 1; m->all[at].version && steps > 0; at++, steps--)
		if (!step(m, at, true))
			return false;
	return true;
}

static bool go_down(struct migrator *m, int from, int64_t steps)
{
	for (int at = from; at >= 0 && steps > 0; at--, steps--)
		if (!step(m, at, false))
			return false;
	return true;
}

bool migrate_up(struct migrator *m, int64_t steps, const char **problem)
{
	int at;

	return unlock(m,
		      lock(m, problem) && find_current(m, &at)
			      && go_up(m, at, steps ? steps : INT64_MAX));
}

bool migrate_down(struct migrator *m, int64_t steps, const char **problem)
{
	int at;

	return unlock(m, lock(m, problem) && find_current(m, &at) && go_down(m, at, steps));
}

static bool find_named(struct migrator *m, int64_t version, int *at)
{
	return find(m, version, at)
		|| fail(m,
			arena_printf(m->arena, "there is no migration %lld", (long long)version));
}

bool migrate_goto(struct migrator *m, int64_t version, const char **problem)
{
	int from, to;

	m->problem = problem;
	if (!find_named(m, version, &to))
		return false;
	return unlock(m,
		      lock(m, problem) && find_current(m, &from)
			      && (to > from ? go_up(m, from, to - from)
					    : go_down(m, from, from - to)));
}

bool migrate_force(struct migrator *m, int64_t version, const char **problem)
{
	int at;

	m->problem = problem;
	if (!find_named(m, version, &at))
		return false;
	return unlock(m, lock(m, problem) && write_version(m, version, false));
}
