/* What the files that write the seeded world into tables share. */
#pragma once

#include "app/seed/seed.h"
#include "app/seed/world.h"
#include "lib/db/load.h"

struct mention {
	int32_t post, person;
};

struct writer {
	struct world *world;
	struct load *load;
	struct arena *row; /* reset for each row */
	const struct seed_options *options;
	const char *password_hash;
	uuid categories[CATEGORIES];
	int64_t done, total;

	struct mention *mentions; /* collected while posts are written */
	size_t nmentions;
};

/* Ends a row, counts it, and now and then tells how far we are. */
void end_row(struct writer *w, const char *what);
void count_row(struct writer *w, const char *what); /* the same without a row */

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
