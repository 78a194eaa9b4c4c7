/* UUIDs as values (RFC 9562). The nil UUID means "none". */
#pragma once

#include "lib/base/str.h"

typedef struct uuid {
	uint8_t b[16];
} uuid;

#define UUID_TEXT 36

/* Accepts 8-4-4-4-12 hex, either case; nothing else. */
bool uuid_parse(str s, uuid *out);

/* Writes 36 lower-case characters, no NUL. */
void uuid_format(uuid id, char out[static UUID_TEXT]);

/* Random (version 4), from the kernel's generator. */
uuid uuid_random(void);

bool uuid_eq(uuid a, uuid b);
bool uuid_is_nil(uuid id);
int uuid_compare(uuid a, uuid b);
