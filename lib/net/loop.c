/*
 * The event loop. A turn: libevent waits and runs the callbacks of what is ready; then the
 * coroutines they woke run, and those they wake, a bounded number of rounds; then the hooks of the
 * turn's end. What the hooks cause waits for the next turn, which then does not wait for events.
 *
 * The mailbox is a lock-free stack that the owner takes whole and reverses; only the post that finds
 * it empty writes to the eventfd.
 *
 * Deadlines: a wait is far shorter than its deadline nearly always, so a waiter is only linked into
 * a list (two pointers), and one timer, set to the earliest deadline known, walks it. Walks
 * are at least DEADLINE_GRAIN apart, so a deadline may pass that much late, never early.
 */
#include "lib/net/loop.h"

#include "lib/net/parts.h"

#include <assert.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	STACKS_KEPT = 256,
	READY_ROUNDS = 16,	    /* of woken coroutines, before the turn ends all the same */
	DEADLINE_GRAIN = 10 * 1000, /* microseconds */
	STALL = 10 * 1000,
};

struct letter {
	struct letter *next;
	void (*fn)(void *);
	void *arg;
};

struct loop {
	struct event_base *base;
	struct co_pool *pool;
	struct parts parts;

	_Atomic(struct letter *) mail; /* newest first */
	int mail_fd;
	struct event mail_event;
	atomic_bool stop;

	struct waiter *ready, **ready_end; /* woken, not yet run; oldest first */
	struct hook *hooks, **hooks_end;   /* of this turn's end; oldest first */

	struct waiter *waiting; /* those with a deadline */
	int64_t earliest;	/* no deadline in the list is before it; 0: timer not set */
	int64_t walked;
	struct event deadline_event;

	void (*on_stall)(const char *name, int64_t us);
	const char *slice_name;
	int64_t slice_started;
};

struct timer {
	struct event event;
	int64_t due;
	struct loop *loop;
	void (*fn)(void *);
	void *arg;
};

struct watch {
	struct event read, write;
	struct loop *loop;
	int want;
	void (*fn)(void *, int);
	void *arg;
};

static _Thread_local struct loop *self;

/* ---- slices ---- */

static void slice_begin(struct loop *l)
{
	l->slice_started = time_monotonic();
	l->slice_name = NULL;
}

void loop_new_slice(struct loop *l)
{
	int64_t started = l->slice_started;
	const char *name = l->slice_name;

	slice_begin(l);
	if (l->slice_started - started > STALL && l->on_stall)
		l->on_stall(name, l->slice_started - started);
}

void loop_on_stall(struct loop *l, void (*fn)(const char *name, int64_t us))
{
	l->on_stall = fn;
}

void loop_set_slice_name(struct loop *l, const char *name)
{
	l->slice_name = name;
}

/* ---- short of memory ---- */

/* Calls, timers and watches must not get lost, and here is nobody to report a failure to. */
static void wait_for_memory(void)
{
	usleep(1000);
}

static void set_event(struct event *e, int64_t us)
{
	struct timeval tv = { 0 };

	if (us > 0)
		tv = (struct timeval){ .tv_sec = us / SECOND, .tv_usec = us % SECOND };
	while (event_add(e, &tv) < 0)
		wait_for_memory();
}

/* ---- mailbox ---- */

static void ring(struct loop *l)
{
	uint64_t one = 1;
	ssize_t n = write(l->mail_fd, &one, sizeof one);

	(void)n; /* EAGAIN: the counter is full, so the loop will wake anyway */
}

void loop_post(struct loop *l, void (*fn)(void *), void *arg)
{
	struct letter *m, *before = atomic_load(&l->mail);

	while (!(m = malloc(sizeof *m)))
		wait_for_memory();
	*m = (struct letter){ before, fn, arg };
	while (!atomic_compare_exchange_weak(&l->mail, &before, m))
		m->next = before;
	if (!before) /* m may be gone by now */
		ring(l);
}

static struct letter *take_mail(struct loop *l)
{
	struct letter *newest = atomic_exchange(&l->mail, NULL), *oldest = NULL;

	while (newest) {
		struct letter *m = newest;

		newest = m->next;
		m->next = oldest;
		oldest = m;
	}
	return oldest;
}

static void on_mail(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	uint64_t count;
	ssize_t n = read(fd, &count, sizeof count); /* before the mail is taken: no bell is lost */

	(void)n, (void)what;
	slice_begin(l);
	for (struct letter *m = take_mail(l), *next; m; m = next) {
		next = m->next;
		m->fn(m->arg);
		free(m);
		loop_new_slice(l);
	}
}

/* ---- waiting ---- */

static void make_ready(struct loop *l, struct waiter *w)
{
	w->next = NULL;
	*l->ready_end = w;
	l->ready_end = &w->next;
}

/* Sets the timer of deadlines to `at`, but no sooner than a grain after the last walk. */
static void set_deadline_timer(struct loop *l, int64_t at)
{
	int64_t soonest = l->walked + DEADLINE_GRAIN;

	l->earliest = at;
	set_event(&l->deadline_event, (at > soonest ? at : soonest) - time_monotonic());
}

static void deadline_link(struct loop *l, struct waiter *w)
{
	w->later = l->waiting;
	w->link = &l->waiting;
	if (w->later)
		w->later->link = &w->later;
	l->waiting = w;
	if (!l->earliest || w->deadline < l->earliest)
		set_deadline_timer(l, w->deadline);
}

static void deadline_unlink(struct waiter *w)
{
	*w->link = w->later;
	if (w->later)
		w->later->link = w->link;
	w->link = NULL;
}

static void on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	int64_t now = time_monotonic(), earliest = 0;

	(void)fd, (void)what;
	if (now < l->earliest) { /* as in on_timer */
		set_event(&l->deadline_event, l->earliest - now);
		return;
	}
	l->walked = now;
	l->earliest = 0;
	for (struct waiter *w = l->waiting, *next; w; w = next) {
		next = w->later;
		if (w->deadline <= now) {
			deadline_unlink(w);
			make_ready(l, w);
		} else if (!earliest || w->deadline < earliest) {
			earliest = w->deadline;
		}
	}
	if (earliest)
		set_deadline_timer(l, earliest);
}

err waiter_wait(struct waiter *w, int64_t deadline)
{
	struct loop *l = self;
	const char *name = l->slice_name;
	bool woken;

	assert(co_self() && !w->co);
	if (!w->woken) {
		if (deadline && deadline <= time_monotonic())
			return err_deadline;
		w->co = co_self();
		w->loop = l;
		w->deadline = deadline;
		w->link = NULL;
		if (deadline)
			deadline_link(l, w);
		co_suspend();
		w->co = NULL;
		l->slice_name = name;
	}
	woken = w->woken;
	w->woken = false;
	return woken ? OK : err_deadline;
}

void waiter_wake(struct waiter *w)
{
	if (w->woken)
		return;
	w->woken = true;
	if (!w->co)
		return; /* not waiting yet */
	if (w->deadline) {
		if (!w->link)
			return; /* its deadline passed a moment ago: ready already */
		deadline_unlink(w);
	}
	make_ready(w->loop, w);
}

/* Runs the coroutines that are ready, and those they make ready, for some rounds. */
static void run_ready(struct loop *l)
{
	if (l->ready)
		slice_begin(l);
	for (int round = 0; l->ready && round < READY_ROUNDS; round++) {
		struct waiter *w = l->ready, *next;

		l->ready = NULL;
		l->ready_end = &l->ready;
		for (; w; w = next) {
			next = w->next; /* w is on the coroutine's stack and soon gone */
			co_resume(w->co);
			loop_new_slice(l);
		}
	}
}

/* ---- end of the turn ---- */

void loop_at_turn_end(struct loop *l, struct hook *h)
{
	if (h->link)
		return;
	h->next = NULL;
	h->link = l->hooks_end;
	*l->hooks_end = h;
	l->hooks_end = &h->next;
}

void loop_forget(struct loop *l, struct hook *h)
{
	if (!h->link)
		return;
	*h->link = h->next;
	if (h->next)
		h->next->link = h->link;
	else if (l->hooks_end == &h->next)
		l->hooks_end = h->link;
	h->link = NULL;
}

/* Those that are there now; what they ask for is for the next turn. */
static void run_hooks(struct loop *l)
{
	struct hook *first = l->hooks;

	if (!first)
		return;
	first->link = &first;
	l->hooks = NULL;
	l->hooks_end = &l->hooks;
	slice_begin(l);
	while (first) {
		struct hook *h = first;

		loop_forget(l, h);
		h->fn(h->arg); /* may free h */
		loop_new_slice(l);
	}
}

/* ---- the loop ---- */

static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config) {
		event_config_set_flag(config,
				      EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV
					      | EVENT_BASE_FLAG_NO_CACHE_TIME);
		base = event_base_new_with_config(config);
		event_config_free(config);
	}
	return base;
}

struct loop *loop_new(void)
{
	struct loop *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->ready_end = &l->ready;
	l->hooks_end = &l->hooks;
	l->mail_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	l->base = new_base();
	l->pool = co_pool_new(0, STACKS_KEPT);
	if (l->mail_fd < 0 || !l->base || !l->pool) {
		loop_free(l);
		return NULL;
	}
	event_assign(&l->mail_event, l->base, l->mail_fd, EV_READ | EV_PERSIST, on_mail, l);
	event_add(&l->mail_event, NULL);
	evtimer_assign(&l->deadline_event, l->base, on_deadline, l);
	return l;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	parts_free(&l->parts);
	for (struct letter *m = take_mail(l), *next; m; m = next) {
		next = m->next;
		free(m);
	}
	co_pool_free(l->pool);
	if (l->base) {
		event_del(&l->mail_event);
		event_del(&l->deadline_event);
		event_base_free(l->base);
	}
	if (l->mail_fd >= 0)
		close(l->mail_fd);
	free(l);
}

void loop_run(struct loop *l)
{
	struct loop *outer = self;

	self = l;
	do {
		bool more = l->ready || l->hooks;

		event_base_loop(l->base, EVLOOP_ONCE | (more ? EVLOOP_NONBLOCK : 0));
		run_ready(l);
		run_hooks(l);
	} while (!atomic_load(&l->stop));
	atomic_store(&l->stop, false);
	self = outer;
}

void loop_stop(struct loop *l)
{
	atomic_store(&l->stop, true);
	ring(l);
}

struct loop *loop_self(void)
{
	return self;
}

void *loop_part(struct loop *l, const struct loop_part *kind)
{
	return parts_get(&l->parts, l, kind);
}

struct co_pool *loop_pool(struct loop *l)
{
	return l->pool;
}

bool loop_start(struct loop *l, void (*fn)(void *), void *arg)
{
	struct loop *outer = self; /* it may be started before the loop runs */
	bool started;

	self = l;
	started = co_start(l->pool, fn, arg);
	self = outer;
	return started;
}

/* ---- timers and readiness ---- */

/* libevent's clock ticks in milliseconds and it may be early by one: not with us. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct timer *t = arg;
	struct loop *l = t->loop;
	int64_t now = time_monotonic();

	(void)fd, (void)what;
	if (now < t->due) {
		set_event(&t->event, t->due - now);
		return;
	}
	slice_begin(l);
	t->fn(t->arg); /* may free t */
	loop_new_slice(l);
}

static void timer_init(struct timer *t, struct loop *l, void (*fn)(void *), void *arg)
{
	t->loop = l;
	t->fn = fn;
	t->arg = arg;
	evtimer_assign(&t->event, l->base, on_timer, t);
}

struct timer *timer_new(struct loop *l, void (*fn)(void *), void *arg)
{
	struct timer *t = calloc(1, sizeof *t);

	if (t)
		timer_init(t, l, fn, arg);
	return t;
}

void timer_set(struct timer *t, int64_t us)
{
	t->due = time_monotonic() + us;
	set_event(&t->event, us);
}

void timer_cancel(struct timer *t)
{
	event_del(&t->event);
}

void timer_free(struct timer *t)
{
	if (!t)
		return;
	event_del(&t->event);
	free(t);
}

static void wake_sleeper(void *w)
{
	waiter_wake(w);
}

void loop_sleep(int64_t us)
{
	struct waiter w = { 0 };
	struct timer t;
	err never;

	timer_init(&t, self, wake_sleeper, &w);
	timer_set(&t, us);
	never = waiter_wait(&w, 0);
	(void)never;
}

static void on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	struct loop *l = w->loop;

	(void)fd;
	slice_begin(l);
	w->fn(w->arg, what & EV_READ ? WATCH_READ : WATCH_WRITE); /* may free w */
	loop_new_slice(l);
}

struct watch *watch_new(struct loop *l, int fd, void (*fn)(void *, int ready), void *arg)
{
	struct watch *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->loop = l;
	w->fn = fn;
	w->arg = arg;
	event_assign(&w->read, l->base, fd, EV_READ | EV_PERSIST, on_watch, w);
	event_assign(&w->write, l->base, fd, EV_WRITE | EV_PERSIST, on_watch, w);
	return w;
}

static void follow(struct event *e, bool wanted)
{
	if (!wanted)
		event_del(e);
	else
		while (event_add(e, NULL) < 0 && (errno == ENOMEM || errno == ENOSPC))
			wait_for_memory();
}

void watch_set(struct watch *w, int want)
{
	int change = w->want ^ want;

	w->want = want;
	if (change & WATCH_READ)
		follow(&w->read, want & WATCH_READ);
	if (change & WATCH_WRITE)
		follow(&w->write, want & WATCH_WRITE);
}

void watch_free(struct watch *w)
{
	if (!w)
		return;
	watch_set(w, 0);
	free(w);
}
