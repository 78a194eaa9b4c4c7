/*
 * Work that follows a write: mails, pushes, fan-out. The write's own transaction adds a row to the
 * outbox (jobs_add, or an INSERT in the same statement); workers on every loop take rows with
 * SKIP LOCKED, run them on a coroutine and delete them in the transaction that records their effect,
 * so a crash loses nothing. A failing job is tried again with doubling delays from 1 s to 1 h, then
 * kept as dead for the operator. Also the periodic jobs, each under an advisory lock, so that one
 * process of many runs it.
 */
#pragma once

#include "app/app.h"
#include "lib/db/db.h"

struct job {
	struct app *app;
	struct loop *loop;
	struct db *db; /* no transaction; a handler begins one if it needs it */
	struct arena *arena;
	int64_t id;
	str kind;
	struct json payload;
	int32_t attempt; /* 1 at the first try */
};

struct job_kind {
	const char *kind;
	err (*run)(struct job *j); /* Suspends. OK: done, the row goes; error: again later */
	int attempts;		   /* 0: 12 */
};

struct periodic {
	const char *name;
	int64_t every;		   /* microseconds */
	err (*run)(struct job *j); /* payload absent */
};

/* Every kind and every periodic job: app/jobs.c, {0}-terminated. */
extern const struct job_kind app_job_kinds[];
extern const struct periodic app_periodic[];

/* Adds a job within the caller's transaction or statement order; workers look after the commit.
 * Suspends. */
err jobs_add(struct db *db, const char *kind, struct json payload);

/* Tells this process's workers that a commit may have added jobs; cheap, from any loop. */
void jobs_wake(void);

/* The workers of one loop: `workers` coroutines over its own pool. */
struct jobs;
struct jobs *jobs_start(struct app *app, struct loop *loop, struct db_pool *pool, int workers);

/* No new job is taken; `done` is called on the loop when the running ones have ended. */
void jobs_stop(struct jobs *j, void (*done)(void *), void *arg);
void jobs_free(struct jobs *j);
