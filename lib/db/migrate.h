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

/*
 * What an operation tells while it runs, and how long it may stand in others' way. Members may be 0.
 *
 * A statement that waits for a lock has everybody queue behind it who comes after it. So a file gives up what it waits
 * for longer than lock_timeout, is undone, pauses as long as that, and begins again, MIGRATE_TRIES times; after that
 * it fails, and the database is as it was before it, not dirty.
 */
struct migrate_options {
	void (*waiting)(void *arg); /* somebody else is migrating; we wait until he is done */
	void (*blocked)(void *arg,
			const struct migration *m); /* a lock was not to be had; we try again */
	void (*done)(void *arg, const struct migration *m, bool up, int64_t us);
	void *arg;
	int64_t lock_timeout, statement_timeout; /* microseconds; 0: none */
};

enum { MIGRATE_TRIES = 20 };

struct migrator;

/* Connects; `o` may be NULL. False: *problem says why. The migrator belongs to the arena. */
bool migrate_open(struct arena *a, const char *url, const struct migration *all,
		  const struct migrate_options *o, struct migrator **out, const char **problem);

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
