/*
 * Public keys by which another issuer signs access tokens: a JSON Web Key Set (RFC 7517), as a project that
 * moves here lists it. Read once, then the same for all threads.
 */
#pragma once

#include "lib/base/arena.h"

struct jwks;

/* From a file: keys of kind EC (P-256), RSA (2048 bits and more) and OKP (Ed25519) that have an id; others in the set
 * are passed over, shared secrets among them. NULL, and *problem a sentence: no such set, or none of its keys is one of
 * those. */
struct jwks *jwks_load(const char *path, const char **problem);
void jwks_free(struct jwks *k); /* NULL-safe */

/* What may be shown to anybody, as a JSON array: the keys taken, only their public members. */
str jwks_list(const struct jwks *k);

/* Whether this is a signature by the key of that id, by the one algorithm that goes with it (ES256, RS256,
 * EdDSA). Some 0.1 ms. */
[[nodiscard]] bool jwks_verify(const struct jwks *k, str algorithm, str id, str content,
			       str signature);
