/*
 * A server whose sockets at "/socket" say everything back. Some words have a meaning of their own: "bye" closes
 * with 4000, "leave" without a code, "burst" sends 1,000 small messages first, "flood" 1,000 large ones. For *_test.c.
 */
#pragma once

#include "lib/web/frames_test.h"
#include "lib/web/socket.h"

/* The usual ones, unless a test sets others before it starts. */
extern struct socket_limits echo_limits;

/* Sockets so far; frames that waited in one while it sent many, at most. */
extern _Atomic int echo_opened, echo_closed, echo_queued;

void echo_start(void);

/* Expects that every socket's owner hears of its end, in twenty seconds. */
void echo_stop(void);
