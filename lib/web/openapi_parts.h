/*
 * Within openapi*.c only: what is known while the document is written, and the parts it is written in.
 * Schemas and shared responses are collected where they are referred to and written at the end.
 */
#pragma once

#include "lib/base/json.h"
#include "lib/web/openapi.h"

struct schema;
struct schemas {
	struct arena *arena;
	struct schema *first, **last;
};

/* Statuses of errors; each is a shared response of this name. */
enum { FAILURES = 11 };
struct failure {
	int status;
	const char *name, *description;
};
extern const struct failure openapi_failures[FAILURES];

struct document {
	struct arena *arena;
	struct json_writer *w;
	const struct openapi_info *info;
	const struct route **routes; /* of all tables */
	str *shapes;		     /* their paths without names of parameters */
	size_t n;
	struct schemas schemas;
	bool failed_with[FAILURES]; /* some route may */
	bool has_pages, has_tokens;
};

/* ---- openapi_schema.c: JSON Schemas of field tables ---- */

void schemas_init(struct schemas *s, struct arena *a);

/* {"$ref": …} to the schema of a table, which is added when it is new. `input`: of a request body. */
void schemas_ref(struct schemas *s, struct json_writer *w, const struct field *fields, bool input);

/* The schema of one query parameter. */
void schemas_value(struct schemas *s, struct json_writer *w, const struct field *f);

/* The members of components/schemas, those that they refer to included. */
void schemas_write(struct schemas *s, struct json_writer *w);

/* "key": "text" */
void put_text(struct json_writer *w, const char *key, str text);

/* {"$ref": "#/components/KIND/NAME"} */
void put_ref(struct json_writer *w, const char *kind, str name);

/* ---- openapi_operation.c: one row of a table ---- */

/* "/a/:id/b" as "/a/{id}/b"; with `blank`, "/a/{}/b". */
str template_of(struct arena *a, const char *path, bool blank);

/* The path's first segment of its own. */
str tag_of(const struct route *r);

/* "get": {…}; the parameters have the names of `path`. */
void put_operation(struct document *d, const char *path, const struct route *r);

/* A query parameter by a field of a table. */
void put_query_parameter(struct document *d, const struct field *f, const char *name);

/* "content": {…} with a record in this media type. */
#define JSON_TYPE "application/json"
void put_content(struct document *d, const char *type, const struct field *fields, bool input);
