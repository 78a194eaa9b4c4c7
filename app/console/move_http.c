/* How far the move off Supabase is: what `sojorn supabase` has done and found, read from its own tables. */
#include "app/console/console.h"
#include "app/console/watch.sql.h"
#include "lib/web/req.h"

struct run {
	int64_t id;
	str phase, source, stopped;
	usec as_of, updated_at;
	str state, writer;
	int64_t epoch;
	usec changed_at;
	int32_t servers;
};
struct dump_file {
	str name;
	int64_t size, done_to;
};
struct entry {
	str outcome, kind;
	int64_t statements, rows;
};
struct landed {
	str name;
	int64_t rows;
};
struct finding {
	str code, subject;
	int64_t n;
	str detail;
};
struct objects {
	int64_t stored, pending, missing, different;
};
struct verdict {
	usec at;
	bool ok;
	struct json report;
};
struct move {
	struct run *run;
	struct list files, ledger, tables, findings;
	struct objects *objects;
	struct verdict *verdict;
};

static const struct field run_fields[] = {
	FIELD(struct run, id),
	FIELD(struct run, phase),
	FIELD(struct run, source),
	FIELD(struct run, stopped, .help = "why following cannot go on; empty: it can"),
	FIELD(struct run, as_of),
	FIELD(struct run, updated_at),
	FIELD(struct run, state, .help = "of the gate: upstream, held, here"),
	FIELD(struct run, writer),
	FIELD(struct run, epoch, .help = "changes of the gate; 0: never in use"),
	FIELD(struct run, changed_at),
	FIELD(struct run, servers, .help = "that keep the gate now"),
	{ 0 },
};
static const struct field dump_file_fields[] = {
	FIELD(struct dump_file, name),
	FIELD(struct dump_file, size),
	FIELD(struct dump_file, done_to, .help = "bytes that are taken over"),
	{ 0 },
};
static const struct field entry_fields[] = {
	FIELD(struct entry, outcome),
	FIELD(struct entry, kind),
	FIELD(struct entry, statements),
	FIELD(struct entry, rows),
	{ 0 },
};
static const struct field landed_fields[] = {
	FIELD(struct landed, name),
	FIELD(struct landed, rows, .help = "when a report last counted"),
	{ 0 },
};
static const struct field finding_fields[] = {
	FIELD(struct finding, code),
	FIELD(struct finding, subject),
	FIELD(struct finding, n),
	FIELD(struct finding, detail),
	{ 0 },
};
static const struct field objects_fields[] = {
	FIELD(struct objects, stored),
	FIELD(struct objects, pending),
	FIELD(struct objects, missing),
	FIELD(struct objects, different),
	{ 0 },
};
static const struct field verdict_fields[] = {
	FIELD(struct verdict, at),
	FIELD(struct verdict, ok),
	FIELD(struct verdict, report, .help = "as `sojorn supabase verify --json` printed it"),
	{ 0 },
};
static const struct field move_fields[] = {
	FIELD(struct move, run, .of = run_fields, .ref = true,
	      .help = "null: nothing was ever imported"),
	FIELD(struct move, files, .of = dump_file_fields),
	FIELD(struct move, ledger, .of = entry_fields),
	FIELD(struct move, tables, .of = landed_fields),
	FIELD(struct move, findings, .of = finding_fields),
	FIELD(struct move, objects, .of = objects_fields, .ref = true),
	FIELD(struct move, verdict, .of = verdict_fields, .ref = true,
	      .help = "of the last verification; null: there was none"),
	{ 0 },
};

static err read_details(struct req *r, struct move *out)
{
	struct db_batch *b = db_batch(r->db);

	db_batch_list(b, &sql_move_console_files, dump_file_fields, sizeof(struct dump_file),
		      &out->files, ARG(out->run->id));
	db_batch_list(b, &sql_move_console_ledger, entry_fields, sizeof(struct entry), &out->ledger,
		      ARG(out->run->id));
	db_batch_list(b, &sql_move_console_tables, landed_fields, sizeof(struct landed),
		      &out->tables);
	db_batch_list(b, &sql_move_console_findings, finding_fields, sizeof(struct finding),
		      &out->findings);
	db_batch_one(b, &sql_move_console_objects, objects_fields, out->objects);
	return db_batch_run(b);
}

static err get_move(struct req *r)
{
	struct verdict verdict = { 0 };
	struct objects objects = { 0 };
	struct move out = { .objects = &objects };
	struct run run = { 0 };
	err e = db_one(r->db, &sql_move_console_run, run_fields, &run);

	if (err_is(e, err_not_found))
		return reply(r, &(struct move){ 0 });
	TRY(e);
	out.run = &run;
	TRY(read_details(r, &out));
	e = db_one(r->db, &sql_move_console_verdict, verdict_fields, &verdict, ARG(run.id));
	if (!e.info)
		out.verdict = &verdict;
	return e.info && !err_is(e, err_not_found) ? e : reply(r, &out);
}

const struct route console_move_routes[] = {
	{ GET, "/console/api/move", get_move, "console: how far the move off Supabase is",
	  .out = move_fields },
	{ 0 },
};
