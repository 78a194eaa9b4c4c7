/*
 * A subcommand is an entry and a function: cmd/NAME.c defines cmd_NAME, main.c lists it.
 * Exit status: 0 done, 1 failed (said why on stderr), 2 wrong usage. Results go to stdout.
 */
#pragma once

struct command {
	const char *name;
	const char *args;    /* "[--to N] [--json]" */
	const char *help;    /* one phrase: "apply pending migrations" */
	const char *details; /* what --help says besides: options, one a line; NULL: nothing */

	/* argv[0] is the command's own name. --help never gets here. */
	int (*run)(int argc, char **argv);
};

enum { DONE, FAILED, USAGE };

/* Prints "sojorn NAME: problem" and the usage line to stderr; returns USAGE. problem may be NULL. */
int command_usage(const struct command *c, const char *problem);

/* All of them, NULL-terminated. */
extern const struct command *const commands[];

extern const struct command cmd_admin;
extern const struct command cmd_backup;
extern const struct command cmd_completion;
extern const struct command cmd_config;
extern const struct command cmd_dev;
extern const struct command cmd_doctor;
extern const struct command cmd_migrate;
extern const struct command cmd_seed;
extern const struct command cmd_serve;
extern const struct command cmd_supabase;
extern const struct command cmd_openapi;
extern const struct command cmd_routes;
extern const struct command cmd_version;
