/* Sockets that are hard on the server: one that floods, many that come and go. */
#include "test/harness/harness.h"

#include "lib/base/time.h"

enum { PINGS = 600, PACE = 128 };

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
	t_server_stop(server);
}
