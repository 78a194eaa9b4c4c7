/* One struct a socket, freed at the client's end of file, after LINGER_TIME or LINGER_BYTES. */
#include "lib/web/linger.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINGER_TIME = 2 * 1000 * 1000, LINGER_BYTES = 16 * 1024 * 1024 };

struct lingering {
	struct lingering *next, **link;
	struct watch *watch;
	struct timer *timer;
	int fd;
	size_t bytes;
};

static void linger_end(void *arg)
{
	struct lingering *g = arg;

	if (g->link) {
		*g->link = g->next;
		if (g->next)
			g->next->link = g->link;
	}
	watch_free(g->watch);
	timer_free(g->timer);
	close(g->fd);
	free(g);
}

static void on_readable(void *arg, int ready)
{
	struct lingering *g = arg;
	char dropped[2048];
	ssize_t n = recv(g->fd, dropped, sizeof dropped, MSG_DONTWAIT);

	(void)ready;
	if (n > 0)
		g->bytes += (size_t)n;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR) || g->bytes > LINGER_BYTES)
		linger_end(g);
}

void linger_start(struct loop *l, struct lingering **list, int fd)
{
	struct lingering *g = calloc(1, sizeof *g);

	shutdown(fd, SHUT_WR);
	if (!g) {
		close(fd);
		return;
	}
	g->fd = fd;
	g->watch = watch_new(l, fd, on_readable, g);
	g->timer = timer_new(l, linger_end, g);
	if (!g->watch || !g->timer) {
		linger_end(g);
		return;
	}
	g->next = *list;
	g->link = list;
	if (g->next)
		g->next->link = &g->next;
	*list = g;
	watch_set(g->watch, WATCH_READ);
	timer_set(g->timer, LINGER_TIME);
}

void linger_end_all(struct lingering **list)
{
	while (*list) {
		struct lingering *g = *list;

		*list = g->next;
		g->link = NULL; /* it is off the list already */
		linger_end(g);
	}
}
