/*
 * Passwords: new ones are bcrypt, the hashes other systems left are checked in their own format.
 *
 * Hashing and checking block for tens of milliseconds on purpose: they must run in the offload pool, and
 * use no arena, so that they may.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/base/str.h"

#define PASSWORD_MAX	   72 /* bytes bcrypt looks at; longer new passwords are to be refused */
#define PASSWORD_HASH_SIZE 61 /* of a new hash, with its NUL */

extern const err err_password_unverifiable; /* 422: nobody can check this hash, it needs a reset */

/* A new bcrypt hash ($2b$, cost 10): 44 ms. Errors: err_invalid (over PASSWORD_MAX bytes, or a NUL
 * within), err_no_memory. */
err password_hash(str password, char out[static PASSWORD_HASH_SIZE]);

/*
 * Is it the password of this hash? Formats: bcrypt ($2a$, $2b$, $2y$; the first 72 bytes count), Argon2
 * ($argon2i$, $argon2id$ of version 19) and Firebase's scrypt ($fbscrypt$v=1). An absent or empty hash
 * has no password. Errors: err_password_unverifiable (another format, malformed, or more costly than
 * any system made it), err_no_memory.
 */
err password_check(str password, str hash, bool *ret_right);

/* True when a password that was right should be hashed anew: it is no bcrypt of our cost or higher. */
bool password_needs_rehash(str hash);
