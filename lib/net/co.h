/*
 * Coroutines: straight-line code over an event loop. Each has a stack of its own with a guard page
 * below it; the switch is Boost.Context's jump_fcontext. A coroutine belongs to the thread (loop)
 * that made it and never changes thread. Nothing else in the tree knows about stacks.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct co;
struct co_pool;

/* A pool keeps finished coroutines' stacks for reuse; one per loop. stack_size: bytes, 0 for the
 * usual (128 KiB; 256 under sanitizers); `keep`: how many at most idle. NULL when memory is short. */
struct co_pool *co_pool_new(size_t stack_size, size_t keep);

/* No coroutine may be left unfinished. NULL-safe. */
void co_pool_free(struct co_pool *p);

/* Coroutines of this pool that have not finished, and the deepest stack use seen, in bytes
 * (measured by stack painting in builds with SOJORN_PAINT_STACKS, else 0). */
size_t co_pool_active(const struct co_pool *p);
size_t co_pool_deepest(const struct co_pool *p);

/* Starts fn(arg) at once on a new coroutine; returns when it first suspends or ends.
 * False when no stack can be had. May be called from a coroutine. */
[[nodiscard]] bool co_start(struct co_pool *p, void (*fn)(void *), void *arg);

/* The running coroutine; NULL on the loop's own stack. */
struct co *co_self(void);

/* Suspends the running coroutine until co_resume. Suspends. */
void co_suspend(void);

/* Continues a suspended coroutine at once, returning when it next suspends or ends. Called on the
 * loop's own stack of its own thread (a callback of the loop), never from another coroutine. */
void co_resume(struct co *co);
