/*
 * Passing the gate. Held requests stand on a list of their loop; a timer looks at the gate while there are
 * any, which needs no word between loops that may be ending.
 *
 * What is passed on to the project needs a lease: the keeper has talked to the database less than
 * LEASE ago. A server that has lost the database therefore stops passing on before anybody gives it up
 * for lost (supabase_move.gate_silence), and holds instead. What is written here needs none: the guards
 * of the database stand before it.
 */
#include "app/gateway/gate.h"

#include "app/gateway/record.h"
#include "lib/web/req.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const int64_t look_every = 2 * MILLISECOND; /* of held requests */
static const int64_t elsewhere_retry = 60;	   /* seconds; the switch may be days away */

static const struct err_info held_info = { 503, "held", "the service is being moved, try again",
					   NULL };
static const struct err_info elsewhere_info = {
	503, "not_here_yet", "this server does not take changes before the move is done", NULL
};
static const err err_held = { &held_info };
static const err err_elsewhere = { &elsewhere_info };

/* ---- the process's part ---- */

static str without_slash(str url)
{
	return str_ends(url, S("/")) ? str_slice(url, 0, url.n - 1) : url;
}

struct gate *gate_new(const struct config *c)
{
	struct gate *g = calloc(1, sizeof *g);
	char host[64] = "";

	if (!g)
		return NULL;
	gethostname(host, sizeof host - 1);
	snprintf(g->name, sizeof g->name, "%s:%d", host, (int)getpid());
	g->instance = uuid_random();
	g->patience = config_int(c, "SUPABASE_HOLD");
	g->silence = config_int(c, "SUPABASE_TIMEOUT");
	g->upstream = without_slash(config_str(c, "SUPABASE_UPSTREAM"));
	g->record = record_open(config_cstr(c, "SUPABASE_RECORD"));
	/* without a project to pass on to, the guards say what may be written until the row is read */
	g->side = !str_empty(g->upstream) ? GATE_NEITHER : GATE_HERE;
	return g;
}

void gate_free(struct gate *g)
{
	if (g && g->record >= 0)
		close(g->record);
	free(g);
}

enum gate_side gate_side(const struct gate *g)
{
	enum gate_side side;

	side = g->ended ? GATE_NEITHER : (enum gate_side)g->side;
	if (side == GATE_UPSTREAM && time_monotonic() >= g->lease)
		return GATE_NEITHER;
	return side;
}

/* ---- held ---- */

struct held {
	struct waiter waiter;
	struct held *next, **link;
};

/* A loop's part. */
struct bench {
	const struct gate *gate;
	struct timer *timer;
	struct held *first;
};

static void look(void *arg)
{
	struct bench *b = arg;

	if (gate_side(b->gate) != GATE_NEITHER)
		for (struct held *h = b->first; h; h = h->next)
			waiter_wake(&h->waiter);
	if (b->first)
		timer_set(b->timer, look_every);
}

static void bench_free(void *part)
{
	struct bench *b = part;

	timer_free(b->timer);
	free(b);
}

static void *bench_make(struct loop *l, const struct loop_part *kind)
{
	struct bench *b = calloc(1, sizeof *b);

	(void)kind;
	if (b)
		b->timer = timer_new(l, look, b);
	if (b && !b->timer) {
		free(b);
		return NULL;
	}
	return b;
}

static const struct loop_part benches = { bench_make, bench_free };

static void sit_down(struct bench *b, struct held *h)
{
	*h = (struct held){ .next = b->first, .link = &b->first };
	if (h->next)
		h->next->link = &h->next;
	else
		timer_set(b->timer, look_every);
	b->first = h;
}

static void stand_up(struct held *h)
{
	*h->link = h->next;
	if (h->next)
		h->next->link = h->link;
}

static err sit(struct bench *b, int64_t deadline)
{
	struct held h;
	err e;

	sit_down(b, &h);
	e = waiter_wait(&h.waiter, deadline);
	stand_up(&h);
	return e;
}

/* Until the gate opens. Suspends. */
static err wait_until_open(struct gate *g, int64_t deadline)
{
	struct bench *b = loop_part(loop_self(), &benches);
	err e = OK;

	if (!b)
		return err_no_memory;
	b->gate = g;
	g->waiting++;
	while (!e.info && gate_side(g) == GATE_NEITHER)
		e = g->ended ? err_deadline : sit(b, deadline);
	g->waiting--;
	return e.info ? err_held : OK;
}

/* ---- passing ---- */

err gate_enter(struct gate *g, enum gate_side *out)
{
	int64_t deadline = time_monotonic() + g->patience;

	for (;;) {
		g->in_flight++;
		*out = gate_side(g);
		if (*out != GATE_NEITHER)
			return OK;
		g->in_flight--;
		TRY(wait_until_open(g, deadline));
	}
}

void gate_share(struct gate *g)
{
	if (g)
		g->in_flight++;
}

void gate_leave(struct gate *g)
{
	if (g)
		g->in_flight--;
}

bool gate_try_here(struct gate *g)
{
	if (!g)
		return true;
	g->in_flight++;
	if (gate_side(g) == GATE_HERE)
		return true;
	g->in_flight--;
	return false;
}

/* ---- the app's own API ---- */

static bool is_write(const struct req *r)
{
	return r->method != GET || r->route->writes;
}

err gate_enter_request(struct req *r)
{
	struct gate *g = r->app->gate;
	enum gate_side side;
	int64_t since;

	if (!is_write(r) || gate_try_here(g))
		return OK;
	since = time_monotonic();
	TRY(gate_enter(g, &side));
	req_postpone(r, time_monotonic() - since);
	if (side == GATE_HERE)
		return OK;
	gate_leave(g);
	reply_header(r, "Retry-After", arena_printf(r->arena, "%lld", (long long)elsewhere_retry));
	return err_elsewhere;
}

void gate_leave_request(struct req *r)
{
	if (is_write(r))
		gate_leave(r->app->gate);
}
