/*
 * The jobs. A notification is one, for all devices of its receiver; a device that could not be reached becomes one of
 * its own ("push_send"), so that it is tried again alone. Sending is done by one job of a kind and loop at a time for
 * all that wait: it keeps about IN_FLIGHT messages under way, takes further rows as messages end, and settles the jobs
 * whose messages have all ended together, as soon as the settlement before is through. A job that begins meanwhile
 * hands it its row, and waits.
 */
#include "app/push/push.h"

#include "app/links.h"
#include "app/ops/metrics.h"
#include "app/push/fcm.h"
#include "app/push/push.sql.h"
#include "lib/base/log.h"

enum { IN_FLIGHT = 200, ROWS = 20000, SEND_SECONDS = 15 };

static const int64_t first_delay = SECOND;
static const int64_t to_finish =
	30 * SECOND; /* of a job's time: for what is under way, and its settlement */

/* A device that did not get its message: it is to be tried again, or (e is OK) forgotten. */
struct missed {
	struct missed *next;
	str token;
	err e;
	int64_t delay;
};

/* A row that another job has handed over. */
struct handed {
	struct handed *next;
	struct job_row row;
	struct waiter settled;
	bool over;
	err e;
};

/* A row of the outbox, and what it has under way. */
struct task {
	struct task *next; /* of those that have ended */
	struct job_row row;
	struct handed *handed; /* NULL: taken by the pump itself */
	int messages, open;
	struct missed *missed;
};

/* A job that sends. */
struct pump {
	struct job *job;
	str web;
	bool spreads;  /* its rows are of notifications, not of devices */
	int taken;     /* rows */
	int unsettled; /* messages of tasks that are not settled */
	int running;   /* tasks that have not ended */
	struct waiter changed;
	struct task *done;
	struct handed *handed; /* not begun */
};

struct sender {
	struct pump *pump;
	struct arena *arena;
	struct task *task;
	const struct fcm_message *message;
};

/* The jobs of this loop that send for others: of devices, of notifications. */
static _Thread_local struct pump *pumps[2];

/* ---- one message ---- */

static void task_ended(struct pump *p, struct task *t)
{
	t->next = p->done;
	p->done = t;
	p->running--;
	waiter_wake(&p->changed);
}

static void message_ended(struct sender *s, err e, const struct fcm_answer *answer)
{
	struct pump *p = s->pump;
	struct task *t = s->task;
	struct missed *m;

	if (e.info || answer->verdict == FCM_DEAD) {
		m = arena_alloc(p->job->arena, sizeof(*m));
		*m = (struct missed){ t->missed, s->message->token, e, answer->delay };
		t->missed = m;
	}
	if (--t->open == 0)
		task_ended(p, t);
	arena_free(s->arena);
}

static void send_one(void *arg)
{
	static const enum metrics_push results[] = { [FCM_TAKEN] = PUSH_TAKEN,
						     [FCM_DEAD] = PUSH_DEAD,
						     [FCM_REFUSED] = PUSH_REFUSED };
	struct sender *s = arg;
	struct fcm_answer answer = { 0 };
	str json = fcm_message_json(s->arena, s->message, s->pump->web);
	err e = fcm_send(s->arena, s->pump->job->app, json,
			 time_monotonic() + SEND_SECONDS * SECOND, &answer);

	metrics_push(e.info ? PUSH_FAILED : results[answer.verdict]);
	message_ended(s, e, &answer);
}

static void start_one(struct pump *p, struct task *t, const struct fcm_message *m)
{
	struct arena *a = arena_new();
	struct sender *s = arena_alloc(a, sizeof(*s));

	*s = (struct sender){ .pump = p, .arena = a, .task = t, .message = m };
	if (!loop_start(p->job->loop, send_one, s))
		message_ended(s, err_no_memory, &(struct fcm_answer){ 0 });
}

/* ---- many ---- */

static const struct field message_fields[] = {
	FIELD(struct fcm_message, id),
	FIELD(struct fcm_message, token),
	FIELD(struct fcm_message, notification_id),
	FIELD(struct fcm_message, type),
	FIELD(struct fcm_message, group_key),
	FIELD(struct fcm_message, post_id),
	FIELD(struct fcm_message, comment_id),
	FIELD(struct fcm_message, actor_id),
	FIELD(struct fcm_message, actor_name),
	FIELD(struct fcm_message, actor_handle),
	FIELD(struct fcm_message, post_type),
	FIELD(struct fcm_message, emoji),
	FIELD(struct fcm_message, beacon_id),
	FIELD(struct fcm_message, conversation_id),
	FIELD(struct fcm_message, badge),
	{ 0 },
};

static struct task *task_of(struct task *tasks, size_t n, int64_t id)
{
	size_t i = 0;

	while (i < n && tasks[i].row.id != id)
		i++;
	return i < n ? &tasks[i] : NULL;
}

/* A task without a message is done: nothing is to be said any more, or no device is there. */
static void start_tasks(struct pump *p, struct task *tasks, size_t n, const struct list *messages)
{
	const struct fcm_message *m = messages->v;

	for (size_t i = 0; i < messages->n; i++)
		task_of(tasks, n, m[i].id)->messages++;
	p->running += (int)n;
	for (size_t i = 0; i < n; i++) {
		tasks[i].open = tasks[i].messages;
		p->unsettled += tasks[i].messages;
		if (tasks[i].messages == 0)
			task_ended(p, &tasks[i]);
	}
	for (size_t i = 0; i < messages->n; i++)
		start_one(p, task_of(tasks, n, m[i].id), &m[i]);
}

static void hand_back(struct handed *h, err e)
{
	h->over = true;
	h->e = e;
	waiter_wake(&h->settled);
}

static err start_messages(struct pump *p, struct task *tasks, size_t n)
{
	struct i64s ids = { arena_alloc(p->job->arena, n * sizeof(int64_t)), n };
	struct list messages = { 0 };

	for (size_t i = 0; i < n; i++)
		ids.v[i] = tasks[i].row.id;
	TRY(db_list(p->job->db, &sql_push_messages, message_fields, sizeof(struct fcm_message),
		    &messages, ARG(ids)));
	start_tasks(p, tasks, n, &messages);
	return OK;
}

/* Those that were taken, and those that were handed over. */
static err start_rows(struct pump *p, const struct job_row *rows, size_t n)
{
	struct handed *handed = p->handed;
	struct task *tasks;
	size_t all = n;
	err e;

	for (struct handed *h = handed; h; h = h->next)
		all++;
	if (all == 0)
		return OK;
	tasks = arena_zalloc(p->job->arena, all * sizeof(*tasks));
	for (size_t i = 0; i < n; i++)
		tasks[i].row = rows[i];
	for (; p->handed; p->handed = p->handed->next, n++)
		tasks[n] = (struct task){ .row = p->handed->row, .handed = p->handed };
	e = start_messages(p, tasks, all);
	for (; e.info && handed; handed = handed->next)
		hand_back(handed, e);
	return e;
}

/* ---- settling ---- */

/* Rows of devices: the outbox's own way. */
static err settle_sends(struct pump *p, const struct task *done, size_t n)
{
	struct job_end *ends = arena_zalloc(p->job->arena, n * sizeof(*ends));

	for (size_t i = 0; i < n; i++, done = done->next) {
		ends[i].row = done->row;
		if (done->missed) {
			ends[i].e = done->missed->e;
			ends[i].delay = done->missed->delay;
		}
	}
	return jobs_settle(p->job, ends, n);
}

/* The devices that were missed, beside each other as statements take them. */
struct misses {
	struct i64s jobs, delays;
	struct strs tokens, errors;
};

static struct misses misses_new(struct arena *a, const struct task *done)
{
	size_t n = 1;

	for (const struct task *t = done; t; t = t->next)
		n += (size_t)t->messages;
	return (struct misses){
		.jobs.v = arena_alloc(a, n * sizeof(int64_t)),
		.delays.v = arena_alloc(a, n * sizeof(int64_t)),
		.tokens.v = arena_alloc(a, n * sizeof(str)),
		.errors.v = arena_alloc(a, n * sizeof(str)),
	};
}

static void misses_add(struct misses *out, const struct task *t, const struct missed *m)
{
	out->jobs.v[out->jobs.n++] = t->row.id;
	out->tokens.v[out->tokens.n++] = m->token;
	out->delays.v[out->delays.n++] = m->delay > first_delay ? m->delay : first_delay;
	out->errors.v[out->errors.n++] = str_of(m->e.info ? m->e.info->code : NULL);
}

/* Those to be tried again, or to be forgotten. */
static struct misses misses_of(struct arena *a, const struct task *done, bool again)
{
	struct misses out = misses_new(a, done);

	for (const struct task *t = done; t; t = t->next)
		for (const struct missed *m = t->missed; m; m = m->next)
			if (again == (m->e.info != NULL))
				misses_add(&out, t, m);
	return out;
}

/* Rows of notifications go; those of devices appear in the same moment. */
static err settle_spread(struct pump *p, const struct task *done, size_t n)
{
	struct arena *a = p->job->arena;
	struct i64s ids = { arena_alloc(a, n * sizeof(int64_t)), n };
	struct i32s attempts = { arena_alloc(a, n * sizeof(int32_t)), n };
	struct misses m = misses_of(a, done, true);
	bool own = false;

	for (size_t i = 0; i < n; i++, done = done->next) {
		ids.v[i] = done->row.id;
		attempts.v[i] = done->row.attempt;
		own |= done->row.id == p->job->id;
	}
	TRY(db_exec(p->job->db, &sql_push_settle, NULL, ARG(ids), ARG(attempts), ARG(m.jobs),
		    ARG(m.tokens), ARG(m.delays), ARG(m.errors)));
	p->job->ended |= own;
	return OK;
}

static err forget_dead(struct pump *p, const struct task *done)
{
	struct misses dead = misses_of(p->job->arena, done, false);

	if (dead.tokens.n == 0)
		return OK;
	return db_exec(p->job->db, &sql_push_forget, NULL, ARG(dead.tokens));
}

/* While this waits others end; they are for the next time. */
static err settle(struct pump *p)
{
	const struct task *done = p->done;
	int messages = 0;
	size_t n = 0;
	err e;

	p->done = NULL;
	for (const struct task *t = done; t; t = t->next, n++)
		messages += t->messages;
	if (n == 0)
		return OK;
	e = forget_dead(p, done);
	if (!e.info)
		e = p->spreads ? settle_spread(p, done, n) : settle_sends(p, done, n);
	p->unsettled -= messages;
	for (; done; done = done->next)
		if (done->handed)
			hand_back(done->handed, e);
	return e;
}

/* ---- the pump ---- */

/* False when there is nothing more to take, or the job has run long enough. */
static err take_more(struct pump *p, bool *ret_any)
{
	int32_t room = IN_FLIGHT - p->unsettled;
	struct list rows = { 0 };

	*ret_any &= p->taken < ROWS && time_monotonic() < p->job->deadline - to_finish;
	if (*ret_any && room >= IN_FLIGHT / 3) {
		TRY(jobs_take(p->job, room, &rows));
		p->taken += (int)rows.n;
		*ret_any = rows.n > 0;
	}
	return start_rows(p, rows.v, rows.n);
}

/* The next job sends for itself and others. */
static void pump_close(const struct pump *p)
{
	if (pumps[p->spreads] == p)
		pumps[p->spreads] = NULL;
}

/* Goes on until the last message has ended, whatever fails meanwhile. */
static err run_pump(struct pump *p)
{
	struct job_row own = { .id = p->job->id, .attempt = p->job->attempt };
	err first = start_rows(p, &own, 1), e;
	bool more = true;

	while (p->running > 0 || p->done || p->handed) {
		e = take_more(p, &more);
		more &= !e.info;
		if (!more)
			pump_close(p);
		first = first.info ? first : e;
		if (p->running > 0 && !p->done)
			e = waiter_wait(&p->changed, 0);
		e = settle(p);
		first = first.info ? first : e;
	}
	return first;
}

/* Until the pump has settled it; in time, for it begins at once, and a message has its deadline. */
static err hand_over(struct pump *p, struct job *j)
{
	struct handed h = { .next = p->handed, .row = { .id = j->id, .attempt = j->attempt } };
	err e = OK;

	p->handed = &h;
	waiter_wake(&p->changed);
	while (!h.over)
		e = waiter_wait(&h.settled, 0);
	(void)e;
	j->ended = !h.e.info;
	return h.e;
}

/* The app's own address; a link FCM takes is https. */
static str web_base(struct job *j)
{
	str base = link_app(j->arena, j->app);

	return str_starts(base, S("https://")) ? base : S("https://sojorn.net");
}

err push_run(struct job *j)
{
	bool spreads = str_eq(j->kind, S("push"));
	struct pump **pump = &pumps[spreads], *p;
	err e;

	if (!fcm_configured(j->app)) {
		log_debug("push dropped: no service account");
		return OK;
	}
	if (*pump)
		return hand_over(*pump, j);
	p = arena_zalloc(j->arena, sizeof(*p));
	*p = (struct pump){ .job = j, .web = web_base(j), .spreads = spreads };
	*pump = p;
	e = run_pump(p);
	pump_close(p);
	return e;
}
