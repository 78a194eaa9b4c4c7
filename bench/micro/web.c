/*
 * What the HTTP seam costs: the server thread's CPU microseconds a request, with 64 connections that
 * each have one request under way. /hello is answered at once; the coroutine of /turn waits once, as
 * for a database.
 *
 *	make micro
 */
#include "lib/web/server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 64, ROUNDS = 1500 };

static struct loop *l;

static err hello(struct req *r)
{
	return reply_message(r, "hello");
}

static void wake(void *w)
{
	waiter_wake(w);
}

static err turn(struct req *r)
{
	struct waiter w = { 0 };
	struct hook end = { .fn = wake, .arg = &w };

	loop_at_turn_end(r->loop, &end);
	TRY(waiter_wait(&w, r->deadline));
	return hello(r);
}

static const struct route routes[] = {
	{ GET, "/hello", hello, "answer at once", .auth = AUTH_NONE, .out = message_fields },
	{ GET, "/turn", turn, "wait once", .auth = AUTH_NONE, .out = message_fields },
	{ 0 },
};
static const struct route *const tables[] = { routes, NULL };

static void *serve(void *arg)
{
	(void)arg;
	loop_run(l);
	return NULL;
}

static void stop(void *arg)
{
	(void)arg;
	loop_stop(l);
}

static void drain(void *s)
{
	server_drain(s, SECOND, stop, NULL);
}

static int dial(int listening)
{
	struct sockaddr_in sa;
	socklen_t n = sizeof sa;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (getsockname(listening, (struct sockaddr *)&sa, &n) < 0
	    || connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0)
		abort();
	return fd;
}

/* One request on every connection, then their replies. */
static void round_trip(const int fds[], const char *request)
{
	char reply[2048];

	for (int i = 0; i < CONNECTIONS; i++)
		if (send(fds[i], request, strlen(request), 0) < 0)
			abort();
	for (int i = 0; i < CONNECTIONS; i++)
		if (recv(fds[i], reply, sizeof reply, 0) < 100)
			abort();
}

static double cpu_us(pthread_t thread)
{
	clockid_t clock;
	struct timespec t;

	pthread_getcpuclockid(thread, &clock);
	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void measure(pthread_t server, const int fds[], const char *path)
{
	char request[200];
	double start;

	snprintf(request, sizeof request,
		 "GET %s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: micro\r\nAccept: */*\r\n"
		 "Content-Type: application/json\r\n\r\n",
		 path);
	for (int i = 0; i < ROUNDS / 10; i++)
		round_trip(fds, request);
	start = cpu_us(server);
	for (int i = 0; i < ROUNDS; i++)
		round_trip(fds, request);
	printf("%-34s %8.2f us\n", path, (cpu_us(server) - start) / ROUNDS / CONNECTIONS);
}

int main(void)
{
	struct server_options o = { .router = router_new(tables),
				    .trusted_proxies = "127.0.0.1",
				    .connections = 1000,
				    .idle_timeout = 60 * SECOND,
				    .deadline = 10 * SECOND };
	const char *problem;
	struct server *s;
	pthread_t thread;
	int listening, fds[CONNECTIONS];

	if (!server_listen("127.0.0.1:0", 1, &listening, &problem)) {
		fprintf(stderr, "%s\n", problem);
		return EXIT_FAILURE;
	}
	l = loop_new();
	s = server_new(l, listening, &o);
	pthread_create(&thread, NULL, serve, NULL);
	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = dial(listening);
	measure(thread, fds, "/hello");
	measure(thread, fds, "/turn");
	for (int i = 0; i < CONNECTIONS; i++)
		close(fds[i]);
	loop_post(l, drain, s);
	pthread_join(thread, NULL);
	server_free(s);
	loop_free(l);
}
