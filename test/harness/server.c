/* Servers under test: the one all tests share, and those that tests start for themselves. */
#include "test/harness/internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_MILLISECONDS = 30000, STOP_MILLISECONDS = 30000 };

const char t_jwt_secret[] = "harness-secret-of-32-bytes-or-more-Zk9";
struct t_server *h_server;
static struct t_server *shared;
static struct t_server *mine; /* this test's own */
static char run_dir[96];

/* ---- the directory of the run ---- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

static bool run_begin(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(run_dir, sizeof(run_dir), "%.64s/sojorn-test.XXXXXX", tmp ? tmp : "/tmp");
	if (mkdtemp(run_dir))
		return true;
	perror(run_dir);
	return false;
}

static void run_end(bool clean)
{
	if (getenv("TEST_KEEP"))
		fprintf(stderr, "%s: kept in %s\n", clean ? "logs" : "logs of what went wrong",
			run_dir);
	else
		nftw(run_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *t_shared_path(const char *name)
{
	return t_fmt("%s/shared-%s", run_dir, name);
}

const char *h_run_path(const char *name)
{
	return t_fmt("%s/%s", run_dir, t_unique(name));
}

/* ---- starting ---- */

/* Binds a free port without listening. The server binds it, too (SO_REUSEPORT), and is alone in listening. */
static int reserve_port(int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0
	    || getsockname(fd, (struct sockaddr *)&at, &size) != 0) {
		perror("harness: no free port");
		abort();
	}
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static const char *value_of(const struct t_server *s, const char *name)
{
	size_t n = strlen(name);
	const char *value = NULL;

	for (int i = 0; s->settings[i]; i++)
		if (strncmp(s->settings[i], name, n) == 0 && s->settings[i][n] == '=')
			value = s->settings[i] + n + 1;
	return value;
}

static void add(struct t_server *s, const char *setting)
{
	int n = 0;

	while (s->settings[n])
		n++;
	if (n == H_SETTINGS)
		abort();
	s->settings[n] = setting;
}

static void add_defaults(struct t_server *s)
{
	add(s, t_fmt("PORT=%d", s->port));
	add(s, "BIND=127.0.0.1");
	add(s, t_fmt("ADMIN_ADDR=unix:%s/admin.sock", s->dir));
	add(s, t_fmt("JWT_SECRET=%s", t_jwt_secret));
	add(s, t_fmt("MAIL_DIR=%s/mail", s->dir));
	add(s, t_fmt("UPLOAD_DIR=%s/uploads", s->dir));
	add(s, "ENV=development");
	add(s, "RATE_LIMITS=off");
	add(s, "SUPABASE_COMPAT=on");
	add(s, "SUPABASE_ANON_KEY=anon-key-of-the-tests");
	add(s, "SUPABASE_SERVICE_KEY=service-in-no-log-key-of-the-tests");
	add(s, "ALTCHA_REQUIRED=false");
	add(s, "API_BASE_URL=https://api.sojorn.test");
	add(s, "APP_BASE_URL=https://app.sojorn.test");
	add(s, "LOOPS=2");
}

static struct t_server *make_server(const char *const *settings)
{
	struct t_server *s = t_keep(sizeof(*s));

	s->dir = h_run_path("server");
	if (mkdir(s->dir, 0700) != 0 || mkdir(t_fmt("%s/mail", s->dir), 0700) != 0
	    || mkdir(t_fmt("%s/uploads", s->dir), 0700) != 0) {
		perror(s->dir);
		return NULL;
	}
	s->reserved = reserve_port(&s->port);
	add_defaults(s);
	for (; *settings; settings++)
		add(s, *settings);
	s->database_url = value_of(s, "DATABASE_URL");
	if (!s->database_url) {
		s->database_url = h_database_new(true);
		if (!s->database_url)
			return NULL;
		add(s, t_fmt("DATABASE_URL=%s", s->database_url));
	}
	return s;
}

static const char *log_of(const struct t_server *s)
{
	const char *text = h_read_file(t_fmt("%s/log", s->dir));

	return text ? text : "";
}

static bool answers(const struct t_server *s)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes;

	at.sin_port = htons((uint16_t)s->port);
	yes = connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
	close(fd);
	return yes;
}

/* The port is open only once the server serves on it. */
static bool start_server(struct t_server *s)
{
	const char *argv[] = { "serve", NULL }, *log = t_fmt("%s/log", s->dir);
	const struct timespec tick = { .tv_nsec = 5000000 };

	s->pid = h_spawn(s->settings, argv, s->dir, log, log);
	for (int waited = 0; !answers(s); waited += 5) {
		if (waited < START_MILLISECONDS && waitpid(s->pid, NULL, WNOHANG) == 0) {
			nanosleep(&tick, NULL);
			continue;
		}
		h_wait(s->pid, 0);
		fprintf(stderr, "harness: sojorn serve did not start:\n%s\n", log_of(s));
		s->pid = 0;
		return false;
	}
	return true;
}

/* ---- ending ---- */

/* Prints the lines around what must not be in a log. */
static bool complain(const char *log, const char *at, const char *what)
{
	const char *from = at, *to = at;

	for (int lines = 0; from > log && lines < 2; from--)
		lines += from[-1] == '\n';
	for (int lines = 0; *to && lines < 40; to++)
		lines += *to == '\n';
	fprintf(stderr, "harness: the server's log has %s:\n%.*s\n", what, (int)(to - from), from);
	return false;
}

static bool log_is_clean(const struct t_server *s)
{
	static const struct {
		const char *text, *what;
	} forbidden[] = {
		{ "Sanitizer", "a sanitizer's report" },
		{ "runtime error:", "undefined behaviour" },
		{ "Assertion `", "a failed assertion" },
		{ t_jwt_secret, "the JWT secret" },
		{ T_PASSWORD, "a password" },
		{ T_SECRET, "what was marked as secret" },
		{ "eyJ", "a token" },
	};
	const char *log = log_of(s);

	for (size_t i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++) {
		const char *at = strstr(log, forbidden[i].text);

		if (at)
			return complain(log, at, forbidden[i].what);
	}
	return true;
}

static bool stop_server(struct t_server *s)
{
	int status = 0;

	if (s->pid) {
		kill(s->pid, SIGTERM);
		status = h_wait(s->pid, STOP_MILLISECONDS);
		s->pid = 0;
	}
	if (status != 0)
		fprintf(stderr, "harness: sojorn serve ended with status %d:\n%s\n", status,
			log_of(s));
	return log_is_clean(s) && status == 0;
}

/* ---- for tests ---- */

/* What a test has left running ends in order, so that its leaks are seen, too. */
static void stop_mine(void)
{
	bool clean = true;

	for (struct t_server *s = mine; s; s = s->next)
		clean = stop_server(s) && clean;
	if (!clean) {
		fflush(NULL);
		_exit(EXIT_FAILURE);
	}
}

struct t_server *t_server_start_with(const char *const *settings)
{
	struct t_server *s = make_server(settings);

	if (!s || !start_server(s))
		t_fail("no server");
	if (!mine)
		atexit(stop_mine);
	s->next = mine;
	mine = s;
	h_server = s;
	return s;
}

void t_server_stop(struct t_server *s)
{
	if (!stop_server(s))
		t_fail("the server did not end well");
}

void t_server_kill(struct t_server *s)
{
	kill(s->pid, SIGKILL);
	h_wait(s->pid, STOP_MILLISECONDS);
	s->pid = 0;
}

int t_server_wait(struct t_server *s)
{
	int status = h_wait(s->pid, STOP_MILLISECONDS);

	s->pid = 0;
	return status;
}

void t_server_restart(struct t_server *s)
{
	if (!start_server(s))
		t_fail("no server");
}

void t_server_signal(struct t_server *s, int sig)
{
	kill(s->pid, sig);
}

void t_server_use(struct t_server *s)
{
	h_server = s ? s : shared;
}

int t_port(void)
{
	return h_server->port;
}

const char *t_database_url(void)
{
	return h_server->database_url;
}

const char *t_log(void)
{
	return log_of(h_server);
}

const char *t_path(const char *name)
{
	return t_fmt("%s/%s", h_server->dir, name);
}

/* ---- for the run ---- */

/* Without a cluster the run starts again beside one. */
static void exec_with_postgres(void)
{
	char line[4096], path[512];
	char *argv[64] = { path };
	FILE *f = fopen("/proc/self/cmdline", "r");
	size_t n = f ? fread(line, 1, sizeof(line) - 1, f) : 0;
	int argc = 1;

	if (f)
		fclose(f);
	line[n] = '\0';
	for (char *p = line; p < line + n && argc < 63; p += strlen(p) + 1)
		argv[argc++] = p;
	snprintf(path, sizeof(path), "%s", "scripts/with-postgres");
	execv(path, argv);
	fprintf(stderr,
		"harness: TEST_PG_URL is not set, and scripts/with-postgres is not here: %s\n",
		strerror(errno));
}

bool test_begin(void)
{
	const char *settings[] = { NULL };

	if (!getenv("TEST_PG_URL")) {
		exec_with_postgres();
		return false;
	}
	if (!run_begin() || !h_databases_begin())
		return false;
	h_server = shared = make_server(settings);
	return shared && start_server(shared);
}

bool test_end(void)
{
	bool clean = !shared || stop_server(shared);

	h_databases_end();
	run_end(clean);
	return clean;
}
