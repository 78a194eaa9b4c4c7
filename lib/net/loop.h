/*
 * Event loops (libevent core): one a core, sharing nothing. Loops talk through a mailbox each.
 * Timers, readiness, and the coroutine side of both: wait for a socket, sleep, with a deadline.
 */
#pragma once

#include "lib/base/err.h"
#include "lib/base/time.h"
#include "lib/net/co.h"

struct loop;

/* NULL when descriptors or memory are short. */
struct loop *loop_new(void);

/* Nobody may post any more and no coroutine of it may be left; posts not yet run are dropped. NULL-safe. */
void loop_free(struct loop *l);

/* Runs until loop_stop; sets the thread's current loop. */
void loop_run(struct loop *l);

/* Makes loop_run return after the current turn, or the next one's first. From any thread, or a
 * signal handler. */
void loop_stop(struct loop *l);

/* The loop of this thread, NULL outside of one. */
struct loop *loop_self(void);

/* Its coroutines, for metrics and tests. */
struct co_pool *loop_pool(struct loop *l);

/* Runs fn(arg) on the loop's own stack in its next turn. From any thread; never loses a call. */
void loop_post(struct loop *l, void (*fn)(void *), void *arg);

/* Starts a coroutine on this loop at once (from its own thread, also before loop_run). False: out of
 * memory. */
[[nodiscard]] bool loop_start(struct loop *l, void (*fn)(void *), void *arg);

/* A part of what is to be called; only fn and arg are the owner's. */
struct hook {
	void (*fn)(void *);
	void *arg;
	struct hook *next, **link; /* link NULL: not waiting */
};

/* Runs the hook's fn(arg) once at the end of the current turn, after all ready events were handled: this is
 * where pipelines are flushed. Several calls in one turn count once; a call from within such a function
 * runs at the end of the next turn, which waits for nothing. */
void loop_at_turn_end(struct loop *l, struct hook *h);

/* Takes that back, for whoever frees it. */
void loop_forget(struct loop *l, struct hook *h);

/* Timers. Callbacks run on the loop's own stack, never early, some milliseconds late, and may free
 * their timer. NULL: out of memory. */
struct timer;
struct timer *timer_new(struct loop *l, void (*fn)(void *), void *arg);
void timer_set(struct timer *t, int64_t us); /* again from now; one shot */
void timer_cancel(struct timer *t);
void timer_free(struct timer *t);

/* Readiness of a descriptor (level-triggered). want: WATCH_READ | WATCH_WRITE; 0 stops. fn gets one
 * of the two at a time, on the loop's own stack, and may free the watch. NULL: out of memory. */
enum { WATCH_READ = 1, WATCH_WRITE = 2 };
struct watch;
struct watch *watch_new(struct loop *l, int fd, void (*fn)(void *, int ready), void *arg);
void watch_set(struct watch *w, int want);
void watch_free(struct watch *w);

/*
 * A place to wait. The usual pattern of a suspending call:
 *
 *	struct waiter w = { 0 };
 *	start something that will call waiter_wake(&w) on this loop;
 *	err e = waiter_wait(&w, deadline);	Suspends.
 *
 * waiter_wait returns OK once woken (also when woken before), err_deadline when the monotonic time
 * `deadline` (0: none) passed first: then whoever holds &w must be told to forget it. A deadline
 * may pass up to 10 ms late. Each wait uses up one wake, so a waiter may be used again.
 *
 * waiter_wake may be called from a callback or a coroutine of the same loop; the coroutine runs
 * in this turn, after the running callbacks have returned, not inside of the call.
 */
struct waiter {
	bool woken;
	struct loop *loop; /* from here on the loop's */
	struct co *co;
	struct waiter *next, *later, **link;
	int64_t deadline;
};
err waiter_wait(struct waiter *w, int64_t deadline);
void waiter_wake(struct waiter *w);

/* Suspends for so long, or some milliseconds longer. */
void loop_sleep(int64_t us);

/*
 * What a loop has one of, made by its first use: connections to other servers, a client of another
 * machine. The owner keeps one constant, or one in what the parts are of, which make is handed;
 * loop_part makes or finds this loop's own, NULL when make failed. Parts are freed with the loop, newest first, while its timers and watches still work.
 */
struct loop_part {
	void *(*make)(struct loop *l, const struct loop_part *kind);
	void (*free)(void *part);
};
void *loop_part(struct loop *l, const struct loop_part *kind);

/* Called with the name given to loop_set_slice_name (NULL: none) and the microseconds of each
 * uninterrupted slice longer than 10 ms. A coroutine keeps the name across its waits. */
void loop_on_stall(struct loop *l, void (*fn)(const char *name, int64_t us));
void loop_set_slice_name(struct loop *l, const char *name);

/* What came before in this callback and what follows are two slices: for a callback that handles many
 * things, each of them short. */
void loop_new_slice(struct loop *l);
