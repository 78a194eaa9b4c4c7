/*
 * Digests, keyed digests and authenticated encryption by OpenSSL. Nothing here fails for reasons of its
 * input except unseal and scrypt; when OpenSSL itself cannot work, the process ends.
 */
#pragma once

#include "lib/base/arena.h"

#define MD5_BYTES    16
#define SHA1_BYTES   20
#define SHA256_BYTES 32
#define KEY_BYTES    32

/* Where a protocol asks for it; nothing rests on it. */
void sha1(str data, uint8_t out[static SHA1_BYTES]);

void sha256(str data, uint8_t out[static SHA256_BYTES]);
str sha256_hex(struct arena *a, str data);

/* A SHA-256 of what comes piece by piece. A copy goes on from there by itself. */
struct sha256 *sha256_new(void);
struct sha256 *sha256_copy(const struct sha256 *s);
void sha256_add(struct sha256 *s, const void *p, size_t n);
void sha256_end(struct sha256 *s, uint8_t out[static SHA256_BYTES]); /* frees it */
void sha256_free(struct sha256 *s);				     /* NULL-safe */

/* MD5 of everything that can be read from a descriptor's beginning on, only to compare with what others say.
 * Blocks. False when reading fails. */
[[nodiscard]] bool md5_file(int fd, uint8_t out[static MD5_BYTES]);

/* RFC 2104; a key of any length. */
void hmac_sha256(str key, str data, uint8_t out[static SHA256_BYTES]);
void hmac_sha1(str key, str data, uint8_t out[static SHA1_BYTES]);

/* RFC 5869: n bytes (at most 255 * 32) for the purpose named by `info`, from a secret with entropy. */
void hkdf_sha256(str secret, str salt, str info, void *out, size_t n);

/*
 * AES-256-GCM with a random nonce, as base64url text: nonce, ciphertext, tag. `context` is bound to the
 * text but not part of it (whose secret this is), so that it opens nowhere else.
 */
str seal(struct arena *a, const uint8_t key[static KEY_BYTES], str context, str plain);

/* False when the text was not made by seal with this key and context. */
[[nodiscard]] bool unseal(struct arena *a, const uint8_t key[static KEY_BYTES], str context,
			  str sealed, str *out);

/*
 * Public keys of other issuers, as RFC 7518 §6 has them: numbers in big endian. NULL: no such key, or one that is
 * too weak (RSA below 2048 bits). Owned by the caller.
 */
struct public_key;
struct public_key *public_key_p256(str x, str y);
struct public_key *public_key_rsa(str n, str e);
struct public_key *public_key_ed25519(str x);
void public_key_free(struct public_key *k); /* NULL-safe */

/* A signature over SHA-256 as JWS has it (RFC 7518 §3: RS256, ES256), or Ed25519's. */
[[nodiscard]] bool public_key_verify(const struct public_key *k, str data, str signature);

/* RFC 8017 §8.2 (RS256 of RFC 7518): signs with a private RSA key in PEM. Takes about a millisecond. False
 * when the text is no such key. */
[[nodiscard]] bool rsa_sha256_sign(struct arena *a, str pem, str data, str *out);

/*
 * RFC 8032 §5.1.7: whether `signature` is one of `data` by this Ed25519 key. Public data: not in constant time.
 * About 0.15 ms.
 */
#define ED25519_KEY	  32
#define ED25519_SIGNATURE 64
bool ed25519_verify(const uint8_t key[static ED25519_KEY], str data,
		    const uint8_t signature[static ED25519_SIGNATURE]);

/*
 * The same for a signature that Signal's clients make with an X25519 key (the u-coordinate of the signer's
 * public key): XEdDSA, https://signal.org/docs/specifications/xeddsa/ §2.3, in the form of libsignal.
 */
bool xeddsa_verify(const uint8_t u[static ED25519_KEY], str data,
		   const uint8_t signature[static ED25519_SIGNATURE]);

/* RFC 7914 with N = 2^log_n. Blocks for 50 ms and more: offload it. False when the parameters need more
 * than 256 MiB, or memory is out. */
[[nodiscard]] bool scrypt(str password, str salt, unsigned log_n, unsigned r, unsigned p, void *out,
			  size_t n);

/* AES-256 in counter mode, the counter beginning at zero. */
void aes256_ctr(const uint8_t key[static KEY_BYTES], str in, uint8_t *out);

/* Zeroes in a way no compiler takes out. */
void secret_wipe(void *p, size_t n);
