/* sojorn backup: the command, and what it has pgBackRest do. See backup.h. */
#include "cmd/backup.h"

#include "cmd/backup.sql.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "lib/db/script.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONNECT_SECONDS = 10, WORDS_MAX = 16 };

struct wish {
	const char *verb, *type, *to, *time;
	bool json;
};

static bool complain(const char *what, const char *why)
{
	fprintf(stderr, "sojorn backup: %s: %s\n", what, why);
	return false;
}

const char *backup_path(const struct backup *b, const char *name)
{
	return arena_printf(b->arena, "%s/%s", b->dir, name).p;
}

/* ---- pgBackRest ---- */

bool backup_tool(const struct backup *b, const char *out, const char *const *words)
{
	const char *conf = arena_printf(b->arena, "--config=%s", b->conf).p;
	const char *argv[WORDS_MAX] = { "pgbackrest", conf, "--stanza=" BACKUP_STANZA };
	int n = 3, status;

	while (*words && n < WORDS_MAX - 1)
		argv[n++] = *words++;
	status = process_run(&(struct spawn){ .argv = argv, .as = &b->account, .out = out });
	return status == 0 || complain("pgbackrest", "failed, as it says above");
}

/* A directory of the cluster's account, as it is the one that archives. */
static bool make_dir(const struct backup *b, const char *path)
{
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return complain(path, strerror(errno));
	if (b->account.change && chown(path, b->account.uid, b->account.gid) < 0)
		return complain(path, strerror(errno));
	return true;
}

static bool make_dirs(const struct backup *b)
{
	static const char *const names[] = { "repo", "log", "spool", "media" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!make_dir(b, backup_path(b, names[i])))
			return false;
	return true;
}

/* Settings of PGBACKREST_… in the environment come on top, as for a repository in S3. */
static str conf_text(const struct backup *b)
{
	const char *key = config_cstr(b->config, "BACKUP_KEY");

	return arena_printf(b->arena,
			    "[global]\n"
			    "repo1-path=%s/repo\nlog-path=%s/log\nspool-path=%s/spool\n"
			    "lock-path=%s/log\n"
			    "repo1-retention-full=%lld\nrepo1-bundle=y\nstart-fast=y\n"
			    "compress-type=zst\nlog-level-console=warn\nlog-level-file=detail\n"
			    "%s%s%s\n[" BACKUP_STANZA "]\n"
			    "pg1-path=%s\npg1-port=%s\npg1-socket-path=%s\npg1-user=%s\n"
			    "pg1-database=%s\n",
			    b->dir, b->dir, b->dir, b->dir,
			    (long long)config_int(b->config, "BACKUP_KEEP"),
			    key ? "repo1-cipher-type=aes-256-cbc\nrepo1-cipher-pass=" : "",
			    key ? key : "", key ? "\n" : "", b->data, b->port, b->socket,
			    b->superuser, b->database);
}

static bool write_conf(struct backup *b)
{
	str text = conf_text(b);
	int fd = open(b->conf, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n;

	if (good && b->account.change)
		good = fchown(fd, b->account.uid, b->account.gid) == 0;
	if (fd >= 0)
		close(fd);
	return good || complain(b->conf, strerror(errno));
}

/* ---- the cluster ---- */

static const char *archive_command(const struct backup *b)
{
	return arena_printf(b->arena,
			    "pgbackrest --config=%s --stanza=" BACKUP_STANZA " archive-push %%p",
			    b->conf)
		.p;
}

static const char *answer(const struct backup *b, struct script *s, int column)
{
	const char *v = script_value(s, 0, column);

	return arena_cstr(b->arena, str_of(v ? v : ""));
}

static void take_answers(struct backup *b, struct script *s)
{
	b->data = answer(b, s, 0);
	b->port = answer(b, s, 1);
	b->socket = answer(b, s, 2);
	b->archives = strcmp(answer(b, s, 3), "t") == 0
		&& strcmp(answer(b, s, 4), archive_command(b)) == 0;
	b->superuser = answer(b, s, 5);
	b->database = answer(b, s, 6);
}

static bool look_at_cluster(struct backup *b)
{
	const char *url = config_cstr(b->config, "BACKUP_DATABASE_URL");
	struct script *s =
		script_open(url ? url : config_cstr(b->config, "DATABASE_URL"), CONNECT_SECONDS);
	bool good = script_run(s, &sql_backup_cluster, NULL);
	struct stat st;

	if (good)
		take_answers(b, s);
	else
		complain("the cluster does not tell (BACKUP_DATABASE_URL is a superuser's)",
			 script_problem(s));
	script_close(s);
	if (!good || stat(b->data, &st) < 0)
		return good && complain(b->data, "is not on this machine");
	b->account = (struct account){ geteuid() == 0, st.st_uid, st.st_gid };
	return true;
}

static bool open_backup(struct backup *b)
{
	b->dir = config_cstr(b->config, "BACKUP_DIR");
	if (!b->dir || *b->dir != '/')
		return complain("BACKUP_DIR", "must be set to a path from the root on");
	b->conf = backup_path(b, "pgbackrest.conf");
	return look_at_cluster(b) && make_dir(b, b->dir) && make_dirs(b) && write_conf(b);
}

/* ---- the verbs; each returns whether it went well ---- */

static bool setup(struct backup *b, [[maybe_unused]] const struct wish *w)
{
	printf("# %s\n# Into PostgreSQL's conf.d, then restart it and run `sojorn backup create`.\n"
	       "wal_level = logical\narchive_mode = on\narchive_timeout = 60s\n"
	       "archive_command = '%s'\n",
	       b->archives ? "WAL is archived already." : "WAL is not archived yet.",
	       archive_command(b));
	return true;
}

static bool create(struct backup *b, const struct wish *w)
{
	const char *type = arena_printf(b->arena, "--type=%s", w->type ? w->type : "incr").p;
	int64_t media;

	if (!b->archives)
		return complain("PostgreSQL does not hand its WAL over",
				"see `sojorn backup setup`");
	if (!backup_tool(b, NULL, (const char *const[]){ "stanza-create", NULL })
	    || !backup_tool(b, NULL, (const char *const[]){ "backup", type, NULL })
	    || !backup_media(b, &media))
		return false;
	printf(w->json ? "{\"ok\":true,\"media\":%lld}\n" : "done; %lld new media files\n",
	       (long long)media);
	return true;
}

static bool list(struct backup *b, const struct wish *w)
{
	return backup_tool(b, NULL,
			   (const char *const[]){
				   "info", w->json ? "--output=json" : "--output=text", NULL });
}

static bool restore(struct backup *b, const struct wish *w)
{
	const char *path = arena_printf(b->arena, "--pg1-path=%s", w->to ? w->to : "").p;
	const char *target = arena_printf(b->arena, "--target=%s", w->time ? w->time : "").p;
	const char *const words[] = {
		"restore", path, w->time ? "--type=time" : NULL, target, "--target-action=promote",
		NULL
	};

	if (!w->to || *w->to != '/')
		return complain("--to", "must be a path from the root on");
	return make_dir(b, w->to) && backup_tool(b, NULL, words);
}

static bool drill(struct backup *b, [[maybe_unused]] const struct wish *w)
{
	return backup_drill(b);
}

static const struct verb {
	const char *name;
	bool (*run)(struct backup *b, const struct wish *w);
} verbs[] = {
	{ "setup", setup },	{ "create", create }, { "list", list },
	{ "restore", restore }, { "drill", drill },   { 0 },
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
		else if (!w->verb && argv[i][0] != '-')
			w->verb = argv[i];
		else
			return "an argument that it does not know";
	}
	if (w->type && !is_type(w->type))
		return "--type is full, diff or incr";
	return find_verb(w->verb) ? NULL : "say what to do";
}

static int backup(int argc, char **argv)
{
	struct wish w = { 0 };
	const char *problem = parse(&w, argc, argv);
	struct backup b = { .json = w.json };
	int status;

	if (problem)
		return command_usage(&cmd_backup, problem);
	b.config = options_load();
	if (!b.config)
		return FAILED;
	process_setup();
	b.arena = arena_new();
	status = open_backup(&b) && find_verb(w.verb)->run(&b, &w) ? DONE : FAILED;
	arena_free(b.arena);
	config_free(b.config);
	return status;
}

const struct command cmd_backup = {
	.name = "backup",
	.args = "setup | create [--type full|diff|incr] | list | restore --to DIR [--time T] | "
		"drill [--json]",
	.help = "back the database and the media up, and prove that they come back",
	.details =
		"  setup    print what PostgreSQL must be told, so that it hands its WAL over\n"
		"  create   a backup (incremental unless --type says otherwise), and the new media\n"
		"  list     the backups there are\n"
		"  restore  into an empty folder DIR, as it was at T (\"2026-01-25 10:00:00+00\"), or the\n"
		"           newest; start PostgreSQL on it to go on\n"
		"  drill    restore to a point drawn by chance, look at the rows and the media, say how\n"
		"           long it took\n\n"
		"By pgBackRest, into BACKUP_DIR; PGBACKREST_… in the environment comes on top, as for a\n"
		"repository in S3. BACKUP_KEY encrypts. Run on the database's machine, as root or as the\n"
		"account of PostgreSQL.",
	.run = backup,
};
