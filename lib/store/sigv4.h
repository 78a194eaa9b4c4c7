/*
 * AWS Signature Version 4 for S3: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html.
 * Private to lib/store.
 *
 * By hand although libcurl can sign: it cannot make addresses that are signed, which the same lines do, and
 * before 7.87 (Ubuntu 22.04) does not sign uploads to S3.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/time.h"
#include "lib/store/store.h"

#define SIGV4_TIME 16 /* "20130524T000000Z" */

struct sigv4 {
	const char *method;
	str host;    /* as in the Host header */
	str path;    /* encoded, beginning with a slash */
	str query;   /* encoded, its names in the order of their bytes */
	str payload; /* hash in hex, or UNSIGNED-PAYLOAD */
	usec at;
};

void sigv4_time(usec at, char out[static SIGV4_TIME + 1]);

/* The Authorization header of a request that also has x-amz-date and x-amz-content-sha256. */
str sigv4_header(struct arena *a, const struct store_bucket *b, const struct sigv4 *q);

/* A query string that is all the signature a request needs for so many seconds; q's payload and query are not
 * used. */
str sigv4_query(struct arena *a, const struct store_bucket *b, const struct sigv4 *q,
		int64_t seconds);

/* Percent-encodes; slashes stay if told so. */
str sigv4_encode(struct arena *a, str s, bool keep_slashes);
