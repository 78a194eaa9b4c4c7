/* See mfa.h. A recovery code carries 50 random bits, so a keyed hash is enough: without the key it cannot be
 * tried against the table, and with it nobody can try fast enough over the net. */
#include "app/auth/mfa.h"

#include "app/auth/auth.h"
#include "app/auth/secrets.h"
#include "lib/base/codec.h"
#include "lib/base/log.h"
#include "lib/base/rand.h"
#include "lib/base/totp.h"

#include <ctype.h>

enum { RECOVERY_CODES = 8, CODE_LETTERS = 10, CODE_BYTES = 7 };

static str id_text(struct arena *a, uuid id)
{
	char *text = arena_alloc(a, UUID_TEXT);

	uuid_format(id, text);
	return (str){ text, UUID_TEXT };
}

str auth_seal_factor(struct arena *a, str jwt_secret, uuid user, str secret)
{
	uint8_t key[KEY_BYTES];
	str sealed;

	auth_key_of(jwt_secret, S("mfa secret"), key);
	sealed = seal(a, key, id_text(a, user), secret);
	secret_wipe(key, sizeof key);
	return sealed;
}

bool auth_open_factor(struct arena *a, str jwt_secret, uuid user, str sealed, str *ret_secret)
{
	uint8_t key[KEY_BYTES];
	bool opened;

	auth_key_of(jwt_secret, S("mfa secret"), key);
	opened = unseal(a, key, id_text(a, user), sealed, ret_secret);
	secret_wipe(key, sizeof key);
	return opened;
}

struct bytes mfa_seal(struct req *r, uuid user, str secret)
{
	str sealed = auth_seal_factor(r->arena, r->app->jwt_secret, user, secret);

	return (struct bytes){ (const uint8_t *)sealed.p, sealed.n };
}

/* Apps show "123 456". */
static str without_space(struct arena *a, str code)
{
	char *out = arena_alloc(a, code.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < code.n; i++)
		if (code.p[i] != ' ' && code.p[i] != '-')
			out[n++] = (char)tolower((unsigned char)code.p[i]);
	return (str){ out, n };
}

err mfa_check(struct req *r, uuid user, struct bytes sealed, int64_t last_step, str code,
	      bool *ret_right, int64_t *ret_step)
{
	str secret;

	if (!auth_open_factor(r->arena, r->app->jwt_secret, user,
			      (str){ (const char *)sealed.p, sealed.n }, &secret)) {
		log_error("second factor does not open: was JWT_SECRET changed?",
			  LOG("user", user));
		return err_internal;
	}
	*ret_right =
		totp_check(secret, without_space(r->arena, code), time_now(), last_step, ret_step);
	return OK;
}

static str new_code(struct arena *a)
{
	char letters[BASE32_LENGTH(CODE_BYTES)];
	uint8_t random[CODE_BYTES];

	rand_bytes(random, sizeof random);
	base32_encode(random, sizeof random, letters);
	return arena_lower(a, arena_printf(a, "%.5s-%.5s", letters, letters + 5));
}

struct bytes mfa_recovery_hash(struct req *r, uuid user, str code)
{
	str id = id_text(r->arena, user), plain = without_space(r->arena, code);

	return auth_mac(r->arena, r->app, S("recovery code"),
			arena_printf(r->arena, "%.*s %.*s", (int)id.n, id.p, (int)plain.n,
				     plain.p));
}

void mfa_recovery_codes(struct req *r, uuid user, struct strs *out_codes, struct strs *out_hashes)
{
	struct arena *a = r->arena;

	*out_codes = (struct strs){ arena_alloc(a, RECOVERY_CODES * sizeof(str)), RECOVERY_CODES };
	*out_hashes = (struct strs){ arena_alloc(a, RECOVERY_CODES * sizeof(str)), RECOVERY_CODES };
	for (size_t i = 0; i < RECOVERY_CODES; i++) {
		str code = new_code(a);
		struct bytes hash = mfa_recovery_hash(r, user, code);
		char *hex = arena_alloc(a, HEX_LENGTH(hash.n));

		out_codes->v[i] = code;
		out_hashes->v[i] = (str){ hex, hex_encode(hash.p, hash.n, hex) };
	}
}
