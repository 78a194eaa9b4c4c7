/*
 * See altcha.h. challenge = hex(SHA-256(salt number)), signature = hex(HMAC-SHA256(challenge)).
 *
 * The salt carries the expiry as "…?expires=SECONDS&". Without the "&" digits could move from the number to
 * the end of the salt: same hash, same signature, a later expiry.
 */
#include "app/auth/altcha.h"

#include "app/auth/auth_db.h"
#include "lib/base/codec.h"
#include "lib/base/rand.h"

#include <string.h>

enum { MAX_NUMBER = 100000, LIFE_SECONDS = 300, SALT_BYTES = 12, TOKEN_MAX = 2048 };

static const struct err_info infos[] = {
	{ 400, "altcha_required", "altcha_token is required", "altcha_token" },
	{ 400, "altcha_invalid", "The verification challenge was not solved, or has expired",
	  "altcha_token" },
};
static const err err_required = { &infos[0] };
static const err err_unsolved = { &infos[1] };

const struct field challenge_fields[] = {
	FIELD(struct challenge, algorithm), FIELD(struct challenge, challenge),
	FIELD(struct challenge, salt),	    FIELD(struct challenge, signature),
	FIELD(struct challenge, maxnumber), { 0 },
};

static str challenge_of(struct arena *a, str salt, int64_t number)
{
	return sha256_hex(a, arena_printf(a, "%.*s%lld", (int)salt.n, salt.p, (long long)number));
}

static str signature_of(struct req *r, str challenge)
{
	str own = config_str(r->app->config, "ALTCHA_HMAC_KEY");
	char *hex = arena_alloc(r->arena, HEX_LENGTH(SHA256_BYTES));
	uint8_t mac[SHA256_BYTES];

	if (str_empty(own))
		memcpy(mac, auth_mac(r->arena, r->app, S("altcha"), challenge).p, sizeof mac);
	else
		hmac_sha256(own, challenge, mac);
	return (str){ hex, hex_encode(mac, sizeof mac, hex) };
}

void altcha_new(struct req *r, struct challenge *out)
{
	uint8_t random[SALT_BYTES + 4];
	char hex[HEX_LENGTH(SALT_BYTES)];
	int64_t expires = time_now().us / SECOND + LIFE_SECONDS;
	uint32_t number;

	rand_bytes(random, sizeof random);
	memcpy(&number, random + SALT_BYTES, sizeof number);
	hex_encode(random, SALT_BYTES, hex);
	out->algorithm = S("SHA-256");
	out->salt = arena_printf(r->arena, "%.*s?expires=%lld&", (int)sizeof hex, hex,
				 (long long)expires);
	out->challenge = challenge_of(r->arena, out->salt, number % (MAX_NUMBER + 1));
	out->signature = signature_of(r, out->challenge);
	out->maxnumber = MAX_NUMBER;
}

/* ---- solutions ---- */

struct solution {
	str algorithm, challenge, salt, signature;
	int64_t number;
};

static const struct field solution_fields[] = {
	FIELD(struct solution, algorithm, .required = true),
	FIELD(struct solution, challenge, .required = true),
	FIELD(struct solution, salt, .required = true),
	FIELD(struct solution, signature, .required = true),
	FIELD(struct solution, number, .required = true, .has_range = true, .max = MAX_NUMBER),
	{ 0 },
};

static bool read_solution(struct arena *a, str token, struct solution *out)
{
	char *json = arena_alloc(a, DECODED_MAX(token.n));
	size_t n;

	*out = (struct solution){ 0 };
	return token.n <= TOKEN_MAX && base64_decode(token, json, &n)
		&& !fields_from_json(a, (str){ json, n }, solution_fields, out, NULL).info;
}

/* Seconds since 1970; 0 when the salt names none. */
static int64_t expiry_of(str salt)
{
	int64_t seconds = 0;

	if (!str_ends(salt, S("&")))
		return 0;
	str_cut(&salt, '?');
	while (salt.p) {
		str value = str_cut(&salt, '&'), name = str_cut(&value, '=');

		if (str_eq(name, S("expires")) && !str_to_i64(value, &seconds))
			return 0;
	}
	return seconds;
}

static bool is_solved(struct req *r, const struct solution *s)
{
	return str_eq(s->algorithm, S("SHA-256"))
		&& str_eq_secret(s->signature, signature_of(r, s->challenge))
		&& str_eq(s->challenge, challenge_of(r->arena, s->salt, s->number))
		&& expiry_of(s->salt) > time_now().us / SECOND;
}

static err use_up(struct req *r, const struct solution *s)
{
	uint8_t challenge[SHA256_BYTES];
	usec expires = { expiry_of(s->salt) * SECOND };
	int64_t first;
	size_t n;

	if (!hex_decode(s->challenge, challenge, &n))
		return err_unsolved;
	TRY(altcha_use(r->db, (struct bytes){ challenge, n }, expires, &first));
	return first ? OK : err_unsolved;
}

static bool is_required(const struct app *app)
{
	if (strcmp(config_source(app->config, "ALTCHA_REQUIRED"), "default") == 0)
		return app->production;
	return config_bool(app->config, "ALTCHA_REQUIRED");
}

err altcha_check(struct req *r, str token)
{
	struct solution s;

	if (!is_required(r->app))
		return OK;
	if (str_empty(token))
		return err_required;
	if (!read_solution(r->arena, token, &s) || !is_solved(r, &s))
		return err_unsolved;
	return use_up(r, &s);
}
