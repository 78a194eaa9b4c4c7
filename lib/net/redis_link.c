/*
 * hiredis drives the protocol, our loop its socket, one timer its patience: an attempt to connect and a command
 * have a second, then the connection counts as dead, however alive the kernel believes it to be. hiredis frees a
 * context by itself when it breaks; its `cleanup` is the one place that learns of each end.
 *
 * Names are resolved when connecting, which blocks: Redis is named by address, by socket, or in /etc/hosts.
 */
#include "lib/net/redis_link.h"

#include "lib/base/log.h"

#include <string.h>

static const int64_t patience = SECOND, look_every = 250 * MILLISECOND,
		     try_every = 500 * MILLISECOND;

/* ---- what hiredis asks of a loop ---- */

static void on_ready(void *arg, int ready)
{
	struct redis_link *l = arg;

	if (ready == WATCH_READ)
		redisAsyncHandleRead(l->context);
	else
		redisAsyncHandleWrite(l->context);
}

static void want(struct redis_link *l, int what)
{
	l->want = what;
	watch_set(l->watch, what);
}

static void add_read(void *arg)
{
	struct redis_link *l = arg;

	want(l, l->want | WATCH_READ);
}

static void del_read(void *arg)
{
	struct redis_link *l = arg;

	want(l, l->want & ~WATCH_READ);
}

static void add_write(void *arg)
{
	struct redis_link *l = arg;

	want(l, l->want | WATCH_WRITE);
}

static void del_write(void *arg)
{
	struct redis_link *l = arg;

	want(l, l->want & ~WATCH_WRITE);
}

/* ---- its end ---- */

static void report(struct redis_link *l, const char *why)
{
	if (!l->reported)
		log_warn(l->up ? "redis is lost" : "redis cannot be reached", LOG("why", why));
	l->reported = true;
}

/* The context has come to its end, whoever ended it. */
static void cleanup(void *arg)
{
	struct redis_link *l = arg;
	redisAsyncContext *c = l->context;

	report(l, c->errstr && *c->errstr ? c->errstr : "it does not answer");
	watch_free(l->watch);
	l->watch = NULL;
	l->context = NULL;
	l->up = false;
	timer_set(l->timer, try_every);
}

/* ---- its beginning ---- */

static void greeted(redisAsyncContext *c, void *reply, void *arg)
{
	struct redis_link *l = arg;
	const redisReply *r = reply;

	if (!r)
		return;
	l->heard_at = time_monotonic();
	if (r->type == REDIS_REPLY_ERROR) {
		report(l, r->str);
		redisAsyncFree(c);
		return;
	}
	if (--l->greetings > 0)
		return;
	if (l->reported)
		log_info("redis is there again");
	l->reported = false;
	l->up = true;
	l->on_up(l);
}

static void greet(struct redis_link *l)
{
	struct redis_words words[3];

	l->greetings = redis_greeting(l->redis, words);
	for (int i = 0; i < l->greetings; i++)
		redisAsyncCommandArgv(l->context, greeted, l, words[i].n, words[i].v, NULL);
}

static void connect_now(struct redis_link *l)
{
	const struct redis *r = l->redis;
	redisAsyncContext *c =
		r->path ? redisAsyncConnectUnix(r->path) : redisAsyncConnect(r->host, r->port);

	timer_set(l->timer, try_every);
	if (!c || c->err || !(l->watch = watch_new(l->loop, c->c.fd, on_ready, l))) {
		report(l, c ? c->errstr : "out of memory");
		if (c)
			redisAsyncFree(c);
		return;
	}
	l->context = c;
	l->want = 0;
	l->waiting = 0;
	l->heard_at = time_monotonic();
	c->ev.data = l;
	c->ev.addRead = add_read;
	c->ev.delRead = del_read;
	c->ev.addWrite = add_write;
	c->ev.delWrite = del_write;
	c->ev.cleanup = cleanup;
	greet(l);
	timer_set(l->timer, look_every);
}

/* ---- its life ---- */

static bool is_dead(const struct redis_link *l)
{
	int64_t quiet = time_monotonic() - l->heard_at;

	if (!l->up || l->waiting > 0)
		return quiet > patience;
	return l->silence && quiet > l->silence;
}

static void on_timer(void *arg)
{
	struct redis_link *l = arg;

	if (!l->context) {
		connect_now(l);
		return;
	}
	timer_set(l->timer, look_every);
	if (is_dead(l))
		redisAsyncFree(l->context); /* sets the timer anew */
}

bool redis_link_start(struct redis_link *l)
{
	l->timer = timer_new(l->loop, on_timer, l);
	if (!l->timer)
		return false;
	connect_now(l);
	return true;
}

void redis_link_stop(struct redis_link *l)
{
	l->reported = true; /* it is meant */
	if (l->context)
		redisAsyncFree(l->context);
	timer_free(l->timer);
	l->timer = NULL;
}
