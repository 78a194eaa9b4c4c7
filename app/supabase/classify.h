/* What a statement of a dump is, and whether the landing zone wants it. Private to app/supabase. */
#pragma once

#include "app/supabase/dump.h"

enum action {
	ACT_STOP, /* nobody knows what to do with it */
	ACT_SKIP,
	ACT_RUN, /* must work */
	ACT_TRY, /* logic, not data: noted when it does not work here */
	ACT_SCHEMA,
	ACT_EXTENSION,
	ACT_COPY,
	ACT_INSERT,
};

struct verdict {
	enum action action;
	const char *kind;   /* "table", "policy" */
	str schema, name;   /* of what it is about; absent when there is none */
	const char *reason; /* why it is skipped, or what is wrong */
	size_t name_end;    /* COPY, INSERT: where the table's name ends in the text */
};

struct verdict classify(struct arena *a, const struct piece *p);
