/*
 * TLS over a connected, non-blocking socket, for protocols of our own (curl brings its own for everything else):
 * the client's side, HTTP/2 agreed upon by ALPN (RFC 9113 §3.2), the other side's certificate checked for its name
 * or address. SSL_CERT_FILE in the environment names the authorities to trust instead of the system's.
 */
#pragma once

#include "lib/base/str.h"

#include <sys/types.h>

struct tls;

/* The socket stays the caller's. `host`: a name, an IPv4 address, or an IPv6 address in brackets. NULL: out of
 * memory. */
struct tls *tls_new(int fd, str host);
void tls_free(struct tls *t); /* NULL-safe */

/* Goes on with the handshake: TLS_DONE; what the socket is to be watched for (WATCH_READ or WATCH_WRITE); or
 * TLS_BROKEN, for the reason of tls_problem. */
enum { TLS_DONE = 0, TLS_BROKEN = -2, TLS_LATER = -1 };
int tls_shake(struct tls *t);
const char *tls_problem(const struct tls *t);

/* As many bytes as go now; TLS_LATER when none do, TLS_BROKEN when none will any more; tls_read: 0 at the end. The
 * socket does not show what TLS has read ahead, so read until later. */
ssize_t tls_read(struct tls *t, void *p, size_t n);
ssize_t tls_write(struct tls *t, const void *p, size_t n);
