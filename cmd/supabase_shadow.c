/* sojorn supabase shadow: what people have read from the project, asked of both sides and compared. */
#include "cmd/command.h"
#include "cmd/options.h"
#include "cmd/supabase.h"
#include "lib/base/json.h"

#include <stdio.h>
#include <string.h>

enum { READS_MOST = 100000 };

struct shadowing {
	struct move_options move;
	struct move_shadow shadow;
	const char *most;
	bool json;
	struct json_writer w; /* the list, while it grows */
};

static const char *const outcomes[] = { "same", "different", "only there", "failed" };

struct shown {
	str path, outcome, detail;
};
static const struct field shown_fields[] = {
	FIELD(struct shown, path),
	FIELD(struct shown, outcome),
	FIELD(struct shown, detail),
	{ 0 },
};

static void tell(void *arg, const struct shadow_read *r)
{
	struct shadowing *q = arg;

	if (r->outcome == SHADOW_SAME)
		return;
	if (q->json)
		json_record(&q->w, shown_fields,
			    &(struct shown){ str_of(r->path), str_of(outcomes[r->outcome]),
					     str_of(r->detail) });
	else
		printf("%-10s  %s  %s\n", outcomes[r->outcome], r->path, r->detail);
}

/* ---- the command line ---- */

static const char **value_of(struct shadowing *q, const char *option)
{
	const struct {
		const char *name, **value;
	} all[] = {
		{ "--requests", &q->shadow.file },
		{ "--here", &q->shadow.here },
		{ "--there", &q->shadow.there },
		{ "--ignore", &q->shadow.ignored },
		{ "--most", &q->most },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (strcmp(option, all[i].name) == 0)
			return all[i].value;
	return NULL;
}

static const char *parse(struct shadowing *q, int argc, char **argv)
{
	int64_t most = READS_MOST;

	for (int i = 1; i < argc; i++) {
		const char **value = value_of(q, argv[i]);

		if (value && i + 1 == argc)
			return "an option without its value";
		if (value)
			*value = argv[++i];
		else if (strcmp(argv[i], "--json") == 0)
			q->json = true;
		else
			return "an argument that it does not know";
	}
	if (q->most && (!str_to_i64(str_of(q->most), &most) || most < 1 || most > READS_MOST))
		return "--most is a number of reads";
	q->shadow.most = (int)most;
	return q->shadow.here ? NULL : "--here is the address of a server of this side";
}

/* The gateway's own settings are what is not said. */
static const char *take_settings(struct shadowing *q, const struct config *c)
{
	q->move.url = config_cstr(c, "DATABASE_URL");
	q->move.jwt_secret = config_str(c, "JWT_SECRET");
	q->move.anon_key = config_str(c, "SUPABASE_ANON_KEY");
	if (!q->shadow.file)
		q->shadow.file = config_cstr(c, "SUPABASE_RECORD");
	if (!q->shadow.there)
		q->shadow.there = config_cstr(c, "SUPABASE_UPSTREAM");
	if (!q->move.url)
		return "DATABASE_URL is not set";
	if (!q->move.jwt_secret.p || !q->move.anon_key.p)
		return "JWT_SECRET and SUPABASE_ANON_KEY are the project's; one of them is not set";
	return !q->shadow.file ? "neither --requests nor SUPABASE_RECORD names the record"
		: !q->shadow.there
		? "neither --there nor SUPABASE_UPSTREAM says where the project is"
		: NULL;
}

/* ---- the outcome ---- */

static void print_sums(struct shadowing *q, const struct shadow_sums *s, bool ok)
{
	static const char *const members[] = { "same", "different", "only_there", "failed" };
	int all = 0;

	for (int i = 0; i <= SHADOW_FAILED; i++)
		all += s->n[i];
	if (!q->json) {
		printf("%d reads: %d the same, %d different, %d answered only there, %d failed\n",
		       all, s->n[SHADOW_SAME], s->n[SHADOW_DIFFERENT], s->n[SHADOW_ONLY_THERE],
		       s->n[SHADOW_FAILED]);
		return;
	}
	json_array_end(&q->w);
	json_key(&q->w, S("ok"));
	json_bool(&q->w, ok);
	for (int i = 0; i <= SHADOW_FAILED; i++) {
		json_key(&q->w, str_of(members[i]));
		json_int(&q->w, s->n[i]);
	}
	json_object_end(&q->w);
	printf("%.*s\n", (int)json_text(&q->w).n, json_text(&q->w).p);
}

static int shadow(struct arena *a, struct shadowing *q)
{
	struct shadow_sums sums;
	const char *problem;
	bool ok;

	q->shadow.tell = tell;
	q->shadow.arg = q;
	json_init(&q->w, a, 4096);
	json_object_begin(&q->w);
	json_key(&q->w, S("reads"));
	json_array_begin(&q->w);
	if (!move_shadow(a, &q->move, &q->shadow, &sums, &problem)) {
		fprintf(stderr, "sojorn supabase shadow: %s\n", problem);
		return FAILED;
	}
	ok = sums.n[SHADOW_SAME] > 0 && !sums.n[SHADOW_DIFFERENT] && !sums.n[SHADOW_ONLY_THERE]
		&& !sums.n[SHADOW_FAILED];
	print_sums(q, &sums, ok);
	return ok ? DONE : FAILED;
}

int supabase_shadow(int argc, char **argv)
{
	struct shadowing q = { 0 };
	const char *problem = parse(&q, argc, argv);
	struct config *c;
	struct arena *a;
	int code = FAILED;

	if (problem)
		return command_usage(&cmd_supabase, problem);
	c = options_load();
	if (!c)
		return FAILED;
	a = arena_new();
	problem = take_settings(&q, c);
	if (problem)
		fprintf(stderr, "sojorn supabase shadow: %s\n", problem);
	else
		code = shadow(a, &q);
	arena_free(a);
	config_free(c);
	return code;
}
