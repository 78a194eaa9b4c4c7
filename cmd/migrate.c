/* Moving the database's schema from version to version: lib/db/migrate.h on the command line. */
#include "cmd/command.h"
#include "cmd/options.h"
#include "lib/base/json.h"
#include "lib/db/migrate.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What --json prints; version 0, printed as null, is a database without migrations. */
struct step {
	int64_t version;
	str name, direction;
};
struct moved {
	bool ok;
	str error;
	int64_t version;
	bool dirty;
	struct list steps;
};
struct state {
	int64_t version;
	str name;
	bool applied;
};
struct status {
	int64_t version;
	bool dirty;
	int64_t pending;
	struct list migrations;
};

static const struct field step_fields[] = {
	FIELD(struct step, version),
	FIELD(struct step, name),
	FIELD(struct step, direction),
	{ 0 },
};
static const struct field moved_fields[] = {
	FIELD(struct moved, ok),
	FIELD(struct moved, error, .omit_absent = true),
	FIELD(struct moved, version, .optional = true),
	FIELD(struct moved, dirty),
	FIELD(struct moved, steps, .of = step_fields),
	{ 0 },
};
static const struct field state_fields[] = {
	FIELD(struct state, version),
	FIELD(struct state, name),
	FIELD(struct state, applied),
	{ 0 },
};
static const struct field status_fields[] = {
	FIELD(struct status, version, .optional = true),
	FIELD(struct status, dirty),
	FIELD(struct status, pending),
	FIELD(struct status, migrations, .of = state_fields),
	{ 0 },
};
static const struct field version_fields[] = {
	FIELD(struct status, version, .optional = true),
	FIELD(struct status, dirty),
	{ 0 },
};

/* One run of the command. */
struct run {
	struct arena *arena;
	bool json;
	struct migrator *migrator;
	const char *problem;
	struct step *steps; /* done so far */
	size_t nsteps;
};

/* ---- telling ---- */

static void print_record(const struct run *r, const struct field *fields, const void *record)
{
	struct json_writer w;
	str text;

	json_init(&w, r->arena, 1024);
	json_record(&w, fields, record);
	text = json_text(&w);
	printf("%.*s\n", (int)text.n, text.p);
}

static void on_waiting([[maybe_unused]] void *arg)
{
	fputs("another migration is running; waiting for it\n", stderr);
}

static void on_blocked([[maybe_unused]] void *arg, const struct migration *m)
{
	fprintf(stderr, "%06lld %s: somebody holds what it needs; trying again\n",
		(long long)m->version, m->name);
}

static void on_step(void *arg, const struct migration *m, bool up, int64_t us)
{
	struct run *r = arg;

	r->steps[r->nsteps++] = (struct step){
		.version = m->version,
		.name = str_of(m->name),
		.direction = up ? S("up") : S("down"),
	};
	if (!r->json)
		printf("%06lld %-4s %s (%lld ms)\n", (long long)m->version, up ? "up" : "down",
		       m->name, (long long)us / 1000);
}

static int64_t or_zero(int64_t version)
{
	return version == MIGRATE_NONE ? 0 : version;
}

static int failed(struct run *r)
{
	struct moved m = { .error = str_of(r->problem) };

	fprintf(stderr, "sojorn migrate: %s\n", r->problem);
	if (!r->json)
		return FAILED;
	if (r->migrator)
		(void)!migrate_version(r->migrator, &m.version, &m.dirty, &r->problem);
	m.version = or_zero(m.version);
	m.steps = (struct list){ r->steps, r->nsteps, sizeof(*r->steps) };
	print_record(r, moved_fields, &m);
	return FAILED;
}

/* ---- operations ---- */

enum operation { UP, DOWN, GOTO, FORCE };

static bool operate(struct run *r, enum operation op, int64_t n)
{
	switch (op) {
	case UP:
		return migrate_up(r->migrator, n, &r->problem);
	case DOWN:
		return migrate_down(r->migrator, n, &r->problem);
	case GOTO:
		return migrate_goto(r->migrator, n, &r->problem);
	default:
		return migrate_force(r->migrator, n, &r->problem);
	}
}

static size_t count_migrations(void)
{
	size_t n = 0;

	while (all_migrations[n].version)
		n++;
	return n;
}

static int move(struct run *r, enum operation op, int64_t n)
{
	struct moved m = { .ok = true };

	r->steps = arena_alloc(r->arena, (count_migrations() + 1) * sizeof(*r->steps));
	if (!operate(r, op, n) || !migrate_version(r->migrator, &m.version, &m.dirty, &r->problem))
		return failed(r);
	if (r->json) {
		m.version = or_zero(m.version);
		m.steps = (struct list){ r->steps, r->nsteps, sizeof(*r->steps) };
		print_record(r, moved_fields, &m);
	} else if (m.version == MIGRATE_NONE) {
		puts("no migration is applied");
	} else {
		printf("at version %lld\n", (long long)m.version);
	}
	return DONE;
}

static int print_version(struct run *r)
{
	struct status s = { 0 };

	if (!migrate_version(r->migrator, &s.version, &s.dirty, &r->problem))
		return failed(r);
	if (r->json) {
		s.version = or_zero(s.version);
		print_record(r, version_fields, &s);
	} else if (s.version == MIGRATE_NONE) {
		puts("none");
	} else {
		printf("%lld%s\n", (long long)s.version, s.dirty ? " (dirty)" : "");
	}
	return DONE;
}

static void print_states(const struct status *s)
{
	const struct state *states = s->migrations.v;

	for (size_t i = 0; i < s->migrations.n; i++) {
		const char *word = states[i].applied ? "applied" : "pending";

		if (s->dirty && states[i].version == s->version)
			word = "dirty";
		printf("%06lld %-8s %.*s\n", (long long)states[i].version, word,
		       (int)states[i].name.n, states[i].name.p);
	}
}

static int print_status(struct run *r)
{
	size_t n = count_migrations();
	struct state *states = arena_zalloc(r->arena, (n + 1) * sizeof(*states));
	struct status s = { .migrations = { states, n, sizeof(*states) } };

	if (!migrate_version(r->migrator, &s.version, &s.dirty, &r->problem))
		return failed(r);
	s.version = or_zero(s.version);
	for (size_t i = 0; i < n; i++) {
		const struct migration *m = &all_migrations[i];
		bool applied = m->version <= s.version;

		states[i] = (struct state){ m->version, str_of(m->name), applied };
		s.pending += !applied;
	}
	if (r->json)
		print_record(r, status_fields, &s);
	else
		print_states(&s);
	return DONE;
}

/* ---- create ---- */

static bool is_name(const char *s)
{
	for (const char *p = s; *p; p++)
		if (!islower((unsigned char)*p) && !isdigit((unsigned char)*p) && *p != '_')
			return false;
	return *s != '\0';
}

/* The highest number among the files of migrations/, 0 without any; -1: the folder cannot be read. */
static long highest_number(void)
{
	DIR *dir = opendir("migrations");
	struct dirent *e;
	long highest = 0;

	if (!dir)
		return -1;
	while ((e = readdir(dir))) {
		long n = strtol(e->d_name, NULL, 10);

		highest = n > highest ? n : highest;
	}
	closedir(dir);
	return highest;
}

static bool create_file(long number, const char *name, const char *way)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "migrations/%06ld_%s.%s.sql", number, name, way);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0) {
		fprintf(stderr, "sojorn migrate: %s: %s\n", path, strerror(errno));
		return false;
	}
	close(fd);
	puts(path);
	return true;
}

static int create(const char *name)
{
	long n;

	if (!is_name(name) || strlen(name) > 100)
		return command_usage(&cmd_migrate, "a name is made of a-z, 0-9 and _");
	n = highest_number();
	if (n < 0) {
		fprintf(stderr, "sojorn migrate: migrations/: %s\n", strerror(errno));
		return FAILED;
	}
	return create_file(n + 1, name, "up") && create_file(n + 1, name, "down") ? DONE : FAILED;
}

/* ---- the command line ---- */

/* What is asked for, in words and as a number. */
struct request {
	const char *verb;
	const char *word; /* behind it; NULL: none */
	int64_t n;
	bool json, bad;
};

static struct request parse(int argc, char **argv)
{
	struct request q = { 0 };

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--json") == 0)
			q.json = true;
		else if (!q.verb)
			q.verb = argv[i];
		else if (!q.word)
			q.word = argv[i];
		else
			q.bad = true;
	}
	return q;
}

static bool number_between(struct request *q, int64_t min)
{
	return q->word && str_to_i64(str_of(q->word), &q->n) && q->n >= min && q->n <= 999999;
}

static int dispatch(struct run *r, struct request *q)
{
	if (strcmp(q->verb, "version") == 0)
		return print_version(r);
	if (strcmp(q->verb, "status") == 0)
		return print_status(r);
	if (strcmp(q->verb, "up") == 0)
		return move(r, UP, q->n);
	if (strcmp(q->verb, "down") == 0)
		return move(r, DOWN, q->n);
	return move(r, strcmp(q->verb, "goto") == 0 ? GOTO : FORCE, q->n);
}

/* What is wrong with the request, NULL when nothing is. */
static const char *wrong(struct request *q)
{
	if (!q->verb)
		return "say what to do";
	if (q->bad)
		return "too many arguments";
	if (strcmp(q->verb, "up") == 0)
		return !q->word || number_between(q, 1) ? NULL : "up: not a number of steps";
	if (strcmp(q->verb, "down") == 0)
		return number_between(q, 1) ? NULL : "down: say how many steps";
	if (strcmp(q->verb, "goto") == 0)
		return number_between(q, 1) ? NULL : "goto: say which version";
	if (strcmp(q->verb, "force") == 0)
		return number_between(q, MIGRATE_NONE) ? NULL : "force: say which version";
	if (strcmp(q->verb, "create") == 0)
		return q->word ? NULL : "create: say its name";
	if (strcmp(q->verb, "version") == 0 || strcmp(q->verb, "status") == 0)
		return q->word ? "takes no argument" : NULL;
	return "no such operation";
}

static int run(struct run *r, struct request *q)
{
	struct migrate_options o = { .waiting = on_waiting,
				     .blocked = on_blocked,
				     .done = on_step,
				     .arg = r };
	struct config *c = options_load();
	const char *url;
	int status;

	if (!c)
		return FAILED;
	url = config_cstr(c, "MIGRATOR_DATABASE_URL");
	if (!url)
		url = config_cstr(c, "DATABASE_URL");
	if (!url)
		r->problem = "DATABASE_URL is not set";
	o.lock_timeout = config_int(c, "MIGRATE_LOCK_TIMEOUT");
	o.statement_timeout = config_int(c, "MIGRATE_STATEMENT_TIMEOUT");
	if (!url || !migrate_open(r->arena, url, all_migrations, &o, &r->migrator, &r->problem))
		status = failed(r);
	else
		status = dispatch(r, q);
	config_free(c);
	return status;
}

static int migrate(int argc, char **argv)
{
	struct request q = parse(argc, argv);
	struct run r = { .json = q.json, .problem = "" };
	const char *problem = wrong(&q);
	int status;

	if (problem)
		return command_usage(&cmd_migrate, problem);
	if (q.word && strcmp(q.verb, "create") == 0)
		return create(q.word);
	r.arena = arena_new();
	status = run(&r, &q);
	arena_free(r.arena);
	return status;
}

const struct command cmd_migrate = {
	.name = "migrate",
	.args = "up [N] | down N | goto V | force V | version | status | create NAME [--json]",
	.help = "move the database's schema from version to version",
	.details =
		"  up [N]       apply the next N migrations, or all\n"
		"  down N       take the last N back\n"
		"  goto V       apply or take back until at version V\n"
		"  force V      after a failure, tell where the database is (-1: nowhere); runs "
		"nothing\n"
		"  version      print the version\n"
		"  status       print which migrations are applied\n"
		"  create NAME  make the files of a new migration in migrations/\n\n"
		"The database is MIGRATOR_DATABASE_URL, or else DATABASE_URL. Runs wait for one\n"
		"another; a file that waits for a lock over MIGRATE_LOCK_TIMEOUT is undone and tried\n"
		"again, so that requests do not queue behind it. The record and the files are those of golang-migrate.",
	.run = migrate,
};
