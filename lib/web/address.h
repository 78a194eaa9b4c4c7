/* Addresses of clients: who is at the other end, and who is behind a proxy that may say so. */
#pragma once

#include "lib/base/json.h"

#include <sys/socket.h>

/* An IPv6 address; IPv4 as ::ffff:a.b.c.d. */
struct address {
	uint8_t b[16];
};

/* "10.0.0.1", "2001:db8::1", "10.0.0.1:80", "[2001:db8::1]:80", as proxies write them. */
bool address_parse(str text, struct address *out);

/* A peer over a unix socket is on this machine: 127.0.0.1. */
struct address address_of(const struct sockaddr *sa);

str address_text(struct arena *a, const struct address *address);

struct proxies;

/* list: comma list of addresses or CIDR blocks; NULL or empty: nobody is trusted. NULL and *problem
 * (static text) when it cannot be read. */
struct proxies *proxies_new(const char *list, const char **problem);
void proxies_free(struct proxies *p);
bool proxies_trust(const struct proxies *p, const struct address *address);

/*
 * The client behind a peer. Only when the peer is trusted: the last address in X-Forwarded-For that
 * is no trusted proxy's (each proxy adds the one it saw at the end), or else X-Real-IP.
 */
struct address proxies_client(const struct proxies *p, struct address peer,
			      const struct pair *headers, size_t nheaders);
