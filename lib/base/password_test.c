#include "lib/base/password.h"

#include "lib/base/arena.h"
#include "lib/base/test.h"

#include <stdio.h>
#include <string.h>

static bool is_right(str password, const char *hash)
{
	bool right;
	err e = password_check(password, str_of(hash), &right);

	if (e.info)
		fail_msg("%s: %s", hash, e.info->message);
	return right;
}

static void expect_unverifiable(str hash)
{
	bool right = true;

	if (!err_is(err_password_unverifiable, password_check(S("password"), hash, &right)))
		fail_msg("verifiable: %.*s", (int)hash.n, hash.p);
	EXPECT_FALSE(right);
}

TEST(a_new_hash_is_bcrypt)
{
	char hash[PASSWORD_HASH_SIZE], other[PASSWORD_HASH_SIZE];

	EXPECT_TRUE(err_is(OK, password_hash(S("correct horse"), hash)));
	EXPECT_TRUE(err_is(OK, password_hash(S("correct horse"), other)));
	EXPECT_EQ(60, strlen(hash));
	EXPECT_EQ(0, strncmp(hash, "$2b$10$", 7));
	EXPECT_TRUE(strcmp(hash, other) != 0);
	EXPECT_TRUE(is_right(S("correct horse"), hash));
	EXPECT_FALSE(is_right(S("correct horsf"), hash));
	EXPECT_FALSE(is_right(S("correct horse\0"), hash));
	EXPECT_FALSE(is_right(S(""), hash));
	EXPECT_FALSE(password_needs_rehash(str_of(hash)));
}

TEST(passwords_bcrypt_would_cut_are_refused)
{
	static const char long_one[] =
		"1234567890123456789012345678901234567890123456789012345678901234567890123";
	char hash[PASSWORD_HASH_SIZE];

	EXPECT_TRUE(err_is(err_invalid, password_hash((str){ long_one, 73 }, hash)));
	EXPECT_TRUE(err_is(err_invalid, password_hash(S("a\0b"), hash)));
	EXPECT_TRUE(err_is(OK, password_hash((str){ long_one, 72 }, hash)));
	EXPECT_TRUE(
		is_right((str){ long_one, 73 }, hash)); /* an imported hash knows 72 bytes only */
	EXPECT_FALSE(is_right((str){ long_one, 71 }, hash));
}

/* Published with the OpenBSD and Openwall implementations. */
TEST(bcrypt_of_others)
{
	EXPECT_TRUE(
		is_right(S(""), "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s."));
	EXPECT_TRUE(
		is_right(S("a"), "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"));
	EXPECT_TRUE(
		is_right(S("abc"), "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i"));
	EXPECT_TRUE(
		is_right(S("U*U"), "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
	EXPECT_TRUE(is_right(S("\xFF\xFF\xA3"),
			     "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"));
	/* $2a$ as everybody computes it, not as crypt_blowfish's countermeasure does */
	EXPECT_TRUE(is_right(S("\xFF\xFF\xA3"),
			     "$2a$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e"));
	EXPECT_FALSE(
		is_right(S("b"), "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"));
	EXPECT_TRUE(password_needs_rehash(
		S("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe")));
	EXPECT_FALSE(password_needs_rehash(
		S("$2a$12$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe")));
	EXPECT_TRUE(password_needs_rehash(S("$argon2id$")));
}

/* The reference implementation's test.c. */
TEST(argon2_of_others)
{
	static const char id[] =
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
	static const char i[] =
		"$argon2i$v=19$m=256,t=2,p=2$c29tZXNhbHQ$T/XOJ2mh1/TIpJHfCdQan76Q5esCFVoT5MAeIM1Oq2E";

	EXPECT_TRUE(is_right(S("password"), id));
	EXPECT_TRUE(is_right(S("password"), i));
	EXPECT_FALSE(is_right(S("passwore"), id));
	EXPECT_FALSE(is_right(S(""), i));
}

/* Firebase's scrypt: the example of its own tool. */
#define FIREBASE(parameters, hash) \
	"$fbscrypt$v=1,n=14,r=8,p=1," parameters "$42xEC+ixf3L2lw==$" hash
#define FIREBASE_SK \
	"sk=jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="
#define FIREBASE_HASH \
	"lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ=="

TEST(scrypt_of_firebase)
{
	static const char hash[] = FIREBASE("ss=Bw==," FIREBASE_SK, FIREBASE_HASH);

	EXPECT_TRUE(is_right(S("user1password"), hash));
	EXPECT_FALSE(is_right(S("user2password"), hash));
	EXPECT_FALSE(is_right(S("user1password"), FIREBASE(FIREBASE_SK, FIREBASE_HASH)));
}

TEST(want_of_memory_is_no_wrong_password)
{
	char hash[PASSWORD_HASH_SIZE];
	bool right;

	arena_fail_nth(1);
	EXPECT_TRUE(err_is(err_no_memory, password_hash(S("x"), hash)));
	arena_fail_nth(1);
	EXPECT_TRUE(err_is(
		err_no_memory,
		password_check(S("a"),
			       S("$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe"),
			       &right)));
}

TEST(no_hash_has_no_password)
{
	EXPECT_FALSE(is_right(S(""), ""));
	EXPECT_FALSE(is_right(S("x"), NULL));
}

TEST(what_nobody_can_check_says_so)
{
	static const char *const bad[] = {
		"password",
		"!",
		"{SSHA}xyz",
		"$1$salt$hash",
		"$6$rounds=5000$x$y",
		"$argon2",
		"$2x$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
		"$2a$03$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
		"$2a$17$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
		"$2a$31$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
		"$2a$0a$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
		"$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfx",
		"$2a$06$m0CrhHm10qJ3lXRY.5zD!O3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
		"$2a$06_m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
		"$argon2d$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=1048577,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=21,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=17$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=1,keyid=x$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$",
		"$argon2id$v=19$m=256,t=2,p=1$!$!",
		FIREBASE("ss=Bw==", FIREBASE_HASH),
		FIREBASE("ss=Bw==,sk=", ""),
		FIREBASE("ss=Bw==,sk=", "QUFB"),
		FIREBASE("ss=!," FIREBASE_SK, FIREBASE_HASH),
		FIREBASE(FIREBASE_SK, "lSrf"),
		FIREBASE(FIREBASE_SK, "!"),
		"$fbscrypt$v=2,n=14,r=8,p=1,sk=QUFB$QUFB$QUFB",
		"$fbscrypt$",
		"$fbscrypt$v=1,n=32,r=8,p=1,sk=QUFB$QUFB$QUFB",
		"$fbscrypt$v=1,n=14,r=8,p=0,sk=QUFB$QUFB$QUFB",
		"$fbscrypt$v=1,n=30,r=8,p=1,sk=QUFB$QUFB$QUFB",
		"$fbscrypt$v=1,n=14,r=x,p=1,sk=QUFB$QUFB$QUFB",
		"$fbscrypt$v=1,n=14,r=8,p=1,sk=QUFB$QU$QUFB",
		"$fbscrypt$v=1,n=14,r=8,p=1,sk=!$QUFB$QUFB",
	};
	char longer[400];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		expect_unverifiable(str_of(bad[i]));
	memset(longer, 'A', sizeof(longer));
	memcpy(longer, "$argon2id$v=19$m=256,t=2,p=1$", 29);
	expect_unverifiable((str){ longer, sizeof(longer) });
	memcpy(longer, "$fbscrypt$v=1,n=14,r=8,p=1,sk=AA", 32);
	expect_unverifiable((str){ longer, sizeof(longer) });
}
