/* Commands and listeners over a link; see redis.h. */
#include "lib/net/redis_link.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 16, WAITING_MAX = 10000 };

/* ---- commands ---- */

/* A command under way. */
struct errand {
	struct redis_link *link;
	void (*fn)(void *arg, const struct redis_answer *a);
	void *arg;
};

static void *link_make(struct loop *l, const struct loop_part *kind);
static void link_free(void *part);

const struct loop_part redis_part = { link_make, link_free };

static void on_link_up(struct redis_link *l)
{
	(void)l; /* whoever sends sees it */
}

static void *link_make(struct loop *loop, const struct loop_part *kind)
{
	struct redis_link *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->redis = (const struct redis *)((const char *)kind - offsetof(struct redis, part));
	l->loop = loop;
	l->on_up = on_link_up;
	if (redis_link_start(l))
		return l;
	free(l);
	return NULL;
}

static void link_free(void *part)
{
	redis_link_stop(part);
	free(part);
}

static void take_number(struct redis_answer *a, const redisReply *r)
{
	if (r->type == REDIS_REPLY_INTEGER && a->n < REDIS_NUMBERS)
		a->v[a->n++] = r->integer;
}

static struct redis_answer answer_of(const redisReply *r)
{
	struct redis_answer a = { .ok = r && r->type != REDIS_REPLY_ERROR };

	if (!a.ok)
		return a;
	take_number(&a, r);
	for (size_t i = 0; r->type == REDIS_REPLY_ARRAY && i < r->elements; i++)
		take_number(&a, r->element[i]);
	return a;
}

static void on_answer(redisAsyncContext *c, void *reply, void *arg)
{
	struct errand *e = arg;
	struct redis_answer a = answer_of(reply);

	(void)c;
	if (reply)
		e->link->heard_at = time_monotonic();
	e->link->waiting--;
	if (e->fn)
		e->fn(e->arg, &a);
	free(e);
}

static bool say(struct redis_link *l, const str *words, size_t n, struct errand *e)
{
	const char *text[WORDS];
	size_t length[WORDS];

	for (size_t i = 0; i < n; i++) {
		text[i] = words[i].p;
		length[i] = words[i].n;
	}
	return redisAsyncCommandArgv(l->context, on_answer, e, (int)n, text, length) == REDIS_OK;
}

bool redis_send(struct redis *r, const str *words, size_t n,
		void (*fn)(void *arg, const struct redis_answer *a), void *arg)
{
	struct redis_link *l = loop_part(loop_self(), &r->part);
	struct errand *e;

	if (!l || !l->up || l->waiting >= WAITING_MAX || n > WORDS || !(e = malloc(sizeof *e)))
		return false;
	*e = (struct errand){ l, fn, arg };
	if (!say(l, words, n, e)) {
		free(e);
		return false;
	}
	if (l->waiting++ == 0)
		l->heard_at = time_monotonic();
	return true;
}

/* ---- waiting for an answer ---- */

/* Whoever waits may give up before the answer comes: the last of the two frees it. */
struct question {
	struct waiter *waiter; /* NULL: given up */
	struct redis_answer answer;
};

static void on_reply(void *arg, const struct redis_answer *a)
{
	struct question *q = arg;

	if (!q->waiter) {
		free(q);
		return;
	}
	q->answer = *a;
	waiter_wake(q->waiter);
	q->waiter = NULL;
}

struct redis_answer redis_ask(struct redis *r, const str *words, size_t n, int64_t wait)
{
	struct waiter w = { 0 };
	struct question *q = calloc(1, sizeof *q);
	struct redis_answer a = { 0 };

	if (!q)
		return a;
	q->waiter = &w;
	if (!redis_send(r, words, n, on_reply, q)) {
		free(q);
		return a;
	}
	err e = waiter_wait(&w, time_monotonic() + wait);
	(void)e; /* the answer says it */
	if (q->waiter) {
		q->waiter = NULL;
		return a;
	}
	a = q->answer;
	free(q);
	return a;
}

/* ---- listening ---- */

struct redis_ear {
	struct redis_link link; /* first: on_up is handed it */
	char *channel;
	void (*heard)(void *arg, str message);
	void *arg;
};

static void on_message(redisAsyncContext *c, void *reply, void *arg)
{
	struct redis_ear *e = arg;
	const redisReply *r = reply;

	(void)c;
	if (!r || r->type != REDIS_REPLY_ARRAY || r->elements < 3)
		return;
	e->link.heard_at = time_monotonic();
	if (strcmp(r->element[0]->str, "message") == 0)
		e->heard(e->arg, (str){ r->element[2]->str, r->element[2]->len });
	else
		e->heard(e->arg, (str){ 0 });
}

static void listen_now(struct redis_link *l)
{
	struct redis_ear *e = (struct redis_ear *)l;

	redisAsyncCommand(l->context, on_message, e, "SUBSCRIBE %s", e->channel);
}

struct redis_ear *redis_hear(struct redis *r, struct loop *l, const char *channel, int64_t silence,
			     void (*heard)(void *arg, str message), void *arg)
{
	struct redis_ear *e = calloc(1, sizeof *e);

	if (!e)
		return NULL;
	e->link = (struct redis_link){ .redis = r,
				       .loop = l,
				       .on_up = listen_now,
				       .silence = silence };
	e->channel = strdup(channel);
	e->heard = heard;
	e->arg = arg;
	if (e->channel && redis_link_start(&e->link))
		return e;
	free(e->channel);
	free(e);
	return NULL;
}

void redis_ear_free(struct redis_ear *e)
{
	if (!e)
		return;
	redis_link_stop(&e->link);
	free(e->channel);
	free(e);
}
