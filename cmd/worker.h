/*
 * A worker: one event loop on a thread of its own with all that belongs to it: connections to the
 * database, the HTTP server, jobs. Workers share nothing but the app.
 */
#pragma once

#include "app/app.h"

struct worker;

struct worker_options {
	struct app *app;
	const struct router *api, *admin;
	int number;   /* from 0; the first one also runs periodic jobs and serves ADMIN_ADDR */
	int count;    /* of all workers */
	int api_fd;   /* listening; the worker's own */
	int admin_fd; /* -1: none */
	int ended_fd; /* an eventfd, written to when the worker has ended */
};

/* NULL (having logged why) when its parts cannot be made. Serves as soon as it is started. */
struct worker *worker_start(const struct worker_options *options);

/* Stops accepting; ends when requests and jobs under way have, or after `grace` microseconds. From
 * any thread, once. */
void worker_drain(struct worker *w, int64_t grace);

/* Monotonic time at which its loop last turned; once a second if all is well. */
int64_t worker_turned(const struct worker *w);

/* Waits for its thread, which must have been told to drain. NULL-safe. */
void worker_join(struct worker *w);
