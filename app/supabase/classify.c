/* See classify.h. What fails or bites on a plain PostgreSQL, and why, is known from restoring real dumps. */
#include "app/supabase/classify.h"

static const char no_roles[] = "roles, owners and privileges of the platform are not needed here";
static const char no_policies[] = "the server's own access rules take its place";
static const char no_triggers[] = "loading must not fire it; the server does what it did";
static const char no_platform[] = "belongs to the platform, not to the app";
static const char no_publication[] = "the old project's streams end with it";
static const char no_objects[] = "large objects are not taken over";
static const char no_session[] = "the session's settings are the importer's own";

/* A rule for statements that begin with these words. */
struct rule {
	const char *words;
	enum action action;
	const char *kind, *reason;
};

/* The first that fits counts. Names follow the words, behind IF NOT EXISTS and ONLY. */
static const struct rule rules[] = {
	{ "set standard_conforming_strings = off", ACT_STOP, "setting",
	  "strings with backslashes in an old style are not understood" },
	{ "set", ACT_SKIP, "setting", no_session },
	{ "reset", ACT_SKIP, "setting", no_session },
	{ "select pg_catalog . set_config", ACT_SKIP, "setting", no_session },
	{ "begin", ACT_SKIP, "setting", no_session },
	{ "start transaction", ACT_SKIP, "setting", no_session },
	{ "commit", ACT_SKIP, "setting", no_session },

	{ "grant", ACT_SKIP, "privilege", no_roles },
	{ "revoke", ACT_SKIP, "privilege", no_roles },
	{ "alter default privileges", ACT_SKIP, "privilege", no_roles },
	{ "create role", ACT_SKIP, "role", no_roles },
	{ "alter role", ACT_SKIP, "role", no_roles },
	{ "create user", ACT_SKIP, "role", no_roles },
	{ "security label", ACT_SKIP, "privilege", no_roles },

	{ "create policy", ACT_SKIP, "policy", no_policies },
	{ "alter policy", ACT_SKIP, "policy", no_policies },
	{ "create publication", ACT_SKIP, "publication", no_publication },
	{ "alter publication", ACT_SKIP, "publication", no_publication },
	{ "create subscription", ACT_SKIP, "publication", no_publication },
	{ "alter subscription", ACT_SKIP, "publication", no_publication },
	{ "create event trigger", ACT_SKIP, "event trigger", no_platform },
	{ "alter event trigger", ACT_SKIP, "event trigger", no_platform },
	{ "create trigger", ACT_SKIP, "trigger", no_triggers },
	{ "create or replace trigger", ACT_SKIP, "trigger", no_triggers },
	{ "create constraint trigger", ACT_SKIP, "trigger", no_triggers },
	{ "create server", ACT_SKIP, "foreign server", no_platform },
	{ "alter server", ACT_SKIP, "foreign server", no_platform },
	{ "create foreign", ACT_SKIP, "foreign table", "its rows are elsewhere" },
	{ "drop", ACT_SKIP, "drop", "nothing is dropped here" },

	{ "create extension", ACT_EXTENSION, "extension", 0 },
	{ "comment on extension", ACT_SKIP, "comment", no_roles },
	{ "create schema", ACT_SCHEMA, "schema", 0 },

	{ "create table", ACT_RUN, "table", 0 },
	{ "create unlogged table", ACT_RUN, "table", 0 },
	{ "alter table", ACT_RUN, "table", 0 },
	{ "create sequence", ACT_RUN, "sequence", 0 },
	{ "alter sequence", ACT_RUN, "sequence", 0 },
	{ "select pg_catalog . lo_create", ACT_SKIP, "large object", no_objects },
	{ "select pg_catalog . lo_open", ACT_SKIP, "large object", no_objects },
	{ "select pg_catalog . lowrite", ACT_SKIP, "large object", no_objects },
	{ "select pg_catalog . lo_close", ACT_SKIP, "large object", no_objects },
	{ "select pg_catalog . setval", ACT_TRY, "sequence", 0 },
	{ "create type", ACT_RUN, "type", 0 },
	{ "alter type", ACT_RUN, "type", 0 },
	{ "create domain", ACT_RUN, "type", 0 },
	{ "create collation", ACT_TRY, "type", 0 },

	{ "create function", ACT_TRY, "function", 0 },
	{ "create or replace function", ACT_TRY, "function", 0 },
	{ "create procedure", ACT_TRY, "function", 0 },
	{ "create or replace procedure", ACT_TRY, "function", 0 },
	{ "create aggregate", ACT_TRY, "function", 0 },
	{ "create operator", ACT_TRY, "function", 0 },
	{ "create cast", ACT_TRY, "function", 0 },
	{ "create text", ACT_TRY, "function", 0 },
	{ "alter function", ACT_TRY, "function", 0 },
	{ "create view", ACT_TRY, "view", 0 },
	{ "create or replace view", ACT_TRY, "view", 0 },
	{ "create materialized view", ACT_TRY, "view", 0 },
	{ "alter view", ACT_TRY, "view", 0 },
	{ "refresh materialized view", ACT_TRY, "view", 0 },
	{ "create rule", ACT_SKIP, "rule", no_triggers },
	{ "create index", ACT_TRY, "index", 0 },
	{ "create unique index", ACT_TRY, "index", 0 },
	{ "alter index", ACT_TRY, "index", 0 },
	{ "create statistics", ACT_TRY, "index", 0 },
	{ "comment on", ACT_TRY, "comment", 0 },

	{ "copy", ACT_COPY, "rows", 0 },
	{ "insert into", ACT_INSERT, "rows", 0 },
	{ 0 },
};

/* Whose objects stay behind: an own server has no use for them. */
static bool is_platform_schema(str s)
{
	static const char *const names[] = {
		"realtime",
		"_realtime",
		"graphql",
		"graphql_public",
		"vault",
		"pgsodium",
		"pgsodium_masks",
		"pgbouncer",
		"supabase_functions",
		"supabase_migrations",
		"net",
		"cron",
		"etl",
		"_analytics",
		"_supavisor",
		"pgtle",
		"extensions",
		"topology",
		"tiger",
		"tiger_data",
		"pgmq",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_eq(s, str_of(names[i])))
			return true;
	return false;
}

static bool is_ours(str s)
{
	return str_eq(s, S("sojorn")) || str_eq(s, S("supabase_move")) || str_starts(s, S("pg_"))
		|| str_eq(s, S("information_schema"));
}

/* How many words of the rule the statement begins with, when it is all of them; else 0. */
static int fits(const struct words *w, const char *rule)
{
	str rest = str_of(rule);
	int n = 0;

	while (rest.p) {
		str word = str_cut(&rest, ' ');

		if (n >= w->n || !str_eq(w->w[n], word))
			return 0;
		n++;
	}
	return n;
}

static bool has(const struct words *w, const char *words)
{
	struct words rest = *w;

	for (; rest.n > 0; rest.n--) {
		if (fits(&rest, words))
			return true;
		memmove(rest.w, rest.w + 1, (size_t)(rest.n - 1) * sizeof(*rest.w));
	}
	return false;
}

static str word(const struct words *w, int i)
{
	return i < w->n ? w->w[i] : (str){ 0 };
}

/* "schema"."name" from the i-th word on, past what may stand before it. */
static void take_name(const struct words *w, int i, struct verdict *v)
{
	static const char *const before[] = { "concurrently", "if not exists", "if exists",
					      "only" };

	for (size_t k = 0; k < sizeof(before) / sizeof(*before); k++) {
		struct words rest = *w;

		if (i >= w->n)
			return;
		memmove(rest.w, rest.w + i, (size_t)(w->n - i) * sizeof(*rest.w));
		rest.n -= i;
		i += fits(&rest, before[k]);
	}
	if (i >= w->n)
		return;
	v->schema = S("public");
	v->name = word(w, i);
	if (str_eq(word(w, i + 1), S(".")) && i + 2 < w->n) {
		v->schema = word(w, i);
		v->name = word(w, i + 2);
		i += 2;
	}
	v->name_end = w->end[i];
}

/* An index and a comment are named after what they are on. */
static void take_subject(const struct words *w, int from, struct verdict *v)
{
	int i = from;

	if (strcmp(v->kind, "index") == 0 || strcmp(v->kind, "policy") == 0
	    || strcmp(v->kind, "trigger") == 0) {
		while (i < w->n && !str_eq(w->w[i], S("on")))
			i++;
		take_name(w, i < w->n ? i + 1 : from, v);
		if (i < w->n && strcmp(v->kind, "index") != 0)
			v->name = word(w, from);
		return;
	}
	take_name(w, from, v);
}

/* setval('public.posts_id_seq', …): the schema is in a string. */
static void take_sequence(struct arena *a, const struct words *w, struct verdict *v)
{
	str text = word(w, 5), schema;

	if (text.n < 2)
		return;
	text = str_slice(text, 1, text.n - 1);
	v->name = text;
	schema = str_cut(&text, '.');
	v->schema = dump_name(a, schema);
	v->name = text.p ? dump_name(a, text) : schema;
}

static struct verdict skip(struct verdict v, const char *kind, const char *reason)
{
	v.action = ACT_SKIP;
	v.kind = kind ? kind : v.kind;
	v.reason = reason;
	return v;
}

static bool contains(str text, const char *what)
{
	return str_find(text, str_of(what)) >= 0;
}

static struct verdict judge_table_change(struct verdict v, const struct words *w, str text)
{
	if (has(w, "row level security"))
		return skip(v, "row security", no_policies);
	if (has(w, "enable trigger") || has(w, "disable trigger") || has(w, "enable always trigger")
	    || has(w, "enable replica trigger"))
		return skip(v, "trigger", no_triggers);
	if (has(w, "replica identity") || has(w, "cluster on"))
		return skip(v, "table", "of no use here");
	if (has(w, "add constraint")) {
		v.action = ACT_TRY;
		v.kind = contains(text, "FOREIGN KEY") ? "reference" : "constraint";
	}
	return v;
}

static struct verdict judge(struct verdict v, const struct words *w, str text)
{
	bool alters = str_eq(word(w, 0), S("alter"));

	if (v.action == ACT_SKIP) {
		if (strcmp(v.kind, "trigger") == 0 && contains(text, "http_request"))
			v.kind = "webhook";
		return v;
	}
	if (strcmp(v.kind, "comment") == 0)
		return v;
	if (v.schema.p && is_platform_schema(v.action == ACT_SCHEMA ? v.name : v.schema)
	    && v.action != ACT_EXTENSION)
		return skip(v, NULL, no_platform);
	if (is_ours(v.action == ACT_SCHEMA ? v.name : v.schema)) {
		v.action = ACT_STOP;
		v.reason = "a schema of that name is this server's own";
		return v;
	}
	if (alters && strcmp(v.kind, "table") == 0)
		return judge_table_change(v, w, text);
	return v;
}

struct verdict classify(struct arena *a, const struct piece *p)
{
	struct verdict v = { .action = ACT_STOP,
			     .kind = "unknown",
			     .reason = "no such statement is expected in a dump" };
	struct words w;

	if (p->kind == PIECE_META)
		return skip(v, "meta", "a command of psql");
	w = dump_words(a, p->text);
	if (str_eq(word(&w, 0), S("alter")) && contains(p->text, " OWNER TO "))
		return skip(v, "owner", no_roles);
	for (const struct rule *r = rules; r->words; r++) {
		int n = fits(&w, r->words);

		if (!n)
			continue;
		v = (struct verdict){ .action = r->action, .kind = r->kind, .reason = r->reason };
		if (contains(str_of(r->words), "setval"))
			take_sequence(a, &w, &v);
		else if (r->action != ACT_SKIP || strcmp(r->kind, "policy") == 0
			 || strcmp(r->kind, "trigger") == 0)
			take_subject(&w, n, &v);
		break;
	}
	if (v.action == ACT_STOP || !v.kind)
		return v;
	if (v.action == ACT_COPY && !p->data.p) {
		v.action = ACT_STOP;
		v.reason = "a COPY that brings no rows with it";
		return v;
	}
	return judge(v, &w, p->text);
}
