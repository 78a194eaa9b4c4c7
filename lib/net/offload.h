/* A small pool of threads for what blocks or computes over 1 ms: password hashes, images, files. */
#pragma once

#include "lib/base/err.h"

#include <stddef.h>

struct loop;
struct offload;

/* How far the workers stand behind the loops, whose work is short and waited for by many. */
#define OFFLOAD_NICE 10

/* `threads` workers, at most `queue` waiting jobs. Shared by all loops. NULL when threads or memory
 * are short. */
struct offload *offload_new(int threads, size_t queue);

/*
 * A job that nobody waits for. The pool's until fn(arg) has returned on a worker or, when there is one, done(arg)
 * is called on the loop that it came from; without, fn may free the job.
 */
struct offload_job {
	void (*fn)(void *);
	void (*done)(void *); /* NULL: fn is all */
	void *arg;
	struct loop *loop; /* from here on the pool's */
	struct offload_job *next;
};

/* Hands a job over and goes on. False when the queue is full. */
[[nodiscard]] bool offload_start(struct offload *o, struct offload_job *j);

/* Waits for the jobs under way and queued; the loops they came from must still be there. NULL-safe. */
void offload_free(struct offload *o);

/*
 * Runs fn(arg) on a worker and returns when it is done. Suspends. The caller's memory stays valid:
 * the wait ignores deadlines, fn must be bounded by itself. Outside of a coroutine fn runs at once.
 * Errors: err_unavailable when the queue is full.
 */
err offload_run(struct offload *o, void (*fn)(void *), void *arg);
