/* Connections that leave HTTP: the bytes are whole, the end is clean, nothing of MHD's stays. */
#include "lib/web/upgrade.h"
#include "lib/web/wire_test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* An owner that sends back what it gets, in capitals. */
struct shout {
	struct upgrade *upgrade;
	struct watch *watch;
	int fd;
};

static _Atomic int begun, ended, never_begun, told_to_stop;

static void end(struct shout *s)
{
	watch_free(s->watch);
	upgrade_end(s->upgrade, false);
	free(s);
	ended++;
}

static void answer_bytes(struct shout *s, const char *p, size_t n)
{
	char out[4096];

	for (size_t i = 0; i < n; i++)
		out[i] = (char)(p[i] >= 'a' && p[i] <= 'z' ? p[i] - 32 : p[i]);
	EXPECT_EQ((long long)n, send(s->fd, out, n, MSG_NOSIGNAL));
}

static void on_ready(void *arg, int ready)
{
	struct shout *s = arg;
	char in[4096];
	ssize_t n = recv(s->fd, in, sizeof in, MSG_DONTWAIT);

	(void)ready;
	if (n > 0)
		answer_bytes(s, in, (size_t)n);
	else if (n == 0 || errno != EAGAIN)
		end(s);
}

static void begin(void *arg, struct upgrade *u, int fd, str early)
{
	struct shout *s = arg;

	begun++;
	s->upgrade = u;
	s->fd = fd;
	s->watch = watch_new(loop_self(), fd, on_ready, s);
	watch_set(s->watch, WATCH_READ);
	if (early.n)
		answer_bytes(s, early.p, early.n);
}

static void never(void *arg)
{
	never_begun++;
	free(arg);
}

static void stop(void *arg, bool now)
{
	(void)now;
	told_to_stop++;
	end(arg);
}

static const struct upgrade_owner owner = { begin, never, stop };

static err shout(struct req *r)
{
	struct shout *s = calloc(1, sizeof *s);
	err e;

	loop_sleep(5 * MILLISECOND); /* as if asking a database */
	reply_header(r, "X-Extra", S("yes"));
	e = reply_upgrade(r, "shout", &owner, s);
	if (e.info)
		free(s);
	return e;
}

/* An upgrade, and then an error after all. */
static err regret(struct req *r)
{
	TRY(shout(r));
	return err_conflict;
}

static const struct route routes[] = {
	{ GET, "/shout", shout, "x", .auth = AUTH_NONE },
	{ GET, "/regret", regret, "x", .auth = AUTH_NONE },
	{ 0 },
};

#define SHOUT "GET /shout HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n"

static void start(void)
{
	site.routes = routes;
	site_start();
}

/* n bytes more, as text. */
static const char *hear_bytes(struct wire *w, size_t n)
{
	while (w->n < n) {
		ssize_t got = recv(w->fd, w->buf + w->n, sizeof w->buf - 1 - w->n, 0);

		EXPECT_TRUE(got > 0);
		w->n += (size_t)got;
	}
	EXPECT_EQ(n, w->n);
	w->buf[w->n] = '\0';
	w->n = 0;
	return w->buf;
}

static struct wire *dial_shout(void)
{
	struct wire *w = dial();
	struct answer *a;

	say(w, SHOUT);
	a = hear(w);
	EXPECT_TRUE(a != NULL);
	EXPECT_EQ(101, a->status);
	return w;
}

/* Until a counter of the loop's thread has that value; ten seconds at most. */
static void await(_Atomic int *counter, int value)
{
	for (int i = 0; i < 1000 && *counter != value; i++)
		usleep(10000);
	EXPECT_EQ(value, *counter);
}

TEST(an_upgraded_connection_carries_bytes)
{
	struct wire *w;
	struct answer *a;

	start();
	w = dial();
	say(w, "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n");
	EXPECT_EQ(200, hear(w)->status);
	say(w, SHOUT);
	a = hear(w);
	EXPECT_EQ(101, a->status);
	EXPECT_CSTR("shout", header(a, "Upgrade"));
	EXPECT_CSTR("Upgrade", header(a, "Connection"));
	EXPECT_CSTR("yes", header(a, "X-Extra"));
	for (int i = 0; i < 100; i++) {
		say(w, "hello");
		EXPECT_CSTR("HELLO", hear_bytes(w, 5));
	}
	EXPECT_EQ(1, server_connections(site.servers[0]));
	EXPECT_EQ(0, server_active(site.servers[0]));
	hang_up(w);
	await(&ended, 1);
	site_stop();
	EXPECT_EQ(101, seen.last_status);
}

TEST(bytes_right_behind_the_request_are_not_lost)
{
	struct wire *w;

	start();
	w = dial();
	say(w, SHOUT "early");
	EXPECT_EQ(101, hear(w)->status);
	EXPECT_CSTR("EARLY", hear_bytes(w, 5));
	say(w, "late");
	EXPECT_CSTR("LATE", hear_bytes(w, 4));
	hang_up(w);
	await(&ended, 1);
	site_stop();
}

TEST(a_client_that_leaves_before_its_upgrade_frees_it)
{
	struct wire *w;

	start();
	for (int i = 0; i < 20; i++) {
		w = dial();
		say(w, SHOUT);
		hang_up(w);
	}
	for (int i = 0; i < 1000 && ended + never_begun < 20; i++)
		usleep(10000);
	EXPECT_EQ(20, ended + never_begun);
	EXPECT_EQ(begun, ended);
	site_stop();
}

TEST(an_error_after_an_upgrade_wins)
{
	start();
	EXPECT_EQ(409, get("/regret", "")->status);
	await(&never_begun, 1);
	EXPECT_EQ(0, begun);
	site_stop();
}

TEST(a_draining_server_tells_its_upgraded_connections)
{
	struct wire *a, *b;

	start();
	a = dial_shout();
	b = dial_shout();
	site_stop();
	EXPECT_EQ(2, told_to_stop);
	EXPECT_TRUE(is_closed(a) && is_closed(b));
	hang_up(a);
	hang_up(b);
}

TEST(upgrades_have_a_limit)
{
	struct wire *w[4];

	site.options.connections = 4;
	start();
	for (int i = 0; i < 4; i++)
		w[i] = dial_shout();
	EXPECT_EQ(503, get("/shout", "Connection: Upgrade\r\nUpgrade: shout\r\n")->status);
	hang_up(w[0]);
	await(&ended, 1);
	w[0] = dial_shout();
	for (int i = 0; i < 4; i++)
		hang_up(w[i]);
	await(&ended, 5);
	site_stop();
}

TEST(http_1_0_is_not_upgraded)
{
	struct wire *w;
	struct answer *a;

	start();
	w = dial();
	say(w, "GET /shout HTTP/1.0\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: shout\r\n\r\n");
	a = hear(w);
	EXPECT_TRUE(!a || a->status != 101);
	hang_up(w);
	site_stop();
	EXPECT_EQ(0, begun);
}
