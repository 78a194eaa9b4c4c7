/* Watching after the cutover: see supabase.h. Each look asks the servers for what they count, judges what has
 * come since the last one, and compares some rows with the project's (sample.h). A look that fails, because a
 * database is away or a server does not answer, is a sign by itself and no reason to stop looking. */
#include "app/supabase/follow.h"
#include "app/supabase/landing.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/sample.h"
#include "app/supabase/watch.sql.h"
#include "app/supabase/watch_numbers.h"
#include "lib/base/log.h"
#include "lib/net/fetch.h"
#include "lib/net/loop.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ENOUGH = 20 /* requests: fewer say nothing */, RULES = WATCH_CORRUPT + 1, PAUSE_MS = 100 };

static const double errors_max = 0.05, slower_max = 1.5;
static const int64_t slow_from = 10 * MILLISECOND; /* below that, differences are noise */
static const int64_t answer_within = 5 * SECOND;

struct server {
	const char *url, *socket;
	struct watch_counts last;
	bool known; /* last is */
	bool answers;
};

struct watcher {
	struct arena *arena;	  /* of the whole watch */
	struct arena *look_arena; /* of one look */
	const struct move_options *options;
	const struct move_watch *w;
	struct move m; /* reopened by a look that finds it closed */
	struct server *servers;
	struct watch_counts fresh;    /* not judged yet */
	struct watch_counts before;   /* of the baseline that is being taken */
	int64_t judged_at, before_at; /* when these began; monotonic */
	int64_t holds_since[RULES];   /* 0: the rule does not hold */
	const char *what[RULES];      /* in words, while it does */
	int64_t baseline_us;
	bool begun, archived;
	bool blind; /* the last look found somebody silent */
	int turn;
	struct watch_look look;
};

/* ---- what the servers say ---- */

struct asking {
	struct watcher *watcher;
	struct loop *loop;
};

static void ask_server(struct watcher *w, struct server *s)
{
	struct fetch f = { .url = str_of(s->url), .socket = s->socket, .reply_max = 16 << 20 };
	struct fetch_reply reply;
	struct watch_counts now;

	s->answers = !fetch_http(w->look_arena, &f, time_monotonic() + answer_within, &reply).info
		&& reply.status == 200 && watch_counts_read(reply.body, &now);
	if (!s->answers)
		return;
	if (s->known)
		watch_counts_add(&w->fresh, &now, &s->last);
	s->last = now;
	s->known = true;
}

static void ask_servers(void *arg)
{
	struct asking *q = arg;

	for (int i = 0; i < q->watcher->w->nservers; i++)
		ask_server(q->watcher, &q->watcher->servers[i]);
	loop_stop(q->loop);
}

/* How many of them do not answer. */
static int silent_servers(struct watcher *w)
{
	struct asking q = { w, loop_new() };
	int silent = 0;

	if (q.loop && loop_start(q.loop, ask_servers, &q))
		loop_run(q.loop);
	loop_free(q.loop);
	for (int i = 0; i < w->w->nservers; i++)
		silent += !w->servers[i].answers;
	return silent;
}

/* ---- judging ---- */

static void note(struct watcher *w, const char *text)
{
	if (!w->look.note)
		w->look.note = text;
}

/* A rule holds from the beginning of the time that was judged. */
static void hold(struct watcher *w, enum watch_rule rule, bool holds, str what)
{
	if (holds && !w->holds_since[rule])
		w->holds_since[rule] = w->judged_at;
	if (!holds)
		w->holds_since[rule] = 0;
	if (holds)
		w->what[rule] = arena_cstr(w->arena, what);
}

static bool has_moved(const struct watcher *w)
{
	return strcmp(w->look.phase, "live") == 0;
}

/* Before the cutover, and after it when nobody has looked before: over one window at a time. */
static bool take_baseline(struct watcher *w)
{
	char text[24];
	int64_t p95;

	watch_counts_add(&w->before, &w->fresh, &(struct watch_counts){ 0 });
	if (has_moved(w) && w->judged_at - w->before_at < w->w->window_us) {
		note(w, "no baseline was taken before the cutover: this is one");
		return true;
	}
	p95 = watch_p95(&w->before);
	w->baseline_us = p95;
	if (w->judged_at - w->before_at >= w->w->window_us) {
		w->before = (struct watch_counts){ 0 };
		w->before_at = w->judged_at;
	}
	snprintf(text, sizeof(text), "%" PRId64, p95);
	return move_do(&w->m, &sql_move_watch_baseline, (const char *[]){ text });
}

static void judge_time(struct watcher *w)
{
	struct watch_look *l = &w->look;

	l->p95_us = watch_p95(&w->fresh);
	hold(w, WATCH_SLOW,
	     l->p95_us >= slow_from && (double)l->p95_us > slower_max * (double)w->baseline_us,
	     arena_printf(w->look_arena,
			  "95 %% of the requests took up to %" PRId64 " ms, %" PRId64
			  " before the cutover",
			  l->p95_us / MILLISECOND, w->baseline_us / MILLISECOND));
}

static bool judge(struct watcher *w, int silent)
{
	struct watch_look *l = &w->look;
	bool enough = w->fresh.requests >= ENOUGH, good = true;

	if (silent)
		note(w, "a server does not answer");
	if (!has_moved(w))
		memset(w->holds_since, 0, sizeof(w->holds_since));
	if (!enough && !silent) {
		if (w->blind)
			w->holds_since[WATCH_ERRORS] = 0;
		w->blind = false;
		return true;
	}
	w->blind = silent > 0;
	l->requests = w->fresh.requests;
	l->errors = silent ? 1 : (double)w->fresh.errors / (double)w->fresh.requests;
	if (has_moved(w))
		hold(w, WATCH_ERRORS, l->errors > errors_max,
		     silent ? S("a server does not answer")
			    : arena_printf(w->look_arena, "%.1f %% of the requests failed",
					   100 * l->errors));
	if (enough && has_moved(w) && w->baseline_us)
		judge_time(w);
	else if (enough && !w->w->baseline_us)
		good = take_baseline(w);
	w->fresh = (struct watch_counts){ 0 };
	w->judged_at = time_monotonic();
	return good;
}

/* ---- rows ---- */

static void say_difference(struct watcher *w, const struct sample *s)
{
	const struct difference *d = &s->list[0];

	w->holds_since[WATCH_CORRUPT] = 1;
	w->what[WATCH_CORRUPT] =
		arena_printf(w->arena, "%s %s %s: %s%s", d->table, d->key, d->column, d->detail,
			     s->nlisted > 1 ? ", and others" : "")
			.p;
}

/* What cannot be compared now may be compared at the next look. */
static int compare_rows(struct watcher *w)
{
	struct move m = w->m;
	struct sample s;

	m.arena = w->look_arena;
	if (!sample_take(&m, &w->turn, &s)) {
		note(w, m.problem);
		return 0;
	}
	if (s.unknown)
		note(w, s.unknown);
	w->look.compared = s.rows;
	if (s.nlisted)
		say_difference(w, &s);
	return s.nlisted;
}

/* ---- a look ---- */

static bool begin(struct watcher *w)
{
	if (w->begun)
		return true;
	if (!move_do(&w->m, &sql_move_watch_begin, NULL))
		return false;
	w->baseline_us = w->w->baseline_us ? w->w->baseline_us
					   : strtoll(script_value(w->m.db, 0, 0), NULL, 10);
	w->begun = true;
	return true;
}

static bool find_phase(struct watcher *w)
{
	struct move *m = &w->m;

	m->arena = w->look_arena; /* which has been emptied */
	m->phase = NULL;
	m->problem = NULL;
	if (!m->db && !(move_open(m) && move_do(m, &sql_move_own_names, NULL)))
		return false;
	if (!move_find_run(m))
		return false;
	if (!m->run[0])
		return move_fail(m, "nothing has been imported yet");
	w->look.phase = m->phase;
	w->archived = strcmp(m->phase, "archived") == 0;
	return begin(w);
}

static bool write_down(struct watcher *w, int differ)
{
	const struct watch_look *l = &w->look;
	struct arena *a = w->look_arena;

	return move_do(&w->m, &sql_move_watch_seen,
		       (const char *[]){ arena_printf(a, "%.4f", l->errors).p,
					 arena_printf(a, "%" PRId64, l->p95_us).p,
					 arena_printf(a, "%" PRId64, l->compared).p,
					 arena_printf(a, "%d", differ).p });
}

static bool look_at_all(struct watcher *w)
{
	int silent = silent_servers(w), differ = 0;

	if (!find_phase(w) || !judge(w, silent))
		return false;
	if (has_moved(w))
		differ = compare_rows(w);
	w->look.baseline_us = w->baseline_us;
	return write_down(w, differ);
}

/* Without the database nothing works here; as long as that lasts it counts as errors. */
static void lose_database(struct watcher *w)
{
	note(w, w->m.problem);
	script_close(w->m.db);
	w->m.db = NULL;
	w->blind = true;
	w->look.errors = 1;
	hold(w, WATCH_ERRORS, true, str_of(w->m.problem));
	w->judged_at = time_monotonic();
}

static bool take_look(struct watcher *w)
{
	bool good;

	arena_reset(w->look_arena);
	w->look = (struct watch_look){ .phase = "unknown" };
	good = look_at_all(w);
	if (!good && !w->begun)
		return false;
	if (!good)
		lose_database(w);
	if (w->w->look)
		w->w->look(w->w->arg, &w->look);
	return true;
}

static enum watch_rule fired(const struct watcher *w)
{
	int64_t now = time_monotonic();

	if (w->holds_since[WATCH_CORRUPT])
		return WATCH_CORRUPT;
	for (enum watch_rule r = WATCH_ERRORS; r < WATCH_CORRUPT; r++)
		if (w->holds_since[r] && now - w->holds_since[r] >= w->w->window_us)
			return r;
	return WATCH_CALM;
}

/* ---- the alarm ---- */

static const char *const rule_names[] = { "", "errors", "slow", "corrupt" };

static void sound(struct watcher *w, struct watch_alarm *alarm)
{
	log_error("the watch after the cutover", LOG("rule", rule_names[alarm->rule]),
		  LOG("what", alarm->what), LOG("rollback_tried", alarm->over),
		  LOG("rolled_back", alarm->rolled_back));
	if (w->w->alarm)
		w->w->alarm(w->w->arg, alarm);
}

/* The alarm first: nobody knows how long the rest takes. */
static bool raise_alarm(struct watcher *w, enum watch_rule rule, struct watch_end *out,
			const char **problem)
{
	struct watch_alarm *alarm = &out->alarm;
	const char *name = rule_names[rule];

	*alarm = (struct watch_alarm){ .rule = rule, .what = w->what[rule] };
	if (w->m.db && !script_run(w->m.db, &sql_move_watch_fired, &name))
		log_warn("the alarm is not in the metrics",
			 LOG("problem", script_problem(w->m.db)));
	sound(w, alarm);
	if (!w->w->automatic)
		return true;
	alarm->rolled_back = move_rollback(w->arena, w->options, &out->steps, problem);
	alarm->over = true;
	sound(w, alarm);
	return alarm->rolled_back;
}

/* ---- watching ---- */

static volatile sig_atomic_t ended;

static void end(int sig)
{
	(void)sig;
	ended = 1;
}

static void wait_for_next(int64_t at)
{
	while (!ended && time_monotonic() < at)
		move_pause(PAUSE_MS);
}

static bool watch(struct watcher *w, struct watch_end *out, const char **problem)
{
	int64_t began = time_monotonic();

	ended = 0;
	signal(SIGINT, end);
	signal(SIGTERM, end);
	w->judged_at = w->before_at = began;
	while (!ended) {
		int64_t next = time_monotonic() + w->w->every_us;
		enum watch_rule rule;

		if (!take_look(w)) {
			*problem = arena_cstr(w->arena, str_of(w->m.problem));
			return false;
		}
		rule = has_moved(w) || !w->m.db ? fired(w) : WATCH_CALM;
		if (rule != WATCH_CALM)
			return raise_alarm(w, rule, out, problem);
		if (w->archived || (w->w->for_us && time_monotonic() - began >= w->w->for_us))
			break;
		wait_for_next(next);
	}
	return true;
}

static struct server *servers_of(struct arena *a, const struct move_watch *w)
{
	struct server *s = arena_zalloc(a, (size_t)w->nservers * sizeof(*s) + 1);
	str socket = S("unix:");

	for (int i = 0; i < w->nservers; i++) {
		str name = str_of(w->servers[i]);
		bool is_socket = str_starts(name, socket);

		s[i].url = is_socket ? "http://localhost/metrics" : w->servers[i];
		s[i].socket = is_socket ? w->servers[i] + socket.n : NULL;
	}
	return s;
}

bool move_watch(struct arena *a, const struct move_options *o, const struct move_watch *w,
		struct watch_end *out, const char **problem)
{
	struct watcher self = {
		.arena = a,
		.look_arena = arena_new(),
		.options = o,
		.w = w,
		.m = { .options = o },
		.servers = servers_of(a, w),
	};
	bool good;

	*out = (struct watch_end){ 0 };
	good = watch(&self, out, problem);
	script_close(self.m.db);
	arena_free(self.look_arena);
	return good;
}
