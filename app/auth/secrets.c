/* See secrets.h. */
#include "app/auth/secrets.h"

#include "app/auth/auth.h"
#include "lib/base/rand.h"

enum { TOKEN_BYTES = 32 };

struct bytes secret_hash(struct arena *a, str text)
{
	uint8_t *hash = arena_alloc(a, SHA256_BYTES);

	sha256(text, hash);
	return (struct bytes){ hash, SHA256_BYTES };
}

struct secret secret_new(struct arena *a)
{
	str text = rand_token(a, TOKEN_BYTES);

	return (struct secret){ text, secret_hash(a, text) };
}

void auth_key_of(str jwt_secret, str purpose, uint8_t key[static KEY_BYTES])
{
	hkdf_sha256(jwt_secret, S("sojorn auth"), purpose, key, KEY_BYTES);
}

static void auth_key(const struct app *app, str purpose, uint8_t key[static KEY_BYTES])
{
	auth_key_of(app->jwt_secret, purpose, key);
}

struct bytes auth_mac(struct arena *a, const struct app *app, str purpose, str text)
{
	uint8_t key[KEY_BYTES], *mac = arena_alloc(a, SHA256_BYTES);

	auth_key(app, purpose, key);
	hmac_sha256((str){ (const char *)key, sizeof key }, text, mac);
	secret_wipe(key, sizeof key);
	return (struct bytes){ mac, SHA256_BYTES };
}
