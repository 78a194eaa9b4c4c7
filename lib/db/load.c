/* See load.h. Text format of COPY: https://www.postgresql.org/docs/15/sql-copy.html#id-1.9.3.55.9.2 */
#include "lib/db/load.h"

#include "lib/db/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLUSH_AT = 1 << 16, ROOM = 64 };

struct load {
	PGconn *conn;
	PGresult *result; /* of the last load_value */
	char *problem;
	char *buffer; /* of COPY, sent when it is FLUSH_AT long */
	size_t n, cap;
	bool row_begun;
};

/* ---- failing ---- */

static void fail(struct load *l, const char *where, const char *what)
{
	size_t n = strcspn(what, "\n");

	if (l->problem)
		return;
	if (asprintf(&l->problem, "%s: %.*s", where, (int)n, what) < 0)
		abort();
}

const char *load_problem(const struct load *l)
{
	return l->problem;
}

/* ---- life ---- */

struct load *load_open(const char *url, int timeout_seconds)
{
	struct load *l = calloc(1, sizeof(*l));
	char timeout[16];
	const char *const keys[] = { "connect_timeout", "application_name", "dbname", NULL };
	const char *const values[] = { timeout, "sojorn load", url, NULL };

	if (!l)
		abort();
	snprintf(timeout, sizeof(timeout), "%d", timeout_seconds);
	l->conn = peer_connect(keys, values);
	if (PQstatus(l->conn) != CONNECTION_OK)
		fail(l, "the database", PQerrorMessage(l->conn));
	else
		PQsetClientEncoding(l->conn, "UTF8");
	return l;
}

void load_close(struct load *l)
{
	if (!l)
		return;
	PQclear(l->result);
	PQfinish(l->conn);
	free(l->problem);
	free(l->buffer);
	free(l);
}

/* ---- statements ---- */

static void run(struct load *l, const struct stmt *s, const char *const *values)
{
	ExecStatusType status;

	PQclear(l->result);
	l->result = NULL;
	if (l->problem)
		return;
	if (s->nparams)
		l->result = PQexecParams(l->conn, s->text, s->nparams, NULL, values, NULL, NULL, 0);
	else
		l->result = PQexec(l->conn, s->text);
	status = PQresultStatus(l->result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN)
		fail(l, s->name, PQerrorMessage(l->conn));
}

void load_run(struct load *l, const struct stmt *s, const char *const *values)
{
	run(l, s, values);
}

const char *load_value(struct load *l, const struct stmt *s, const char *const *values)
{
	run(l, s, values);
	if (l->problem || PQntuples(l->result) == 0)
		return "";
	return PQgetvalue(l->result, 0, 0);
}

/* ---- COPY ---- */

static void flush(struct load *l)
{
	if (!l->problem && PQputCopyData(l->conn, l->buffer, (int)l->n) != 1)
		fail(l, "COPY", PQerrorMessage(l->conn));
	l->n = 0;
}

/* Room for n more bytes at the buffer's end. */
static char *room(struct load *l, size_t n)
{
	if (l->n + n > l->cap) {
		size_t cap = 2 * (l->n + n) + FLUSH_AT;
		char *larger = realloc(l->buffer, cap);

		if (!larger)
			abort();
		l->buffer = larger;
		l->cap = cap;
	}
	return l->buffer + l->n;
}

static void put(struct load *l, const char *p, size_t n)
{
	memcpy(room(l, n), p, n);
	l->n += n;
}

/* Columns are parted by tabs. */
static void next(struct load *l)
{
	if (l->row_begun)
		put(l, "\t", 1);
	l->row_begun = true;
}

void load_copy(struct load *l, const struct stmt *s)
{
	l->n = 0;
	l->row_begun = false;
	run(l, s, NULL);
}

static void put_null(struct load *l)
{
	next(l);
	put(l, "\\N", 2);
}

void load_bool(struct load *l, bool v)
{
	next(l);
	put(l, v ? "t" : "f", 1);
}

void load_int(struct load *l, int64_t v)
{
	next(l);
	l->n += (size_t)snprintf(room(l, ROOM), ROOM, "%lld", (long long)v);
}

void load_float(struct load *l, double v)
{
	next(l);
	l->n += (size_t)snprintf(room(l, ROOM), ROOM, "%.17g", v);
}

/* A byte as COPY wants it. */
static char *escaped(char *to, char c)
{
	static const char special[] = "\\\n\r\t", letters[] = "\\nrt";
	const char *at = c ? strchr(special, c) : NULL;

	if (!at) {
		*to = c;
		return to + 1;
	}
	to[0] = '\\';
	to[1] = letters[at - special];
	return to + 2;
}

static void put_text(struct load *l, str v)
{
	char *to = room(l, 2 * v.n);

	for (size_t i = 0; i < v.n; i++)
		to = escaped(to, v.p[i]);
	l->n = (size_t)(to - l->buffer);
}

void load_text(struct load *l, str v)
{
	if (!v.p) {
		put_null(l);
		return;
	}
	next(l);
	put_text(l, v);
}

void load_uuid(struct load *l, uuid v)
{
	if (uuid_is_nil(v)) {
		put_null(l);
		return;
	}
	next(l);
	uuid_format(v, room(l, UUID_TEXT));
	l->n += UUID_TEXT;
}

void load_time(struct load *l, usec v)
{
	if (v.us == 0) {
		put_null(l);
		return;
	}
	next(l);
	time_format(v, room(l, TIME_TEXT));
	l->n += TIME_TEXT;
}

/* Each element in quotes; what is special in an array is escaped once for it and once for COPY. */
void load_texts(struct load *l, const str *v, size_t n)
{
	next(l);
	put(l, "{", 1);
	for (size_t i = 0; i < n; i++) {
		put(l, i ? ",\"" : "\"", i ? 2 : 1);
		for (size_t k = 0; k < v[i].n; k++) {
			if (v[i].p[k] == '"' || v[i].p[k] == '\\')
				put(l, "\\\\", 2);
			put_text(l, (str){ v[i].p + k, 1 });
		}
		put(l, "\"", 1);
	}
	put(l, "}", 1);
}

void load_end_row(struct load *l)
{
	put(l, "\n", 1);
	l->row_begun = false;
	if (l->n >= FLUSH_AT)
		flush(l);
}

int64_t load_copy_end(struct load *l)
{
	int64_t rows = 0;
	PGresult *r;

	flush(l);
	if (l->problem)
		return 0;
	if (PQputCopyEnd(l->conn, NULL) != 1)
		fail(l, "COPY", PQerrorMessage(l->conn));
	while ((r = PQgetResult(l->conn))) {
		if (PQresultStatus(r) != PGRES_COMMAND_OK)
			fail(l, "COPY", PQresultErrorMessage(r));
		else
			rows = strtoll(PQcmdTuples(r), NULL, 10);
		PQclear(r);
	}
	return rows;
}
