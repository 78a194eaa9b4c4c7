/* sojorn seed: an empty database becomes one to try things out on, or to measure with. */
#include "app/seed/seed.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/progress.h"
#include "lib/base/json.h"
#include "lib/base/time.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct arguments {
	struct seed_options seed;
	bool json;
};

/* ---- arguments ---- */

static bool take_number(const char *name, const char *value, int64_t min, int64_t max, int64_t *out,
			char *problem, size_t size)
{
	int64_t n;

	if (value && str_to_i64(str_of(value), &n) && n >= min && n <= max) {
		*out = n;
		return true;
	}
	snprintf(problem, size, "%s takes a number from %lld to %lld", name, (long long)min,
		 (long long)max);
	return false;
}

static bool take_argument(struct arguments *a, const char *name, const char *value, bool *ret_used,
			  char *problem, size_t size)
{
	int64_t seed = 0;
	bool good;

	*ret_used = true;
	if (strcmp(name, "--users") == 0)
		return take_number(name, value, SEED_USERS_MIN, SEED_USERS_MAX, &a->seed.users,
				   problem, size);
	if (strcmp(name, "--posts") == 0)
		return take_number(name, value, 0, SEED_POSTS_MAX, &a->seed.posts, problem, size);
	if (strcmp(name, "--beacons") == 0)
		return take_number(name, value, 0, SEED_POSTS_MAX, &a->seed.beacons, problem, size);
	if (strcmp(name, "--seed") == 0) {
		good = take_number(name, value, 0, INT32_MAX, &seed, problem, size);
		a->seed.seed = (uint64_t)seed;
		return good;
	}
	*ret_used = false;
	a->json |= strcmp(name, "--json") == 0;
	a->seed.add |= strcmp(name, "--add") == 0;
	if (strcmp(name, "--json") == 0 || strcmp(name, "--add") == 0)
		return true;
	snprintf(problem, size, "unknown argument '%s'", name);
	return false;
}

static bool read_arguments(struct arguments *a, int argc, char **argv, char *problem, size_t size)
{
	for (int i = 1; i < argc; i++) {
		bool used;

		if (!take_argument(a, argv[i], i + 1 < argc ? argv[i + 1] : NULL, &used, problem,
				   size))
			return false;
		i += used;
	}
	return true;
}

/* ---- telling ---- */

struct login {
	str email, password, handle, id;
};
struct report {
	int64_t users, posts, beacons;
	struct list login;
};

static const struct field login_fields[] = {
	FIELD(struct login, email),
	FIELD(struct login, password),
	FIELD(struct login, handle),
	FIELD(struct login, id),
	{ 0 },
};
static const struct field report_fields[] = {
	FIELD(struct report, users),
	FIELD(struct report, posts),
	FIELD(struct report, beacons),
	FIELD(struct report, login, .of = login_fields),
	{ 0 },
};

static void print_json(struct arena *a, const struct seed_result *r)
{
	struct login logins[3];
	struct report report = { r->users, r->posts, r->beacons, { logins, 3, sizeof(*logins) } };
	struct json_writer w;
	str text;

	for (int i = 0; i < 3; i++)
		logins[i] = (struct login){ str_of(r->login[i].email), S(SEED_PASSWORD),
					    str_of(r->login[i].handle), str_of(r->login[i].id) };
	json_init(&w, a, 1024);
	json_record(&w, report_fields, &report);
	text = json_text(&w);
	printf("%.*s\n", (int)text.n, text.p);
}

static void print_text(const struct seed_result *r)
{
	static const char *const what[] = { "an ordinary account", "a private one", "a moderator" };

	printf("%lld accounts, %lld posts, %lld beacons\n\n", (long long)r->users,
	       (long long)r->posts, (long long)r->beacons);
	for (int i = 0; i < 3; i++)
		printf("  %-36s %s  %s\n", r->login[i].email, SEED_PASSWORD, what[i]);
}

/* ---- the command ---- */

static int run_seed(struct arguments *args, const struct config *c)
{
	struct progress progress;
	struct arena *a = arena_new();
	struct seed_result result;
	const char *problem;
	bool good;

	args->seed.url = config_cstr(c, "DATABASE_URL");
	args->seed.progress = progress_begin(&progress) ? progress_show : NULL;
	args->seed.progress_arg = &progress;
	good = seed_database(a, &args->seed, &result, &problem);
	progress_end(&progress);
	if (!good)
		fprintf(stderr, "sojorn seed: %s\n", problem);
	else if (args->json)
		print_json(a, &result);
	else
		print_text(&result);
	arena_free(a);
	return good ? DONE : FAILED;
}

static int seed(int argc, char **argv)
{
	struct arguments args = { .seed = { .users = 72, .posts = 298, .beacons = 48, .seed = 1 } };
	struct config *c;
	char text[128];
	int status;

	if (!read_arguments(&args, argc, argv, text, sizeof(text)))
		return command_usage(&cmd_seed, text);
	c = options_load();
	if (!c)
		return FAILED;
	if (config_cstr(c, "DATABASE_URL")) {
		status = run_seed(&args, c);
	} else {
		fputs("sojorn seed: DATABASE_URL is not set\n", stderr);
		status = FAILED;
	}
	config_free(c);
	return status;
}

const struct command cmd_seed = {
	.name = "seed",
	.args = "[--users N] [--posts N] [--beacons N] [--seed K] [--add] [--json]",
	.help = "fill an empty database with example data",
	.details = "  --users N     accounts (72)\n"
		   "  --posts N     posts, answers and comments together (298)\n"
		   "  --beacons N   beacons (48)\n"
		   "  --seed K      another world of the same size (1)\n"
		   "  --add         also to a database that has accounts\n"
		   "  --json        counts and logins as one JSON object\n\n"
		   "Every account's password is " SEED_PASSWORD
		   ". The same seed and sizes give the same world.",
	.run = seed,
};
