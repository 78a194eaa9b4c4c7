/* Likes, saves, reactions, views, and the counters that say how many of each a post has. */
#include "app/seed/writer.h"
#include "app/seed/seed.sql.h"

#include <math.h>
#include <stdio.h>

enum {
	LARGE = 20000
}; /* posts; a world of this size has fewer likes a post, and no rows of views */

/* As many of each as there are, relative to likes. */
static const double
	share[ENGAGEMENTS] = { [LIKE] = 1, [SAVE] = 0.2, [REACTION] = 0.35, [VIEW] = 3 };

static const char *const emojis[] = { "❤️", "😂", "👏", "😮", "🔥", "🙏" };
enum { EMOJIS = sizeof(emojis) / sizeof(*emojis) };

static bool is_large(const struct world *w)
{
	return w->nposts >= LARGE;
}

/* Followers see what is public and what is for followers; nobody else is needed here. */
static bool is_seen(const struct world *w, const struct post *p)
{
	return p->visibility <= FOLLOWERS && !p->removed && !p->deleted && !p->comment
		&& w->people[p->author].status == ACTIVE;
}

/* How many at most: exponentially distributed, so that a few posts are very popular. */
static size_t wanted(const struct world *w, struct rand_seq *r, enum engagement kind, size_t max)
{
	double mean = (is_large(w) ? 1.5 : 6) * share[kind];
	double x = -log(1 - (double)rand_below(r, 1 << 24) / (1 << 24)) * mean;

	return x < (double)max ? (size_t)x : max;
}

size_t engaged_with(const struct world *w, int post, enum engagement kind, struct engaged *out,
		    size_t max)
{
	struct rand_seq r = world_rand(w, W_ENGAGEMENT, (int64_t)post * ENGAGEMENTS + kind);
	const struct post *p = &w->posts[post];
	size_t from = w->first_follower[p->author], count = w->first_follower[p->author + 1] - from;
	size_t want = wanted(w, &r, kind, max), start = count ? rand_below(&r, count) : 0, n = 0;

	if (!is_seen(w, p))
		return 0;
	for (size_t i = 0; i < want && i < count; i++) {
		int f = w->follower[from + (start + i) % count];
		double x = (double)rand_below(&r, 1 << 20) / (1 << 20);

		if (w->people[f].status == ACTIVE)
			out[n++] = (struct engaged){
				.person = f,
				.at = p->at + (int64_t)((double)(w->now - p->at) * x * x),
				.emoji = emojis[rand_below(&r, EMOJIS)],
			};
	}
	return n;
}

static void write_kind(struct writer *w, enum engagement kind, const struct stmt *copy,
		       const char *what)
{
	struct engaged e[ENGAGED_MAX];

	load_copy(w->load, copy);
	for (int i = 0; i < w->world->nposts; i++) {
		size_t n = engaged_with(w->world, i, kind, e, ENGAGED_MAX);

		for (size_t k = 0; k < n; k++) {
			load_uuid(w->load, w->world->posts[i].id);
			load_uuid(w->load, w->world->people[e[k].person].id);
			if (kind == REACTION)
				load_text(w->load, str_of(e[k].emoji));
			load_time(w->load, (usec){ e[k].at });
			for (int again = 0; kind == VIEW && again < 2; again++)
				load_time(w->load, (usec){ e[k].at });
			end_row(w, what);
		}
	}
	load_copy_end(w->load);
}

/* {"❤️": 2, …} */
static str reaction_counts(struct arena *a, const struct engaged *e, size_t n)
{
	str text = S("{");

	for (int i = 0; i < EMOJIS; i++) {
		int count = 0;

		for (size_t k = 0; k < n; k++)
			count += e[k].emoji == emojis[i];
		if (count)
			text = arena_printf(a, "%.*s%s\"%s\":%d", (int)text.n, text.p,
					    text.n > 1 ? "," : "", emojis[i], count);
	}
	return arena_printf(a, "%.*s}", (int)text.n, text.p);
}

static void write_metrics(struct writer *w)
{
	struct engaged e[ENGAGED_MAX];

	load_copy(w->load, &sql_copy_post_metrics);
	for (int i = 0; i < w->world->nposts; i++) {
		size_t reactions;

		load_uuid(w->load, w->world->posts[i].id);
		load_int(w->load, (int64_t)engaged_with(w->world, i, LIKE, e, ENGAGED_MAX));
		load_int(w->load, (int64_t)engaged_with(w->world, i, SAVE, e, ENGAGED_MAX));
		load_int(w->load, (int64_t)engaged_with(w->world, i, VIEW, e, ENGAGED_MAX));
		load_int(w->load, w->world->posts[i].answers);
		reactions = engaged_with(w->world, i, REACTION, e, ENGAGED_MAX);
		load_int(w->load, (int64_t)reactions);
		load_text(w->load, reaction_counts(w->row, e, reactions));
		end_row(w, "counters");
	}
	load_copy_end(w->load);
}

void write_engagement(struct writer *w)
{
	write_kind(w, LIKE, &sql_copy_post_likes, "likes");
	write_kind(w, SAVE, &sql_copy_post_saves, "saves");
	write_kind(w, REACTION, &sql_copy_post_reactions, "reactions");
	if (!is_large(w->world))
		write_kind(w, VIEW, &sql_copy_post_views, "views");
	write_metrics(w);
}
