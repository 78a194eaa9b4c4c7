/* See frames_test.h. */
#include "lib/web/frames_test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct wire *socket_dial(void)
{
	struct wire *w = dial();
	struct answer *a;

	say(w, HANDSHAKE "\r\n");
	a = hear(w);
	EXPECT_TRUE(a != NULL);
	EXPECT_EQ(101, a->status);
	EXPECT_CSTR("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", header(a, "Sec-WebSocket-Accept"));
	return w;
}

size_t frame_encode(char *out, int first, const char *payload, size_t n)
{
	static const unsigned char mask[4] = { 1, 2, 3, 0xfe };
	size_t at = 2;

	out[0] = (char)first;
	out[1] = (char)(0x80 | (n < 126 ? n : n < 65536 ? 126 : 127));
	for (int bytes = n < 126 ? 0 : n < 65536 ? 2 : 8; bytes > 0; bytes--)
		out[at++] = (char)((uint64_t)n >> 8 * (bytes - 1));
	memcpy(out + at, mask, 4);
	at += 4;
	for (size_t i = 0; i < n; i++)
		out[at++] = (char)(payload[i] ^ (char)mask[i % 4]);
	return at;
}

void frame_send(struct wire *w, int first, const char *payload, size_t n)
{
	char *bytes = malloc(n + 20);

	say_bytes(w, bytes, frame_encode(bytes, first, payload, n));
	free(bytes);
}

void frame_send_text(struct wire *w, const char *text)
{
	frame_send(w, FIN | TEXT, text, strlen(text));
}

static bool receive(struct wire *w, char *p, size_t n)
{
	while (n) {
		ssize_t k = recv(w->fd, p, n, 0);

		if (k <= 0)
			return false;
		p += k;
		n -= (size_t)k;
	}
	return true;
}

struct got *frame_next(struct wire *w)
{
	static struct got g;
	unsigned char head[10];
	int bytes;

	g.first = -1;
	if (!receive(w, (char *)head, 2))
		return &g;
	EXPECT_EQ(0, head[1] & 0x80); /* a server never masks */
	bytes = head[1] < 126 ? 0 : head[1] == 126 ? 2 : 8;
	EXPECT_TRUE(receive(w, (char *)head + 2, (size_t)bytes));
	g.n = bytes ? 0 : head[1];
	for (int i = 0; i < bytes; i++)
		g.n = g.n << 8 | head[2 + i];
	EXPECT_TRUE(g.n < sizeof g.payload);
	EXPECT_TRUE(receive(w, g.payload, g.n));
	g.payload[g.n] = '\0';
	g.first = head[0];
	return &g;
}

void frame_expect(struct wire *w, int first, const char *payload)
{
	struct got *g = frame_next(w);

	EXPECT_EQ(first, g->first);
	EXPECT_CSTR(payload, g->payload);
}

void frame_expect_close(struct wire *w, int code)
{
	struct got *g = frame_next(w);

	EXPECT_EQ(FIN | CLOSE, g->first);
	if (code == 0)
		EXPECT_EQ(0, g->n);
	else
		EXPECT_EQ(code, (unsigned char)g->payload[0] * 256 + (unsigned char)g->payload[1]);
	frame_send(w, FIN | CLOSE, g->payload, g->n);
	EXPECT_EQ(-1, frame_next(w)->first);
	hang_up(w);
}

void frame_leave(struct wire *w)
{
	frame_send(w, FIN | CLOSE, "\x03\xe8", 2);
	frame_expect_close(w, 1000);
}
