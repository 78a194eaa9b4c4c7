/*
 * The parts of a WebSocket: its start, and the decoder of what a peer sends, by wslay. A decoder takes 8.5 KB, so
 * a socket has one only while a message is arriving. Private to lib/web.
 */
#pragma once

#include "lib/web/socket.h"

/* The reply 101 and the socket, once the handshake was found good. Errors as of reply_upgrade, or err_no_memory. */
err socket_start(struct req *r, const struct socket_owner *owner, void *arg);

/* ---- the decoder ---- */

struct decoder;

struct decoder_events {
	void (*text)(void *arg, str message);
	void (*frame)(void *arg, size_t payload); /* each frame's head, control frames, too */
	void (*out)(void *arg, str bytes);	  /* encoded frames: pongs, the answer to a close */
};

/* NULL: out of memory. Messages longer than `message` bytes are refused by a close with 1009. */
struct decoder *decoder_new(const struct decoder_events *on, void *arg, size_t message);
void decoder_free(struct decoder *d);

/* Takes bytes as they came; what they cause is told to `on`. False: out of memory. */
[[nodiscard]] bool decoder_feed(struct decoder *d, str bytes);

/* Says goodbye; no code for 0. */
[[nodiscard]] bool decoder_close(struct decoder *d, int code, str reason);

/* Nothing is half arrived and nobody has said goodbye: it may be freed and made anew later. */
bool decoder_is_idle(const struct decoder *d);

/* A goodbye has been said, by either side or for a broken rule. */
bool decoder_is_closing(const struct decoder *d);

/* Nothing more is expected from the peer: it said goodbye, or it broke the rules. */
bool decoder_is_done(const struct decoder *d);
