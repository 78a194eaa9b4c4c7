/* Password hashes by libxcrypt, libargon2 and OpenSSL's scrypt, told apart by their prefix. */
#include "lib/base/password.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/rand.h"

#include <argon2.h>
#include <crypt.h>
#include <stdlib.h>
#include <string.h>

enum {
	COST = 10,
	COST_MAX = 16, /* 3 s; nothing sensible is dearer, and a thread is busy as long */
	BCRYPT_LENGTH = 60,
	HASH_MAX = 255,
	/* limits of the server these hashes come from */
	ARGON2_MEMORY_MAX = 1024 * 1024, /* KiB */
	ARGON2_TIME_MAX = 20,
	ARGON2_LANES_MAX = 16,
	SCRYPT_KEY_MAX = 128, /* bytes of signer key and hash */
};

const err err_password_unverifiable = { &(const struct err_info){
	.status = 422,
	.code = "password_unverifiable",
	.message = "the password has to be reset",
} };

/* ---- bcrypt ---- */

/* crypt_r on up to 72 bytes of the password; setting and out are of PASSWORD_HASH_SIZE. */
static err bcrypt(str password, const char *setting, char *out)
{
	struct crypt_data *data = try_malloc(sizeof(*data)); /* 32 KiB: too large for a stack */
	size_t n = password.n < PASSWORD_MAX ? password.n : PASSWORD_MAX;
	char text[PASSWORD_MAX + 1];
	const char *hash;
	err e = OK;

	if (!data)
		return err_no_memory;
	memset(data, 0, sizeof(*data));
	memcpy(text, password.p, n);
	text[n] = '\0';
	hash = crypt_r(text, setting, data);
	if (hash && strlen(hash) == BCRYPT_LENGTH)
		memcpy(out, hash, PASSWORD_HASH_SIZE);
	else
		e = err_password_unverifiable;
	secret_wipe(text, sizeof(text));
	secret_wipe(data, sizeof(*data));
	free(data);
	return e;
}

err password_hash(str password, char out[static PASSWORD_HASH_SIZE])
{
	char setting[PASSWORD_HASH_SIZE], salt[16];

	if (password.n > PASSWORD_MAX || str_find_char(password, '\0') >= 0)
		return err_invalid;
	rand_bytes(salt, sizeof(salt));
	if (!crypt_gensalt_rn("$2b$", COST, salt, sizeof(salt), setting, sizeof(setting)))
		return err_internal;
	return bcrypt(password, setting, out);
}

/* The cost of a bcrypt hash, 0 when it is none. */
static int bcrypt_cost(str hash)
{
	int64_t cost;

	if (hash.n != BCRYPT_LENGTH || !str_starts(hash, S("$2")) || !memchr("aby", hash.p[2], 3)
	    || hash.p[3] != '$' || hash.p[6] != '$' || !str_to_i64(str_slice(hash, 4, 6), &cost))
		return 0;
	return (int)cost;
}

static err check_bcrypt(str password, str hash, bool *ret_right)
{
	char setting[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];
	int cost = bcrypt_cost(hash);

	if (cost < 4 || cost > COST_MAX)
		return err_password_unverifiable;
	memcpy(setting, hash.p, hash.n);
	setting[hash.n] = '\0';
	setting[2] = 'b'; /* libxcrypt's $2a$ departs from everybody's for some bytes over 0x7F */
	TRY(bcrypt(password, setting, again));
	*ret_right = str_eq_secret((str){ setting, BCRYPT_LENGTH }, (str){ again, BCRYPT_LENGTH })
		&& str_find_char(password, '\0') < 0;
	return OK;
}

/* ---- parameters: "m=65536,t=3,p=4" ---- */

/* Takes "name=number" and what ends it off the front of *s. */
static bool take_number(str *s, str name, char end, int64_t most, unsigned *out)
{
	int64_t v;

	if (!str_starts(*s, name))
		return false;
	*s = str_slice(*s, name.n, s->n);
	if (str_find_char(*s, end) < 0 || !str_to_i64(str_cut(s, end), &v) || v < 1 || v > most)
		return false;
	*out = (unsigned)v;
	return true;
}

/* ---- Argon2 ---- */

static err check_argon2(str password, str hash, bool *ret_right)
{
	bool is_id = str_starts(hash, S("$argon2id$v=19$"));
	str rest = str_slice(hash, is_id ? 15 : 14, hash.n);
	unsigned memory, time, lanes;
	char text[HASH_MAX + 1];
	int status;

	if ((!is_id && !str_starts(hash, S("$argon2i$v=19$"))) || hash.n > HASH_MAX
	    || !take_number(&rest, S("m="), ',', ARGON2_MEMORY_MAX, &memory)
	    || !take_number(&rest, S("t="), ',', ARGON2_TIME_MAX, &time)
	    || !take_number(&rest, S("p="), '$', ARGON2_LANES_MAX, &lanes))
		return err_password_unverifiable;
	memcpy(text, hash.p, hash.n);
	text[hash.n] = '\0';
	status = argon2_verify(text, password.p, password.n, is_id ? Argon2_id : Argon2_i);
	*ret_right = status == ARGON2_OK;
	if (status == ARGON2_MEMORY_ALLOCATION_ERROR)
		return err_no_memory;
	return status == ARGON2_OK || status == ARGON2_VERIFY_MISMATCH ? OK
								       : err_password_unverifiable;
}

/* ---- Firebase's scrypt ---- */

struct fbscrypt {
	unsigned log_n, r, p;
	uint8_t salt[HASH_MAX * 2], signer[HASH_MAX],
		hash[HASH_MAX]; /* salt: with the separator behind it */
	size_t salt_n, signer_n, hash_n;
};

/* $fbscrypt$v=1,n=14,r=8,p=1,ss=<separator>,sk=<signer key>$<salt>$<hash>, the last four in base64; the
 * separator may be left out. */
static bool parse_fbscrypt(str hash, struct fbscrypt *out)
{
	str rest = str_slice(hash, 10, hash.n), parameters, separator = S(""), salt;
	size_t n;

	if (hash.n > HASH_MAX || !take_number(&rest, S("v="), ',', 1, &out->p)
	    || !take_number(&rest, S("n="), ',', 31, &out->log_n)
	    || !take_number(&rest, S("r="), ',', 64, &out->r))
		return false;
	parameters = str_cut(&rest, '$');
	salt = str_cut(&rest, '$');
	if (!take_number(&parameters, S("p="), ',', 16, &out->p))
		return false;
	if (str_starts(parameters, S("ss=")))
		separator = str_slice(str_cut(&parameters, ','), 3, HASH_MAX);
	if (!str_starts(parameters, S("sk=")) || !base64_decode(salt, out->salt, &out->salt_n)
	    || !base64_decode(separator, out->salt + out->salt_n, &n)
	    || !base64_decode(str_slice(parameters, 3, HASH_MAX), out->signer, &out->signer_n)
	    || !base64_decode(rest, out->hash, &out->hash_n))
		return false;
	out->salt_n += n;
	return out->signer_n > 0 && out->hash_n == out->signer_n;
}

static err check_fbscrypt(str password, str hash, bool *ret_right)
{
	struct fbscrypt f;
	uint8_t key[KEY_BYTES], want[HASH_MAX];

	if (!parse_fbscrypt(hash, &f)
	    || !scrypt(password, (str){ (const char *)f.salt, f.salt_n }, f.log_n, f.r, f.p, key,
		       sizeof(key)))
		return err_password_unverifiable;
	aes256_ctr(key, (str){ (const char *)f.signer, f.signer_n }, want);
	*ret_right = str_eq_secret((str){ (const char *)want, f.signer_n },
				   (str){ (const char *)f.hash, f.hash_n });
	secret_wipe(key, sizeof(key));
	secret_wipe(&f, sizeof(f));
	return OK;
}

/* ---- by prefix ---- */

err password_check(str password, str hash, bool *ret_right)
{
	*ret_right = false;
	if (hash.n == 0)
		return OK;
	if (str_starts(hash, S("$argon2")))
		return check_argon2(password, hash, ret_right);
	if (str_starts(hash, S("$fbscrypt$")))
		return check_fbscrypt(password, hash, ret_right);
	return check_bcrypt(password, hash, ret_right);
}

bool password_needs_rehash(str hash)
{
	return bcrypt_cost(hash) < COST;
}
