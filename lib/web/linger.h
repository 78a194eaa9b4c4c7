/*
 * Closing a connection whose client is still sending. To close a socket with unread bytes makes the
 * kernel answer RST, and a reset may overtake the reply: the client then sees an error instead
 * of "413". So the write side is closed and what still comes is read and dropped for a moment.
 */
#pragma once

#include "lib/net/loop.h"

struct lingering;

/* Takes fd over. *list: the lingering sockets of one owner. */
void linger_start(struct loop *l, struct lingering **list, int fd);

/* Closes them all. */
void linger_end_all(struct lingering **list);
