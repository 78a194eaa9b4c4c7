/*
 * Errors. Success is empty; an error points at a constant that somebody named.
 *
 * A function that can fail returns `err`; the type is [[nodiscard]], so every use is checked.
 * An error that needs a detail (which field, which limit) is copied into the arena with the
 * same code by err_detail(), so err_is() still matches. Only the request boundary and the
 * command line turn an error into text.
 */
#pragma once

#include <stdbool.h>

struct err_info {
	int status;	     /* HTTP status this becomes at the request boundary */
	const char *code;    /* stable, snake_case; clients match it */
	const char *message; /* one human sentence or phrase, no full stop */
	const char *field;   /* the member of the body or query it is about, or NULL */
};

typedef struct [[nodiscard]] err {
	const struct err_info *info;
} err;

#define OK ((err){ 0 })

#define TRY(x)                     \
	do {                       \
		err e_ = (x);      \
		if (e_.info)       \
			return e_; \
	} while (0)

/* Errors of the library itself; features name their own beside their code. */
extern const err err_invalid;	     /* 400 invalid */
extern const err err_unauthorized;   /* 401 unauthorized */
extern const err err_forbidden;	     /* 403 forbidden */
extern const err err_not_found;	     /* 404 not_found */
extern const err err_conflict;	     /* 409 conflict */
extern const err err_too_large;	     /* 413 too_large */
extern const err err_rate_limited;   /* 429 rate_limited */
extern const err err_internal;	     /* 500 internal */
extern const err err_unavailable;    /* 503 unavailable: try again later */
extern const err err_db_unavailable; /* 503 db_unavailable */
extern const err err_deadline;	     /* 503 deadline: the request took too long */
extern const err err_no_memory;	     /* 503 no_memory */
extern const err err_io;	     /* 500 io: a file or socket failed */

/* Same error? By code, so that a detailed copy matches its origin. */
bool err_is(err e, err kind);

/* A copy of `kind` in the arena with a sentence of its own, about `field` (copied; may be NULL). */
struct arena;
err err_detail(struct arena *a, err kind, const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
