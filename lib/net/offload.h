/* A small pool of threads for what blocks or computes over 1 ms: password hashes, images, files. */
#pragma once

#include "lib/base/err.h"

#include <stddef.h>

struct offload;

/* How far the workers stand behind the loops, whose work is short and waited for by many. */
#define OFFLOAD_NICE 10

/* `threads` workers, at most `queue` waiting jobs. Shared by all loops. NULL when threads or memory
 * are short. */
struct offload *offload_new(int threads, size_t queue);

/* Waits for the jobs under way and queued; the loops they came from must still be there. NULL-safe. */
void offload_free(struct offload *o);

/*
 * Runs fn(arg) on a worker and returns when it is done. Suspends. The caller's memory stays valid:
 * the wait ignores deadlines, fn must be bounded by itself. Outside of a coroutine fn runs at once.
 * Errors: err_unavailable when the queue is full.
 */
err offload_run(struct offload *o, void (*fn)(void *), void *arg);
