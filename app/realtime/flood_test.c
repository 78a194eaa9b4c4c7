/* Sockets that are hard on the server: one that floods, many that come and go. */
#include "test/harness/harness.h"

#include "lib/base/time.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PINGS = 400, PACE = 128 };

/* What a flood is answered comes at the pace, and others are served meanwhile. */
TEST(a_flood_is_slowed_down_and_hinders_nobody)
{
	struct t_server *server = t_server_start("LOOPS=1");
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct t_socket *noisy = t_socket_open(&ann, NULL), *quiet = t_socket_open(&bob, NULL);
	int64_t began = time_monotonic();

	for (int i = 0; i < PINGS; i++)
		t_socket_say(noisy, "{'type':'ping'}");
	for (int i = 1; i <= 10; i++) {
		t_sql("SELECT emit('%s', 'message_deleted', '{\"n\": %d}')", bob.id, i);
		EXPECT(200, t_put(&bob, "/api/v1/notifications/read-all"));
		EXPECT_INT(i, EXPECT(101, t_socket_next(quiet)), "payload.n");
	}
	for (int i = 0; i < PINGS; i++)
		EXPECT_STR("pong", EXPECT(101, t_socket_next(noisy)), "type");
	t_socket_say(noisy, "{'type':'ping'}");
	EXPECT_STR("pong", EXPECT(101, t_socket_next(noisy)), "type");
	EXPECT_TRUE(time_monotonic() - began >= (PINGS / PACE - 1) * SECOND);
	t_socket_cut(noisy);
	t_socket_cut(quiet);
	t_server_stop(server);
}

/* ---- slow readers ---- */

enum { SLOW = 17, MISSED = 2500 };

struct readers {
	int fd[SLOW];
	atomic_bool done;
};

/* A little now and then, so that no time limit of the server's passes. */
static void *read_slowly(void *arg)
{
	struct readers *r = arg;
	char some[1024];

	while (!r->done) {
		for (int i = 0; i < SLOW; i++)
			(void)!recv(r->fd[i], some, sizeof some, MSG_DONTWAIT);
		usleep(50000);
	}
	return NULL;
}

static int dial_slowly(const struct t_user *user)
{
	int fd = t_connect(), small = 4096;
	const char *request =
		t_fmt("GET /ws?token=%s&v=2&last=0 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
		      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
		      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		      user->token);

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	t_write(fd, request, strlen(request));
	return fd;
}

/* More of them than coroutines that read: one page for each in turn. */
TEST(those_who_catch_up_slowly_hold_nobody_up)
{
	struct t_server *server = t_server_start("LOOPS=1");
	struct t_user ann = t_user("ann"), bob = t_user("bob");
	struct readers r = { 0 };
	struct t_socket *s;
	pthread_t thread;

	t_sql("SELECT emit('%s', 'x', jsonb_build_object('n', n, 'text', repeat('x', 4000)))"
	      " FROM generate_series(1, %d) n",
	      ann.id, MISSED);
	t_sql("SELECT emit('%s', 'x', jsonb_build_object('n', n)) FROM generate_series(1, 5) n",
	      bob.id);
	for (int i = 0; i < SLOW; i++)
		r.fd[i] = dial_slowly(&ann);
	EXPECT_EQ(0, pthread_create(&thread, NULL, read_slowly, &r));
	for (int round = 0; round < 3; round++) {
		s = t_socket_open(&bob, "v=2&last=0");
		t_socket_wait(s, "hello");
		EXPECT_INT(5, t_socket_wait(s, "events"), "payload.events[4].seq");
	}
	r.done = true;
	pthread_join(thread, NULL);
	for (int i = 0; i < SLOW; i++)
		close(r.fd[i]);
	t_server_stop(server);
}
