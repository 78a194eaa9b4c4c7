/* Tokens that are handed out, and the server's own keys. Private to app/auth. */
#pragma once

#include "app/app.h"
#include "lib/base/crypt.h"

/* A new token and what the database keeps of it. */
struct secret {
	str text; /* 43 characters */
	struct bytes hash;
};
struct secret secret_new(struct arena *a);

/* A key for one purpose, from JWT_SECRET. */
void auth_key_of(str jwt_secret, str purpose, uint8_t key[static KEY_BYTES]);
