/* See seed.h: makes the world, then writes it table by table. */
#include "app/seed/writer.h"
#include "app/seed/seed.sql.h"
#include "app/feed/feed.h"
#include "lib/base/password.h"

#include <string.h>

enum { CONNECT_SECONDS = 10, LARGE_ROWS = 50000, NOTIFIED_POSTS = 20000, TELL_EVERY = 1 << 14 };

void end_row(struct writer *w, const char *what)
{
	load_end_row(w->load);
	count_row(w, what);
}

void count_row(struct writer *w, const char *what)
{
	arena_reset(w->row);
	if (w->options->progress && (++w->done & (TELL_EVERY - 1)) == 0)
		w->options->progress(w->options->progress_arg, what, w->done, w->total);
}

static void tell(struct writer *w, const char *what)
{
	if (w->options->progress)
		w->options->progress(w->options->progress_arg, what, w->done, w->total);
}

/* About how many rows there will be. */
static int64_t total_rows(const struct world *w)
{
	return 9 * (int64_t)w->npeople + (int64_t)w->first[w->npeople]
		+ (int64_t)((w->nposts < NOTIFIED_POSTS ? 22 : 4.2) * w->nposts)
		+ w->nbeacons * 9 / 5;
}

static bool is_large(const struct seed_options *o)
{
	return o->users + o->posts + o->beacons > LARGE_ROWS;
}

static void read_categories(struct writer *w)
{
	for (int i = 0; i < CATEGORIES; i++) {
		const char *slug[] = { category_slugs[i] };

		if (!uuid_parse(str_of(load_value(w->load, &sql_seed_category, slug)),
				&w->categories[i]))
			w->categories[i] = (uuid){ 0 };
	}
}

/* As the server does it every quarter of an hour; feeds need not wait for that. */
static void score_feed(struct writer *w)
{
	char since[TIME_TEXT + 1] = "";
	const char *values[] = { since };

	time_format((usec){ w->world->now - 7 * DAY }, since);
	load_run(w->load, &sql_feed_scores_put, values);
}

static void write_all(struct writer *w)
{
	bool large = is_large(w->options);

	load_run(w->load, &sql_seed_trust_us, NULL);
	load_run(w->load, &sql_seed_memory, NULL);
	if (large)
		load_run(w->load, &sql_seed_drop_indexes, NULL);
	read_categories(w);
	write_people(w);
	write_graph(w);
	write_posts(w);
	write_engagement(w);
	if (w->world->nposts < NOTIFIED_POSTS)
		write_notifications(w);
	w->world->nbeacons = write_beacons(w);
	tell(w, "search words");
	load_run(w->load, &sql_seed_lexicon, NULL);
	tell(w, "indexes");
	if (large)
		load_run(w->load, &sql_seed_create_indexes, NULL);
	tell(w, "commit");
	load_run(w->load, &sql_seed_commit, NULL);
	tell(w, "statistics");
	load_run(w->load, large ? &sql_seed_vacuum : &sql_seed_analyze, NULL);
	tell(w, "feed");
	score_feed(w);
}

/* Handles must not meet those of another seed. */
static const char *suffix_of(struct arena *a, const struct seed_options *o)
{
	return o->add ? arena_printf(a, "_%llx", (unsigned long long)o->seed).p : "";
}

static void describe(struct arena *a, const struct world *w, struct seed_result *out)
{
	*out = (struct seed_result){ w->npeople, w->nposts, w->nbeacons, { { 0 } } };
	for (int i = 0; i < 3; i++) {
		struct seed_login *l = &out->login[i];
		char id[UUID_TEXT + 1] = "";

		uuid_format(w->people[w->login[i]].id, id);
		l->id = arena_cstr(a, str_of(id));
		l->handle = person_handle(w, a, w->login[i]).p;
		l->email = arena_printf(a, "%s@example.com", l->handle).p;
	}
}

/* Takes the lock and looks whether there is room; NULL, or why not. */
static const char *refusal(struct load *l, const struct seed_options *o)
{
	const char *empty;

	load_run(l, &sql_seed_begin, NULL);
	load_run(l, &sql_seed_lock, NULL);
	if (strcmp(load_value(l, &sql_seed_has_schema, NULL), "f") == 0)
		return "the database has no tables yet; `sojorn migrate up` makes them";
	empty = load_value(l, &sql_seed_is_empty, NULL);
	if (load_problem(l))
		return load_problem(l);
	if (!o->add && strcmp(empty, "t") != 0)
		return "the database has accounts in it; --add adds to them";
	return NULL;
}

static void write_world(struct arena *a, struct load *l, const struct seed_options *o,
			struct seed_result *out)
{
	const struct world sizes = {
		.seed = o->seed,
		.suffix = suffix_of(a, o),
		.npeople = (int)o->users,
		.nposts = (int)o->posts,
		.nbeacons = o->beacons,
	};
	char hash[PASSWORD_HASH_SIZE];
	struct arena *memory = arena_new();
	struct writer w = { .load = l, .row = arena_new(), .options = o, .password_hash = hash };
	err e = password_hash(S(SEED_PASSWORD), hash);

	w.world = world_new(memory, &sizes);
	w.total = total_rows(w.world);
	if (!e.info)
		write_all(&w);
	describe(a, w.world, out);
	arena_free(w.row);
	arena_free(memory);
}

bool seed_database(struct arena *a, const struct seed_options *o, struct seed_result *out,
		   const char **problem)
{
	struct load *l = load_open(o->url, CONNECT_SECONDS);
	const char *why = refusal(l, o);

	if (!why) {
		write_world(a, l, o, out);
		why = load_problem(l);
	}
	if (why)
		*problem = arena_cstr(a, str_of(why));
	load_close(l);
	return !why;
}
