/* Random bytes from the kernel (getrandom), and a small seeded generator for data that must repeat. */
#pragma once

#include "lib/base/str.h"

struct arena;

/* Cryptographically strong; never fails (aborts if the kernel has no generator). */
void rand_bytes(void *out, size_t n);

/* n random bytes as base64url without padding. */
str rand_token(struct arena *a, size_t n);

/* Deterministic sequence (splitmix64): same seed, same values. Not for secrets. */
struct rand_seq {
	uint64_t state;
};
uint64_t rand_next(struct rand_seq *r);

/* Uniform in [0, below). */
uint64_t rand_below(struct rand_seq *r, uint64_t below);
