/*
 * A blocking connection for the command line: named statements one after the other, and rows by COPY.
 * The first failure is kept and everything after it does nothing, so that callers look once, at the end.
 *
 *	load_copy(l, &sql_copy_users);
 *	for (…) {
 *		load_uuid(l, u->id);
 *		load_text(l, u->email);
 *		load_end_row(l);
 *	}
 *	load_copy_end(l);
 *	if (load_problem(l)) …
 */
#pragma once

#include "lib/base/time.h"
#include "lib/base/uuid.h"
#include "lib/db/stmt.h"

struct load;

/* Connects, waiting so long at most. Never NULL; load_problem says whether it worked. */
struct load *load_open(const char *url, int timeout_seconds);

/* Closes; an open transaction is rolled back. NULL-safe. */
void load_close(struct load *l);

/* What went wrong first, as a sentence; NULL: nothing. Valid until load_close. */
const char *load_problem(const struct load *l);

/* Runs a statement; parameters as text, as many as it declares. */
void load_run(struct load *l, const struct stmt *s, const char *const *values);

/* Runs one that returns a row; its first value, "" when there is none. Valid until the next call. */
const char *load_value(struct load *l, const struct stmt *s, const char *const *values);

/* COPY … FROM STDIN in text format: columns in the statement's order. */
void load_copy(struct load *l, const struct stmt *s);
void load_bool(struct load *l, bool v);
void load_int(struct load *l, int64_t v);
void load_float(struct load *l, double v);
void load_text(struct load *l, str v);			 /* absent: NULL */
void load_uuid(struct load *l, uuid v);			 /* nil: NULL */
void load_time(struct load *l, usec v);			 /* zero: NULL */
void load_texts(struct load *l, const str *v, size_t n); /* text[] */
void load_end_row(struct load *l);
int64_t load_copy_end(struct load *l); /* rows that were taken */
