/*
 * See archive.h. The dump is pg_dump's own, of the project as it is after the last of our writes has reached it; nobody
 * else writes there. It is in two parts because statements cannot be taken out of the first: a webhook's trigger has the
 * service key in its text and would call the old project from wherever the dump is restored.
 */
#include "app/supabase/archive.h"

#include "app/supabase/archive.sql.h"
#include "app/supabase/classify.h"
#include "app/supabase/live.sql.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 160, NAMES_MAX = 256 };

/* ---- pg_dump ---- */

struct arguments {
	const char *v[ARGUMENTS_MAX];
	int n;
};

static void add(struct arguments *l, const char *argument)
{
	if (l->n < ARGUMENTS_MAX - 1)
		l->v[l->n++] = argument;
}

/* What is dumped of either part. What the project's role may not read is the platform's. */
static void add_scope(struct arguments *l, const char *file)
{
	static const char *const scope[] = {
		"pg_dump",
		"--no-password",
		"--no-owner",
		"--no-privileges",
		"--exclude-schema=sojorn_move",
		"--exclude-schema=vault|pgsodium*|graphql*|net|cron|pgtle",
		"--exclude-schema=realtime|_realtime|_analytics|_supavisor",
		"--exclude-schema=supabase_functions|pgbouncer",
		"--file",
	};

	for (size_t i = 0; i < sizeof(scope) / sizeof(*scope); i++)
		add(l, scope[i]);
	add(l, file);
}

/* To its end; the URL is on no command line. One that outlives us writes into a file that has no name any more. */
static bool run(struct archive *r, const char *url, const struct arguments *l, const char *file)
{
	pid_t pid;
	int status = -1;

	unlink(file);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && script_environment(url))
			execvp("pg_dump", (char *const *)(uintptr_t)l->v);
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status == 0)
		return true;
	return move_fail(&r->c.m,
			 WIFEXITED(status) && WEXITSTATUS(status) == 127
				 ? "pg_dump is not installed; package postgresql-client has it"
				 : "pg_dump has failed; it says above why");
}

/* ---- the rows ---- */

/* Each of a list that PostgreSQL has written as {a,b}, with this before it. */
static void add_each(struct arena *a, struct arguments *l, const char *before, const char *list)
{
	str rest = str_of(list ? list : "{}");

	rest = str_slice(rest, 1, rest.n - 1);
	while (rest.p && rest.n) {
		str one = str_cut(&rest, ',');

		add(l, arena_printf(a, "%s%.*s", before, (int)one.n, one.p).p);
	}
}

static bool dump_rows(struct archive *r, const char *url)
{
	struct move *m = &r->c.m;
	const char *file = archive_path(r, "project.dump");
	struct arguments l = { 0 };

	add_scope(&l, file);
	add(&l, "--format=custom");
	add(&l, "--section=pre-data");
	add(&l, "--section=data");
	if (!move_there(m, &sql_move_archive_left_out, &r->counts))
		return false;
	r->left_out = arena_cstr(m->arena, str_of(script_value(m->source, 0, 0)));
	add_each(m->arena, &l, "--exclude-table-data=", script_value(m->source, 0, 1));
	r->counts = arena_cstr(m->arena, str_of(script_value(m->source, 0, 2)));
	if (!move_there(m, &sql_move_archive_extensions, NULL))
		return false;
	for (int i = 0; i < script_rows(m->source); i++)
		add(&l, arena_printf(m->arena, "--extension=%s", script_value(m->source, i, 0)).p);
	return run(r, url, &l, file) && archive_enter(r, "project.dump");
}

/* ---- what comes after them ---- */

/* ALTER TABLE … ENABLE ALWAYS TRIGGER of one of these. */
static bool is_about(const struct words *w, str text, const str *names, int n)
{
	for (int i = 0; i < n; i++)
		if (w->n > 0 && str_eq(w->w[0], S("alter")) && str_find(text, names[i]) >= 0)
			return true;
	return false;
}

/* Webhooks, and what belongs to the platform or to this move; a trigger that is left out is not switched on either. */
static bool is_left_out(struct arena *a, const struct piece *p, const struct words *w, str *names,
			int *n)
{
	struct verdict v = classify(a, p);

	if (p->kind != PIECE_SQL || str_find(p->text, S("sojorn_move")) >= 0)
		return true;
	if (strcmp(v.kind, "webhook") == 0) {
		if (*n < NAMES_MAX && w->n > 2)
			names[(*n)++] = w->w[2];
		return true;
	}
	return strcmp(v.kind, "publication") == 0 || strcmp(v.kind, "event trigger") == 0
		|| is_about(w, p->text, names, *n);
}

/* References are not looked at again: the project may have rows that break them, and rows of sessions are not here. */
static bool is_reference(const struct words *w, str text)
{
	return w->n > 2 && str_eq(w->w[0], S("alter")) && str_eq(w->w[2], S("only"))
		&& str_find(text, S(" FOREIGN KEY (")) >= 0 && !str_ends(text, S(" NOT VALID"));
}

static void write_after(struct archive *r, str script, FILE *to)
{
	struct arena *a = r->c.m.arena;
	struct dump d = { .script = script };
	str *names = arena_zalloc(a, NAMES_MAX * sizeof(*names));
	struct words w;
	struct piece p;
	int n = 0;

	while ((p = dump_next(&d)).kind != PIECE_END && p.kind != PIECE_BROKEN) {
		w = dump_words(a, p.text);
		if (!is_left_out(a, &p, &w, names, &n))
			fprintf(to, "%.*s%s;\n", (int)p.text.n, p.text.p,
				is_reference(&w, p.text) ? " NOT VALID" : "");
	}
}

/* Policies name them; they need no more than to be there. */
static bool write_roles(struct archive *r, FILE *to)
{
	struct move *m = &r->c.m;

	if (!move_there(m, &sql_move_archive_roles, NULL))
		return false;
	for (int i = 0; i < script_rows(m->source); i++)
		fprintf(to,
			"DO $$ BEGIN CREATE ROLE %s NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;\n",
			script_value(m->source, i, 0));
	return true;
}

static bool dump_after(struct archive *r, const char *url)
{
	struct move *m = &r->c.m;
	const char *part = archive_path(r, "project-after.part");
	struct arguments l = { 0 };
	str script;
	FILE *to;
	bool good;

	add_scope(&l, part);
	add(&l, "--section=post-data");
	if (!run(r, url, &l, part) || !dump_map(m->arena, part, &script, &m->problem))
		return false;
	to = fopen(archive_path(r, "project-after.sql"), "w");
	if (!to)
		return move_fail(m, "%s: cannot be written", r->folder);
	good = write_roles(r, to);
	if (good)
		write_after(r, script, to);
	good = !ferror(to) && good;
	good = fclose(to) == 0 && good;
	unlink(part);
	return good ? archive_enter(r, "project-after.sql")
		    : move_fail(m, "%s: cannot be written", r->folder);
}

bool archive_dump(struct archive *r)
{
	struct move *m = &r->c.m;
	const char *url;

	if (!cutover_count(m, true, &r->counts) || !move_do(m, &sql_move_sub_find, NULL))
		return false;
	url = arena_cstr(m->arena, str_of(script_value(m->db, 0, 2)));
	return dump_rows(r, url) && dump_after(r, url);
}
