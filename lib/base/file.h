/* Small files, read whole. */
#pragma once

#include "lib/base/arena.h"

/* All of a file of at most `max` bytes, in the arena, with a NUL behind it. False: it cannot be read, and errno says
 * why; EFBIG: it is larger. */
[[nodiscard]] bool file_read(struct arena *a, const char *path, size_t max, str *out);
