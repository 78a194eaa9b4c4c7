/* What the move has found and done, as text and as JSON; see supabase.h. */
#include "app/supabase/inventory.h"
#include "app/supabase/landing.h"
#include "app/supabase/live.h"
#include "app/supabase/move.sql.h"
#include "app/supabase/report.sql.h"
#include "app/supabase/source.sql.h"
#include "lib/base/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- rows of a statement as records ---- */

struct report {
	struct move *m;
	struct json_writer w; /* of --json */
	str text;	      /* otherwise */
	bool json, ok;
	int64_t differences, decisions;
};

static const char *value(struct report *r, int row, int column)
{
	const char *v = script_value(r->m->db, row, column);

	return v ? v : "";
}

__attribute__((format(printf, 2, 3))) static void say(struct report *r, const char *format, ...)
{
	va_list args;
	str more;

	va_start(args, format);
	more = arena_vprintf(r->m->arena, format, args);
	va_end(args);
	r->text = arena_printf(r->m->arena, "%.*s%.*s", (int)r->text.n, r->text.p, (int)more.n,
			       more.p);
}

static void member(struct report *r, const char *name, const char *v)
{
	json_key(&r->w, str_of(name));
	json_str(&r->w, str_of(v));
}

static void count(struct report *r, const char *name, const char *v)
{
	json_key(&r->w, str_of(name));
	json_int(&r->w, strtoll(v, NULL, 10));
}

/* ---- the parts ---- */

/* name, rows of the source as counted while reading, in the landing zone, taken over, with a finding. */
static bool report_tables(struct report *r)
{
	if (!move_do(r->m, &sql_move_report_counts, NULL)
	    || !move_do(r->m, &sql_move_report_tables, (const char *[]){ r->m->run }))
		return false;
	if (r->json) {
		json_key(&r->w, S("tables"));
		json_array_begin(&r->w);
	} else {
		say(r, "\n%-36s %10s %10s %10s %10s %12s\n", "table", "source", "landed", "moved",
		    "kept back", "differences");
	}
	for (int i = 0; i < script_rows(r->m->db); i++) {
		r->differences += strtoll(value(r, i, 5), NULL, 10);
		if (!r->json) {
			say(r, "%-36s %10s %10s %10s %10s %12s\n", value(r, i, 0), value(r, i, 1),
			    value(r, i, 2), value(r, i, 3), value(r, i, 4), value(r, i, 5));
			continue;
		}
		json_object_begin(&r->w);
		member(r, "name", value(r, i, 0));
		count(r, "source_rows", value(r, i, 1));
		count(r, "target_rows", value(r, i, 2));
		if (script_value(r->m->db, i, 3)) {
			count(r, "moved_rows", value(r, i, 3));
			count(r, "kept_back_rows", value(r, i, 4));
		}
		count(r, "differences", value(r, i, 5));
		json_object_end(&r->w);
	}
	if (r->json)
		json_array_end(&r->w);
	return true;
}

/* A list of records with these columns; how many there were. */
static bool report_list(struct report *r, const struct stmt *s, const char *name,
			const char *const *columns, const char *const *values, int *ret_n)
{
	if (!move_do(r->m, s, values))
		return false;
	*ret_n = script_rows(r->m->db);
	if (r->json) {
		json_key(&r->w, str_of(name));
		json_array_begin(&r->w);
	} else if (*ret_n) {
		say(r, "\n%s\n", name);
	}
	for (int i = 0; i < *ret_n; i++) {
		if (r->json)
			json_object_begin(&r->w);
		else
			say(r, " ");
		for (int c = 0; columns[c]; c++) {
			if (r->json)
				member(r, columns[c], value(r, i, c));
			else
				say(r, " %s", value(r, i, c));
		}
		if (r->json)
			json_object_end(&r->w);
		else
			say(r, "\n");
	}
	if (r->json)
		json_array_end(&r->w);
	return true;
}

static bool report_status(struct report *r)
{
	const char *const *run = (const char *[]){ r->m->run };
	int n;

	return report_list(r, &sql_move_report_ledger, "statements",
			   (const char *[]){ "outcome", "kind", "count", "rows", NULL }, run, &n);
}

/* ---- the inventory ---- */

/* "-- tables", then what there is of them. */
static void begin_section(struct report *r, const char *name)
{
	if (r->json) {
		json_key(&r->w, str_of(name));
		json_array_begin(&r->w);
	} else {
		say(r, "\n%s\n", name);
	}
}

static void say_thing(struct report *r, struct script *from, int row)
{
	const char *question = script_value(from, row, 4);

	say(r, "  %-16s  %s", script_value(from, row, 3), script_value(from, row, 1));
	if (*script_value(from, row, 2))
		say(r, ": %s", script_value(from, row, 2));
	say(r, question ? "\n%20s%s\n" : "\n", "", question);
}

/* Things of one section follow each other. */
static bool report_things(struct report *r, bool on_source)
{
	struct script *from;
	const char *section = "";

	if (!inventory_look(r->m, on_source, &from))
		return false;
	for (int i = 0; i < script_rows(from); i++) {
		const char *this = script_value(from, i, 0);

		if (strcmp(this, section) != 0) {
			if (r->json && *section)
				json_array_end(&r->w);
			begin_section(r, this);
			section = this;
		}
		r->decisions += script_value(from, i, 4) != NULL;
		if (r->json)
			json_raw(&r->w, str_of(script_value(from, i, 5)));
		else
			say_thing(r, from, i);
	}
	if (r->json && *section)
		json_array_end(&r->w);
	return true;
}

/* How many things somebody has to decide. */
static bool report_decisions(struct report *r)
{
	if (r->json) {
		json_key(&r->w, S("decisions"));
		json_int(&r->w, r->decisions);
	} else {
		say(r, "\n%" PRId64 " things need a decision\n", r->decisions);
	}
	return true;
}

static bool report_inventory(struct report *r)
{
	const char *const *run = (const char *[]){ r->m->run };
	int n;

	return report_tables(r) && report_things(r, false)
		&& report_list(r, &sql_move_report_skipped, "left behind",
			       (const char *[]){ "kind", "count", "reason", NULL }, run, &n)
		&& report_list(r, &sql_move_report_findings, "findings",
			       (const char *[]){ "code", "table", "count", "example", "detail",
						 "verdict", NULL },
			       NULL, &n)
		&& report_decisions(r);
}

/* What the database here lacks. */
static bool report_here(struct report *r)
{
	if (!inventory_here(r->m))
		return false;
	begin_section(r, "this server");
	for (int i = 0; i < script_rows(r->m->db); i++) {
		bool good = strcmp(value(r, i, 2), "t") == 0;

		if (!r->json) {
			say(r, "  %-16s  %s: %s\n", good ? "ok" : "NOT", value(r, i, 0),
			    value(r, i, 1));
			continue;
		}
		json_object_begin(&r->w);
		member(r, "object", value(r, i, 0));
		member(r, "detail", value(r, i, 1));
		json_key(&r->w, S("ok"));
		json_bool(&r->w, good);
		json_object_end(&r->w);
	}
	if (r->json)
		json_array_end(&r->w);
	return true;
}

/* A list that the source is asked for. */
static bool report_made(struct report *r)
{
	struct script *here = r->m->db;
	bool good;
	int n;

	r->m->db = r->m->source;
	good = report_list(r, &sql_move_source_made, "made by this move",
			   (const char *[]){ "kind", "object", NULL }, NULL, &n);
	r->m->db = here;
	return good;
}

static bool report_source(struct report *r)
{
	return report_things(r, true) && report_made(r) && report_here(r) && report_decisions(r);
}

static bool report_body(struct report *r, enum move_report which)
{
	static bool (*const parts[])(struct report *) = {
		[MOVE_STATUS] = report_status,
		[MOVE_INVENTORY] = report_inventory,
		[MOVE_SOURCE] = report_source,
	};

	if (r->json) {
		json_init(&r->w, r->m->arena, 4096);
		json_object_begin(&r->w);
		member(r, "phase", r->m->run[0] ? r->m->phase : "none");
	} else {
		say(r, "phase: %s\n", r->m->run[0] ? r->m->phase : "none");
	}
	if (!parts[which](r))
		return false;
	if (r->json) {
		json_key(&r->w, S("ok"));
		json_bool(&r->w, r->ok);
		json_object_end(&r->w);
		r->text = json_text(&r->w);
		say(r, "%.*s\n", 0, "");
	}
	return true;
}

bool move_report(struct arena *a, const struct move_options *o, enum move_report which, bool json,
		 str *out, bool *ret_ok, const char **problem)
{
	struct move m = { .arena = a, .options = o };
	struct report r = { .m = &m, .json = json, .ok = true, .text = S("") };
	bool good = move_open(&m) && move_find_run(&m) && move_do(&m, &sql_move_own_names, NULL);

	if (good && which == MOVE_SOURCE)
		good = live_connect(&m);
	else if (good && !m.run[0])
		good = move_fail(&m, "nothing has been imported yet");
	good = good && report_body(&r, which);
	script_close(m.source);
	script_close(m.db);
	*out = r.text;
	*ret_ok = r.ok;
	if (!good)
		*problem = m.problem;
	return good;
}
