/* Many connections, several loops, the end of service, listening sockets. */
#include "lib/web/wire_test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

TEST(five_thousand_idle_connections)
{
	enum { N = 5000 };
	struct rlimit limit = { 2 * N + 200, 2 * N + 200 };
	static int fds[N];
	struct wire *one;
	size_t before;
	int64_t start;

	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		test_skip("not so many descriptors allowed");
	site_start();
	get("/hello", "");
	before = resident();
	for (int i = 0; i < N; i++) {
		struct wire *w = dial();

		say(w, HELLO);
		EXPECT_EQ(200, hear(w)->status);
		fds[i] = w->fd;
		free(w);
	}
	printf("%zu bytes a connection\n", (resident() - before) / N);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	EXPECT_TRUE((resident() - before) / N < 12 * 1024);
#endif
	EXPECT_EQ(N, server_connections(site.servers[0]));
	one = dial();
	start = time_monotonic();
	for (int i = 0; i < 1000; i++) {
		say(one, HELLO);
		EXPECT_EQ(200, hear(one)->status);
	}
	printf("%lld us a round trip beside them\n", (long long)(time_monotonic() - start) / 1000);
	hang_up(one);
	start = time_monotonic();
	site_stop(); /* closes all of them */
	EXPECT_TRUE(time_monotonic() - start < 10 * SECOND);
	for (int i = 0; i < N; i++)
		close(fds[i]);
}

/* ---- several loops ---- */

static void *hammer(void *arg)
{
	unsigned seed = (unsigned)(intptr_t)arg;

	for (int i = 0; i < 60; i++) {
		struct wire *w = dial();
		int n = 1 + i % 5;

		for (int k = 0; k < n; k++) {
			int what = rand_r(&seed) % 3;

			say(w,
			    what == 0		? HELLO
				    : what == 1 ? "GET /wait/2 HTTP/1.1\r\nHost: x\r\n\r\n"
						: "POST /upload/9000/0 HTTP/1.1\r\nHost: x\r\n"
						  "Content-Length: 5\r\n\r\nhello");
		}
		for (int k = 0; k < n; k++) {
			struct answer *a = hear(w);

			if (!a || a->status != 200)
				abort();
		}
		hang_up(w);
	}
	return NULL;
}

TEST(several_loops_share_the_port)
{
	pthread_t t[4];

	site.n = 3;
	site.options.limiter = limiter_new(1000);
	site_start();
	for (intptr_t i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, hammer, (void *)i);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	site_stop();
	EXPECT_TRUE(seen.done >= 4 * 60);
}

/* ---- the end ---- */

static atomic_int drained;

static void on_drained(void *arg)
{
	(void)arg;
	drained++;
}

struct drain {
	struct server *server;
	int64_t grace;
};

static void drain_now(void *arg)
{
	struct drain *d = arg;

	server_drain(d->server, d->grace, on_drained, NULL);
}

static void drain(int64_t grace)
{
	static struct drain d;

	d = (struct drain){ site.servers[0], grace };
	loop_post(site.loops[0], drain_now, &d);
	usleep(100000);
}

static void stop(void *l)
{
	loop_stop(l);
}

/* After a drain of the test's own: only the loop is left to stop. */
static void end_of_drained_site(void)
{
	loop_post(site.loops[0], stop, site.loops[0]);
	site_join();
}

TEST(draining_finishes_what_is_under_way_and_takes_nothing_new)
{
	struct wire *idle, *busy, *half, *fresh;
	struct answer *a;

	site_start();
	idle = dial();
	say(idle, HELLO);
	EXPECT_EQ(200, hear(idle)->status);
	busy = dial();
	say(busy, "GET /wait/600 HTTP/1.1\r\nHost: x\r\n\r\n");
	half = dial();
	say(half, "GET /hello HTTP/1.1\r\nHost:");
	fresh = dial();
	usleep(100000);
	drain(20 * SECOND);
	EXPECT_TRUE(is_closed(idle));
	EXPECT_TRUE(is_closed(fresh));
	EXPECT_EQ(0, drained);
	EXPECT_TRUE(dial_refused());
	say(half, " x\r\n\r\n");
	a = hear(half);
	EXPECT_EQ(200, a->status);
	EXPECT_CSTR("close", header(a, "Connection"));
	EXPECT_TRUE(is_closed(half));
	a = hear(busy);
	EXPECT_EQ(200, a->status);
	EXPECT_CSTR("close", header(a, "Connection"));
	EXPECT_TRUE(is_closed(busy));
	usleep(100000);
	EXPECT_EQ(1, drained);
	hang_up(idle);
	hang_up(busy);
	hang_up(half);
	hang_up(fresh);
	end_of_drained_site();
}

TEST(draining_gives_up_after_its_grace)
{
	struct wire *busy;

	site_start();
	busy = dial();
	say(busy, "GET /wait/1500 HTTP/1.1\r\nHost: x\r\n\r\n");
	usleep(100000);
	drain(300 * MILLISECOND);
	EXPECT_EQ(0, drained);
	usleep(400000);
	EXPECT_EQ(1, drained);
	EXPECT_EQ(1, server_active(site.servers[0]));
	EXPECT_EQ(200, hear(busy)->status);
	EXPECT_TRUE(is_closed(busy));
	hang_up(busy);
	usleep(100000);
	EXPECT_EQ(1, drained); /* told once */
	end_of_drained_site();
}

TEST(draining_an_idle_server_is_immediate)
{
	site_start();
	drain(20 * SECOND);
	EXPECT_EQ(1, drained);
	end_of_drained_site();
}

/* ---- listening ---- */

TEST(unix_sockets_are_served_and_left_ones_replaced)
{
	char dir[] = "/tmp/sojorn-test-XXXXXX", path[64], address[80];
	const char *problem = NULL;
	int fd;

	EXPECT_TRUE(mkdtemp(dir) != NULL);
	snprintf(path, sizeof path, "%s/s", dir);
	snprintf(address, sizeof address, "unix:%s", path);
	site.address = address;
	site.n = 2;
	site_start();
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(200, ask(HELLO)->status);
	EXPECT_TRUE(strstr(get("/echo/1", "")->body, "\"client\":\"127.0.0.1\"") != NULL);
	EXPECT_FALSE(server_listen(address, 1, &fd, &problem)); /* it is in use */
	EXPECT_TRUE(strstr(problem, "in use") != NULL);
	site_stop();
	EXPECT_TRUE(server_listen(address, 1, &fd, &problem)); /* nobody answers on it any more */
	close(fd);
	unlink(path);
	rmdir(dir);
}

TEST(sockets_passed_by_the_service_manager_are_served)
{
	const char *problem = NULL;
	char pid[20];
	int fd, passed;

	EXPECT_EQ(0, server_inherited());
	EXPECT_FALSE(server_listen("systemd:0", 1, &fd, &problem));
	EXPECT_TRUE(server_listen("127.0.0.1:0", 1, &passed, &problem));
	EXPECT_TRUE(dup2(passed, 3) == 3 || passed == 3);
	snprintf(pid, sizeof pid, "%d", getpid());
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", "1", 1);
	EXPECT_EQ(1, server_inherited());
	site.address = "systemd:0";
	site.n = 2;
	site_start();
	for (int i = 0; i < 20; i++)
		EXPECT_EQ(200, ask(HELLO)->status);
	EXPECT_FALSE(server_listen("systemd:1", 1, &fd, &problem));
	setenv("LISTEN_PID", "1", 1); /* meant for somebody else */
	EXPECT_EQ(0, server_inherited());
	site_stop();
}

TEST(addresses_that_cannot_be_listened_on)
{
	static const char *const bad[] = { "",
					   "8080",
					   "localhost:8080",
					   "127.0.0.1",
					   "127.0.0.1:",
					   "127.0.0.1:x",
					   "127.0.0.1:99999",
					   "::1:80",
					   "[::1]",
					   "unix:/nowhere/at/all",
					   "203.0.113.1:0",
					   "systemd:x",
					   "systemd:" };
	const char *problem;
	int fds[2] = { -1, -1 };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		problem = NULL;
		if (server_listen(bad[i], 2, fds, &problem))
			fail_msg("listens on %s", bad[i]);
		EXPECT_TRUE(problem && *problem);
	}
	EXPECT_TRUE(server_listen("[::1]:0", 1, fds, &problem));
	EXPECT_TRUE(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
	EXPECT_TRUE(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	close(fds[0]);
}

TEST(a_server_with_wrong_options_does_not_start)
{
	const char *problem = NULL;
	struct loop *l = loop_new();
	struct server_options o = { .trusted_proxies = "everybody" };
	int fd;

	EXPECT_TRUE(server_listen("127.0.0.1:0", 1, &fd, &problem));
	EXPECT_NULL(server_new(l, fd, &o));
	EXPECT_EQ(-1, fcntl(fd, F_GETFD)); /* closed */
	server_free(NULL);
	loop_free(l);
}
