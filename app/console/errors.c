/* See errors.h. */
#include "app/console/errors.h"

#include "app/console/console.h"
#include "lib/web/req.h"

#include <pthread.h>
#include <stdlib.h>

enum { PLACES = 256, ID_BYTES = 64, PERIOD_SECONDS = 300 };

struct place {
	const struct route *route; /* NULL: none matched */
	const char *code;	   /* of static storage, as all codes */
	int32_t status;
	int64_t n, slowest_us;
	usec last;
	char request_id[ID_BYTES];
	size_t request_id_n;
	int64_t period; /* number of five minutes that recent[0] counts */
	int32_t recent[ERROR_PERIODS];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct place places[PLACES];
static size_t nplaces;

/* ---- noting ---- */

/* A server's mistake is kept rather than a client's. */
static bool goes_before(const struct place *a, const struct place *b)
{
	if ((a->status < 500) != (b->status < 500))
		return a->status < 500;
	return a->last.us < b->last.us;
}

static struct place *least(void)
{
	struct place *p = places;

	for (size_t i = 1; i < nplaces; i++)
		if (goes_before(&places[i], p))
			p = &places[i];
	return p;
}

static struct place *place_of(const struct route *route, int status, const char *code)
{
	struct place *p;

	for (size_t i = 0; i < nplaces; i++) {
		p = &places[i];
		if (p->route == route && p->status == status && p->code == code)
			return p;
	}
	p = nplaces < PLACES ? &places[nplaces++] : least();
	*p = (struct place){ .route = route, .status = status, .code = code };
	return p;
}

/* Moves the counts on to the five minutes of this time. */
static void move_on(struct place *p, usec at)
{
	int64_t now = at.us / SECOND / PERIOD_SECONDS;

	for (; p->period < now && now - p->period < ERROR_PERIODS; p->period++) {
		memmove(p->recent + 1, p->recent, (ERROR_PERIODS - 1) * sizeof *p->recent);
		p->recent[0] = 0;
	}
	if (p->period < now)
		memset(p->recent, 0, sizeof p->recent);
	p->period = now;
}

void console_note_error(const struct req *r, int status, int64_t us)
{
	const char *code = req_error_code(r);
	struct place *p;

	pthread_mutex_lock(&lock);
	p = place_of(r->route, status, code);
	p->last = time_now();
	move_on(p, p->last);
	p->n++;
	p->recent[0]++;
	p->slowest_us = us > p->slowest_us ? us : p->slowest_us;
	p->request_id_n = r->request_id.n < ID_BYTES ? r->request_id.n : ID_BYTES;
	memcpy(p->request_id, r->request_id.p ? r->request_id.p : "", p->request_id_n);
	pthread_mutex_unlock(&lock);
}

/* ---- telling ---- */

static struct route_error describe(struct arena *a, struct place *p, usec now)
{
	struct route_error e = {
		.method = p->route ? str_of(method_name(p->route->method)) : S(""),
		.route = p->route ? str_of(p->route->path) : S(""),
		.status = p->status,
		.code = str_of(p->code),
		.n = p->n,
		.last = p->last,
		.request_id = arena_copy(a, (str){ p->request_id, p->request_id_n }),
		.slowest = (double)p->slowest_us / 1000,
		.recent = { arena_alloc(a, sizeof p->recent), ERROR_PERIODS },
	};

	move_on(p, now);
	for (int i = 0; i < ERROR_PERIODS; i++)
		e.recent.v[ERROR_PERIODS - 1 - i] = p->recent[i];
	return e;
}

static int newest_first(const void *a, const void *b)
{
	const struct route_error *x = a, *y = b;

	return (x->last.us < y->last.us) - (x->last.us > y->last.us);
}

/* Copied out under the lock, written in full behind it: the arena may leave by a jump. */
struct list errors_list(struct arena *a)
{
	struct place *copy = arena_alloc(a, sizeof places);
	struct route_error *v = arena_alloc(a, PLACES * sizeof *v);
	usec now = time_now();
	size_t n;

	pthread_mutex_lock(&lock);
	n = nplaces;
	memcpy(copy, places, n * sizeof *copy);
	pthread_mutex_unlock(&lock);
	for (size_t i = 0; i < n; i++)
		v[i] = describe(a, &copy[i], now);
	qsort(v, n, sizeof *v, newest_first);
	return (struct list){ v, n, sizeof *v };
}
