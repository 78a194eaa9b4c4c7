/* sojorn: the command table and nothing else. */
#include "cmd/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

const struct command *const commands[] = {
	&cmd_serve,  &cmd_dev,	      &cmd_migrate, &cmd_seed,	 &cmd_supabase,
	&cmd_admin,  &cmd_doctor,     &cmd_backup,  &cmd_routes, &cmd_openapi,
	&cmd_config, &cmd_completion, &cmd_version, NULL,
};

static void list_commands(FILE *out)
{
	fputs("usage: sojorn COMMAND [--help] [ARGUMENT...]\n\n", out);
	for (const struct command *const *c = commands; *c; c++)
		fprintf(out, "  %-12s %s\n", (*c)->name, (*c)->help);
}

static void describe(const struct command *c)
{
	printf("usage: sojorn %s %s\n\n%s\n", c->name, c->args, c->help);
	if (c->details)
		printf("\n%s\n", c->details);
}

int command_usage(const struct command *c, const char *problem)
{
	if (problem)
		fprintf(stderr, "sojorn %s: %s\n", c->name, problem);
	fprintf(stderr, "usage: sojorn %s %s\n", c->name, c->args);
	return USAGE;
}

/* True when --help is among the arguments, up to a "--". */
static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static const struct command *find(const char *name)
{
	if (strcmp(name, "--version") == 0)
		return &cmd_version;
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0)
			return *c;
	return NULL;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *c = find(name);

	if (c && wants_help(argc - 1, argv + 1)) {
		describe(c);
		return DONE;
	}
	if (c)
		return c->run(argc - 1, argv + 1);
	if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		list_commands(stdout);
		return DONE;
	}
	if (*name)
		fprintf(stderr, "sojorn: '%s' is no command\n", name);
	list_commands(stderr);
	return USAGE;
}
