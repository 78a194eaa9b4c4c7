/* Leaving: deactivation, deletion after fourteen days, destruction at once (domain-rules §17.4, contract §5.14). */
#pragma once

#include "app/ops/jobs.h"

extern const struct route account_routes[];

/* Removes an account and all it has, what others' counters owe to it, too. Suspends. */
err account_purge(struct db *db, uuid user);

/* Hourly: removes accounts whose fourteen days are over, each in a transaction of its own. */
err account_purge_due(struct job *j);
