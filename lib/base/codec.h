/*
 * Bytes as text: hex, base64 (RFC 4648 §4), base64url (§5, without padding), base32 (§6) and percent
 * encoding (RFC 3986 §2.1).
 *
 * Encoders write to `out`, which has room as the macro says, without a NUL, and return the number of
 * characters. Decoders write at most DECODED_MAX(s.n) bytes to `out`, *ret_n says how many; false (the
 * contents of `out` are unspecified then) on a character outside the alphabet, an impossible length or
 * bits set behind the last byte.
 */
#pragma once

#include "lib/base/str.h"

#define HEX_LENGTH(n)	 (2 * (n))
#define BASE64_LENGTH(n) (((n) + 2) / 3 * 4)
#define BASE32_LENGTH(n) (((n) + 4) / 5 * 8)
#define PERCENT_MAX(n)	 (3 * (n))
#define DECODED_MAX(n)	 ((n) / 4 * 3 + 3)

size_t hex_encode(const void *p, size_t n, char *out); /* lower case */
size_t base64_encode(const void *p, size_t n, char *out);
size_t base64url_encode(const void *p, size_t n, char *out);
size_t base32_encode(const void *p, size_t n, char *out); /* upper case, without padding */
size_t percent_encode(str s, char *out);		  /* all but A-Z a-z 0-9 - . _ ~ */

/* The other way round, at most s.n characters; what is no encoding stands for itself. plus: a + is a space. */
size_t percent_decode(str s, bool plus, char *out);

/* The byte of two hex digits of either case, or -1. */
int hex_byte(const char digits[static 2]);

bool hex_decode(str s, void *out, size_t *ret_n);
bool base64_decode(str s, void *out, size_t *ret_n);	/* either alphabet, padding optional */
bool base64url_decode(str s, void *out, size_t *ret_n); /* its own alphabet, no padding */
bool base32_decode(str s, void *out, size_t *ret_n);	/* either case, padding optional */
