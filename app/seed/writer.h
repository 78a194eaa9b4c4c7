/* What the files that write the seeded world into tables share. */
#pragma once

#include "app/seed/seed.h"
#include "app/seed/world.h"
#include "lib/db/load.h"

struct tag_use {
	int32_t post, tag;
};

struct writer {
	struct world *world;
	struct load *load;
	struct arena *row; /* reset for each row */
	const struct seed_options *options;
	const char *password_hash;
	uuid categories[CATEGORIES];
	int64_t done, total;

	/* collected while posts are written */
	struct hashtag {
		str name, shown;
		int32_t uses;
		int64_t at;
	} * tags;
	int ntags;
	struct tag_use *tag_uses, *mentions; /* of mentions, tag is the person */
	size_t ntag_uses, nmentions, max_uses;
};

/* Ends a row, counts it, and now and then tells how far we are. */
void end_row(struct writer *w, const char *what);

void write_people(struct writer *w);
void write_graph(struct writer *w);
void write_posts(struct writer *w);
void write_engagement(struct writer *w);
void write_notifications(struct writer *w);
int64_t write_beacons(struct writer *w);

/* Who likes, saves, reacts to and has seen a post; the same each time it is asked. */
enum engagement { LIKE, SAVE, REACTION, VIEW, ENGAGEMENTS };
struct engaged {
	int32_t person;
	int64_t at;
	const char *emoji; /* of a REACTION */
};
size_t engaged_with(const struct world *w, int post, enum engagement kind, struct engaged *out,
		    size_t max);
enum { ENGAGED_MAX = 64 };

/* "quip" or "standard". */
const char *post_type(const struct post *p);
