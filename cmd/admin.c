/* sojorn admin: who may use the operator's console. */
#include "cmd/admin.sql.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "lib/base/arena.h"
#include "lib/base/json.h"
#include "lib/db/script.h"

#include <stdio.h>
#include <string.h>

enum { CONNECT_SECONDS = 10 };

struct wish {
	const char *verb, *handle, *role;
	bool json;
};

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "sojorn admin: %s: %s\n", what, why ? why : "?");
	return FAILED;
}

static const char *value(const struct script *s, int row, int column)
{
	const char *v = script_value(s, row, column);

	return v ? v : "";
}

static bool is_true(const struct script *s, int row, int column)
{
	return strcmp(value(s, row, column), "t") == 0;
}

/* ---- giving ---- */

static void warn(const struct script *s, const struct wish *w)
{
	if (strcmp(w->role, "user") == 0)
		return;
	if (strcmp(value(s, 0, 1), "active") != 0)
		fprintf(stderr, "sojorn admin: the account is %s, and cannot sign in\n",
			value(s, 0, 1));
	if (!is_true(s, 0, 2))
		fputs("sojorn admin: it has no second factor; turn it on in the app\n", stderr);
}

static int give(struct script *s, const struct wish *w)
{
	if (!script_run(s, &sql_admin_give, (const char *const[]){ w->handle, w->role }))
		return fail("the database", script_problem(s));
	if (script_rows(s) == 0)
		return fail(w->handle, "there is nobody of this handle");
	warn(s, w);
	printf(w->json ? "{\"ok\":true,\"handle\":\"%s\",\"role\":\"%s\"}\n" : "%s: %s\n",
	       w->handle, w->role);
	return DONE;
}

/* ---- listing ---- */

struct operator_ {
	str handle, role, status;
	bool mfa_enabled;
};
static const struct field operator_fields[] = {
	FIELD(struct operator_, handle),
	FIELD(struct operator_, role),
	FIELD(struct operator_, status),
	FIELD(struct operator_, mfa_enabled),
	{ 0 },
};

static void print_json(const struct script *s)
{
	struct arena *a = arena_new();
	struct json_writer w;
	str text;

	json_init(&w, a, 1024);
	json_array_begin(&w);
	for (int i = 0; i < script_rows(s); i++) {
		const struct operator_ o = { str_of(value(s, i, 0)), str_of(value(s, i, 1)),
					     str_of(value(s, i, 2)), is_true(s, i, 3) };

		json_record(&w, operator_fields, &o);
	}
	json_array_end(&w);
	text = json_text(&w);
	printf("%.*s\n", (int)text.n, text.p);
	arena_free(a);
}

static int list(struct script *s, const struct wish *w)
{
	if (!script_run(s, &sql_admin_list, NULL))
		return fail("the database", script_problem(s));
	if (w->json) {
		print_json(s);
		return DONE;
	}
	for (int i = 0; i < script_rows(s); i++)
		printf("%-30s %-10s %-10s %s\n", value(s, i, 0), value(s, i, 1), value(s, i, 2),
		       is_true(s, i, 3) ? "second factor" : "no second factor");
	if (script_rows(s) == 0)
		puts("nobody; `sojorn admin grant HANDLE` makes the first");
	return DONE;
}

/* ---- the command line ---- */

static const char *parse(struct wish *w, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			w->json = true;
		else if (strcmp(argv[i], "--role") == 0 && i + 1 < argc)
			w->role = argv[++i];
		else if (!w->verb && argv[i][0] != '-')
			w->verb = argv[i];
		else if (!w->handle && argv[i][0] != '-')
			w->handle = argv[i][0] == '@' ? argv[i] + 1 : argv[i];
		else
			return "an argument that it does not know";
	}
	if (!w->verb)
		return "say what to do";
	if (strcmp(w->verb, "list") == 0)
		return w->handle || w->role ? "list takes no handle and no role" : NULL;
	return w->handle ? NULL : "whom? A handle is needed";
}

/* grant and revoke are one statement: a role is given, or the one of everybody. */
static const char *take_role(struct wish *w)
{
	if (strcmp(w->verb, "revoke") == 0) {
		if (w->role)
			return "revoke takes every role away";
		w->role = "user";
		return NULL;
	}
	if (strcmp(w->verb, "grant") != 0)
		return "it knows grant, revoke and list";
	w->role = w->role ? w->role : "admin";
	return strcmp(w->role, "admin") == 0 || strcmp(w->role, "moderator") == 0
		? NULL
		: "--role is admin or moderator";
}

static int run(const struct wish *w)
{
	struct config *c = options_load();
	struct script *s;
	const char *url;
	int status;

	if (!c)
		return FAILED;
	url = config_cstr(c, "DATABASE_URL");
	if (!url) {
		config_free(c);
		return fail("DATABASE_URL", "is not set");
	}
	s = script_open(url, CONNECT_SECONDS);
	status = script_problem(s)	       ? fail("the database", script_problem(s))
		: strcmp(w->verb, "list") == 0 ? list(s, w)
					       : give(s, w);
	script_close(s);
	config_free(c);
	return status;
}

static int admin(int argc, char **argv)
{
	struct wish w = { 0 };
	const char *problem = parse(&w, argc, argv);

	if (!problem && strcmp(w.verb, "list") != 0)
		problem = take_role(&w);
	return problem ? command_usage(&cmd_admin, problem) : run(&w);
}

const struct command cmd_admin = {
	.name = "admin",
	.args = "grant HANDLE [--role admin|moderator] | revoke HANDLE | list [--json]",
	.help = "say who may use the operator's console",
	.details =
		"  grant   make somebody an administrator, or a moderator: reports, the queue, suspending\n"
		"          people and removing posts, but neither the ranking nor the settings\n"
		"  revoke  take the role away; a console that is open ends within five seconds\n"
		"  list    who has one\n\n"
		"The account must exist: it signs up in the app. The console is on ADMIN_ADDR.",
	.run = admin,
};
