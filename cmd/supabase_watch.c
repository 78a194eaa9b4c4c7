/*
 * sojorn supabase watch: looks after the servers once the app has moved. Each look is a line; when a rule fires, a
 * command is run and an address is told, and with --auto the project gets back its place.
 */
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/supabase.h"
#include "lib/base/json.h"
#include "lib/base/time.h"
#include "lib/net/fetch.h"
#include "lib/net/loop.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SERVERS_MAX = 32, HOOK_SECONDS = 20, SETTLE_SECONDS = 3 };

struct watching {
	struct arena *arena;
	struct move_watch watch;
	struct move_options move;
	const char *servers[SERVERS_MAX];
	const char *command, *webhook, *window, *every, *limit, *baseline, *settle;
	const char *source;
	bool json;
};

static const char *const rules[] = { "calm", "errors", "slow", "corrupt" };

/* ---- a look ---- */

struct shown_look {
	str phase;
	int64_t requests;
	double errors, p95_ms, baseline_ms;
	int64_t compared;
	str note;
};
static const struct field look_fields[] = {
	FIELD(struct shown_look, phase),       FIELD(struct shown_look, requests),
	FIELD(struct shown_look, errors),      FIELD(struct shown_look, p95_ms),
	FIELD(struct shown_look, baseline_ms), FIELD(struct shown_look, compared),
	FIELD(struct shown_look, note),	       { 0 },
};

static void print_look(void *arg, const struct watch_look *l)
{
	const struct watching *q = arg;
	struct shown_look s = {
		.phase = str_of(l->phase),
		.requests = l->requests,
		.errors = l->errors,
		.p95_ms = (double)l->p95_us / 1000,
		.baseline_ms = (double)l->baseline_us / 1000,
		.compared = l->compared,
		.note = str_of(l->note),
	};
	struct arena *a = arena_new();
	struct json_writer w;

	json_init(&w, a, 512);
	json_record(&w, look_fields, &s);
	if (q->json)
		printf("%.*s\n", (int)json_text(&w).n, json_text(&w).p);
	else
		printf("%s: %lld requests, %.1f %% failed, p95 %.1f ms (before: %.1f), %lld rows compared%s%s\n",
		       l->phase, (long long)s.requests, 100 * s.errors, s.p95_ms, s.baseline_ms,
		       (long long)s.compared, l->note ? "; " : "", l->note ? l->note : "");
	fflush(stdout);
	arena_free(a);
}

/* ---- the alarm ---- */

static const char *state_of(const struct watch_alarm *alarm)
{
	return !alarm->over ? "fired" : alarm->rolled_back ? "rolled_back" : "rollback_failed";
}

static str alarm_json(struct arena *a, const struct watch_alarm *alarm)
{
	struct json_writer w;

	json_init(&w, a, 256);
	json_object_begin(&w);
	json_key(&w, S("rule"));
	json_str(&w, str_of(rules[alarm->rule]));
	json_key(&w, S("state"));
	json_str(&w, str_of(state_of(alarm)));
	json_key(&w, S("what"));
	json_str(&w, str_of(alarm->what ? alarm->what : ""));
	json_object_end(&w);
	return json_text(&w);
}

static void run_hook(const struct watching *q, const struct watch_alarm *alarm)
{
	int64_t until = time_monotonic() + HOOK_SECONDS * SECOND;
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		setpgid(0, 0);
		setenv("SOJORN_RULE", rules[alarm->rule], 1);
		setenv("SOJORN_STATE", state_of(alarm), 1);
		setenv("SOJORN_WHAT", alarm->what, 1);
		execl("/bin/sh", "sh", "-c", q->command, (char *)NULL);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, WNOHANG) == 0) {
		if (time_monotonic() > until) {
			kill(-pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
		nanosleep(&(struct timespec){ 0, 10 * 1000000L }, NULL);
	}
	if (pid < 0 || status != 0)
		fputs("sojorn supabase watch: the command of --on-alert has failed\n", stderr);
}

struct post {
	const struct watching *q;
	struct loop *loop;
	str body;
};

static void send_post(void *arg)
{
	static const struct pair type = { { "Content-Type", 12 }, { "application/json", 16 } };
	struct post *p = arg;
	struct fetch f = { .url = str_of(p->q->webhook),
			   .headers = &type,
			   .nheaders = 1,
			   .body = p->body };
	struct fetch_reply reply;
	err e = fetch_http(p->q->arena, &f, time_monotonic() + HOOK_SECONDS * SECOND, &reply);

	if (e.info || reply.status >= 400)
		fputs("sojorn supabase watch: the address of --webhook does not take the alarm\n",
		      stderr);
	loop_stop(p->loop);
}

static void call_webhook(const struct watching *q, const struct watch_alarm *alarm)
{
	struct post p = { q, loop_new(), alarm_json(q->arena, alarm) };

	if (p.loop && loop_start(p.loop, send_post, &p))
		loop_run(p.loop);
	loop_free(p.loop);
}

static void on_alarm(void *arg, const struct watch_alarm *alarm)
{
	const struct watching *q = arg;

	if (q->command)
		run_hook(q, alarm);
	if (q->webhook)
		call_webhook(q, alarm);
}

/* ---- the command line ---- */

static const char **value_of(struct watching *q, const char *option)
{
	const struct {
		const char *name, **value;
	} all[] = {
		{ "--on-alert", &q->command }, { "--webhook", &q->webhook },
		{ "--window", &q->window },    { "--every", &q->every },
		{ "--for", &q->limit },	       { "--baseline", &q->baseline },
		{ "--settle", &q->settle },    { "--source", &q->source },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(option, all[i].name) == 0)
			return all[i].value;
	if (strcmp(option, "--metrics") == 0 && q->watch.nservers < SERVERS_MAX)
		return &q->servers[q->watch.nservers++];
	return NULL;
}

static const char *parse(struct watching *q, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char **value = value_of(q, argv[i]);

		if (value && i + 1 == argc)
			return "an option without its value";
		if (value)
			*value = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			q->json = true;
		else if (strcmp(argv[i], "--auto") == 0)
			q->watch.automatic = true;
		else
			return "an argument that it does not know";
	}
	return NULL;
}

/* A number of so many units, as microseconds. */
static bool to_time(const char *text, int64_t unit, int64_t *out)
{
	double n;

	if (!text)
		return true;
	if (!str_to_f64(str_of(text), &n) || n < 0 || n > 1e7)
		return false;
	*out = (int64_t)(n * (double)unit);
	return true;
}

static const char *take_numbers(struct watching *q)
{
	int64_t settle = SETTLE_SECONDS * SECOND;

	if (!to_time(q->window, SECOND, &q->watch.window_us)
	    || !to_time(q->every, SECOND, &q->watch.every_us)
	    || !to_time(q->limit, SECOND, &q->watch.for_us) || !to_time(q->settle, SECOND, &settle)
	    || !to_time(q->baseline, MILLISECOND, &q->watch.baseline_us))
		return "--window, --every, --for and --settle are in seconds, --baseline in milliseconds";
	q->move.settle_seconds = (int)(settle / SECOND);
	return q->watch.every_us > 0 ? NULL : "--every is more than 0";
}

/* What ADMIN_ADDR says, as --metrics would. */
static const char *own_metrics(struct arena *a, const char *address)
{
	return strncmp(address, "unix:", 5) == 0 ? address
						 : arena_printf(a, "http://%s/metrics", address).p;
}

static int watch(struct watching *q)
{
	struct watch_end end;
	const char *problem = NULL;
	bool good = move_watch(q->arena, &q->move, &q->watch, &end, &problem);

	if (end.steps.n)
		supabase_print_steps(q->arena, q->json, &end.steps, good);
	if (!good)
		fprintf(stderr, "sojorn supabase watch: %s\n", problem);
	if (end.alarm.rule != WATCH_CALM && q->json)
		printf("%.*s\n", (int)alarm_json(q->arena, &end.alarm).n,
		       alarm_json(q->arena, &end.alarm).p);
	else if (end.alarm.rule != WATCH_CALM)
		printf("%s (%s): %s\n", rules[end.alarm.rule], state_of(&end.alarm),
		       end.alarm.what);
	return good && end.alarm.rule == WATCH_CALM ? DONE : FAILED;
}

static int watch_with(struct watching *q, const struct config *c)
{
	q->move.url = config_cstr(c, "DATABASE_URL");
	q->move.source = q->source;
	q->watch.servers = q->servers;
	if (!q->watch.nservers)
		q->servers[q->watch.nservers++] =
			own_metrics(q->arena, config_cstr(c, "ADMIN_ADDR"));
	q->watch.look = print_look;
	q->watch.alarm = on_alarm;
	q->watch.arg = q;
	if (q->move.url)
		return watch(q);
	fputs("sojorn supabase watch: DATABASE_URL is not set\n", stderr);
	return FAILED;
}

int supabase_watch(int argc, char **argv)
{
	struct watching q = { .watch = { .window_us = 10 * MINUTE, .every_us = 30 * SECOND } };
	const char *problem = parse(&q, argc, argv);
	struct config *c;
	int code;

	if (!problem)
		problem = take_numbers(&q);
	if (problem)
		return command_usage(&cmd_supabase, problem);
	c = options_load();
	if (!c)
		return FAILED;
	q.arena = arena_new();
	code = watch_with(&q, c);
	arena_free(q.arena);
	config_free(c);
	return code;
}
