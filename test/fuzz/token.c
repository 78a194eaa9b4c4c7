/*
 * Access tokens. The input is tried as a token, and as the claims of one that is signed right: no input
 * passes unsigned, and what passes has an end that is not over.
 */
#include "lib/web/token.h"
#include "test/fuzz/fuzz.h"

#include "lib/base/codec.h"

#include <assert.h>
#include <openssl/hmac.h>

static const char secret_text[] = "a secret of the fuzz target, 32+";
static const usec now = { 1800000000 * SECOND };

static str sign(struct arena *a, str claims)
{
	char *coded = arena_alloc(a, BASE64_LENGTH(claims.n)), mac_coded[64];
	size_t n = base64url_encode(claims.p, claims.n, coded), m;
	str head = arena_printf(a, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.%.*s", (int)n, coded);
	uint8_t mac[32];

	HMAC(EVP_sha256(), secret_text, sizeof(secret_text) - 1, (const uint8_t *)head.p, head.n,
	     mac, NULL);
	m = base64url_encode(mac, sizeof(mac), mac_coded);
	return arena_printf(a, "%.*s.%.*s", (int)head.n, head.p, (int)m, mac_coded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	str input = { (const char *)data, size }, secret = S("a secret of the fuzz target, 32+");
	struct token t;
	err e = token_verify(a, secret, input, now, &t);

	assert(e.info);
	if (size < 4096) {
		e = token_verify(a, secret, sign(a, input), now, &t);
		assert(e.info || t.expires.us > now.us - TOKEN_LEEWAY);
	}
	arena_free(a);
	return 0;
}
