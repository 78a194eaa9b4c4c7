/* How far a command is and how long it will take, on one line of a terminal. Private to cmd/. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
	int64_t started; /* monotonic */
	bool shown;
};

/* From now on; false where nobody would see it: standard error is no terminal. */
bool progress_begin(struct progress *p);

/* What features call with how much of something is done; `arg` is the struct. */
void progress_show(void *arg, const char *what, int64_t done, int64_t total);

/* Takes the line away. */
void progress_end(const struct progress *p);
