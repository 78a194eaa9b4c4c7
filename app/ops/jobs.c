/*
 * The workers of one loop. One coroutine, the dispatcher, takes as many due rows as there are free
 * workers and starts a coroutine for each; it sleeps until a job ends, somebody calls jobs_wake, or
 * a second has passed. A second coroutine does the same for periodic jobs.
 */
#include "app/ops/jobs.h"
#include "app/gateway/gateway.h"
#include "app/ops/jobs.sql.h"
#include "app/ops/metrics.h"
#include "lib/base/log.h"

#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 12, PERIODIC_MAX = 32 };

static const int64_t look_every = SECOND;
static const int64_t lease = 60 * SECOND;  /* of an outbox row */
static const int64_t margin = 10 * SECOND; /* of the lease, to say how the job ended */
static const int64_t periodic_limit = 5 * MINUTE;
static const int64_t first_delay = SECOND;

static const struct err_info unknown_kind_info = { 500, "unknown_job", "no such kind of job",
						   NULL };
static const err err_unknown_kind = { &unknown_kind_info };

struct jobs {
	struct jobs_options o;
	struct waiter dispatcher, clock; /* live as long as their coroutines wait on them */
	int running;			 /* outbox jobs */
	int coroutines;			 /* all of ours */
	bool stopping, database_down;
	struct job_row last; /* behind which to look next */
	int64_t looked;	     /* at the whole queue: monotonic */
	void (*done)(void *);
	void *done_arg;
};

/* What a job's coroutine owns. */
struct run {
	struct jobs *jobs;
	struct job job;
	const struct periodic *periodic; /* NULL: from the outbox */
};

/* The workers of this thread's loop. */
static _Thread_local struct jobs *mine;

void jobs_wake(void)
{
	if (mine)
		waiter_wake(&mine->dispatcher);
}

static const struct field waiting_fields[] = {
	FIELD(struct jobs_waiting, waiting),
	FIELD(struct jobs_waiting, dead),
	FIELD(struct jobs_waiting, oldest),
	{ 0 },
};

err jobs_waiting(struct db *db, struct jobs_waiting *out)
{
	return db_one(db, &sql_jobs_waiting, waiting_fields, out);
}

err jobs_mend(struct job *j)
{
	static const int64_t too_far = JOB_DELAY_MAX + MINUTE;

	return db_exec(j->db, &sql_jobs_mend, NULL, ARG(too_far));
}

err jobs_end(struct db *tx, struct job *j)
{
	int64_t rows;

	TRY(db_exec(tx, &sql_jobs_end, &rows, ARG(j->id), ARG(j->attempt)));
	if (rows == 0)
		return err_conflict;
	j->ended = true;
	return OK;
}

/* ---- one run ---- */

/* A job writes: none is taken while this side may not, and each counts as under way. */
static struct gate *gate_of(const struct jobs *j)
{
	return j->o.app ? j->o.app->gate : NULL;
}

/* Starts a coroutine that counts among ours. */
static bool start(struct jobs *j, void (*fn)(void *), void *arg)
{
	j->coroutines++;
	if (loop_start(j->o.loop, fn, arg))
		return true;
	j->coroutines--;
	return false;
}

/* Each of our coroutines calls this last. */
static void coroutine_ended(struct jobs *j)
{
	if (--j->coroutines == 0 && j->stopping && j->done)
		loop_post(j->o.loop, j->done, j->done_arg);
}

static struct run *run_new(struct jobs *j, str kind, int64_t limit)
{
	struct arena *a = arena_new();
	struct run *r = arena_zalloc(a, sizeof(*r));

	*r = (struct run){
		.jobs = j,
		.job = {
			.app = j->o.app,
			.loop = j->o.loop,
			.arena = a,
			.kind = arena_copy(a, kind),
			.deadline = time_monotonic() + limit,
		},
	};
	r->job.db = db_open(j->o.pool, a, r->job.deadline);
	return r;
}

static const struct job_kind *find_kind(const struct jobs *j, str kind)
{
	for (const struct job_kind *k = j->o.kinds; k->kind; k++)
		if (str_eq(str_of(k->kind), kind))
			return k;
	return NULL;
}

/* Doubling from 1 s to 1 h. */
static int64_t delay_after(int32_t attempt)
{
	return attempt > 12 ? JOB_DELAY_MAX : first_delay << (attempt - 1);
}

static int attempts_of(const struct job_kind *kind)
{
	return kind && kind->attempts ? kind->attempts : ATTEMPTS;
}

/* The outbox learns how it went; when it cannot, the row comes up again after its lease. */
static err settle(struct run *r, const struct job_kind *kind, err e)
{
	struct job *job = &r->job;
	struct db *db = db_open(r->jobs->o.pool, job->arena, time_monotonic() + margin / 2);

	if (job->ended)
		return OK;
	if (!e.info)
		return db_exec(db, &sql_jobs_end, NULL, ARG(job->id), ARG(job->attempt));
	if (job->attempt >= attempts_of(kind))
		return db_exec(db, &sql_jobs_give_up, NULL, ARG(job->id), ARG(job->attempt),
			       ARG(str_of(e.info->code)));
	return db_exec(db, &sql_jobs_retry, NULL, ARG(job->id), ARG(job->attempt),
		       ARG(delay_after(job->attempt)), ARG(str_of(e.info->code)));
}

static const struct field row_fields[] = {
	FIELD(struct job_row, id),
	FIELD(struct job_row, attempt),
	FIELD(struct job_row, due),
	{ 0 },
};

/* The later one in the order of the queue. */
static struct job_row later(struct job_row a, struct job_row b)
{
	return a.due.us > b.due.us || (a.due.us == b.due.us && a.id > b.id) ? a : b;
}

/*
 * Where the next look begins: behind the last row as long as there are more than asked for. Then each look costs
 * the same, however many were taken before; else from the start, for rows also appear in front, of
 * transactions that took longer.
 */
static struct job_row look_after(const struct job_row *rows, size_t n, int32_t limit)
{
	struct job_row last = { 0 };

	for (size_t i = 0; n == (size_t)limit && i < n; i++)
		last = later(last, rows[i]);
	return last;
}

err jobs_take(struct job *j, int32_t limit, struct list *out)
{
	TRY(db_list(j->db, &sql_jobs_take, row_fields, sizeof(struct job_row), out, ARG(j->kind),
		    ARG(limit), ARG(lease), ARG(j->last.due), ARG(j->last.id)));
	j->last = look_after(out->v, out->n, limit);
	return OK;
}

/* As jobs_settle's statement takes it. */
static int64_t settled_delay(const struct job_end *end, int attempts)
{
	int64_t delay = delay_after(end->row.attempt);

	if (!end->e.info)
		return -1;
	if (end->row.attempt >= attempts)
		return INT64_MAX;
	return delay > end->delay ? delay : end->delay;
}

err jobs_settle(struct job *j, const struct job_end *ends, size_t n)
{
	int attempts = attempts_of(find_kind(mine, j->kind));
	struct i64s ids = { arena_alloc(j->arena, n * sizeof(int64_t)), n };
	struct i32s tries = { arena_alloc(j->arena, n * sizeof(int32_t)), n };
	struct i64s delays = { arena_alloc(j->arena, n * sizeof(int64_t)), n };
	struct strs errors = { arena_alloc(j->arena, n * sizeof(str)), n };

	for (size_t i = 0; i < n; i++) {
		ids.v[i] = ends[i].row.id;
		tries.v[i] = ends[i].row.attempt;
		delays.v[i] = settled_delay(&ends[i], attempts);
		errors.v[i] = str_of(ends[i].e.info ? ends[i].e.info->code : NULL);
	}
	TRY(db_exec(j->db, &sql_jobs_settle, NULL, ARG(ids), ARG(tries), ARG(delays), ARG(errors)));
	for (size_t i = 0; i < n; i++)
		j->ended |= ends[i].row.id == j->id;
	return OK;
}

static void run_job(void *arg)
{
	struct run *r = arg;
	struct jobs *j = r->jobs;
	const struct job_kind *kind = find_kind(j, r->job.kind);
	err e, settled;

	loop_set_slice_name(j->o.loop, kind ? kind->kind : "unknown job");
	e = kind ? kind->run(&r->job) : err_unknown_kind;
	settled = settle(r, kind, e);
	if (e.info)
		log_warn("job failed", LOG("kind", r->job.kind), LOG("job", r->job.id),
			 LOG("attempt", r->job.attempt), LOG("code", e.info->code));
	if (settled.info)
		log_warn("job not settled", LOG("kind", r->job.kind), LOG("job", r->job.id),
			 LOG("code", settled.info->code));
	metrics_job(kind ? kind->kind : NULL, !e.info);
	arena_free(r->job.arena);
	gate_leave(gate_of(j));
	j->running--;
	waiter_wake(&j->dispatcher);
	coroutine_ended(j);
}

/* ---- the dispatcher ---- */

struct claimed {
	struct job_row row;
	str kind;
	struct json payload;
	usec added;
};

static const struct field claimed_fields[] = {
	FIELD(struct claimed, row, .of = row_fields),
	FIELD(struct claimed, kind),
	FIELD(struct claimed, payload),
	FIELD(struct claimed, added),
	{ 0 },
};

/* An outage is worth two lines, not one a second. */
static void note_outage(struct jobs *j, err e)
{
	if (e.info && !j->database_down)
		log_warn("jobs wait for the database", LOG("code", e.info->code));
	if (!e.info && j->database_down)
		log_info("jobs run again");
	j->database_down = e.info != NULL;
}

static void start_claimed(struct jobs *j, const struct claimed *c)
{
	struct run *r = run_new(j, c->kind, lease - margin);

	r->job.id = c->row.id;
	r->job.added = c->added;
	r->job.attempt = c->row.attempt;
	r->job.payload.text = arena_copy(r->job.arena, c->payload.text);
	j->running++;
	gate_share(gate_of(j));
	if (!start(j, run_job, r)) { /* comes up again after its lease */
		gate_leave(gate_of(j));
		j->running--;
		arena_free(r->job.arena);
	}
}

/* However many there are, the whole queue is looked at once in a while. */
static struct job_row look_from(struct jobs *j)
{
	int64_t now = time_monotonic();

	if (now - j->looked < look_every)
		return j->last;
	j->looked = now;
	return (struct job_row){ 0 };
}

/* Takes up to `limit` due rows and starts them; how many there were. */
static size_t start_due(struct jobs *j, int32_t limit)
{
	struct arena *a = arena_new();
	struct db *db = db_open(j->o.pool, a, time_monotonic() + margin);
	struct job_row from = look_from(j), *rows;
	struct list due = { 0 };
	err e = db_list(db, &sql_jobs_claim, claimed_fields, sizeof(struct claimed), &due,
			ARG(limit), ARG(lease), ARG(from.due), ARG(from.id));
	const struct claimed *c = due.v;

	note_outage(j, e);
	rows = arena_alloc(a, (due.n + 1) * sizeof(*rows));
	for (size_t i = 0; !e.info && i < due.n; i++) {
		rows[i] = c[i].row;
		start_claimed(j, &c[i]);
	}
	j->last = look_after(rows, e.info ? 0 : due.n, limit);
	arena_free(a);
	return e.info ? 0 : due.n;
}

/* Until woken or a while has passed; either is reason to look again. */
static void rest(struct waiter *w)
{
	err e = waiter_wait(w, time_monotonic() + look_every);

	(void)e;
}

static size_t start_due_here(struct jobs *j, int32_t limit)
{
	size_t started;

	if (!gate_try_here(gate_of(j)))
		return 0;
	started = start_due(j, limit);
	gate_leave(gate_of(j));
	return started;
}

static void dispatch(void *arg)
{
	struct jobs *j = arg;

	while (!j->stopping) {
		int32_t room = j->o.workers - j->running;

		loop_set_slice_name(j->o.loop, "jobs");
		if (room == 0 || start_due_here(j, room) < (size_t)room)
			rest(&j->dispatcher);
	}
	coroutine_ended(j);
}

/* ---- periodic jobs ---- */

static void run_periodic(void *arg)
{
	struct run *r = arg;
	struct jobs *j = r->jobs;
	struct db *db;
	err e, ended;

	loop_set_slice_name(j->o.loop, r->periodic->name);
	e = r->periodic->run(&r->job);
	db = db_open(j->o.pool, r->job.arena, time_monotonic() + margin);
	ended = db_exec(db, &sql_periodic_end, NULL, ARG(r->job.kind), ARG(r->periodic->every),
			ARG(str_of(e.info ? e.info->code : NULL)));
	metrics_job(r->periodic->name, !e.info);
	if (e.info || ended.info)
		log_warn("periodic job failed", LOG("name", r->periodic->name),
			 LOG("code", e.info ? e.info->code : ended.info->code));
	arena_free(r->job.arena);
	gate_leave(gate_of(j));
	coroutine_ended(j);
}

struct due {
	str name;
};

static const struct field due_fields[] = {
	FIELD(struct due, name),
	{ 0 },
};

static void start_periodic(struct jobs *j, str name)
{
	for (const struct periodic *p = j->o.periodic; p->name; p++) {
		struct run *r;

		if (!str_eq(str_of(p->name), name))
			continue;
		r = run_new(j, name, periodic_limit);
		r->periodic = p;
		gate_share(gate_of(j));
		if (start(j, run_periodic, r))
			continue;
		gate_leave(gate_of(j));
		arena_free(r->job.arena);
	}
}

/* The arrays that claim: names, and how long each may run. */
static void periodic_args(const struct jobs *j, struct arena *a, struct strs *names,
			  struct i64s *leases)
{
	names->v = arena_alloc(a, PERIODIC_MAX * sizeof(str));
	leases->v = arena_alloc(a, PERIODIC_MAX * sizeof(int64_t));
	for (const struct periodic *p = j->o.periodic; p->name && names->n < PERIODIC_MAX; p++) {
		names->v[names->n++] = str_of(p->name);
		leases->v[leases->n++] = periodic_limit + 2 * margin;
	}
}

static err start_due_periodic(struct jobs *j, struct arena *a, bool *registered)
{
	struct db *db = db_open(j->o.pool, a, time_monotonic() + margin);
	struct strs names = { 0 };
	struct i64s leases = { 0 };
	struct list due;

	periodic_args(j, a, &names, &leases);
	if (!*registered)
		TRY(db_exec(db, &sql_periodic_register, NULL, ARG(names)));
	*registered = true;
	TRY(db_list(db, &sql_periodic_claim, due_fields, sizeof(struct due), &due, ARG(names),
		    ARG(leases)));
	for (size_t i = 0; i < due.n; i++)
		start_periodic(j, ((const struct due *)due.v)[i].name);
	return OK;
}

static void keep_time(void *arg)
{
	struct jobs *j = arg;
	bool registered = false;

	while (!j->stopping) {
		struct arena *a = arena_new();
		err e = OK;

		if (gate_try_here(gate_of(j))) {
			e = start_due_periodic(j, a, &registered);
			gate_leave(gate_of(j));
		}
		(void)e; /* the dispatcher has told of an outage */
		arena_free(a);
		rest(&j->clock);
	}
	coroutine_ended(j);
}

/* ---- life ---- */

struct jobs *jobs_start(const struct jobs_options *options)
{
	struct jobs *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->o = *options;
	mine = j;
	if (!start(j, dispatch, j) || (j->o.periodic && !start(j, keep_time, j)))
		log_error("jobs cannot start");
	return j;
}

void jobs_stop(struct jobs *j, void (*done)(void *), void *arg)
{
	j->stopping = true;
	j->done = done;
	j->done_arg = arg;
	waiter_wake(&j->dispatcher);
	waiter_wake(&j->clock);
	if (j->coroutines == 0)
		loop_post(j->o.loop, done, arg);
}

void jobs_free(struct jobs *j)
{
	if (mine == j)
		mine = NULL;
	free(j);
}
