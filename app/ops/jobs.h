/*
 * Work that follows a write: mails, pushes, fan-out. The write's own statement or transaction INSERTs a
 * row into the outbox (kind, payload), then calls jobs_wake; workers on every loop take rows with
 * SKIP LOCKED and run them on coroutines. Taking a row moves its next try past the time the job may
 * use, so a job whose process died is tried again a minute later, and no two run at once. A job that
 * must not repeat what it did to the database ends itself in the same transaction (jobs_end). A
 * failing job is tried again with doubling delays from 1 s to 1 h, then kept for the operator
 * (next_try_at = infinity).
 *
 * Also the periodic jobs: a row each in periodic_jobs says when it is due, and moving that time
 * forward is the lock, so that one process of many runs it.
 */
#pragma once

#include "app/app.h"
#include "lib/db/db.h"

/* No job waits longer from one try to the next. */
#define JOB_DELAY_MAX HOUR

/* A row that was taken, and where in the queue it was found. */
struct job_row {
	int64_t id;
	int32_t attempt;
	usec due;
};

struct job {
	struct app *app;
	struct loop *loop;
	struct db *db; /* no transaction; a handler begins one if it needs it */
	struct arena *arena;
	int64_t id;
	str kind;	     /* of a periodic job: its name */
	struct json payload; /* absent for a periodic one */
	usec added;	     /* with id: what tells this job from any other, the same at each try */
	int32_t attempt;     /* 1 at the first try */
	int64_t deadline;    /* monotonic; db has it already, other waits must keep it, too */
	bool ended; /* its row is settled: by jobs_end, jobs_settle, or the handler's own SQL */
	struct job_row last; /* of those jobs_take took */
};

struct job_kind {
	const char *kind;
	err (*run)(struct job *j); /* Suspends. OK: done, the row goes; error: again later */
	int attempts;		   /* 0: 12 */
};

struct periodic {
	const char *name;
	int64_t every; /* microseconds from start to start */
	/* Suspends; may take five minutes. An error: again in a minute, or `every` if that is less. */
	err (*run)(struct job *j);
};

/* Every kind and every periodic job: app/jobs.c, {0}-terminated. */
extern const struct job_kind app_job_kinds[];
extern const struct periodic app_periodic[];

/* Tells this loop's workers that a commit may have added jobs, which otherwise wait a second for the
 * next look. Costs next to nothing; does nothing where there are no workers. */
void jobs_wake(void);

/* Ends the job within its handler's own transaction: what was written and that it is done become true
 * together. err_conflict: another worker has it now, roll back. Suspends. */
err jobs_end(struct db *tx, struct job *j);

/*
 * A handler for whom many rows cost little more than one takes further due rows of its job's kind with
 * jobs_take, each for as long as a job may run from then on, and says of all, its own included, how they
 * ended with jobs_settle. Rows it says nothing of come up again. What appears in front of the last one taken is
 * left to others. Both suspend.
 */
err jobs_take(struct job *j, int32_t limit, struct list *out);

struct job_end {
	struct job_row row;
	err e;	       /* OK: done, the row goes */
	int64_t delay; /* the next try not before that many microseconds, up to JOB_DELAY_MAX */
};
err jobs_settle(struct job *j, const struct job_end *ends, size_t n);

/* How many jobs wait or run, and how many are given up; 10,000 means at least so many. Suspends. */
struct jobs_waiting {
	int64_t waiting, dead;
	double oldest; /* seconds for which the next one has been due */
};
err jobs_waiting(struct db *db, struct jobs_waiting *out);

/* A periodic job: tries jobs that a clock which was set back has left waiting for a time far ahead. */
err jobs_mend(struct job *j);

struct jobs_options {
	struct app *app;
	struct loop *loop;
	struct db_pool *pool;
	int workers; /* jobs at once */
	const struct job_kind *kinds;
	const struct periodic *periodic; /* NULL: this loop runs none */
};

/* The workers of one loop; called on its thread. */
struct jobs *jobs_start(const struct jobs_options *options);

/* No new job is taken; `done` is called on the loop when the running ones have ended. */
void jobs_stop(struct jobs *j, void (*done)(void *), void *arg);
void jobs_free(struct jobs *j);
