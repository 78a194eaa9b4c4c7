/*
 * A drill: the newest backup and the WAL behind it become a database as it was at a moment drawn by chance, in a
 * folder and a server of its own. A backup that has not been restored is a hope.
 *
 * PostgreSQL ends a recovery at a time only when it meets a commit behind it, so one is made first.
 */
#include "cmd/backup.h"
#include "cmd/backup.sql.h"
#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/rand.h"
#include "lib/base/time.h"
#include "lib/db/script.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ARCHIVE_PATIENCE (2 * MINUTE)
#define START_PATIENCE	 (30 * MINUTE)
#define PAUSE		 (200 * MILLISECOND)

enum { VERSION_MAX = 16, DRILL_PORT = 5432, MEDIA_SAMPLE = 200, CONNECT_SECONDS = 5 };

/* What came of it; also the record of drill.json. */
struct outcome {
	bool ok;
	str problem, target;
	double rpo_seconds, rto_seconds;
	int64_t users, posts, version;
	usec at;
};
static const struct field outcome_fields[] = {
	FIELD(struct outcome, ok),	    FIELD(struct outcome, problem, .omit_absent = true),
	FIELD(struct outcome, at),	    FIELD(struct outcome, target),
	FIELD(struct outcome, rpo_seconds), FIELD(struct outcome, rto_seconds),
	FIELD(struct outcome, version),	    FIELD(struct outcome, users),
	FIELD(struct outcome, posts),	    { 0 },
};

struct drill {
	struct backup *b;
	struct script *live, *restored;
	const char *dir;
	pid_t server;
	int64_t backup_end; /* of the newest backup, seconds since 1970 */
	struct outcome out;
};

static bool fail(struct drill *d, const char *what, const char *why)
{
	d->out.problem = arena_printf(d->b->arena, "%s: %s", what, why ? why : "?");
	return false;
}

/* ---- the backup ---- */

/* The repository is whole: each of its files has the checksum it was written with. */
static bool find_backup(struct drill *d)
{
	struct backup_list list;
	const char *problem;

	if (!backup_list(d->b, &list, &problem))
		return fail(d, "pgbackrest", problem);
	if (list.newest == 0)
		return fail(d, "there is no backup", "`sojorn backup create` makes one");
	d->backup_end = list.newest;
	return backup_tool(d->b, backup_path(d->b, "log/verify.txt"),
			   (const char *const[]){ "verify", NULL })
		|| fail(d, "the repository is damaged", backup_path(d->b, "log/verify.txt"));
}

/* ---- the moment ---- */

/* Between the backup's end and now; pgBackRest and PostgreSQL read whole seconds. */
static void draw_target(struct drill *d)
{
	time_t now = (time_t)(time_now().us / SECOND), at;
	uint64_t random;
	char text[32];
	struct tm tm;

	rand_bytes(&random, sizeof(random));
	at = (time_t)d->backup_end + 1;
	if (now > at)
		at += (time_t)(random % (uint64_t)(now - at + 1));
	gmtime_r(&at, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S+00", &tm);
	d->out.target = arena_copy(d->b->arena, str_of(text));
	while (time_now().us / SECOND <= at)
		usleep((useconds_t)PAUSE);
}

static bool archived(struct drill *d, const char *wal)
{
	return script_run(d->live, &sql_backup_exposure, NULL)
		&& strcmp(script_value(d->live, 0, 1), wal) >= 0;
}

/* A commit behind the moment, in WAL that has left the machine. */
static bool close_wal(struct drill *d)
{
	int64_t until = time_monotonic() + ARCHIVE_PATIENCE;
	const char *wal;

	if (!script_run(d->live, &sql_backup_exposure, NULL))
		return fail(d, "the cluster", script_problem(d->live));
	d->out.rpo_seconds = strtod(script_value(d->live, 0, 0), NULL);
	if (!script_run(d->live, &sql_backup_mark, NULL)
	    || !script_run(d->live, &sql_backup_switch, NULL))
		return fail(d, "the cluster", script_problem(d->live));
	wal = arena_cstr(d->b->arena, str_of(script_value(d->live, 0, 0)));
	while (!archived(d, wal)) {
		if (time_monotonic() > until)
			return fail(d, "WAL is not archived", "see PostgreSQL's log");
		usleep((useconds_t)PAUSE);
	}
	return true;
}

static bool choose_moment(struct drill *d)
{
	bool good;

	draw_target(d);
	d->live = script_open(backup_url(d->b), CONNECT_SECONDS);
	good = close_wal(d);
	script_close(d->live);
	return good;
}

/* ---- the restored server ---- */

static void remove_dir(struct drill *d)
{
	const char *const argv[] = { "rm", "-rf", d->dir, NULL };

	process_run(&(struct spawn){ .argv = argv });
}

static bool restore(struct drill *d)
{
	const char *path = arena_printf(d->b->arena, "--pg1-path=%s", d->dir).p;
	const char *target = arena_printf(d->b->arena, "--target=%s", d->out.target.p).p;
	const char *const words[] = {
		"restore", path, "--type=time", target, "--target-action=promote", NULL
	};

	remove_dir(d);
	if (mkdir(d->dir, 0700) < 0)
		return fail(d, d->dir, strerror(errno));
	return backup_tool(d->b, NULL, words) || fail(d, "pgbackrest", "cannot restore");
}

/* Settings of its own: those of the live one may lie elsewhere, and would have it archive. */
static bool write_settings(struct drill *d)
{
	const char *conf = arena_printf(d->b->arena, "%s/drill.conf", d->dir).p;
	const char *hba = arena_printf(d->b->arena, "%s/drill_hba.conf", d->dir).p;
	FILE *c = fopen(conf, "we"), *h = fopen(hba, "we");
	bool good = c && h
		&& fprintf(c,
			   "hba_file = '%s'\nident_file = ''\nunix_socket_directories = '%s'\n"
			   "port = %d\nlisten_addresses = ''\narchive_mode = off\nhot_standby = off\n"
			   "shared_buffers = 128MB\nmax_connections = 10\nlogging_collector = off\n",
			   hba, d->dir, DRILL_PORT)
			> 0
		&& fputs("local all all trust\n", h) >= 0;

	if (c)
		fclose(c);
	if (h)
		fclose(h);
	return good || fail(d, conf, strerror(errno));
}

/* A program of the version that the backup is of. */
static const char *postgres(const struct drill *d, const char *name)
{
	const char *bin = config_cstr(d->b->config, "PG_BIN");
	const char *file = arena_printf(d->b->arena, "%s/PG_VERSION", d->dir).p;
	str version = { 0 };

	if (bin)
		return arena_printf(d->b->arena, "%s/%s", bin, name).p;
	if (file_read(d->b->arena, file, VERSION_MAX, &version))
		version = str_trim(version);
	return arena_printf(d->b->arena, "/usr/lib/postgresql/%.*s/bin/%s", (int)version.n,
			    version.p ? version.p : "", name)
		.p;
}

static bool start(struct drill *d)
{
	const char *conf = arena_printf(d->b->arena, "config_file=%s/drill.conf", d->dir).p;
	const char *const argv[] = { postgres(d, "postgres"), "-D", d->dir, "-c", conf, NULL };
	const struct spawn s = { .argv = argv,
				 .log = backup_path(d->b, "log/drill.log"),
				 .end_signal = SIGINT };
	const char *url = arena_printf(d->b->arena, "host=%s port=%d user=%s dbname=%s", d->dir,
				       DRILL_PORT, d->b->superuser, d->b->database)
				  .p;
	int64_t until = time_monotonic() + START_PATIENCE;

	if (!write_settings(d))
		return false;
	d->server = process_start(&s);
	while (d->server > 0 && process_alive(d->server, NULL) && time_monotonic() < until) {
		d->restored = script_open(url, CONNECT_SECONDS);
		if (script_run(d->restored, &sql_backup_contents, NULL))
			return true;
		script_close(d->restored);
		d->restored = NULL;
		process_wait_event(PAUSE);
	}
	return fail(d, "the restored server does not start", backup_path(d->b, "log/drill.log"));
}

static int64_t number(const struct drill *d, int column)
{
	const char *v = script_value(d->restored, 0, column);

	return v ? strtoll(v, NULL, 10) : 0;
}

/* Every table's pages and every index's order. */
static bool check_pages(struct drill *d)
{
	const char *port = arena_printf(d->b->arena, "--port=%d", DRILL_PORT).p;
	const char *const argv[] = { postgres(d, "pg_amcheck"),
				     "--install-missing",
				     "--no-password",
				     "--host",
				     d->dir,
				     port,
				     "--username",
				     d->b->superuser,
				     d->b->database,
				     NULL };
	const struct spawn s = { .argv = argv, .log = backup_path(d->b, "log/drill.log") };

	return process_run(&s) == 0
		|| fail(d, "the restored tables are damaged", backup_path(d->b, "log/drill.log"));
}

static bool look(struct drill *d)
{
	const char *bad = NULL;

	d->out.version = number(d, 0);
	d->out.users = number(d, 1);
	d->out.posts = number(d, 2);
	if (number(d, 3) != 0)
		return fail(d, "rows of the restored database", "some point nowhere");
	if (!check_pages(d))
		return false;
	if (!backup_media_check(d->b, MEDIA_SAMPLE, &bad))
		return fail(d, "a media file is not what it was", bad);
	return true;
}

/* ---- what came of it ---- */

static bool replace_file(const struct backup *b, const char *name, str text)
{
	const char *path = backup_path(b, name),
		   *unfinished = arena_printf(b->arena, "%s.new", path).p;
	FILE *f = fopen(unfinished, "we");
	bool good = f && fwrite(text.p, 1, text.n, f) == text.n && fflush(f) == 0;

	if (f)
		fclose(f);
	return good && rename(unfinished, path) == 0;
}

static void report(struct drill *d)
{
	struct arena *a = d->b->arena;
	const char *rpo = arena_printf(a, "%.1f", d->out.rpo_seconds).p;
	const char *problem = d->out.problem.p ? arena_cstr(a, d->out.problem) : "?";
	struct json_writer w;
	str text;

	json_init(&w, a, 512);
	json_record(&w, outcome_fields, &d->out);
	text = json_text(&w);
	printf("%.*s\n", (int)text.n, text.p);
	if (!replace_file(d->b, "drill.json", text))
		backup_complain("drill.json", strerror(errno));
	backup_record(d->b, "drill", d->out.ok ? NULL : problem, d->out.rto_seconds, rpo);
}

bool backup_drill(struct backup *b)
{
	struct drill d = { .b = b, .dir = backup_path(b, "drill") };
	int64_t begun;

	if (find_backup(&d) && choose_moment(&d)) {
		begun = time_monotonic();
		d.out.ok = restore(&d) && start(&d);
		d.out.rto_seconds = (double)(time_monotonic() - begun) / 1e6;
		d.out.ok = d.out.ok && look(&d);
	}
	script_close(d.restored);
	if (d.server > 0)
		process_stop(d.server, SIGINT, MINUTE);
	remove_dir(&d);
	d.out.at = time_now();
	report(&d);
	return d.out.ok;
}
