/* Values of PostgreSQL's binary format into members of structs. */
#pragma once

#include "lib/base/field.h"

/* Writes the value of n bytes at p to *out. False: it is none of that type. */
typedef bool decode_fn(struct arena *a, const char *p, int n, void *out);

/* How a column of this type becomes a member of this kind; NULL: it must not. */
decode_fn *decoder(enum kind kind, unsigned oid);

/* Bytes a member of this kind takes in its struct; 0 for nested records. */
size_t kind_size(enum kind kind);
