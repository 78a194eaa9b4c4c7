/* See sigv4.h. */
#include "lib/store/sigv4.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"

#include <time.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define HEADERS	  "host;x-amz-content-sha256;x-amz-date"

void sigv4_time(usec at, char out[static SIGV4_TIME + 1])
{
	time_t seconds = at.us / SECOND;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(out, SIGV4_TIME + 1, "%Y%m%dT%H%M%SZ", &tm);
}

str sigv4_encode(struct arena *a, str s, bool keep_slashes)
{
	char *out = arena_alloc(a, PERCENT_MAX(s.n) + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		if (keep_slashes && s.p[i] == '/')
			out[n++] = '/';
		else
			n += percent_encode(str_slice(s, i, i + 1), out + n);
	out[n] = '\0';
	return (str){ out, n };
}

/* "20130524/us-east-1/s3/aws4_request" */
static str scope(struct arena *a, const struct store_bucket *b, const char *time)
{
	return arena_printf(a, "%.8s/%.*s/s3/aws4_request", time, (int)b->region.n, b->region.p);
}

static str step(struct arena *a, str key, str data)
{
	uint8_t *out = arena_alloc(a, SHA256_BYTES);

	hmac_sha256(key, data, out);
	return (str){ (const char *)out, SHA256_BYTES };
}

/* The secret becomes a key for a day, a region and a service; that signs. */
static str sign(struct arena *a, const struct store_bucket *b, const char *time, str request)
{
	str text = arena_printf(a, ALGORITHM "\n%s\n%s\n%s", time, scope(a, b, time).p,
				sha256_hex(a, request).p);
	str key = arena_printf(a, "AWS4%.*s", (int)b->secret_key.n, b->secret_key.p);
	char *hex = arena_alloc(a, HEX_LENGTH(SHA256_BYTES) + 1);
	size_t n;

	key = step(a, key, (str){ time, 8 });
	key = step(a, key, b->region);
	key = step(a, key, S("s3"));
	key = step(a, key, S("aws4_request"));
	n = hex_encode(step(a, key, text).p, SHA256_BYTES, hex);
	hex[n] = '\0';
	return (str){ hex, n };
}

str sigv4_header(struct arena *a, const struct store_bucket *b, const struct sigv4 *q)
{
	char time[SIGV4_TIME + 1];
	str request;

	sigv4_time(q->at, time);
	request = arena_printf(
		a,
		"%s\n%.*s\n%.*s\nhost:%.*s\nx-amz-content-sha256:%.*s\nx-amz-date:%s\n\n" HEADERS
		"\n%.*s",
		q->method, (int)q->path.n, q->path.p, (int)q->query.n, q->query.n ? q->query.p : "",
		(int)q->host.n, q->host.p, (int)q->payload.n, q->payload.p, time, (int)q->payload.n,
		q->payload.p);
	return arena_printf(a,
			    ALGORITHM " Credential=%.*s/%s, SignedHeaders=" HEADERS
				      ", Signature=%s",
			    (int)b->access_key.n, b->access_key.p, scope(a, b, time).p,
			    sign(a, b, time, request).p);
}

str sigv4_query(struct arena *a, const struct store_bucket *b, const struct sigv4 *q,
		int64_t seconds)
{
	char time[SIGV4_TIME + 1];
	str credential, query, request;

	sigv4_time(q->at, time);
	credential = arena_printf(a, "%.*s/%s", (int)b->access_key.n, b->access_key.p,
				  scope(a, b, time).p);
	query = arena_printf(a,
			     "X-Amz-Algorithm=" ALGORITHM "&X-Amz-Credential=%s&X-Amz-Date=%s"
			     "&X-Amz-Expires=%lld&X-Amz-SignedHeaders=host",
			     sigv4_encode(a, credential, false).p, time, (long long)seconds);
	request = arena_printf(a, "%s\n%.*s\n%s\nhost:%.*s\n\nhost\nUNSIGNED-PAYLOAD", q->method,
			       (int)q->path.n, q->path.p, query.p, (int)q->host.n, q->host.p);
	return arena_printf(a, "%s&X-Amz-Signature=%s", query.p, sign(a, b, time, request).p);
}
