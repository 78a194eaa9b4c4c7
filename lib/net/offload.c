/*
 * Threads for blocking work. Jobs are their owners', linked into one queue; a coroutine that waits for one has it
 * on its stack. A finished job is sent home by a post to its loop.
 */
#include "lib/net/offload.h"

#include "lib/net/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

struct offload {
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct offload_job *first, **end;
	size_t waiting, limit;
	bool closing;
	int nthreads;
	pthread_t threads[];
};

/* The next job; NULL when there will be none. Called with the lock held. */
static struct offload_job *take(struct offload *o)
{
	struct offload_job *j;

	while (!o->first && !o->closing)
		pthread_cond_wait(&o->more, &o->lock);
	j = o->first;
	if (j) {
		o->first = j->next;
		if (!o->first)
			o->end = &o->first;
		o->waiting--;
	}
	return j;
}

/* A copy of the job, for fn may free it. */
static void run(struct offload_job j)
{
	j.fn(j.arg);
	if (j.done)
		loop_post(j.loop, j.done, j.arg);
}

static void *worker(void *arg)
{
	struct offload *o = arg;
	struct offload_job *j;

	/* of this thread alone, as Linux has it; raising one's own is always allowed */
	(void)setpriority(PRIO_PROCESS, (id_t)gettid(), OFFLOAD_NICE);
	pthread_mutex_lock(&o->lock);
	while ((j = take(o))) {
		pthread_mutex_unlock(&o->lock);
		run(*j);
		pthread_mutex_lock(&o->lock);
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

/* Signals are the loops' business: workers start with all of them blocked. */
static bool start_workers(struct offload *o, int threads)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	while (o->nthreads < threads
	       && pthread_create(&o->threads[o->nthreads], NULL, worker, o) == 0)
		o->nthreads++;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return o->nthreads == threads;
}

struct offload *offload_new(int threads, size_t queue)
{
	struct offload *o = calloc(1, sizeof *o + (size_t)threads * sizeof *o->threads);

	if (!o)
		return NULL;
	pthread_mutex_init(&o->lock, NULL);
	pthread_cond_init(&o->more, NULL);
	o->end = &o->first;
	o->limit = queue;
	if (!start_workers(o, threads)) {
		offload_free(o);
		return NULL;
	}
	return o;
}

void offload_free(struct offload *o)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->closing = true;
	pthread_cond_broadcast(&o->more);
	pthread_mutex_unlock(&o->lock);
	for (int i = 0; i < o->nthreads; i++)
		pthread_join(o->threads[i], NULL);
	pthread_cond_destroy(&o->more);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

bool offload_start(struct offload *o, struct offload_job *j)
{
	bool room;

	j->loop = loop_self();
	j->next = NULL;
	pthread_mutex_lock(&o->lock);
	room = o->waiting < o->limit;
	if (room) {
		*o->end = j;
		o->end = &j->next;
		o->waiting++;
		pthread_cond_signal(&o->more);
	}
	pthread_mutex_unlock(&o->lock);
	return room;
}

/* ---- for a coroutine that waits ---- */

struct call {
	void (*fn)(void *);
	void *arg;
	struct waiter done;
};

static void run_call(void *arg)
{
	struct call *c = arg;

	c->fn(c->arg);
}

static void call_ended(void *arg)
{
	struct call *c = arg;

	waiter_wake(&c->done);
}

err offload_run(struct offload *o, void (*fn)(void *), void *arg)
{
	struct call c = { .fn = fn, .arg = arg };
	struct offload_job j = { .fn = run_call, .done = call_ended, .arg = &c };

	if (!co_self()) { /* the command line: nobody else is kept waiting */
		fn(arg);
		return OK;
	}
	if (!offload_start(o, &j))
		return err_unavailable;
	return waiter_wait(&c.done, 0);
}
