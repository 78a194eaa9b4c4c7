/*
 * sojorn serve: the server. This thread makes the parts that all loops share, opens the sockets, starts
 * a worker per core, and then only waits for signals, for workers that end, and for the service
 * manager's watchdog.
 *
 * SIGTERM and SIGINT end it: no new connections, requests under way are answered. A second one, or
 * the grace period's end, ends it at once; jobs that were running come up again. SIGHUP reads
 * LOG_LEVEL anew.
 */
#include "app/app.h"
#include "app/auth/auth.h"
#include "app/bus/bus.h"
#include "app/compat/compat.h"
#include "app/gateway/gateway.h"
#include "app/media/media.h"
#include "app/ops/jobs.h"
#include "app/ops/metrics.h"
#include "app/realtime/realtime.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/serve_checks.h"
#include "cmd/systemd.h"
#include "cmd/worker.h"
#include "lib/base/guessed.h"
#include "lib/base/log.h"
#include "lib/base/rand.h"
#include "lib/net/redis.h"
#include "lib/web/jwks.h"
#include "lib/web/server.h"
#include "version.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
	LOOPS_MAX = 64,
	BUCKETS = 1 << 16, /* of the rate limiter */
	HASH_THREADS = 2,
	HASH_QUEUE = 32, /* less than a second of work */
};

struct serve {
	struct config *config;
	struct arena *arena; /* as long as the process serves */
	struct app app;
	struct jwks *jwks;	     /* app.jwks */
	struct guessed *guessed;     /* app.guessed */
	const struct route **tables; /* of the API */
	struct router *api, *admin;
	const char *address;
	int count, api_fds[LOOPS_MAX], admin_fd; /* of loops; their sockets */
	struct worker *workers[LOOPS_MAX];
	int nworkers, ended;
	int signal_fd, ended_fd;
	bool draining;
	int64_t give_up; /* monotonic; 0: not draining */
};

static int fail(const char *problem)
{
	fprintf(stderr, "sojorn serve: %s\n", problem);
	return FAILED;
}

/* ---- shared parts ---- */

/* Every socket is a descriptor, so take as many as we may. */
static void raise_descriptor_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
		r.rlim_cur = r.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &r) != 0)
			log_warn("the limit of descriptors cannot be raised");
	}
}

/* Signals wait for us in signal_fd; threads inherit that they are blocked. */
static bool take_signals(struct serve *s)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return false;
	s->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	s->ended_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return s->signal_fd >= 0 && s->ended_fd >= 0;
}

static void set_up_log(const struct config *c)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	enum log_level level = LOG_INFO;

	for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
		if (config_is(c, "LOG_LEVEL", levels[i]))
			level = (enum log_level)i;
	log_setup(level, config_is(c, "LOG_FORMAT", "json") ? LOG_JSON : LOG_LOGFMT);
}

/* In development the secret may be missing: one of our own, as long as we run. */
static str jwt_secret(struct serve *s)
{
	str given = config_str(s->config, "JWT_SECRET");

	return str_empty(given) ? rand_token(s->arena, 32) : given;
}

static size_t count(const struct route *const *tables)
{
	size_t n = 0;

	while (tables[n])
		n++;
	return n;
}

/* The app's own, and those of the old platform when they are wanted. */
static const struct route **api_tables(struct serve *s)
{
	bool compat = config_bool(s->config, "SUPABASE_COMPAT");
	size_t own = count(app_routes), more = compat ? count(compat_routes) : 0;
	const struct route **tables = arena_zalloc(s->arena, (own + more + 1) * sizeof *tables);

	memcpy(tables, app_routes, own * sizeof *tables);
	memcpy(tables + own, compat_routes, more * sizeof *tables);
	return tables;
}

/* What all copies share, if there are several. A Redis that is not there may come; one that will not have us
 * is for somebody to mend now, not when it is needed. */
static bool make_redis(struct serve *s, const char **problem)
{
	const char *url = config_cstr(s->config, "REDIS_URL"), *why;
	enum redis_state state;

	if (!url)
		return true;
	s->app.redis = redis_new(url, problem);
	if (!s->app.redis)
		return false;
	state = redis_try(s->app.redis, &why);
	*problem = arena_printf(s->arena, "REDIS_URL: Redis refuses us: %s", why).p;
	if (state == REDIS_AWAY)
		log_warn(
			"redis is not there: until it is, copies hear of each other within a second "
			"and limit by themselves",
			LOG("why", why));
	if (s->app.limiter)
		limiter_share(s->app.limiter, s->app.redis, s->app.jwt_secret, bus_others);
	return state != REDIS_REFUSES;
}

/* Keys of a project that did not sign by a shared secret. */
static bool load_jwks(struct serve *s, const char **problem)
{
	const char *path = config_cstr(s->config, "SUPABASE_JWKS"), *why;

	if (!path)
		return true;
	s->jwks = jwks_load(path, &why);
	s->app.jwks = s->jwks;
	if (!s->jwks)
		*problem = arena_printf(s->arena, "SUPABASE_JWKS: %s %s", path, why).p;
	return s->jwks;
}

static bool load_guessed(struct serve *s, const char **problem)
{
	const char *path = config_cstr(s->config, "PASSWORD_LIST"), *why;

	if (!path)
		return true;
	s->guessed = guessed_read(path, &why);
	s->app.guessed = s->guessed;
	if (!s->guessed)
		*problem = arena_printf(s->arena, "PASSWORD_LIST: %s: %s", path, why).p;
	return s->guessed;
}

static bool make_app(struct serve *s, const char **problem)
{
	*problem = "out of memory or descriptors";
	s->app = (struct app){
		.config = s->config,
		.offload = offload_new(HASH_THREADS, HASH_QUEUE),
		.limiter = config_bool(s->config, "RATE_LIMITS") ? limiter_new(BUCKETS) : NULL,
		.gate = gate_new(s->config),
		.jwt_secret = jwt_secret(s),
		.production = config_is(s->config, "ENV", "production"),
	};
	s->tables = api_tables(s);
	s->api = router_new(s->tables);
	s->admin = router_new(admin_routes);
	if (!s->app.offload || !s->app.gate || !s->api || !s->admin || !make_redis(s, problem)
	    || !load_jwks(s, problem) || !load_guessed(s, problem))
		return false;
	s->app.media = media_new(s->config, problem);
	return s->app.media;
}

static int loop_count(const struct serve *s)
{
	int64_t n = config_int(s->config, "LOOPS");
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	if (n == 0)
		n = cores > 0 ? cores : 1;
	return n < LOOPS_MAX ? (int)n : LOOPS_MAX;
}

static void free_parts(struct serve *s)
{
	for (int i = 0; i < s->nworkers; i++)
		worker_join(s->workers[i]);
	metrics_end();
	router_free(s->api);
	router_free(s->admin);
	media_free(s->app.media);
	offload_free(s->app.offload);
	gate_free(s->app.gate);
	limiter_free(s->app.limiter);
	redis_free(s->app.redis);
	jwks_free(s->jwks);
	guessed_free(s->guessed);
	if (s->signal_fd >= 0)
		close(s->signal_fd);
	if (s->ended_fd >= 0)
		close(s->ended_fd);
	arena_free(s->arena);
	config_free(s->config);
}

/* ---- sockets ---- */

static const char *own_address(const struct serve *s)
{
	str bind = config_str(s->config, "BIND");
	const char *form = str_find_char(bind, ':') >= 0 ? "[%.*s]:%lld" : "%.*s:%lld";

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	return arena_printf(s->arena, form, (int)bind.n, bind.p,
			    (long long)config_int(s->config, "PORT"))
		.p;
#pragma GCC diagnostic pop
}

/* Loops share a port by SO_REUSEPORT, which would let a second server share it, too, and take half of
 * the requests. So somebody already there is looked for first. */
static bool is_free(const char *address, const char **problem)
{
	int fd;

	if (!server_listen(address, 1, &fd, problem))
		return false;
	close(fd);
	return true;
}

/* The service manager's first socket is the API's, its second one the admin's; else our own. */
static bool listen_all(struct serve *s, const char **problem)
{
	int inherited = server_inherited();
	const char *api = inherited > 0 ? "systemd:0" : own_address(s);
	const char *admin = inherited > 1 ? "systemd:1" : config_cstr(s->config, "ADMIN_ADDR");

	s->address = api;
	s->admin_fd = -1;
	if (inherited == 0 && s->count > 1 && !is_free(api, problem))
		return false;
	if (admin && *admin && !server_listen(admin, 1, &s->admin_fd, problem))
		return false;
	return server_listen(api, s->count, s->api_fds, problem);
}

/* ---- starting ---- */

static bool start_worker(struct serve *s)
{
	const struct worker_options o = {
		.app = &s->app,
		.api = s->api,
		.admin = s->admin,
		.number = s->nworkers,
		.count = s->count,
		.api_fd = s->api_fds[s->nworkers],
		.admin_fd = s->nworkers == 0 ? s->admin_fd : -1,
		.ended_fd = s->ended_fd,
	};

	s->workers[s->nworkers] = worker_start(&o);
	return s->workers[s->nworkers] && ++s->nworkers;
}

static bool start_workers(struct serve *s, const char **problem)
{
	s->count = loop_count(s);
	if (!listen_all(s, problem))
		return false;
	metrics_begin(s->tables, app_job_kinds, app_periodic, s->count);
	auth_listen();
	realtime_listen();
	*problem = "a loop cannot start";
	while (s->nworkers < s->count)
		if (!start_worker(s))
			return false;
	log_info("serving", LOG("version", SOJORN_VERSION), LOG("address", s->address),
		 LOG("admin", config_str(s->config, "ADMIN_ADDR")), LOG("loops", s->count),
		 LOG("env", config_str(s->config, "ENV")));
	return true;
}

/* ---- ending ---- */

static void drain(struct serve *s)
{
	int64_t grace = config_int(s->config, "SHUTDOWN_GRACE");

	systemd_stopping();
	s->draining = true;
	s->give_up = time_monotonic() + grace + SECOND;
	for (int i = 0; i < s->nworkers; i++)
		worker_drain(s->workers[i], grace);
}

static void on_end_signal(struct serve *s, int sig)
{
	if (s->draining) {
		log_warn("ending at once", LOG("signal", strsignal(sig)));
		_exit(FAILED);
	}
	log_info("ending", LOG("signal", strsignal(sig)));
	drain(s);
}

/* Of all options the one that may change while we run. */
static void on_reload(void)
{
	struct config *c = options_load();

	if (!c)
		return;
	set_up_log(c);
	log_info("log level read", LOG("level", config_str(c, "LOG_LEVEL")));
	config_free(c);
}

static void on_signals(struct serve *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGHUP)
			on_reload();
		else
			on_end_signal(s, (int)info.ssi_signo);
	}
}

/* ---- waiting ---- */

/* The watchdog hears of us only while every loop turns. */
static void keep_watchdog(const struct serve *s, int64_t interval)
{
	for (int i = 0; i < s->nworkers; i++)
		if (time_monotonic() - worker_turned(s->workers[i]) > interval)
			return;
	systemd_alive();
}

static int poll_timeout(const struct serve *s, int64_t watchdog)
{
	int64_t us = watchdog ? watchdog / 3 : HOUR;

	if (s->give_up)
		us = s->give_up - time_monotonic();
	return us > 0 ? (int)(us / MILLISECOND) + 1 : 0;
}

/* True when all workers have ended in time. */
static bool wait_for_end(struct serve *s)
{
	struct pollfd fds[] = { { .fd = s->signal_fd, .events = POLLIN },
				{ .fd = s->ended_fd, .events = POLLIN } };
	int64_t watchdog = systemd_watchdog();
	uint64_t ended;

	while (s->ended < s->nworkers) {
		poll(fds, 2, poll_timeout(s, watchdog));
		on_signals(s);
		if (read(s->ended_fd, &ended, sizeof(ended)) == (ssize_t)sizeof(ended))
			s->ended += (int)ended;
		if (watchdog)
			keep_watchdog(s, watchdog / 2);
		if (s->give_up && time_monotonic() > s->give_up)
			return false;
	}
	return true;
}

static int serve_until_signal(struct serve *s)
{
	const char *problem = NULL;
	bool started = start_workers(s, &problem);

	if (started)
		systemd_ready();
	else
		drain(s);
	if (!wait_for_end(s)) {
		log_warn("ending with requests or jobs under way");
		_exit(FAILED);
	}
	if (started)
		log_info("ended");
	return started ? DONE : fail(problem);
}

static int serve(int argc, char **argv)
{
	struct serve s = { .signal_fd = -1, .ended_fd = -1 };
	const char *problem;
	int status;

	(void)argv;
	if (argc > 1)
		return command_usage(&cmd_serve,
				     "takes no arguments; settings are environment variables");
	s.config = options_load();
	if (!s.config)
		return FAILED;
	set_up_log(s.config);
	problem = serve_refusal(s.config);
	if (problem) {
		config_free(s.config);
		return fail(problem);
	}
	serve_warnings(s.config);
	raise_descriptor_limit();
	problem = "signals cannot be taken";
	s.arena = arena_new();
	status =
		take_signals(&s) && make_app(&s, &problem) ? serve_until_signal(&s) : fail(problem);
	free_parts(&s);
	return status;
}

const struct command cmd_serve = {
	.name = "serve",
	.args = "",
	.help = "serve the API",
	.details =
		"Settings are environment variables, or lines of .env in the working directory;\n"
		"`sojorn config` prints them all. SIGTERM ends it when requests under way are answered,\n"
		"SIGHUP reads LOG_LEVEL anew.",
	.run = serve,
};
