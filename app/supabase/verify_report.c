/* The report of verify as text, JSON and HTML. A signature stands behind everything that it covers, in a form
 * that each format passes over; so one way of checking fits all three. */
#include "app/supabase/verify.h"

#include "lib/base/codec.h"
#include "lib/base/crypt.h"
#include "lib/base/json.h"
#include "lib/web/html.h"

#include <inttypes.h>

enum { SIGNATURE = HEX_LENGTH(SHA256_BYTES) };

/* A text that grows. */
struct page {
	struct arena *arena;
	char *p;
	size_t n, cap;
};

__attribute__((format(printf, 2, 3))) static void say(struct page *g, const char *format, ...)
{
	va_list args;
	str more;

	va_start(args, format);
	more = arena_vprintf(g->arena, format, args);
	va_end(args);
	if (g->n + more.n > g->cap) {
		size_t cap = 2 * (g->n + more.n) + 4096;

		g->p = arena_grow(g->arena, g->p, g->cap, cap);
		g->cap = cap;
	}
	memcpy(g->p + g->n, more.p, more.n);
	g->n += more.n;
}

static const char *number(struct arena *a, int64_t n)
{
	return n < 0 ? "" : arena_printf(a, "%" PRId64, n).p;
}

static const char *verdict(const struct move_verdict *v)
{
	return v->ok ? "nothing differs" : "something differs";
}

static const char *time_of(struct arena *a, usec at)
{
	char text[TIME_TEXT];

	time_format(at, text);
	return arena_cstr(a, (str){ text, TIME_TEXT });
}

/* ---- text ---- */

static void as_text(struct page *g, const struct move_verdict *v)
{
	say(g, "phase: %s\nlooked at: %s\n", v->phase, time_of(g->arena, v->at));
	say(g, "\n%-36s %10s %10s %10s %10s %12s %8s\n", "table", "source", "here", "moved",
	    "kept back", "differences", "moving");
	for (int i = 0; i < v->ntables; i++) {
		const struct verified *t = &v->tables[i];

		say(g, "%-36s %10s %10s %10s %10s %12s %8s\n", t->name, number(g->arena, t->source),
		    number(g->arena, t->target), number(g->arena, t->moved),
		    number(g->arena, t->kept_back), number(g->arena, t->differences),
		    number(g->arena, t->moving));
	}
	if (v->nlisted)
		say(g, "\ndifferences\n");
	for (int i = 0; i < v->nlisted; i++) {
		const struct difference *d = &v->list[i];

		say(g, "  %s %s %s: %s\n", d->table, d->key, d->column, d->detail);
	}
	if (v->unlisted)
		say(g, "  and %" PRId64 " more rows\n", v->unlisted);
	say(g, "\n%s\n", verdict(v));
}

/* ---- JSON ---- */

static void member(struct json_writer *w, str name, const char *v)
{
	json_key(w, name);
	json_str(w, str_of(v));
}

static void count(struct json_writer *w, str name, int64_t n)
{
	if (n < 0)
		return;
	json_key(w, name);
	json_int(w, n);
}

static void table_as_json(struct json_writer *w, const struct verified *t)
{
	json_object_begin(w);
	member(w, S("name"), t->name);
	count(w, S("source_rows"), t->source);
	count(w, S("target_rows"), t->target);
	count(w, S("moved_rows"), t->moved);
	count(w, S("kept_back_rows"), t->kept_back);
	count(w, S("differences"), t->differences);
	count(w, S("moving"), t->moving);
	json_object_end(w);
}

static void as_json(struct page *g, const struct move_verdict *v)
{
	struct json_writer w;
	str text;

	json_init(&w, g->arena, 4096);
	json_object_begin(&w);
	json_key(&w, S("ok"));
	json_bool(&w, v->ok);
	member(&w, S("phase"), v->phase);
	json_key(&w, S("looked_at"));
	json_time(&w, v->at);
	json_key(&w, S("tables"));
	json_array_begin(&w);
	for (int i = 0; i < v->ntables; i++)
		table_as_json(&w, &v->tables[i]);
	json_array_end(&w);
	json_key(&w, S("differences"));
	json_array_begin(&w);
	for (int i = 0; i < v->nlisted; i++) {
		json_object_begin(&w);
		member(&w, S("table"), v->list[i].table);
		member(&w, S("key"), v->list[i].key);
		member(&w, S("column"), v->list[i].column);
		member(&w, S("detail"), v->list[i].detail);
		json_object_end(&w);
	}
	json_array_end(&w);
	count(&w, S("unlisted_differences"), v->unlisted);
	json_object_end(&w);
	text = json_text(&w);
	say(g, "%.*s", (int)text.n - 1, text.p); /* the signature, or end_of, closes it */
}

/* ---- HTML ---- */

static const char html_head[] =
	"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n<title>Leaving Supabase: verify</title>\n"
	"<style>\nbody { font: 16px/1.5 sans-serif; max-width: 72em; margin: 2em auto; padding: 0 1em; color: #1c1c1c }\n"
	"table { border-collapse: collapse; width: 100%; margin: 1em 0 }\n"
	"th, td { text-align: left; padding: .3em .6em; border-bottom: 1px solid #ccc }\n"
	".n { text-align: right; font-variant-numeric: tabular-nums }\n.bad { color: #a40000; font-weight: bold }\n"
	".good { color: #1a5c1a; font-weight: bold }\n</style>\n</head>\n<body>\n";

static void cell(struct page *g, const char *text)
{
	str escaped = html_escape(g->arena, str_of(text));

	say(g, "<td>%.*s</td>", (int)escaped.n, escaped.p);
}

static void number_cell(struct page *g, int64_t n, bool bad)
{
	say(g, "<td class=\"n%s\">%s</td>", bad && n > 0 ? " bad" : "", number(g->arena, n));
}

static void as_html(struct page *g, const struct move_verdict *v)
{
	str phase = html_escape(g->arena, str_of(v->phase));

	say(g, "%s", html_head);
	say(g, "<h1>Leaving Supabase: verify</h1>\n<p class=\"%s\">%s</p>\n",
	    v->ok ? "good" : "bad", verdict(v));
	say(g, "<p>phase %.*s, looked at %s</p>\n<table>\n<thead><tr><th>table</th>", (int)phase.n,
	    phase.p, time_of(g->arena, v->at));
	say(g,
	    "<th class=\"n\">source</th><th class=\"n\">here</th><th class=\"n\">moved</th>"
	    "<th class=\"n\">kept back</th><th class=\"n\">differences</th><th class=\"n\">moving</th>"
	    "</tr></thead>\n<tbody>\n");
	for (int i = 0; i < v->ntables; i++) {
		const struct verified *t = &v->tables[i];

		say(g, "<tr>");
		cell(g, t->name);
		number_cell(g, t->source, false);
		number_cell(g, t->target, false);
		number_cell(g, t->moved, false);
		number_cell(g, t->kept_back, false);
		number_cell(g, t->differences, true);
		number_cell(g, t->moving, true);
		say(g, "</tr>\n");
	}
	say(g,
	    "</tbody>\n</table>\n<h2>Differences: %" PRId64 "</h2>\n<table>\n<thead><tr>"
	    "<th>table</th><th>key</th><th>column</th><th>what</th></tr></thead>\n<tbody>\n",
	    v->nlisted + v->unlisted);
	for (int i = 0; i < v->nlisted; i++) {
		say(g, "<tr>");
		cell(g, v->list[i].table);
		cell(g, v->list[i].key);
		cell(g, v->list[i].column);
		cell(g, v->list[i].detail);
		say(g, "</tr>\n");
	}
	say(g, "</tbody>\n</table>\n</body>\n</html>\n");
}

/* ---- the signature ---- */

/* What stands before the signature's digits and behind them. */
static const struct {
	const char *before, *behind, *unsigned_end;
} ends[] = {
	[MOVE_TEXT] = { "signature: ", "\n", "" },
	[MOVE_JSON] = { ",\"signature\":\"", "\"}\n", "}\n" },
	[MOVE_HTML] = { "<!-- signature: ", " -->\n", "" },
};

static void sign(str secret, str text, char out[static SIGNATURE])
{
	uint8_t key[KEY_BYTES], mac[SHA256_BYTES];

	hkdf_sha256(secret, S("sojorn supabase"), S("report"), key, KEY_BYTES);
	hmac_sha256((str){ (const char *)key, KEY_BYTES }, text, mac);
	secret_wipe(key, sizeof key);
	hex_encode(mac, sizeof mac, out);
}

str move_verify_report(struct arena *a, const struct move_verdict *v, enum move_format format,
		       str secret)
{
	static void (*const writers[])(struct page *, const struct move_verdict *) = {
		[MOVE_TEXT] = as_text,
		[MOVE_JSON] = as_json,
		[MOVE_HTML] = as_html,
	};
	struct page g = { .arena = a };
	char digits[SIGNATURE];

	writers[format](&g, v);
	if (!secret.p) {
		say(&g, "%s", ends[format].unsigned_end);
		return (str){ g.p, g.n };
	}
	sign(secret, (str){ g.p, g.n }, digits);
	say(&g, "%s%.*s%s", ends[format].before, SIGNATURE, digits, ends[format].behind);
	return (str){ g.p, g.n };
}

/* What is signed and the digits behind it, when the report ends as this format does. */
static bool cut(str report, enum move_format format, str *ret_body, str *ret_digits)
{
	str before = str_of(ends[format].before), behind = str_of(ends[format].behind);
	size_t tail = before.n + SIGNATURE + behind.n;

	if (report.n < tail || !str_ends(report, behind))
		return false;
	*ret_body = str_slice(report, 0, report.n - tail);
	*ret_digits = str_slice(report, report.n - SIGNATURE - behind.n, report.n - behind.n);
	return str_starts(str_slice(report, ret_body->n, report.n), before);
}

bool move_report_check(struct arena *a, const char *file, str secret, bool *ret_ours,
		       const char **problem)
{
	char digits[SIGNATURE];
	str report, body, claimed;

	*ret_ours = false;
	if (!dump_map(a, file, &report, problem))
		return false;
	for (enum move_format f = MOVE_TEXT; f <= MOVE_HTML && !*ret_ours; f++) {
		if (!cut(report, f, &body, &claimed))
			continue;
		sign(secret, body, digits);
		*ret_ours = str_eq_secret((str){ digits, SIGNATURE }, claimed);
	}
	return true;
}
