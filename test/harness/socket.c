/* A WebSocket client, as simple as a test needs: RFC 6455 without fragments from the server. */
#include "test/harness/internal.h"

#include <poll.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PATIENCE = 20000,
	FRAME_MAX = 1 << 20,
	TEXT = 1,
	CLOSE = 8,
	PING = 9,
	PONG = 10,
	FIN = 0x80
};

struct t_socket {
	int fd;
	bool ended;
	int code; /* of the goodbye */
};

/* ---- bytes ---- */

/* False at the end of the connection, or when nothing came for so long. */
static bool read_bytes(struct t_socket *s, void *out, size_t n, int milliseconds)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	char *to = out;

	while (n) {
		ssize_t got;

		if (poll(&p, 1, milliseconds) <= 0)
			return false;
		got = recv(s->fd, to, n, 0);
		if (got <= 0) {
			s->ended = true;
			return false;
		}
		to += got;
		n -= (size_t)got;
	}
	return true;
}

static void send_frame(struct t_socket *s, int opcode, const char *payload, size_t n)
{
	unsigned char head[14] = { (unsigned char)(FIN | opcode) };
	size_t at = 2, bytes = n < 126 ? 0 : n < 65536 ? 2 : 8;

	head[1] = (unsigned char)(0x80 | (bytes == 0 ? n : bytes == 2 ? 126 : 127));
	for (size_t i = 0; i < bytes; i++)
		head[at++] = (unsigned char)((uint64_t)n >> 8 * (bytes - 1 - i));
	at += 4; /* a mask of zeros is one, too */
	t_write(s->fd, (const char *)head, at);
	t_write(s->fd, payload, n);
}

/* ---- the connection ---- */

struct t_socket *t_socket_open(const struct t_user *user, const char *query)
{
	struct t_socket *s = t_keep(sizeof(*s));
	const char *request =
		t_fmt("GET /ws?token=%s%s%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
		      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
		      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
		      user->token, query ? "&" : "", query ? query : "");
	char head[4096];
	size_t n = 0;

	s->fd = t_connect();
	t_write(s->fd, request, strlen(request));
	do { /* byte by byte: what follows the head is a frame */
		if (n == sizeof(head) - 1 || !read_bytes(s, head + n, 1, PATIENCE))
			break;
		head[++n] = '\0';
	} while (n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0);
	if (strncmp(head, "HTTP/1.1 101 ", 13) != 0)
		t_fail("no socket: %s", head);
	return s;
}

void t_socket_say(struct t_socket *s, const char *json, ...)
{
	va_list args;
	char *text;

	va_start(args, json);
	if (vasprintf(&text, json, args) < 0)
		t_fail("out of memory");
	va_end(args);
	for (char *p = text; *p; p++)
		*p = *p == '\'' ? '"' : *p;
	send_frame(s, TEXT, text, strlen(text));
	free(text);
}

void t_socket_cut(struct t_socket *s)
{
	close(s->fd);
	s->fd = -1;
}

/* ---- what comes ---- */

struct frame {
	int opcode;
	size_t n;
	char *payload;
};

static bool read_frame(struct t_socket *s, struct frame *f, int milliseconds)
{
	unsigned char head[10];
	size_t bytes;

	if (!read_bytes(s, head, 2, milliseconds))
		return false;
	bytes = head[1] < 126 ? 0 : head[1] == 126 ? 2 : 8;
	if (!(head[0] & FIN) || (head[1] & 0x80)
	    || (bytes && !read_bytes(s, head + 2, bytes, PATIENCE)))
		t_fail("a frame no server may send");
	f->opcode = head[0] & 15;
	f->n = bytes ? 0 : head[1];
	for (size_t i = 0; i < bytes; i++)
		f->n = f->n << 8 | head[2 + i];
	if (f->n > FRAME_MAX)
		t_fail("a frame of %zu bytes", f->n);
	f->payload = t_keep(f->n + 1);
	return read_bytes(s, f->payload, f->n, PATIENCE);
}

static const struct t_reply *reply_of(const char *body, size_t n, int status)
{
	struct t_reply *r = t_keep(sizeof(*r));

	r->status = status;
	r->body = body;
	r->size = n;
	r->request = "the socket";
	return r;
}

/* Answers a goodbye, and says how it went once it has been said. */
static const struct t_reply *goodbye(struct t_socket *s, const struct frame *f)
{
	const unsigned char *code = (const unsigned char *)f->payload;

	s->ended = true;
	s->code = f->n >= 2 ? code[0] << 8 | code[1] : 0;
	send_frame(s, CLOSE, f->payload, f->n);
	return reply_of("", 0, s->code);
}

/* NULL when nothing comes in time. */
static const struct t_reply *next(struct t_socket *s, int milliseconds)
{
	struct frame f;

	while (!s->ended && read_frame(s, &f, milliseconds)) {
		if (f.opcode == PING)
			send_frame(s, PONG, f.payload, f.n);
		if (f.opcode == CLOSE)
			return goodbye(s, &f);
		if (f.opcode == TEXT)
			return reply_of(f.payload, f.n, 101);
	}
	return s->ended ? reply_of("", 0, 1006) : NULL;
}

const struct t_reply *t_socket_next(struct t_socket *s)
{
	const struct t_reply *r = next(s, PATIENCE);

	if (!r)
		t_fail("the socket is silent");
	return r;
}

const struct t_reply *t_socket_wait(struct t_socket *s, const char *type)
{
	const struct t_reply *r;

	do
		r = t_socket_next(s);
	while (r->status == 101 && strcmp(t_json(r, "type"), type) != 0);
	if (r->status != 101)
		t_fail("the socket ended with %d before %s", r->status, type);
	return r;
}

void t_socket_silent(struct t_socket *s, int milliseconds)
{
	const struct t_reply *r = next(s, milliseconds);

	if (r)
		t_fail("unexpected: %d %s", r->status, r->body);
}
