/* The ranked order as a pure function. */
#include "app/feed/feed_rank.h"
#include "lib/base/test.h"

#include <string.h>

static const struct feed_weights usual = {
	.cooling_multiplier = 0.2,
	.cooling_half_life_hours = 24,
	.personal_pct = 60,
	.category_pct = 20,
	.discovery_pct = 20,
	.author_max = 2,
};
static const usec noon = { 1000 * DAY };

static uuid id_of(unsigned n)
{
	uuid id = { .b = { 1 } };

	memcpy(id.b + 4, &n, sizeof(n));
	return id;
}

/* n candidates of n authors, best first, all followed, one category. */
static void fill(struct candidate *c, size_t n)
{
	for (unsigned i = 0; i < n; i++)
		c[i] = (struct candidate){ .id = id_of(i),
					   .author_id = id_of(1000 + i),
					   .category_id = id_of(5000),
					   .score = 1 - i * 0.001,
					   .followed = true };
}

static size_t place_of(const uuid *order, size_t n, uuid id)
{
	for (size_t i = 0; i < n; i++)
		if (uuid_eq(order[i], id))
			return i;
	return n;
}

TEST(nothing_to_rank_is_no_order)
{
	struct arena *a = arena_new();

	feed_rank(a, &usual, NULL, 0, 20, 1, noon, NULL);
	arena_free(a);
}

TEST(every_candidate_is_placed_once)
{
	struct arena *a = arena_new();
	struct candidate c[60];
	uuid out[60];

	fill(c, 60);
	for (int i = 0; i < 60; i += 3) {
		c[i].followed = false;
		c[i].category_id = id_of(6000 + (unsigned)i % 7);
	}
	feed_rank(a, &usual, c, 60, 20, 7, noon, out);
	for (unsigned i = 0; i < 60; i++)
		EXPECT_TRUE(place_of(out, 60, id_of(i)) < 60);
	arena_free(a);
}

TEST(without_a_first_page_the_order_is_by_score)
{
	struct arena *a = arena_new();
	struct candidate c[40];
	uuid out[40];

	fill(c, 40);
	c[7].score = 2;
	feed_rank(a, &usual, c, 40, 0, 7, noon, out);
	EXPECT_TRUE(uuid_eq(id_of(7), out[0]));
	for (unsigned i = 1; i < 40; i++)
		EXPECT_TRUE(uuid_eq(id_of(i <= 7 ? i - 1 : i), out[i]));
	arena_free(a);
}

TEST(t_rnk_2_of_two_equal_posts_the_shown_one_comes_later)
{
	struct arena *a = arena_new();
	struct candidate c[2];
	uuid out[2];

	fill(c, 2);
	c[1].score = c[0].score;
	c[0].shown_at = time_add(noon, -3 * HOUR);
	feed_rank(a, &usual, c, 2, 20, 1, noon, out);
	EXPECT_TRUE(uuid_eq(id_of(1), out[0]));
	arena_free(a);
}

TEST(cooling_recovers_with_its_half_life)
{
	struct arena *a = arena_new();
	struct candidate c[2];
	uuid out[2];

	fill(c, 2);
	c[1].score = 0.59 * c[0].score; /* 24 h after: 1 - 0.8 / 2 = 0.6 of the score */
	c[0].shown_at = time_add(noon, -24 * HOUR);
	feed_rank(a, &usual, c, 2, 20, 1, noon, out);
	EXPECT_TRUE(uuid_eq(id_of(0), out[0]));
	c[1].score = 0.61 * c[0].score;
	feed_rank(a, &usual, c, 2, 20, 1, noon, out);
	EXPECT_TRUE(uuid_eq(id_of(1), out[0]));
	arena_free(a);
}

TEST(no_author_has_more_than_two_of_ten_while_there_are_others)
{
	struct arena *a = arena_new();
	struct candidate c[60];
	uuid out[60];

	fill(c, 60);
	for (int i = 0; i < 12; i++) /* the best dozen is one author's */
		c[i].author_id = id_of(1000);
	feed_rank(a, &usual, c, 60, 20, 3, noon, out);
	for (size_t from = 0; from + 10 <= 30; from++) {
		int same = 0;

		for (size_t i = from; i < from + 10; i++)
			for (int k = 0; k < 12; k++)
				same += uuid_eq(out[i], c[k].id);
		EXPECT_TRUE(same <= 2);
	}
	arena_free(a);
}

TEST(the_first_page_holds_its_shares)
{
	struct arena *a = arena_new();
	struct candidate c[100];
	uuid out[100];
	int best = 0, unfollowed = 0;

	fill(c, 100);
	for (int i = 50; i < 100; i++)
		c[i].followed = false;
	feed_rank(a, &usual, c, 100, 20, 9, noon, out);
	for (size_t i = 0; i < 20; i++) {
		best += place_of(out, 20, id_of((unsigned)i)) < 20;
		for (unsigned k = 50; k < 100; k++)
			unfollowed += uuid_eq(out[i], id_of(k));
	}
	EXPECT_TRUE(best >= 12);  /* 60 % of the page are the best ones */
	EXPECT_EQ(4, unfollowed); /* 20 % are by accounts not followed */
	arena_free(a);
}

TEST(the_same_seed_gives_the_same_order)
{
	struct arena *a = arena_new();
	struct candidate c[80];
	uuid one[80], two[80], three[80];

	fill(c, 80);
	for (int i = 30; i < 80; i++)
		c[i].followed = i % 2;
	feed_rank(a, &usual, c, 80, 20, 11, noon, one);
	feed_rank(a, &usual, c, 80, 20, 11, noon, two);
	feed_rank(a, &usual, c, 80, 20, 12, noon, three);
	EXPECT_MEM(one, two, sizeof(one));
	EXPECT_TRUE(memcmp(one, three, sizeof(one)) != 0);
	arena_free(a);
}
