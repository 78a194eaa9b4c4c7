/*
 * The seeded world in memory: who is there, who follows and blocks whom, what was posted. Everything
 * follows from the seed and the sizes; only the clock it is placed on is the present. Counters are
 * counted here while rows are written, so that both agree.
 */
#pragma once

#include "app/seed/words.h"
#include "lib/base/arena.h"
#include "lib/base/rand.h"
#include "lib/base/time.h"
#include "lib/base/uuid.h"

enum { NONE = -1, CATEGORIES = 12 };

enum status { ACTIVE, PENDING, DEACTIVATED, SUSPENDED, PENDING_DELETION };

struct person {
	uuid id; /* ascending with the index, so that rows sorted by index are sorted by key */
	int64_t joined;
	enum lang lang;
	enum status status;
	bool is_private, is_official, is_moderator;
	bool open_comments;  /* who_can_comment = everyone */
	uint32_t categories; /* enabled, a bit each; bit 0 is general */
	int32_t harmony;
	int32_t followers, following, posts; /* counters of the profile */
	int32_t posts_today;
	int64_t last_post; /* 0: never posted */
};

enum visibility { PUBLIC, FOLLOWERS, CIRCLE, PRIVATE };

struct post {
	uuid id;
	int64_t at;
	int32_t author, parent, root, comment_on; /* NONE: none */
	int32_t text; /* index of seed_texts, or of the language's replies */
	int32_t likes, saves, views, answers, reactions;
	uint16_t depth;
	uint8_t visibility, category; /* CATEGORIES: none */
	bool comment, removed, deleted, expires, image, video;
};

struct world {
	struct arena *arena;
	uint64_t seed;
	const char *suffix; /* of every handle: "", or what tells this seed's from another's */
	int64_t now;
	int npeople, nposts, nroots;
	int64_t nbeacons;
	struct person *people;
	struct post *posts;
	size_t *first; /* followed[first[i]] … followed[first[i + 1]]: whom i follows, ascending */
	int32_t *followed;
	size_t *first_follower; /* the same the other way round, accepted ones only */
	int32_t *follower;
	int32_t *blocks; /* pairs */
	int nblocks;
	int login[3]; /* an ordinary account, a private one, a moderator */
};

/* Independent random numbers for (what, which), whatever was drawn before. */
enum what {
	W_PERSON_ID,
	W_PERSON,
	W_FOLLOW,
	W_PAIR,
	W_BLOCK,
	W_POST_ID,
	W_POST,
	W_TEXT,
	W_ENGAGEMENT,
	W_BEACON_ID,
	W_BEACON,
	W_NAME,
};
struct rand_seq world_rand(const struct world *w, enum what what, int64_t which);
uuid world_uuid(const struct world *w, enum what what, int64_t which);

/* True once in n times. */
static inline bool one_in(struct rand_seq *r, uint64_t n)
{
	return rand_below(r, n) == 0;
}

/* Everything but texts and beacons, which are made when they are written. `sizes`: seed, suffix,
 * npeople (three at least), nposts, nbeacons. */
struct world *world_new(struct arena *a, const struct world *sizes);

/* The posts of a world whose people are there; part of world_new. */
void world_make_posts(struct world *w);

/* Slugs of the categories in the order of the bits of person.categories. */
extern const char *const category_slugs[CATEGORIES];

/* Names and texts; in the arena given, of which a caller resets one for each row. */
str person_handle(const struct world *w, struct arena *a, int person);
str person_name(const struct world *w, struct arena *a, int person);
str person_bio(const struct world *w, int person);

/* A text with its slots filled. mentioned: index of the person {who} became, or NONE. */
str post_body(const struct world *w, struct arena *a, int post, int *ret_mentioned);

/* The words behind # in a text, lower case, without repetition; how many of at most `max`. */
int body_tags(struct arena *a, str body, str *tags, int max);

bool follows(const struct world *w, int follower, int followed);

/* Whether a follow of this pair still waits for its target's consent. */
bool is_pending(const struct world *w, int follower, int followed);
