/* The end of a move: see supabase.h. The dump is pg_dump's own, of the project as it is after the last of our writes
 * has reached it; nobody else writes there. */
#include "app/supabase/cutover.h"
#include "app/supabase/cutover.sql.h"
#include "app/supabase/follow.sql.h"
#include "app/supabase/live.h"
#include "app/supabase/live.sql.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/reverse.h"
#include "lib/base/crypt.h"
#include "lib/base/json.h"
#include "lib/base/time.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *path(struct cutover *c, const char *folder, const char *name)
{
	return arena_printf(c->m.arena, "%s/%s", folder, name).p;
}

/* What was begun by one that was killed is begun anew. */
static bool make_folder(struct cutover *c, const char *folder)
{
	if (mkdir(folder, 0700) == 0)
		return true;
	return errno == EEXIST && access(path(c, folder, "manifest.json"), F_OK) != 0
		? true
		: move_fail(&c->m, "%s: cannot be made, or is an archive already", folder);
}

/* Runs pg_dump to its end; the URL is on no command line. What the project's role may not read is the platform's. One
 * that outlives us writes into a file that has no name any more. */
static bool dump(struct cutover *c, const char *url, const char *file)
{
	pid_t pid;
	int status = -1;

	unlink(file);
	pid = fork();
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && script_environment(url))
			execvp("pg_dump",
			       (char *const *)(uintptr_t)(const char *const[]){
				       "pg_dump", "--format=custom", "--no-password", "--file",
				       file, "--exclude-schema=sojorn_move",
				       "--exclude-schema=vault|pgsodium*|graphql*|net|cron|pgtle",
				       "--exclude-schema=realtime|_realtime|_analytics|_supavisor",
				       "--exclude-schema=supabase_functions|pgbouncer", NULL });
		_exit(127);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	if (status == 0)
		return true;
	return move_fail(&c->m,
			 WIFEXITED(status) && WEXITSTATUS(status) == 127
				 ? "pg_dump is not installed; package postgresql-client has it"
				 : "pg_dump has failed; it says above why");
}

static bool write_manifest(struct cutover *c, const char *folder, const char *file,
			   const char *counts)
{
	struct json_writer w;
	str content = { 0 };
	FILE *f = fopen(path(c, folder, "manifest.part"), "w");
	bool good;

	if (!f || !dump_map(c->m.arena, file, &content, &c->m.problem)) {
		if (f)
			fclose(f);
		return move_fail(&c->m, "%s: cannot be written", folder);
	}
	json_init(&w, c->m.arena, 1024);
	json_object_begin(&w);
	json_key(&w, S("file"));
	json_str(&w, S("project.dump"));
	json_key(&w, S("size"));
	json_int(&w, (int64_t)content.n);
	json_key(&w, S("sha256"));
	json_str(&w, sha256_hex(c->m.arena, content));
	json_key(&w, S("rows"));
	json_raw(&w, str_of(counts));
	json_object_end(&w);
	good = fprintf(f, "%.*s\n", (int)json_text(&w).n, json_text(&w).p) > 0;
	good = fclose(f) == 0 && good;
	return good ? cutover_step(c, "the project is in the archive", true, "%zu bytes", content.n)
		    : move_fail(&c->m, "%s: cannot be written", folder);
}

static bool export(struct cutover *c, const char *folder)
{
	struct move *m = &c->m;
	const char *file = path(c, folder, "project.dump"), *counts, *url;

	if (!make_folder(c, folder) || !cutover_count(m, true, &counts)
	    || !move_do(m, &sql_move_sub_find, NULL))
		return false;
	url = arena_cstr(m->arena, str_of(script_value(m->db, 0, 2)));
	return dump(c, url, file) && write_manifest(c, folder, file, counts);
}

/* Nobody may carry changes while their tables go away. */
static bool take_place(struct move *m)
{
	if (!move_do(m, &sql_move_follow_lock, NULL))
		return false;
	return strcmp(script_value(m->db, 0, 0), "t") == 0
		|| move_fail(m, "`supabase follow` is at work; stop it first");
}

/* The last moment in which there is a way back ends with the phase. */
static bool end_it(struct move *m)
{
	return move_do(m, &sql_move_begin, NULL)
		&& move_do(m, &sql_move_sending, (const char *[]){ "f" })
		&& move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "archived" })
		&& move_do(m, &sql_move_commit, NULL);
}

/* A folder with a manifest is an archive of a move that is over. */
static bool leave(struct cutover *c, const char *folder)
{
	struct move *m = &c->m;

	if (rename(path(c, folder, "manifest.part"), path(c, folder, "manifest.json")) != 0
	    && access(path(c, folder, "manifest.json"), F_OK) != 0)
		return move_fail(m, "%s: is not the folder that the archive was begun in", folder);
	return live_leave(m, true) && move_do(m, &sql_move_gate_end, NULL)
		&& cutover_step(
			c, "the move is over", true,
			"the project takes no writes; dropping its schema sojorn_move, all that is left of ours, opens it");
}

static bool archive(struct cutover *c, const char *folder)
{
	struct move *m = &c->m;

	if (!take_place(m))
		return false;
	if (cutover_is(c, "archived"))
		return leave(c, folder);
	if (!cutover_is(c, "live"))
		return move_fail(m, "the phase is %s; only what is live is archived", m->phase);
	return live_connect(m) && live_lock(m) && reverse_drain(m) && export(c, folder)
		&& reverse_drain(m) && end_it(m) && leave(c, folder);
}

bool move_archive(struct arena *a, const struct move_options *o, const char *folder,
		  struct move_steps *out, const char **problem)
{
	struct cutover c = { .steps = out };
	bool good = cutover_begin(&c, a, o) && archive(&c, folder);

	cutover_end(&c, problem);
	return good;
}
