/* Who posted and answered what, when, for whom; see world.h. */
#include "app/seed/world.h"

#include <math.h>
#include <string.h>

/* ---- choosing ---- */

static double unit(struct rand_seq *r)
{
	return (double)rand_below(r, INT64_C(1) << 40) / (double)(INT64_C(1) << 40);
}

/* An author: some write much more than others. Whoever has never been in writes nothing. */
static int pick_author(const struct world *w, struct rand_seq *r)
{
	double x = unit(r);
	int64_t rank = (int64_t)((double)w->npeople * x * x);
	int i = (int)((rank * 104729 + 7) % w->npeople);

	while (w->people[i].status == PENDING)
		i = (i + 1) % w->npeople;
	return i;
}

/* Age of the i-th of n root posts, which are in order of time. A small world has posted much of its
 * posts within a week, so that feeds are full; a large one does so steadily for a year. */
static int64_t age_of(const struct world *w, int i, int n, struct rand_seq *r)
{
	bool small = w->nposts < 20000;
	double x = 1 - ((double)i + unit(r)) / n;

	return (int64_t)((double)(small ? 120 * DAY : 365 * DAY) * pow(x, small ? 2.2 : 1.4))
		+ MINUTE;
}

const char *const category_slugs[CATEGORIES] = {
	"general",  "politics",	    "tech",   "art",	"gratitude", "grief",
	"struggle", "world-events", "health", "nature", "learning",  "humor",
};

static uint8_t category_of(const char *slug)
{
	uint8_t i = 0;

	while (slug && i < CATEGORIES && strcmp(category_slugs[i], slug) != 0)
		i++;
	return slug ? i : CATEGORIES;
}

static bool is_heavy(uint8_t category)
{
	return category == 1 || (category >= 5 && category <= 7);
}

/* The texts of one language lie one after the other; the first is about nothing in particular. */
static void texts_of(enum lang lang, int *ret_first, int *ret_n)
{
	int first = 0, n = 0;

	while (seed_texts[first].lang != lang)
		first++;
	while (first + n < seed_ntexts && seed_texts[first + n].lang == lang)
		n++;
	*ret_first = first;
	*ret_n = n;
}

/* Nobody posts into a category he has not enabled (T-CAT-6): he writes about what he has enabled, or
 * posts outside of any. Heavy subjects stay inside theirs. */
static void pick_text(const struct person *author, struct post *p, struct rand_seq *r)
{
	int first, n;

	texts_of(author->lang, &first, &n);
	for (int tries = 0; tries < 20; tries++) {
		int text = first + (int)rand_below(r, (uint64_t)n);
		uint8_t category = category_of(seed_texts[text].category);
		bool enabled = category < CATEGORIES && (author->categories >> category & 1);

		if (category < CATEGORIES && !enabled && (is_heavy(category) || !one_in(r, 3)))
			continue;
		p->text = text;
		p->category = enabled ? category : CATEGORIES;
		return;
	}
	p->text = first;
	p->category = CATEGORIES;
}

static uint8_t pick_visibility(struct rand_seq *r)
{
	uint64_t x = rand_below(r, 100);

	return x < 86 ? PUBLIC : x < 94 ? FOLLOWERS : x < 97 ? CIRCLE : PRIVATE;
}

/* ---- roots ---- */

static void note_author(const struct world *w, const struct post *p)
{
	struct person *a = &w->people[p->author];

	if (a->joined > p->at - HOUR)
		a->joined = p->at - HOUR;
	if (p->comment)
		return;
	if (p->at > a->last_post)
		a->last_post = p->at;
	a->posts_today += p->at / DAY == w->now / DAY;
	a->posts += p->root == NONE && !p->deleted;
}

static void make_root(const struct world *w, int i)
{
	struct rand_seq r = world_rand(w, W_POST, i);
	struct post *p = &w->posts[i];

	*p = (struct post){ .parent = NONE, .root = NONE, .comment_on = NONE };
	p->id = world_uuid(w, W_POST_ID, i);
	p->author = pick_author(w, &r);
	p->at = w->now - age_of(w, i % w->nroots, w->nroots, &r);
	pick_text(&w->people[p->author], p, &r);
	p->visibility = pick_visibility(&r);
	p->removed = one_in(&r, 150);
	p->deleted = one_in(&r, 120);
	p->expires = one_in(&r, 30);
	p->video = one_in(&r, 14);
	p->image = !p->video && one_in(&r, 5);
	note_author(w, p);
}

/* ---- answers ---- */

static void swap(int *a, int *b)
{
	int c = *a;

	*a = *b;
	*b = c;
}

static bool is_blocked(const struct world *w, int a, int b)
{
	for (int turn = 0; turn < 2; turn++) {
		int low = 0, high = w->nblocks;

		while (low < high) {
			int middle = (low + high) / 2;

			if (w->blocks[2 * middle] < a)
				low = middle + 1;
			else
				high = middle;
		}
		if (low < w->nblocks && w->blocks[2 * low] == a && w->blocks[2 * low + 1] == b)
			return true;
		swap(&a, &b);
	}
	return false;
}

static bool can_be_answered(const struct world *w, const struct post *p)
{
	return !p->removed && !p->deleted && p->visibility <= FOLLOWERS && p->depth < 6
		&& w->people[p->author].status == ACTIVE;
}

/* Mostly root posts, the later ones more often; sometimes an earlier answer. */
static int pick_parent(const struct world *w, int i, struct rand_seq *r)
{
	for (int tries = 0; tries < 40; tries++) {
		double x = unit(r);
		bool answer = i > w->nroots && one_in(r, 4);
		int parent = answer ? w->nroots + (int)rand_below(r, (uint64_t)(i - w->nroots))
				    : (int)((1 - x * x) * (w->nroots - 1));

		if (can_be_answered(w, &w->posts[parent]))
			return parent;
	}
	return NONE;
}

/* A follower of the post's author who may answer and is not blocked by whom he answers; else the
 * author himself. Comments are for mutuals, unless the author has opened them to everybody. */
static int pick_answerer(const struct world *w, const struct post *parent, int author, bool comment,
			 struct rand_seq *r)
{
	size_t from = w->first_follower[author], n = w->first_follower[author + 1] - from;

	for (int tries = 0; n && tries < 12; tries++) {
		int f = w->follower[from + rand_below(r, n)];

		if (w->people[f].status == ACTIVE && !is_blocked(w, f, parent->author)
		    && (!comment || w->people[author].open_comments || follows(w, author, f)))
			return f;
	}
	return author;
}

static void make_answer(const struct world *w, int i)
{
	struct rand_seq r = world_rand(w, W_POST, i);
	struct post *p = &w->posts[i];
	int parent = pick_parent(w, i, &r);
	const struct post *above = &w->posts[parent == NONE ? 0 : parent];
	double x = unit(&r);

	if (parent == NONE) {
		make_root(w, i);
		return;
	}
	*p = (struct post){ .parent = parent, .category = CATEGORIES, .visibility = PUBLIC };
	p->id = world_uuid(w, W_POST_ID, i);
	p->comment = above->comment || rand_below(&r, 3) < 2;
	p->comment_on = !p->comment ? NONE : above->comment ? above->comment_on : parent;
	p->root = above->root == NONE ? parent : above->root;
	p->depth = (uint16_t)(above->depth + 1);
	if (!p->comment)
		p->visibility = above->visibility;
	p->author =
		pick_answerer(w, above, p->comment ? w->posts[p->comment_on].author : above->author,
			      p->comment, &r);
	p->at = above->at + (int64_t)((double)(w->now - above->at) * x * x * x * x);
	p->text = (int32_t)rand_below(&r, (uint64_t)seed_langs[w->people[p->author].lang].nreplies);
	w->posts[parent].answers++;
	note_author(w, p);
}

void world_make_posts(struct world *w)
{
	w->nroots = w->nposts - w->nposts * 9 / 25;
	w->posts = arena_alloc(w->arena, (size_t)w->nposts * sizeof(*w->posts) + 1);
	for (int i = 0; i < w->nroots; i++)
		make_root(w, i);
	for (int i = w->nroots; i < w->nposts; i++)
		make_answer(w, i);
}
