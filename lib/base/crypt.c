/*
 * OpenSSL behind plain functions; this is the only file that includes it. Algorithms are fetched once
 * (an implicit fetch costs more than hashing a token) and each thread keeps one digest context.
 */
#include "lib/base/crypt.h"

#include "lib/base/codec.h"
#include "lib/base/rand.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HASH_BLOCK = 64, NONCE = 12, TAG = 16, RSA_MAX = 2048 };

static EVP_MD *md_sha256, *md_sha1, *md_md5;
static EVP_CIPHER *cipher_gcm, *cipher_ctr;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t context_key; /* for its destructor only */
static _Thread_local EVP_MD_CTX *thread_context;

[[gnu::noreturn]] static void broken(void)
{
	fputs("OpenSSL does not work (a missing algorithm, or out of memory)\n", stderr);
	abort();
}

static void check(bool ok)
{
	if (!ok)
		broken();
}

/* OpenSSL's own memory. What it fails at for want of any looks like any other failure, so it waits for some. */
static void *patient_malloc(size_t n, const char *file, int line)
{
	void *p = n ? malloc(n) : NULL;

	(void)file, (void)line;
	for (int tries = 0; !p && n && memory_wait(tries); tries++)
		p = malloc(n);
	return p;
}

static void *patient_realloc(void *old, size_t n, const char *file, int line)
{
	void *p;

	(void)file, (void)line;
	if (!n) {
		free(old);
		return NULL;
	}
	p = realloc(old, n);
	for (int tries = 0; !p && memory_wait(tries); tries++)
		p = realloc(old, n);
	return p;
}

static void plain_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	free(p);
}

/* Before main: OpenSSL refuses once it has memory of the other kind. */
[[gnu::constructor]] static void be_patient(void)
{
	CRYPTO_set_mem_functions(patient_malloc, patient_realloc, plain_free);
}

static void free_context(void *p)
{
	EVP_MD_CTX_free(p);
}

static void fetch(void)
{
	md_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	md_sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	md_md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	cipher_gcm = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	cipher_ctr = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	check(md_sha256 && md_sha1 && md_md5 && cipher_gcm && cipher_ctr
	      && pthread_key_create(&context_key, free_context) == 0);
}

/* Every public function begins with this. */
static void get_ready(void)
{
	pthread_once(&once, fetch);
}

static EVP_MD_CTX *digest_context(void)
{
	if (!thread_context) {
		thread_context = EVP_MD_CTX_new();
		check(thread_context && pthread_setspecific(context_key, thread_context) == 0);
	}
	return thread_context;
}

void secret_wipe(void *p, size_t n)
{
	OPENSSL_cleanse(p, n);
}

/* ---- digests ---- */

/* Of two pieces, one behind the other. */
static void digest(const EVP_MD *md, str first, str second, uint8_t *out)
{
	EVP_MD_CTX *c = digest_context();

	check(EVP_DigestInit_ex2(c, md, NULL) && EVP_DigestUpdate(c, first.p, first.n)
	      && EVP_DigestUpdate(c, second.p, second.n) && EVP_DigestFinal_ex(c, out, NULL));
}

static void hmac(const EVP_MD *md, size_t size, str key, str data, uint8_t *out)
{
	uint8_t short_key[SHA256_BYTES], inner[SHA256_BYTES], pad[HASH_BLOCK];

	if (key.n > HASH_BLOCK) {
		digest(md, key, S(""), short_key);
		key = (str){ (const char *)short_key, size };
	}
	memset(pad, 0x36, sizeof(pad));
	for (size_t i = 0; i < key.n; i++)
		pad[i] ^= (uint8_t)key.p[i];
	digest(md, (str){ (const char *)pad, sizeof(pad) }, data, inner);
	for (size_t i = 0; i < sizeof(pad); i++)
		pad[i] ^= 0x36 ^ 0x5C;
	digest(md, (str){ (const char *)pad, sizeof(pad) }, (str){ (const char *)inner, size },
	       out);
	secret_wipe(pad, sizeof(pad));
	secret_wipe(short_key, sizeof(short_key));
}

void sha1(str data, uint8_t out[static SHA1_BYTES])
{
	get_ready();
	digest(md_sha1, data, S(""), out);
}

void sha256(str data, uint8_t out[static SHA256_BYTES])
{
	get_ready();
	digest(md_sha256, data, S(""), out);
}

bool md5_file(int fd, uint8_t out[static MD5_BYTES])
{
	EVP_MD_CTX *c;
	char piece[3072];
	int64_t at = 0;
	ssize_t n;

	get_ready();
	c = digest_context();
	check(EVP_DigestInit_ex2(c, md_md5, NULL));
	while ((n = pread(fd, piece, sizeof(piece), at)) > 0) {
		check(EVP_DigestUpdate(c, piece, (size_t)n));
		at += n;
	}
	check(EVP_DigestFinal_ex(c, out, NULL));
	return n == 0;
}

/* The struct is only a name: it is OpenSSL's context. */
static EVP_MD_CTX *context_of(const struct sha256 *s)
{
	return (EVP_MD_CTX *)(uintptr_t)s;
}

struct sha256 *sha256_new(void)
{
	EVP_MD_CTX *c;

	get_ready();
	c = EVP_MD_CTX_new();
	check(c && EVP_DigestInit_ex2(c, md_sha256, NULL));
	return (struct sha256 *)c;
}

struct sha256 *sha256_copy(const struct sha256 *s)
{
	EVP_MD_CTX *c = EVP_MD_CTX_new();

	check(c && EVP_MD_CTX_copy_ex(c, context_of(s)));
	return (struct sha256 *)c;
}

void sha256_add(struct sha256 *s, const void *p, size_t n)
{
	check(EVP_DigestUpdate(context_of(s), p, n));
}

void sha256_end(struct sha256 *s, uint8_t out[static SHA256_BYTES])
{
	check(EVP_DigestFinal_ex(context_of(s), out, NULL));
	sha256_free(s);
}

void sha256_free(struct sha256 *s)
{
	EVP_MD_CTX_free(context_of(s));
}

str sha256_hex(struct arena *a, str data)
{
	uint8_t raw[SHA256_BYTES];
	char *text = arena_alloc(a, HEX_LENGTH(SHA256_BYTES) + 1);

	sha256(data, raw);
	text[hex_encode(raw, sizeof(raw), text)] = '\0';
	return (str){ text, HEX_LENGTH(SHA256_BYTES) };
}

void hmac_sha256(str key, str data, uint8_t out[static SHA256_BYTES])
{
	get_ready();
	hmac(md_sha256, SHA256_BYTES, key, data, out);
}

void hmac_sha1(str key, str data, uint8_t out[static SHA1_BYTES])
{
	get_ready();
	hmac(md_sha1, SHA1_BYTES, key, data, out);
}

void hkdf_sha256(str secret, str salt, str info, void *out, size_t n)
{
	uint8_t extracted[SHA256_BYTES], block[SHA256_BYTES + 256 + 1];
	str key = { (const char *)extracted, sizeof(extracted) };
	uint8_t *to = out;
	size_t previous = 0; /* bytes of the block before, which each block begins with */

	check(info.n <= 256 && n <= 255 * SHA256_BYTES);
	hmac_sha256(salt, secret, extracted);
	for (uint8_t counter = 1; n > 0; counter++) {
		size_t part = n < SHA256_BYTES ? n : SHA256_BYTES;

		memcpy(block + previous, info.p, info.n);
		block[previous + info.n] = counter;
		hmac_sha256(key, (str){ (const char *)block, previous + info.n + 1 }, block);
		memcpy(to, block, part);
		to += part;
		n -= part;
		previous = SHA256_BYTES;
	}
	secret_wipe(extracted, sizeof(extracted));
	secret_wipe(block, sizeof(block));
}

/* ---- encryption ---- */

str seal(struct arena *a, const uint8_t key[static KEY_BYTES], str context, str plain)
{
	size_t size = NONCE + plain.n + TAG, length;
	uint8_t *raw = arena_alloc(a, size);
	char *text = arena_alloc(a, BASE64_LENGTH(size) + 1);
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	check(plain.n < INT_MAX && context.n < INT_MAX);
	get_ready();
	rand_bytes(raw, NONCE);
	check(c && EVP_EncryptInit_ex2(c, cipher_gcm, key, raw, NULL)
	      && EVP_EncryptUpdate(c, NULL, &n, (const uint8_t *)context.p, (int)context.n)
	      && EVP_EncryptUpdate(c, raw + NONCE, &n, (const uint8_t *)plain.p, (int)plain.n)
	      && EVP_EncryptFinal_ex(c, raw + NONCE + n, &n)
	      && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, raw + NONCE + plain.n));
	EVP_CIPHER_CTX_free(c);
	length = base64url_encode(raw, size, text);
	text[length] = '\0';
	return (str){ text, length };
}

/* raw: nonce, ciphertext of n bytes, tag. */
static bool open_gcm(const uint8_t *key, str context, uint8_t *raw, size_t n, uint8_t *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int done = 0;
	bool ok;

	check(c && EVP_DecryptInit_ex2(c, cipher_gcm, key, raw, NULL)
	      && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, raw + NONCE + n)
	      && EVP_DecryptUpdate(c, NULL, &done, (const uint8_t *)context.p, (int)context.n)
	      && EVP_DecryptUpdate(c, out, &done, raw + NONCE, (int)n));
	ok = EVP_DecryptFinal_ex(c, out + done, &done) == 1;
	EVP_CIPHER_CTX_free(c);
	return ok;
}

bool unseal(struct arena *a, const uint8_t key[static KEY_BYTES], str context, str sealed, str *out)
{
	uint8_t *raw = arena_alloc(a, DECODED_MAX(sealed.n));
	uint8_t *plain;
	size_t n;

	get_ready();
	if (!base64url_decode(sealed, raw, &n) || n < NONCE + TAG || n > INT_MAX
	    || context.n > INT_MAX)
		return false;
	n -= NONCE + TAG;
	plain = arena_alloc(a, n + TAG);
	if (!open_gcm(key, context, raw, n, plain))
		return false;
	plain[n] = '\0';
	*out = (str){ (const char *)plain, n };
	return true;
}

/* ---- signatures ---- */

/* Never asks a terminal for a passphrase: a key that wants one is no key for us. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf, (void)size, (void)writing, (void)arg;
	return -1;
}

static EVP_PKEY *read_rsa_key(str pem)
{
	BIO *in = pem.n < INT_MAX ? BIO_new_mem_buf(pem.p, (int)pem.n) : NULL;
	EVP_PKEY *key = in ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;

	BIO_free(in);
	if (key && EVP_PKEY_is_a(key, "RSA"))
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

bool rsa_sha256_sign(struct arena *a, str pem, str data, str *out)
{
	unsigned char raw[RSA_MAX];
	size_t n = sizeof(raw);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY *key = read_rsa_key(pem);
	bool ok = c && key && EVP_DigestSignInit_ex(c, NULL, "SHA256", NULL, NULL, key, NULL) == 1
		&& EVP_DigestSign(c, raw, &n, (const unsigned char *)data.p, data.n) == 1;

	EVP_PKEY_free(key);
	EVP_MD_CTX_free(c);
	if (ok)
		*out = arena_copy(a, (str){ (const char *)raw, n });
	return ok;
}

/* ---- public keys of others ---- */

enum { P256_NUMBER = 32, P256_DER_MAX = 80, RSA_BITS_MIN = 2048 };

struct public_key {
	EVP_PKEY *key;
};

/* Takes the key; NULL stays NULL. */
static struct public_key *keep_key(EVP_PKEY *key)
{
	struct public_key *k = key ? malloc(sizeof(*k)) : NULL;

	check(!key || k);
	if (k)
		k->key = key;
	return k;
}

static EVP_PKEY *key_from(const char *type, OSSL_PARAM_BLD *b)
{
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;

	if (!params || !c || EVP_PKEY_fromdata_init(c) != 1
	    || EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(c);
	OSSL_PARAM_free(params);
	return key;
}

struct public_key *public_key_p256(str x, str y)
{
	unsigned char point[1 + 2 * P256_NUMBER] = { POINT_CONVERSION_UNCOMPRESSED };
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	EVP_PKEY *key = NULL;

	check(b);
	if (x.n == P256_NUMBER && y.n == P256_NUMBER) {
		memcpy(point + 1, x.p, P256_NUMBER);
		memcpy(point + 1 + P256_NUMBER, y.p, P256_NUMBER);
		if (OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0)
		    && OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point,
							sizeof(point)))
			key = key_from("EC", b);
	}
	OSSL_PARAM_BLD_free(b);
	return keep_key(key);
}

struct public_key *public_key_rsa(str n, str e)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	BIGNUM *modulus = BN_bin2bn((const unsigned char *)n.p, (int)n.n, NULL);
	BIGNUM *exponent = BN_bin2bn((const unsigned char *)e.p, (int)e.n, NULL);
	EVP_PKEY *key = NULL;

	check(b && modulus && exponent);
	if (n.n <= RSA_MAX && e.n <= 8 && BN_num_bits(modulus) >= RSA_BITS_MIN
	    && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, modulus)
	    && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, exponent))
		key = key_from("RSA", b);
	BN_free(modulus);
	BN_free(exponent);
	OSSL_PARAM_BLD_free(b);
	return keep_key(key);
}

struct public_key *public_key_ed25519(str x)
{
	return x.n != ED25519_KEY
		? NULL
		: keep_key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
						       (const unsigned char *)x.p, x.n));
}

void public_key_free(struct public_key *k)
{
	if (k)
		EVP_PKEY_free(k->key);
	free(k);
}

/* JWS has r and s behind each other, OpenSSL wants them in DER; 0: cannot be one. */
static size_t ecdsa_der(str signature, unsigned char der[static P256_DER_MAX])
{
	const unsigned char *raw = (const unsigned char *)signature.p;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r, *s;
	int n;

	if (signature.n != (size_t)2 * P256_NUMBER) {
		ECDSA_SIG_free(sig);
		return 0;
	}
	r = BN_bin2bn(raw, P256_NUMBER, NULL);
	s = BN_bin2bn(raw + P256_NUMBER, P256_NUMBER, NULL);
	check(sig && r && s && ECDSA_SIG_set0(sig, r, s) == 1);
	n = i2d_ECDSA_SIG(sig, &der);
	ECDSA_SIG_free(sig);
	return n > 0 ? (size_t)n : 0;
}

bool public_key_verify(const struct public_key *k, str data, str signature)
{
	bool edwards = EVP_PKEY_get_base_id(k->key) == EVP_PKEY_ED25519;
	unsigned char der[P256_DER_MAX];
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok;

	check(c);
	if (EVP_PKEY_get_base_id(k->key) == EVP_PKEY_EC)
		signature = (str){ (const char *)der, ecdsa_der(signature, der) };
	ok = signature.n > 0
		&& EVP_DigestVerifyInit_ex(c, NULL, edwards ? NULL : "SHA256", NULL, NULL, k->key,
					   NULL)
			== 1
		&& EVP_DigestVerify(c, (const unsigned char *)signature.p, signature.n,
				    (const unsigned char *)data.p, data.n)
			== 1;
	EVP_MD_CTX_free(c);
	return ok;
}

/* ---- signatures over Curve25519 ---- */

bool ed25519_verify(const uint8_t key[static ED25519_KEY], str data,
		    const uint8_t signature[static ED25519_SIGNATURE])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, ED25519_KEY);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	bool ok = k && c && EVP_DigestVerifyInit_ex(c, NULL, NULL, NULL, NULL, k, NULL) == 1
		&& EVP_DigestVerify(c, signature, ED25519_SIGNATURE, (const unsigned char *)data.p,
				    data.n)
			== 1;

	EVP_MD_CTX_free(c);
	EVP_PKEY_free(k);
	return ok;
}

/*
 * Curve25519 and edwards25519 are one curve in two coordinates, y = (u - 1) / (u + 1) modulo 2^255 - 19
 * (RFC 7748 §4.1). A number u belongs to two points that differ in the sign of x. False for u = -1, which
 * belongs to none.
 */
static bool edwards_y(const uint8_t u[static ED25519_KEY], uint8_t y[static ED25519_KEY])
{
	BN_CTX *c = BN_CTX_new();
	BIGNUM *p = BN_new(), *n = BN_lebin2bn(u, ED25519_KEY, NULL), *d = BN_new();
	bool ok = c && p && n && d && BN_set_bit(p, 255) && BN_sub_word(p, 19)
		&& BN_clear_bit(n, 255) >= 0 && BN_copy(d, n) && BN_add_word(d, 1)
		&& BN_add(n, n, p) && BN_sub_word(n, 1) && BN_nnmod(d, d, p, c) && !BN_is_zero(d)
		&& BN_mod_inverse(d, d, p, c) && BN_mod_mul(n, n, d, p, c)
		&& BN_bn2lebinpad(n, y, ED25519_KEY) == ED25519_KEY;

	BN_free(p);
	BN_free(n);
	BN_free(d);
	BN_CTX_free(c);
	return ok;
}

/* The signature is one by the Ed25519 key with this y; libsignal keeps the sign of its x in the top bit of
 * the signature's scalar, which is below 2^253. In the paper the sign is always 0. */
bool xeddsa_verify(const uint8_t u[static ED25519_KEY], str data,
		   const uint8_t signature[static ED25519_SIGNATURE])
{
	uint8_t key[ED25519_KEY], plain[ED25519_SIGNATURE];

	if (!edwards_y(u, key))
		return false;
	memcpy(plain, signature, sizeof(plain));
	key[ED25519_KEY - 1] |= plain[ED25519_SIGNATURE - 1] & 0x80;
	plain[ED25519_SIGNATURE - 1] &= 0x7f;
	return ed25519_verify(key, data, plain);
}

bool scrypt(str password, str salt, unsigned log_n, unsigned r, unsigned p, void *out, size_t n)
{
	const uint64_t most = 256 * 1024 * 1024;

	return log_n < 32
		&& EVP_PBE_scrypt(password.p, password.n, (const uint8_t *)salt.p, salt.n,
				  UINT64_C(1) << log_n, r, p, most, out, n)
		== 1;
}

void aes256_ctr(const uint8_t key[static KEY_BYTES], str in, uint8_t *out)
{
	static const uint8_t zero[16];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	get_ready();
	check(c && EVP_EncryptInit_ex2(c, cipher_ctr, key, zero, NULL)
	      && EVP_EncryptUpdate(c, out, &n, (const uint8_t *)in.p, (int)in.n));
	EVP_CIPHER_CTX_free(c);
}
