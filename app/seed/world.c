/* People and how they are connected; see world.h. */
#include "app/seed/world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const int64_t longest_membership = 400 * DAY;

/* ---- chance ---- */

struct rand_seq world_rand(const struct world *w, enum what what, int64_t which)
{
	struct rand_seq r = { w->seed * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)what };

	r.state = rand_next(&r) ^ ((uint64_t)which * UINT64_C(0xd1342543de82ef95));
	rand_next(&r);
	return r;
}

/* Shaped like a random one (version 4), as the server makes them. */
uuid world_uuid(const struct world *w, enum what what, int64_t which)
{
	struct rand_seq r = world_rand(w, what, which);
	uint64_t halves[] = { rand_next(&r), rand_next(&r) };
	uuid id;

	memcpy(id.b, halves, sizeof(id.b));
	id.b[6] = (uint8_t)((id.b[6] & 0x0f) | 0x40);
	id.b[8] = (uint8_t)((id.b[8] & 0x3f) | 0x80);
	return id;
}

/* ---- people ---- */

static int by_id(const void *a, const void *b)
{
	return uuid_compare(((const struct person *)a)->id, ((const struct person *)b)->id);
}

static enum lang pick_lang(struct rand_seq *r)
{
	int left = (int)rand_below(r, 100), lang = EN;

	while (lang < LANGS - 1 && left >= seed_langs[lang].share)
		left -= seed_langs[lang++].share;
	return (enum lang)lang;
}

/* General, and three of the others. */
static uint32_t pick_categories(struct rand_seq *r)
{
	uint32_t set = 1;

	for (int i = 0; i < 3; i++)
		set |= 1u << (1 + rand_below(r, CATEGORIES - 1));
	return set;
}

/* Nearly everybody is active; the other states are there to be seen. */
static enum status pick_status(int i)
{
	static const enum status rare[] = { PENDING, DEACTIVATED, SUSPENDED, PENDING_DELETION };

	return i % 72 >= 68 ? rare[i % 72 - 68] : ACTIVE;
}

static void make_person(const struct world *w, int i)
{
	struct rand_seq r = world_rand(w, W_PERSON, i);
	struct person *p = &w->people[i];

	p->joined = w->now - 2 * DAY
		- (int64_t)rand_below(&r, (uint64_t)(longest_membership - 2 * DAY));
	p->lang = pick_lang(&r);
	p->status = pick_status(i);
	p->is_private = p->status == ACTIVE && one_in(&r, 9);
	p->is_official = i % 72 == 40;
	p->is_private = p->is_private && !p->is_official;
	p->open_comments = one_in(&r, 5);
	p->categories = pick_categories(&r);
	p->harmony = 20 + (int32_t)rand_below(&r, 70);
}

/* One of each kind, active and writing English; small worlds take whom there is. */
static void choose_logins(struct world *w)
{
	int n = 0;

	for (int i = 0; i < w->npeople && n < 3; i++)
		if (w->people[i].status == ACTIVE && w->people[i].lang == EN
		    && !w->people[i].is_official)
			w->login[n++] = i;
	for (int i = 0; i < w->npeople && n < 3; i++)
		if (w->people[i].status == ACTIVE && (n < 1 || i != w->login[0])
		    && (n < 2 || i != w->login[1]))
			w->login[n++] = i;
	w->people[w->login[0]].is_private = false;
	w->people[w->login[0]].harmony = 72;
	w->people[w->login[1]].is_private = true;
	w->people[w->login[2]].is_private = false;
	w->people[w->login[2]].is_moderator = true;
	w->people[w->login[2]].harmony = 90;
}

static void make_people(struct world *w)
{
	w->people = arena_zalloc(w->arena, (size_t)w->npeople * sizeof(*w->people));
	for (int i = 0; i < w->npeople; i++)
		w->people[i].id = world_uuid(w, W_PERSON_ID, i);
	qsort(w->people, (size_t)w->npeople, sizeof(*w->people), by_id);
	for (int i = 0; i < w->npeople; i++)
		make_person(w, i);
	choose_logins(w);
}

/* ---- follows ---- */

/* Twelve on average among 72 people, fifty from 300 on. */
static int average_follows(const struct world *w)
{
	int n = w->npeople / 6;

	return n > 50 ? 50 : n < 1 ? 1 : n;
}

/* Neighbours on a ring are friends of sorts: what is between two of them is the pair's, so that many
 * follow each other. 0 nothing, 1 both, 2 the lower one only, 3 the higher one only. */
static int between(const struct world *w, int a, int b)
{
	struct rand_seq r =
		world_rand(w, W_PAIR, (int64_t)(a < b ? a : b) * w->npeople + (a < b ? b : a));
	uint64_t x = rand_below(&r, 10);

	return x < 6 ? 1 : x < 8 ? 2 : x < 9 ? 3 : 0;
}

static bool follows_neighbour(const struct world *w, int from, int to)
{
	int x = between(w, from, to);

	return x == 1 || x == (from < to ? 2 : 3);
}

/* Somebody well known: low ranks are much likelier, and ranks are spread over the indexes. */
static int pick_popular(const struct world *w, struct rand_seq *r)
{
	double x = (double)rand_below(r, 1 << 20) / (1 << 20);
	int64_t rank = (int64_t)((double)w->npeople * x * x * x);

	return (int)((rank * 7919 + 13) % w->npeople);
}

static int by_number(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

/* Sorts and drops repetitions and oneself; how many remain. */
static size_t tidy(int32_t *v, size_t n, int self)
{
	size_t kept = 0;

	qsort(v, n, sizeof(*v), by_number);
	for (size_t i = 0; i < n; i++)
		if (v[i] != self && (kept == 0 || v[kept - 1] != v[i]))
			v[kept++] = v[i];
	return kept;
}

/* Half of what one follows is the neighbourhood, half is well known. */
static size_t make_follows_of(const struct world *w, int i, int32_t *out, size_t max)
{
	struct rand_seq r = world_rand(w, W_FOLLOW, i);
	int average = average_follows(w), reach = average / 3;
	size_t n = 0, popular = rand_below(&r, (uint64_t)average + 1);

	for (int d = 1; d <= reach && n + 2 < max; d++) {
		int up = (i + d) % w->npeople, down = (i - d + w->npeople) % w->npeople;

		if (follows_neighbour(w, i, up))
			out[n++] = up;
		if (follows_neighbour(w, i, down))
			out[n++] = down;
	}
	while (popular-- && n < max)
		out[n++] = pick_popular(w, &r);
	if (w->people[i].status == PENDING)
		n = 0; /* has not been in yet */
	return tidy(out, n, i);
}

static void make_follows(struct world *w)
{
	size_t most = 2 * (size_t)average_follows(w) + 4, cap = (size_t)w->npeople * most;

	w->first = arena_zalloc(w->arena, ((size_t)w->npeople + 1) * sizeof(*w->first));
	w->followed = arena_alloc(w->arena, cap * sizeof(*w->followed));
	for (int i = 0; i < w->npeople; i++)
		w->first[i + 1] =
			w->first[i] + make_follows_of(w, i, w->followed + w->first[i], most);
}

bool follows(const struct world *w, int follower, int followed)
{
	const int32_t *from = w->followed + w->first[follower];
	size_t n = w->first[follower + 1] - w->first[follower];

	return bsearch(&(int32_t){ followed }, from, n, sizeof(*from), by_number)
		&& !is_pending(w, follower, followed);
}

bool is_pending(const struct world *w, int follower, int followed)
{
	struct rand_seq r;

	if (!w->people[followed].is_private)
		return false;
	r = world_rand(w, W_FOLLOW, (int64_t)follower * w->npeople + followed + w->npeople);
	return one_in(&r, 4);
}

/* The same edges by whom they lead to, and the counters. */
static void make_followers(struct world *w)
{
	size_t *at;

	w->first_follower = arena_zalloc(w->arena, ((size_t)w->npeople + 1) * sizeof(*at));
	w->follower = arena_alloc(w->arena, w->first[w->npeople] * sizeof(*w->follower) + 1);
	at = arena_zalloc(w->arena, ((size_t)w->npeople + 1) * sizeof(*at));
	for (int i = 0; i < w->npeople; i++)
		for (size_t k = w->first[i]; k < w->first[i + 1]; k++)
			if (!is_pending(w, i, w->followed[k])) {
				w->people[i].following++;
				w->people[w->followed[k]].followers++;
			}
	for (int i = 0; i < w->npeople; i++)
		at[i + 1] = w->first_follower[i + 1] =
			w->first_follower[i] + (size_t)w->people[i].followers;
	at[0] = 0;
	for (int i = 0; i < w->npeople; i++)
		for (size_t k = w->first[i]; k < w->first[i + 1]; k++)
			if (!is_pending(w, i, w->followed[k]))
				w->follower[at[w->followed[k]]++] = i;
}

/* ---- blocks ---- */

static bool is_connected(const struct world *w, int a, int b)
{
	const int32_t *v = w->followed;

	return bsearch(&(int32_t){ b }, v + w->first[a], w->first[a + 1] - w->first[a], sizeof(*v),
		       by_number)
		|| bsearch(&(int32_t){ a }, v + w->first[b], w->first[b + 1] - w->first[b],
			   sizeof(*v), by_number);
}

/* Between people who do not follow each other, so that none of the other rows crosses a block. */
static void make_blocks(struct world *w)
{
	int want = w->npeople / 8;

	w->blocks = arena_alloc(w->arena, ((size_t)want * 2 + 2) * sizeof(*w->blocks));
	for (int i = 0; i < want; i++) {
		struct rand_seq r = world_rand(w, W_BLOCK, i);
		int a = i * 8 + 3, b = (int)rand_below(&r, (uint64_t)w->npeople);

		if (a >= w->npeople || a == b || is_connected(w, a, b))
			continue;
		w->blocks[2 * w->nblocks] = a;
		w->blocks[2 * w->nblocks + 1] = b;
		w->nblocks++;
	}
}

struct world *world_new(struct arena *a, const struct world *sizes)
{
	struct world *w = arena_alloc(a, sizeof(*w));

	*w = *sizes;
	w->arena = a;
	w->now = time_now().us;
	make_people(w);
	make_follows(w);
	make_followers(w);
	make_blocks(w);
	world_make_posts(w);
	return w;
}
