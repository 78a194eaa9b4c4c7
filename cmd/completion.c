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

/* A help text within single quotes; colons would end it in zsh. */
static void print_quoted(const char *text, bool zsh)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else if (*text == ':' && zsh)
			fputs("\\:", stdout);
		else
			putchar(*text);
}

static void print_zsh(void)
{
	fputs("#compdef sojorn\n"
	      "_sojorn()\n{\n\tlocal -a commands\n\tcommands=(\n",
	      stdout);
	for (const struct command *const *c = commands; *c; c++) {
		printf("\t\t'%s:", (*c)->name);
		print_quoted((*c)->help, true);
		fputs("'\n", stdout);
	}
	fputs("\t)\n\tif (( CURRENT == 2 )); then\n\t\t_describe command commands\n\t\treturn\n\tfi\n"
	      "\tcase $words[2] in\n",
	      stdout);
	for (const struct command *const *c = commands; *c; c++) {
		printf("\t%s) compadd -- --help", (*c)->name);
		print_words((*c)->args);
		fputs(" ;;\n", stdout);
	}
	fputs("\tesac\n\t_files\n}\n"
	      "if [ \"$funcstack[1]\" = _sojorn ]; then _sojorn \"$@\"; else compdef _sojorn sojorn; fi\n",
	      stdout);
}

static void print_fish(void)
{
	puts("# fish completion for sojorn");
	for (const struct command *const *c = commands; *c; c++) {
		printf("complete -c sojorn -f -n __fish_use_subcommand -a %s -d '", (*c)->name);
		print_quoted((*c)->help, false);
		printf("'\ncomplete -c sojorn -n '__fish_seen_subcommand_from %s' -a '--help",
		       (*c)->name);
		print_words((*c)->args);
		puts("'");
	}
}

static const struct shell {
	const char *name;
	void (*print)(void);
} shells[] = { { "bash", print_bash }, { "zsh", print_zsh }, { "fish", print_fish }, { 0 } };

static int completion(int argc, char **argv)
{
	for (const struct shell *s = shells; argc == 2 && s->name; s++)
		if (strcmp(argv[1], s->name) == 0) {
			s->print();
			return DONE;
		}
	return command_usage(&cmd_completion, "knows bash, zsh and fish");
}

const struct command cmd_completion = {
	.name = "completion",
	.args = "bash | zsh | fish",
	.help = "print the completions for a shell",
	.details = "  source <(sojorn completion bash)\n  sojorn completion fish | source",
	.run = completion,
};
