/*
 * Migrations: the embedded files of migrations/, applied in order, one at a time. The record is the
 * table of golang-migrate's postgres driver: schema_migrations(version, dirty) in current_schema(), one
 * row or none, so its own tool and this one may be used in turn. A file runs between "version, dirty"
 * and "version, clean"; when it fails the row stays dirty, and nothing but `force` goes on from there.
 *
 * For start-up and the command line: everything here blocks.
 */
#pragma once

#include "lib/base/arena.h"

struct migration {
	int64_t version; /* 1 and up */
	const char *name, *up, *down;
};

/* All of migrations/, by version; the last one has version 0. */
extern const struct migration all_migrations[];

enum { MIGRATE_NONE = -1 }; /* the version of a database without migrations */

/* What an operation tells while it runs. Members may be NULL. */
struct migrate_watch {
	void (*waiting)(void *arg); /* somebody else is migrating; we wait until he is done */
	void (*done)(void *arg, const struct migration *m, bool up, int64_t us);
	void *arg;
};

struct migrator;

/* Connects. False: *problem says why. The migrator belongs to the arena. */
bool migrate_open(struct arena *a, const char *url, const struct migration *all,
		  const struct migrate_watch *watch, struct migrator **out, const char **problem);

/* Where the database is. False: *problem says why, as in all below. */
bool migrate_version(struct migrator *m, int64_t *version, bool *dirty, const char **problem);

/* Applies the next `steps` (0: all) migrations, as far as there are any. */
bool migrate_up(struct migrator *m, int64_t steps, const char **problem);

/* Takes back the last `steps` migrations, as far as there are any. */
bool migrate_down(struct migrator *m, int64_t steps, const char **problem);

/* Applies or takes back until the database is at `version`. */
bool migrate_goto(struct migrator *m, int64_t version, const char **problem);

/* Sets the version and clears dirty without running anything. */
bool migrate_force(struct migrator *m, int64_t version, const char **problem);

/* The key of golang-migrate's advisory lock for a database, schema and table (database.go,
 * GenerateAdvisoryLockId). Exposed for its test. */
uint32_t migrate_lock_key(const char *const names[], int n);
