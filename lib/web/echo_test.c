/* See echo_test.h. */
#include "lib/web/echo_test.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct echo {
	struct socket *socket;
};

struct socket_limits echo_limits;
_Atomic int echo_opened, echo_closed, echo_queued;

static void flood(struct socket *s, int n, size_t size)
{
	char *text = calloc(1, size);
	struct frame *f;

	memset(text, 'x', size);
	f = frame_new(FRAME_TEXT, (str){ text, size });
	for (int i = 0; i < n; i++) {
		socket_send(s, f);
		if ((int)socket_queued(s) > echo_queued)
			echo_queued = (int)socket_queued(s);
	}
	frame_drop(f);
	free(text);
}

static void on_opened(void *arg, struct socket *s)
{
	struct echo *e = arg;

	e->socket = s;
	echo_opened++;
}

static void on_text(void *arg, str message)
{
	struct echo *e = arg;
	struct frame *f;

	if (str_eq(message, S("bye")))
		socket_close(e->socket, 4000, S("as you wish"));
	else if (str_eq(message, S("leave")))
		socket_close(e->socket, 0, S(""));
	else if (str_eq(message, S("burst")))
		flood(e->socket, 1000, 10);
	else if (str_eq(message, S("flood")))
		flood(e->socket, 1000, 100000);
	f = frame_new(FRAME_TEXT, message);
	socket_send(e->socket, f);
	frame_drop(f);
}

static void on_closed(void *arg)
{
	free(arg);
	echo_closed++;
}

static const struct socket_owner owner = { &echo_limits, on_opened, on_text, NULL, on_closed };

static err echo(struct req *r)
{
	struct echo *e = calloc(1, sizeof *e);
	err problem;

	loop_sleep(MILLISECOND);
	problem = socket_accept(r, socket_offers(r, S("two")) ? S("two") : (str){ 0 }, &owner, e);
	if (problem.info)
		free(e);
	return problem;
}

static const struct route routes[] = {
	{ GET, "/socket", echo, "x", .auth = AUTH_NONE },
	{ 0 },
};

void echo_start(void)
{
	if (!echo_limits.queue)
		echo_limits = socket_usual;
	site.routes = routes;
	site.options.cors_origins = "https://app.example";
	site_start();
}

void echo_stop(void)
{
	for (int i = 0; i < 2000 && echo_closed < echo_opened; i++)
		usleep(10000);
	EXPECT_EQ(echo_opened, echo_closed);
	site_stop();
}
