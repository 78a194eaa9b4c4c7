/*
 * Hearing NOTIFY: a connection of its own, kept up like those of a pool. Notifications sent while it
 * was down are lost, so after each (re)connect the listener hears an absent payload: then it looks at
 * the tables itself.
 */
#pragma once

#include "lib/net/loop.h"

struct db_listener;

/* heard(arg, payload) runs on the loop's own stack for each NOTIFY on the channel; the payload is valid
 * until it returns. url as in struct db_options. NULL: it is malformed, or out of memory. */
struct db_listener *db_listen(struct loop *l, const char *url, const char *channel,
			      void (*heard)(void *arg, str payload), void *arg);

/* Not from within heard. NULL-safe. */
void db_listener_free(struct db_listener *d);
