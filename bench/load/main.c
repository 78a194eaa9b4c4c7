/* See load.h. Prints one JSON object: counts, rate, latencies in microseconds. */
#include "bench/load/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SECOND_NS INT64_C(1000000000)
#define PATIENCE  (5 * SECOND_NS) /* for answers, after the last request was due */

enum { CONNECTIONS_MAX = 1024, EVENTS = 64 };

struct connection {
	int fd;
	bool busy;
	int64_t due; /* of the request under way */
	struct answer answer;
};

struct load {
	struct requests requests;
	struct rand_seq seq;
	struct connection c[CONNECTIONS_MAX], *idle[CONNECTIONS_MAX];
	int port, connections, nidle, epoll;
	double seconds, rate;
	int64_t begin, end;   /* of the sending */
	double interval;      /* ns between requests; 0: closed loop */
	size_t sent, waiting; /* requests sent; answers that are due */
	struct tally tally;
	const char *file;
	bool in_order, verbose;
	char buffer[65536];
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND_NS + t.tv_nsec;
}

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- connections ---- */

static void open_connection(struct load *l, struct connection *c)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)l->port) };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
	int on = 1;

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		fail("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
		fail("epoll_ctl");
	c->busy = false;
	l->idle[l->nidle++] = c;
}

/* A request that cannot be written is found broken when its connection is read. */
static void send_on(struct load *l, struct connection *c, int64_t due)
{
	str request =
		l->in_order ? requests_next(&l->requests) : requests_pick(&l->requests, &l->seq);

	answer_begin(&c->answer);
	c->busy = true;
	c->due = due;
	l->sent++;
	l->waiting++;
	if (send(c->fd, request.p, request.n, MSG_NOSIGNAL) != (ssize_t)request.n)
		shutdown(c->fd, SHUT_RDWR);
}

static void finish(struct load *l, struct connection *c)
{
	c->busy = false;
	l->waiting--;
	l->idle[l->nidle++] = c;
	tally_add(&l->tally, now_ns() - c->due);
	l->tally.bytes += c->answer.bytes;
	if (c->answer.status < 400)
		return;
	if (l->tally.errors++ == 0 && l->verbose)
		fprintf(stderr, "load: %.*s\n", (int)strcspn(c->answer.head, "\r"), c->answer.head);
}

static void reopen(struct load *l, struct connection *c)
{
	close(c->fd);
	l->tally.errors += c->busy;
	l->waiting -= c->busy;
	for (int i = 0; i < l->nidle; i++)
		if (l->idle[i] == c)
			l->idle[i--] = l->idle[--l->nidle];
	open_connection(l, c);
}

static void on_readable(struct load *l, struct connection *c)
{
	ssize_t n = recv(c->fd, l->buffer, sizeof(l->buffer), MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0 && c->busy)
		answer_feed(&c->answer, l->buffer, (size_t)n);
	if (n <= 0 || !c->busy || c->answer.bad)
		reopen(l, c);
	else if (c->answer.done)
		finish(l, c);
}

/* ---- the schedule ---- */

static int64_t due_at(const struct load *l, size_t request)
{
	return l->begin + (int64_t)((double)request * l->interval);
}

/* Sends what may be sent now; returns when to look again. */
static int64_t send_due(struct load *l, int64_t now)
{
	size_t due;

	if (now >= l->end)
		return l->end + PATIENCE;
	if (l->interval == 0) {
		while (l->nidle > 0)
			send_on(l, l->idle[--l->nidle], now_ns());
		return l->end;
	}
	due = (size_t)((double)(now - l->begin) / l->interval) + 1;
	if (due - l->sent > l->tally.late)
		l->tally.late = due - l->sent;
	while (l->nidle > 0 && l->sent < due)
		send_on(l, l->idle[--l->nidle], due_at(l, l->sent));
	return due_at(l, due) < l->end ? due_at(l, due) : l->end;
}

static bool is_over(const struct load *l, int64_t now)
{
	return now >= l->end && (l->waiting == 0 || now >= l->end + PATIENCE);
}

static void turn(struct load *l, int64_t until)
{
	struct epoll_event events[EVENTS];
	int64_t wait = until - now_ns();
	struct timespec t = { 0 };
	int n;

	if (wait > 0)
		t = (struct timespec){ wait / SECOND_NS, wait % SECOND_NS };
	n = epoll_pwait2(l->epoll, events, EVENTS, &t, NULL);
	if (n < 0 && errno != EINTR)
		fail("epoll_pwait2");
	for (int i = 0; i < n; i++)
		on_readable(l, events[i].data.ptr);
}

static void run(struct load *l)
{
	prctl(PR_SET_TIMERSLACK, 1);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (int i = 0; i < l->connections; i++)
		open_connection(l, &l->c[i]);
	l->interval = l->rate > 0 ? 1e9 / l->rate : 0;
	l->begin = now_ns();
	l->end = l->begin + (int64_t)(l->seconds * 1e9);
	for (int64_t now = l->begin; !is_over(l, now); now = now_ns())
		turn(l, send_due(l, now));
	l->tally.errors += l->waiting; /* never answered */
}

/* ---- the command ---- */

static _Noreturn void usage(void)
{
	fputs("usage: load -p PORT -f FILE [-c CONNECTIONS] [-d SECONDS] [-r RATE] [-s SEED] [-o] [-v]\n"
	      "  -f   lines of PATH, PATH<tab>TOKEN or PATH<tab>TOKEN<tab>BODY, drawn at random\n"
	      "  -o   in the order of the file instead\n"
	      "  -r   requests a second that fall due; without it each connection sends at once\n",
	      stderr);
	exit(2);
}

static void take_option(struct load *l, int option, const char *value)
{
	switch (option) {
	case 'p':
		l->port = atoi(value);
		break;
	case 'f':
		l->file = value;
		break;
	case 'c':
		l->connections = atoi(value);
		break;
	case 'd':
		l->seconds = atof(value);
		break;
	case 'r':
		l->rate = atof(value);
		break;
	case 's':
		l->seq.state = strtoull(value, NULL, 10);
		break;
	case 'o':
		l->in_order = true;
		break;
	case 'v':
		l->verbose = true;
		break;
	default:
		usage();
	}
}

int main(int argc, char **argv)
{
	static struct load l = { .connections = 64, .seconds = 8, .seq = { 1 } };

	for (int o; (o = getopt(argc, argv, "p:f:c:d:r:s:ov")) != -1;)
		take_option(&l, o, optarg);
	if (!l.port || !l.file || l.connections < 1 || l.connections > CONNECTIONS_MAX)
		usage();
	if (!requests_read(&l.requests, l.file))
		fail(l.file);
	run(&l);
	tally_print(&l.tally, (double)(now_ns() - l.begin) / 1e9);
	return 0;
}
