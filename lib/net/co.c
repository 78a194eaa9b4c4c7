/*
 * Coroutines on Boost.Context. A stack is one mapping: guard page, stack, and at its top the
 * struct co itself. The entry function is a loop that runs one job after the other, so a pooled
 * stack needs no new context, and the tools below see balanced calls on it.
 *
 * Every tool that follows stacks must be told about the switch: ASan (fake stacks, bounds), TSan
 * (a fiber each), LSan (suspended stacks hold pointers), valgrind (stack ranges). All of it is here.
 */
#include "lib/net/co.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __has_feature
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || HAS_FEATURE(address_sanitizer)
#define CO_ASAN 1
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if defined(__SANITIZE_THREAD__) || HAS_FEATURE(thread_sanitizer)
#define CO_TSAN 1
#include <sanitizer/tsan_interface.h>
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#else
#define VALGRIND_STACK_REGISTER(from, to) 0U
#define VALGRIND_STACK_DEREGISTER(id)	  ((void)(id))
#endif

/* Boost.Context, C linkage (boost/context/detail/fcontext.hpp): jump_fcontext continues `to` and
 * returns, when somebody jumps back, with that one's context and pointer. */
struct transfer {
	void *context, *data;
};
extern struct transfer jump_fcontext(void *to, void *data);
extern void *make_fcontext(void *stack_top, size_t size, void (*fn)(struct transfer));

struct tools {		    /* what the tools want to know of one stack */
	void *fake_stack;   /* ASan, while suspended */
	const void *bottom; /* ASan: the stack that switched to us */
	size_t size;
	void *fiber, *caller_fiber; /* TSan */
	unsigned valgrind;
};

struct co {
	struct co_pool *pool;
	struct co *next;   /* in the pool's idle list */
	struct co *caller; /* the coroutine that started this one; NULL: the loop */
	void *context;	   /* suspended: where to continue */
	void *back;	   /* running: where co_suspend goes */
	void (*fn)(void *);
	void *arg;
	char *stack;
	struct tools tools;
};

struct co_pool {
	size_t stack_size, guard, keep;
	size_t nidle, active, deepest;
	struct co *idle;
};

/* Only touched pages cost memory. Sanitized frames are larger by their red zones. */
#if defined(CO_ASAN) || defined(CO_TSAN)
enum { USUAL_STACK = 256 * 1024 };
#else
enum { USUAL_STACK = 128 * 1024 };
#endif

static _Thread_local struct co *current;

#ifdef SOJORN_PAINT_STACKS
enum { PAINT = 0xa5 };

static void paint(char *from, const void *to)
{
	memset(from, PAINT, (size_t)((const char *)to - from));
}

/* The first byte that lost its paint bounds what was used. */
static void measure(struct co *co)
{
	char *p = co->stack, *top = (char *)co;
	size_t used;

	while (p < top && *p == (char)PAINT)
		p++;
	used = (size_t)(top - p);
	if (used > co->pool->deepest)
		co->pool->deepest = used;
}
#else
static void paint(char *from, const void *to)
{
	(void)from, (void)to;
}

static void measure(struct co *co)
{
	(void)co;
}
#endif

static void tools_open(struct co *co)
{
	co->tools.valgrind = VALGRIND_STACK_REGISTER(co->stack, (char *)co);
#ifdef CO_ASAN
	__lsan_register_root_region(co->stack, co->pool->stack_size);
#endif
#ifdef CO_TSAN
	co->tools.fiber = __tsan_create_fiber(0);
#endif
}

static void tools_close(struct co *co)
{
	VALGRIND_STACK_DEREGISTER(co->tools.valgrind);
#ifdef CO_ASAN
	__lsan_unregister_root_region(co->stack, co->pool->stack_size);
	__asan_unpoison_memory_region(co->stack, co->pool->stack_size);
#endif
#ifdef CO_TSAN
	__tsan_destroy_fiber(co->tools.fiber);
#endif
}

/* Leaves the present stack for co's; returns when co suspends or ends. */
static void enter(struct co *co)
{
	struct transfer t;
#ifdef CO_ASAN
	void *fake;

	__sanitizer_start_switch_fiber(&fake, co->stack, (size_t)((char *)co - co->stack));
#endif
#ifdef CO_TSAN
	co->tools.caller_fiber = __tsan_get_current_fiber();
	__tsan_switch_to_fiber(co->tools.fiber, 0);
#endif
	co->caller = current;
	current = co;
	t = jump_fcontext(co->context, co);
	current = co->caller;
	co->context = t.context;
#ifdef CO_ASAN
	__sanitizer_finish_switch_fiber(fake, NULL, NULL);
#endif
}

/* On co's stack, just arrived from enter(). */
static void arrived(struct co *co, struct transfer t)
{
	co->back = t.context;
#ifdef CO_ASAN
	__sanitizer_finish_switch_fiber(co->tools.fake_stack, &co->tools.bottom, &co->tools.size);
#endif
}

/* Goes back to enter(); returns when entered again. The last time ASan drops its fake stack. */
static void leave(struct co *co, bool last)
{
	(void)last;
#ifdef CO_ASAN
	__sanitizer_start_switch_fiber(last ? NULL : &co->tools.fake_stack, co->tools.bottom,
				       co->tools.size);
#endif
#ifdef CO_TSAN
	__tsan_switch_to_fiber(co->tools.caller_fiber, 0);
#endif
	arrived(co, jump_fcontext(co->back, NULL));
}

/* The bottom frame of every coroutine: job after job, until entered without one. */
static void run_jobs(struct transfer t)
{
	struct co *co = t.data;

	arrived(co, t);
	while (co->fn) {
		co->fn(co->arg);
		co->fn = NULL;
		leave(co, false);
	}
	leave(co, true);
	abort();
}

static struct co *co_new(struct co_pool *p)
{
	size_t size = p->guard + p->stack_size;
	char *map = mmap(NULL, size, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
	struct co *co;

	if (map == MAP_FAILED)
		return NULL;
	if (mprotect(map + p->guard, p->stack_size, PROT_READ | PROT_WRITE) < 0) {
		munmap(map, size);
		return NULL;
	}
	co = (struct co *)(void *)(map + size - (sizeof *co + 63) / 64 * 64);
	co->pool = p;
	co->stack = map + p->guard;
	co->context = make_fcontext(co, (size_t)((char *)co - co->stack), run_jobs);
	paint(co->stack, co->context);
	tools_open(co);
	return co;
}

/* Enters the idle coroutine without a job, so that its bottom frame ends, then unmaps it. */
static void co_free(struct co *co)
{
	struct co_pool *p = co->pool;

	enter(co);
	tools_close(co);
	munmap(co->stack - p->guard, p->guard + p->stack_size);
}

/* After enter(): a coroutine whose job has ended goes back to the pool. */
static void reclaim(struct co *co)
{
	struct co_pool *p = co->pool;

	if (co->fn)
		return;
	p->active--;
	measure(co);
	if (p->nidle >= p->keep) {
		co_free(co);
		return;
	}
	paint((char *)co - p->deepest, co->context);
	co->next = p->idle;
	p->idle = co;
	p->nidle++;
}

struct co_pool *co_pool_new(size_t stack_size, size_t keep)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct co_pool *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	stack_size = stack_size ? stack_size : USUAL_STACK;
	p->stack_size = (stack_size + page - 1) / page * page;
	p->guard = page;
	p->keep = keep;
	return p;
}

void co_pool_free(struct co_pool *p)
{
	if (!p)
		return;
	assert(p->active == 0);
	while (p->idle) {
		struct co *co = p->idle;

		p->idle = co->next;
		co_free(co);
	}
	free(p);
}

size_t co_pool_active(const struct co_pool *p)
{
	return p->active;
}

size_t co_pool_deepest(const struct co_pool *p)
{
	return p->deepest;
}

bool co_start(struct co_pool *p, void (*fn)(void *), void *arg)
{
	struct co *co = p->idle;

	if (co) {
		p->idle = co->next;
		p->nidle--;
	} else if (!(co = co_new(p))) {
		return false;
	}
	p->active++;
	co->fn = fn;
	co->arg = arg;
	enter(co);
	reclaim(co);
	return true;
}

struct co *co_self(void)
{
	return current;
}

void co_suspend(void)
{
	assert(current);
	leave(current, false);
}

void co_resume(struct co *co)
{
	assert(!current);
	enter(co);
	reclaim(co);
}
