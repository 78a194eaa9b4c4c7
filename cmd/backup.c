/* sojorn backup: the command, and what it has pgBackRest do. See backup.h. */
#include "cmd/backup.h"
#include "cmd/backup.sql.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "lib/base/time.h"
#include "lib/db/script.h"

#include <stdio.h>
#include <string.h>

enum { CONNECT_SECONDS = 10, WORDS_MAX = 16 };

#define FULL_EVERY \
	INT64_C(7 * 24 * 3600) /* seconds: what restores read grows until the next full one */

struct wish {
	const char *verb, *type, *to, *time;
	bool json, media;
};

bool backup_complain(const char *what, const char *why)
{
	fprintf(stderr, "sojorn backup: %s: %s\n", what, why);
	return false;
}

const char *backup_path(const struct backup *b, const char *name)
{
	return arena_printf(b->arena, "%s/%s", b->dir, name).p;
}

const char *backup_url(const struct backup *b)
{
	const char *url = config_cstr(b->config, "BACKUP_DATABASE_URL");

	return url ? url : config_cstr(b->config, "DATABASE_URL");
}

bool backup_tool(const struct backup *b, const char *out, const char *const *words)
{
	const char *conf = arena_printf(b->arena, "--config=%s", b->conf).p;
	const char *argv[WORDS_MAX] = { "pgbackrest", conf, "--stanza=" BACKUP_STANZA };
	int n = 3, status;

	while (*words && n < WORDS_MAX - 1)
		argv[n++] = *words++;
	status = process_run(&(struct spawn){ .argv = argv, .out = out });
	return status == 0 || backup_complain("pgbackrest", "failed, as it says above");
}

/* The server's metrics, and so the alerts, look there. A failure that cannot be told is an old success to them. */
void backup_record(const struct backup *b, const char *kind, const char *problem, double seconds,
		   const char *rpo)
{
	struct script *s = script_open(backup_url(b), CONNECT_SECONDS);
	const char *took = arena_printf(b->arena, "%.1f", seconds).p;

	if (!script_run(s, &sql_backup_record, (const char *const[]){ kind, problem, took, rpo }))
		backup_complain("its outcome cannot be recorded", script_problem(s));
	script_close(s);
}

/* ---- the verbs; each returns whether it went well ---- */

static const char *archive_command(const struct backup *b)
{
	return arena_printf(b->arena,
			    "pgbackrest --config=%s --stanza=" BACKUP_STANZA " archive-push %%p",
			    b->conf)
		.p;
}

static bool archives(const struct backup *b)
{
	return b->archive_command && strcmp(b->archive_command, archive_command(b)) == 0;
}

static bool setup(struct backup *b, [[maybe_unused]] const struct wish *w)
{
	printf("# %s\n# Into PostgreSQL's conf.d, then restart it and run `sojorn backup create`.\n"
	       "wal_level = logical\narchive_mode = on\narchive_timeout = 60s\n"
	       "archive_command = '%s'\n",
	       archives(b) ? "WAL is archived already." : "WAL is not archived yet.",
	       archive_command(b));
	return true;
}

/* What was asked for, or a full one a week with increments between, so that old ones expire. */
static const char *type_of(const struct backup *b, const struct wish *w)
{
	struct backup_list list;
	const char *problem;

	if (w->type)
		return w->type;
	if (!backup_list(b, &list, &problem))
		return "incr";
	return time_now().us / SECOND - list.newest_full > FULL_EVERY ? "full" : "incr";
}

static bool back_up(const struct backup *b, const struct wish *w, int64_t *ret_media)
{
	const char *type;

	if (!backup_tool(b, NULL, (const char *const[]){ "stanza-create", NULL }))
		return false;
	type = arena_printf(b->arena, "--type=%s", type_of(b, w)).p;
	return backup_tool(b, NULL, (const char *const[]){ "backup", type, NULL })
		&& backup_media(b, ret_media);
}

static bool create(struct backup *b, const struct wish *w)
{
	int64_t begun = time_monotonic(), media = 0;
	bool good;

	if (!archives(b))
		return backup_complain("PostgreSQL does not hand its WAL over",
				       "see `sojorn backup setup`");
	good = back_up(b, w, &media);
	backup_record(b, "backup", good ? NULL : "see the log of sojorn-backup",
		      (double)(time_monotonic() - begun) / SECOND, NULL);
	if (good)
		printf(w->json ? "{\"ok\":true,\"media\":%lld}\n" : "done; %lld new media files\n",
		       (long long)media);
	return good;
}

static bool list(struct backup *b, const struct wish *w)
{
	return backup_tool(b, NULL,
			   (const char *const[]){
				   "info", w->json ? "--output=json" : "--output=text", NULL });
}

static bool restore_media(const struct backup *b)
{
	int64_t n;

	if (!backup_media_restore(b, &n))
		return false;
	printf("%lld media files have come back\n", (long long)n);
	return true;
}

static bool restore(struct backup *b, const struct wish *w)
{
	const char *target = arena_printf(b->arena, "--target=%s", w->time ? w->time : "").p;
	const char *const words[] = { "restore", w->time ? "--type=time" : NULL, target,
				      "--target-action=promote", NULL };

	return w->media ? restore_media(b) : backup_tool(b, NULL, words);
}

static bool drill(struct backup *b, [[maybe_unused]] const struct wish *w)
{
	return backup_drill(b);
}

static const struct verb {
	const char *name;
	bool (*run)(struct backup *b, const struct wish *w);
	bool online; /* wants the cluster to answer */
} verbs[] = {
	{ "setup", setup, true },      { "create", create, true }, { "list", list, false },
	{ "restore", restore, false }, { "drill", drill, true },   { 0 },
};

/* ---- the command line ---- */

static const struct verb *find_verb(const char *name)
{
	for (const struct verb *v = verbs; name && v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

static bool is_type(const char *type)
{
	return strcmp(type, "full") == 0 || strcmp(type, "diff") == 0 || strcmp(type, "incr") == 0;
}

/* What is wrong with it, NULL when nothing is. */
static const char *wrong(const struct wish *w)
{
	if (!find_verb(w->verb))
		return "say what to do";
	if (w->type && !is_type(w->type))
		return "--type is full, diff or incr";
	if (strcmp(w->verb, "restore") != 0)
		return w->to || w->media || w->time ? "--to, --time and --media are for restore"
						    : NULL;
	if (w->media == !!w->to)
		return "restore: --to DIR brings the database back, --media the media";
	return w->to && *w->to != '/' ? "--to must be a path from the root on" : NULL;
}

static const char *parse(struct wish *w, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;
		const char **out = strcmp(argv[i], "--type") == 0 ? &w->type
			: strcmp(argv[i], "--to") == 0		  ? &w->to
			: strcmp(argv[i], "--time") == 0	  ? &w->time
								  : NULL;

		if (out && next)
			*out = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			w->json = true;
		else if (strcmp(argv[i], "--media") == 0)
			w->media = true;
		else if (!w->verb && argv[i][0] != '-')
			w->verb = argv[i];
		else
			return "an argument that it does not know";
	}
	return wrong(w);
}

static int backup(int argc, char **argv)
{
	struct wish w = { 0 };
	const char *problem = parse(&w, argc, argv);
	struct backup b = { .json = w.json };
	const struct verb *verb = find_verb(w.verb);
	int status;

	if (problem)
		return command_usage(&cmd_backup, problem);
	b.config = options_load();
	if (!b.config)
		return FAILED;
	process_setup();
	b.arena = arena_new();
	status = (verb->online ? backup_open_online(&b) : backup_open_offline(&b, w.to, w.media))
			&& verb->run(&b, &w)
		? DONE
		: FAILED;
	arena_free(b.arena);
	config_free(b.config);
	return status;
}

const struct command cmd_backup = {
	.name = "backup",
	.args = "setup | create [--type full|diff|incr] | list | restore --to DIR [--time T] | "
		"restore --media | drill [--json]",
	.help = "back the database and the media up, and prove that they come back",
	.details =
		"  setup    print what PostgreSQL must be told, so that it hands its WAL over\n"
		"  create   a backup, and the new media; without --type a full one each week and what has\n"
		"           changed between\n"
		"  list     the backups there are\n"
		"  restore  into an empty folder DIR, as it was at T (\"2026-01-25 10:00:00+00\"), or the\n"
		"           newest; start PostgreSQL on it to go on. --media: bring media back that are\n"
		"           missing. Neither needs a database that runs\n"
		"  drill    restore to a point drawn by chance, look at the rows and the media, say how\n"
		"           long it took\n\n"
		"By pgBackRest, into BACKUP_DIR, or a bucket when BACKUP_S3_… name one. BACKUP_KEY encrypts\n"
		"the database's part. Run on the database's machine, as root or as PostgreSQL's account.",
	.run = backup,
};
