/* RFC 6238 over RFC 4226. */
#include "lib/base/totp.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/rand.h"

enum { STEP_SECONDS = 30, DIGITS = 6, SECRET_BYTES = 20, SECRET_TEXT_MAX = 256 };

str totp_secret(struct arena *a)
{
	uint8_t raw[SECRET_BYTES];
	char text[BASE32_LENGTH(SECRET_BYTES)];
	str secret;

	rand_bytes(raw, sizeof(raw));
	secret = arena_copy(a, (str){ text, base32_encode(raw, sizeof(raw), text) });
	secret_wipe(raw, sizeof(raw));
	secret_wipe(text, sizeof(text));
	return secret;
}

static const char *encoded(struct arena *a, str s)
{
	char *text = arena_alloc(a, PERCENT_MAX(s.n) + 1);

	text[percent_encode(s, text)] = '\0';
	return text;
}

str totp_uri(struct arena *a, str issuer, str account, str secret)
{
	const char *i = encoded(a, issuer);

	return arena_printf(
		a, "otpauth://totp/%s:%s?secret=%.*s&issuer=%s&algorithm=SHA1&digits=%d&period=%d",
		i, encoded(a, account), (int)secret.n, secret.p, i, DIGITS, STEP_SECONDS);
}

bool totp_code(str secret, int64_t step, char out[static DIGITS])
{
	uint8_t key[DECODED_MAX(SECRET_TEXT_MAX)], mac[SHA1_BYTES], counter[8];
	const uint8_t *cut;
	uint32_t number;
	size_t n;

	if (secret.n == 0 || secret.n > SECRET_TEXT_MAX || !base32_decode(secret, key, &n))
		return false;
	for (int i = 0; i < 8; i++)
		counter[i] = (uint8_t)((uint64_t)step >> (56 - 8 * i));
	hmac_sha1((str){ (const char *)key, n }, (str){ (const char *)counter, sizeof(counter) },
		  mac);
	cut = mac + (mac[SHA1_BYTES - 1] & 15); /* RFC 4226 §5.3: dynamic truncation */
	number = (uint32_t)(cut[0] & 0x7F) << 24 | (uint32_t)cut[1] << 16 | (uint32_t)cut[2] << 8
		| cut[3];
	for (int i = DIGITS - 1; i >= 0; i--, number /= 10)
		out[i] = (char)('0' + number % 10);
	secret_wipe(key, sizeof(key));
	return true;
}

bool totp_check(str secret, str code, usec now, int64_t last_step, int64_t *ret_step)
{
	int64_t current = now.us / SECOND / STEP_SECONDS;
	char want[DIGITS];

	for (int64_t step = current - 1; step <= current + 1; step++) {
		if (step <= last_step || !totp_code(secret, step, want)
		    || !str_eq_secret(code, (str){ want, sizeof(want) }))
			continue;
		*ret_step = step;
		return true;
	}
	return false;
}
