/*
 * Inside the readers of incoming records: where in the document we are, so that an error can name it
 * ("keys[3].label must be at most 80 characters"), and the rules of field tables that hold for JSON and
 * query strings alike. Private to lib/base.
 */
#pragma once

#include "lib/base/field.h"

#define NO_INDEX ((size_t)-1)

struct place {
	struct arena *arena;
	const struct place *up;	   /* the record around this one, or NULL */
	const struct field *field; /* of that record */
	size_t index;		   /* of an element, or NO_INDEX */
};

/* err_invalid about this place. */
err place_invalid(const struct place *at, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* What arrays of plain values are made of: *ret_size bytes an element. K_END for other kinds. */
enum kind array_element(enum kind kind, size_t *ret_size);

/* Sets a struct strs, uuids, … to n elements at v, if the table allows that many. */
err put_array(const struct place *at, void *v, size_t n, void *out);

/* Numbers already of the right type, against .min and .max. */
err check_number(const struct place *at, double v);

/* One plain value (text, uuid, time, bytes, number, bool) from text, checked against the table. */
err value_from_text(const struct place *at, enum kind kind, str text, void *out);

/* Notes field i in `present` (may be NULL). */
void present_mark(struct present *p, size_t i, bool is_null);
