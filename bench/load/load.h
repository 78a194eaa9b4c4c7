/*
 * A load generator on one thread: HTTP/1.1 over kept-alive loopback connections, requests drawn at
 * random from a file, or in its order. Closed loop: each connection sends as soon as it has its answer, which finds the
 * peak. Open loop: requests fall due at a constant rate whether or not answers come, and a latency
 * counts from when the request was due, so that a stall is seen by all who would have met it.
 */
#pragma once

#include "lib/base/rand.h"
#include "lib/base/str.h"

/* ---- what is asked for ---- */

struct requests {
	char *text;   /* all of them, one after the other */
	size_t *ends; /* where each ends */
	size_t n, next;
};

/* A line is a path, a bearer token and a body, with tabs between; what is missing at its end is left out. With a
 * body it is a POST of JSON, without one a GET. False: `file` cannot be read or is empty. */
bool requests_read(struct requests *r, const char *file);
str requests_pick(const struct requests *r, struct rand_seq *seq);
str requests_next(struct requests *r); /* in the order of the file, again and again */

/* ---- the answer to one of them, as it comes in ---- */

struct answer {
	bool in_body, chunked, done, bad;
	int status;
	size_t left;  /* of the body, or of the chunk with its line end */
	size_t bytes; /* of the body so far */
	size_t head_n, size_n;
	char head[4096];    /* up to the empty line */
	char size_line[32]; /* of a chunk */
};

void answer_begin(struct answer *a);

/* Takes what was read; `done` is set when the answer is complete, `bad` when it is none. */
void answer_feed(struct answer *a, const char *p, size_t n);

/* ---- what came of it ---- */

struct tally {
	uint32_t *us; /* each request's latency in tenths of a microsecond */
	size_t n, size;
	size_t errors;	/* statuses of 400 and above, broken connections */
	uint64_t bytes; /* of bodies */
	size_t late;	/* the most requests that were due and unsent */
};

void tally_add(struct tally *t, int64_t ns);
void tally_print(struct tally *t, double seconds);
