/* The server as a process: what it refuses, how it starts and ends, what it does without its database. */
#include "test/harness/harness.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RESTARTS = 50 }; /* under load */

/* ---- what it refuses ---- */

#define SECRET "JWT_SECRET=a-secret-of-at-least-thirty-two-bytes"

/* It ends before it serves, and says why. */
static void expect_refusal(const char *const *settings, const char *sentence)
{
	struct t_run run = t_run(settings, "serve");

	EXPECT_EQ(1, run.status);
	if (!strstr(run.err, sentence))
		t_fail("does not say '%s':\n%s", sentence, run.err);
}

TEST(production_needs_a_long_secret)
{
	expect_refusal(T_LIST("ENV=production"), "JWT_SECRET must be at least 32 bytes");
	expect_refusal(T_LIST("ENV=production", "JWT_SECRET=short-" T_SECRET),
		       "JWT_SECRET must be at least 32 bytes");
	EXPECT_NULL(
		strstr(t_run(T_LIST("ENV=production", "JWT_SECRET=short-" T_SECRET), "serve").err,
		       T_SECRET));
}

TEST(production_needs_rate_limits)
{
	expect_refusal(T_LIST("ENV=production", SECRET, "RATE_LIMITS=off"), "RATE_LIMITS=off");
}

TEST(production_needs_named_origins)
{
	expect_refusal(T_LIST("ENV=production", SECRET, "CORS_ORIGINS=https://a.example, *"),
		       "CORS_ORIGINS=*");
}

TEST(no_database_url_no_server)
{
	expect_refusal(T_LIST("DATABASE_URL="), "DATABASE_URL is not set");
}

TEST(a_bad_value_is_named)
{
	expect_refusal(T_LIST("PORT=eighty"), "PORT");
	expect_refusal(T_LIST("BIND=nowhere"), "nowhere:8080");
	expect_refusal(T_LIST("PASSWORD_LIST=/nowhere", SECRET),
		       "PASSWORD_LIST: /nowhere: No such file");
}

TEST(a_redis_that_cannot_be_used_is_told_at_once)
{
	expect_refusal(T_LIST("REDIS_URL=localhost:6379", SECRET),
		       "REDIS_URL must look like redis://");
	expect_refusal(T_LIST("REDIS_URL=rediss://localhost", SECRET), "TLS (rediss://)");
	expect_refusal(T_LIST("REDIS_URL=redis://localhost", "JWT_SECRET="),
		       "REDIS_URL is for several copies");
	EXPECT_NULL(
		strstr(t_run(T_LIST("REDIS_URL=redis://" T_SECRET "@host", SECRET), "serve").err,
		       T_SECRET));
}

TEST(arguments_are_refused)
{
	EXPECT_EQ(2, t_run(NULL, "serve", "--port", "80").status);
	EXPECT_EQ(0, t_run(NULL, "serve", "--help").status);
}

TEST(a_second_server_on_the_port_is_refused)
{
	expect_refusal(T_LIST(t_fmt("PORT=%d", t_port()), "LOOPS=2", "ADMIN_ADDR="),
		       "Address already in use");
	expect_refusal(T_LIST(t_fmt("PORT=%d", t_port()), "LOOPS=1", "ADMIN_ADDR="),
		       "Address already in use");
}

/* ---- how it ends ---- */

/* Holds /health/ready for its two seconds, or until ready_goes_on. */
static int ready_waits(void)
{
	static const char request[] = "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n";
	int fd;

	t_sql("BEGIN; LOCK TABLE schema_migrations IN ACCESS EXCLUSIVE MODE");
	fd = t_connect();
	t_write(fd, request, sizeof(request) - 1);
	EXPECT_SOON(t_sql("SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
			  " WHERE d.datname = current_database() AND NOT l.granted"));
	return fd;
}

static void ready_goes_on(void)
{
	t_sql("COMMIT");
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

TEST(requests_under_way_are_answered_before_it_ends)
{
	struct t_server *s = t_server_start();
	int fd = ready_waits();

	t_server_signal(s, SIGTERM);
	EXPECT_SOON(strstr(t_log(), "msg=ending"));
	ready_goes_on();
	EXPECT_TRUE(strstr(t_read(fd, NULL, 3000), "\r\n\r\nready"));
	EXPECT_EQ(0, t_server_wait(s));
	EXPECT_TRUE(strstr(t_log(), "msg=ended"));
}

TEST(no_new_connections_while_it_ends)
{
	struct t_server *s = t_server_start();
	int fd = ready_waits();

	t_server_signal(s, SIGTERM);
	EXPECT_SOON(t_get(NULL, "/health")->status == 0);
	ready_goes_on();
	t_read(fd, NULL, 3000);
	EXPECT_EQ(0, t_server_wait(s));
}

TEST(a_second_signal_ends_it_at_once)
{
	struct t_server *s = t_server_start();

	ready_waits();
	t_server_signal(s, SIGINT);
	EXPECT_SOON(strstr(t_log(), "msg=ending"));
	t_server_signal(s, SIGINT);
	EXPECT_EQ(1, t_server_wait(s));
	EXPECT_TRUE(strstr(t_log(), "ending at once"));
}

TEST(its_patience_has_an_end)
{
	struct t_server *s = t_server_start("SHUTDOWN_GRACE=100ms");
	int64_t start;

	ready_waits();
	start = now_ms();
	t_server_signal(s, SIGTERM);
	EXPECT_EQ(1, t_server_wait(s));
	EXPECT_TRUE(now_ms() - start < 1900);
	EXPECT_TRUE(strstr(t_log(), "under way"));
}

TEST(the_log_level_is_read_again_on_sighup)
{
	struct t_server *s = t_server_start();
	FILE *f = fopen(t_path(".env"), "w");

	fputs("LOG_LEVEL=debug\n", f);
	fclose(f);
	t_server_signal(s, SIGHUP);
	EXPECT_SOON(strstr(t_log(), "level=debug"));
	EXPECT(200, t_get(NULL, "/health"));
	t_server_stop(s);
}

/* ---- without its database ---- */

TEST(an_outage_gives_503_and_ends_by_itself)
{
	struct t_server *s = t_server_start();
	struct t_user ann = t_user("ann");
	const char *path = "/api/v1/notifications/devices";
	const struct t_reply *r;
	int64_t start;

	EXPECT(200, t_delete(&ann, "%s", path));
	t_database_down(s);
	for (int i = 0; i < 3; i++) {
		r = EXPECT(503, t_delete(&ann, "%s", path));
		EXPECT_CODE("db_unavailable", r);
		EXPECT_TRUE(t_header(r, "Retry-After"));
	}
	EXPECT(200, t_get(NULL, "/health"));
	start = now_ms();
	t_database_up(s);
	EXPECT_SOON(t_delete(&ann, "%s", path)->status == 200);
	EXPECT_TRUE(now_ms() - start < 1500); /* a second, and what a request takes */
	EXPECT(200, t_get(NULL, "/health/ready"));
	t_server_stop(s);
}

TEST(it_starts_while_the_database_is_away)
{
	struct t_server *s = t_server_start();

	t_server_stop(s);
	t_database_down(s);
	t_server_restart(s);
	EXPECT(503, t_get(NULL, "/health/ready"));
	t_database_up(s);
	EXPECT_SOON(t_get(NULL, "/health/ready")->status == 200);
	t_server_stop(s);
}

TEST(it_says_when_the_schema_is_behind)
{
	struct t_server *s = t_server_start();

	t_server_stop(s);
	EXPECT_NULL(strstr(t_log(), "the schema is not current"));
	t_sql("UPDATE schema_migrations SET version = version - 1");
	t_server_restart(s);
	EXPECT_SOON(strstr(t_log(), "the schema is not current"));
	t_server_stop(s);
}

/* ---- the service manager ---- */

static int manager_socket(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	EXPECT_EQ(0, bind(fd, (struct sockaddr *)&at, sizeof(at)));
	return fd;
}

/* Waits for this message among others. */
static void expect_message(int fd, const char *want)
{
	char text[256];

	for (int i = 0; i < 50; i++) {
		ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

		text[n > 0 ? n : 0] = '\0';
		if (strstr(text, want))
			return;
	}
	t_fail("no %s", want);
}

TEST(the_service_manager_hears_of_it)
{
	const char *path = t_path(t_unique("notify"));
	int fd = manager_socket(path);
	struct t_server *s =
		t_server_start(t_fmt("NOTIFY_SOCKET=%s", path), "WATCHDOG_USEC=3000000");

	expect_message(fd, "READY=1");
	expect_message(fd, "WATCHDOG=1");
	expect_message(fd, "WATCHDOG=1");
	t_server_signal(s, SIGTERM);
	expect_message(fd, "STOPPING=1");
	EXPECT_EQ(0, t_server_wait(s));
	close(fd);
}

/* Becomes a server with this socket as descriptor 3, as a service manager does it. */
[[gnu::noreturn]] static void exec_activated(int fd)
{
	const char *script = "exec env LISTEN_PID=$$ LISTEN_FDS=1 ADMIN_ADDR= \"$0\" serve";

	dup2(fd, 3);
	fcntl(3, F_SETFD, 0);
	setenv("DATABASE_URL", t_database_url(), 1);
	setenv("RATE_LIMITS", "off", 1); /* its client asks without a pause */
	execl("/bin/sh", "sh", "-c", script, t_program(), (char *)NULL);
	_exit(127);
}

static int listening_socket(int *ret_port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	bind(fd, (struct sockaddr *)&at, sizeof(at));
	listen(fd, 16);
	getsockname(fd, (struct sockaddr *)&at, &size);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static pid_t start_activated(int fd)
{
	pid_t pid = fork();

	if (pid == 0)
		exec_activated(fd);
	return pid;
}

static void end_activated(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
}

/* One request on a connection of its own; true when it was answered well. */
static bool is_served(int port)
{
	const char *request = "GET /health HTTP/1.0\r\n\r\n";
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)port),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = connect(client, (struct sockaddr *)&at, sizeof(at)) == 0;

	if (good) {
		t_write(client, request, strlen(request));
		good = strstr(t_read(client, NULL, 20000), "{\"status\":\"ok\"}") != NULL;
	}
	close(client);
	return good;
}

TEST(it_serves_on_the_socket_it_is_handed)
{
	int port, fd = listening_socket(&port);
	pid_t pid = start_activated(fd);

	EXPECT_TRUE(is_served(port));
	end_activated(pid);
	close(fd);
}

/* Asks without a pause until the other end of `told` is closed; what failed goes to `out`. */
[[gnu::noreturn]] static void ask_until_told(int port, int told, int out)
{
	struct pollfd p = { .fd = told, .events = POLLIN };
	int count[2] = { 0, 0 };

	while (poll(&p, 1, 0) == 0)
		count[!is_served(port)]++;
	_exit(write(out, count, sizeof(count)) == sizeof(count) ? 0 : 1);
}

TEST(no_request_fails_while_it_is_restarted_again_and_again)
{
	int port, fd = listening_socket(&port), told[2], out[2], count[2];
	pid_t server = start_activated(fd), client;

	EXPECT_EQ(0, pipe2(told, O_CLOEXEC) | pipe2(out, O_CLOEXEC));
	client = fork();
	if (client == 0) {
		close(told[1]);
		ask_until_told(port, told[0], out[1]);
	}
	for (int i = 0; i < RESTARTS; i++) {
		EXPECT_TRUE(is_served(port));
		end_activated(server);
		server = start_activated(fd);
	}
	close(told[1]);
	EXPECT_EQ(sizeof(count), read(out[0], count, sizeof(count)));
	waitpid(client, NULL, 0);
	EXPECT_EQ(0, count[1]);
	EXPECT_TRUE(count[0] > RESTARTS);
	end_activated(server);
	close(told[0]), close(out[0]), close(out[1]), close(fd);
}

static const char *allowed(const char *origin)
{
	const struct t_reply *r = t_send(&(struct t_request){
		.method = "GET",
		.path = "/health",
		.headers = (const char *const[]){ t_fmt("Origin: %s", origin), NULL },
	});

	return t_header(r, "Access-Control-Allow-Origin");
}

TEST(d14_foreign_origins_and_cookies_open_nothing)
{
	static const char *const foreign[] = { "https://evil.example",
					       "http://localhost.evil.example",
					       "http://127.0.0.1.evil.example",
					       "http://localhost:80@evil.example", "null" };
	struct t_user ann = t_user("ann");
	const char *cookie = t_fmt("Cookie: admin_token=%s", ann.token);

	for (size_t i = 0; i < sizeof(foreign) / sizeof(*foreign); i++)
		EXPECT_NULL(allowed(foreign[i]));
	EXPECT_CSTR("http://localhost:3000", allowed("http://localhost:3000")); /* in development */
	EXPECT(401,
	       t_send(&(struct t_request){ .method = "GET",
					   .path = "/api/v1/profile",
					   .headers = (const char *const[]){ cookie, NULL } }));
}
