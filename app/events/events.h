/*
 * The stream of events of each user: the table user_events, which statements write by the SQL functions
 * emit() and emit_all() (migrations/000024_events). A client that was away asks for what follows the last
 * number it has seen. Delivering is the business of whoever listens.
 */
#pragma once

#include "app/ops/jobs.h"

/* A commit has added events: called by whoever committed them, from any thread. */
void events_wake(void);

/* From now on each events_wake calls wake(), on the thread that calls it: it only notes that there is
 * something, and is cheap. NULL ends that. One listener a process; set before threads start. */
void events_listen(void (*wake)(void));

/* Hourly: deletes what is older than a week. Suspends. */
err events_trim(struct job *j);
