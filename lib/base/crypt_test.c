#include "lib/base/crypt.h"

#include "lib/base/codec.h"
#include "lib/base/test.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena *arena;

[[gnu::constructor]] static void make_arena(void)
{
	arena = arena_new();
}

[[gnu::destructor]] static void end_arena(void)
{
	arena_free(arena);
}

static void expect_hex(const char *want, const void *got, size_t n)
{
	char text[HEX_LENGTH(512) + 1];

	text[hex_encode(got, n, text)] = '\0';
	EXPECT_CSTR(want, text);
}

static str repeat(char c, size_t n)
{
	return (str){ memset(arena_alloc(arena, n), c, n), n };
}

static str from_hex(const char *text)
{
	uint8_t *p = arena_alloc(arena, strlen(text));
	size_t n;

	EXPECT_TRUE(hex_decode(str_of(text), p, &n));
	return (str){ (const char *)p, n };
}

TEST(sha256_of_fips_180)
{
	EXPECT_CSTR("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
		    sha256_hex(arena, S("abc")).p);
	EXPECT_CSTR("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		    sha256_hex(arena, S("")).p);
	EXPECT_CSTR("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
		    sha256_hex(arena, repeat('a', 1000000)).p);
}

TEST(hmac_sha256_of_rfc_4231)
{
	uint8_t out[SHA256_BYTES];

	hmac_sha256(repeat(0x0b, 20), S("Hi There"), out);
	expect_hex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", out, 32);
	hmac_sha256(S("Jefe"), S("what do ya want for nothing?"), out);
	expect_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", out, 32);
	hmac_sha256(repeat((char)0xaa, 131),
		    S("Test Using Larger Than Block-Size Key - Hash Key First"), out);
	expect_hex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", out, 32);
}

TEST(hmac_sha1_of_rfc_2202)
{
	uint8_t out[SHA1_BYTES];

	hmac_sha1(S("Jefe"), S("what do ya want for nothing?"), out);
	expect_hex("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", out, 20);
	hmac_sha1(repeat((char)0xaa, 80),
		  S("Test Using Larger Than Block-Size Key - Hash Key First"), out);
	expect_hex("aa4ae5e15272d00e95705637ce8a3b55ed402112", out, 20);
}

TEST(hkdf_of_rfc_5869)
{
	uint8_t out[82];

	hkdf_sha256(repeat(0x0b, 22), from_hex("000102030405060708090a0b0c"),
		    from_hex("f0f1f2f3f4f5f6f7f8f9"), out, 42);
	expect_hex(
		"3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
		out, 42);
	hkdf_sha256(repeat(0x0b, 22), S(""), S(""), out, 42);
	expect_hex(
		"8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
		out, 42);
}

static const uint8_t key[KEY_BYTES] = { 1, 2, 3 };

TEST(what_is_sealed_opens_again)
{
	str sealed = seal(arena, key, S("user 7"), S("JBSWY3DPEHPK3PXP")), plain;

	EXPECT_FALSE(str_eq(sealed, seal(arena, key, S("user 7"), S("JBSWY3DPEHPK3PXP"))));
	EXPECT_TRUE(unseal(arena, key, S("user 7"), sealed, &plain));
	EXPECT_CSTR("JBSWY3DPEHPK3PXP", plain.p);
	EXPECT_EQ(16, plain.n);
	EXPECT_TRUE(unseal(arena, key, S(""), seal(arena, key, S(""), S("")), &plain));
	EXPECT_EQ(0, plain.n);
}

TEST(nothing_else_opens)
{
	static const uint8_t other_key[KEY_BYTES] = { 1, 2, 4 };
	str sealed = seal(arena, key, S("user 7"), S("secret")), plain;
	char *tampered = memcpy(arena_alloc(arena, sealed.n), sealed.p, sealed.n);

	EXPECT_FALSE(unseal(arena, other_key, S("user 7"), sealed, &plain));
	EXPECT_FALSE(unseal(arena, key, S("user 8"), sealed, &plain));
	EXPECT_FALSE(unseal(arena, key, S("user 7"), S(""), &plain));
	EXPECT_FALSE(unseal(arena, key, S("user 7"), S("not base64!"), &plain));
	EXPECT_FALSE(unseal(arena, key, S("user 7"), str_slice(sealed, 0, 20), &plain));
	EXPECT_FALSE(unseal(arena, key, S("user 7"), str_slice(sealed, 0, sealed.n - 4), &plain));
	for (size_t i = 0; i < sealed.n - 1; i++) { /* the last character holds two bits only */
		tampered[i] = sealed.p[i] == 'A' ? 'B' : 'A';
		EXPECT_FALSE(unseal(arena, key, S("user 7"), (str){ tampered, sealed.n }, &plain));
		tampered[i] = sealed.p[i];
	}
}

TEST(scrypt_of_rfc_7914)
{
	uint8_t out[64];

	EXPECT_TRUE(scrypt(S("pleaseletmein"), S("SodiumChloride"), 14, 8, 1, out, 64));
	expect_hex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"
		   "d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
		   out, 64);
	EXPECT_FALSE(scrypt(S("x"), S("y"), 31, 8, 1, out, 64));
	EXPECT_FALSE(scrypt(S("x"), S("y"), 64, 8, 1, out, 64));
	EXPECT_FALSE(scrypt(S("x"), S("y"), 0, 8, 1, out, 64));
}

TEST(aes_in_counter_mode)
{
	uint8_t out[20];

	aes256_ctr((const uint8_t[KEY_BYTES]){ 0 }, repeat(0, 20), out);
	expect_hex("dc95c078a2408989ad48a21492842087530f8afb", out,
		   20); /* NIST: AES-256 of zero, of one */
}

TEST(wiping_leaves_nothing)
{
	char secret[] = "secret";

	secret_wipe(secret, sizeof(secret));
	EXPECT_MEM("\0\0\0\0\0\0", secret, 6);
}

static void *hash_in_thread(void *out)
{
	sha256(S("abc"), out);
	return NULL;
}

TEST(each_thread_has_its_context)
{
	uint8_t out[4][SHA256_BYTES];
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		EXPECT_EQ(0, pthread_create(&threads[i], NULL, hash_in_thread, out[i]));
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		expect_hex("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			   out[i], 32);
	}
}

/* ---- signatures over Curve25519 ---- */

static bool verify(bool (*fn)(const uint8_t *, str, const uint8_t *), const char *k, str data,
		   const char *signature)
{
	return fn((const uint8_t *)from_hex(k).p, data, (const uint8_t *)from_hex(signature).p);
}

TEST(ed25519_of_rfc_8032)
{
	const char *rfc_key = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
	const char *good = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
			   "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";

	EXPECT_TRUE(verify(ed25519_verify, rfc_key, S("\x72"), good));
	EXPECT_FALSE(verify(ed25519_verify, rfc_key, S("\x73"), good));
	EXPECT_FALSE(verify(ed25519_verify, rfc_key, S(""), good));
	EXPECT_FALSE(verify(xeddsa_verify, rfc_key, S("\x72"), good));
}

/* Made by libsignal 0.103 over "abc": one key whose point has a negative x, one with a positive. */
TEST(xeddsa_of_libsignal)
{
	static const char *const keys[] = {
		"e75c87d9b9f0b84a671e754f867425a55e818d2be77ae26679038a5314a3053b",
		"1ddde969ce385b58ad2b7bf61ed8351cecc0145e9481ce4a1b951993a637ef11",
	};
	static const char *const signatures[] = {
		"c86099de1b78ca3ccf9e578833d8f48a128d746b402aee9a255c5e0ee4ec6e09"
		"5ce0e40272c06b60748a21eafc0b23645e746b30ffa515a1cbb687853dc22888",
		"475e9dcf605ab078516b965b09edb1c6f92a48aefbb7c64a499c0d0465f3c008"
		"cdc776fe962d7354e8c83b08fdb9ac1ebe49a70e47ef43095a5ff286cb4a5f01",
	};

	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(verify(xeddsa_verify, keys[i], S("abc"), signatures[i]));
		EXPECT_FALSE(verify(xeddsa_verify, keys[i], S("abd"), signatures[i]));
		EXPECT_FALSE(verify(xeddsa_verify, keys[1 - i], S("abc"), signatures[i]));
		EXPECT_FALSE(verify(ed25519_verify, keys[i], S("abc"), signatures[i]));
	}
}

/* u = -1 is on neither curve; 0, 1 and what is beyond the prime are of small order, and sign nothing. */
TEST(xeddsa_of_strange_keys)
{
	static const char *const keys[] = {
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	const char *good = "475e9dcf605ab078516b965b09edb1c6f92a48aefbb7c64a499c0d0465f3c008"
			   "cdc776fe962d7354e8c83b08fdb9ac1ebe49a70e47ef43095a5ff286cb4a5f01";

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		EXPECT_FALSE(verify(xeddsa_verify, keys[i], S("abc"), good));
}

/* RFC 1321 §A.5; more than a piece at a time. */
TEST(md5_of_a_file)
{
	char name[] = "/tmp/sojorn-md5.XXXXXX", text[HEX_LENGTH(MD5_BYTES)];
	int fd = mkstemp(name);
	uint8_t md5[MD5_BYTES];

	unlink(name);
	EXPECT_TRUE(md5_file(fd, md5));
	hex_encode(md5, sizeof(md5), text);
	EXPECT_MEM("d41d8cd98f00b204e9800998ecf8427e", text, sizeof(text));
	for (int i = 0; i < 1000; i++)
		EXPECT_EQ(14, write(fd, "message digest", 14));
	EXPECT_TRUE(md5_file(fd, md5));
	hex_encode(md5, sizeof(md5), text);
	EXPECT_MEM("d639faab824de05a2248006ebf4c3d9c", text, sizeof(text));
	close(fd);
	EXPECT_TRUE(!md5_file(fd, md5));
}
