/* See script.h. */
#include "lib/db/script.h"

#include "lib/db/call.h"
#include "lib/db/peer.h"

#include "lib/base/time.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum { PIECE = 1 << 20 }; /* of COPY data handed to libpq at once */

struct script {
	PGconn *conn;
	PGresult *result;
	char *problem, *text; /* text: room for a statement with its NUL */
	size_t cap;
	int64_t deadline; /* monotonic; 0: none */
	bool given_up;	  /* an answer is still to come, for which nobody waits any more */
};

/* ---- failing ---- */

static void forget(struct script *s)
{
	PQclear(s->result);
	s->result = NULL;
	free(s->problem);
	s->problem = NULL;
}

static const char *part(const PGresult *r, int code)
{
	const char *text = r ? PQresultErrorField(r, code) : NULL;

	return text ? text : "";
}

/* "duplicate key value … (Key (id)=(1) already exists.)" */
static bool fail(struct script *s)
{
	const char *message = part(s->result, PG_DIAG_MESSAGE_PRIMARY);
	const char *detail = part(s->result, PG_DIAG_MESSAGE_DETAIL);
	const char *other = PQerrorMessage(s->conn);
	int n;

	if (*message)
		n = asprintf(&s->problem, "%s%s%s%s", message, *detail ? " (" : "", detail,
			     *detail ? ")" : "");
	else
		n = asprintf(&s->problem, "%.*s", (int)strcspn(other, "\n"), other);
	if (n < 0)
		abort();
	return false;
}

const char *script_problem(const struct script *s)
{
	return s->problem;
}

bool script_is_lost(const struct script *s)
{
	return s->given_up || PQstatus(s->conn) != CONNECTION_OK;
}

void script_deadline(struct script *s, int64_t monotonic)
{
	s->deadline = monotonic;
}

static bool give_up(struct script *s)
{
	s->given_up = true;
	free(s->problem);
	if (asprintf(&s->problem, "no answer in time") < 0)
		abort();
	return false;
}

/* Before anything is asked; false when there is no sense in asking. */
static bool begin(struct script *s)
{
	forget(s);
	return !s->given_up || give_up(s);
}

/* ---- life ---- */

static void ignore_notice(void *arg, const PGresult *r)
{
	(void)arg;
	(void)r;
}

struct script *script_open(const char *url, int timeout_seconds)
{
	struct script *s = calloc(1, sizeof(*s));
	char timeout[16];
	/* what the URL says counts; a line that has been cut is noticed within 11 seconds, not hours */
	const char *const keys[] = { "connect_timeout",	 "application_name",
				     "keepalives_idle",	 "keepalives_interval",
				     "keepalives_count", "tcp_user_timeout",
				     "dbname",		 NULL };
	const char *const values[] = {
		timeout, "sojorn supabase", "5", "2", "3", "10000", url, NULL
	};

	if (!s)
		abort();
	snprintf(timeout, sizeof(timeout), "%d", timeout_seconds);
	s->conn = peer_connect(keys, values);
	if (PQstatus(s->conn) != CONNECTION_OK) {
		(void)fail(s);
		return s;
	}
	PQsetNoticeReceiver(s->conn, ignore_notice, NULL);
	PQsetClientEncoding(s->conn, "UTF8");
	return s;
}

void script_close(struct script *s)
{
	if (!s)
		return;
	forget(s);
	PQfinish(s->conn);
	free(s->text);
	free(s);
}

/* ---- statements ---- */

static bool succeeded(struct script *s)
{
	ExecStatusType status = PQresultStatus(s->result);

	return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? true : fail(s);
}

/* Until the next result is in, or the time is over. */
static bool wait_for_result(struct script *s)
{
	while (PQisBusy(s->conn)) {
		struct pollfd p = { .fd = PQsocket(s->conn), .events = POLLIN };
		int64_t left = s->deadline ? (s->deadline - time_monotonic()) / MILLISECOND : -1;
		int n;

		if (s->deadline && left <= 0)
			return give_up(s);
		n = poll(&p, 1, (int)left);
		if (n < 0 && errno != EINTR)
			return fail(s);
		if (n > 0 && !PQconsumeInput(s->conn))
			return true; /* its result says what has happened */
	}
	return true;
}

static bool is_copying(ExecStatusType status)
{
	return status == PGRES_COPY_IN || status == PGRES_COPY_OUT;
}

/* The result of what has been sent. */
static bool take(struct script *s)
{
	PGresult *r;

	while (wait_for_result(s)) {
		r = PQgetResult(s->conn);
		if (!r)
			return true;
		PQclear(s->result);
		s->result = r;
		if (is_copying(PQresultStatus(r)))
			return true;
	}
	return false;
}

bool script_run(struct script *s, const struct stmt *stmt, const char *const *values)
{
	Oid types[STMT_PARAMS];
	int sent;

	if (!begin(s))
		return false;
	stmt_types(stmt, types);
	if (stmt->nparams)
		sent = PQsendQueryParams(s->conn, stmt->text, stmt->nparams, types, values, NULL,
					 NULL, 0);
	else
		sent = PQsendQuery(s->conn, stmt->text);
	return sent ? take(s) && succeeded(s) : fail(s);
}

int script_rows(const struct script *s)
{
	return PQntuples(s->result);
}

const char *script_value(const struct script *s, int row, int column)
{
	if (row >= PQntuples(s->result) || PQgetisnull(s->result, row, column))
		return NULL;
	return PQgetvalue(s->result, row, column);
}

/* The text with a NUL behind it; NULL and a problem when it has one in it. */
static const char *terminated(struct script *s, str text)
{
	if (memchr(text.p, '\0', text.n)) {
		if (asprintf(&s->problem, "a NUL character in the statement") < 0)
			abort();
		return NULL;
	}
	if (text.n + 1 > s->cap) {
		s->cap = text.n + 1;
		free(s->text);
		s->text = malloc(s->cap);
		if (!s->text)
			abort();
	}
	memcpy(s->text, text.p, text.n);
	s->text[text.n] = '\0';
	return s->text;
}

bool script_send(struct script *s, str text)
{
	const char *sql;

	if (!begin(s))
		return false;
	sql = terminated(s, text);
	return sql && (PQsendQuery(s->conn, sql) || fail(s));
}

bool script_wait(struct script *s)
{
	return take(s) && succeeded(s);
}

bool script_text(struct script *s, str text, int64_t *ret_rows)
{
	if (!script_send(s, text) || !script_wait(s))
		return false;
	if (ret_rows)
		*ret_rows = strtoll(PQcmdTuples(s->result), NULL, 10);
	return true;
}

/* ---- COPY ---- */

static bool begin_copy(struct script *s, str text, ExecStatusType direction)
{
	if (!script_send(s, text) || !take(s))
		return false;
	return PQresultStatus(s->result) == direction ? true : fail(s);
}

bool script_copy(struct script *s, str text)
{
	return begin_copy(s, text, PGRES_COPY_IN);
}

/* Takes the results until the connection is idle, keeping the first that is an error. */
static bool finish(struct script *s, int64_t *ret_rows)
{
	bool good = true;

	for (PGresult *r; (r = PQgetResult(s->conn)); PQclear(r)) {
		if (!good)
			continue;
		if (PQresultStatus(r) == PGRES_COMMAND_OK) {
			*ret_rows = strtoll(PQcmdTuples(r), NULL, 10);
			continue;
		}
		forget(s);
		s->result = PQcopyResult(r, 0);
		if (asprintf(&s->problem, "%s (%s)", part(r, PG_DIAG_MESSAGE_PRIMARY),
			     part(r, PG_DIAG_CONTEXT))
		    < 0)
			abort();
		good = false;
	}
	return good;
}

bool script_copy_data(struct script *s, str data)
{
	int64_t ignored;

	for (size_t at = 0; at < data.n; at += PIECE) {
		str piece = str_slice(data, at, at + PIECE);

		if (PQputCopyData(s->conn, piece.p, (int)piece.n) == 1)
			continue;
		if (finish(s, &ignored))
			(void)fail(s);
		return false;
	}
	return true;
}

bool script_copy_end(struct script *s, int64_t *ret_rows)
{
	if (PQputCopyEnd(s->conn, NULL) != 1)
		return fail(s);
	return finish(s, ret_rows);
}

/* Hands rows over until there are no more; false: one of both has a problem. */
static bool pass_rows(struct script *from, struct script *to)
{
	char *row;
	int n;

	while ((n = PQgetCopyData(from->conn, &row, 0)) > 0) {
		bool good = script_copy_data(to, (str){ row, (size_t)n });

		PQfreemem(row);
		if (!good)
			return false;
	}
	return n == -1 || fail(from);
}

bool script_pipe(struct script *from, str select, struct script *to, str copy, int64_t *ret_rows)
{
	int64_t sent;

	if (!begin_copy(from, select, PGRES_COPY_OUT))
		return false;
	if (!script_copy(to, copy) || !pass_rows(from, to) || !finish(from, &sent)) {
		(void)PQputCopyEnd(to->conn, "the source has not sent all");
		for (PGresult *r; (r = PQgetResult(to->conn)); PQclear(r))
			;
		return false;
	}
	return script_copy_end(to, ret_rows);
}

bool script_environment(const char *url)
{
	PQconninfoOption *options = PQconninfoParse(url, NULL);

	if (!options)
		return false;
	for (const PQconninfoOption *o = options; o->keyword; o++)
		if (o->envvar && o->val)
			setenv(o->envvar, o->val, 1);
	PQconninfoFree(options);
	return true;
}
