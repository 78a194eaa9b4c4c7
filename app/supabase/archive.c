/* The end of a move: see supabase.h and archive.h. Until the phase is "archived" there is a way back, and a folder that was
 * begun is begun anew; from then on the same command takes away what is left of the move. */
#include "app/supabase/archive.h"

#include "app/supabase/archive.sql.h"
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
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

const char *archive_path(struct archive *r, const char *name)
{
	return arena_printf(r->c.m.arena, "%s/%s", r->folder, name).p;
}

/* What was begun by one that was killed is begun anew. */
static bool make_folder(struct archive *r)
{
	if (mkdir(r->folder, 0700) == 0)
		return true;
	return errno == EEXIST && access(archive_path(r, "manifest.json"), F_OK) != 0
		? true
		: move_fail(&r->c.m, "%s: cannot be made, or is an archive already", r->folder);
}

static bool digest(struct archive *r, const char *name, const char **ret_hex, size_t *ret_size)
{
	struct arena *mapped = arena_new();
	str content = { 0 };
	bool good = dump_map(mapped, archive_path(r, name), &content, &r->c.m.problem);

	if (good) {
		*ret_hex = sha256_hex(r->c.m.arena, content).p;
		*ret_size = content.n;
	} else {
		r->c.m.problem = arena_cstr(r->c.m.arena, str_of(r->c.m.problem));
	}
	arena_free(mapped);
	return good;
}

bool archive_enter(struct archive *r, const char *name)
{
	const char *hex;
	size_t size;

	return digest(r, name, &hex, &size)
		&& (fprintf(r->sums, "%s  %s\n", hex, name) > 0
		    || move_fail(&r->c.m, "%s: cannot be written", r->folder));
}

/* ---- the manifest ---- */

static void put_objects(struct json_writer *w, const struct archive *r)
{
	json_key(w, S("objects"));
	json_object_begin(w);
	json_key(w, S("stored"));
	json_int(w, r->stored);
	json_key(w, S("bytes"));
	json_int(w, r->bytes);
	json_key(w, S("not_stored"));
	json_int(w, r->not_stored);
	json_object_end(w);
}

static bool write_manifest(struct archive *r)
{
	FILE *f = fopen(archive_path(r, "manifest.part"), "w");
	struct json_writer w;
	const char *sums;
	size_t size;
	bool good = f && digest(r, "SHA256SUMS", &sums, &size);

	if (good) {
		json_init(&w, r->c.m.arena, 4096);
		json_object_begin(&w);
		json_key(&w, S("made_at"));
		json_time(&w, time_now());
		json_key(&w, S("sums_sha256"));
		json_str(&w, str_of(sums));
		json_key(&w, S("rows"));
		json_raw(&w, str_of(r->counts));
		json_key(&w, S("left_out"));
		json_raw(&w, str_of(r->left_out));
		put_objects(&w, r);
		json_object_end(&w);
		good = fprintf(f, "%.*s\n", (int)json_text(&w).n, json_text(&w).p) > 0;
	}
	if (f)
		good = fclose(f) == 0 && good;
	return good || move_fail(&r->c.m, "%s: cannot be written", r->folder);
}

/* ---- the folder ---- */

/* What is written lasts before there is no other copy. */
static bool settle(struct archive *r)
{
	int fd = open(r->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool good = fd >= 0 && syncfs(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good || move_fail(&r->c.m, "%s: cannot be written", r->folder);
}

static bool fill_folder(struct archive *r)
{
	bool good;

	r->sums = fopen(archive_path(r, "SHA256SUMS"), "w");
	if (!r->sums)
		return move_fail(&r->c.m, "%s: cannot be written", r->folder);
	good = archive_dump(r) && archive_objects(r) && archive_readme(r);
	good = fclose(r->sums) == 0 && good;
	return (good || move_fail(&r->c.m, "%s: cannot be written", r->folder)) && write_manifest(r)
		&& settle(r);
}

static bool export(struct archive *r)
{
	struct stat st;

	if (!make_folder(r) || !fill_folder(r) || stat(archive_path(r, "project.dump"), &st) != 0)
		return false;
	return cutover_step(&r->c, "the project is in the archive", true, "%lld bytes",
			    (long long)st.st_size)
		&& cutover_step(&r->c, "its stored files are in it", r->not_stored == 0,
				"%" PRId64 " of %" PRId64 ", %" PRId64 " bytes", r->stored,
				r->stored + r->not_stored, r->bytes);
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
		&& move_do(m, &sql_move_archive_old_tokens, NULL)
		&& move_do(m, &sql_move_run_phase, (const char *[]){ m->run, "archived" })
		&& move_do(m, &sql_move_commit, NULL);
}

/* A folder with a manifest is an archive of a move that is over. */
static bool leave(struct archive *r)
{
	struct move *m = &r->c.m;

	if (rename(archive_path(r, "manifest.part"), archive_path(r, "manifest.json")) != 0
	    && access(archive_path(r, "manifest.json"), F_OK) != 0)
		return move_fail(m, "%s: is not the folder that the archive was begun in",
				 r->folder);
	return live_leave(m, true) && move_do(m, &sql_move_gate_end, NULL)
		&& cutover_step(
			&r->c, "the move is over", true,
			"the project takes no writes; dropping its schema sojorn_move, all that is left of ours, opens it")
		&& cutover_step(&r->c, "what is left to do", true, "%s",
				archive_path(r, "README.md"));
}

static bool archive(struct archive *r)
{
	struct move *m = &r->c.m;

	if (!take_place(m))
		return false;
	if (cutover_is(&r->c, "archived"))
		return leave(r);
	if (!cutover_is(&r->c, "live"))
		return move_fail(m, "the phase is %s; only what is live is archived", m->phase);
	return live_connect(m) && live_lock(m) && move_do(m, &sql_move_archive_tokens, NULL)
		&& reverse_drain(m) && export(r) && reverse_drain(m) && end_it(m) && leave(r);
}

bool move_archive(struct arena *a, const struct move_options *o, struct store *store,
		  const char *folder, struct move_steps *out, const char **problem)
{
	struct archive r = { .c = { .steps = out }, .folder = folder, .store = store };
	bool good = cutover_begin(&r.c, a, o) && archive(&r);

	cutover_end(&r.c, problem);
	return good;
}
