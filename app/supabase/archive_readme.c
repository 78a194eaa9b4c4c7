/* See archive.h: what somebody has to know and do, with what was found of it. */
#include "app/supabase/archive.h"

#include "app/supabase/archive.sql.h"
#include "app/supabase/live.sql.h"

#include <inttypes.h>
#include <stdlib.h>

/* What only the databases know; NULL or "0": there is none. */
struct facts {
	const char *missing, *old_addresses, *old_url;
	const char *webhooks, *jobs, *secrets, *keys;
};

static const char *taken(struct archive *r, struct script *db, int column)
{
	const char *v = script_value(db, 0, column);

	return v && *v && strcmp(v, "0") != 0 ? arena_cstr(r->c.m.arena, str_of(v)) : NULL;
}

static bool find_out(struct archive *r, struct facts *f)
{
	struct move *m = &r->c.m;

	if (!move_do(m, &sql_move_archive_here, NULL)
	    || !move_there(m, &sql_move_archive_there, NULL))
		return false;
	*f = (struct facts){
		.missing = taken(r, m->db, 0),
		.old_addresses = taken(r, m->db, 1),
		.old_url = taken(r, m->db, 2),
		.webhooks = taken(r, m->source, 0),
		.jobs = taken(r, m->source, 1),
		.secrets = taken(r, m->source, 2),
		.keys = taken(r, m->source, 3),
	};
	return true;
}

static const char head[] =
	"# A Supabase project, as it was when it was left\n\n"
	"`project.dump` has the database (pg_dump's custom format), `project-after.sql` its indexes, references, triggers\n"
	"and policies, `objects/` the stored files, named by their ids; `objects.jsonl` says which is which.\n\n"
	"Rows that open something (sessions, refresh tokens, second factors, codes) are not in it; `manifest.json` lists\n"
	"the tables. Passwords are there as their hashes, and so is everything people wrote: keep the folder as you keep a\n"
	"backup, encrypted, and set a day on which it is deleted.\n\n"
	"## To look at it again\n\n"
	"Into an empty database of PostgreSQL 15 or newer with PostGIS, as a superuser:\n\n"
	"```\n"
	"createdb old\n"
	"pg_restore --exit-on-error --no-owner --no-privileges -d old project.dump\n"
	"psql -X -v ON_ERROR_STOP=1 -d old -f project-after.sql\n"
	"sha256sum --quiet -c SHA256SUMS        # or: sojorn supabase archive --check DIR\n"
	"```\n\n"
	"## Before the project is closed\n\n"
	"- [ ] Restore it once, as above: a backup nobody has restored is none.\n"
	"- [ ] Stop `supabase follow` and `supabase watch`; take SUPABASE_UPSTREAM and SUPABASE_RECORD out of the environment.\n"
	"- [ ] `ALTER ROLE … NOSUPERUSER` for the role of DATABASE_URL, if the move had made it one.\n"
	"- [ ] The custom domain leads here. Apps that have the project's own host name built in stop when it is paused:\n"
	"      look whether any still call it (Reports, API).\n";

static const char tail[] =
	"- [ ] Code and secrets of Edge Functions (`supabase functions download`), and the settings of mail, sign-in with\n"
	"      other sites and rate limits are nowhere but in the dashboard: take down what you need.\n"
	"- [ ] Change the database's password and delete access tokens of the dashboard and of CI. The project's anon and service keys\n"
	"      are signed with JWT_SECRET, which this server has taken over: whoever has an old service key is an\n"
	"      administrator here as long as SUPABASE_COMPAT is on. When no old app is left, switch it off.\n"
	"- [ ] The project takes no writes: schema `sojorn_move` there holds the fence. `DROP SCHEMA sojorn_move CASCADE` opens it,\n"
	"      should you ever have to; this server hears of nothing that is written there then.\n"
	"- [ ] Pause the project for some weeks, then delete it: its backups go with it.\n";

static void write_found(const struct facts *f, FILE *to)
{
	if (f->missing)
		fprintf(to,
			"- [ ] %s stored files are not here (`objects.jsonl`, all but \"state\":\"stored\"); once the project is\n"
			"      closed they are gone.\n",
			f->missing);
	if (f->old_addresses)
		fprintf(to, "- [ ] %s columns still name the old project's addresses%s%s.\n",
			f->old_addresses, f->old_url ? " beside " : "",
			f->old_url ? f->old_url : "");
	if (f->webhooks)
		fprintf(to,
			"- [ ] Webhooks that nobody calls any more: %s. Their triggers are not in the archive, they have keys in them.\n",
			f->webhooks);
	if (f->jobs)
		fprintf(to, "- [ ] About %s jobs of pg_cron run no more.\n", f->jobs);
	if (f->secrets)
		fprintf(to, "- [ ] About %s secrets of Vault stay behind; they cannot be dumped.\n",
			f->secrets);
	if (f->keys)
		fprintf(to,
			"- [ ] Functions with what looks like a key in them, which is in the dump, too: %s. Change those keys.\n",
			f->keys);
}

bool archive_readme(struct archive *r)
{
	struct facts f;
	FILE *to;
	bool good;

	if (!find_out(r, &f))
		return false;
	to = fopen(archive_path(r, "README.md"), "w");
	if (!to)
		return move_fail(&r->c.m, "%s: cannot be written", r->folder);
	fputs(head, to);
	write_found(&f, to);
	fputs(tail, to);
	good = !ferror(to);
	good = fclose(to) == 0 && good;
	return good ? archive_enter(r, "README.md")
		    : move_fail(&r->c.m, "%s: cannot be written", r->folder);
}
