/*
 * A connection to the host of an http or https URL, with TLS for the latter, as raw bytes: for protocols that
 * begin as HTTP and go on as something else.
 */
#pragma once

#include "lib/base/str.h"
#include "lib/base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct raw;

/* Suspends. Errors: err_io with curl's sentence (in the arena), err_deadline, err_invalid (no such URL). */
struct arena;
err raw_open(struct arena *a, str url, int64_t deadline, struct raw **out);
void raw_free(struct raw *r); /* NULL-safe */

/* The same without a word said: whoever uses it says everything, TLS included, through the descriptor. Through a
 * proxy (https_proxy in the environment) as curl would. */
err raw_connect(struct arena *a, str host, str port, int64_t deadline, struct raw **out);

/* To be watched; it belongs to the connection. */
int raw_fd(const struct raw *r);

/* As many bytes as go now, RAW_LATER when none do; raw_receive: 0 at the end, and TLS may keep some that the
 * descriptor does not show, so receive until later. RAW_BROKEN: nothing will any more. */
enum { RAW_LATER = -1, RAW_BROKEN = -2 };
ssize_t raw_send(struct raw *r, const void *p, size_t n);
ssize_t raw_receive(struct raw *r, void *p, size_t n);
