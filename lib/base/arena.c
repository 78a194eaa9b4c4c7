/*
 * A chain of blocks with a bump pointer in the newest. Blocks double up to MAX_BLOCK; what does not
 * fit one gets a block of its own. In checking mode (sanitizer, valgrind) there is no room to bump in,
 * so every allocation takes the slow path and gets a block of exactly its size.
 */
#include "lib/base/arena.h"

#include <stdalign.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define RUNNING_ON_VALGRIND 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#define CHECKING	true
#define forget(p, size) ASAN_POISON_MEMORY_REGION((p), (size))
#else
#define CHECKING	(RUNNING_ON_VALGRIND != 0)
#define forget(p, size) ((void)0)
#endif

enum { ALIGN = 16, FIRST_BLOCK = 8192, MAX_BLOCK = 256 * 1024 };

struct block {
	struct block *next;
	alignas(ALIGN) char data[];
};

struct deferred {
	void (*release)(void *);
	void *resource;
	struct deferred *next;
};

struct arena {
	char *at, *end;	      /* room left in the newest block */
	struct block *blocks; /* newest first; the room behind this struct is in none of them */
	struct deferred *deferred;
	void (*oom)(void *);
	void *oom_arg;
	size_t used;
	size_t next_size; /* of the next block */
	size_t first_size;
	alignas(ALIGN) char first[];
};

static atomic_long fail_countdown;

bool arena_fail_nth(long n)
{
	return atomic_exchange(&fail_countdown, n) > 0;
}

void *try_malloc(size_t size)
{
	if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) > 0
	    && atomic_fetch_sub(&fail_countdown, 1) == 1)
		return NULL;
	return malloc(size);
}

[[gnu::noreturn]] static void end_process(void)
{
	fputs("out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

bool memory_wait(int tries)
{
	if (tries == 100)
		return false;
	usleep(10 * 1000);
	return true;
}

static void use_first_block(struct arena *a)
{
	a->blocks = NULL;
	a->at = a->first;
	a->end = a->first + a->first_size;
	a->next_size = 2 * FIRST_BLOCK;
	a->used = 0;
}

struct arena *arena_try_new(void)
{
	size_t room = CHECKING ? 0 : FIRST_BLOCK - sizeof(struct arena);
	struct arena *a = try_malloc(sizeof(*a) + room);

	if (!a)
		return NULL;
	*a = (struct arena){ .first_size = room };
	use_first_block(a);
	return a;
}

struct arena *arena_new(void)
{
	struct arena *a = arena_try_new();

	for (int tries = 0; !a && memory_wait(tries); tries++)
		a = arena_try_new();
	if (!a)
		end_process();
	return a;
}

void arena_set_oom(struct arena *a, void (*oom)(void *), void *arg)
{
	a->oom = oom;
	a->oom_arg = arg;
}

static void release_all(struct arena *a)
{
	while (a->deferred) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		d->release(d->resource);
	}
	while (a->blocks) {
		struct block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	release_all(a);
	free(a);
}

void arena_reset(struct arena *a)
{
	release_all(a);
	use_first_block(a);
}

static size_t round_up(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* A block with room for `size` bytes, pushed on the chain; NULL when memory is out. */
static struct block *add_block(struct arena *a, size_t size)
{
	struct block *b = size < PTRDIFF_MAX / 2 ? try_malloc(sizeof(*b) + size) : NULL;

	if (!b)
		return NULL;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

static void *alloc_slowly(struct arena *a, size_t size)
{
	bool own_block = CHECKING || size > a->next_size / 4;
	size_t room = own_block ? size : a->next_size;
	struct block *b = add_block(a, room);

	if (!b)
		return NULL;
	a->used += size;
	if (own_block)
		return b->data;
	a->at = b->data + round_up(size);
	a->end = b->data + room;
	if (a->next_size < MAX_BLOCK)
		a->next_size *= 2;
	return b->data;
}

static inline void *try_alloc(struct arena *a, size_t size)
{
	char *p = a->at;

	if (size > (size_t)(a->end - p))
		return alloc_slowly(a, size);
	a->at = p + round_up(size); /* blocks are multiples of ALIGN, so this stays within */
	a->used += size;
	return p;
}

/* What could not be had: by the handler, which does not come back, or by patience. */
static void *insist(struct arena *a, size_t size)
{
	void *p = NULL;

	if (a->oom)
		a->oom(a->oom_arg);
	for (int tries = 0; !p && memory_wait(tries); tries++)
		p = try_alloc(a, size);
	if (!p)
		end_process();
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p = try_alloc(a, size);

	return p ? p : insist(a, size);
}

void *arena_zalloc(struct arena *a, size_t size)
{
	return memset(arena_alloc(a, size), 0, size);
}

void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size)
{
	char *p = old;

	/* Only the newest allocation of the current block ends where the free room begins. */
	if (p && p + round_up(old_size) == a->at && new_size >= old_size
	    && new_size <= (size_t)(a->end - p)) {
		a->at = p + round_up(new_size);
		a->used += new_size - old_size;
		return p;
	}
	void *moved = arena_alloc(a, new_size);
	if (old)
		memcpy(moved, old, old_size < new_size ? old_size : new_size);
	forget(old, old_size);
	return moved;
}

str arena_copy(struct arena *a, str s)
{
	char *p;

	if (!s.p)
		return (str){ 0 };
	p = arena_alloc(a, s.n + 1);
	memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (str){ p, s.n };
}

const char *arena_cstr(struct arena *a, str s)
{
	return arena_copy(a, s).p;
}

str arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	str s;

	va_start(args, format);
	s = arena_vprintf(a, format, args);
	va_end(args);
	return s;
}

str arena_vprintf(struct arena *a, const char *format, va_list args)
{
	char small[512];
	va_list again;
	int n;
	char *p;

	va_copy(again, args);
	n = vsnprintf(small, sizeof(small), format, args);
	if (n < 0) /* only a wide character that has no multibyte form, or a length past INT_MAX */
		n = 0;
	p = arena_alloc(a, (size_t)n + 1);
	if ((size_t)n < sizeof(small)) {
		memcpy(p, small, (size_t)n);
		p[n] = '\0';
	} else {
		vsnprintf(p, (size_t)n + 1, format, again);
	}
	va_end(again);
	return (str){ p, (size_t)n };
}

str arena_lower(struct arena *a, str s)
{
	char *p;

	if (!s.p)
		return (str){ 0 };
	p = arena_alloc(a, s.n + 1);
	for (size_t i = 0; i < s.n; i++)
		p[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] + ('a' - 'A')) : s.p[i];
	p[s.n] = '\0';
	return (str){ p, s.n };
}

void arena_defer(struct arena *a, void (*release)(void *), void *resource)
{
	struct deferred *d = try_alloc(a, sizeof(*d));

	if (!d && a->oom)
		release(resource);
	if (!d)
		d = insist(a, sizeof(*d));
	*d = (struct deferred){ release, resource, a->deferred };
	a->deferred = d;
}

bool arena_undefer(struct arena *a, void *resource)
{
	for (struct deferred **d = &a->deferred; *d; d = &(*d)->next) {
		if ((*d)->resource == resource) {
			*d = (*d)->next;
			return true;
		}
	}
	return false;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}
