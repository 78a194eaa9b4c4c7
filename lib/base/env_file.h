/* The syntax of `.env` files, apart from what the values mean. Private to lib/base. */
#pragma once

#include "lib/base/arena.h"

struct env_line {
	str key, value; /* key absent: a blank line or a comment */
};

/* Takes one line off the front of *rest. The value is in the arena (NUL-terminated) or a part of the
 * text. On a mistake NULL is not returned but a phrase, what is wrong with the line. */
const char *env_next(struct arena *a, str *rest, struct env_line *out);
