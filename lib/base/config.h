/*
 * Configuration: one option table; defaults, then `.env` of the working directory, then the
 * environment. The table is the product's (cmd/options.c); this reads, checks, prints and documents it.
 */
#pragma once

#include "lib/base/arena.h"
#include "lib/base/err.h"

enum option_kind { OPT_STR, OPT_INT, OPT_BOOL, OPT_ENUM, OPT_LIST, OPT_DURATION, OPT_SIZE };

struct option {
	const char *name;	/* environment variable */
	enum option_kind kind;
	const char *default_value; /* NULL: unset */
	bool secret;		/* masked wherever it is printed */
	const char *one_of;	/* OPT_ENUM: "development|production" */
	int64_t min, max;	/* OPT_INT; both zero: any */
	const char *help;	/* one sentence */
};

struct config;

/* Reads .env (absent is fine) and the environment against the table. On a bad value: false, and
 * *problem names the option and what is wrong, in words the operator can act on. */
bool config_load(struct config **out, const struct option *table, const char *env_file,
		 const char **problem);
void config_free(struct config *c);

/* Typed reads; asserting that the name and kind are in the table. An unset string is absent. */
str config_str(const struct config *c, const char *name);
const char *config_cstr(const struct config *c, const char *name); /* NULL when unset */
int64_t config_int(const struct config *c, const char *name); /* OPT_DURATION: microseconds, OPT_SIZE: bytes */
bool config_bool(const struct config *c, const char *name);
bool config_is(const struct config *c, const char *name, const char *value);

/* Where a value came from: "default", ".env", "environment". */
const char *config_source(const struct config *c, const char *name);

/* Overrides one value (tests, command line), with the same checks. */
bool config_set(struct config *c, const char *name, const char *value, const char **problem);

/* Every option as text or JSON, secrets masked; `sojorn config` prints it, the docs are made of it. */
str config_dump(const struct config *c, struct arena *a, bool json);
