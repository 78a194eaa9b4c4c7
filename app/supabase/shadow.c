/* Shadow reads: see supabase.h. A few workers share the lines; each asks both sides at the same time, so that what
 * people write meanwhile lies between the answers as seldom as can be. Tokens are made here, for the time of the
 * run: both sides know the secret. */
#include "app/supabase/landing.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/shadow.sql.h"
#include "lib/base/crypt.h"
#include "lib/net/fetch.h"
#include "lib/net/loop.h"
#include "lib/web/token.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WORKERS = 4, DETAIL = 400, REPLY_MAX = 8 << 20 };

static const int64_t answer_within = 20 * SECOND, token_life = 10 * MINUTE;

struct shadow {
	struct move m;
	const struct move_shadow *s;
	struct shadow_sums *sums;
	struct loop *loop;
	str rest; /* lines not yet read */
	const char *ignored;
	struct seen *seen; /* what has been asked */
	size_t nseen, capacity;
	int asked, workers;
};

struct line {
	str path, role;
	uuid user;
};
static const struct field line_fields[] = {
	FIELD(struct line, path, .required = true),
	FIELD(struct line, role, .required = true),
	FIELD(struct line, user),
	{ 0 },
};

/* ---- lines ---- */

struct seen {
	uint8_t hash[SHA256_BYTES];
};

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, SHA256_BYTES);
}

/* Notes a line; false: it has been asked. Kept in order, so that long records are quick to go through. */
static bool is_new(struct shadow *w, str line)
{
	struct seen s = { 0 };
	size_t at = 0, n = w->nseen;

	sha256(line, s.hash);
	while (n > 0) {
		int order = by_hash(&s, &w->seen[at + n / 2]);

		if (order == 0)
			return false;
		if (order > 0) {
			at += n / 2 + 1;
			n -= n / 2 + 1;
		} else {
			n /= 2;
		}
	}
	if (w->nseen == w->capacity) {
		size_t old = w->capacity * sizeof(s);

		w->seen = arena_grow(w->m.arena, w->seen, old, old ? 2 * old : 64 * sizeof(s));
		w->capacity = old ? 2 * w->capacity : 64;
	}
	memmove(&w->seen[at + 1], &w->seen[at], (w->nseen - at) * sizeof(s));
	w->seen[at] = s;
	w->nseen++;
	return true;
}

/* The next line that has not been asked. A service key opens everything and is nobody's: such lines are left out. */
static bool next_line(struct shadow *w, struct arena *a, struct line *out)
{
	while (w->rest.n && w->asked < w->s->most) {
		str text = str_trim(str_cut(&w->rest, '\n'));

		memset(out, 0, sizeof(*out));
		if (!text.n || !is_new(w, text)
		    || fields_from_json(a, text, line_fields, out, NULL).info
		    || !str_starts(out->path, S("/")) || str_eq(out->role, S("service_role")))
			continue;
		w->asked++;
		return true;
	}
	return false;
}

/* ---- asking ---- */

struct question {
	struct waiter *done;
	struct arena *arena;
	struct fetch fetch;
	struct fetch_reply reply;
	bool answered, over;
};

static void ask(void *arg)
{
	struct question *q = arg;

	q->answered =
		!fetch_http(q->arena, &q->fetch, time_monotonic() + answer_within, &q->reply).info
		&& q->reply.status < 500;
	q->over = true;
	waiter_wake(q->done);
}

static str bearer(struct shadow *w, struct arena *a, const struct line *l)
{
	usec now = time_now();
	struct token t = {
		.sub = l->user,
		.role = l->role,
		.audience = S("authenticated"),
		.aal = S("aal1"),
		.issued = now,
		.expires = { now.us + token_life },
	};

	return uuid_is_nil(l->user) ? w->m.options->anon_key
				    : token_issue(a, w->m.options->jwt_secret, &t);
}

static struct question question(struct shadow *w, struct arena *a, const struct line *l,
				const char *base, struct waiter *done)
{
	struct pair *headers = arena_alloc(a, 2 * sizeof(*headers));
	str token = bearer(w, a, l);

	headers[0] = (struct pair){ S("apikey"), w->m.options->anon_key };
	headers[1] = (struct pair){ S("Authorization"),
				    arena_printf(a, "Bearer %.*s", (int)token.n, token.p) };
	return (struct question){
		.done = done,
		.arena = a,
		.fetch = { .url = arena_printf(a, "%s%.*s", base, (int)l->path.n, l->path.p),
			   .headers = headers,
			   .nheaders = 2,
			   .reply_max = REPLY_MAX },
	};
}

/* Both at once. */
static bool ask_both(struct shadow *w, struct question q[2])
{
	struct waiter *done = q[0].done;

	if (!loop_start(w->loop, ask, &q[0]))
		return false;
	if (!loop_start(w->loop, ask, &q[1]))
		q[1].over = true;
	while (!q[0].over || !q[1].over)
		if (waiter_wait(done, 0).info)
			break;
	return q[0].answered && q[1].answered;
}

/* ---- comparing ---- */

static bool is_json(const struct fetch_reply *r)
{
	return str_starts(fetch_header(r, "Content-Type"), S("application/json"));
}

/* Where two documents differ; NULL: nowhere. What the database cannot read as JSON is compared as it is. */
static const char *difference(struct shadow *w, struct arena *a, str here, str there)
{
	const char *values[] = { arena_cstr(a, here), arena_cstr(a, there), w->ignored };
	const char *where;

	if (str_eq(here, there))
		return NULL;
	if (!script_run(w->m.db, &sql_move_shadow_diff, values))
		return "the texts differ";
	where = script_value(w->m.db, 0, 0);
	return where ? arena_printf(a, "%.*s", DETAIL, where).p : NULL;
}

static struct shadow_read judge(struct shadow *w, struct arena *a, const struct question q[2])
{
	const struct fetch_reply *here = &q[0].reply, *there = &q[1].reply;
	struct shadow_read out = { .outcome = SHADOW_SAME, .detail = "" };
	const char *where;

	if (here->status != there->status) {
		out.outcome = here->status == 404 ? SHADOW_ONLY_THERE : SHADOW_DIFFERENT;
		out.detail = arena_printf(a, "%d here, %d there", here->status, there->status).p;
		return out;
	}
	if (is_json(here) && is_json(there))
		where = difference(w, a, here->body, there->body);
	else
		where = str_eq(here->body, there->body) ? NULL : "the bytes differ";
	if (where) {
		out.outcome = SHADOW_DIFFERENT;
		out.detail = where;
	}
	return out;
}

/* ---- workers ---- */

static void shadow_one(struct shadow *w, struct arena *a, const struct line *l)
{
	struct waiter done = { 0 };
	struct question q[2] = { question(w, a, l, w->s->here, &done),
				 question(w, a, l, w->s->there, &done) };
	struct shadow_read read = { .outcome = SHADOW_FAILED };

	if (ask_both(w, q))
		read = judge(w, a, q);
	else
		read.detail =
			q[0].answered ? "the project does not answer" : "this side does not answer";
	read.path = arena_cstr(a, l->path);
	w->sums->n[read.outcome]++;
	if (w->s->tell)
		w->s->tell(w->s->arg, &read);
}

static void work(void *arg)
{
	struct shadow *w = arg;
	struct arena *a = arena_new();
	struct line l;

	while (next_line(w, a, &l)) {
		shadow_one(w, a, &l);
		arena_reset(a);
	}
	arena_free(a);
	if (--w->workers == 0)
		loop_stop(w->loop);
}

static bool run_workers(struct shadow *w)
{
	w->loop = loop_new();
	if (!w->loop)
		return move_fail(&w->m, "out of memory");
	w->workers = 1; /* the loop does not stop before all have begun */
	for (int i = 0; i < WORKERS; i++) {
		w->workers++;
		if (!loop_start(w->loop, work, w))
			w->workers--;
	}
	if (--w->workers > 0)
		loop_run(w->loop);
	loop_free(w->loop);
	return true;
}

static bool read_file(struct shadow *w)
{
	int fd = open(w->s->file, O_RDONLY | O_CLOEXEC);
	struct stat s;
	char *p = MAP_FAILED;

	if (fd >= 0 && fstat(fd, &s) == 0 && s.st_size > 0)
		p = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (fd >= 0)
		close(fd);
	if (p == MAP_FAILED)
		return move_fail(&w->m, "%s: cannot be read, or is empty", w->s->file);
	w->rest = (str){ p, (size_t)s.st_size };
	return true;
}

static bool find_ignored(struct shadow *w)
{
	const char *more = w->s->ignored ? w->s->ignored : "";

	if (!move_do(&w->m, &sql_move_shadow_ignored, &more))
		return false;
	w->ignored = arena_cstr(w->m.arena, str_of(script_value(w->m.db, 0, 0)));
	return true;
}

bool move_shadow(struct arena *a, const struct move_options *o, const struct move_shadow *s,
		 struct shadow_sums *out, const char **problem)
{
	struct shadow w = { .m = { .arena = a, .options = o }, .s = s, .sums = out };
	bool good;

	*out = (struct shadow_sums){ 0 };
	good = move_open(&w.m) && find_ignored(&w) && read_file(&w);
	if (good) {
		str all = w.rest;

		good = run_workers(&w);
		munmap((void *)(uintptr_t)all.p, all.n);
	}
	script_close(w.m.db);
	*problem = w.m.problem;
	return good;
}
