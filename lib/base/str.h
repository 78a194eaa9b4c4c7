/*
 * str: a pointer and a length. Never owns; the bytes belong to an arena, a result or the program.
 * p == NULL is "absent" (JSON null, SQL NULL); an empty string has p != NULL and n == 0.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct str {
	const char *p;
	size_t n;
} str;

#define S(literal) ((str){ "" literal, sizeof(literal) - 1 })

/* A view of a NUL-terminated string; NULL gives the absent str. */
str str_of(const char *cstr);

static inline bool str_eq(str a, str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
bool str_ieq(str a, str b); /* ASCII case folded */
bool str_starts(str s, str prefix);
bool str_ends(str s, str suffix);
static inline bool str_empty(str s)
{
	return s.n == 0;
}

/* Index of the first occurrence, or -1. */
ptrdiff_t str_find(str s, str needle);
ptrdiff_t str_find_char(str s, char c);

/* Bytes [from, to), clamped to the string. */
str str_slice(str s, size_t from, size_t to);

/* Without leading and trailing ASCII white space. */
str str_trim(str s);

/* Cuts *rest at the first `sep`: returns what stood before it, leaves what stands after it;
 * at the last piece *rest becomes absent. Loop: while (rest.p) { str part = str_cut(&rest, ','); } */
str str_cut(str *rest, char sep);

/* Number of Unicode code points, or -1 when the bytes are no valid UTF-8 (RFC 3629) or hold a NUL. */
ptrdiff_t str_utf8_length(str s);

/* Decodes the code point at *at and moves past it; -1 at the end or on an invalid byte. */
int32_t str_utf8_next(str s, size_t *at);

/* Whole string as a decimal number; false on anything else, overflow included. */
bool str_to_i64(str s, int64_t *out);
bool str_to_f64(str s, double *out);

/* Constant-time equality, for secrets; the lengths may leak. */
bool str_eq_secret(str a, str b);
