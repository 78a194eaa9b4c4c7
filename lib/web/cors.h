/*
 * Which web pages may call this API (Fetch standard, CORS protocol). Credentials are allowed, so an
 * allowed origin is echoed, never answered by "*".
 */
#pragma once

#include "lib/base/str.h"

struct cors;

/* origins: comma list, "*" allows any; NULL: none. localhost: any http(s)://localhost[:port] or
 * http(s)://127.0.0.1[:port], too. NULL when memory is short. */
struct cors *cors_new(const char *origins, bool localhost);
void cors_free(struct cors *c);

bool cors_allows(const struct cors *c, str origin);

/* What an allowed origin's preflight has asked for (Access-Control-Request-Headers) may be echoed: a list of names. A
 * newer client sends headers that nobody has heard of yet. */
bool cors_echoes(str headers);

/* Values of Access-Control-… headers. Browsers of the old platform's clients send headers of their own. */
#define CORS_SUPABASE_HEADERS                                                             \
	"apikey, X-Client-Info, X-Supabase-Api-Version, X-Region, X-Upsert, X-Metadata, " \
	"X-JWT-AUD, Cache-Control"
#define CORS_METHODS "GET, POST, PUT, PATCH, DELETE, OPTIONS"
#define CORS_REQUEST_HEADERS                                                                    \
	"Origin, Content-Type, Accept, Authorization, X-Request-ID, X-Timestamp, X-Signature, " \
	"X-Algorithm, Idempotency-Key, " CORS_SUPABASE_HEADERS
#define CORS_EXPOSED_HEADERS                                                                    \
	"Content-Length, X-Request-Id, Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, " \
	"X-RateLimit-Reset, X-Total-Count, Link, X-Supabase-Api-Version"
#define CORS_MAX_AGE "43200" /* 12 hours */
