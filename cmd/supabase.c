/* sojorn supabase: the move of a project onto this server, step by step. */
#include "app/media/media.h"
#include "app/supabase/supabase.h"
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/progress.h"
#include "cmd/supabase.h"
#include "lib/base/json.h"
#include "lib/base/time.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { FILES_MAX = 16, SETTLE_SECONDS = 3 };

struct request {
	const char *verb;
	const char *files[FILES_MAX];
	struct move_options move;
	const char *report, *check; /* files */
	const char *settle, *folder;
	const struct config *config;
	bool json, once, abort, dry_run;
};

/* ---- telling ---- */

/* What takes a while tells how far it is, until progress_end. */
static void begin_telling(struct request *q, struct progress *p)
{
	q->move.progress = progress_begin(p) ? progress_show : NULL;
	q->move.progress_arg = p;
}

static void show_following(void *arg, int64_t lag_ms, int64_t waiting)
{
	const struct request *q = arg;

	printf(q->json ? "{\"lag_ms\":%lld,\"waiting\":%lld}\n"
		       : "%lld ms behind, %lld changes waiting\n",
	       (long long)lag_ms, (long long)waiting);
	fflush(stdout);
}

static void show_waiting(void *arg, const char *problem)
{
	(void)arg;
	fprintf(stderr, "sojorn supabase follow: %s; trying again\n", problem);
}

/* ---- the subcommands; each returns the exit status ---- */

static int fail(const struct request *q, const char *problem)
{
	fprintf(stderr, "sojorn supabase %s: %s\n", q->verb, problem);
	return FAILED;
}

static int print_report(struct arena *a, struct request *q, enum move_report which)
{
	const char *problem;
	bool ok;
	str text;

	if (!move_report(a, &q->move, which, q->json, &text, &ok, &problem))
		return fail(q, problem);
	fwrite(text.p, 1, text.n, stdout);
	return ok ? DONE : FAILED;
}

static int abort_import(struct arena *a, struct request *q)
{
	struct move_steps steps;
	const char *problem;
	bool ok = move_abort(a, &q->move, &steps, &problem);

	supabase_print_steps(a, q->json, &steps, ok);
	if (!ok)
		return fail(q, problem);
	if (!q->json)
		puts("nothing of the move is left on the source, and nothing in the landing zone");
	return DONE;
}

static void print_objects(const struct request *q, const struct move_objects *o)
{
	const char *ok = o->missing + o->different ? "false" : "true";

	if (q->json)
		printf("{\"ok\":%s,\"stored\":%lld,\"bytes\":%lld,\"missing\":%d,\"different\":%d,\"extra\":%d}\n",
		       ok, (long long)o->stored, (long long)o->bytes, o->missing, o->different,
		       o->extra);
	else
		printf("objects: %lld stored, %lld bytes; %d missing, %d different, %d extra\n",
		       (long long)o->stored, (long long)o->bytes, o->missing, o->different,
		       o->extra);
}

/* The stores that `serve` has; NULL: told why. */
static struct media *open_media(const struct request *q)
{
	const char *problem;
	struct media *m = media_new(q->config, &problem);

	if (!m)
		fail(q, problem);
	return m;
}

/* Where stored files of the project are, beside pictures. */
static struct store *store_of(struct media *m)
{
	return media_store(&(struct app){ .media = m }, MEDIA_IMAGES);
}

static int copy_objects(struct arena *a, struct request *q)
{
	struct progress progress;
	struct media *media = open_media(q);
	struct move_objects done = { 0 };
	const char *problem;
	bool good;

	if (!media)
		return FAILED;
	begin_telling(q, &progress);
	good = move_objects(a, &q->move, store_of(media), &done, &problem);
	media_free(media);
	progress_end(&progress);
	if (!good)
		return fail(q, problem);
	print_objects(q, &done);
	return done.missing + done.different ? FAILED : DONE;
}

static int objects(struct arena *a, struct request *q)
{
	if (!q->move.objects == !q->move.source_storage) {
		fputs("sojorn supabase objects: --objects or --source-storage says where they are\n",
		      stderr);
		return USAGE;
	}
	if (q->move.source_storage && !q->move.service_key.p) {
		fputs("sojorn supabase objects: SUPABASE_SERVICE_KEY is not set\n", stderr);
		return FAILED;
	}
	return copy_objects(a, q);
}

static int import(struct arena *a, struct request *q)
{
	struct progress progress;
	const char *problem;
	bool good;

	if (q->abort)
		return abort_import(a, q);
	begin_telling(q, &progress);
	good = move_import(a, &q->move, &problem);
	progress_end(&progress);
	if (!good)
		return fail(q, problem);
	if (print_report(a, q, MOVE_STATUS) != DONE)
		return FAILED;
	return q->move.objects || q->move.source_storage ? objects(a, q) : DONE;
}

static int status(struct arena *a, struct request *q)
{
	return print_report(a, q, MOVE_STATUS);
}

static int inventory(struct arena *a, struct request *q)
{
	return print_report(a, q, q->move.source ? MOVE_SOURCE : MOVE_INVENTORY);
}

static int follow(struct arena *a, struct request *q)
{
	const char *problem;

	q->move.following = show_following;
	q->move.waiting = show_waiting;
	q->move.progress_arg = q;
	q->move.wait_ms = 60 * 1000;
	return move_follow(a, &q->move, q->once, &problem) ? DONE : fail(q, problem);
}

void supabase_print_steps(struct arena *a, bool json, const struct move_steps *s, bool ok)
{
	struct json_writer w;

	if (!json) {
		for (int i = 0; i < s->n; i++)
			printf("%-4s  %-32s %s\n", s->v[i].ok ? "ok" : "NOT", s->v[i].what,
			       s->v[i].detail);
		return;
	}
	json_init(&w, a, 1024);
	json_object_begin(&w);
	json_key(&w, S("ok"));
	json_bool(&w, ok);
	json_key(&w, S("held_ms"));
	json_int(&w, s->held_ms);
	json_key(&w, S("steps"));
	json_array_begin(&w);
	for (int i = 0; i < s->n; i++) {
		json_object_begin(&w);
		json_key(&w, S("what"));
		json_str(&w, str_of(s->v[i].what));
		json_key(&w, S("ok"));
		json_bool(&w, s->v[i].ok);
		json_key(&w, S("detail"));
		json_str(&w, str_of(s->v[i].detail));
		json_object_end(&w);
	}
	json_array_end(&w);
	json_object_end(&w);
	printf("%.*s\n", (int)json_text(&w).n, json_text(&w).p);
}

static int cutover(struct arena *a, struct request *q)
{
	struct move_steps steps;
	const char *problem;
	bool ok;

	q->move.wait_ms = 60 * 1000;
	ok = move_cutover(a, &q->move, q->dry_run, &steps, &problem);
	supabase_print_steps(a, q->json, &steps, ok);
	return ok ? DONE : fail(q, problem);
}

static int rollback(struct arena *a, struct request *q)
{
	struct move_steps steps;
	const char *problem;
	bool ok = move_rollback(a, &q->move, &steps, &problem);

	supabase_print_steps(a, q->json, &steps, ok);
	return ok ? DONE : fail(q, problem);
}

static int check_archive(struct arena *a, struct request *q)
{
	const char *problem;
	int files;

	if (!move_archive_check(a, q->check, &files, &problem))
		return fail(q, problem);
	printf("%s: %d files, each as it was written\n", q->check, files);
	return DONE;
}

static int archive(struct arena *a, struct request *q)
{
	struct move_steps steps;
	struct media *media;
	const char *problem;
	bool ok;

	if (q->check)
		return check_archive(a, q);
	if (!q->folder)
		return command_usage(&cmd_supabase, "--to names the folder of the archive");
	media = open_media(q);
	if (!media)
		return FAILED;
	ok = move_archive(a, &q->move, store_of(media), q->folder, &steps, &problem);
	media_free(media);
	supabase_print_steps(a, q->json, &steps, ok);
	return ok ? DONE : fail(q, problem);
}

static enum move_format format_of(const char *file)
{
	str name = str_of(file);

	return str_ends(name, S(".json"))    ? MOVE_JSON
		: str_ends(name, S(".html")) ? MOVE_HTML
					     : MOVE_TEXT;
}

/* Whole or not at all. */
static bool write_file(struct arena *a, const char *name, str text)
{
	const char *part = arena_printf(a, "%s.part", name).p;
	FILE *f = fopen(part, "w");
	bool good = f && fwrite(text.p, 1, text.n, f) == text.n;

	if (f)
		good = fclose(f) == 0 && good;
	if (good && rename(part, name) == 0)
		return true;
	fprintf(stderr, "sojorn supabase verify: %s cannot be written\n", name);
	remove(part);
	return false;
}

static int check_signature(struct arena *a, struct request *q)
{
	const char *problem;
	bool ours;

	if (!move_report_check(a, q->check, q->move.jwt_secret, &ours, &problem))
		return fail(q, problem);
	printf("%s: %s\n", q->check,
	       ours ? "signed here, and unchanged" : "not signed with this JWT_SECRET, or changed");
	return ours ? DONE : FAILED;
}

static int verify(struct arena *a, struct request *q)
{
	struct progress progress;
	const struct move_verdict *v;
	const char *problem;
	bool ok, good;
	str text;

	if ((q->check || q->report) && !q->move.jwt_secret.p) {
		fputs("sojorn supabase verify: JWT_SECRET is not set; it signs reports\n", stderr);
		return FAILED;
	}
	if (q->check)
		return check_signature(a, q);
	begin_telling(q, &progress);
	good = move_verify(a, &q->move, &v, &ok, &problem);
	progress_end(&progress);
	if (!good)
		return fail(q, problem);
	text = move_verify_report(a, v, q->json ? MOVE_JSON : MOVE_TEXT, (str){ 0 });
	fwrite(text.p, 1, text.n, stdout);
	text = move_verify_report(a, v, format_of(q->report ? q->report : ""), q->move.jwt_secret);
	if (q->report && !write_file(a, q->report, text))
		return FAILED;
	return ok ? DONE : FAILED;
}

static const struct subcommand {
	const char *name;
	int (*run)(struct arena *a, struct request *q);
	bool begins; /* takes --dump or --source */
} subcommands[] = {
	{ "import", import, true },	   { "objects", objects, false },
	{ "inventory", inventory, false }, { "follow", follow, false },
	{ "verify", verify, false },	   { "cutover", cutover, false },
	{ "rollback", rollback, false },   { "archive", archive, false },
	{ "status", status, false },	   { 0 },
};

/* ---- the command line ---- */

/* Files follow --dump up to the next option. */
static int take_files(struct request *q, int argc, char **argv, int i)
{
	while (i + 1 < argc && argv[i + 1][0] != '-' && q->move.nfiles < FILES_MAX)
		q->files[q->move.nfiles++] = argv[++i];
	return i;
}

static bool to_seconds(const char *text, int *out)
{
	int64_t n;

	if (!str_to_i64(str_of(text), &n) || n < 0 || n > 600)
		return false;
	*out = (int)n;
	return true;
}

/* Where the value of an option goes; NULL: it has none. */
static const char **value_of(struct request *q, const char *option)
{
	const struct {
		const char *name, **value;
	} all[] = {
		{ "--source", &q->move.source },   { "--app-role", &q->move.app_role },
		{ "--settle", &q->settle },	   { "--report", &q->report },
		{ "--check", &q->check },	   { "--to", &q->folder },
		{ "--objects", &q->move.objects }, { "--source-storage", &q->move.source_storage },
		{ "--old-url", &q->move.old_url },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(option, all[i].name) == 0)
			return all[i].value;
	return NULL;
}

static const char *parse(struct request *q, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char **value = value_of(q, argv[i]);

		if (value && (i + 1 == argc || argv[i + 1][0] == '-'))
			return "an option without its value";
		if (value)
			*value = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			q->json = true;
		else if (strcmp(argv[i], "--replace") == 0)
			q->move.replace = true;
		else if (strcmp(argv[i], "--again") == 0)
			q->move.again = true;
		else if (strcmp(argv[i], "--force") == 0)
			q->move.force = true;
		else if (strcmp(argv[i], "--once") == 0)
			q->once = true;
		else if (strcmp(argv[i], "--dry-run") == 0)
			q->dry_run = true;
		else if (strcmp(argv[i], "--abort") == 0)
			q->abort = true;
		else if (strcmp(argv[i], "--dump") == 0)
			i = take_files(q, argc, argv, i);
		else if (!q->verb && argv[i][0] != '-')
			q->verb = argv[i];
		else
			return "an argument that it does not know";
	}
	if (q->settle && !to_seconds(q->settle, &q->move.settle_seconds))
		return "--settle is in seconds, up to 600";
	return q->verb ? NULL : "say what to do";
}

/* What does not go together. */
static const char *misuse(const struct subcommand *s, const struct request *q)
{
	bool dumps = q->move.nfiles > 0, live = q->move.source != NULL;

	if (dumps && live)
		return "--dump or --source, not both";
	if (s->begins && !dumps && !live && !q->abort)
		return "--dump names the files, --source a live project";
	if (!s->begins && dumps)
		return "--dump is for import";
	return NULL;
}

static int run(const struct subcommand *s, struct request *q, const struct config *c)
{
	struct arena *a = arena_new();
	struct store_bucket s3;
	int status_code = FAILED;

	q->move.url = config_cstr(c, "DATABASE_URL");
	q->move.files = q->files;
	q->move.jwt_secret = config_str(c, "JWT_SECRET");
	q->move.anon_key = config_str(c, "SUPABASE_ANON_KEY");
	q->move.service_key = config_str(c, "SUPABASE_SERVICE_KEY");
	q->config = c;
	s3 = (struct store_bucket){
		.endpoint = config_str(c, "SUPABASE_S3_ENDPOINT"),
		.region = config_str(c, "SUPABASE_S3_REGION"),
		.access_key = config_str(c, "SUPABASE_S3_ACCESS_KEY"),
		.secret_key = config_str(c, "SUPABASE_S3_SECRET_KEY"),
	};
	q->move.s3 = &s3;
	q->move.new_url = config_cstr(c, "API_BASE_URL");
	if (!q->move.url)
		fputs("sojorn supabase: DATABASE_URL is not set\n", stderr);
	else if (q->move.old_url && !q->move.new_url)
		fputs("sojorn supabase: --old-url needs API_BASE_URL, to put in its place\n",
		      stderr);
	else
		status_code = s->run(a, q);
	arena_free(a);
	return status_code;
}

/* These have a command line of their own. */
static const struct apart {
	const char *name;
	int (*run)(int argc, char **argv);
} apart[] = { { "watch", supabase_watch }, { "shadow", supabase_shadow }, { 0 } };

static int supabase(int argc, char **argv)
{
	struct request q = { .move.settle_seconds = SETTLE_SECONDS };
	const char *problem = parse(&q, argc, argv);
	const struct subcommand *s = subcommands;
	struct config *c;
	int code;

	for (const struct apart *o = apart; o->name && argc > 1; o++)
		if (strcmp(argv[1], o->name) == 0)
			return o->run(argc - 1, argv + 1);
	if (problem)
		return command_usage(&cmd_supabase, problem);
	while (s->name && strcmp(s->name, q.verb) != 0)
		s++;
	if (!s->name)
		return command_usage(&cmd_supabase, "no such step");
	problem = misuse(s, &q);
	if (problem)
		return command_usage(&cmd_supabase, problem);
	c = options_load();
	if (!c)
		return FAILED;
	code = run(s, &q, c);
	config_free(c);
	return code;
}

const struct command cmd_supabase = {
	.name = "supabase",
	.args = "import --dump FILE...|--source URL | objects --objects DIR | inventory | follow | verify | shadow | cutover | watch | rollback | archive --to DIR | status [--json]",
	.help = "move a Supabase project onto this server",
	.details =
		"  inventory  list what was found, what became of it, and what somebody has to decide; with\n"
		"             --source of a project before anything is taken over\n"
		"  import     read dumps in this order, or copy a live project, and take over what is in them;\n"
		"             the same command again goes on where it was stopped\n"
		"  objects    copy the bytes of stored files, as many as are left\n"
		"  follow     keep what was imported up to date with its live source, and after the cutover the\n"
		"             source with what is written here, until SIGTERM\n"
		"  verify     compare the source, the landing zone and the result, row by row\n"
		"  shadow     ask both sides what people have read (SUPABASE_RECORD), and compare the answers\n"
		"  cutover    make this side the writer; --dry-run does all but that\n"
		"  watch      look after the servers: how much fails, how long it takes, whether rows are the same;\n"
		"             before the cutover, what is usual."
		"             Ends when a rule fires\n"
		"  rollback   give the project back its place, with everything that was written here\n"
		"  archive    dump the project into a folder and end the move: no way back\n"
		"  status     how far the move is\n\n"
		"  --dump FILE...  plain SQL of pg_dump, or roles, schema and data of the Supabase CLI\n"
		"  --source URL    the project's database, direct or by port 5432, as its role postgres; for\n"
		"                  verify: compare with the project itself, too, while people use it\n"
		"  --once          follow: until everything that is there now has come through\n"
		"  --abort         import: take away what has been made on the source and in the landing zone\n"
		"  --replace       take this one in place of what was imported before\n"
		"  --again         transform once more, over what has changed here since\n"
		"  --force         import beside accounts that are here already\n"
		"  --objects DIR   bytes of stored files, laid out <bucket>/<name>[/<version>]; s3://BUCKET/PREFIX: in\n"
		"                  S3 (SUPABASE_S3_…); s3: a bucket for each, as the project's own S3 endpoint has them\n"
		"  --source-storage URL  or the project's Storage API, …/storage/v1; its key is SUPABASE_SERVICE_KEY\n"
		"  --old-url URL   import: addresses of files there become addresses at API_BASE_URL\n"
		"  --settle N      a row that stays another one for N seconds (3) counts as different\n"
		"  --app-role R    the role that serves, if it is not the one of DATABASE_URL\n"
		"  --report FILE   write a signed report: .json, .html or text\n"
		"  --to DIR        archive: the folder that it makes\n"
		"  --check FILE    verify: tell whether a report was signed here and is unchanged; archive: whether\n"
		"                  each file of the folder is as it was written\n\n"
		"  watch fires when for --window seconds (600) over 5 % of the requests fail or 95 % of them\n"
		"  take half as long again as before the cutover, and when a row is not the same on both sides:\n"
		"  --metrics URL   of a server, again for each (http://ADMIN_ADDR/metrics; unix:PATH)\n"
		"  --auto          roll back\n"
		"  --on-alert CMD  run it by the shell, with SOJORN_RULE, SOJORN_STATE and SOJORN_WHAT\n"
		"  --webhook URL   post it there as JSON\n"
		"  --every N       look every N seconds (30); --for N: end after N seconds\n"
		"  --baseline MS   of the 95th percentile, in place of what was seen before the cutover\n\n"
		"  shadow --here URL   a server of this side without SUPABASE_UPSTREAM\n"
		"  --there URL, --requests FILE   in place of SUPABASE_UPSTREAM and SUPABASE_RECORD\n"
		"  --ignore A,B    members that are other ones each time; --most N: that many reads\n\n"
		"The database is DATABASE_URL; JWT_SECRET is the project's.",
	.run = supabase,
};
