/* The OpenAPI document, without a server. */
#include "app/ops/openapi.h"
#include "cmd/command.h"

#include <stdio.h>
#include <string.h>

static int print_openapi(int argc, char **argv)
{
	const char *server_url = argc == 3 && strcmp(argv[1], "--server") == 0 ? argv[2] : NULL;
	struct arena *a;
	str document;

	if (argc > 1 && !server_url)
		return command_usage(&cmd_openapi, "takes --server URL at most");
	a = arena_new();
	document = openapi_of_product(a, server_url);
	printf("%.*s\n", (int)document.n, document.p);
	arena_free(a);
	return DONE;
}

const struct command cmd_openapi = {
	.name = "openapi",
	.args = "[--server URL]",
	.help = "print the OpenAPI 3.1 document of the API",
	.details =
		"  --server URL  where the API is, without a slash at the end; default: where the document "
		"is",
	.run = print_openapi,
};
