/* sojorn completion: what a shell needs to complete commands, made of the command table. */
#include "cmd/command.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The words of an argument line that stand for themselves: lower case, or an option. */
static void print_words(const char *args)
{
	while (*args) {
		size_t n = strcspn(args, " []|.");
		bool plain = n > 1 && (args[0] == '-' || islower((unsigned char)args[0]));

		if (plain)
			printf(" %.*s", (int)n, args);
		args += n + (args[n] != '\0');
	}
}

static void print_bash(void)
{
	fputs("# bash completion for sojorn\n_sojorn()\n{\n"
	      "\tlocal words current=${COMP_WORDS[COMP_CWORD]}\n"
	      "\tif [ \"$COMP_CWORD\" -eq 1 ]; then\n\t\twords=\"help",
	      stdout);
	for (const struct command *const *c = commands; *c; c++)
		printf(" %s", (*c)->name);
	fputs("\"\n\telse\n\t\tcase ${COMP_WORDS[1]} in\n", stdout);
	for (const struct command *const *c = commands; *c; c++) {
		printf("\t\t%s) words=\"--help", (*c)->name);
		print_words((*c)->args);
		fputs("\" ;;\n", stdout);
	}
	fputs("\t\tesac\n\tfi\n"
	      "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n"
	      "complete -o default -F _sojorn sojorn\n",
	      stdout);
}

static int completion(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "bash") != 0)
		return command_usage(&cmd_completion, "knows bash");
	print_bash();
	return DONE;
}

const struct command cmd_completion = {
	.name = "completion",
	.args = "bash",
	.help = "print the completions for a shell",
	.details = "  source <(sojorn completion bash)",
	.run = completion,
};
