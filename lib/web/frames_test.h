/* A WebSocket peer that writes frames byte by byte, good ones and bad ones (RFC 6455). For *_test.c. */
#pragma once

#include "lib/web/wire_test.h"

#define HANDSHAKE                                                                \
	"GET /socket HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\n" \
	"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"                    \
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

enum { CONTINUED = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10, FIN = 0x80 };

struct got {
	int first; /* -1: the connection is closed */
	size_t n;
	char payload[600 * 1024];
};

/* Connects, and shakes hands for "/socket". */
struct wire *socket_dial(void);

/* The bytes of one masked frame; `first` is FIN, reserved bits and opcode. Up to n + 14 of them. */
size_t frame_encode(char *out, int first, const char *payload, size_t n);
void frame_send(struct wire *w, int first, const char *payload, size_t n);
void frame_send_text(struct wire *w, const char *text);

/* The next frame of the server's; valid until the one after it. */
struct got *frame_next(struct wire *w);
void frame_expect(struct wire *w, int first, const char *payload);

/* A close frame with this code (0: none), then the end of the connection. */
void frame_expect_close(struct wire *w, int code);

/* Says goodbye, and is answered in kind. */
void frame_leave(struct wire *w);
