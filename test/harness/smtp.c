/* A mail server for tests: SMTP (RFC 5321) on 127.0.0.1, one thread a connection. */
#include "test/harness/internal.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESS_MAX = 320, MESSAGE_MAX = 100000 };

struct session {
	FILE *in;
	int fd;
	char line[1024];
	char from[ADDRESS_MAX], to[ADDRESS_MAX];
};

static int listener;

static bool say(const struct session *s, const char *text)
{
	return write(s->fd, text, strlen(text)) == (ssize_t)strlen(text);
}

/* What stands between < and > of the line. */
static void take_address(const struct session *s, char out[static ADDRESS_MAX])
{
	const char *from = strchr(s->line, '<'), *to = from ? strchr(from, '>') : NULL;

	snprintf(out, ADDRESS_MAX, "%.*s", to ? (int)(to - from) - 1 : 0, from ? from + 1 : "");
}

/* Files it where t_mail looks, with the envelope on top as mail servers do. */
static void deliver(const struct session *s, const char *message)
{
	const char *name = t_unique("mail"), *part = t_path(t_fmt("mail/.%s", name));
	FILE *f = fopen(part, "w");

	if (!f)
		return;
	fprintf(f, "Return-Path: <%s>\r\nDelivered-To: %s\r\n%s", s->from, s->to, message);
	fclose(f);
	rename(part, t_path(t_fmt("mail/%s.eml", name)));
}

/* Up to the line with a single dot; a dot before a line's own is taken off. */
static bool take_message(struct session *s)
{
	char *message = t_keep(MESSAGE_MAX);
	size_t n = 0;

	while (fgets(s->line, sizeof(s->line), s->in)) {
		const char *line = s->line[0] == '.' ? s->line + 1 : s->line;

		if (strcmp(s->line, ".\r\n") == 0) {
			deliver(s, message);
			return say(s, "250 taken\r\n");
		}
		if (n + strlen(line) >= MESSAGE_MAX)
			return false;
		n += (size_t)sprintf(message + n, "%s", line);
	}
	return false;
}

static bool is(const struct session *s, const char *command)
{
	return strncasecmp(s->line, command, strlen(command)) == 0;
}

static bool take_recipient(struct session *s)
{
	take_address(s, s->to);
	if (strstr(s->to, "refused"))
		return say(s, "550 no such person\r\n");
	if (strstr(s->to, "later"))
		return say(s, "451 not now\r\n");
	return say(s, "250 ok\r\n");
}

static bool obey(struct session *s)
{
	if (is(s, "EHLO"))
		return say(s, "250-sink\r\n250-AUTH PLAIN\r\n250 SIZE 100000\r\n");
	if (is(s, "AUTH PLAIN"))
		return say(s, "334 \r\n") && fgets(s->line, sizeof(s->line), s->in)
			&& say(s, "235 welcome\r\n");
	if (is(s, "MAIL FROM:")) {
		take_address(s, s->from);
		return say(s, "250 ok\r\n");
	}
	if (is(s, "RCPT TO:"))
		return take_recipient(s);
	if (is(s, "DATA"))
		return say(s, "354 go on\r\n") && take_message(s);
	if (is(s, "QUIT"))
		return say(s, "221 bye\r\n") && false;
	return say(s, is(s, "RSET") || is(s, "NOOP") ? "250 ok\r\n" : "502 what?\r\n");
}

static void *serve(void *arg)
{
	struct session *s = arg;

	if (say(s, "220 sink ESMTP\r\n"))
		while (fgets(s->line, sizeof(s->line), s->in) && obey(s))
			;
	fclose(s->in);
	return NULL;
}

static void *accept_all(void *arg)
{
	int fd;

	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		struct session *s = t_keep(sizeof(*s));
		pthread_t thread;

		s->fd = fd;
		s->in = fdopen(fd, "r");
		if (pthread_create(&thread, NULL, serve, s) == 0)
			pthread_detach(thread);
	}
	return arg;
}

int t_smtp_start(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(at);
	pthread_t thread;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listener, (struct sockaddr *)&at, size) != 0 || listen(listener, 16) != 0
	    || getsockname(listener, (struct sockaddr *)&at, &size) != 0
	    || pthread_create(&thread, NULL, accept_all, NULL) != 0)
		t_fail("no mail server");
	pthread_detach(thread);
	return ntohs(at.sin_port);
}
