/*
 * A WebSocket message as it goes over the wire from a server (RFC 6455 §5.2, unmasked), encoded once and
 * shared by any number of sockets on any loop.
 */
#pragma once

#include "lib/base/str.h"

#include <stdatomic.h>

struct frame {
	atomic_uint holders;
	size_t n;
	char bytes[];
};

enum frame_kind { FRAME_TEXT = 1, FRAME_PING = 9 };

/* With one holder. NULL: out of memory. */
struct frame *frame_new(enum frame_kind kind, str payload);

/* Bytes that are encoded already. */
struct frame *frame_raw(str bytes);

/* One holder more or less; the last one frees it. Any thread; frame_drop is NULL-safe. */
struct frame *frame_hold(struct frame *f);
void frame_drop(struct frame *f);
