/*
 * Passwords that nobody may choose, because whoever guesses begins with them: PASSWORD_LIST, a file with one a
 * line (john-data and other packages bring such lists; lines that begin with "#" do not count). Case does not
 * matter. Kept as hashes, eight bytes each; read once, so any thread may ask.
 */
#pragma once

#include "lib/base/str.h"

struct guessed;

/* NULL: *ret_problem says why. */
struct guessed *guessed_read(const char *path, const char **ret_problem);

/* NULL-safe: without a list nothing is in it. */
bool guessed_has(const struct guessed *g, str password);

void guessed_free(struct guessed *g); /* NULL-safe */
