/*
 * The states of a link, driven by its socket and one timer. libpq's own time limit does not work for
 * non-blocking connects, so the timer ends an attempt. Names are resolved in PQconnectStartParams,
 * which blocks: a database is named by address, by socket, or in /etc/hosts.
 */
#include "lib/db/link.h"

#include "lib/base/rand.h"

#include <stdlib.h>
#include <string.h>

/* The longest wait is under half a second, so that all is well again within a second of the
 * database's return, the connect itself included. */
enum { BACKOFF_FIRST = 10 * 1000, BACKOFF_MOST = 400 * 1000 };

struct link_params {
	char *url, *application_name, *options;
};

/* ---- parameters ---- */

/* The URL's own "options", NULL if it has none; *ok: it could be read. */
static char *options_of(const char *url, bool *ok)
{
	PQconninfoOption *all = PQconninfoParse(url, NULL);
	char *options = NULL;

	*ok = all != NULL;
	for (PQconninfoOption *o = all; o && o->keyword; o++)
		if (!options && strcmp(o->keyword, "options") == 0 && o->val)
			options = strdup(o->val);
	PQconninfoFree(all);
	return options;
}

static char *join(const char *a, const char *b)
{
	size_t n = (a ? strlen(a) : 0) + strlen(b) + 2;
	char *s = malloc(n);

	if (s) {
		s[0] = '\0';
		if (a) {
			strcat(s, a);
			strcat(s, " ");
		}
		strcat(s, b);
	}
	return s;
}

struct link_params *link_params_new(const char *url, const char *application_name,
				    const char *settings)
{
	struct link_params *p = calloc(1, sizeof(*p));
	bool ok;
	char *own;

	if (!p)
		return NULL;
	own = options_of(url, &ok);
	p->url = strdup(url);
	p->application_name = strdup(application_name);
	p->options = join(own, settings);
	free(own);
	if (!ok || !p->url || !p->application_name || !p->options) {
		link_params_free(p);
		return NULL;
	}
	return p;
}

void link_params_free(struct link_params *p)
{
	if (!p)
		return;
	free(p->url);
	free(p->application_name);
	free(p->options);
	free(p);
}

/* ---- ends ---- */

static void close_connection(struct link *l)
{
	watch_free(l->watch);
	l->watch = NULL;
	PQfinish(l->pg);
	l->pg = NULL;
}

/* Up to a quarter more, so that the links of many loops do not knock all at once. */
static int64_t with_jitter(int64_t us)
{
	uint32_t r;

	rand_bytes(&r, sizeof(r));
	return us + us / 4 * (r % 1024) / 1024;
}

static void schedule(struct link *l)
{
	l->state = LINK_WAITING;
	timer_set(l->timer, with_jitter(l->backoff));
	l->backoff = l->backoff * 2 < BACKOFF_MOST ? l->backoff * 2 : BACKOFF_MOST;
}

void link_lose(struct link *l, const char *why)
{
	bool was_up = l->state == LINK_UP;
	char text[256];

	strncpy(text, why, sizeof(text) - 1); /* may be libpq's own, which goes with it */
	text[sizeof(text) - 1] = '\0';
	text[strcspn(text, "\n")] = '\0';
	close_connection(l);
	schedule(l);
	l->on->down(l->owner, was_up, text);
}

void link_stop(struct link *l)
{
	close_connection(l);
	timer_free(l->timer);
	l->timer = NULL;
	l->state = LINK_STOPPED;
}

void link_hurry(struct link *l)
{
	if (l->state != LINK_WAITING)
		return;
	l->backoff = BACKOFF_FIRST;
	timer_set(l->timer, 0);
}

/* ---- up ---- */

void link_flush(struct link *l)
{
	int left = PQflush(l->pg);

	/* -1: the socket is broken; what arrived before it broke is read first, and then its end. */
	watch_set(l->watch, WATCH_READ | (left > 0 ? WATCH_WRITE : 0));
}

static void on_readable(struct link *l)
{
	bool alive = PQconsumeInput(l->pg);
	PGconn *pg = l->pg;

	if (!l->on->input(l->owner)) {
		if (l->pg == pg)
			link_lose(l, "the server closed the connection");
	} else if (!alive && l->pg == pg) {
		link_lose(l, PQerrorMessage(pg));
	}
}

static void on_up_ready(void *arg, int ready)
{
	struct link *l = arg;

	if (ready & WATCH_READ)
		on_readable(l);
	if (l->state == LINK_UP)
		link_flush(l);
}

/* ---- connecting ---- */

static void on_connecting_ready(void *arg, int ready);

/* libpq may use one socket after the other while it tries addresses. */
static bool watch_socket(struct link *l, void (*fn)(void *, int), int want)
{
	watch_free(l->watch);
	l->watch = watch_new(l->loop, PQsocket(l->pg), fn, l);
	if (!l->watch)
		return false;
	watch_set(l->watch, want);
	return true;
}

static void on_notice(void *arg, const char *message)
{
	(void)arg, (void)message; /* may hold values; whatever matters comes as an error */
}

static void go_up(struct link *l)
{
	if (PQsetnonblocking(l->pg, 1) != 0 || !watch_socket(l, on_up_ready, WATCH_READ)) {
		link_lose(l, "out of memory");
		return;
	}
	timer_cancel(l->timer);
	l->backoff = BACKOFF_FIRST;
	l->state = LINK_UP;
	l->on->up(l->owner);
}

static void poll_connection(struct link *l)
{
	int want = 0;

	watch_free(l->watch); /* before libpq closes the socket under it */
	l->watch = NULL;
	switch (PQconnectPoll(l->pg)) {
	case PGRES_POLLING_READING:
		want = WATCH_READ;
		break;
	case PGRES_POLLING_WRITING:
		want = WATCH_WRITE;
		break;
	case PGRES_POLLING_OK:
		go_up(l);
		return;
	default:
		link_lose(l, PQerrorMessage(l->pg));
		return;
	}
	if (!watch_socket(l, on_connecting_ready, want))
		link_lose(l, "out of memory");
}

static void on_connecting_ready(void *arg, [[maybe_unused]] int ready)
{
	poll_connection(arg);
}

static void begin_attempt(struct link *l)
{
	const struct link_params *p = l->params;
	/* The URL, which comes behind them, may say otherwise of the first four. */
	const char *const keywords[] = { "keepalives_idle",
					 "keepalives_interval",
					 "keepalives_count",
					 "tcp_user_timeout",
					 "dbname",
					 "fallback_application_name",
					 "client_encoding",
					 "options",
					 NULL };
	const char *const values[] = { "30",	"10",	    "3",
				       "30000", p->url,	    p->application_name,
				       "UTF8",	p->options, NULL };

	l->state = LINK_CONNECTING;
	timer_set(l->timer, l->patience);
	l->pg = PQconnectStartParams(keywords, values, 1);
	if (!l->pg || PQstatus(l->pg) == CONNECTION_BAD) {
		link_lose(l, l->pg ? PQerrorMessage(l->pg) : "out of memory");
		return;
	}
	PQsetNoticeProcessor(l->pg, on_notice, NULL);
	if (!watch_socket(l, on_connecting_ready, WATCH_WRITE)) /* as if WRITING had been polled */
		link_lose(l, "out of memory");
}

static void on_timer(void *arg)
{
	struct link *l = arg;

	if (l->state == LINK_WAITING)
		begin_attempt(l);
	else if (l->state == LINK_CONNECTING)
		link_lose(l, "no answer in time");
}

bool link_start(struct link *l)
{
	l->timer = timer_new(l->loop, on_timer, l);
	if (!l->timer)
		return false;
	l->backoff = BACKOFF_FIRST;
	l->state = LINK_WAITING;
	timer_set(l->timer, 0);
	return true;
}
