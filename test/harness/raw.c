/* Requests no client library would send, and the mails that come out. */
#include "test/harness/internal.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { READ_MAX = 1 << 22, SILENCE_MILLISECONDS = 1000, MAIL_TRIES = 1000, MAX_PARALLEL = 100 };

int t_connect(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_port = htons((uint16_t)h_server->port);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		t_fail("connect: %s", strerror(errno));
	return fd;
}

/* A peer that has closed already is no failure: what it said is still to be read. */
void t_write(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			return;
		bytes += sent > 0 ? sent : 0;
		n -= sent > 0 ? (size_t)sent : 0;
	}
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

const char *t_read(int fd, const char *until, int milliseconds)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t end = now_ms() + milliseconds;
	char *buffer = malloc(READ_MAX);
	const char *text;
	size_t n = 0;

	while (n < READ_MAX - 1 && now_ms() < end) {
		ssize_t got;

		if (poll(&p, 1, (int)(end - now_ms())) <= 0)
			continue;
		got = recv(fd, buffer + n, READ_MAX - 1 - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
		if (until && memmem(buffer, n, until, strlen(until)))
			break;
	}
	text = h_keep_text(buffer, n);
	free(buffer);
	return text;
}

const char *t_raw(const char *bytes)
{
	int fd = t_connect();
	const char *text;

	t_write(fd, bytes, strlen(bytes));
	text = t_read(fd, NULL, SILENCE_MILLISECONDS);
	close(fd);
	return text;
}

/* ---- mail ---- */

/* True when one of the header's To: lines has the address. */
static bool is_to(const char *mail, const char *address)
{
	for (const char *line = mail; line && *line && *line != '\n' && *line != '\r';) {
		size_t n = strcspn(line, "\n");

		if (strncasecmp(line, "To:", 3) == 0 && memmem(line, n, address, strlen(address)))
			return true;
		line = line[n] ? line + n + 1 : NULL;
	}
	return false;
}

static const char *take_mail(const char *address)
{
	const char *dir = t_path("mail"), *found = NULL, *newest = NULL;
	struct dirent *e;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d))) {
		const char *mail;

		if (!strstr(e->d_name, ".eml") || (newest && strcmp(e->d_name, newest) < 0))
			continue;
		mail = h_read_file(t_fmt("%s/%s", dir, e->d_name));
		if (mail && is_to(mail, address)) {
			found = mail;
			newest = t_fmt("%s", e->d_name);
		}
	}
	if (d)
		closedir(d);
	if (newest)
		unlink(t_fmt("%s/%s", dir, newest));
	return found;
}

const char *t_mail(const char *address)
{
	const struct timespec tick = { .tv_nsec = 20000000 };
	const char *mail = NULL;

	for (int i = 0; i < MAIL_TRIES && !(mail = take_mail(address)); i++)
		nanosleep(&tick, NULL);
	if (!mail)
		t_fail("no mail to %s", address);
	return mail;
}

/* ---- threads ---- */

struct part {
	int i;
	void (*fn)(int i, void *arg);
	void *arg;
	pthread_t thread;
};

static void *run_part(void *arg)
{
	const struct part *p = arg;

	p->fn(p->i, p->arg);
	h_client_thread_end();
	return NULL;
}

void t_parallel(int n, void (*fn)(int i, void *arg), void *arg)
{
	struct part parts[MAX_PARALLEL];

	if (n > MAX_PARALLEL)
		t_fail("%d threads are too many", n);
	for (int i = 0; i < n; i++) {
		parts[i] = (struct part){ .i = i, .fn = fn, .arg = arg };
		if (pthread_create(&parts[i].thread, NULL, run_part, &parts[i]) != 0)
			t_fail("no thread");
	}
	for (int i = 0; i < n; i++)
		pthread_join(parts[i].thread, NULL);
}
