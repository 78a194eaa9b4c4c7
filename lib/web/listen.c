/* Listening sockets: made here, or handed over by the service manager (sd_listen_fds(3)'s protocol). */
#include "lib/web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_INHERITED = 3, TYPE = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC };

static _Thread_local char why[160];

/* -1, with the text for the operator. */
static int refuse(const char **problem, const char *address, const char *what)
{
	snprintf(why, sizeof why, "%s: %s", address, what);
	*problem = why;
	return -1;
}

/* ---- handed over ---- */

int server_inherited(void)
{
	const char *pid = getenv("LISTEN_PID"), *n = getenv("LISTEN_FDS");

	if (!pid || !n || strtol(pid, NULL, 10) != getpid())
		return 0;
	return (int)strtol(n, NULL, 10);
}

static int inherit(const char *address, const char *index, const char **problem)
{
	int i, fd, on = 0;
	socklen_t size = sizeof on;

	i = index[0] >= '0' && index[0] <= '9' && !index[1] ? index[0] - '0' : -1;
	if (i < 0 || i >= server_inherited())
		return refuse(problem, address, "the service manager passed no such socket");
	fd = fcntl(FIRST_INHERITED + i, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return refuse(problem, address, strerror(errno));
	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) < 0 || !on) {
		close(fd);
		return refuse(problem, address, "what the service manager passed does not listen");
	}
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}

/* ---- made ---- */

static int bind_and_listen(int fd, const struct sockaddr *sa, socklen_t size)
{
	if (bind(fd, sa, size) == 0 && listen(fd, SOMAXCONN) == 0)
		return fd;
	int e = errno;

	close(fd);
	errno = e;
	return -1;
}

/* A file left by a server that is gone may be replaced, one that somebody answers on may not. */
static bool is_served(const struct sockaddr_un *sa)
{
	int fd = socket(AF_UNIX, TYPE, 0);
	bool served = fd >= 0 && connect(fd, (const struct sockaddr *)sa, sizeof *sa) == 0;

	if (fd >= 0)
		close(fd);
	return served;
}

static int listen_unix(const char *address, const char *path, const char **problem)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof sa.sun_path)
		return refuse(problem, address, "the path is too long for a socket");
	strcpy(sa.sun_path, path);
	if (is_served(&sa))
		return refuse(problem, address, strerror(EADDRINUSE));
	unlink(path);
	fd = socket(AF_UNIX, TYPE, 0);
	if (fd >= 0)
		fd = bind_and_listen(fd, (struct sockaddr *)&sa, sizeof sa);
	return fd < 0 ? refuse(problem, address, strerror(errno)) : fd;
}

/* getaddrinfo takes 99999 for 34463. */
static bool is_port(const char *s)
{
	int64_t port;

	return str_to_i64(str_of(s), &port) && port >= 0 && port < 65536;
}

/* "host:port" and "[host]:port", the host a number. */
static bool split(const char *address, char host[static 64], const char **port)
{
	const char *colon = strrchr(address, ':');
	bool bracketed = address[0] == '[' && colon && colon > address + 1 && colon[-1] == ']';
	size_t n = colon ? (size_t)(colon - address) : 64;

	if (n >= 64 || (!bracketed && memchr(address, ':', n)))
		return false;
	memcpy(host, address + bracketed, n - 2 * bracketed);
	host[n - 2 * bracketed] = '\0';
	*port = colon + 1;
	return true;
}

static int listen_tcp(const char *address, bool shared, const char **problem)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *info;
	char host[64];
	const char *port;
	int fd, on = 1;

	if (!split(address, host, &port) || !is_port(port)
	    || getaddrinfo(host[0] ? host : NULL, port, &hints, &info) != 0)
		return refuse(problem, address, "no address of the form 127.0.0.1:8080");
	fd = socket(info->ai_family, TYPE, 0);
	if (fd >= 0) {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
		if (shared)
			setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
		fd = bind_and_listen(fd, info->ai_addr, info->ai_addrlen);
	}
	freeaddrinfo(info);
	return fd < 0 ? refuse(problem, address, strerror(errno)) : fd;
}

static int listen_one(const char *address, bool shared, const char **problem)
{
	if (strncmp(address, "systemd:", 8) == 0)
		return inherit(address, address + 8, problem);
	if (strncmp(address, "unix:", 5) == 0)
		return listen_unix(address, address + 5, problem);
	return listen_tcp(address, shared, problem);
}

/* One of these can be bound once only: the loops share its socket. */
static bool is_single(const char *address)
{
	return strncmp(address, "unix:", 5) == 0 || strncmp(address, "systemd:", 8) == 0;
}

bool server_listen(const char *address, int n, int fds[], const char **problem)
{
	for (int i = 0; i < n; i++) {
		fds[i] = i && is_single(address) ? fcntl(fds[0], F_DUPFD_CLOEXEC, 0)
						 : listen_one(address, n > 1, problem);
		if (fds[i] >= 0)
			continue;
		if (i && is_single(address))
			refuse(problem, address, strerror(errno));
		while (i-- > 0)
			close(fds[i]);
		return false;
	}
	return true;
}
