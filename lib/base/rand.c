/* Randomness from the kernel, and splitmix64 (Steele, Lea, Flood 2014) for data that must repeat. */
#include "lib/base/rand.h"

#include "lib/base/arena.h"
#include "lib/base/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

void rand_bytes(void *out, size_t n)
{
	char *p = out;

	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno != EINTR)
			abort();
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
}

str rand_token(struct arena *a, size_t n)
{
	uint8_t *raw = arena_alloc(a, n);
	char *text = arena_alloc(a, BASE64_LENGTH(n) + 1);
	size_t length;

	rand_bytes(raw, n);
	length = base64url_encode(raw, n, text);
	text[length] = '\0';
	return (str){ text, length };
}

uint64_t rand_next(struct rand_seq *r)
{
	uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

uint64_t rand_below(struct rand_seq *r, uint64_t below)
{
	/* The high half of a 128-bit product is uniform but for a bias under below / 2^64. */
	return (uint64_t)(((unsigned __int128)rand_next(r) * below) >> 64);
}
