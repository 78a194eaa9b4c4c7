/* Bytes no server should send: each is refused, and nothing beyond them is read. */
#include "lib/db/decode.h"

#include "lib/base/rand.h"
#include "lib/base/test.h"
#include "lib/db/wire.h"

#include <stdlib.h>

static const struct {
	enum kind kind;
	unsigned oid;
} readable[] = {
	{ K_BOOL, OID_BOOL },	     { K_I32, OID_INT2 },
	{ K_I32, OID_INT4 },	     { K_I64, OID_INT8 },
	{ K_F64, OID_FLOAT4 },	     { K_F64, OID_FLOAT8 },
	{ K_STR, OID_DATE },	     { K_UUID, OID_UUID },
	{ K_TIME, OID_TIMESTAMPTZ }, { K_JSON, OID_JSONB },
	{ K_BYTES, OID_BYTEA },	     { K_STRS, OID_TEXT_ARRAY },
	{ K_UUIDS, OID_UUID_ARRAY }, { K_I32S, OID_INT4_ARRAY },
	{ K_I64S, OID_INT8_ARRAY },  { K_STRS, OID_FIRST_OF_USERS },
};
enum { READABLE = sizeof(readable) / sizeof(*readable) };

/* Decodes a copy that ends where its allocation does, so that a sanitizer sees a byte too far. */
static bool decode(struct arena *a, decode_fn *fn, const char *p, size_t n)
{
	union {
		struct strs strs;
		char room[64];
	} out;
	char *exact = malloc(n ? n : 1);
	bool ok;

	memcpy(exact, p, n);
	ok = fn(a, exact, (int)n, &out);
	free(exact);
	return ok;
}

/* An array of one dimension with so many elements, of which the bytes are given. */
static size_t array(char *p, uint32_t dimensions, uint32_t count, const char *elements, size_t n)
{
	wire_put32(p, dimensions);
	wire_put32(p + 4, 0);
	wire_put32(p + 8, OID_TEXT);
	wire_put32(p + 12, count);
	wire_put32(p + 16, 1);
	memcpy(p + 20, elements, n);
	return 20 + n;
}

TEST(arrays_that_are_cut_off_are_refused)
{
	struct arena *a = arena_new();
	decode_fn *strs = decoder(K_STRS, OID_TEXT_ARRAY), *ints = decoder(K_I32S, OID_INT4_ARRAY);
	char p[64];
	size_t n = array(p, 1, 2, "\0\0\0\1x\0\0\0\2yz", 11);

	EXPECT_TRUE(decode(a, strs, p, n));
	EXPECT_FALSE(decode(a, ints, p, n)); /* elements of one and two bytes */
	for (size_t cut = 0; cut < n; cut++)
		EXPECT_FALSE(decode(a, strs, p, cut));
	n = array(p, 1, UINT32_MAX, "\0\0\0\1x", 5);
	EXPECT_FALSE(decode(a, strs, p, n));
	n = array(p, 1, 1, "\x7f\xff\xff\xff", 4);
	EXPECT_FALSE(decode(a, strs, p, n));
	n = array(p, 2, 1, "\0\0\0\1x", 5);
	EXPECT_FALSE(decode(a, strs, p, n));
	n = array(p, 0, 0, "", 0);
	EXPECT_TRUE(decode(a, strs, p, 12));
	arena_free(a);
}

TEST(values_of_another_length_are_refused)
{
	struct arena *a = arena_new();
	static const char zeros[32];

	for (int i = 0; i < READABLE; i++) {
		decode_fn *fn = decoder(readable[i].kind, readable[i].oid);
		enum kind kind = readable[i].kind;

		assert_non_null(fn);
		if (kind != K_BYTES)
			EXPECT_FALSE(decode(a, fn, zeros, 0));
		if (kind < K_STR || kind == K_UUID || kind == K_TIME)
			EXPECT_FALSE(decode(a, fn, zeros, 3));
	}
	EXPECT_FALSE(decode(a, decoder(K_I32, OID_INT4), zeros, 8));
	EXPECT_FALSE(decode(a, decoder(K_JSON, OID_JSONB), "\2{}", 3));
	EXPECT_TRUE(decode(a, decoder(K_JSON, OID_JSONB), "\1{}", 3));
	arena_free(a);
}

TEST(random_bytes_do_no_harm)
{
	struct rand_seq random = { 7 };
	struct arena *a = arena_new();
	char p[48];

	for (int round = 0; round < 20000; round++) {
		size_t n = rand_below(&random, sizeof(p) + 1);
		int i = (int)rand_below(&random, READABLE);

		for (size_t at = 0; at < n; at++)
			p[at] = (char)(rand_below(&random, 2) ? 0 : rand_next(&random));
		decode(a, decoder(readable[i].kind, readable[i].oid), p, n);
		arena_reset(a);
	}
	arena_free(a);
}

TEST(types_that_could_lose_something_are_refused)
{
	enum { NUMERIC = 1700, TIMESTAMP = 1114, INET = 869 };

	EXPECT_NULL(decoder(K_I32, OID_INT8));
	EXPECT_NULL(decoder(K_F64, NUMERIC));
	EXPECT_NULL(decoder(K_STR, NUMERIC));
	EXPECT_NULL(decoder(K_STR, INET));
	EXPECT_NULL(decoder(K_TIME, TIMESTAMP));
	EXPECT_NULL(decoder(K_STR, OID_JSONB));
	EXPECT_NULL(decoder(K_UUID, OID_TEXT));
	EXPECT_NULL(decoder(K_DATE, OID_DATE)); /* for parameters only */
	EXPECT_NULL(decoder(K_RECORD, OID_TEXT));
}
