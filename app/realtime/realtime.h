/*
 * Events to connected devices: GET /ws. What is told to a user is numbered and kept (app/events), so a device
 * that comes back with its last number gets what it has missed, once. Topics, presence and typing are
 * told to those who are there.
 */
#pragma once

#include "app/app.h"
#include "app/ops/jobs.h"

extern const struct route realtime_routes[];

/* Events that a commit has added are read at once, not within a second, here and by other copies. Any thread. */
void realtime_wake(void);

/* Listens for what wakes it, in this process and on the bus. Before threads start. */
void realtime_listen(void);

struct realtime;

struct realtime_options {
	struct app *app;
	struct loop *loop;
	struct db_pool *pool;
	bool reads; /* this loop reads the events for all of the process: one does */
};

/* The sockets of one loop; called on its thread. NULL: out of memory. */
struct realtime *realtime_start(const struct realtime_options *options);

/* Nothing new is begun; `done` is called on the loop when nothing of it runs any more. */
void realtime_stop(struct realtime *r, void (*done)(void *), void *arg);

/* After its sockets have gone. NULL-safe. */
void realtime_free(struct realtime *r);

/* Open sockets of this process. */
int realtime_sockets(void);

/* Deletes changes that nobody has to be told of any more. */
err realtime_trim(struct job *j);
