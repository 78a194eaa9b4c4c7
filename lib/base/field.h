/*
 * Field tables: one description of a record for everything that handles records.
 *
 * A table names the members of a C struct; from it come the binding of a PostgreSQL row to the
 * struct (member = column), the JSON writer (member = key), the validation of a JSON body or a
 * query string, and the schema in the OpenAPI document. The kind follows from the C type.
 *
 *	const struct field post_fields[] = {
 *		FIELD(struct post, id),
 *		FIELD(struct post, body, .max = 500),
 *		FIELD(struct post, author, .of = author_fields),	nested struct
 *		FIELD(struct post, tags),				struct strs
 *		{ 0 },
 *	};
 *
 * In out-going records an absent value (p == NULL, nil uuid, zero usec, NULL reference; a zero number
 * marked .optional) is written as null, or left out with .omit_absent. An array or list without elements
 * is [], unless its v is NULL and the field .optional or .omit_absent.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/err.h"
#include "lib/base/time.h"
#include "lib/base/uuid.h"

enum kind {
	K_END,
	K_BOOL,	  /* bool         boolean */
	K_I32,	  /* int32_t      integer */
	K_I64,	  /* int64_t      bigint */
	K_F64,	  /* double       double precision */
	K_STR,	  /* str          text */
	K_UUID,	  /* uuid         uuid */
	K_TIME,	  /* usec         timestamptz */
	K_JSON,	  /* struct json  jsonb, spliced as it is */
	K_BYTES,  /* struct bytes bytea, base64 in JSON */
	K_STRS,	  /* struct strs  text[] */
	K_UUIDS,  /* struct uuids uuid[] */
	K_I32S,	  /* struct i32s  integer[] */
	K_I64S,	  /* struct i64s  bigint[] */
	K_DATE,	  /* parameters only: date, passed as int32_t days since 1970-01-01 */
	K_RECORD, /* struct       nested record (.of); with .ref a pointer to one, or NULL */
	K_LIST,	  /* struct list  array of records (.of) */
};

struct json { /* one JSON value as text */
	str text;
};
struct bytes {
	const uint8_t *p;
	size_t n;
};
struct strs {
	str *v;
	size_t n;
};
struct uuids {
	uuid *v;
	size_t n;
};
struct i32s {
	int32_t *v;
	size_t n;
};
struct i64s {
	int64_t *v;
	size_t n;
};
struct list { /* n records of `size` bytes each */
	void *v;
	size_t n, size;
};

struct field {
	const char *name;
	const char *owner; /* "struct post": names the schema in the OpenAPI document */
	uint16_t whole;	   /* bytes of the struct */
	uint16_t offset;
	uint8_t kind;
	bool required;	  /* in: must be present and not null; out: never null (OpenAPI) */
	bool optional;	  /* out: a zero number, an array that is NULL, is null */
	bool omit_absent; /* out: left out instead of null */
	bool keep_space;  /* in: not trimmed */
	bool ref;	  /* member is a pointer to the nested record */
	bool address;	  /* out: a text that json_writer.address completes */
	bool hidden;	  /* bound from the row, neither written as JSON nor read from it */
	bool has_range;	  /* numbers: min and max apply (set by giving .min or .max with it) */
	double min,
		max; /* str: code points; arrays and lists: elements; numbers with .has_range: value */
	const char *one_of; /* "public|followers": allowed values */
	const char *alias; /* in: second name accepted for the member; out: also written under it */
	const struct field *of; /* of the nested record or of a list's elements */
	uint16_t size;		/* in: bytes of one record of a list or behind a reference */
	const char *schema;	/* OpenAPI: JSON schema of a K_JSON member, default any value */
	const char *help;	/* OpenAPI: description */
};

/* clang-format off */
#define FIELD(type, member, ...)                                                               \
	{                                                                                      \
		.name = #member, .owner = #type, .whole = (uint16_t)sizeof(type),              \
		.offset = (uint16_t)offsetof(type, member),                                    \
		.kind = _Generic(((type *)0)->member, bool: K_BOOL, int32_t: K_I32,            \
			int64_t: K_I64, double: K_F64, str: K_STR, uuid: K_UUID, usec: K_TIME, \
			struct json: K_JSON, struct bytes: K_BYTES, struct strs: K_STRS,       \
			struct uuids: K_UUIDS, struct i32s: K_I32S, struct i64s: K_I64S,       \
			struct list: K_LIST, default: K_RECORD),                               \
		__VA_ARGS__                                                                    \
	}
/* clang-format on */

/* Which members of a record an incoming document set; bit i is field i of the table (64 at most). */
struct present {
	uint64_t set;	/* present with a value */
	uint64_t nulls; /* present as null */
};

/* True when the member called `name` was set. Asserts that the table has it. */
bool present_has(const struct present *p, const struct field *fields, const char *name);
bool present_null(const struct present *p, const struct field *fields, const char *name);

/* Makes every member of the record absent: zero; also those that the table does not name, for a
 * table may describe a part of what the code behind it reads. */
void fields_clear(const struct field *fields, void *record);
