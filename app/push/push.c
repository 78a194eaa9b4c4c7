/*
 * The jobs. Sending is done by one of a loop's jobs at a time for all that wait: it keeps up to IN_FLIGHT
 * messages under way, which is what one HTTP/2 connection carries, takes further rows as messages end, and
 * settles what has ended together, as soon as the settlement before is through.
 */
#include "app/push/push.h"

#include "app/links.h"
#include "app/ops/metrics.h"
#include "app/push/fcm.h"
#include "app/push/push.sql.h"
#include "lib/base/log.h"

enum { SPREAD = 200, IN_FLIGHT = 90, ROWS = 5000, SEND_SECONDS = 15 };

/* A job that sends, and what it has under way. */
struct pump {
	struct job *job;
	str web;
	int running; /* messages */
	int taken;
	struct waiter ended;
	size_t n, dead_n; /* of those not settled yet */
	struct job_end ends[IN_FLIGHT];
	str dead[IN_FLIGHT]; /* tokens */
};

struct sender {
	struct pump *pump;
	struct arena *arena;
	struct job_row row;
	const struct fcm_message *message;
};

/* Whether a job of this loop takes more than its own row. */
static _Thread_local bool pumping;

/* ---- spreading ---- */

static struct job_row own_row(const struct job *j)
{
	return (struct job_row){ j->id, j->attempt };
}

/* Its own row, then the others, as a statement takes them. */
static void row_args(struct arena *a, const struct job_row *rows, size_t n, struct i64s *ids,
		     struct i32s *attempts)
{
	*ids = (struct i64s){ arena_alloc(a, n * sizeof(int64_t)), n };
	*attempts = (struct i32s){ arena_alloc(a, n * sizeof(int32_t)), n };
	for (size_t i = 0; i < n; i++) {
		ids->v[i] = rows[i].id;
		attempts->v[i] = rows[i].attempt;
	}
}

err push_spread_run(struct job *j)
{
	struct job_row rows[SPREAD + 1] = { own_row(j) };
	struct list more = { 0 };
	struct i64s ids;
	struct i32s attempts;

	if (!fcm_configured(j->app)) {
		log_debug("push dropped: no service account");
		return OK;
	}
	TRY(jobs_take(j, SPREAD, &more));
	memcpy(rows + 1, more.v, more.n * sizeof(*rows));
	row_args(j->arena, rows, more.n + 1, &ids, &attempts);
	TRY(db_exec(j->db, &sql_push_spread, NULL, ARG(ids), ARG(attempts)));
	j->ended = true;
	jobs_wake();
	return OK;
}

/* ---- one message ---- */

static void note_end(struct pump *p, struct job_row row, err e, int64_t delay)
{
	p->ends[p->n++] = (struct job_end){ .row = row, .e = e, .delay = delay };
	waiter_wake(&p->ended);
}

static void send_one(void *arg)
{
	static const enum metrics_push results[] = { [FCM_TAKEN] = PUSH_TAKEN,
						     [FCM_DEAD] = PUSH_DEAD,
						     [FCM_REFUSED] = PUSH_REFUSED };
	struct sender *s = arg;
	struct pump *p = s->pump;
	str json = fcm_message_json(s->arena, s->message, p->web);
	struct fcm_answer answer = { 0 };
	err e = fcm_send(s->arena, p->job->app, json, time_monotonic() + SEND_SECONDS * SECOND,
			 &answer);

	metrics_push(e.info ? PUSH_FAILED : results[answer.verdict]);
	if (!e.info && answer.verdict == FCM_DEAD)
		p->dead[p->dead_n++] = s->message->token;
	p->running--;
	note_end(p, s->row, e, answer.delay);
	arena_free(s->arena);
}

static void start_one(struct pump *p, struct job_row row, const struct fcm_message *m)
{
	struct arena *a = arena_new();
	struct sender *s = arena_alloc(a, sizeof(*s));

	*s = (struct sender){ .pump = p, .arena = a, .row = row, .message = m };
	p->running++;
	if (loop_start(p->job->loop, send_one, s))
		return;
	p->running--;
	note_end(p, row, err_no_memory, 0);
	arena_free(a);
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

static const struct fcm_message *message_of(const struct list *messages, int64_t id)
{
	const struct fcm_message *m = messages->v;

	for (size_t i = 0; i < messages->n; i++)
		if (m[i].id == id)
			return &m[i];
	return NULL;
}

/* A row without a message is done: nothing is to be said any more, or the device is gone. */
static err start_rows(struct pump *p, const struct job_row *rows, size_t n)
{
	struct list messages = { 0 };
	struct i64s ids;
	struct i32s attempts;

	row_args(p->job->arena, rows, n, &ids, &attempts);
	TRY(db_list(p->job->db, &sql_push_messages, message_fields, sizeof(struct fcm_message),
		    &messages, ARG(ids)));
	for (size_t i = 0; i < n; i++) {
		const struct fcm_message *m = message_of(&messages, rows[i].id);

		if (m)
			start_one(p, rows[i], m);
		else
			note_end(p, rows[i], OK, 0);
	}
	return OK;
}

/* While this waits others end; they are for the next time. */
static err settle(struct pump *p)
{
	struct arena *a = p->job->arena;
	struct job_end *ends = arena_alloc(a, p->n * sizeof(*ends));
	struct strs dead = { arena_alloc(a, p->dead_n * sizeof(str) + 1), p->dead_n };
	size_t n = p->n;

	if (n == 0)
		return OK;
	memcpy(ends, p->ends, n * sizeof(*ends));
	memcpy(dead.v, p->dead, dead.n * sizeof(str));
	p->n = p->dead_n = 0;
	if (dead.n)
		TRY(db_exec(p->job->db, &sql_push_forget, NULL, ARG(dead)));
	return jobs_settle(p->job, ends, n);
}

/* False when there is nothing more to take, or the job has run long enough. */
static err take_more(struct pump *p, bool *ret_any)
{
	int32_t room = IN_FLIGHT - p->running - (int32_t)p->n;
	struct list rows = { 0 };

	*ret_any = p->taken < ROWS;
	if (!*ret_any || room < IN_FLIGHT / 3)
		return OK;
	TRY(jobs_take(p->job, room, &rows));
	p->taken += (int)rows.n;
	*ret_any = rows.n > 0;
	return rows.n ? start_rows(p, rows.v, rows.n) : OK;
}

/* Goes on until the last message has ended, whatever fails meanwhile. */
static err run_pump(struct pump *p, bool more)
{
	struct job_row own = own_row(p->job);
	err first = start_rows(p, &own, 1), e;

	while (p->running > 0 || p->n > 0) {
		e = OK;
		if (more && !first.info)
			e = take_more(p, &more);
		first = first.info ? first : e;
		if (p->n == 0)
			e = waiter_wait(&p->ended, 0);
		e = settle(p);
		first = first.info ? first : e;
	}
	return first;
}

/* The app's own address; a link FCM takes is https. */
static str web_base(struct job *j)
{
	str base = link_app(j->arena, j->app);

	return str_starts(base, S("https://")) ? base : S("https://sojorn.net");
}

err push_send_run(struct job *j)
{
	bool more = !pumping;
	struct pump *p;
	err e;

	if (!fcm_configured(j->app))
		return OK;
	p = arena_zalloc(j->arena, sizeof(*p));
	p->job = j;
	p->web = web_base(j);
	pumping = true;
	e = run_pump(p, more);
	if (more)
		pumping = false;
	return e;
}
