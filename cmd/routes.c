/* The route tables as a list for people and for machines, and their check. */
#include "app/app.h"
#include "app/compat/compat.h"
#include "cmd/command.h"
#include "lib/base/json.h"

#include <stdio.h>
#include <string.h>

struct line {
	str method, path, auth, rate, summary;
	bool admin;
};

static const struct field line_fields[] = {
	FIELD(struct line, method),
	FIELD(struct line, path),
	FIELD(struct line, auth),
	FIELD(struct line, rate),
	FIELD(struct line, summary),
	FIELD(struct line, admin),
	{ 0 },
};

static const char *const auth_names[] = {
	[AUTH_USER] = "user", [AUTH_ACCOUNT] = "account",   [AUTH_PARTIAL] = "partial",
	[AUTH_KEY] = "key",   [AUTH_OPTIONAL] = "optional", [AUTH_NONE] = "none",
};

static struct line line_of(const struct route *r, bool admin)
{
	return (struct line){
		.method = str_of(method_name(r->method)),
		.path = str_of(r->path),
		.auth = str_of(auth_names[r->auth]),
		.rate = str_of(r->rate ? r->rate->name : NULL),
		.summary = str_of(r->summary),
		.admin = admin,
	};
}

static void print_text(const struct line *l)
{
	printf("%-6.*s %-48.*s %-8.*s %-10.*s %.*s%s\n", (int)l->method.n, l->method.p,
	       (int)l->path.n, l->path.p, (int)l->auth.n, l->auth.p, (int)l->rate.n,
	       l->rate.p ? l->rate.p : "", (int)l->summary.n, l->summary.p,
	       l->admin ? " (ADMIN_ADDR)" : "");
}

static void print_tables(const struct route *const *tables, bool admin, struct json_writer *w)
{
	for (const struct route *const *t = tables; *t; t++)
		for (const struct route *r = *t; r->path; r++) {
			struct line l = line_of(r, admin);
			if (w)
				json_record(w, line_fields, &l);
			else
				print_text(&l);
		}
}

static void print_json(void)
{
	struct arena *a = arena_new();
	struct json_writer w;
	str text;

	json_init(&w, a, 1 << 14);
	json_array_begin(&w);
	print_tables(app_routes, false, &w);
	print_tables(admin_routes, true, &w);
	json_array_end(&w);
	text = json_text(&w);
	printf("%.*s\n", (int)text.n, text.p);
	arena_free(a);
}

static int check(void)
{
	char problem[300];

	if (router_check(app_routes, problem, sizeof(problem))
	    && router_check(admin_routes, problem, sizeof(problem))
	    && router_check(compat_routes, problem, sizeof(problem)))
		return DONE;
	fprintf(stderr, "sojorn routes: %s\n", problem);
	return FAILED;
}

static int routes(int argc, char **argv)
{
	const char *option = argc > 1 ? argv[1] : "";

	if (argc > 2)
		return command_usage(&cmd_routes, "takes one option at most");
	if (strcmp(option, "--check") == 0)
		return check();
	if (strcmp(option, "--json") == 0) {
		print_json();
		return DONE;
	}
	if (*option)
		return command_usage(&cmd_routes, "takes --json or --check");
	print_tables(app_routes, false, NULL);
	print_tables(admin_routes, true, NULL);
	return DONE;
}

const struct command cmd_routes = {
	.name = "routes",
	.args = "[--json | --check]",
	.help = "list every route: method, path, token, rate class, what it does",
	.details =
		"  --json   as an array of objects\n"
		"  --check  print nothing; fail on a row without a summary or two for one request",
	.run = routes,
};
