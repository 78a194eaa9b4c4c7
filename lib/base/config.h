/*
 * Configuration: one option table; defaults, then `.env` of the working directory, then the
 * environment. The table is the product's (cmd/options.c); this reads, checks, prints and documents it.
 *
 * `.env`: lines of KEY=VALUE, `export ` before it allowed; # begins a comment at the start of a line or
 * behind white space; 'single quotes' keep everything, in "double quotes" \n \r \t \" \\ \$ are escapes;
 * nothing is expanded. Keys that are not in the table are other programs' business. An empty value
 * counts as not given.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/err.h"

enum option_kind {
	OPT_STR,
	OPT_INT,
	OPT_BOOL,     /* true, on, yes, 1; false, off, no, 0 */
	OPT_ENUM,     /* a word of .one_of */
	OPT_LIST,     /* comma-separated */
	OPT_DURATION, /* 500ms, 10s, 15m, 2h, 30d; without a unit seconds */
	OPT_SIZE,     /* 64k, 10M, 1G, powers of 1024; without a unit bytes */
};

struct option {
	const char *name; /* environment variable */
	enum option_kind kind;
	const char *default_value; /* NULL: unset */
	bool secret;		   /* masked wherever it is printed */
	const char *one_of;	   /* OPT_ENUM: "development|production" */
	int64_t min, max;	   /* of what config_int returns; both zero: any */
	const char *help;	   /* one sentence */
};

struct config;

/* Reads env_file (NULL: none; absent is fine) and the environment against the table, which ends with
 * { 0 } and must outlive the configuration. On a bad value: false, and *problem names the option and
 * what is wrong, in words the operator can act on; valid until this thread's next call here. */
[[nodiscard]] bool config_load(struct config **out, const struct option *table,
			       const char *env_file, const char **problem);
void config_free(struct config *c);

/* Typed reads; asserting that the name and kind are in the table. An unset string is absent. */
str config_str(const struct config *c, const char *name);
const char *config_cstr(const struct config *c, const char *name); /* NULL when unset */

/* OPT_DURATION: microseconds, OPT_SIZE: bytes; 0 when unset. */
int64_t config_int(const struct config *c, const char *name);
bool config_bool(const struct config *c, const char *name);
bool config_is(const struct config *c, const char *name, const char *value);

/* Where a value came from: "default", env_file, "environment", "override". */
const char *config_source(const struct config *c, const char *name);

/* Overrides one value (tests, command line), with the same checks; also refused for a name that is
 * not in the table. */
[[nodiscard]] bool config_set(struct config *c, const char *name, const char *value,
			      const char **problem);

/* Every option as text or as a JSON array, secrets masked; `sojorn config` prints it, the docs are made
 * of it. */
str config_dump(const struct config *c, struct arena *a, bool json);
