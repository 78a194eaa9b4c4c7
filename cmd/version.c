/* Which build this is. */
#include "cmd/command.h"
#include "version.h"

#include <stdio.h>

static int version(int argc, [[maybe_unused]] char **argv)
{
	if (argc > 1)
		return command_usage(&cmd_version, "takes no arguments");
	puts("sojorn " SOJORN_VERSION);
	return DONE;
}

const struct command cmd_version = {
	.name = "version",
	.args = "",
	.help = "print the version",
	.run = version,
};
