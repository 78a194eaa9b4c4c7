/*
 * A blocking connection for the move: named statements with their rows, and SQL texts that come out of a
 * dump or a database's catalog, which no build could have embedded. Nothing else may run a text that it has
 * put together.
 *
 * Each call says whether it went well; what went wrong is asked for afterwards.
 */
#pragma once

#include "lib/base/str.h"
#include "lib/db/stmt.h"

struct script;

/* Connects, waiting so long at most. Never NULL; script_problem says whether it worked. */
struct script *script_open(const char *url, int timeout_seconds);

/* Closes; an open transaction is rolled back. NULL-safe. */
void script_close(struct script *s);

/* Of the call that failed last, as one sentence with its detail; NULL: none has. Valid until the next call. */
const char *script_problem(const struct script *s);

/* Whether there is nothing more to be had from it: the connection has broken, or an answer did not come in time. */
bool script_is_lost(const struct script *s);

/* From now on no answer is waited for beyond this (time_monotonic; 0: as long as it takes); what does not come
 * until then is a failure, and the connection is lost. Rows of a COPY are not bound by it. */
void script_deadline(struct script *s, int64_t monotonic);

/* Runs a named statement; parameters as text, as many as it declares. Its rows stay until the next call. */
[[nodiscard]] bool script_run(struct script *s, const struct stmt *stmt, const char *const *values);
int script_rows(const struct script *s);
const char *script_value(const struct script *s, int row, int column); /* NULL: null or no such */

/* Runs one statement of a dump, or one that a named statement has put together; the rows it changed, when
 * asked for. */
[[nodiscard]] bool script_text(struct script *s, str text, int64_t *ret_rows);

/* The same in two steps, so that two servers work at the same time; nothing else may be asked of `s` between. */
[[nodiscard]] bool script_send(struct script *s, str text);
[[nodiscard]] bool script_wait(struct script *s);

/* COPY … FROM STDIN: the statement, then data as it stands in a dump, then how many rows arrived. After a
 * failure the transaction is to be rolled back; the copy itself is over. */
[[nodiscard]] bool script_copy(struct script *s, str text);
[[nodiscard]] bool script_copy_data(struct script *s, str data);
[[nodiscard]] bool script_copy_end(struct script *s, int64_t *ret_rows);

/* Streams the rows of "COPY … TO STDOUT" of one connection into "COPY … FROM STDIN" of another, in the
 * transactions they are in; the rows that arrived. What went wrong is the problem of the one it went wrong on. */
[[nodiscard]] bool script_pipe(struct script *from, str select, struct script *to, str copy,
			       int64_t *ret_rows);

/* Puts the parts of a URL where libpq's own programs look for them, so that they are on no command line; for a
 * child process. False: it is no URL. */
bool script_environment(const char *url);
