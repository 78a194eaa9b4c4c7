#include "app/feed/feed_rank.h"

#include "lib/base/rand.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW	       10 /* posts that follow each other, for author_max */
#define TOP_CATEGORIES 3

struct item {
	const struct candidate *c;
	double score; /* cooled */
	bool taken;
};

/* Not shown: 1. Shown just now: the multiplier; half of what was lost is back after a half-life. */
static double cooling(const struct feed_weights *w, const struct candidate *c, usec now)
{
	if (!c->shown_at.us)
		return 1;
	double hours = (double)(now.us - c->shown_at.us) / (double)HOUR;
	return 1 - (1 - w->cooling_multiplier) * exp2(-hours / w->cooling_half_life_hours);
}

/* Best first; of equals the one never shown, then by id, so that the order is total. */
static int by_score(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	if (!x->c->shown_at.us != !y->c->shown_at.us)
		return x->c->shown_at.us ? 1 : -1;
	return uuid_compare(x->c->id, y->c->id);
}

static void cool(const struct feed_weights *w, const struct candidate *c, size_t n, usec now,
		 struct item *items)
{
	for (size_t i = 0; i < n; i++) {
		double score = c[i].score + (c[i].followed ? w->network_weight : 0);

		items[i] = (struct item){ &c[i], score * cooling(w, &c[i], now), false };
	}
	qsort(items, n, sizeof(*items), by_score);
}

/* The categories most often met among the first n, at most three; nil counts as one of them. */
static size_t top_categories(const struct item *items, size_t n, uuid out[static TOP_CATEGORIES])
{
	struct {
		uuid id;
		size_t times;
	} seen[64];
	size_t kinds = 0, found = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		while (k < kinds && !uuid_eq(seen[k].id, items[i].c->category_id))
			k++;
		if (k == kinds && kinds < 64)
			seen[kinds++].id = items[i].c->category_id, seen[k].times = 0;
		if (k < kinds)
			seen[k].times++;
	}
	for (; found < TOP_CATEGORIES && found < kinds; found++) {
		size_t most = 0;

		for (size_t k = 1; k < kinds; k++)
			if (seen[k].times > seen[most].times)
				most = k;
		out[found] = seen[most].id;
		seen[most].times = 0;
	}
	return found;
}

static bool among(uuid id, const uuid *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (uuid_eq(list[i], id))
			return true;
	return false;
}

struct mix {
	struct item *items;
	size_t n;
	const struct item **order; /* preference */
	size_t placed;
	struct rand_seq seq;
	uuid top[TOP_CATEGORIES];
	size_t ntop;
};

static void take(struct mix *m, struct item *it)
{
	it->taken = true;
	m->order[m->placed++] = it;
}

static void take_best(struct mix *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (!m->items[i].taken) {
			take(m, &m->items[i]);
			return;
		}
}

/* One drawn from those not yet taken that are of another category (or by somebody not followed). */
static void take_drawn(struct mix *m, bool other_category)
{
	struct item *drawn = NULL;
	uint64_t fit = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct item *it = &m->items[i];
		bool fits = other_category ? !among(it->c->category_id, m->top, m->ntop)
					   : !it->c->followed;

		if (!it->taken && fits && rand_below(&m->seq, ++fit) == 0)
			drawn = it;
	}
	if (drawn)
		take(m, drawn);
	else
		take_best(m);
}

/* The first page takes turns by the shares: after each draw the share furthest behind is next. */
static void mix_first_page(struct mix *m, const struct feed_weights *w, size_t page)
{
	double share[3] = { w->personal_pct, w->category_pct, w->discovery_pct }, due[3] = { 0 };

	for (size_t i = 0; i < page && m->placed < m->n; i++) {
		int next = 0;

		for (int k = 0; k < 3; k++)
			due[k] += share[k];
		for (int k = 1; k < 3; k++)
			if (due[k] > due[next])
				next = k;
		due[next] -= share[0] + share[1] + share[2];
		if (next == 0)
			take_best(m);
		else
			take_drawn(m, next == 1);
	}
}

static size_t recent_by(const struct item *const *placed, size_t n, uuid author)
{
	size_t count = 0;

	for (size_t i = n > WINDOW - 1 ? n - (WINDOW - 1) : 0; i < n; i++)
		count += uuid_eq(placed[i]->c->author_id, author);
	return count;
}

/* Places the preferred order so that no author has more than author_max of ten neighbours, as long as
 * there is somebody else. */
static void spread_authors(const struct item **order, size_t n, double author_max,
			   const struct item **out)
{
	for (size_t placed = 0; placed < n; placed++) {
		size_t pick = 0;

		while (pick < n - placed
		       && (double)recent_by(out, placed, order[pick]->c->author_id) >= author_max)
			pick++;
		if (pick == n - placed)
			pick = 0;
		out[placed] = order[pick];
		memmove(&order[pick], &order[pick + 1], (n - placed - pick - 1) * sizeof(*order));
	}
}

void feed_rank(struct arena *a, const struct feed_weights *w, const struct candidate *c, size_t n,
	       size_t page, uint64_t seed, usec now, uuid *out)
{
	struct mix m = { .items = arena_alloc(a, n * sizeof(struct item) + 1),
			 .n = n,
			 .seq = { seed } };
	const struct item **spread = arena_alloc(a, n * sizeof(struct item *) + 1);

	cool(w, c, n, now, m.items);
	m.order = arena_alloc(a, n * sizeof(struct item *) + 1);
	m.ntop = top_categories(m.items, page < n ? page : n, m.top);
	mix_first_page(&m, w, page);
	while (m.placed < n)
		take_best(&m);
	spread_authors(m.order, n, w->author_max, spread);
	for (size_t i = 0; i < n; i++)
		out[i] = spread[i]->c->id;
}
