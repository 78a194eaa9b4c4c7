/*
 * JSON. Out: a streaming writer over a growing buffer in an arena; the caller's order of calls is
 * the document, commas are the writer's. (No name here may be one of jansson's exported symbols.) In: fields_from_json() reads a body (jansson does the
 * parsing; this header's .c is the only file that includes it) into a struct by field table.
 */
#pragma once

#include "lib/base/field.h"

struct json_writer {
	struct arena *arena;
	char *p;
	size_t n, cap;
	bool comma; /* the next value needs one before it */

	/* What a member of a table marked .address becomes; NULL: it stays. May be set after json_init. */
	str (*address)(void *arg, str stored);
	void *address_arg;
};

void json_init(struct json_writer *w, struct arena *a, size_t size_hint);

void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);

/* A member's name; a value must follow. */
void json_key(struct json_writer *w, str key);

void json_nil(struct json_writer *w);
void json_bool(struct json_writer *w, bool v);
void json_int(struct json_writer *w, int64_t v);
void json_double(struct json_writer *w, double v);	/* shortest to read back equal; NaN: null */
void json_str(struct json_writer *w, str v);		/* absent: null; no UTF-8: U+FFFD */
void json_uuid(struct json_writer *w, uuid v);		/* nil: null */
void json_time(struct json_writer *w, usec v);		/* zero: null */
void json_bytes(struct json_writer *w, struct bytes v); /* base64; p == NULL: null */
void json_raw(struct json_writer *w, str json); /* one value already in JSON; absent: null */

/* One record as an object, by its table (names in tables need no escaping). */
void json_record(struct json_writer *w, const struct field *fields, const void *record);

/* The same members without the braces, for an object that has more of them. */
void json_members(struct json_writer *w, const struct field *fields, const void *record);

/* n records of `size` bytes each as an array of objects. */
void json_records(struct json_writer *w, const struct field *fields, const struct list *list);

/* What was written so far. */
str json_text(const struct json_writer *w);

/* Text as it stands between the quotes of a JSON string, into `out` (JSON_ESCAPED_MAX bytes of room, no
 * NUL); returns its length. json_str without the writer. */
#define JSON_ESCAPED_MAX(n) (6 * (n))
size_t json_escape(str s, char *out);

/*
 * Reads a JSON object into `record`, which must be zeroed; strings are copied to the arena and
 * trimmed, K_JSON members written anew without white space. Unknown members are ignored, the last of
 * several with one name counts; the literal `null` and an empty text count as {}. `present` may be NULL.
 *
 * Errors: err_invalid with a sentence (no JSON, no object, no UTF-8, a NUL character, a number out of
 * range, nested deeper than JSON_DEPTH) or with the field's name and a sentence about it (missing, wrong
 * type, too short, too long, out of range, not one of); err_no_memory. The record is then unspecified.
 */
#define JSON_DEPTH 32
err fields_from_json(struct arena *a, str text, const struct field *fields, void *record,
		     struct present *present);

/*
 * The same for a query string's decoded pairs: numbers, booleans ("true", "1", "false", "0"), uuids,
 * times, comma-separated arrays. The last of several pairs with one name counts; an empty value is an
 * empty text, for every other kind it counts as not given.
 */
struct pair {
	str name, value;
};
err fields_from_pairs(struct arena *a, const struct pair *pairs, size_t n,
		      const struct field *fields, void *record, struct present *present);

/* err_invalid for one field: "handle" and "must be at most 30 characters" make the sentence. */
err field_invalid(struct arena *a, const struct field *f, const char *what);
