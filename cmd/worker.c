/* See worker.h. Everything is made before the thread runs and freed by it when its loop has ended. */
#include "cmd/worker.h"
#include "app/auth/auth.h"
#include "app/bus/bus.h"
#include "app/compat/compat.h"
#include "app/console/console.h"
#include "app/gateway/gateway.h"
#include "app/media/media.h"
#include "app/ops/health.h"
#include "app/ops/jobs.h"
#include "app/ops/metrics.h"
#include "app/rates.h"
#include "app/realtime/realtime.h"
#include "lib/base/log.h"
#include "lib/web/server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { API, ADMIN, SERVERS, JOBS_AT_ONCE = 8, ADMIN_CONNECTIONS = 64 };

/* What a project takes: queries of PostgREST can be long. */
enum { PROJECT_HEAD_MAX = 32 * 1024 };

struct worker {
	struct worker_options o;
	pthread_t thread;
	struct loop *loop;
	struct db_pool *db;
	struct server *servers[SERVERS]; /* ADMIN: of the first worker only */
	struct jobs *jobs;
	struct gate_keeper *keeper; /* of the first worker only */
	struct realtime *realtime;
	struct timer *tick;
	int64_t turned; /* atomic */
	int64_t grace;
	bool looking; /* health_look has not ended */
	int draining; /* parts that have not ended, once told to drain */
};

/* ---- each second ---- */

static void on_tick(void *arg)
{
	struct worker *w = arg;
	struct metrics_gauges g = {
		.db = db_pool_stats(w->db),
		.coroutines = (int)co_pool_active(loop_pool(w->loop)),
	};

	for (int i = 0; i < SERVERS && w->servers[i]; i++) {
		g.requests += server_active(w->servers[i]);
		g.connections += server_connections(w->servers[i]);
	}
	metrics_gauges(&g);
	if (w->servers[ADMIN])
		console_tick();
	__atomic_store_n(&w->turned, time_monotonic(), __ATOMIC_RELAXED);
	timer_set(w->tick, SECOND);
}

int64_t worker_turned(const struct worker *w)
{
	return __atomic_load_n(&w->turned, __ATOMIC_RELAXED);
}

#define SLOW_STATEMENT (500 * MILLISECOND)

static void on_statement(const struct stmt *s, int64_t us)
{
	metrics_statement(s, us);
	if (us > SLOW_STATEMENT && !s->slow)
		log_warn("slow statement", LOG("statement", s->name), LOG("us", us));
}

static void on_stall(const char *name, int64_t us)
{
	metrics_stall(us);
	log_warn("loop held", LOG("by", name ? name : "?"), LOG("us", us));
}

/* ---- making ---- */

/* Whatever a request has written may be news to a socket. */
static void on_done(const struct req *r, int status, int64_t us, size_t bytes)
{
	metrics_request(r, status, us, bytes);
	if (status >= 400)
		console_note_error(r, status, us);
	if (r->method != GET && status < 400)
		realtime_wake();
}

static struct server_options api_options(const struct worker *w)
{
	const struct config *c = w->o.app->config;
	bool compat = config_bool(c, "SUPABASE_COMPAT");

	return (struct server_options){
		.router = w->o.api,
		.app = w->o.app,
		.db = w->db,
		.limiter = w->o.app->limiter,
		.rate_user = &rate_user,
		.rate_address = &rate_address,
		.cors_origins = config_cstr(c, "CORS_ORIGINS"),
		.cors_localhost = config_is(c, "ENV", "development"),
		.trusted_proxies = config_cstr(c, "TRUSTED_PROXIES"),
		.connections = (int)config_int(c, "CONNECTIONS") / w->o.count,
		.idle_timeout = config_int(c, "IDLE_TIMEOUT"),
		.deadline = config_int(c, "REQUEST_TIMEOUT"),
		.access_log = config_bool(c, "ACCESS_LOG"),
		.divert = gate_divert,
		.head_max = str_empty(config_str(c, "SUPABASE_UPSTREAM")) ? 0 : PROJECT_HEAD_MAX,
		.enter = gate_enter_request,
		.leave = gate_leave_request,
		.authenticate = compat ? compat_authenticate : auth_authenticate,
		.reply_error = compat ? compat_reply_error : NULL,
		.address = media_shown,
		.on_done = on_done,
	};
}

/* The operator's own address: no general limits, no other origin. */
static struct server_options admin_options(const struct worker *w)
{
	struct server_options o = api_options(w);

	o.router = w->o.admin;
	o.rate_user = NULL;
	o.rate_address = NULL;
	o.authenticate = console_authenticate;
	o.reply_error = NULL;
	o.cors_origins = NULL;
	o.cors_localhost = false;
	o.connections = ADMIN_CONNECTIONS;
	o.enter = NULL;
	o.divert = NULL;
	o.head_max = 0;
	return o;
}

static bool make_servers(struct worker *w)
{
	struct server_options api = api_options(w), admin = admin_options(w);

	w->servers[API] = server_new(w->loop, w->o.api_fd, &api);
	if (w->servers[API] && w->o.admin_fd >= 0)
		w->servers[ADMIN] = server_new(w->loop, w->o.admin_fd, &admin);
	return w->servers[API] && (w->servers[ADMIN] || w->o.admin_fd < 0);
}

static bool make_parts(struct worker *w)
{
	const struct config *c = w->o.app->config;
	const struct db_options db = {
		.url = config_cstr(c, "DATABASE_URL"),
		.shared = (int)config_int(c, "DB_SHARED"),
		.leased = (int)config_int(c, "DB_LEASED"),
		.depth = 64,
		.connect_timeout = 5 * SECOND,
		.application_name = "sojorn",
		.on_statement = on_statement,
	};

	w->loop = loop_new();
	if (!w->loop)
		return false;
	loop_on_stall(w->loop, on_stall);
	w->tick = timer_new(w->loop, on_tick, w);
	w->db = db_pool_new(w->loop, &db);
	return w->tick && w->db && make_servers(w);
}

static void free_parts(struct worker *w)
{
	for (int i = 0; i < SERVERS; i++)
		server_free(w->servers[i]);
	jobs_free(w->jobs);
	gate_keeper_free(w->keeper);
	realtime_free(w->realtime);
	db_pool_free(w->db);
	timer_free(w->tick);
	loop_free(w->loop);
}

/* ---- running ---- */

/* Requests that outlast the grace keep their loop turning: their coroutines cannot be ended from
 * outside. The process then exits over our heads. */
static void part_ended(void *arg)
{
	struct worker *w = arg;
	bool busy = false;

	for (int i = 0; i < SERVERS; i++)
		busy = busy || (w->servers[i] && server_active(w->servers[i]) > 0);
	if (--w->draining == 1 && w->keeper) /* the last: it waits for all loops' writes */
		gate_keeper_stop(w->keeper, part_ended, w);
	if (w->draining == 0 && !busy)
		loop_stop(w->loop);
}

/* Counts among the parts, because the loop must not end under it. */
static void look(void *arg)
{
	struct worker *w = arg;

	health_look(w->db);
	w->looking = false;
	if (w->draining)
		part_ended(w);
}

/* What the first worker does for all of them. */
static void start_common(struct worker *w)
{
	w->keeper = gate_keeper_start(w->o.app->gate, w->loop, w->db,
				      config_cstr(w->o.app->config, "DATABASE_URL"));
	if (!w->keeper)
		log_error("the gate cannot be kept");
	if (w->o.app->redis && !bus_start(w->o.app->redis, w->loop, w->o.app->jwt_secret))
		log_error("other copies cannot be heard");
	w->looking = true;
	if (!loop_start(w->loop, look, w))
		w->looking = false;
}

static void *run(void *arg)
{
	struct worker *w = arg;
	const struct jobs_options jobs = {
		.app = w->o.app,
		.loop = w->loop,
		.pool = w->db,
		.workers = JOBS_AT_ONCE,
		.kinds = app_job_kinds,
		.periodic = w->o.number == 0 ? app_periodic : NULL,
	};
	const struct realtime_options realtime = {
		.app = w->o.app,
		.loop = w->loop,
		.pool = w->db,
		.reads = w->o.number == 0,
	};
	const uint64_t one = 1;
	ssize_t written;

	metrics_loop(w->o.number);
	w->jobs = jobs_start(&jobs);
	w->realtime = realtime_start(&realtime);
	on_tick(w);
	if (w->o.number == 0)
		start_common(w);
	loop_run(w->loop);
	free_parts(w);
	written = write(w->o.ended_fd, &one, sizeof(one));
	(void)written; /* an eventfd takes eight bytes */
	return NULL;
}

struct worker *worker_start(const struct worker_options *options)
{
	struct worker *w = calloc(1, sizeof(*w));
	char name[16];

	if (!w)
		return NULL;
	w->o = *options;
	w->turned = time_monotonic();
	if (!make_parts(w) || pthread_create(&w->thread, NULL, run, w) != 0) {
		log_error("worker cannot start", LOG("worker", w->o.number));
		free_parts(w);
		free(w);
		return NULL;
	}
	snprintf(name, sizeof(name), "loop %d", w->o.number);
	pthread_setname_np(w->thread, name);
	return w;
}

/* ---- ending ---- */

static void drain(void *arg)
{
	struct worker *w = arg;

	if (w->o.number == 0)
		bus_stop();
	w->draining = 1 + (w->servers[ADMIN] != NULL) + (w->jobs != NULL) + (w->keeper != NULL)
		+ (w->realtime != NULL) + w->looking;
	for (int i = 0; i < SERVERS; i++)
		if (w->servers[i])
			server_drain(w->servers[i], w->grace, part_ended, w);
	if (w->jobs)
		jobs_stop(w->jobs, part_ended, w);
	if (w->realtime)
		realtime_stop(w->realtime, part_ended, w);
}

void worker_drain(struct worker *w, int64_t grace)
{
	w->grace = grace;
	loop_post(w->loop, drain, w);
}

void worker_join(struct worker *w)
{
	if (!w)
		return;
	pthread_join(w->thread, NULL);
	free(w);
}
