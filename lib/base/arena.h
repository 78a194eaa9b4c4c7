/*
 * Arenas: everything a request touches is owned by its arena and goes with it.
 *
 * Allocation never returns NULL. When memory is out, the arena's out-of-memory handler runs and does
 * not come back: a request's handler jumps to the request's boundary on the same stack, which answers
 * 503 and frees the arena. Nothing is lost by that jump, because whatever a request holds is either in
 * the arena or deferred to it. The rule that follows: a resource gets its arena_defer before the next
 * allocation. Without a handler (start-up, command line, jobs) memory is waited for, up to a second;
 * then the process says so and exits.
 *
 * Under AddressSanitizer and valgrind each allocation is its own malloc, so overruns and uses after
 * the request are seen.
 */
#pragma once

#include "lib/base/str.h"

#include <stdarg.h>

struct arena;

/* Without memory this waits for it and in the end exits; arena_try_new returns NULL instead. */
struct arena *arena_new(void);
struct arena *arena_try_new(void);

/* For whoever cannot tell that there is no memory: sleeps 10 ms, after which it may be there; false when tries,
 * counted from 0, have taken a second. */
bool memory_wait(int tries);

/* What happens when memory is out: oom(arg) must not return. NULL: waits, then exits. */
void arena_set_oom(struct arena *a, void (*oom)(void *), void *arg);

/* Runs the deferred releases, newest first, then frees everything. NULL-safe. */
void arena_free(struct arena *a);

/* Like arena_free + arena_new, keeping the first block and the out-of-memory handler. */
void arena_reset(struct arena *a);

/* 16-byte aligned. arena_zalloc zeroes. */
void *arena_alloc(struct arena *a, size_t size);
void *arena_zalloc(struct arena *a, size_t size);

/* Grows an allocation made by this arena, copying old_size bytes; in place when it was the last one. */
void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size);

/* Copies, always with a NUL behind the end, so that .p is a C string too. */
str arena_copy(struct arena *a, str s);
const char *arena_cstr(struct arena *a, str s);

/* printf into the arena; NUL-terminated like arena_copy. */
str arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
str arena_vprintf(struct arena *a, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

/* ASCII lower-cased copy. */
str arena_lower(struct arena *a, str s);

/* Calls release(resource) when the arena goes: a PGresult, a lease, a file. When memory is out for
 * this very note, the resource is released before the out-of-memory handler runs. */
void arena_defer(struct arena *a, void (*release)(void *), void *resource);

/* Takes back the newest arena_defer of this resource without calling it; false when there is none. */
bool arena_undefer(struct arena *a, void *resource);

/* Bytes handed out, for tests and metrics. */
size_t arena_used(const struct arena *a);

/* Fault injection for tests: of the calls of try_malloc (arenas get their memory by it) from now on the
 * n-th fails, once; 0 stops that. Under AddressSanitizer and valgrind that is the n-th allocation.
 * True when the failure asked for before is still to come. */
bool arena_fail_nth(long n);

/* malloc that takes part in this; for memory that no arena owns. */
void *try_malloc(size_t size);
