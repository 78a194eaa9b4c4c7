/* Every option, its value and where it came from. */
#include "cmd/command.h"
#include "cmd/options.h"

#include <stdio.h>
#include <string.h>

static int print_config(int argc, char **argv)
{
	bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
	struct config *c;
	struct arena *a;
	str text;

	if (argc > 2 || (argc == 2 && !json))
		return command_usage(&cmd_config, "takes --json at most");
	c = options_load();
	if (!c)
		return FAILED;
	a = arena_new();
	text = config_dump(c, a, json);
	printf("%.*s%s", (int)text.n, text.p, str_ends(text, S("\n")) ? "" : "\n");
	arena_free(a);
	config_free(c);
	return DONE;
}

const struct command cmd_config = {
	.name = "config",
	.args = "[--json]",
	.help = "print every option with its value and source, secrets masked",
	.details =
		"Options come from the environment, then from .env in the working directory, or without\n"
		"one from /etc/sojorn/sojorn.env.",
	.run = print_config,
};
